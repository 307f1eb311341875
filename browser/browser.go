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
	// URL is the vendor's page about its policies; where the vendor has none, the best page that there is.
	URL string
	// Editions are the ways to install it. Of two that have the same program, the first counts.
	Editions []Edition
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

// ByID returns the descriptor with this ID, if there is one.
func ByID(id string) (Descriptor, bool) {
	for _, d := range Descriptors() {
		if d.ID == id {
			return d, true
		}
	}
	return Descriptor{}, false
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
