package governor

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/policy"
	"ipguard/wipe"
)

// spot is one place with what is to be written there.
type spot struct {
	place      browser.Place
	descriptor browser.Descriptor
	major      int // the least of the browsers that read it
	settings   managed.Settings
	store      managed.Store
}

// key tells places apart.
func key(p browser.Place) string { return string(p.Format) + " " + p.Path }

// spots are the places of the browsers that were found, and those that a browser would read that is installed or unpacked
// tomorrow: its first window must be private too.
func (g *Governor) spots(found []browser.Installed) ([]spot, error) {
	byKey := map[string]*spot{}
	var order []string
	add := func(p browser.Place, d browser.Descriptor, major int) {
		k := key(p)
		s := byKey[k]
		if s == nil {
			s = &spot{place: p, descriptor: d, major: major}
			byKey[k] = s
			order = append(order, k)
			return
		}
		s.place.Instead = cmp.Or(s.place.Instead, p.Instead)
		if major > 0 && (s.major == 0 || major < s.major) {
			s.major = major
		}
	}
	for _, i := range found {
		d, ok := g.descriptorOf(i)
		if ok && i.Place.Format != "" {
			add(i.Place, d, majorOf(i.Version))
		}
	}
	for _, d := range browser.Descriptors() {
		for _, e := range d.Editions {
			p := e.Place
			if e.OS != g.GOOS || e.Package != browser.Native || p.Format == "" || strings.Contains(p.Path, "${") {
				continue
			}
			if strings.Contains(p.Instead, "${") {
				p.Instead = "" // nothing is installed that would have it
			}
			add(p, d, 0)
		}
	}
	all := make([]spot, 0, len(order))
	known := surroundings{g.modules(), map[browser.Family]string{}}
	for _, f := range []browser.Family{browser.Chromium, browser.Gecko} {
		known.downloads[f] = g.downloads(f)
	}
	for _, k := range order {
		s := byKey[k]
		if err := g.fill(s, known); err != nil {
			return nil, err
		}
		all = append(all, *s)
	}
	return all, nil
}

// surroundings are what the settings of every place depend on.
type surroundings struct {
	modules   map[string]string
	downloads map[browser.Family]string
}

// fill computes the settings of a place.
func (g *Governor) fill(s *spot, known surroundings) (err error) {
	if s.store, err = g.Store(s.place, s.descriptor.Family, g.Prefix); err != nil {
		return err
	}
	s.settings, err = managed.Compile(g.Policy, s.descriptor, managed.Facts{
		GOOS: g.GOOS, Major: s.major, Downloads: known.downloads[s.descriptor.Family], Modules: known.modules,
	})
	return err
}

// descriptorOf returns what is known about an installed browser. Of one that nobody described, what reads the same place
// is taken for it.
func (g *Governor) descriptorOf(i browser.Installed) (browser.Descriptor, bool) {
	if d, ok := browser.ByID(i.Browser); ok {
		return d, true
	}
	for _, d := range browser.Descriptors() {
		same := func(e browser.Edition) bool { return e.OS == g.GOOS && key(e.Place) == key(i.Place) }
		if d.Family == i.Family && slices.ContainsFunc(d.Editions, same) {
			return d, true
		}
	}
	return browser.Descriptor{}, false
}

// majorOf returns the major version, or 0.
func majorOf(version string) int {
	text, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// modules are the files of the PKCS#11 modules that exist.
func (g *Governor) modules() map[string]string {
	found, files := map[string]string{}, g.Laptop.Files()
	for _, m := range g.Policy.Card.Modules {
		for _, file := range m.Files[g.GOOS] {
			if files.IsFile(file) {
				found[m.Name] = file
				break
			}
		}
	}
	return found
}

// downloads is the folder for downloads as a family writes it. The settings hold for every account, so that the folder is
// said with a variable where its name allows it; with several accounts and none, the browser's default stays.
func (g *Governor) downloads(family browser.Family) string {
	accts, err := g.Laptop.Enrolled()
	if err != nil || g.Policy.Mode == policy.BrowsersUnmanaged {
		return ""
	}
	answer := ""
	for _, a := range accts {
		dir := g.Laptop.Downloads(a)
		if dir == "" {
			return ""
		}
		text := withVariable(g.GOOS, family, a, dir)
		if answer != "" && text != answer {
			return ""
		}
		answer = text
	}
	return answer
}

// withVariable writes a folder with the variable that the family knows. Sources: Chromium's policy_path_parser of each
// system, Mozilla's reference of the DownloadDirectory policy.
func withVariable(goos string, family browser.Family, a wipe.Account, dir string) string {
	below, ok := strings.CutPrefix(dir, a.Home)
	if !ok {
		return dir
	}
	switch {
	case family == browser.Gecko:
		return "${home}" + below
	case goos == "windows":
		return "${profile}" + below
	}
	parent, ok := strings.CutSuffix(a.Home, "/"+a.Name)
	if !ok {
		return dir
	}
	return parent + "/${user_name}" + below
}
