package handover

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"unicode/utf8"

	"ipguard/wipe/walk"
)

// Giving a batch back goes in steps after each of which every document is in the holding, or in the home, or in both: a
// folder with second names of the documents is made in the batch, out of the account's reach, and given to the account;
// the folder is moved into the home in one step, and only when that is on the medium the names in the batch go. Where the
// home is another file system the folder is made there, of copies, and nobody but an administrator can look into it
// before it is complete.

// outName is the folder of a batch that is being given back.
const outName = "out"

// maxTries is how many names are tried for the new folder.
const maxTries = 1000

// Back says how a batch is given back.
type Back struct {
	// Into is the folder, open, in which the new one is made. It is the account's own.
	Into   *walk.Dir
	Folder string // the name of the new one, without a number
	// UID and GID own the new folder.
	UID, GID uint32
	// Step is called before each step and ends everything with its error; nil but in tests.
	Step func(name string) error
}

func (k Back) step(name string) error {
	if k.Step == nil {
		return nil
	}
	return k.Step(name)
}

// GiveBack gives the batch back and removes it from the holding. It returns how many documents are in the new folder;
// those that could not be given back stay in the batch until its deadline.
func (b Held) GiveBack(ctx context.Context, k Back) (count int, bytes int64, err error) {
	if err := b.makeOut(k); err != nil {
		return 0, 0, err
	}
	given := b.stage(k)
	if err = k.step("move"); err == nil && len(given) > 0 {
		err = b.moveOut(k)
		if errors.Is(err, walk.ErrXDev) {
			given, err = b.copyOut(ctx, k, given)
		}
	}
	if err == nil && len(given) > 0 {
		// A power cut after this must find the documents in the home.
		if err = k.step("sync"); err == nil {
			err = k.Into.Sync()
		}
	}
	if err != nil {
		return 0, 0, errors.Join(err, walk.Reason("giving documents back", os.RemoveAll(b.out())))
	}
	for _, l := range given {
		count++
		bytes += l.line.Bytes
	}
	if err := k.step("erase"); err != nil {
		return count, bytes, err
	}
	return count, bytes, b.forget(ctx, given)
}

// staged is a document with the name that it has in the new folder.
type staged struct {
	line line
	name string
}

func (b Held) out() string { return filepath.Join(b.dir, outName) }

func (b Held) makeOut(k Back) error {
	// An earlier try may have ended in the middle.
	if err := os.RemoveAll(b.out()); err != nil {
		return walk.Reason("giving documents back", err)
	}
	if err := k.step("make"); err != nil {
		return err
	}
	return walk.Reason("giving documents back", os.Mkdir(b.out(), 0o700))
}

// stage gives each document a second name in the new folder: the one that it had.
func (b Held) stage(k Back) []staged {
	var all []staged
	last := map[string]int{}
	for _, l := range b.docs {
		if k.step("link") != nil {
			return all
		}
		own := path.Base(string(l.Rel))
		for n := last[own] + 1; n < len(b.docs)+maxTries; n++ {
			name := numbered(own, n, true)
			err := os.Link(filepath.Join(b.dir, l.ID), filepath.Join(b.out(), name))
			if errors.Is(err, fs.ErrExist) {
				continue
			}
			if err == nil {
				all = append(all, staged{l, name})
			}
			last[own] = n
			break
		}
	}
	return all
}

// own gives a folder to the account.
func (k Back) own(d *walk.Dir) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	return d.Apply(walk.Attr{Mode: info.Mode & 0o777, UID: k.UID, GID: k.GID, MTime: info.MTime})
}

// moveOut moves the folder into the home in one step.
func (b Held) moveOut(k Back) error {
	batch, err := walk.Open(b.dir)
	if err != nil {
		return err
	}
	defer batch.Close()
	out, err := batch.Enter(outName)
	if err != nil {
		return err
	}
	defer out.Close()
	made, err := out.Info()
	if err != nil {
		return err
	}
	if err := k.own(out); err != nil {
		return err
	}
	return k.place(batch, outName, made)
}

// place gives the folder name of d, which is known to be made, a free name in the folder of the account.
func (k Back) place(d *walk.Dir, name string, made walk.Info) error {
	for n := 1; n <= maxTries; n++ {
		free := numbered(k.Folder, n, false)
		if _, err := k.Into.Stat(free); err == nil {
			continue
		} else if !errors.Is(err, walk.ErrNotExist) {
			return err
		}
		err := d.Rename(name, k.Into, free)
		if errors.Is(err, walk.ErrNotEmpty) || errors.Is(err, walk.ErrNotDir) || errors.Is(err, walk.ErrExist) {
			continue // somebody took the name just now
		} else if err != nil {
			return err
		}
		// The account could have put another folder in its place where it can write.
		there, err := k.Into.Stat(free)
		if err == nil && !there.Same(made) {
			err = walk.Reason("giving documents back", walk.ErrExist)
		}
		return err
	}
	return walk.Reason("giving documents back", walk.ErrExist)
}

// copyOut makes the folder where the account's is, of copies.
func (b Held) copyOut(ctx context.Context, k Back, docs []staged) (given []staged, err error) {
	name := ".ipguard-" + rand.Text()
	if err := k.Into.Mkdir(name); err != nil {
		return nil, err
	}
	out, err := k.Into.Enter(name)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	made, err := out.Info()
	if err != nil {
		return nil, err
	}
	if err := fresh(out, made); err != nil {
		return nil, err
	}
	batch, err := walk.Open(b.dir)
	if err != nil {
		return nil, err
	}
	defer batch.Close()
	for _, doc := range docs {
		if err = k.step("copy"); err == nil {
			err = copyFile(ctx, batch, doc.line.ID, out, doc.name)
		}
		if err != nil {
			break
		}
		given = append(given, doc)
	}
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = k.own(out)
	}
	if err == nil {
		err = k.place(k.Into, name, made)
	}
	if err != nil {
		for _, doc := range docs {
			_ = out.Remove(doc.name, walk.File)
		}
		_ = k.Into.Remove(name, walk.Directory) // it is empty, or not ours
	}
	return given, err
}

// fresh makes sure that a folder is the one that was just made: the account can put another in its place where it can
// write, but none that is an administrator's, closed and empty and worth anything.
func fresh(d *walk.Dir, info walk.Info) error {
	names, err := d.Names(1)
	if err != nil && err != io.EOF {
		return err
	}
	if len(names) > 0 || int(info.UID) != max(os.Geteuid(), 0) {
		return walk.Reason("giving documents back", walk.ErrExist)
	}
	return nil
}

func copyFile(ctx context.Context, from *walk.Dir, id string, to *walk.Dir, name string) error {
	in, info, err := from.OpenFile(id)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := to.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	_, err = io.Copy(out, in)
	if err == nil {
		err = keep(out, info)
	}
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = ctx.Err()
	}
	return walk.Reason("copying a document", err)
}

// forget removes what was given from the holding.
func (b Held) forget(ctx context.Context, given []staged) error {
	if len(given) == len(b.docs) {
		return b.erase(ctx)
	}
	err := os.RemoveAll(b.out())
	for _, doc := range given {
		err = errors.Join(err, os.Remove(filepath.Join(b.dir, doc.line.ID)))
	}
	return walk.Reason("giving documents back", err)
}

// maxName is the longest name that file systems take, in bytes.
const maxName = 255

// numbered is a name with a number in it, from the second on: "letter (2).odt", or "Documents 2" for a folder.
func numbered(name string, n int, file bool) string {
	if n == 1 {
		return name
	}
	if !file {
		return name + " " + strconv.Itoa(n)
	}
	ext := path.Ext(name)
	if len(ext) > 16 || ext == name {
		ext = ""
	}
	stem, number := name[:len(name)-len(ext)], " ("+strconv.Itoa(n)+")"
	for len(stem)+len(number)+len(ext) > maxName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	return stem + number + ext
}
