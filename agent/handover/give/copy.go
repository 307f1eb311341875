package give

import (
	"context"
	"errors"

	"ipguard/wipe/walk"
)

// Copy makes a new folder on the medium, named after folder, and copies the items into it, then reads all copies back from
// the medium. When all items together do not fit, none is written; one that is too large for the file system is left out.
// An item that fails leaves no copy and does not keep the others from being copied.
//
// Progress is called often, from one goroutine at a time, and never after Copy has returned. The error is that of ctx, when
// it ended the copy; the result is whole in every case. A medium that does not answer then is waited for 20 seconds.
func Copy(ctx context.Context, t Target, folder string, items []Item, progress func(Progress)) (Result, error) {
	j := newJob(t, items, progress)
	return j.run(ctx, func(ctx context.Context) { j.copy(ctx, folder) })
}

// Again reads the copies of an earlier result back and says which of them are verified now. It is for a medium that was
// unmounted and mounted again after Copy, as nothing else drops the cache that a FUSE file system (NTFS in most Linux
// systems) and the file systems' own tables have: a Cached copy is verified so. Without a new mount it proves nothing. A
// verified copy that does not read back any more loses its mark.
func Again(ctx context.Context, t Target, r Result, progress func(Progress)) (Result, error) {
	items := make([]Item, len(r.Items))
	for i, o := range r.Items {
		items[i].Size = o.size
	}
	j := newJob(t, items, progress)
	j.mounted = true
	j.r.Folder = r.Folder
	copy(j.r.Items, r.Items)
	for i, o := range r.Items {
		if !o.Verified && o.Code != Cached {
			j.settled[i] = true
			continue
		}
		j.r.Items[i].Verified, j.r.Items[i].Code = false, ""
		j.counted[i] = o.size // written before
	}
	return j.run(ctx, j.again)
}

func (j *job) again(ctx context.Context) {
	if !j.reach() {
		return
	}
	defer j.root.Close()
	var err error
	if j.dir, err = j.root.Enter(j.r.Folder); err != nil {
		j.settleAll(j.code(err))
		return
	}
	defer j.dir.Close()
	j.begun = true
	left := j.open()
	j.expect(left, 1)
	j.readBack(ctx, left)
	j.tidy()
}

// reach opens the medium.
func (j *job) reach() bool {
	var err error
	if j.root, err = walk.Open(j.target.Dir); err == nil {
		if j.med, err = look(j.root, j.target.Dir); err == nil {
			return true
		}
		j.root.Close()
	}
	j.settleAll(j.code(err))
	return false
}

func (j *job) copy(ctx context.Context, folder string) {
	if len(j.items) == 0 || ctx.Err() != nil || !j.reach() {
		return
	}
	defer j.root.Close()
	if !j.fits() || !j.makeFolder(folder) {
		return
	}
	defer j.dir.Close()
	j.writeAll(ctx)
	if ctx.Err() == nil {
		if left := j.open(); len(left) > 0 && j.flush(left) {
			j.readBack(ctx, j.open())
		}
	}
	j.tidy()
}

// fits looks before anything is written whether everything that can be on the medium has room there.
func (j *job) fits() bool {
	j.names = make([]string, len(j.items))
	for i, it := range j.items {
		j.names[i] = j.namer.Name(it.Name)
		if j.target.MaxFile > 0 && it.Size > j.target.MaxFile {
			j.settle(i, TooLarge)
		}
	}
	left := j.open()
	j.expect(left, 2)
	var sizes []int64
	var names []string
	for _, i := range left {
		sizes, names = append(sizes, max(j.items[i].Size, 0)), append(names, j.names[i])
	}
	switch {
	case len(left) == 0:
	case j.med.locked:
		j.settleAll(ReadOnly)
	case j.med.room(sizes, names) > j.med.free, j.med.files >= 0 && j.med.files < int64(len(left))+1:
		j.settleAll(NoSpace)
	default:
		return true
	}
	return false
}

// expect sets what the progress counts up to: each byte of the items so many times.
func (j *job) expect(items []int, times int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.p = Progress{Items: len(j.items) - len(items), ItemsTotal: len(j.items)}
	for _, i := range items {
		j.p.BytesTotal += times * max(j.items[i].Size, 0)
	}
	j.tell()
}

// makeFolder makes the folder under the first name that is free.
func (j *job) makeFolder(folder string) bool {
	const tries = 1000
	safe := SafeName(folder)
	name, err := safe, error(nil)
	for n := 1; n <= tries; n++ {
		if n > 1 {
			name = again(safe, n)
		}
		if err = j.root.Mkdir(name); !errors.Is(err, walk.ErrExist) {
			break
		}
	}
	if err == nil {
		if j.dir, err = j.root.Enter(name); err != nil {
			_ = j.root.Remove(name, walk.Directory)
		}
	}
	if err != nil {
		j.settleAll(j.code(err))
		return false
	}
	j.begun = true
	j.mu.Lock()
	j.r.Folder = name
	j.mu.Unlock()
	return true
}

// tidy takes off the medium what was not verified, and the folder when nothing is left in it.
func (j *job) tidy() {
	j.mu.Lock()
	var remove []int
	kept := false
	for i, o := range j.r.Items {
		switch {
		case o.Verified || o.Code == Cached:
			kept = true
		case o.Name != "":
			remove = append(remove, i)
		}
	}
	j.mu.Unlock()
	for _, i := range remove {
		j.drop(i)
	}
	if !kept && j.root.Remove(j.r.Folder, walk.Directory) == nil {
		j.mu.Lock()
		j.r.Folder = ""
		j.mu.Unlock()
	}
	if (len(remove) > 0 || !kept) && j.given() == "" {
		_ = j.dir.Sync() // what does not reach the medium now does when it is unmounted
	}
}

// drop removes the copy of an item.
func (j *job) drop(i int) {
	if j.given() == Gone {
		return
	}
	if err := j.dir.Remove(j.r.Items[i].Name, walk.File); err == nil {
		j.mu.Lock()
		j.r.Items[i].Name = ""
		j.mu.Unlock()
	}
}
