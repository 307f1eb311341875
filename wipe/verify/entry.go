package verify

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"slices"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// entry checks an entry of the baseline that is there with its type.
func (r *reader) entry(here level, e *baseline.Entry, info walk.Info, m catalog.Match) {
	if e.Type == walk.Directory {
		return // read as a group of its own
	}
	untouched := info.Inode == e.Inode && info.CTime == e.CTime && info.Size == e.Size
	_, class := m.Artifact()
	suspect := r.Thorough && e.Type == walk.File && (e.Mode&0o111 != 0 || class == wipe.ClassAutostart)
	if untouched && !suspect {
		return
	}
	ok, err := identical(here.dir, e)
	switch {
	case r.Live && m.Kind() == wipe.KindLive && !ok:
		r.out.add(m, wipe.Skipped, wipe.CodeLiveSession, 1, 0)
	case m.Kind() == wipe.KindKept && !ok:
		r.out.add(m, wipe.Skipped, wipe.CodeKeepRule, 1, info.Size)
	case m.Kind() == wipe.KindVolatile && !ok:
		r.out.add(m, wipe.Skipped, wipe.CodeVolatile, 1, 0)
	case err != nil:
		r.out.add(m, wipe.Residual, wipe.CodeUnreadable, 1, 0)
	case !ok:
		r.out.add(m, wipe.Residual, wipe.CodeChanged, 1, info.Size)
	case !untouched:
		// The digest was taken between two equal stamps, so this one may stand for "unchanged" from now on.
		if again, err := here.dir.Stat(e.Name); err == nil && again.CTime == info.CTime && again.Inode == info.Inode {
			e.Inode, e.CTime = info.Inode, info.CTime
			r.out.Restamped++
		}
	}
}

// self checks a directory's own attributes. Its time is restored but not judged: programs touch folders all the time.
// The root of a folder of others has none in the manifest.
func (r *reader) self(here level, g *baseline.Group) {
	if g.Self.Type != walk.Directory || here.match.Kind() == wipe.KindKept {
		return
	}
	info, err := here.dir.Info()
	e := &g.Self
	if err == nil && info.Mode == e.Mode && info.UID == e.UID && info.GID == e.GID {
		have, err := here.dir.Xattrs()
		if err == nil && equalXattrs(have, e.Xattrs) {
			return
		}
	}
	r.out.add(here.match, wipe.Residual, wipe.CodeChanged, 1, 0)
}

// identical reads an entry and compares all of it with the baseline.
func identical(d *walk.Dir, e *baseline.Entry) (bool, error) {
	info, err := d.Stat(e.Name)
	if err != nil || info.UID != e.UID || info.GID != e.GID || info.MTime != e.MTime {
		return false, err
	}
	if e.Type == walk.Symlink {
		target, err := d.Readlink(e.Name)
		return target == e.Target, err
	}
	if info.Mode != e.Mode || info.Size != e.Size || info.Links != 1 {
		return false, nil
	}
	f, _, err := d.OpenFile(e.Name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	have, err := walk.FileXattrs(f)
	if err != nil || !equalXattrs(have, e.Xattrs) {
		return false, err
	}
	return hashes(f, e.Digest)
}

func hashes(f *os.File, want baseline.Digest) (bool, error) {
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return false, walk.Reason("reading", err)
	}
	return bytes.Equal(sum.Sum(nil), want[:]), nil
}

func equalXattrs(a, b []walk.Xattr) bool {
	return slices.EqualFunc(a, b, func(x, y walk.Xattr) bool { return x.Name == y.Name && bytes.Equal(x.Value, y.Value) })
}
