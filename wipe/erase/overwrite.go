package erase

import (
	"errors"

	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// startSize is from which size on the system is asked to begin writing a file at once. Smaller ones it writes better
// together, at the sync.
const startSize = 256 << 10

// overwrite writes over every part of a file that has blocks: a sparse file's holes stay holes, or overwriting it would
// fill the disk. It returns the bytes written.
func (o *Overwriter) overwrite(j job) (written int64, err error) {
	if o.shares && storage.Shared(j.file) {
		return 0, errShared
	}
	size := j.info.Size
	for off := int64(0); off < size; {
		start, stop, err := o.next(j, off)
		if err != nil {
			return written, err
		}
		off = stop
		end := stop
		if stop == size && start < stop && o.all {
			// What is left behind the end in the last block goes too, and that block need not be read first.
			end = (stop + o.unit - 1) / o.unit * o.unit
		}
		n, err := o.fill(j, start, end)
		if errors.Is(walk.Reason("overwriting", err), walk.ErrNoSpace) && n < stop-start {
			// There was no last block after all, or none of its own.
			var more int64
			more, err = o.fill(j, start+n, stop)
			n += more
		}
		written += n
		if err != nil && n < stop-start {
			return written, err
		}
	}
	if size < startSize {
		return written, nil
	}
	return written, storage.StartWriting(j.file)
}

// next returns the next part of a file that has content. A file of one block at most is one part.
func (o *Overwriter) next(j job, off int64) (start, stop int64, err error) {
	if j.info.Size <= o.unit {
		return off, j.info.Size, nil
	}
	return storage.Data(j.file, off, j.info.Size)
}

// fill writes from start to stop.
func (o *Overwriter) fill(j job, start, stop int64) (written int64, err error) {
	for at := start; at < stop && err == nil; {
		if err = j.ctx.Err(); err == nil {
			var n int
			n, err = j.file.WriteAt(j.with[:min(int64(len(j.with)), stop-at)], at)
			at += int64(n)
			written += int64(n)
			o.steps.Add(1)
		}
	}
	return written, err
}

// shared reports whether blocks of the file name belong to another file too. What cannot be found out counts as shared.
func shared(d *walk.Dir, name string) bool {
	f, _, err := d.OpenFile(name)
	if err != nil {
		return true
	}
	defer f.Close()
	return storage.Shared(f)
}
