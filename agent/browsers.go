package agent

import (
	"context"
	"errors"
	"strconv"

	"ipguard/browser"
	"ipguard/browser/rows"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// What governing browsers needs to know about accounts.

// errNobody means that the account's files may not be read with the rights of this process.
var errNobody = errors.New("no rights to look with")

// Profiles finds the data of browsers in an account's home. Errors: those of reading the mounts or the home.
func (a *Agent) Profiles(acct wipe.Account) ([]browser.Found, error) {
	w, home, err := a.openHome(acct)
	if home == nil {
		return nil, err
	}
	defer home.Close()
	return browser.Discover(tree{home, a.mountsBelow(w)(acct.Home)}, a.GOOS, acct.Home), nil
}

// Downloads is the folder for an account's downloads, by the name that its own settings give it; empty when unknown.
func (a *Agent) Downloads(acct wipe.Account) string {
	w, home, err := a.openHome(acct)
	if err != nil || home == nil {
		return ""
	}
	defer home.Close()
	a.tokensOf(w, home)
	if all := w.tokens[locate.Downloads]; len(all) > 0 {
		return all[0]
	}
	return ""
}

// openHome opens a home, unless a process or a network would have to answer for it: nil then.
func (a *Agent) openHome(acct wipe.Account) (*work, *walk.Dir, error) {
	mounts, err := a.Machine.Mounts()
	if err != nil {
		return nil, nil, err
	}
	w := &work{acct: acct, mounts: mounts}
	if m, ok := host.Of(mounts, acct.Home); ok && (m.Network() || m.FUSE()) {
		return w, nil, nil
	}
	home, err := walk.Open(acct.Home)
	return w, home, err
}

// Commands lists what an account runs.
func (a *Agent) Commands(ctx context.Context, acct wipe.Account) ([]host.Command, error) {
	return a.Machine.Commands(ctx, acct.UID)
}

// Rows counts what ordinary windows left in profiles. The files are the account's, and may be made to harm who reads them:
// only a process with the account's rights does.
func (a *Agent) Rows(ctx context.Context, acct wipe.Account, profiles []rows.Profile) ([]rows.Count, error) {
	switch {
	case a.StartRows != nil && a.Root:
		p, err := a.StartRows(ctx, host.Account{
			Name: acct.Name, ID: acct.ID, UID: acct.UID, GIDs: acct.GIDs, Home: acct.Home, Admin: acct.Admin,
		})
		if err != nil {
			return nil, err
		}
		return rows.Ask(ctx, p, profiles)
	case !a.Root && strconv.FormatUint(uint64(a.UID), 10) == acct.ID:
		all := make([]rows.Count, 0, len(profiles))
		for _, p := range profiles {
			all = append(all, rows.OfProfile(ctx, p.Family, p.Dir))
		}
		return all, nil
	}
	return nil, errNobody
}

// RowsArgument is the argument with which the program is started to count rows.
const RowsArgument = "rows"

// StartRows starts the process that counts rows, with the rights of an account.
func StartRows(ctx context.Context, acct host.Account) (rows.Process, error) {
	p, err := host.StartAs(ctx, acct, []string{RowsArgument})
	if err != nil {
		return nil, err // no process in the interface
	}
	return p, nil
}
