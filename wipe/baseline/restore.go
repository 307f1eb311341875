package baseline

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/walk"
)

// TempPrefix begins the names that ipguard gives to what it is about to rename or remove. Nothing of the baseline has
// such a name, so whatever a killed wipe leaves under one goes with the next.
const TempPrefix = ".ipguard-"

// IsTemp reports whether a name is one that ipguard gave to what it was about to rename.
func IsTemp(name string) bool {
	rest, ok := strings.CutPrefix(name, TempPrefix)
	return ok && len(rest) == len(rand.Text()) && strings.Trim(rest, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// Restorer is a Visitor that puts the baseline back. It removes nothing but what it replaces.
type Restorer struct {
	// Copies is the root of the kept copies, nil without the right to read them: then every change is reported.
	Copies *walk.Dir
	// Root says that the process may set owners.
	Root bool
	// Live says that the account's desktop is running and holds files of KindLive open.
	Live bool
	// Pending tells of an entry that must not be replaced yet, and why; nil is allowed.
	Pending func(walk.Info) wipe.Code
	// Before is called before something is written anew for the first time; nil is allowed.
	Before func()
	// Report hears of every entry that was restored, or could not be.
	Report func(f *Frame, name string, r wipe.Result)
}

// Close releases the copies.
func (r *Restorer) Close() {
	if r.Copies != nil {
		r.Copies.Close()
	}
}

// Extra implements Visitor: not this phase's business.
func (r *Restorer) Extra(context.Context, *Frame, string, walk.Info) {}

// Mounted implements Visitor: left alone.
func (r *Restorer) Mounted(*Frame, string) {}

// Failed implements Visitor: what cannot be read is reported by the second reading.
func (r *Restorer) Failed(*Frame, string, error) {}

// Differs implements Visitor.
func (r *Restorer) Differs(ctx context.Context, f *Frame, e *Entry) {
	ok, err := same(f.Dir, e)
	if err == nil && ok {
		return
	}
	if code := r.pending(f, e); code != wipe.CodeNone {
		r.Report(f, e.Name, wipe.Result{Outcome: wipe.Residual, Code: code, Count: 1})
		return
	}
	r.put(ctx, f, e)
}

// Restorable reports whether the entry e is not as it should be and can be put back: its copy is there and whole.
func (r *Restorer) Restorable(f *Frame, e *Entry) bool {
	kind := f.Match.Child(e.Name).Kind()
	if e.Type != walk.File || r.Copies == nil || kind == wipe.KindKept || r.Live && kind == wipe.KindLive {
		return false
	}
	if ok, err := same(f.Dir, e); err != nil || ok || r.pending(f, e) != wipe.CodeNone {
		return false
	}
	in, err := r.open(path.Join(f.Rel, e.Name))
	if err != nil {
		return false
	}
	defer in.Close()
	sum, err := digest(in)
	return err == nil && sum == e.Digest
}

func (r *Restorer) pending(f *Frame, e *Entry) wipe.Code {
	if r.Pending == nil {
		return wipe.CodeNone
	}
	info, err := f.Dir.Stat(e.Name)
	if err != nil {
		return wipe.CodeNone
	}
	return r.Pending(info)
}

// Missing implements Visitor.
func (r *Restorer) Missing(ctx context.Context, f *Frame, e *Entry) { r.put(ctx, f, e) }

// Leave implements Visitor: a directory's own attributes come last, since restoring its entries changes them.
func (r *Restorer) Leave(f *Frame) {
	e := &f.Group.Self
	if e.Type != walk.Directory || f.Match.Kind() == wipe.KindKept {
		return // the empty manifest's root, or a folder of others
	}
	info, err := f.Dir.Info()
	if err == nil && sameAttr(info, e) {
		xattrs, err := f.Dir.Xattrs()
		if err == nil && sameXattrs(xattrs, e.Xattrs) {
			return
		}
	}
	onlyTime := err == nil && info.Mode == e.Mode && info.UID == e.UID && info.GID == e.GID
	a := e.Attr()
	if !r.Root {
		a.UID, a.GID = info.UID, info.GID
	}
	err = f.Dir.Apply(a)
	if errors.Is(err, walk.ErrDenied) && unlock(f) {
		err = f.Dir.Apply(a)
	}
	if err != nil {
		r.report(f, "", err)
	} else if !onlyTime {
		r.report(f, "", nil)
	}
}

// put writes the entry e anew and renames it into place, whatever stands there.
func (r *Restorer) put(ctx context.Context, f *Frame, e *Entry) {
	if f.Match.Child(e.Name).Kind() == wipe.KindKept {
		return // it may change; the second reading counts it
	}
	if r.Live && f.Match.Child(e.Name).Kind() == wipe.KindLive {
		r.Report(f, e.Name, wipe.Result{Outcome: wipe.Skipped, Code: wipe.CodeLiveSession, Count: 1})
		return
	}
	if r.Before != nil {
		r.Before()
		r.Before = nil
	}
	if e.Type == walk.Directory {
		err := f.Dir.Mkdir(e.Name)
		if errors.Is(err, walk.ErrDenied) && unlock(f) {
			err = f.Dir.Mkdir(e.Name)
		}
		r.report(f, e.Name, err)
		return
	}
	if r.Copies == nil && e.Type == walk.File {
		err := errNeedsRoot
		if r.Root {
			err = ErrCorrupt
		}
		r.report(f, e.Name, err)
		return
	}
	r.report(f, e.Name, r.write(ctx, f, e))
}

var errNeedsRoot = errors.New("needs an administrator")

func (r *Restorer) write(ctx context.Context, f *Frame, e *Entry) error {
	temp := TempPrefix + rand.Text()
	err := r.make(ctx, f, e, temp)
	if errors.Is(err, walk.ErrDenied) && unlock(f) {
		err = r.make(ctx, f, e, temp)
	}
	if err == nil {
		// What is replaced must not leave its attributes in an inode that nobody uses any more.
		_ = f.Dir.ClearXattrs(e.Name)
		err = f.Dir.Rename(temp, f.Dir, e.Name)
		if errors.Is(err, walk.ErrDenied) {
			// The folder may be append-only, the file be anything; the second try tells.
			_, _ = unlock(f), f.Dir.Unlock(e.Name)
			err = f.Dir.Rename(temp, f.Dir, e.Name)
		}
	}
	if err != nil {
		// The temporary name goes with the next wipe if it cannot go now.
		_ = f.Dir.Remove(temp, walk.File)
	}
	return err
}

// unlock frees a folder of the baseline from flags that forbid to change it. A folder of others keeps them.
func unlock(f *Frame) bool { return f.Group.Self.Type == walk.Directory && f.Dir.Unlock("") == nil }

func (r *Restorer) make(ctx context.Context, f *Frame, e *Entry, temp string) error {
	if e.Type == walk.Symlink {
		if err := f.Dir.Symlink(e.Target, temp); err != nil {
			return err
		}
		return f.Dir.ApplyLink(temp, e.Attr())
	}
	out, err := f.Dir.Create(temp)
	if err != nil {
		return err
	}
	defer out.Close()
	in, err := r.open(path.Join(f.Rel, e.Name))
	if err != nil {
		return fmt.Errorf("opening a copy: %w", ErrCorrupt)
	}
	defer in.Close()
	if _, err := io.Copy(out, contextReader{ctx, in}); err != nil {
		return walk.Reason("copying back", err)
	}
	sum, err := digest(out)
	if err != nil {
		return err
	}
	if sum != e.Digest {
		return ErrCorrupt
	}
	return walk.ApplyFile(out, e.Attr())
}

// open opens a copy by its path below the copies, which only an administrator can write.
func (r *Restorer) open(rel string) (*os.File, error) {
	dir, name := path.Split(rel)
	d, closeAll, err := descend(r.Copies, dir)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	f, _, err := d.OpenFile(name)
	return f, err
}

func (r *Restorer) report(f *Frame, name string, err error) {
	res := wipe.Result{Outcome: wipe.Restored, Count: 1}
	switch {
	case err == nil:
	case errors.Is(err, ErrCorrupt):
		res.Outcome, res.Code = wipe.Residual, wipe.CodeBaselineCorrupt
	case errors.Is(err, errNeedsRoot), errors.Is(err, walk.ErrDenied) && !r.Root:
		res.Outcome, res.Code = wipe.Residual, wipe.CodeNeedsRoot
	default:
		res.Outcome, res.Code = wipe.Residual, walk.CodeOf(err)
	}
	r.Report(f, name, res)
}

type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.in.Read(p)
}
