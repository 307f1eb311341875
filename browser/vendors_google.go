package browser

func chrome() Descriptor {
	d := Descriptor{
		ID: "chrome", Name: "Google Chrome", Family: Chromium,
		URL:       "https://chromeenterprise.google/policies/",
		Editions:  chromeEditions(),
		Processes: processes([]string{"chrome"}, "chrome.exe", "Google Chrome"),
	}
	for _, channel := range []string{"", "-beta", "-unstable"} {
		d.Roots = append(d.Roots, native("google-chrome"+channel))
	}
	d.Roots = append(d.Roots, flatpak("com.google.Chrome*", "google-chrome*"))
	for _, channel := range []string{"Chrome", "Chrome Beta", "Chrome Dev", "Chrome SxS"} {
		d.Roots = append(d.Roots, Root{OS: "windows", Data: "AppData/Local/Google/" + channel + "/User Data"})
	}
	for _, channel := range []string{"Chrome", "Chrome Beta", "Chrome Dev", "Chrome Canary"} {
		d.Roots = append(d.Roots, library("Google/"+channel))
	}
	return d
}

// chromeEditions: all channels read the same place on every system.
// https://source.chromium.org/chromium/chromium/src/+/main:chrome/browser/policy/chrome_browser_policy_connector.cc
func chromeEditions() []Edition {
	linux := Place{Format: JSONFolder, Path: "/etc/opt/chrome/policies/managed", Proof: Documented,
		URL: "https://support.google.com/chrome/a/answer/9027408"}
	windows := registry(`SOFTWARE\Policies\Google\Chrome`, Documented, "https://www.chromium.org/administrators/windows-quick-start/")
	darwin := preferences("com.google.Chrome", Documented, "https://www.chromium.org/administrators/mac-quick-start/")
	inFlatpak := linux // the package's wrapper shows it the folder of the host
	inFlatpak.Proof, inFlatpak.URL = Unproven, "https://github.com/flathub/com.google.Chrome"
	editions := []Edition{
		{"linux", Native, "stable", []string{"/opt/google/chrome/chrome"}, linux},
		{"linux", Native, "beta", []string{"/opt/google/chrome-beta/chrome"}, linux},
		{"linux", Native, "dev", []string{"/opt/google/chrome-unstable/chrome"}, linux},
	}
	editions = append(editions, flatpaks("com.google.Chrome", "stable", "extra/chrome", inFlatpak)...)
	editions = append(editions, flatpaks("com.google.ChromeDev", "dev", "extra/chrome", inFlatpak)...)
	for _, c := range []struct{ name, channel string }{
		{"Chrome", "stable"}, {"Chrome Beta", "beta"}, {"Chrome Dev", "dev"}, {"Chrome SxS", "nightly"},
	} {
		editions = append(editions, onWindows(c.channel, "Google/"+c.name+"/Application/chrome.exe", windows)...)
	}
	for _, c := range []struct{ name, channel string }{
		{"Google Chrome", "stable"}, {"Google Chrome Beta", "beta"}, {"Google Chrome Dev", "dev"}, {"Google Chrome Canary", "nightly"},
	} {
		editions = append(editions, onDarwin(c.channel, c.name, "", darwin)...)
	}
	return editions
}

func chromium() Descriptor {
	return Descriptor{
		ID: "chromium", Name: "Chromium", Family: Chromium,
		URL:       "https://www.chromium.org/administrators/",
		Editions:  chromiumEditions(),
		Processes: processes([]string{"chromium", "chromium-browser", "chrome"}, "chrome.exe", "Chromium"),
		Roots: []Root{
			native("chromium"),
			{OS: "linux", Data: "snap/chromium/common/chromium"},
			snap("chromium", "chromium"),
			flatpak("org.chromium.Chromium", "chromium"),
			flatpak("io.github.ungoogled_software.ungoogled_chromium", "chromium"),
			{OS: "windows", Data: "AppData/Local/Chromium/User Data"},
			library("Chromium"),
		},
	}
}

func chromiumEditions() []Edition {
	quick := "https://www.chromium.org/administrators/linux-quick-start/"
	debian := Place{Format: JSONFolder, Path: "/etc/chromium/policies/managed", Proof: Measured, URL: quick}
	others := debian // some builds of Ubuntu read /etc/chromium-browser instead: the program file tells, see Unknown ones
	others.Proof = Documented
	inSnap := Place{Format: JSONFolder, Path: "/var/snap/chromium/current/policies/managed", Proof: Unproven,
		URL: "https://github.com/OS2borgerPC/os2borgerpc-scripts"}
	inFlatpak := Place{URL: "https://github.com/flathub/org.chromium.Chromium/issues/388"}
	editions := []Edition{
		{"linux", Native, "stable", []string{"/usr/lib/chromium/chromium"}, debian},
		{"linux", Native, "stable", []string{
			"/usr/lib/chromium-browser/chromium-browser", "/usr/lib/chromium-browser/chrome",
			"/usr/lib64/chromium-browser/chromium-browser", "/usr/lib64/chromium/chromium", "/usr/lib64/chromium/chrome",
			"/usr/lib/chromium/chrome",
		}, others},
		{"linux", Snap, "stable", []string{"/snap/chromium/current/usr/lib/chromium-browser/chrome"}, inSnap},
	}
	for _, app := range []string{"org.chromium.Chromium", "io.github.ungoogled_software.ungoogled_chromium"} {
		editions = append(editions, flatpaks(app, "stable", "chromium/chrome", inFlatpak)...)
	}
	editions = append(editions, onWindows("stable", "Chromium/Application/chrome.exe",
		registry(`SOFTWARE\Policies\Chromium`, Documented, "https://www.chromium.org/administrators/windows-quick-start/"))...)
	return append(editions, onDarwin("stable", "Chromium", "",
		preferences("org.chromium.Chromium", Documented, "https://www.chromium.org/administrators/mac-quick-start/"))...)
}
