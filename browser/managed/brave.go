package managed

// braveOnly are Brave's own names: https://support.brave.app/hc/en-us/articles/360039248271-Group-Policy.
func braveOnly() []setting {
	return []setting{
		{name: "TorDisabled", value: true}, // a private window of another kind
		{name: "BraveRewardsDisabled", value: true},
		{name: "BraveWalletDisabled", value: true},
		{name: "BraveVPNDisabled", value: true},
		{name: "BraveTalkDisabled", value: true},
		{name: "BraveNewsDisabled", value: true},
		{name: "BraveAIChatEnabled", value: false}, // sends pages
		{name: "BraveP3AEnabled", value: false},
		{name: "BraveStatsPingEnabled", value: false},
		{name: "BraveWebDiscoveryEnabled", value: false},
	}
}
