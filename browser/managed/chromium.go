package managed

import "ipguard/policy"

// The names and values of this file are those of https://chromeenterprise.google/policies/, which every browser built from
// Chromium takes over more or less; they were read back from chrome://policy of Chromium 156. Browsers show a name that
// they do not know as an error and go on.

func compileChromium(s *Settings, b policy.Browsers, f Facts) {
	if s.Browser == "vivaldi" || s.Browser == "opera" {
		f.Major = 0 // they count their own versions, not Chromium's
	}
	private := b.Mode == policy.BrowsersPrivate
	ordinary := !private || s.Browser == "edge"
	s.add(f, chromiumQuiet(b))
	s.add(f, chromiumSites(b))
	s.add(f, chromiumDownloads(b, f))
	s.add(f, chromiumStart(b, ordinary))
	s.add(f, chromiumSearch(b.Search))
	s.add(f, chromiumExtensions(b, s.Browser))
	if s.Browser == "edge" {
		s.add(f, edgeOnly(b, private))
		return
	}
	s.add(f, notEdge(b))
	s.add(f, assistants())
	switch s.Browser {
	case "brave":
		s.add(f, braveOnly())
	case "vivaldi", "opera": // neither documents names of its own
	}
	if private {
		s.Private, s.Decisive = true, "IncognitoModeAvailability"
		s.Values[s.Decisive] = 2
	}
}

// chromiumQuiet keeps a window from remembering and from talking; Edge has the same names.
func chromiumQuiet(b policy.Browsers) []setting {
	return []setting{
		{name: "BrowserSignin", value: 0},
		{name: "SyncDisabled", value: true},
		{name: "PasswordManagerEnabled", value: false},
		{name: "AutofillAddressEnabled", value: false, to: 155}, // deprecated since 156, where AutofillSettings says it
		{name: "AutofillCreditCardEnabled", value: false, to: 155},
		{name: "PaymentMethodQueryEnabled", value: false},
		{name: "SavingBrowserHistoryDisabled", value: true}, // a belt, should an ordinary window open
		{name: "UserDataSnapshotRetentionLimit", value: 0},  // else each major update keeps a copy of the profile
		{name: "BackgroundModeEnabled", value: false, on: "windows linux"},
		{name: "BrowserGuestModeEnabled", value: false},
		{name: "NetworkPredictionOptions", value: 2},
		{name: "SearchSuggestEnabled", value: false}, // sends each key
		{name: "TranslateEnabled", value: b.Translation},
		{name: "AlternateErrorPagesEnabled", value: false}, // sends mistyped addresses
		{name: "AccessibilityImageLabelsEnabled", value: false},
		{name: "UserFeedbackAllowed", value: false}, // its form takes a picture of the page along
		{name: "DefaultBrowserSettingEnabled", value: false},
		{name: "ImportAutofillFormData", value: false},
		{name: "ImportHistory", value: false},
		{name: "ImportHomepage", value: false},
		{name: "ImportSavedPasswords", value: false},
		{name: "ImportSearchEngine", value: false},
		{name: "PrintHeaderFooter", value: false}, // addresses with tokens in them, on paper
		{name: "DeveloperToolsAvailability", value: toolsAvailability(b.DeveloperTools)},
		// The debugging port hands cookies and pages to any program of the account.
		{name: "RemoteDebuggingAllowed", value: b.DeveloperTools, from: 93},
		// The model is a download of gigabytes, for helpers that are off.
		{name: "GenAILocalFoundationalModelSettings", value: 1, from: 124},
		{name: "BuiltInAIAPIsEnabled", value: false, from: 138}, // what pages would ask it
	}
}

// toolsAvailability is 1 (allowed) or 2 (not allowed). 0 would allow them except on forced extensions.
func toolsAvailability(allowed bool) int {
	if allowed {
		return 1
	}
	return 2
}

// chromiumSites is what sites may ask for. True for the camera and the microphone means that the browser asks, as usual.
func chromiumSites(b policy.Browsers) []setting {
	rows := []setting{
		{name: "DefaultNotificationsSetting", value: 2}, // they outlive the window
		{name: "DefaultGeolocationSetting", value: 3},   // ask
		{name: "VideoCaptureAllowed", value: b.Camera},
		{name: "AudioCaptureAllowed", value: b.Camera},
	}
	// Private windows refuse the cookies of an embedded site. Allowing them to all sites does not change that, a list does.
	rows = append(rows, when(len(b.EmbeddedLogins) > 0,
		setting{name: "CookiesAllowedForUrls", value: list(b.EmbeddedLogins)})...)
	rows = append(rows, when(len(b.Card.LocalSites) > 0,
		setting{name: "LocalNetworkAccessAllowedForUrls", value: list(b.Card.LocalSites), from: 139})...)
	return append(rows, when(!b.LocalFiles,
		setting{name: "URLBlocklist", value: []any{"file://*"}},
		setting{name: "AlwaysOpenPdfExternally", value: true}, // its own viewer would open the file by its address
	)...)
}

// chromiumDownloads also keeps the Save dialog away: while it is open the document lies in the temporary folder.
func chromiumDownloads(_ policy.Browsers, f Facts) []setting {
	return append([]setting{{name: "PromptForDownloadLocation", value: false}},
		when(f.Downloads != "", setting{name: "DownloadDirectory", value: f.Downloads})...)
}

// chromiumStart is what a window begins with. Forced private windows begin empty whatever is set: there the start page is
// what the Home button opens. 1 and 6 (last session) would switch clearing at exit off.
func chromiumStart(b policy.Browsers, ordinary bool) []setting {
	rows := []setting{{name: "RestoreOnStartup", value: 5}}
	if ordinary {
		rows = append(rows, setting{name: "NewTabPageLocation", value: "about:blank"}) // no tiles of visited sites
	}
	if b.StartPage == "" {
		return rows
	}
	rows = append(rows,
		setting{name: "HomepageIsNewTabPage", value: false},
		setting{name: "HomepageLocation", value: b.StartPage},
		setting{name: "ShowHomeButton", value: true})
	return append(rows, when(ordinary,
		setting{name: "RestoreOnStartup", value: 4},
		setting{name: "RestoreOnStartupURLs", value: []any{b.StartPage}})...)
}

// chromiumSearch tells no address for suggestions, so that there are none.
func chromiumSearch(search policy.Search) []setting {
	return when(search.URL != "",
		setting{name: "DefaultSearchProviderEnabled", value: true},
		setting{name: "DefaultSearchProviderName", value: search.Name},
		setting{name: "DefaultSearchProviderSearchURL", value: search.URL})
}

// notEdge is what Edge says by other names, or does not have.
func notEdge(b policy.Browsers) []setting {
	rows := []setting{
		// A belt. It does nothing when the browser is killed, and leaves addresses in some files.
		{name: "ClearBrowsingDataOnExitList", value: []any{
			"browsing_history", "download_history", "cookies_and_other_site_data", "cached_images_and_files",
			"password_signin", "autofill", "site_settings", "hosted_app_data",
		}, from: 89},
		{name: "AutofillSettings", value: []any{
			map[string]any{"url_pattern": "*", "blocked_types": []any{"all"}},
		}, from: 154},
		{name: "PasswordManagerPasskeysEnabled", value: false},
		{name: "PasswordSharingEnabled", value: false},
		{name: "PasswordLeakDetectionEnabled", value: false},
		{name: "BrowserAddPersonEnabled", value: false},
		{name: "ProfilePickerOnStartupAvailability", value: 1},
		{name: "LiveTranslateEnabled", value: false},
		{name: "SpellCheckServiceEnabled", value: false}, // the vendor's; spelling is still checked on the laptop
		{name: "MetricsReportingEnabled", value: false},
		{name: "UrlKeyedAnonymizedDataCollectionEnabled", value: false},
		{name: "FeedbackSurveysEnabled", value: false},
		{name: "SafeBrowsingSurveysEnabled", value: false},
		{name: "SafeBrowsingProtectionLevel", value: 1}, // 2 sends addresses and pages
		{name: "DomainReliabilityAllowed", value: false},
		{name: "WebRtcEventLogCollectionAllowed", value: false},
		{name: "WebRtcTextLogCollectionAllowed", value: false},
		{name: "PromotionsEnabled", value: false},
		{name: "ImportBookmarks", value: false},
	}
	return append(rows, when(len(b.Links) > 0,
		setting{name: "ManagedBookmarks", value: links(b.Links)},
		setting{name: "BookmarkBarEnabled", value: true})...)
}

// links is a list of bookmarks as Chromium, Edge and Firefox write it.
func links(all []policy.Link) []any {
	values := make([]any, 0, len(all))
	for _, l := range all {
		values = append(values, map[string]any{"name": l.Name, "url": l.URL})
	}
	return values
}

// assistants are the helpers that send pages, or what is typed, to a service. The setting that names them all counts only
// from the vendor's cloud, so that each is named.
func assistants() []setting {
	return []setting{
		{name: "GeminiSettings", value: 1},
		{name: "GeminiActOnWebSettings", value: 1, from: 143},
		{name: "AIModeSettings", value: 1, from: 138},
		{name: "SearchContentSharingSettings", value: 1, from: 144},
		{name: "SmartTabSharingSettings", value: 1, from: 150},
		{name: "HelpMeWriteSettings", value: 2},
		{name: "HistorySearchSettings", value: 2},
		{name: "TabCompareSettings", value: 2},
		{name: "AutofillPredictionSettings", value: 2},
		{name: "AutofillGenAiSettings", value: 2, from: 156},
		{name: "VoiceTypingSettings", value: 2, from: 151},
		{name: "CreateThemesSettings", value: 2},
		{name: "DevToolsGenAiSettings", value: 2},
		{name: "LensOverlaySettings", value: 1, to: 143}, // SearchContentSharingSettings says it since 144
		{name: "LensRegionSearchEnabled", value: false, to: 143},
	}
}
