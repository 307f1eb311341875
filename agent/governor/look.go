package governor

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"ipguard/browser"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/wipe"
)

// looked is what was seen of an account.
type looked struct {
	commands []host.Command
	profiles []browser.Found
	// extra are the data folders that running browsers were told to use, by family.
	extra  []rows.Profile
	counts map[rows.Profile]rows.Count
	home   string
}

// look reads what the account runs and counts what ordinary windows left in its browsers' data.
func (g *Governor) look(ctx context.Context, acct wipe.Account) looked {
	l := looked{home: acct.Home, counts: map[rows.Profile]rows.Count{}}
	if acct.ID == "" {
		return l // nobody in particular
	}
	var err error
	if l.commands, err = g.Laptop.Commands(ctx, acct); err != nil {
		l.commands = nil // nothing runs, as far as anybody can tell
	}
	if l.profiles, err = g.Laptop.Profiles(acct); err != nil {
		l.profiles = nil
	}
	for _, c := range l.commands {
		l.extra = append(l.extra, dataFolders(c)...)
	}
	var all []rows.Profile
	for _, f := range l.profiles {
		for _, p := range f.Profiles {
			all = append(all, rows.Profile{Family: f.Family, Dir: filepath.Join(acct.Home, filepath.FromSlash(p))})
		}
	}
	all = append(all, l.extra...)
	all = all[:min(len(all), rows.MaxProfiles)] // those of the home first, whatever is running
	if len(all) == 0 {
		return l
	}
	counts, err := g.Laptop.Rows(ctx, acct, all)
	for i := 0; err == nil && i < min(len(all), len(counts)); i++ {
		l.counts[all[i]] = counts[i]
	}
	return l
}

// dataFolders are the profiles that a browser was told to use on its command line.
func dataFolders(c host.Command) []rows.Profile {
	var all []rows.Profile
	args, rewritten := argumentsOf(c)
	for i, arg := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if !strings.HasPrefix(arg, "-") || !filepath.IsAbs(value) {
			continue
		}
		switch name {
		case "user-data-dir":
			folders := []string{value}
			// The address of a page may follow, or a space be part of the folder's name: the one that is not there has no rows.
			if first, _, more := strings.Cut(value, " "); more && rewritten {
				folders = append(folders, first)
			}
			for _, dir := range folders {
				for _, p := range []string{"", "Default", "Profile 1"} {
					all = append(all, rows.Profile{Family: browser.Chromium, Dir: filepath.Join(dir, p)})
				}
			}
		case "profile":
			all = append(all, rows.Profile{Family: browser.Gecko, Dir: filepath.Clean(value)})
		}
	}
	return all
}

// argumentsOf are the arguments of a process. On Linux Chromium writes over those of all its processes, and Firefox over those
// of the ones that show pages: what is left is one text with spaces in between (seen with Chromium 156 and Firefox 153). It
// can only be split before each option, so that what follows an option's value is taken for a part of it.
func argumentsOf(c host.Command) (args []string, rewritten bool) {
	if len(c.Arguments) != 1 {
		return c.Arguments, false
	}
	args = strings.Split(c.Arguments[0], " -")
	for i := range args[1:] {
		args[i+1] = "-" + args[i+1]
	}
	return args, len(args) > 1
}

// isMain reports whether a process is the first of a browser and not one that renders pages for it.
func isMain(c host.Command) bool {
	args, _ := argumentsOf(c)
	return !slices.ContainsFunc(args[min(1, len(args)):], func(a string) bool {
		return strings.HasPrefix(a, "--type=") || a == "-contentproc"
	})
}

// standsBy reports whether a process only waits for an installation's browser to crash, or sends what it leaves behind. The
// browser itself may have been given such a name by somebody.
func standsBy(c host.Command, i browser.Installed) bool {
	name := filepath.Base(c.Exe)
	switch strings.TrimSuffix(strings.ToLower(name), ".exe") {
	case "chrome_crashpad_handler", "crashhelper", "crashreporter", "pingsender":
		return name != filepath.Base(i.Exe)
	}
	return false
}

// strangers are browsers that run and were not found before: on a stick, or in a folder where nobody looked.
func (l looked) strangers(ctx context.Context, g *Governor, known []browser.Installed) []browser.Installed {
	var all []browser.Installed
	files := g.Laptop.Files()
	for _, c := range l.commands {
		if !isMain(c) || c.Exe == "" {
			continue
		}
		ours := func(i browser.Installed) bool { return within(c.Exe, i.Dir) }
		if slices.ContainsFunc(known, ours) || slices.ContainsFunc(all, ours) {
			continue
		}
		if i, ok := browser.InstalledAt(ctx, files, g.system(l.home), c.Exe); ok {
			all = append(all, i)
		}
	}
	return all
}

// runsOf are the running browsers of an installation.
func (l looked) runsOf(i browser.Installed, goos string) []run {
	var all []run
	for _, c := range l.commands {
		if c.Exe == "" || !within(c.Exe, i.Dir) || !isMain(c) || standsBy(c, i) {
			continue
		}
		plain := i.Package == browser.Native || i.Package == browser.Portable || i.Package == browser.PerUser
		all = append(all, run{
			started: c.Started, apart: goos == "linux" && plain && c.OwnMounts, elsewhere: len(dataFolders(c)) > 0,
		})
	}
	return all
}

// rowsOf adds up what ordinary windows left in the data that an installation uses. Portable ones may use any of its family.
func (l looked) rowsOf(i browser.Installed) rows.Count {
	sum := rows.Count{Known: true}
	add := func(p rows.Profile) {
		c, ok := l.counts[p]
		if !c.Known && (!ok || c.Code != rows.Gone) {
			sum.Known = false
		}
		sum.Visits += c.Visits
		sum.Downloads += c.Downloads
		sum.Cookies += c.Cookies
	}
	for _, f := range l.profilesOf(i) {
		for _, p := range f.Profiles {
			add(rows.Profile{Family: f.Family, Dir: filepath.Join(l.home, filepath.FromSlash(p))})
		}
	}
	for _, c := range l.commands {
		if c.Exe == "" || !within(c.Exe, i.Dir) || !isMain(c) {
			continue
		}
		for _, p := range dataFolders(c) {
			add(p)
		}
	}
	return sum
}

// profilesOf are the data that an installation uses.
func (l looked) profilesOf(i browser.Installed) []browser.Found {
	var all []browser.Found
	for _, f := range l.profiles {
		same := f.ID == i.Browser || f.ID == browser.Unknown
		if f.Family == i.Family && same && packageOf(f.Root) == storedAs(i.Package) {
			all = append(all, f)
		}
	}
	return all
}

// packageOf says which kind of package keeps its data in a folder.
func packageOf(root string) browser.Package {
	switch {
	case strings.HasPrefix(root, "snap/"):
		return browser.Snap
	case strings.HasPrefix(root, ".var/app/"):
		return browser.Flatpak
	}
	return browser.Native
}

// storedAs is the kind of package whose data folder a kind uses.
func storedAs(p browser.Package) browser.Package {
	if p == browser.Snap || p == browser.Flatpak {
		return p
	}
	return browser.Native
}
