package managed

import "ipguard/policy"

// geckoExtensions blocks every add-on but those of the policy. Unlike Chromium, Firefox lets an administrator admit an add-on
// to private windows; that is said of the card's only.
func geckoExtensions(b policy.Browsers) []setting {
	entries := map[string]any{"*": map[string]any{"installation_mode": "blocked"}}
	for _, e := range b.Extensions {
		if e.Firefox != "" {
			entries[e.Firefox] = map[string]any{"installation_mode": "allowed"}
		}
	}
	for _, e := range b.Card.Extensions {
		if e.Firefox != "" {
			entries[e.Firefox] = map[string]any{"installation_mode": "allowed", "private_browsing": true}
		}
	}
	return []setting{{name: "ExtensionSettings", value: entries}}
}

// geckoCard names the PKCS#11 modules that exist; Firefox calls it an error to name one that does not.
func geckoCard(b policy.Browsers, f Facts) []setting {
	add := map[string]any{}
	for _, m := range b.Card.Modules {
		if file := f.Modules[m.Name]; file != "" {
			add[m.Name] = file
		}
	}
	return when(len(add) > 0, setting{name: "SecurityDevices", value: map[string]any{"Add": add}, from: 112})
}

// geckoPreferences are what has no setting of its own. Firefox admits only some names here.
func geckoPreferences(b policy.Browsers) map[string]any {
	locked := map[string]any{
		"browser.profiles.enabled":                          false, // the menu of profiles
		"browser.sessionstore.resume_from_crash":            false, // else a killed window comes back for the next person
		"browser.sessionstore.privacy_level":                2,     // nothing of forms and cookies in the list of tabs
		"browser.cache.disk.enable":                         false,
		"browser.privatebrowsing.forceMediaMemoryCache":     true,
		"browser.pagethumbnails.capturing_disabled":         true,
		"browser.helperApps.deleteTempFileOnExit":           true,
		"places.history.enabled":                            false, // a belt, should an ordinary window open
		"browser.tabs.crashReporting.sendReport":            false, // reports hold memory
		"browser.crashReports.unsubmittedCheck.enabled":     false,
		"browser.crashReports.unsubmittedCheck.autoSubmit2": false,
		"print.print_headerleft":                            "", // addresses with tokens in them, on paper
		"print.print_headercenter":                          "",
		"print.print_headerright":                           "",
		"print.print_footerleft":                            "",
		"print.print_footercenter":                          "",
		"print.print_footerright":                           "",
	}
	if b.LocalFiles {
		// Firefox notes at its first start, in two files, that it has made itself the viewer of PDFs. When it is killed before
		// the second is written, it would save every PDF from then on. With this it does so at each start.
		locked["pdfjs.migrationVersion"] = 0
	}
	entries := map[string]any{}
	for name, value := range locked {
		entries[name] = map[string]any{"Value": value, "Status": "locked"}
	}
	return entries
}
