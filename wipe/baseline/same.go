package baseline

import (
	"slices"
	"strings"

	"ipguard/wipe/walk"
)

// same reports whether the entry e is on the disk as the baseline has it: content and all attributes. It reads the file.
func same(d *walk.Dir, e *Entry) (bool, error) {
	switch e.Type {
	case walk.Symlink:
		info, err := d.Stat(e.Name)
		if err != nil || !sameAttr(info, e) {
			return false, err
		}
		target, err := d.Readlink(e.Name)
		return target == e.Target, err
	case walk.File:
		f, info, err := d.OpenFile(e.Name)
		if err != nil {
			return false, err
		}
		defer f.Close()
		// More than one name: somebody else may hold the other one, so the content could change at any moment.
		if !sameAttr(info, e) || info.Size != e.Size || info.Links != 1 {
			return false, nil
		}
		xattrs, err := walk.FileXattrs(f)
		if err != nil || !sameXattrs(xattrs, e.Xattrs) {
			return false, err
		}
		sum, err := digest(f)
		return sum == e.Digest, err
	}
	return false, nil
}

func sameAttr(info walk.Info, e *Entry) bool {
	return info.Type == e.Type && (info.Mode == e.Mode || e.Type == walk.Symlink) && info.UID == e.UID && info.GID == e.GID &&
		info.MTime == e.MTime
}

func sameXattrs(a, b []walk.Xattr) bool {
	return slices.EqualFunc(a, b, func(x, y walk.Xattr) bool { return x.Name == y.Name && string(x.Value) == string(y.Value) })
}

// descend enters the directories of the slash-separated dir one by one below root.
func descend(root *walk.Dir, dir string) (*walk.Dir, func(), error) {
	at, closers := root, []func() error{}
	closeAll := func() {
		for _, c := range closers {
			c()
		}
	}
	for name := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if name == "" {
			continue
		}
		sub, err := at.Enter(name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		closers = append(closers, sub.Close)
		at = sub
	}
	return at, closeAll, nil
}
