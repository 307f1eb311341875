package browser

import (
	"path"
	"slices"
	"strings"
)

// Tree is a home as discovery sees it. Names are relative to the home, with slashes on every system; no step follows a
// link.
type Tree interface {
	// List returns the names in a folder ("" is the home), or an error when it cannot be read or is not a folder.
	List(rel string) ([]string, error)
	// IsFile says that there is a regular file of this name.
	IsFile(rel string) bool
	// Read returns the content of a regular file, at most limit bytes of it.
	Read(rel string, limit int) ([]byte, error)
}

// Found is the data of one browser in one home. All folders are relative to the home, with slashes.
type Found struct {
	ID       string // of a Descriptor, or Unknown
	Family   Family
	Root     string
	Cache    string   // "" when the caches lie inside Root
	Profiles []string // sorted; normally below Root
}

// namesLimit bounds what is looked at in one folder, so that a folder with very many names cannot stall discovery.
const namesLimit = 4096

// Discover finds the data of every browser in a home: in the known places, then by marker files wherever else such data
// usually lies. home is the absolute folder in the notation of goos; a profile that profiles.ini names absolutely counts
// only below it.
func Discover(tree Tree, goos, home string) []Found {
	s := &search{tree: tree, goos: goos, home: home, seen: map[string]bool{}}
	for _, d := range Descriptors() {
		for _, r := range d.Roots {
			if r.OS != goos {
				continue
			}
			for _, root := range s.expand(r.Data) {
				s.try(d.ID, d.Family, root)
			}
		}
	}
	for _, pattern := range usualPlaces(goos) {
		for _, root := range s.expand(pattern) {
			s.try(Unknown, Chromium, root)
			s.try(Unknown, Gecko, root)
		}
	}
	return s.found
}

// usualPlaces are where a browser that nobody described would keep its data, one or two levels below the folders in which
// applications do.
func usualPlaces(goos string) []string {
	var places []string
	switch goos {
	case "linux":
		for _, parent := range []string{
			".config", ".local/share", "snap/*/*/.config", "snap/*/*", ".var/app/*/config", ".var/app/*/data",
		} {
			places = append(places, parent+"/*", parent+"/*/*")
		}
		for _, parent := range []string{"", "snap/*/*/", ".var/app/*/"} {
			places = append(places, parent+".*", parent+".*/*")
		}
	case "windows":
		for _, parent := range []string{"AppData/Local", "AppData/Roaming"} {
			places = append(places, parent+"/*", parent+"/*/*", parent+"/*/*/User Data", parent+"/*/*/EBWebView")
		}
		places = append(places, "AppData/Local/Packages/*/*/EBWebView", "AppData/Local/Packages/*/LocalCache/*/*/*")
	case "darwin":
		places = append(places, "Library/Application Support/*", "Library/Application Support/*/*",
			"Library/Containers/*/Data/Library/Application Support/*")
	}
	return places
}

type search struct {
	tree  Tree
	goos  string
	home  string
	seen  map[string]bool
	found []Found
}

func (s *search) list(rel string) []string {
	names, err := s.tree.List(rel)
	if err != nil {
		return nil
	}
	names = slices.Clone(names[:min(len(names), namesLimit)])
	slices.Sort(names)
	return names
}

// expand lists what stands at a pattern. Components without wildcard are not looked up: try does that.
func (s *search) expand(pattern string) []string {
	at := []string{""}
	for part := range strings.SplitSeq(pattern, "/") {
		var next []string
		for _, dir := range at {
			if !strings.ContainsAny(part, "*?[") {
				next = append(next, path.Join(dir, part))
				continue
			}
			for _, name := range s.list(dir) {
				if ok, err := path.Match(part, name); ok && err == nil {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		at = next
	}
	return at
}

// try adds a folder to what was found if it is the data of a browser of that family.
func (s *search) try(id string, family Family, root string) {
	if s.seen[root] {
		return
	}
	var profiles []string
	var ok bool
	if family == Chromium {
		profiles, ok = s.chromium(root, id != Unknown)
	} else {
		profiles, ok = s.gecko(root, id != Unknown)
	}
	if !ok {
		return
	}
	s.seen[root] = true
	slices.Sort(profiles)
	s.found = append(s.found, Found{
		ID: id, Family: family, Root: root, Cache: cacheOf(s.goos, root), Profiles: slices.Compact(profiles),
	})
}

// chromium finds the profiles in a user-data folder. In an unknown place the marker file is not enough: applications built
// on the same engine have one too, with a single profile in the folder itself, and they are not browsers.
func (s *search) chromium(root string, known bool) (profiles []string, ok bool) {
	marked := s.tree.IsFile(path.Join(root, "Local State"))
	if !marked && !known {
		return nil, false
	}
	complete := false
	for _, name := range s.list(root) {
		dir := path.Join(root, name)
		switch {
		case s.tree.IsFile(path.Join(dir, "Preferences")):
			complete = true
			profiles = append(profiles, dir)
		case (name == "Default" || strings.HasPrefix(name, "Profile ")) && s.exists(dir):
			profiles = append(profiles, dir)
		}
	}
	if !known {
		return profiles, complete
	}
	if s.tree.IsFile(path.Join(root, "Preferences")) {
		profiles = append(profiles, root)
	}
	return profiles, s.exists(root)
}

// exists is enough in a known place: a browser that was killed early, or a folder of crash reports, has no marker.
func (s *search) exists(root string) bool {
	names, err := s.tree.List(root)
	return err == nil && len(names) > 0
}

// gecko finds the profiles in a folder with profiles.ini. Mail programs of the same family have rules of their own.
func (s *search) gecko(root string, known bool) (profiles []string, ok bool) {
	marked := s.tree.IsFile(path.Join(root, "profiles.ini"))
	if !known {
		lower := strings.ToLower(root)
		if !marked || strings.Contains(lower, "thunderbird") || strings.Contains(lower, "betterbird") {
			return nil, false
		}
	}
	for _, parent := range []string{root, path.Join(root, "Profiles")} {
		for _, name := range s.list(parent) {
			if dir := path.Join(parent, name); s.isGeckoProfile(dir) {
				profiles = append(profiles, dir)
			}
		}
	}
	complete := len(profiles) > 0
	if marked {
		content, err := s.tree.Read(path.Join(root, "profiles.ini"), iniLimit)
		if err == nil {
			profiles = append(profiles, s.named(root, content)...)
		}
	}
	if known {
		return profiles, s.exists(root)
	}
	return profiles, complete
}

func (s *search) isGeckoProfile(dir string) bool {
	return s.tree.IsFile(path.Join(dir, "prefs.js")) || s.tree.IsFile(path.Join(dir, "times.json"))
}
