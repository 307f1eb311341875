package agent

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// What the service needs besides wiping. It keeps nothing between calls here: where an account stands is on the disk.

// Enrolled returns the accounts that have a baseline and that the system knows.
func (a *Agent) Enrolled() ([]wipe.Account, error) {
	ids, err := a.State.Accounts()
	if err != nil {
		return nil, err
	}
	var all []wipe.Account
	for _, id := range slices.DeleteFunc(ids, a.notEnrolled) {
		if acct, err := a.Machine.LookupID(id); err == nil {
			all = append(all, convert(acct))
		}
	}
	return all, nil
}

// Record returns what is written down about an account. Errors are those of package state.
func (a *Agent) Record(acct wipe.Account) (state.Record, error) {
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return state.Record{}, err
	}
	return st.Load()
}

// MarkInUse writes down that somebody works with an account, before anything of the session can reach the disk. A record
// that says something else than clean stays: none of the others lets anybody believe that the account is ready.
func (a *Agent) MarkInUse(acct wipe.Account) error {
	return a.mark(acct, func(rec state.Record, err error) (state.Record, bool) {
		clean := err == nil && rec.State == state.Clean
		rec.State = state.InUse
		return rec, clean
	})
}

// MarkWiping writes down that a wipe was promised. Whatever happens now, the service finishes it when it is back.
func (a *Agent) MarkWiping(acct wipe.Account) error {
	return a.mark(acct, func(rec state.Record, _ error) (state.Record, bool) {
		rec.State = state.Wiping
		return rec, true
	})
}

// mark changes a record. While another run works on the account nothing is written, since that run writes how it ended.
func (a *Agent) mark(acct wipe.Account, change func(state.Record, error) (state.Record, bool)) error {
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return err
	}
	unlock, busy, err := lockOnce(st)
	if busy || err != nil {
		return err
	}
	defer unlock()
	rec, ok := change(st.Load())
	if !ok {
		return nil
	}
	return st.Save(rec)
}

// ExpireHeld destroys the documents whose time is over, of every account, and says how long the next ones may wait; not
// some when none wait.
func (a *Agent) ExpireHeld(ctx context.Context) (next time.Duration, some bool, err error) {
	err = a.expire(ctx)
	ids, listErr := a.State.Accounts()
	for _, id := range ids {
		st, e := a.State.Account(id)
		if e != nil {
			continue
		}
		count, _, left, e := a.holding(&work{state: st}).Waiting(a.Now(), a.Policy.Documents.HoldFor)
		if count > 0 && (!some || left < next) {
			next, some = max(left, 0), true
		}
		err = errors.Join(err, e)
	}
	return next, some, errors.Join(err, listErr)
}

// SessionFolder is a folder in which a session leaves documents.
type SessionFolder struct {
	Rel   string // below the home, slash-separated
	Class wipe.Class
}

// SessionFolders says where downloads, scans and captures of an account lie, by the names that its own settings give
// them, and the folders that policy adds. Whether they exist is another matter.
func (a *Agent) SessionFolders(acct wipe.Account) ([]SessionFolder, error) {
	mounts, err := a.Machine.Mounts()
	if err != nil {
		return nil, err
	}
	w := &work{acct: acct, mounts: mounts}
	if m, ok := host.Of(mounts, acct.Home); !ok || !m.Network() && !m.FUSE() {
		d, err := walk.Open(acct.Home)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		a.tokensOf(w, d)
	}
	var all []SessionFolder
	add := func(token wipe.Token, below string, class wipe.Class) {
		for _, dir := range w.tokens[token] {
			rel, err := filepath.Rel(acct.Home, filepath.Join(dir, filepath.FromSlash(below)))
			if err == nil && filepath.IsLocal(rel) && rel != "." {
				all = append(all, SessionFolder{filepath.ToSlash(rel), class})
			}
		}
	}
	for _, f := range documentFolders() {
		add(f.token, f.below, f.class)
	}
	for _, f := range a.Policy.Watch.Folders {
		add(wipe.Token(f.Base), f.Pattern, wipe.ClassDocuments)
	}
	return all, nil
}

type documentFolder struct {
	token wipe.Token
	below string
	class wipe.Class
}

// documentFolders are the folders in which programs put documents. Windows Fax and Scan has its own, in the language of
// the system.
func documentFolders() []documentFolder {
	all := []documentFolder{
		{locate.Downloads, "", wipe.ClassDownloads},
		{locate.Documents, "", wipe.ClassDocuments},
		{locate.Pictures, "", wipe.ClassMedia},
		{locate.Desktop, "", wipe.ClassDesktop},
	}
	for _, name := range []string{"Scans", "Scanned Documents", "Documents numérisés", "Gescande documenten", "Gescannte Dokumente"} {
		all = append(all, documentFolder{locate.Documents, name, wipe.ClassScan})
	}
	return all
}
