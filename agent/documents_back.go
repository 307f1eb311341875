package agent

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ipguard/agent/handover"
	"ipguard/wipe"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// ErrNoBatch says that nothing is held under this name, or not any more.
var ErrNoBatch = errors.New("nothing is held under this name")

// ErrFolder says that a folder cannot have this name.
var ErrFolder = errors.New("not a name for a folder")

// Batch is documents that were set aside together.
type Batch struct {
	ID    string // a random name
	Count int
	Bytes int64
	Since time.Duration // since they were set aside
	Left  time.Duration // until they are destroyed
}

// BackRequest is what giving back is asked to do.
type BackRequest struct {
	Account wipe.Account
	PIN     string
	Admin   bool   // an administrator asks: no PIN is needed
	Batch   string // Batch.ID
	Folder  string // name of the new folder, in the person's language: 64 bytes at most
}

// Batches tells what is held, the longest first. What is overdue is destroyed before. Errors: ErrNotPermitted, the disk's.
func (a *Agent) Batches(ctx context.Context, acct wipe.Account) ([]Batch, error) {
	if !a.Root {
		return nil, ErrNotPermitted
	}
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return nil, err
	}
	if err := a.expire(ctx); err != nil {
		return nil, err
	}
	held, err := a.holding(&work{state: st}).List(a.Now(), a.Policy.Documents.HoldFor)
	var all []Batch
	for _, h := range held {
		if h.Count > 0 && h.Left > 0 {
			all = append(all, Batch{ID: h.ID, Count: h.Count, Bytes: h.Bytes, Since: h.Since, Left: h.Left})
		}
	}
	return all, err
}

// GiveBack puts a batch into a new folder among the account's documents and takes it out of the holding. Errors:
// ErrNotPermitted, ErrFolder, ErrNoBatch, those of package pin, state.ErrLocked, a wipe.Refusal, the disk's. After an error
// every document is in the holding, or in the home, or in both.
func (a *Agent) GiveBack(ctx context.Context, req BackRequest) (Moved, error) {
	return a.giveBack(ctx, req, nil)
}

func (a *Agent) giveBack(ctx context.Context, req BackRequest, step func(string) error) (Moved, error) {
	if !a.Root {
		return Moved{}, ErrNotPermitted
	}
	if !folderName(req.Folder) {
		return Moved{}, ErrFolder
	}
	w, err := a.begin(ctx, req.Account)
	if err != nil {
		return Moved{}, err
	}
	unlock, err := w.state.Lock(ctx)
	if err != nil {
		return Moved{}, err
	}
	defer unlock()
	if !req.Admin {
		if err := a.pin(w.state).Check(req.PIN); err != nil {
			return Moved{}, err
		}
	}
	held, err := a.batch(ctx, w, req.Batch)
	if err != nil {
		return Moved{}, err
	}
	into, err := documentsFolder(w)
	if err != nil {
		return Moved{}, err
	}
	defer into.Close()
	// Nothing of the person's may be in the home while the record says that the account is clean.
	if err := a.saveHeld(w, true); err != nil {
		return Moved{}, err
	}
	back := handover.Back{Into: into, Folder: req.Folder, UID: w.acct.UID, GID: gid(w.acct, into), Step: step}
	count, bytes, err := held.GiveBack(ctx, back)
	return Moved{Count: count, Bytes: bytes, Failed: held.Count - count}, errors.Join(err, a.saveHeld(w, true))
}

// batch finds a batch that is not overdue, after those that are were destroyed.
func (a *Agent) batch(ctx context.Context, w *work, id string) (handover.Held, error) {
	h, now, longest := a.holding(w), a.Now(), a.Policy.Documents.HoldFor
	if _, err := h.Expire(ctx, now, longest); err != nil {
		return handover.Held{}, err
	}
	all, err := h.List(now, longest)
	if err != nil {
		return handover.Held{}, err
	}
	for _, held := range all {
		if held.ID == id && held.Count > 0 && held.Left > 0 {
			return held, nil
		}
	}
	return handover.Held{}, ErrNoBatch
}

// documentsFolder opens the account's folder for documents, else its home. Neither is reached through a link, and a folder
// that is not the account's own is not written to.
func documentsFolder(w *work) (*walk.Dir, error) {
	home, err := walk.Open(w.acct.Home)
	if err != nil {
		return nil, err
	}
	if !own(home, w.acct) {
		home.Close()
		return nil, errHome
	}
	for _, dir := range w.tokens[locate.Documents] {
		rel, err := filepath.Rel(w.acct.Home, dir)
		if err != nil || rel == "." || !filepath.IsLocal(rel) {
			continue
		}
		if d, err := down(home, strings.Split(filepath.ToSlash(rel), "/")); err == nil {
			if own(d, w.acct) {
				home.Close()
				return d, nil
			}
			d.Close()
		}
	}
	return home, nil
}

// down opens the folder below d to which the names lead. d stays open.
func down(d *walk.Dir, names []string) (*walk.Dir, error) {
	sub, err := d.Enter(names[0])
	if err != nil || len(names) == 1 {
		return sub, err
	}
	defer sub.Close()
	return down(sub, names[1:])
}

func own(d *walk.Dir, acct wipe.Account) bool {
	info, err := d.Info()
	return err == nil && info.UID == acct.UID
}

// gid is the group of what is made for the account: that of the folder it is made in, unless the account is not in it.
func gid(acct wipe.Account, d *walk.Dir) uint32 {
	info, err := d.Info()
	if len(acct.GIDs) > 0 && (err != nil || !slices.Contains(acct.GIDs, info.GID)) {
		return acct.GIDs[0]
	}
	return info.GID
}

// folderName accepts what every file system takes as the name of one folder, and every person can read.
func folderName(name string) bool {
	if name == "" || len(name) > 64 || !utf8.ValidString(name) || strings.ContainsAny(name, `/\:*?"<>|`) {
		return false
	}
	if strings.TrimSpace(name) != name || name[0] == '.' || name[0] == '~' || strings.HasSuffix(name, ".") {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

// DestroyHeld destroys everything that is held for an account, whatever the deadline. Errors: ErrNotPermitted,
// state.ErrLocked, the disk's.
func (a *Agent) DestroyHeld(ctx context.Context, acct wipe.Account) (count int, err error) {
	if !a.Root {
		return 0, ErrNotPermitted
	}
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return 0, err
	}
	unlock, err := st.Lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	w := &work{acct: acct, state: st}
	count, err = a.holding(w).Destroy(ctx)
	return count, errors.Join(err, a.saveHeld(w, false))
}
