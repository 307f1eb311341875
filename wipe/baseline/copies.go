package baseline

import (
	"crypto/sha256"
	"io"
	"os"

	"ipguard/wipe/walk"
)

// file copies a regular file and takes its digest from the very bytes that were kept.
func (c *Capture) file(d *walk.Dir, rel string, e *Entry) error {
	in, _, err := d.OpenFile(e.Name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(c.copy(rel), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return walk.Reason("making the copies", err)
	}
	defer out.Close()
	// Copied first and read again for the digest: a plain copy can be a clone that shares the file's blocks.
	if _, err := io.Copy(out, in); err != nil {
		return walk.Reason("copying a file", err)
	}
	if e.Xattrs, err = walk.FileXattrs(in); err != nil {
		return err
	}
	if after, err := d.Stat(e.Name); err != nil || !e.Stamped(after) {
		return ErrChanging
	}
	if e.Digest, err = digest(out); err != nil {
		return err
	}
	return c.dress(out, *e)
}

// dress gives a copy the attributes of the original except its owner and what would make it a program of its owner's.
func (c *Capture) dress(f *os.File, e Entry) error {
	a := e.Attr()
	a.UID, a.GID = uint32(max(os.Geteuid(), 0)), uint32(max(os.Getegid(), 0))
	a.Mode &^= 0o6000
	return walk.ApplyFile(f, a)
}

func (c *Capture) copy(rel string) string { return c.copies + "/" + rel }

func linkCopy(target, path string) error {
	if err := os.Symlink(target, path); err != nil {
		return walk.Reason("making the copies", err)
	}
	return nil
}

func digest(f io.ReadSeeker) (Digest, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Digest{}, walk.Reason("reading a file", err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Digest{}, walk.Reason("reading a file", err)
	}
	return Digest(h.Sum(nil)), nil
}
