package browser

func firefox() Descriptor {
	return Descriptor{
		ID: "firefox", Name: "Firefox", Family: Gecko,
		URL:       "https://mozilla.github.io/policy-templates/",
		Editions:  firefoxEditions(),
		Processes: processes([]string{"firefox", "firefox-esr", "firefox-bin"}, "firefox.exe", "firefox"),
		Roots: []Root{
			native("mozilla/firefox"), native("mozilla/firefox-esr"),
			{OS: "linux", Data: ".mozilla/firefox"},
			{OS: "linux", Data: ".mozilla/firefox-esr"},
			{OS: "linux", Data: "snap/firefox/*/.mozilla/firefox"},
			snap("firefox", "mozilla/firefox"),
			{OS: "linux", Data: ".var/app/org.mozilla.firefox/.mozilla/firefox"},
			flatpak("org.mozilla.firefox", "mozilla/firefox"),
			{OS: "windows", Data: "AppData/Roaming/Mozilla/Firefox"},
			{OS: "windows", Data: "AppData/Local/Packages/Mozilla.Firefox*/LocalCache/Roaming/Mozilla/Firefox"},
			library("Firefox"),
		},
	}
}

func firefoxEditions() []Edition {
	linux := Place{
		Format: PoliciesJSON, Path: "/etc/firefox/policies/policies.json", Instead: "${DIR}/distribution/policies.json",
		Proof: Measured, URL: "https://support.mozilla.org/en-US/kb/customizing-firefox-using-policiesjson",
	}
	inSnap := linux
	inSnap.Proof, inSnap.URL = Documented, "https://github.com/mozilla/policy-templates/issues/936"
	inFlatpak := Place{
		Format: PoliciesJSON, Proof: Documented, URL: "https://github.com/mozilla/enterprise-admin-reference/issues/226",
		Path: "/var/lib/flatpak/extension/org.mozilla.firefox.systemconfig/${ARCH}/stable/policies/policies.json",
	}
	windows := registry(`SOFTWARE\Policies\Mozilla\Firefox`, Documented,
		"https://support.mozilla.org/en-US/kb/customizing-firefox-using-group-policy-windows")
	darwin := preferences("org.mozilla.firefox", Documented,
		"https://support.mozilla.org/en-US/kb/customizing-firefox-macos-using-configuration-prof")
	editions := []Edition{
		{"linux", Native, "stable", []string{
			"/usr/lib/firefox/firefox", "/usr/lib64/firefox/firefox", "/opt/firefox/firefox", "/usr/lib/firefox/firefox-bin",
		}, linux},
		{"linux", Native, "esr", []string{"/usr/lib/firefox-esr/firefox-esr", "/usr/lib64/firefox-esr/firefox-esr", "/opt/firefox-esr/firefox"}, linux},
		{"linux", Native, "beta", []string{"/usr/lib/firefox-beta/firefox", "/opt/firefox-beta/firefox"}, linux},
		{"linux", Native, "dev", []string{
			"/usr/lib/firefox-devedition/firefox", "/usr/lib/firefox-developer-edition/firefox", "/opt/firefox-dev*/firefox",
		}, linux},
		{"linux", Native, "nightly", []string{"/usr/lib/firefox-nightly/firefox", "/opt/firefox-nightly/firefox"}, linux},
		{"linux", Snap, "stable", []string{"/snap/firefox/current/usr/lib/firefox/firefox"}, inSnap},
	}
	editions = append(editions, flatpaks("org.mozilla.firefox", "stable", "lib/firefox/firefox", inFlatpak)...)
	for _, c := range []struct{ windows, darwin, channel string }{
		{"Mozilla Firefox", "Firefox", "stable"}, {"Mozilla Firefox ESR", "", "esr"},
		{"Firefox Developer Edition", "Firefox Developer Edition", "dev"}, {"Firefox Nightly", "Firefox Nightly", "nightly"},
	} {
		editions = append(editions, onWindows(c.channel, c.windows+"/firefox.exe", windows)...)
		if c.darwin != "" { // an ESR has the same name there
			editions = append(editions, onDarwin(c.channel, c.darwin, "firefox", darwin)...)
		}
	}
	return editions
}

func librewolf() Descriptor {
	return Descriptor{
		ID: "librewolf", Name: "LibreWolf", Family: Gecko,
		URL:       "https://librewolf.net/docs/settings/",
		Editions:  librewolfEditions(),
		Processes: processes([]string{"librewolf", "librewolf-bin"}, "librewolf.exe", "librewolf"),
		Roots: []Root{
			{OS: "linux", Data: ".librewolf"},
			native("librewolf/librewolf"),
			{OS: "linux", Data: ".var/app/io.gitlab.librewolf-community/.librewolf"},
			{OS: "windows", Data: "AppData/Roaming/librewolf"},
			library("librewolf"),
		},
	}
}

// librewolfEditions: it reads the file in its own folder, which an update replaces.
func librewolfEditions() []Edition {
	page := "https://librewolf.net/docs/settings/"
	place := Place{Format: PoliciesJSON, Path: "${DIR}/distribution/policies.json", Proof: Unproven, URL: page}
	editions := []Edition{{"linux", Native, "stable", []string{
		"/usr/lib/librewolf/librewolf", "/usr/lib64/librewolf/librewolf", "/usr/share/librewolf/librewolf", "/opt/librewolf/librewolf",
	}, place}}
	// The folder is part of a checkout that must not be written to.
	editions = append(editions, flatpaks("io.gitlab.librewolf-community", "stable", "lib/librewolf/librewolf",
		Place{URL: "https://github.com/flathub/io.gitlab.librewolf-community"})...)
	editions = append(editions, onWindows("stable", "LibreWolf/librewolf.exe", place)...)
	return append(editions, onDarwin("stable", "LibreWolf", "librewolf", place)...)
}
