package browser

// Family groups browsers that lay out their data in the same way.
type Family string

// The families.
const (
	Chromium Family = "chromium"
	Gecko    Family = "gecko"
)

// Unknown is the ID of what looks like a browser's data but is in none of the known places.
const Unknown = "unknown"

// Root is one place where a browser keeps its data, for one operating system and kind of package.
type Root struct {
	OS string // GOOS value
	// Data is the user-data folder: slash-separated below the home; each component is a path.Match pattern.
	Data string
}

// Descriptor is all that is known about one browser.
type Descriptor struct {
	ID     string // "chrome"
	Name   string // "Google Chrome", for people
	Family Family
	Roots  []Root
	// Processes are the names of its main executable, by GOOS. A name alone never proves anything: owner and path of
	// the executable do.
	Processes map[string][]string
}

// Descriptors lists the known browsers.
func Descriptors() []Descriptor {
	return []Descriptor{
		chrome(), chromium(), edge(), brave(), vivaldi(), opera(), firefox(), librewolf(),
	}
}

func chrome() Descriptor {
	d := Descriptor{
		ID: "chrome", Name: "Google Chrome", Family: Chromium,
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

func chromium() Descriptor {
	return Descriptor{
		ID: "chromium", Name: "Chromium", Family: Chromium,
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

func edge() Descriptor {
	d := Descriptor{
		ID: "edge", Name: "Microsoft Edge", Family: Chromium,
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

func brave() Descriptor {
	d := Descriptor{
		ID: "brave", Name: "Brave", Family: Chromium,
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

func vivaldi() Descriptor {
	return Descriptor{
		ID: "vivaldi", Name: "Vivaldi", Family: Chromium,
		Processes: processes([]string{"vivaldi", "vivaldi-bin"}, "vivaldi.exe", "Vivaldi"),
		Roots: []Root{
			native("vivaldi"), native("vivaldi-snapshot"), snap("vivaldi", "vivaldi"),
			flatpak("com.vivaldi.Vivaldi", "vivaldi"),
			{OS: "windows", Data: "AppData/Local/Vivaldi/User Data"},
			library("Vivaldi"),
		},
	}
}

func opera() Descriptor {
	return Descriptor{
		ID: "opera", Name: "Opera", Family: Chromium,
		Processes: processes([]string{"opera"}, "opera.exe", "Opera"),
		Roots: []Root{
			native("opera"), native("opera-beta"), native("opera-developer"),
			snap("opera*", "opera*"), flatpak("com.opera.Opera", "opera"),
			{OS: "windows", Data: "AppData/Roaming/Opera Software/Opera*"},
			library("com.operasoftware.Opera*"),
		},
	}
}

func firefox() Descriptor {
	return Descriptor{
		ID: "firefox", Name: "Firefox", Family: Gecko,
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

func librewolf() Descriptor {
	return Descriptor{
		ID: "librewolf", Name: "LibreWolf", Family: Gecko,
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

func processes(linux []string, windows, darwin string) map[string][]string {
	return map[string][]string{"linux": linux, "windows": {windows}, "darwin": {darwin}}
}

func native(name string) Root {
	return Root{OS: "linux", Data: ".config/" + name}
}

// snap covers "common", "current" and each kept revision: an old revision still holds what was in it.
func snap(pkg, name string) Root {
	return Root{OS: "linux", Data: "snap/" + pkg + "/*/.config/" + name}
}

func flatpak(app, name string) Root {
	return Root{OS: "linux", Data: ".var/app/" + app + "/config/" + name}
}

func library(name string) Root {
	return Root{OS: "darwin", Data: "Library/Application Support/" + name}
}
