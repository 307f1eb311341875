package agent

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"

	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

// differences lists how the home differs from the baseline in force.
func (a *Agent) differences(ctx context.Context, w *work) ([]baseline.Change, error) {
	e := a.plan(w, false, nil)
	home, err := walk.Open(w.acct.Home)
	if err != nil {
		return nil, err
	}
	defer home.Close()
	var list baseline.Differences
	err = e.Compare(ctx, e.Plan.Roots[0], home, &list)
	return list.All, err
}

// ErrPath says that a path to refresh leads to nothing below the home that is there or was.
var ErrPath = errors.New("not a path below the home")

// belowHome makes paths relative to the home, with slashes.
func belowHome(home string, paths []string) ([]string, error) {
	var all []string
	for _, p := range paths {
		if filepath.IsAbs(p) {
			rel, err := filepath.Rel(home, p)
			if err != nil {
				return nil, ErrPath
			}
			p = rel
		}
		p = path.Clean(filepath.ToSlash(p))
		if p == "." || p == ".." || strings.HasPrefix(p, "../") {
			return nil, ErrPath
		}
		all = append(all, p)
	}
	return all, nil
}

// present refuses a path that neither the home nor the baseline in force has: it would be a mistyped one.
func (a *Agent) present(w *work, old *baseline.Tree, paths []string) error {
	home, err := walk.Open(w.acct.Home)
	if err != nil {
		return err
	}
	defer home.Close()
	t := tree{home, a.mountsBelow(w)(w.acct.Home)}
	for _, p := range paths {
		if !old.Has(p) && !t.exists(p) {
			return ErrPath
		}
	}
	return nil
}

// named says how a path stands to the paths that a refresh takes anew.
func named(paths []string, rel string) baseline.Naming {
	out := baseline.NotNamed
	for _, p := range paths {
		switch {
		case rel == p || len(rel) > len(p) && rel[:len(p)] == p && rel[len(p)] == '/':
			return baseline.IsNamed
		case len(p) > len(rel) && p[:len(rel)] == rel && p[len(rel)] == '/':
			out = baseline.LeadsToNamed
		}
	}
	return out
}
