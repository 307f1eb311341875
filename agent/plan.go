package agent

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"ipguard/agent/state"
	"ipguard/browser"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/erase"
	"ipguard/wipe/execute"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// work is everything that is known about one account before anything is done.
type work struct {
	acct    wipe.Account
	state   *state.Account
	version baseline.Version
	damaged bool // the baseline cannot be read
	home    wipe.HomeFacts
	mounts  []host.Mount
	tokens  locate.Tokens
	folders []wipe.Folder
	// overdue is why held documents whose time is over could not be destroyed.
	overdue error
}

// begin reads the facts about an enrolled account and lets the guard look at them. A damaged baseline is no reason to
// stop: what can be erased without it is erased. Errors: a wipe.Refusal, or that the mounts could not be read.
func (a *Agent) begin(ctx context.Context, acct wipe.Account) (*work, error) {
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return nil, err
	}
	w := &work{acct: acct, state: st, overdue: a.expire(ctx)}
	w.version, err = baseline.Store{Dir: st.BaselineDir()}.Current()
	switch {
	case errors.Is(err, baseline.ErrNone):
		return nil, wipe.RefusedNotEnrolled
	case err == nil && filepath.Clean(w.version.Info.Home) != filepath.Clean(acct.Home):
		return nil, wipe.RefusedMoved
	}
	w.damaged = err != nil
	if err := a.facts(w); err != nil {
		return nil, err
	}
	return w, a.guard(w)
}

// facts fills in what the machine says: mounts first, since what is mounted decides what may be asked further.
func (a *Agent) facts(w *work) (err error) {
	if w.mounts, err = a.Machine.Mounts(); err != nil {
		return err
	}
	if m, ok := host.Of(w.mounts, w.acct.Home); ok && (m.Network() || m.FUSE()) {
		w.home = wipe.HomeFacts{Exists: true, Network: true}
	} else if d, err := walk.Open(w.acct.Home); err == nil {
		defer d.Close()
		info, err := d.Info()
		w.home = wipe.HomeFacts{Exists: err == nil, UID: info.UID}
		a.tokensOf(w, d)
	}
	if w.tokens == nil {
		w.tokens = locate.Home(a.GOOS, w.acct.Home, nil)
	}
	a.knownFolders(w)
	for token, folders := range locate.System(a.GOOS, a.Prefix, w.acct) {
		for i, dir := range folders {
			// Some systems have links among these folders; all of them are the administrator's.
			if real, err := filepath.EvalSymlinks(dir); err == nil {
				folders[i] = real
			}
		}
		w.tokens[token] = folders
	}
	if len(w.version.Info.Writable) > 0 {
		w.tokens[locate.Writable] = w.version.Info.Writable
	}
	w.folders = locate.Resolve(a.Catalog, a.GOOS, w.tokens, w.acct)
	return nil
}

// knownFolders takes the system's word for the caller's own folders, as far as they lie in the home.
func (a *Agent) knownFolders(w *work) {
	for token, dir := range a.Machine.KnownFolders() {
		rel, err := filepath.Rel(w.acct.Home, dir)
		if err == nil && filepath.IsLocal(rel) && rel != "." {
			w.tokens.Merge(wipe.Token(token), dir)
		}
	}
}

// tokensOf finds the known folders and browsers of a home.
func (a *Agent) tokensOf(w *work, home *walk.Dir) {
	t := tree{home, a.mountsBelow(w)(w.acct.Home)}
	dirs, err := t.Read(".config/user-dirs.dirs", 64<<10)
	if err != nil {
		dirs = nil // the default names
	}
	w.tokens = locate.Home(a.GOOS, w.acct.Home, dirs)
	for token, folders := range browser.Tokens(a.GOOS, w.acct.Home, browser.Discover(t, a.GOOS, w.acct.Home)) {
		w.tokens.Merge(wipe.Token(token), folders...)
	}
}

func (a *Agent) guard(w *work) error {
	if a.Throwaway != "" {
		rel, err := filepath.Rel(a.Throwaway, w.acct.Home)
		if err != nil || rel == "." || strings.HasPrefix(rel, "..") {
			return wipe.RefusedProtected
		}
		return nil
	}
	return wipe.Guard(w.acct, a.GOOS, w.home)
}

// plan makes the plan and what carries it out.
func (a *Agent) plan(w *work, live bool, obs wipe.Observer) *execute.Executor {
	p := wipe.NewPlan(w.acct, wipe.Facts{
		Version: w.version.Info.Version, Damaged: w.damaged, Folders: w.folders, Live: live, Home: w.home,
		Manifest: func(r wipe.Root) string { return w.version.Info.ManifestOf(r.Dir, r.Pattern) },
	})
	return &execute.Executor{
		Plan: p, GOOS: a.GOOS, Catalog: a.catalog(), Tokens: w.tokens, Version: w.version, Root: a.Root, Observer: obs,
		Mounts: a.mountsBelow(w), Spare: []string{a.State.Path()}, Terms: a.terms(w),
	}
}

// terms are the conditions under which a wipe chooses its methods.
func (a *Agent) terms(w *work) erase.Terms {
	rec, _ := w.state.Load() // nothing is known without a record
	return erase.Terms{
		Floor: wipe.Assurance(a.Policy.Erase.AtLeast), Distrust: rec.Distrust,
		// The demonstration leaves the machine's file systems as they are.
		Privileged: a.Root && a.Throwaway == "",
	}
}

// catalog is the catalogue with the policy's keep rules in it.
func (a *Agent) catalog() []wipe.Artifact {
	arts := slices.Clone(a.Catalog)
	for _, k := range a.Policy.Keep {
		arts = append(arts, wipe.Artifact{
			ID: "policy.keep", Class: wipe.ClassKept, Enroll: wipe.EnrollKeep,
			Locations: []wipe.Location{{OS: []string{a.GOOS}, Kind: wipe.KindKept, Base: wipe.Token(k.Base), Pattern: k.Pattern}},
		})
	}
	return arts
}

// mountsBelow gives the mount points below a folder, relative to it.
func (a *Agent) mountsBelow(w *work) func(string) map[string]bool {
	return func(dir string) map[string]bool {
		points := map[string]bool{}
		for _, m := range host.Below(w.mounts, dir) {
			if rel, err := filepath.Rel(dir, m.Point); err == nil && rel != "." {
				points[filepath.ToSlash(rel)] = true
			}
		}
		return points
	}
}
