package browser

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// treeLimit is how many folders are looked into below one top: more than a home has to the depth that is looked at.
const treeLimit = 20000

// tree is where to look for browsers by their files.
type tree struct {
	top   string
	depth int // levels of folders below top
	pkg   Package
}

// trees are the places for programs, and the homes.
func (f *finder) trees() []tree {
	if f.sys.GOOS == "windows" {
		trees := []tree{{f.sys.Programs, 4, Portable}, {f.sys.ProgramsX86, 4, Portable}}
		for _, h := range f.sys.Homes {
			trees = append(trees, tree{h, 6, Portable}) // AppData/Local/VENDOR/NAME/Application/VERSION
		}
		return append(trees, tree{"C:/ProgramData", 3, Portable})
	}
	trees := []tree{
		{"/opt", 3, Portable}, {"/usr/lib", 1, Portable}, {"/usr/lib64", 1, Portable}, {"/usr/share", 1, Portable},
		{"/usr/libexec", 1, Portable}, {"/usr/local", 2, Portable}, {"/srv", 2, Portable},
	}
	for _, pattern := range []string{"/snap/*/current", "/snap/*/current/opt", "/snap/*/current/usr/lib"} {
		for _, top := range f.expand(pattern) {
			trees = append(trees, tree{f.m.Real(top), 2, Snap})
		}
	}
	for _, top := range f.expand("/var/lib/flatpak/app/*/current/active/files") {
		trees = append(trees, tree{f.m.Real(top), 3, Flatpak})
	}
	for _, top := range f.expand("${HOME}/.local/share/flatpak/app/*/*/*/*/files") {
		trees = append(trees, tree{top, 3, Flatpak})
	}
	for _, h := range f.sys.Homes {
		trees = append(trees, tree{h, 5, Portable})
	}
	return trees
}

// packageOf tells the package by where something is.
func (f *finder) packageOf(dir string) Package {
	switch {
	case below(dir, "/snap"), below(dir, "/var/lib/snapd"):
		return Snap
	case below(dir, "/var/lib/flatpak"), strings.Contains(dir, "/.local/share/flatpak/app/"):
		return Flatpak
	}
	return Portable
}

// list is what is in a folder; that a bound was reached is kept in mind.
func (f *finder) list(dir string) []fs.DirEntry {
	if f.ended() != nil {
		f.complete = false
		return nil
	}
	entries, err := f.m.List(dir)
	if errors.Is(err, ErrTooMany) || len(entries) > namesLimit {
		f.complete = false
	} else if err != nil {
		return nil
	}
	return entries[:min(len(entries), namesLimit)]
}

// walk looks into the folders of a tree, the upper ones first: a bound then hides only what is deep down.
func (f *finder) walk(t tree) {
	level, looked := []string{t.top}, 0
	for depth := 0; depth <= t.depth; depth++ {
		var next []string
		for _, dir := range level {
			if looked++; looked > treeLimit || f.ended() != nil {
				f.complete = false
				return
			}
			if f.seen[dir] {
				continue
			}
			entries := f.list(dir)
			if f.marked(t, dir, entries, "") || depth == t.depth {
				continue
			}
			for _, e := range entries {
				if e.IsDir() && len(next) < treeLimit {
					next = append(next, path.Join(dir, e.Name()))
				}
			}
		}
		level = next
	}
}

// versioned is for Windows: the files are in a folder named after the version, next to the program.
func (f *finder) versioned(t tree, dir, exe string) bool {
	if f.sys.GOOS != "windows" {
		return false
	}
	for _, e := range f.list(dir) {
		if !e.IsDir() || !versionFolder(e.Name()) {
			continue
		}
		if inner := path.Join(dir, e.Name()); f.marked(t, inner, f.list(inner), exe) {
			return true
		}
	}
	return false
}

// marked adds the browser whose files are in a folder, if there is one.
func (f *finder) marked(t tree, dir string, entries []fs.DirEntry, exe string) bool {
	names := make(map[string]fs.DirEntry, len(entries))
	for _, e := range entries {
		names[e.Name()] = e
	}
	if has(names, "application.ini") && (has(names, "libxul.so") || has(names, "xul.dll")) {
		return f.markedGecko(t, dir, entries, exe)
	}
	if has(names, "resources.pak") && has(names, "icudtl.dat") && f.isChromium(dir, names) {
		return f.markedChromium(t, dir, entries, exe)
	}
	return false
}

func has(names map[string]fs.DirEntry, name string) bool {
	e, ok := names[name]
	return ok && !e.IsDir()
}

// isChromium tells a browser from applications and libraries that come with the same files.
func (f *finder) isChromium(dir string, names map[string]fs.DirEntry) bool {
	scaled := false
	for name := range names {
		lower := strings.ToLower(name)
		switch {
		case strings.HasPrefix(lower, "libcef."), strings.HasPrefix(lower, "nw_100_percent"), strings.HasPrefix(lower, "libnw."),
			strings.HasPrefix(lower, "license.electron"), strings.HasPrefix(lower, "qtwebengine"),
			strings.HasPrefix(lower, "libqt5webengine"), strings.HasPrefix(lower, "libqt6webengine"),
			lower == "msedgewebview2.exe" && !versionFolder(path.Base(dir)): // Edge has it too, next to a program of its own
			return false
		case strings.HasSuffix(lower, "_100_percent.pak"):
			scaled = true
		}
	}
	if !scaled || !has(names, "v8_context_snapshot.bin") && !has(names, "snapshot_blob.bin") {
		return false
	}
	if e, ok := names["resources"]; ok && e.IsDir() {
		for _, e := range f.list(path.Join(dir, "resources")) {
			if path.Ext(e.Name()) == ".asar" || e.Name() == "app" && e.IsDir() {
				return false // Electron
			}
		}
	}
	return true
}

func (f *finder) markedChromium(t tree, dir string, entries []fs.DirEntry, exe string) bool {
	i := Installed{Browser: Unknown, Family: Chromium, Package: t.pkg, Dir: dir, Exe: exe}
	if f.sys.GOOS == "windows" && versionFolder(path.Base(dir)) {
		i.Version, i.Dir = path.Base(dir), path.Dir(dir)
		entries = f.list(i.Dir)
	}
	if f.seen[i.Dir] {
		return true
	}
	if i.Exe == "" {
		name, ok := f.program(entries)
		if !ok {
			return false
		}
		i.Exe = path.Join(i.Dir, name)
	}
	i.Name = path.Base(i.Exe)
	f.add(i)
	return true
}

// renamed finds out what a build of the Chromium family really is. What runs in a container cannot read the system's folder.
func (f *finder) renamed(i Installed) Installed {
	if f.sys.GOOS != "linux" || i.Family != Chromium || i.Browser != Unknown || i.Package != Portable {
		return i
	}
	d, p, ok := f.obeys(i.Exe)
	if !ok { // it may be a helper
		if name, found := f.program(f.list(i.Dir)); found && name != path.Base(i.Exe) {
			d, p, ok = f.obeys(path.Join(i.Dir, name))
		}
	}
	if ok {
		i.Browser, i.Name, i.Place = d.ID, d.Name, f.place(p, i)
	}
	return i
}

// program picks the main program of the Chromium family: the largest, since the others in the folder are small helpers.
func (f *finder) program(entries []fs.DirEntry) (string, bool) {
	name, size := "", int64(-1)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() <= size {
			continue
		}
		lower := strings.ToLower(e.Name())
		ok := info.Mode().Perm()&0o111 != 0 && !strings.Contains(lower, ".so") && !slices.Contains([]string{
			".pak", ".dat", ".bin", ".json", ".info", ".html", ".png",
		}, path.Ext(lower)) // a stick says that everything can be run
		if f.sys.GOOS == "windows" {
			ok = path.Ext(lower) == ".exe"
		}
		if ok {
			name, size = e.Name(), info.Size()
		}
	}
	return name, name != ""
}

func (f *finder) markedGecko(t tree, dir string, entries []fs.DirEntry, exe string) bool {
	a, ok := f.gecko(dir)
	if !ok || f.seen[dir] {
		return ok
	}
	i := Installed{
		Browser: Unknown, Name: a.name, Family: Gecko, Package: t.pkg, Channel: a.channel, Dir: dir, Exe: exe, Version: a.version,
	}
	if i.Exe == "" {
		name, ok := f.geckoProgram(entries, a)
		if !ok {
			return false
		}
		i.Exe = path.Join(dir, name)
	}
	if d, ok := ByID(strings.ToLower(a.name)); ok && d.Family == Gecko {
		i.Browser, i.Name = d.ID, d.Name
		e := slices.IndexFunc(d.Editions, func(e Edition) bool { return e.OS == f.sys.GOOS && e.Package == Native })
		if e >= 0 && t.pkg == Portable {
			i.Place = f.place(d.Editions[e].Place, i)
		}
	}
	f.add(i)
	return true
}

// geckoProgram picks the main program: the one that is called what the browser is called, or the largest.
func (f *finder) geckoProgram(entries []fs.DirEntry, a application) (string, bool) {
	suffix := ""
	if f.sys.GOOS == "windows" {
		suffix = ".exe"
	}
	for _, want := range []string{a.remoting, a.name, "firefox", "firefox-bin"} {
		for _, e := range entries {
			if want != "" && e.Type().IsRegular() && strings.EqualFold(e.Name(), want+suffix) {
				return e.Name(), true
			}
		}
	}
	helpers := []string{"crashreporter", "crashhelper", "pingsender", "updater", "plugin-container", "glxtest", "vaapitest"}
	return f.program(slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool {
		return slices.Contains(helpers, strings.TrimSuffix(strings.ToLower(e.Name()), suffix))
	}))
}
