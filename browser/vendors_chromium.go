package browser

func edge() Descriptor {
	d := Descriptor{
		ID: "edge", Name: "Microsoft Edge", Family: Chromium,
		URL:       "https://learn.microsoft.com/en-us/deployedge/microsoft-edge-policies",
		Editions:  edgeEditions(),
		Processes: processes([]string{"msedge"}, "msedge.exe", "Microsoft Edge"),
		Roots: []Root{
			native("microsoft-edge"), native("microsoft-edge-beta"), native("microsoft-edge-dev"),
			flatpak("com.microsoft.Edge*", "microsoft-edge*"),
		},
	}
	for _, channel := range []string{"Edge", "Edge Beta", "Edge Dev", "Edge SxS"} {
		d.Roots = append(d.Roots, Root{OS: "windows", Data: "AppData/Local/Microsoft/" + channel + "/User Data"})
	}
	for _, channel := range []string{"", " Beta", " Dev", " Canary"} {
		d.Roots = append(d.Roots, library("Microsoft Edge"+channel))
	}
	return d
}

func edgeEditions() []Edition {
	linux := Place{Format: JSONFolder, Path: "/etc/opt/edge/policies/managed", Proof: Unproven,
		URL: "https://github.com/flathub/com.microsoft.Edge"} // the vendor's list of policies names Windows and macOS only
	windows := registry(`SOFTWARE\Policies\Microsoft\Edge`, Documented,
		"https://learn.microsoft.com/en-us/deployedge/configure-microsoft-edge")
	editions := []Edition{
		{"linux", Native, "stable", []string{"/opt/microsoft/msedge/msedge"}, linux},
		{"linux", Native, "beta", []string{"/opt/microsoft/msedge-beta/msedge"}, linux},
		{"linux", Native, "dev", []string{"/opt/microsoft/msedge-dev/msedge"}, linux},
	}
	editions = append(editions, flatpaks("com.microsoft.Edge", "stable", "extra/msedge", linux)...)
	editions = append(editions, flatpaks("com.microsoft.EdgeDev", "dev", "extra/msedge", linux)...)
	for _, c := range []struct{ windows, darwin, domain, channel string }{
		{"Edge", "Microsoft Edge", "com.microsoft.Edge", "stable"},
		{"Edge Beta", "Microsoft Edge Beta", "com.microsoft.Edge.Beta", "beta"},
		{"Edge Dev", "Microsoft Edge Dev", "com.microsoft.Edge.Dev", "dev"},
		{"Edge SxS", "Microsoft Edge Canary", "com.microsoft.Edge.Canary", "nightly"},
	} {
		editions = append(editions, onWindows(c.channel, "Microsoft/"+c.windows+"/Application/msedge.exe", windows)...)
		editions = append(editions, onDarwin(c.channel, c.darwin, "",
			preferences(c.domain, Documented, "https://learn.microsoft.com/en-us/deployedge/configure-microsoft-edge-on-mac"))...)
	}
	return editions
}

func brave() Descriptor {
	d := Descriptor{
		ID: "brave", Name: "Brave", Family: Chromium,
		URL:       "https://support.brave.app/hc/en-us/articles/360039248271-Group-Policy",
		Editions:  braveEditions(),
		Processes: processes([]string{"brave"}, "brave.exe", "Brave Browser"),
	}
	for _, channel := range []string{"", "-Beta", "-Nightly"} {
		name := "BraveSoftware/Brave-Browser" + channel
		d.Roots = append(d.Roots, native(name), library(name),
			Root{OS: "windows", Data: "AppData/Local/" + name + "/User Data"})
	}
	d.Roots = append(d.Roots, snap("brave", "BraveSoftware/Brave-Browser"),
		flatpak("com.brave.Browser", "BraveSoftware/Brave-Browser"))
	return d
}

func braveEditions() []Edition {
	page := "https://support.brave.app/hc/en-us/articles/360039248271-Group-Policy"
	linux := Place{Format: JSONFolder, Path: "/etc/brave/policies/managed", Proof: Unproven, URL: page}
	windows := registry(`SOFTWARE\Policies\BraveSoftware\Brave`, Documented, page)
	inFlatpak := linux // the package's wrapper shows it the folder of the host
	inFlatpak.URL = "https://github.com/flathub/com.brave.Browser"
	editions := []Edition{
		{"linux", Native, "stable", []string{"/opt/brave.com/brave/brave"}, linux},
		{"linux", Native, "beta", []string{"/opt/brave.com/brave-beta/brave"}, linux},
		{"linux", Native, "dev", []string{"/opt/brave.com/brave-dev/brave"}, linux},
		{"linux", Native, "nightly", []string{"/opt/brave.com/brave-nightly/brave"}, linux},
		{"linux", Snap, "stable", []string{"/snap/brave/current/opt/brave.com/brave/brave"}, Place{URL: page}}, // it says nothing of snaps
	}
	editions = append(editions, flatpaks("com.brave.Browser", "stable", "brave/brave", inFlatpak)...)
	for _, c := range []struct{ windows, darwin, domain, channel string }{
		{"Brave-Browser", "Brave Browser", "com.brave.Browser", "stable"},
		{"Brave-Browser-Beta", "Brave Browser Beta", "com.brave.Browser.beta", "beta"},
		{"Brave-Browser-Nightly", "Brave Browser Nightly", "com.brave.Browser.nightly", "nightly"},
	} {
		proof := Unproven // that each channel has a domain of its own
		if c.channel == "stable" {
			proof = Documented
		}
		editions = append(editions, onWindows(c.channel, "BraveSoftware/"+c.windows+"/Application/brave.exe", windows)...)
		editions = append(editions, onDarwin(c.channel, c.darwin, "", preferences(c.domain, proof, page))...)
	}
	return editions
}

func vivaldi() Descriptor {
	return Descriptor{
		ID: "vivaldi", Name: "Vivaldi", Family: Chromium,
		URL:       "https://admx.help/?Category=VivaldiBrowser",
		Editions:  vivaldiEditions(),
		Processes: processes([]string{"vivaldi", "vivaldi-bin"}, "vivaldi.exe", "Vivaldi"),
		Roots: []Root{
			native("vivaldi"), native("vivaldi-snapshot"), snap("vivaldi", "vivaldi"),
			flatpak("com.vivaldi.Vivaldi", "vivaldi"),
			{OS: "windows", Data: "AppData/Local/Vivaldi/User Data"},
			library("Vivaldi"),
		},
	}
}

// vivaldiEditions: the vendor publishes templates and no page that says where they count.
func vivaldiEditions() []Edition {
	page := "https://admx.help/?Category=VivaldiBrowser"
	linux := Place{Format: JSONFolder, Path: "/etc/vivaldi/policies/managed", Proof: Unproven, URL: page}
	editions := []Edition{
		{"linux", Native, "stable", []string{"/opt/vivaldi/vivaldi-bin"}, linux},
		{"linux", Native, "nightly", []string{"/opt/vivaldi-snapshot/vivaldi-bin"}, linux},
		{"linux", Snap, "stable", []string{"/snap/vivaldi/current/opt/vivaldi/vivaldi-bin"},
			Place{URL: "https://github.com/vivaldi/snapcraft"}}, // it asks for no folder of the host
	}
	// It is not shown the host's /etc.
	editions = append(editions, flatpaks("com.vivaldi.Vivaldi", "stable", "vivaldi/vivaldi",
		Place{URL: "https://github.com/flathub/com.vivaldi.Vivaldi"})...)
	editions = append(editions, onWindows("stable", "Vivaldi/Application/vivaldi.exe",
		registry(`SOFTWARE\Policies\Vivaldi`, Unproven, page))...)
	mac := "https://axonasif.pages.dev/posts/Vivaldi-(Chromium)-managed-policies-on-MacOS"
	editions = append(editions, onDarwin("stable", "Vivaldi", "", preferences("com.vivaldi.Vivaldi", Unproven, mac))...)
	return append(editions, onDarwin("nightly", "Vivaldi Snapshot", "",
		preferences("com.vivaldi.Vivaldi.snapshot", Unproven, mac))...)
}

func opera() Descriptor {
	return Descriptor{
		ID: "opera", Name: "Opera", Family: Chromium,
		URL:       "https://github.com/flathub/com.opera.Opera",
		Editions:  operaEditions(),
		Processes: processes([]string{"opera"}, "opera.exe", "Opera"),
		Roots: []Root{
			native("opera"), native("opera-beta"), native("opera-developer"),
			snap("opera*", "opera*"), flatpak("com.opera.Opera", "opera"),
			{OS: "windows", Data: "AppData/Roaming/Opera Software/Opera*"},
			library("com.operasoftware.Opera*"),
		},
	}
}

// operaEditions: the vendor says nothing about settings for administrators.
func operaEditions() []Edition {
	page := "https://github.com/flathub/com.opera.Opera"
	linux := Place{Format: JSONFolder, Path: "/etc/opera/policies/managed", Proof: Unproven, URL: page}
	inFlatpak := Place{Format: JSONFolder, Path: "/etc/opt/opera/policies/managed", Proof: Unproven, URL: page}
	var editions []Edition
	for _, c := range []struct{ suffix, channel string }{{"", "stable"}, {"-beta", "beta"}, {"-developer", "dev"}} {
		name := "opera" + c.suffix
		programs := []string{"/usr/lib/*/" + name + "/" + name, "/usr/lib64/" + name + "/" + name}
		if c.channel == "stable" {
			programs = append(programs, "/usr/lib/*/opera-stable/opera")
		}
		editions = append(editions, Edition{"linux", Native, c.channel, programs, linux},
			Edition{"linux", Snap, c.channel, []string{"/snap/" + name + "/current/usr/lib/*/" + name + "/" + name}, Place{URL: page}})
	}
	editions = append(editions, flatpaks("com.opera.Opera", "stable", "extra/opera/opera", inFlatpak)...)
	for _, c := range []struct{ folder, key, channel string }{
		{"Opera", "Opera Stable", "stable"}, {"Opera GX", "Opera GX Stable", "stable"},
	} {
		place := registry(`SOFTWARE\Policies\Opera Software\`+c.key, Unproven, page)
		editions = append(editions,
			Edition{"windows", Native, c.channel, []string{
				"${PROGRAMFILES}/" + c.folder + "/opera.exe", "${PROGRAMFILES(X86)}/" + c.folder + "/opera.exe",
				"${PROGRAMFILES}/" + c.folder + "/*/opera.exe", "${PROGRAMFILES(X86)}/" + c.folder + "/*/opera.exe",
			}, place},
			Edition{"windows", PerUser, c.channel, []string{
				"${LOCALAPPDATA}/Programs/" + c.folder + "/opera.exe", "${LOCALAPPDATA}/Programs/" + c.folder + "/*/opera.exe",
			}, place})
	}
	return append(editions, onDarwin("stable", "Opera", "", preferences("com.operasoftware.Opera", Unproven, page))...)
}
