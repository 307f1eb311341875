package erase

import (
	"ipguard/wipe/storage"
	"ipguard/wipe/walk"
)

// page is up to where beyond its end a file's last block is overwritten too. Writing whole pages also spares reading the
// last one first.
const page = 4096

// overwrite writes over every part of a file that has blocks: a sparse file's holes stay holes, or overwriting it would
// fill the disk. It returns the bytes written.
func (o *Overwriter) overwrite(j job) (written int64, err error) {
	if o.shares && storage.Shared(j.file) {
		return 0, errShared
	}
	size := j.info.Size
	for off := int64(0); off < size; {
		start, stop, err := storage.Data(j.file, off, size)
		if err != nil {
			return written, err
		}
		off = stop
		if stop == size && start < stop && !j.info.Inline() { // a content without blocks must not be moved to one
			stop = (stop + page - 1) &^ (page - 1)
		}
		n, err := j.fill(start, stop)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, storage.StartWriting(j.file)
}

// fill writes from start to stop.
func (j job) fill(start, stop int64) (written int64, err error) {
	for at := start; at < stop && err == nil; {
		if err = j.ctx.Err(); err == nil {
			var n int
			n, err = j.file.WriteAt(j.with[:min(int64(len(j.with)), stop-at)], at)
			at += int64(n)
			written += int64(n)
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
