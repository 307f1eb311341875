package agent

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

func (a *Agent) capture(ctx context.Context, w *work, v *baseline.Version, req EnrollRequest) (Summary, error) {
	var sum Summary
	v.Info.Day, v.Info.Home, v.Info.Admin = a.today(), w.acct.Home, w.acct.Admin
	c := &baseline.Capture{
		Mounts: a.mountsBelow(w)(w.acct.Home), MaxFiles: a.Policy.Enrollment.MaxFiles, MaxBytes: a.Policy.Enrollment.MaxBytes,
		Match: catalog.NewClassifier(a.catalog(), a.GOOS, w.tokens, w.acct.Home).Root(),
		Left: func(l baseline.Left) {
			if l.Rule != wipe.EnrollPersonal {
				return
			}
			if sum.LeftOut++; len(sum.Left) < maxNamed {
				sum.Left = append(sum.Left, l)
			}
		},
	}
	c.Took = func(rel string, class wipe.Class) {
		if class == wipe.ClassUnknown && len(sum.Unknown) < maxNamed {
			sum.Unknown = append(sum.Unknown, rel)
		}
	}
	if len(req.Refresh) > 0 {
		var err error
		if sum.Changed, err = a.differences(ctx, w); err != nil {
			return sum, err
		}
		if err := w.refresh(c, w.acct.Home, wipe.HomeManifest, req.Refresh); err != nil {
			return sum, err
		}
	}
	if err := a.captureRoot(ctx, c, *v, wipe.HomeManifest, w.acct.Home); err != nil {
		return sum, err
	}
	sum.Taken = c.Taken()
	v.Info.Files, v.Info.Bytes = c.Count()
	sum.Files, sum.Bytes = v.Info.Files, v.Info.Bytes
	if err := a.captureOutside(ctx, w, v, req.Refresh); err != nil {
		return sum, err
	}
	var err error
	v.Info.Writable, err = a.writable(ctx, w)
	return sum, err
}

func (a *Agent) captureRoot(ctx context.Context, c *baseline.Capture, v baseline.Version, name, dir string) error {
	root, err := walk.Open(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	c.Root = root
	return c.Run(ctx, v.Manifest(name), v.Copies(name))
}

// captureOutside captures the folders outside the home that come back as enrolled.
func (a *Agent) captureOutside(ctx context.Context, w *work, v *baseline.Version, refresh []string) error {
	for i, f := range w.folders {
		if f.Kind != wipe.KindBaselined {
			continue
		}
		c := &baseline.Capture{
			MaxFiles: a.Policy.Enrollment.MaxFiles, MaxBytes: a.Policy.Enrollment.MaxBytes,
			Match: catalog.NewClassifier(nil, a.GOOS, nil, f.Dir).RootAs(f.Artifact, f.Class),
			Scope: func(name string) bool {
				ok, err := path.Match(f.Pattern, name)
				return f.Pattern == "" || ok && err == nil
			},
		}
		if len(refresh) > 0 {
			if err := w.refresh(c, f.Dir, w.version.Info.ManifestOf(f.Dir, f.Pattern), refresh); err != nil {
				return err
			}
		}
		name := fmt.Sprintf("outside-%d", i)
		err := a.captureRoot(ctx, c, *v, name, f.Dir)
		if errors.Is(err, walk.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		v.Info.Folders = append(v.Info.Folders, baseline.Folder{Manifest: name, Dir: f.Dir, Pattern: f.Pattern})
	}
	return nil
}

// writable finds the folders in which the account can leave something, besides those that the catalogue knows.
func (a *Agent) writable(ctx context.Context, w *work) ([]string, error) {
	skip := []string{w.acct.Home, a.State.Path(), "/proc", "/sys"}
	for _, f := range w.folders {
		skip = append(skip, f.Dir)
	}
	found, err := a.Machine.WritableFolders(ctx, w.acct.UID, w.acct.GIDs, skip, w.mounts)
	if errors.Is(err, host.ErrPartial) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // what could not be read cannot be listed; the rest is worth having
	}
	slices.Sort(found)
	return found, err
}
