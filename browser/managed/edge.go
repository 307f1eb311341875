package managed

import "ipguard/policy"

// edgeOnly are Edge's own names: https://learn.microsoft.com/en-us/deployedge/microsoft-edge-policies. That page says of
// InPrivateModeAvailability that "forced" is not supported on Windows and macOS, so that there Edge is made to forget what
// ordinary windows leave. It says nothing of Linux: Edge is asked there, and nobody relies on the answer.
func edgeOnly(b policy.Browsers, private bool) []setting {
	rows := []setting{
		// Says all that AllowDeletingBrowserHistory and ClearCachedImagesAndFilesOnExit could say.
		{name: "ClearBrowsingDataOnExit", value: true, from: 78},
	}
	rows = append(rows, when(private,
		setting{name: "InPrivateModeAvailability", value: 2, on: "linux"},
		// A profile for each run. Not in mode ephemeral: it takes the extensions along that people installed.
		setting{name: "ForceEphemeralProfiles", value: true})...)
	rows = append(rows, edgeAccounts()...)
	rows = append(rows, edgeServices()...)
	rows = append(rows, edgeTraces()...)
	return append(rows, when(len(b.Links) > 0,
		setting{name: "ManagedFavorites", value: links(b.Links)},
		setting{name: "FavoritesBarEnabled", value: true})...)
}

// edgeAccounts keeps the account of Windows, or of the last person, out of the sites.
func edgeAccounts() []setting {
	return []setting{
		{name: "BrowserAddProfileEnabled", value: false, from: 78},
		{name: "ImplicitSignInEnabled", value: false, from: 93, on: "windows"},
		{name: "AADWebSiteSSOUsingThisProfileEnabled", value: false, from: 92},
		{name: "MSAWebSiteSSOUsingThisProfileAllowed", value: false, from: 93},
		{name: "LinkedAccountEnabled", value: false, from: 107},
		{name: "EdgeWorkspacesEnabled", value: false, from: 106},
	}
}

// edgeServices are those that page text, pictures, addresses or what is typed are sent to.
func edgeServices() []setting {
	return []setting{
		{name: "HubsSidebarEnabled", value: false, from: 99}, // Copilot lives there
		{name: "ComposeInlineEnabled", value: false, from: 115},
		{name: "EdgeEntraCopilotPageContext", value: false, from: 130},
		{name: "CopilotPageContext", value: false, from: 124},
		{name: "ShareBrowsingHistoryWithCopilotSearchAllowed", value: false, from: 143},
		{name: "AllowBrowsingWithCopilot", value: false, from: 148},
		{name: "NewTabPageBingChatEnabled", value: false, from: 117},
		{name: "EdgeHistoryAISearchEnabled", value: false, from: 136},
		{name: "MicrosoftEditorProofingEnabled", value: false, from: 105},
		{name: "MicrosoftEditorSynonymsEnabled", value: false, from: 105},
		{name: "TextPredictionEnabled", value: false, from: 104},
		{name: "VisualSearchEnabled", value: false, from: 95},
		{name: "TabServicesEnabled", value: false, from: 101},
		{name: "RelatedMatchesCloudServiceEnabled", value: false, from: 99},
		{name: "ResolveNavigationErrorsUseWebService", value: false},
		{name: "PasswordMonitorAllowed", value: false, from: 85},
		{name: "EdgeShoppingAssistantEnabled", value: false, from: 87},
		{name: "EdgeCollectionsEnabled", value: false, from: 78},
		{name: "EdgeWalletCheckoutEnabled", value: false, from: 115, on: "windows"},
		{name: "EdgeEDropEnabled", value: false, from: 104},
		{name: "UploadFromPhoneEnabled", value: false, from: 117},
		{name: "ShowMicrosoftRewards", value: false, from: 88},
		{name: "ShowRecommendationsEnabled", value: false, from: 89},
		{name: "SpotlightExperiencesAndRecommendationsEnabled", value: false, from: 86, on: "windows"},
		{name: "PersonalizationReportingEnabled", value: false, from: 80},
		{name: "DiagnosticData", value: 0, from: 86},
	}
}

// edgeTraces keeps Edge from running without a window, from copying to other places, and from asking at its first start.
func edgeTraces() []setting {
	return []setting{
		{name: "StartupBoostEnabled", value: false, from: 88, on: "windows"},
		{name: "LocalBrowserDataShareEnabled", value: false, from: 93, on: "windows"}, // history in the search of Windows
		{name: "RestorePdfView", value: false, from: 113},
		{name: "HideFirstRunExperience", value: true, from: 80},
		{name: "AutoImportAtFirstRun", value: 4}, // none
		{name: "ImportOnEachLaunch", value: false, from: 104, on: "windows"},
		{name: "ImportBrowserSettings", value: false, from: 78},
		{name: "ImportCookies", value: false, from: 81},
		{name: "ImportExtensions", value: false, from: 81},
		{name: "ImportFavorites", value: false},
		{name: "ImportOpenTabs", value: false, from: 79},
		{name: "ImportPaymentInfo", value: false},
		{name: "ImportShortcuts", value: false, from: 81},
		{name: "ImportStartupPageSettings", value: false, from: 81},
		{name: "DefaultBrowserSettingsCampaignEnabled", value: false, from: 113, on: "windows"},
		{name: "NewTabPageContentEnabled", value: false, from: 91},
		{name: "NewTabPageQuickLinksEnabled", value: false, from: 91}, // tiles of visited sites
		{name: "NewTabPagePrerenderEnabled", value: false, from: 85},
	}
}
