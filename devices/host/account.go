package host

import (
	"errors"
	"fmt"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
)

// Account is an account of the system.
type Account struct {
	Name   string
	ID     string   // the uid in decimal, or the Windows SID
	UID    uint32   // 0 on Windows
	GID    uint32   // the main group; 0 on Windows
	GIDs   []uint32 // every group, the main one included; empty on Windows
	Groups []string // names of the groups, or their SIDs on Windows; a group without a name is left out
	Home   string   // absolute, without symbolic links where it exists
	Admin  bool     // see Admin
}

// LookupAccount reads the account called name. ErrNoAccount when there is none.
func (h *Host) LookupAccount(name string) (Account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return Account{}, lookupErr(err)
	}
	return h.account(u)
}

// LookupID reads the account with the given uid in decimal, or SID. ErrNoAccount when there is none.
func (h *Host) LookupID(id string) (Account, error) {
	u, err := user.LookupId(id)
	if err != nil {
		return Account{}, lookupErr(err)
	}
	return h.account(u)
}

func (h *Host) account(u *user.User) (Account, error) {
	a := Account{Name: u.Username, ID: u.Uid, Home: filepath.Clean(u.HomeDir)}
	if !filepath.IsAbs(a.Home) {
		return Account{}, fmt.Errorf("reading the home of the account: %w", ErrRefused)
	}
	if real, err := filepath.EvalSymlinks(a.Home); err == nil {
		a.Home = real
	}
	gids, err := u.GroupIds()
	if err != nil {
		return Account{}, fmt.Errorf("reading the groups of the account: %w", ErrPartial)
	}
	if h.goos == "windows" {
		a.Groups = gids
		a.Admin = Admin(h.goos, a.ID, a.Groups)
		return a, nil
	}
	if a.UID, err = number(u.Uid); err != nil {
		return Account{}, err
	}
	if a.GID, err = number(u.Gid); err != nil {
		return Account{}, err
	}
	for _, id := range gids {
		gid, err := number(id)
		if err != nil {
			return Account{}, err
		}
		a.GIDs = append(a.GIDs, gid)
		if g, err := user.LookupGroupId(id); err == nil {
			a.Groups = append(a.Groups, g.Name)
		}
	}
	a.Admin = Admin(h.goos, a.ID, a.Groups)
	return a, nil
}

// Admin reports whether an account with this id (uid in decimal, or SID) and these groups (names, or SIDs on Windows)
// can become administrator. Rules for single accounts, such as those of sudoers or polkit, are not seen.
func Admin(goos, id string, groups []string) bool {
	if goos == "windows" {
		// S-1-5-18 is the system itself, S-1-5-32-544 the administrators in every language.
		return id == "S-1-5-18" || slices.Contains(groups, "S-1-5-32-544")
	}
	return id == "0" || slices.ContainsFunc(groups, adminGroup)
}

// adminGroup reports whether members of the group can become root by what they are given: a right to run anything as
// root, to start containers that see every file, or to write the disk below the file system.
func adminGroup(name string) bool {
	switch name {
	case "root", "sudo", "wheel", "admin", "docker", "lxd", "incus", "incus-admin", "libvirt", "disk":
		return true
	}
	return false
}

func number(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("reading the numbers of the account: %w", ErrRefused)
	}
	return uint32(n), nil
}

// lookupErr drops the text of the library's error, which holds the name.
func lookupErr(err error) error {
	var name user.UnknownUserError
	var id user.UnknownUserIdError
	if errors.As(err, &name) || errors.As(err, &id) {
		return ErrNoAccount
	}
	return fmt.Errorf("looking the account up: %w", ErrNoAccount)
}
