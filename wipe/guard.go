package wipe

import (
	"errors"
	"path"
	"slices"
	"strings"
)

// Refusal is a reason not to begin at all. Nothing was touched.
type Refusal string

// The refusals.
const (
	RefusedNotEnrolled Refusal = "not_enrolled"
	RefusedSystem      Refusal = "system_account"
	RefusedProtected   Refusal = "protected_home"
	RefusedOwner       Refusal = "home_of_another"
	RefusedMoved       Refusal = "home_moved"
	RefusedRunning     Refusal = "applications_running"
	RefusedAdmin       Refusal = "administrator"
	RefusedNotClean    Refusal = "not_clean"
	RefusedStranger    Refusal = "not_permitted"
	RefusedInSession   Refusal = "in_session"
)

// Error makes a refusal an error.
func (r Refusal) Error() string { return "refused: " + string(r) }

// AsRefusal returns the refusal in err's chain.
func AsRefusal(err error) (Refusal, bool) {
	var r Refusal
	ok := errors.As(err, &r)
	return r, ok
}

// systemAccount reports whether a uid is no person's: below the first that useradd gives (login.defs(5)) or that macOS
// does, or that of nobody, who owns what belongs to no one here.
func systemAccount(uid uint32, goos string) bool {
	const nobody, nobodyOnMac = 65534, 1<<32 - 2
	first := uint32(1000)
	if goos == "darwin" {
		first = 501
	}
	return uid < first || uid == nobody || uid == nobodyOnMac
}

// Guard refuses accounts that no wipe may ever work on: it outranks every policy. It is pure.
func Guard(acct Account, goos string, home HomeFacts) error {
	if goos != "windows" && systemAccount(acct.UID, goos) {
		return RefusedSystem
	}
	if protected(acct.Home, goos) {
		return RefusedProtected
	}
	if goos != "windows" && home.Exists && !home.Network && home.UID != acct.UID {
		return RefusedOwner
	}
	return nil
}

// protected reports whether a folder can be no person's home: the root, a folder of the system or one above it.
func protected(home, goos string) bool {
	roots := systemFolders()
	if goos == "windows" {
		home, roots = strings.ToLower(strings.ReplaceAll(home, `\`, "/")), windowsFolders()
		if len(home) < 3 || home[1] != ':' {
			return true
		}
		home = home[2:]
	}
	if !strings.HasPrefix(home, "/") || strings.Contains(home+"/", "/../") {
		return true
	}
	home = path.Clean(home)
	if home == "/" || slices.Contains(homeParents(), home) {
		return true
	}
	return slices.ContainsFunc(roots, func(r string) bool {
		return home == r || strings.HasPrefix(home, r+"/") || strings.HasPrefix(r, home+"/")
	})
}

// systemFolders are folders in and above which nobody's home lies. /var is left out on purpose: its subfolders hold
// homes of service accounts only, which the guard refuses by number, and temporary folders of tests.
func systemFolders() []string {
	return []string{
		"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run", "/sbin", "/snap", "/sys", "/usr",
		"/var/cache", "/var/lib", "/var/log", "/var/mail", "/var/spool", "/Applications", "/Library", "/System", "/private/etc",
	}
}

func windowsFolders() []string {
	return []string{"/windows", "/program files", "/program files (x86)", "/programdata", "/users/public", "/users/default"}
}

// homeParents are folders of homes, never a home.
func homeParents() []string {
	return []string{"/home", "/Users", "/users", "/tmp", "/var/tmp", "/srv", "/media", "/mnt", "/opt", "/var", "/private/tmp"}
}
