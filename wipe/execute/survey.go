package execute

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/verify"
	"ipguard/wipe/walk"
)

// Survey reads everything again and says what is not as it should be. It changes nothing outside the baseline.
func (e *Executor) Survey(ctx context.Context, thorough bool) ([]wipe.Result, error) {
	var out verify.Findings
	spare := e.spare()
	if code := e.Plan.HomeTrouble; code != wipe.CodeNone {
		out.Add(wipe.Result{Artifact: wipe.HomeArtifact, Class: wipe.ClassUnknown, Outcome: wipe.Residual, Code: code, Count: 1})
	}
	for _, r := range e.Plan.Roots {
		var failed error
		e.with(r, func(d *walk.Dir, err error) {
			switch {
			case err == nil:
				failed = e.survey(ctx, r, d, spare, thorough, &out)
			case errors.Is(err, walk.ErrDenied) && !e.Root && r.Rule != wipe.RuleDeny:
				// An account may not look there, but a wipe by an administrator did.
				out.Add(wipe.Result{Artifact: r.Artifact, Class: r.Class, Outcome: wipe.Skipped, Code: wipe.CodeNeedsRoot, Count: 1})
			case !errors.Is(err, walk.ErrNotExist) || r.Rule == wipe.RuleDeny:
				failed = err
			}
		})
		if ctx.Err() != nil {
			return out.Results(), ctx.Err()
		}
		if failed != nil {
			out.Add(wipe.Result{Artifact: r.Artifact, Class: r.Class, Outcome: wipe.Residual, Code: codeOf(failed), Count: 1})
		}
	}
	return out.Results(), nil
}

func codeOf(err error) wipe.Code {
	if errors.Is(err, baseline.ErrCorrupt) {
		return wipe.CodeBaselineCorrupt
	}
	if errors.Is(err, walk.ErrNotExist) {
		return wipe.CodeMissing
	}
	return wipe.CodeUnreadable
}

func (e *Executor) survey(ctx context.Context, r wipe.Root, d *walk.Dir, spare func(walk.Info) bool, thorough bool, out *verify.Findings) error {
	m := e.match(r)
	p := verify.Probe{Dir: d, Match: m, Live: e.Plan.Live, Spare: spare, Pattern: r.Pattern}
	switch {
	case r.Rule == wipe.RuleOwned:
		p.Owner, p.Pattern = e.owned, ""
		return p.Read(ctx, out)
	case r.Rule == wipe.RulePrintJobs:
		p.Further = e.printJobs(d)
		return p.Read(ctx, out)
	case r.Manifest == "":
		return p.Read(ctx, out)
	}
	return e.surveyTree(ctx, r, d, thorough, out)
}

// surveyTree reads a root that has a manifest. An administrator's thorough reading that finds entries unchanged though
// touched writes that down, so that the next reading need not hash them again.
func (e *Executor) surveyTree(ctx context.Context, r wipe.Root, d *walk.Dir, thorough bool, out *verify.Findings) error {
	file := e.Version.Manifest(r.Manifest)
	m, err := baseline.Open(file)
	if err != nil {
		return baseline.ErrCorrupt
	}
	defer m.Close()
	t := verify.Tree{
		Root: d, Manifest: m, Match: e.match(r), Mounts: e.Mounts(r.Dir), Scope: scope(r), Live: e.Plan.Live, Thorough: thorough,
	}
	if !thorough || !e.Root {
		return t.Read(ctx, out)
	}
	return restamp(ctx, t, file, out)
}

func restamp(ctx context.Context, t verify.Tree, file string, out *verify.Findings) error {
	const pattern = ".manifest-*"
	// What wipes that were killed left; without them there is one at most.
	if old, err := filepath.Glob(filepath.Join(filepath.Dir(file), pattern)); err == nil {
		for _, name := range old {
			_ = os.Remove(name)
		}
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), pattern)
	if err != nil {
		return t.Read(ctx, out) // no space for it: slower next time, not wrong
	}
	defer os.Remove(fresh.Name())
	defer fresh.Close()
	t.Restamp = baseline.NewWriter(fresh)
	before := out.Restamped
	if err := t.Read(ctx, out); err != nil || out.Restamped == before {
		return err
	}
	if t.Restamp != nil && t.Restamp.Close() == nil && fresh.Chmod(0o644) == nil {
		// Failing to replace it leaves the old one in force, which is right, only slower.
		_ = os.Rename(fresh.Name(), file)
	}
	return nil
}
