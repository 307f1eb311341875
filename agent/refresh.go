package agent

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"ipguard/wipe"
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

// ErrPath says that a path to refresh leads to nothing that belongs to a baseline and is there or was.
var ErrPath = errors.New("not a path of a baseline")

// absolute makes the paths of a refresh absolute; those that are not are meant below the home. Each must lie in the home
// or in a folder outside it that comes back as enrolled.
func (w *work) absolute(paths []string) ([]string, error) {
	var all []string
	for _, p := range paths {
		if !filepath.IsAbs(p) {
			p = filepath.Join(w.acct.Home, p)
		}
		if p = filepath.Clean(p); !w.refreshable(p) {
			return nil, ErrPath
		}
		all = append(all, p)
	}
	return all, nil
}

func (w *work) refreshable(p string) bool {
	one := []string{p}
	return len(below(w.acct.Home, one)) > 0 || slices.ContainsFunc(w.folders, func(f wipe.Folder) bool {
		return f.Kind == wipe.KindBaselined && len(below(f.Dir, one)) > 0
	})
}

// below returns those of the absolute paths that lie strictly below a folder, relative to it and with slashes.
func below(dir string, paths []string) []string {
	var all []string
	for _, p := range paths {
		if rel, err := filepath.Rel(dir, p); err == nil && filepath.IsLocal(rel) && rel != "." {
			all = append(all, filepath.ToSlash(rel))
		}
	}
	return all
}

// refresh makes a capture of the folder dir one that takes the named paths below it anew, and all else from the baseline
// in force. A path that neither has would be a mistyped one: ErrPath.
func (w *work) refresh(c *baseline.Capture, dir, manifest string, paths []string) error {
	c.Old = new(baseline.Tree) // nothing there belonged to the laptop
	if manifest != "" {
		var err error
		if c.Old, err = baseline.LoadTree(w.version.Manifest(manifest), w.version.Copies(manifest)); err != nil {
			return err
		}
	}
	rels := below(dir, paths)
	c.Named = func(rel string) baseline.Naming { return named(rels, rel) }
	root, err := walk.Open(dir)
	if errors.Is(err, walk.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	defer root.Close()
	for _, rel := range rels {
		if !c.Old.Has(rel) && !(tree{root, c.Mounts}).exists(rel) {
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
