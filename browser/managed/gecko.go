package managed

import (
	"strings"

	"ipguard/policy"
)

// The names and values of this file are those of https://firefox-admin-docs.mozilla.org/. One unreadable character makes
// Firefox pass over all of them, and a value of the wrong type over that one.

func compileGecko(s *Settings, b policy.Browsers, f Facts) {
	private := b.Mode == policy.BrowsersPrivate
	s.add(f, geckoQuiet(b))
	s.add(f, geckoClearing())
	s.add(f, geckoSites(b))
	s.add(f, geckoFirstRun())
	s.add(f, geckoAssistants())
	s.add(f, geckoWindow(b))
	s.add(f, geckoExtensions(b))
	s.add(f, geckoCard(b, f))
	s.add(f, []setting{
		{name: "PromptForDownloadLocation", value: false},
		{name: "StartDownloadsInTempDirectory", value: false, from: 102}, // opened documents land in the folder, too
		{name: "Preferences", value: geckoPreferences(b)},
	})
	s.add(f, when(f.Downloads != "", setting{name: "DownloadDirectory", value: f.Downloads}))
	if private {
		s.Decisive = "PrivateBrowsingModeAvailability"
		s.Values[s.Decisive] = 2
		// The vendor names 130, and 128.3 among the long-term releases, which a major version does not tell from 128.0.
		s.Private = f.Major == 0 || f.Major >= 130
		if !s.Private {
			s.Decisive = ""
		}
	}
}

// geckoQuiet keeps a window from remembering and from talking.
func geckoQuiet(b policy.Browsers) []setting {
	return []setting{
		{name: "DisableFirefoxAccounts", value: true},
		{name: "DisableAccounts", value: true},
		{name: "PasswordManagerEnabled", value: false},
		{name: "OfferToSaveLogins", value: false},
		{name: "DisableFormHistory", value: true},
		{name: "AutofillAddressEnabled", value: false, from: 115},
		{name: "AutofillCreditCardEnabled", value: false, from: 115},
		{name: "BrowserDataBackup", value: false, from: 146},
		{name: "DisableTelemetry", value: true},
		{name: "DisableFirefoxStudies", value: true},
		{name: "DisableRemoteImprovements", value: true, from: 148},
		{name: "DisableFeedbackCommands", value: true},
		{name: "SearchSuggestEnabled", value: false}, // sends each key
		{name: "FirefoxSuggest", value: map[string]any{
			"WebSuggestions": false, "SponsoredSuggestions": false, "ImproveSuggest": false, "Locked": true,
		}, from: 118},
		{name: "NetworkPrediction", value: false},
		{name: "DisableDeveloperTools", value: !b.DeveloperTools},
		{name: "BlockAboutConfig", value: true},
		{name: "BlockAboutProfiles", value: true},
		{name: "DisableSafeMode", value: true},       // it starts without add-ons
		{name: "DisableProfileRefresh", value: true}, // it keeps the old profile on the desktop
		{name: "DisableProfileImport", value: true},
		{name: "DisableSetDesktopBackground", value: true}, // a picture of somebody's page would stay there
	}
}

// geckoClearing is a belt: it does nothing when the browser is killed. Firefox 153 calls it an error to name both.
func geckoClearing() []setting {
	return []setting{
		{name: "ClearOnShutdown", value: true, from: 153},
		{name: "SanitizeOnShutdown", value: true, to: 152},
	}
}

// geckoSites is what sites may ask for. Private windows keep the cookies of embedded sites apart but accept them, so that
// nothing is said for EmbeddedLogins.
func geckoSites(b policy.Browsers) []setting {
	camera := map[string]any{"BlockNewRequests": !b.Camera, "Locked": true}
	rows := []setting{{name: "Permissions", value: map[string]any{
		"Camera":        camera,
		"Microphone":    camera,
		"Location":      map[string]any{"BlockNewRequests": false, "Locked": true},
		"Notifications": map[string]any{"BlockNewRequests": true, "Locked": true},
	}}}
	rows = append(rows, when(len(b.Card.LocalSites) > 0,
		setting{name: "LocalNetworkAccess", value: map[string]any{
			"SkipDomains": domains(b.Card.LocalSites), "Locked": true,
		}})...)
	return append(rows, when(!b.LocalFiles,
		setting{name: "WebsiteFilter", value: map[string]any{"Block": []any{"file:///*"}}},
		setting{name: "DisableBuiltinPDFViewer", value: true}, // it would open the file by its address
	)...)
}

// domains turns patterns of Chromium into Firefox's: "https://[*.]example.org" is "*.example.org", with and without a name in
// front.
func domains(patterns []string) []any {
	values := make([]any, 0, len(patterns))
	for _, p := range patterns {
		if _, after, found := strings.Cut(p, "://"); found {
			p = after
		}
		p, _, _ = strings.Cut(p, "/")
		p = strings.Replace(p, "[*.]", "*.", 1)
		p, _, _ = strings.Cut(p, ":")
		values = append(values, p)
	}
	return values
}

func geckoFirstRun() []setting {
	return []setting{
		{name: "DontCheckDefaultBrowser", value: true},
		{name: "DisableDefaultBrowserAgent", value: true, on: "windows"},
		{name: "SkipTermsOfUse", value: true, from: 138},
		{name: "OverrideFirstRunPage", value: ""},
		{name: "OverridePostUpdatePage", value: ""},
		{name: "NoDefaultBookmarks", value: true},
		{name: "UserMessaging", value: map[string]any{
			"SkipOnboarding": true, "ExtensionRecommendations": false, "FeatureRecommendations": false,
			"UrlbarInterventions": false, "MoreFromMozilla": false, "FirefoxLabs": false, "Locked": true,
		}},
	}
}

// geckoAssistants leaves translation alone, whatever the policy says of it: Firefox translates on the laptop and sends no
// page. AIControls overrides GenerativeAI where it exists.
func geckoAssistants() []setting {
	return []setting{
		{name: "AIControls", value: map[string]any{
			"Default":      map[string]any{"Value": "blocked", "Locked": true},
			"Translations": map[string]any{"Value": "available", "Locked": true},
		}, from: 149},
		{name: "GenerativeAI", value: map[string]any{
			"Enabled": false, "Chatbot": false, "LinkPreviews": false, "TabGroups": false, "Locked": true,
		}, from: 140, to: 148},
		{name: "VisualSearchEnabled", value: false, from: 144},
		{name: "IPProtectionAvailable", value: false, from: 149}, // it needs an account
	}
}

// geckoWindow is what a window begins with. Unlike Chromium, Firefox opens the start page in forced private windows.
func geckoWindow(b policy.Browsers) []setting {
	home := map[string]any{"StartPage": "none", "Locked": true}
	if b.StartPage != "" {
		home = map[string]any{"URL": b.StartPage, "StartPage": "homepage-locked", "Locked": true}
	}
	rows := []setting{
		{name: "Homepage", value: home},
		{name: "NewTabPage", value: false},
	}
	rows = append(rows, when(len(b.Links) > 0,
		setting{name: "ManagedBookmarks", value: links(b.Links)},
		setting{name: "DisplayBookmarksToolbar", value: "always"})...)
	return append(rows, when(b.Search.URL != "", setting{name: "SearchEngines", value: map[string]any{
		"Add":     []any{map[string]any{"Name": b.Search.Name, "URLTemplate": b.Search.URL}},
		"Default": b.Search.Name, "PreventInstalls": true,
	}})...)
}
