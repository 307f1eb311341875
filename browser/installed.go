package browser

import (
	"context"
	"path"
	"slices"
	"strings"
)

// System says what the names on a machine stand for.
type System struct {
	GOOS, Arch string // as Go names them
	// Homes are the absolute homes of the accounts, in the notation of GOOS.
	Homes []string
	// OnlyHomes leaves out what does not lie in one of the homes, as far as that makes the search quicker.
	OnlyHomes bool
	// Programs and ProgramsX86 are the folders for programs on Windows; empty: where they usually are.
	Programs, ProgramsX86 string
}

// Installed is a browser that was found. Names of files are absolute, with slashes on every system and without links.
type Installed struct {
	Browser string // of a Descriptor, or Unknown
	Name    string // for people
	Family  Family
	Package Package
	Channel string // as in Edition; empty when unknown
	// Dir is the folder with the browser's files; on macOS the folder Contents/Resources of the application.
	Dir string
	// Exe is the main program.
	Exe string
	// Version is empty when no file tells it: for most of the Chromium family on Linux.
	Version string
	// Place is where it reads settings; zero when there is no way to govern it. The proof is the one of the browser that
	// reads the same place, even where this is a renamed copy of it.
	Place Place
}

// FindInstalled finds browsers: in the known places, then by their files wherever else programs are put, homes included, to
// a bounded depth. It reads only. Complete is false when a bound was reached or ctx ended first, so that there may be more.
func FindInstalled(ctx context.Context, m Machine, sys System) (found []Installed, complete bool) {
	f := newFinder(ctx.Err, m, sys)
	for _, d := range Descriptors() {
		for _, e := range d.Editions {
			if e.OS == sys.GOOS {
				f.edition(d, e)
			}
		}
	}
	known := len(f.found)
	if sys.GOOS == "darwin" {
		f.applications()
	} else {
		for _, t := range f.trees() {
			if !sys.OnlyHomes || f.inHome(t.top) {
				f.walk(t)
			}
		}
	}
	for i := range f.found[known:] {
		f.found[known+i] = f.renamed(f.found[known+i])
	}
	return f.found, f.complete
}

// InstalledAt tells which browser a program file belongs to, by the files next to it: the file of a running process, wherever
// it is. Exe is then that file, which may be a helper of the browser's. It is false for what is no browser, and for a program
// in a container of its own, whose file has another name here.
func InstalledAt(ctx context.Context, m Machine, sys System, exe string) (Installed, bool) {
	f := newFinder(ctx.Err, m, sys)
	exe = m.Real(slashed(sys.GOOS, exe))
	dir := path.Dir(exe)
	if sys.GOOS == "darwin" {
		app, ok := strings.CutSuffix(dir, "/Contents/MacOS")
		if !ok || !f.application(app) {
			return Installed{}, false
		}
	} else {
		t := tree{top: dir, pkg: f.packageOf(dir)}
		if !f.marked(t, dir, f.list(dir), exe) && !f.versioned(t, dir, exe) {
			return Installed{}, false
		}
	}
	found := f.found[0]
	if known, ok := f.known(found.Dir); ok {
		found = known
	} else if found.Family == Chromium {
		found = f.renamed(found)
	}
	found.Exe = exe
	return found, true
}

type finder struct {
	ended    func() error // non-nil when there is no time left
	m        Machine
	sys      System
	found    []Installed
	seen     map[string]bool // Dir
	complete bool
	budget   int64  // bytes of program files that may still be read
	status   []byte // the list of packages; nil: not read yet
}

// foundLimit is how many browsers are told apart: an account can make any number of folders that look like one.
const foundLimit = 256

func newFinder(ended func() error, m Machine, sys System) *finder {
	sys.Homes = slices.Clone(sys.Homes)
	for i, h := range sys.Homes {
		sys.Homes[i] = slashed(sys.GOOS, h)
	}
	if sys.Programs == "" {
		sys.Programs = "C:/Program Files"
	}
	if sys.ProgramsX86 == "" {
		sys.ProgramsX86 = "C:/Program Files (x86)"
	}
	sys.Programs, sys.ProgramsX86 = slashed(sys.GOOS, sys.Programs), slashed(sys.GOOS, sys.ProgramsX86)
	return &finder{ended: ended, m: m, sys: sys, seen: map[string]bool{}, complete: true, budget: programsLimit}
}

func slashed(goos, name string) string {
	if goos == "windows" {
		name = strings.ReplaceAll(name, `\`, "/")
	}
	return path.Clean(name)
}

// add keeps what was found unless the same folder was found before.
func (f *finder) add(i Installed) {
	switch {
	case f.seen[i.Dir]:
	case len(f.found) >= foundLimit:
		f.complete = false
	default:
		f.seen[i.Dir] = true
		f.found = append(f.found, i)
	}
}

// known says as which edition a folder is known.
func (f *finder) known(dir string) (Installed, bool) {
	k := newFinder(f.ended, f.m, f.sys)
	for _, d := range Descriptors() {
		for _, e := range d.Editions {
			if e.OS == f.sys.GOOS {
				k.edition(d, e)
			}
		}
	}
	i := slices.IndexFunc(k.found, func(i Installed) bool { return i.Dir == dir })
	if i < 0 {
		return Installed{}, false
	}
	return k.found[i], true
}

// edition adds every installation of an edition.
func (f *finder) edition(d Descriptor, e Edition) {
	for _, program := range e.Programs {
		if f.sys.OnlyHomes && !strings.HasPrefix(program, "${HOME}") && !strings.HasPrefix(program, "${LOCALAPPDATA}") {
			continue
		}
		for _, exe := range f.expand(program) {
			if !f.m.IsFile(exe) {
				continue
			}
			exe = f.m.Real(exe)
			i := Installed{
				Browser: d.ID, Name: d.Name, Family: d.Family, Package: e.Package, Channel: e.Channel, Dir: path.Dir(exe), Exe: exe,
			}
			if e.OS == "darwin" {
				i.Dir = path.Join(path.Dir(i.Dir), "Resources")
			}
			f.version(&i)
			i.Place = f.place(e.Place, i)
			f.add(i)
		}
	}
}

// version reads the version, and the channel where the files know it better than the place does.
func (f *finder) version(i *Installed) {
	switch {
	case i.Family == Gecko:
		if a, ok := f.gecko(i.Dir); ok {
			i.Version = a.version
			if a.channel != "" {
				i.Channel = a.channel
			}
		}
	case f.sys.GOOS == "darwin":
		i.Version = f.bundle(path.Dir(i.Dir))["CFBundleShortVersionString"]
	case f.sys.GOOS == "linux" && i.Package == Native:
		i.Version = f.packaged(packages(i.Browser, i.Channel))
	case f.sys.GOOS == "windows":
		for _, e := range f.list(i.Dir) {
			if e.IsDir() && versionFolder(e.Name()) && newer(e.Name(), i.Version) {
				i.Version = e.Name()
			}
		}
	}
}

// place puts the tokens in. A file in the browser's own folder counts only where nobody but an administrator can write to it:
// what somebody put next to a browser in a home is nothing that others should obey.
func (f *finder) place(p Place, i Installed) Place {
	trusted := f.administrators(i.Dir)
	if strings.Contains(p.Path, "${DIR}") && !trusted {
		return Place{URL: p.URL}
	}
	if !trusted {
		p.Instead = ""
	}
	replace := strings.NewReplacer("${DIR}", i.Dir, "${ARCH}", flatpakArch(f.sys.Arch))
	p.Path, p.Instead = replace.Replace(p.Path), replace.Replace(p.Instead)
	return p
}

func flatpakArch(goarch string) string {
	switch goarch {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return goarch
}

// administrators says whether only an administrator can put programs there.
func (f *finder) administrators(dir string) bool {
	if f.inHome(dir) {
		return false
	}
	tops := []string{"/usr", "/opt", "/snap", "/var/lib/snapd", "/var/lib/flatpak", "/Applications"}
	if f.sys.GOOS == "windows" {
		tops = []string{f.sys.Programs, f.sys.ProgramsX86}
	}
	return slices.ContainsFunc(tops, func(t string) bool { return below(dir, t) })
}

func (f *finder) inHome(dir string) bool {
	return slices.ContainsFunc(f.sys.Homes, func(h string) bool { return below(dir, h) })
}

// expand lists the names that stand at a pattern which may begin with a token.
func (f *finder) expand(pattern string) []string {
	at := []string{"/"}
	token, rest, ok := strings.Cut(pattern, "}")
	if !ok {
		rest = pattern
	} else {
		switch token {
		case "${PROGRAMFILES":
			at = []string{f.sys.Programs}
		case "${PROGRAMFILES(X86)":
			at = []string{f.sys.ProgramsX86}
		case "${HOME":
			at = f.sys.Homes
		case "${LOCALAPPDATA":
			at = nil
			for _, h := range f.sys.Homes {
				at = append(at, h+"/AppData/Local")
			}
		default:
			return nil
		}
	}
	for part := range strings.SplitSeq(strings.Trim(rest, "/"), "/") {
		var next []string
		for _, dir := range at {
			if !strings.ContainsAny(part, "*?[") {
				next = append(next, path.Join(dir, part))
				continue
			}
			for _, e := range f.list(dir) {
				if ok, err := path.Match(part, e.Name()); ok && err == nil {
					next = append(next, path.Join(dir, e.Name()))
				}
			}
		}
		at = next[:min(len(next), namesLimit)]
	}
	return at
}
