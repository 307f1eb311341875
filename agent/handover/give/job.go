package give

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"

	"ipguard/wipe/walk"
)

// patience is how long a copy that was told to end may take for tidying up before it is left to itself: a medium that does
// not answer holds every call to it.
const patience = 20 * time.Second

// job is one copy or one reading back.
type job struct {
	target   Target
	items    []Item
	progress func(Progress)
	how      way
	patience time.Duration
	mounted  bool // anew since the copies were written

	med   medium
	root  *walk.Dir
	dir   *walk.Dir // the new folder
	namer Namer
	names []string
	begun bool // the medium took the folder, so it is no read-only one
	torn  bool // the system said that something was not written

	mu      sync.Mutex
	r       Result
	p       Progress
	settled []bool
	counted []int64 // bytes of each item that are in p
	row     int     // failures of the medium without a success between them
	dead    Code    // why nothing more is tried
	over    bool    // the caller has its answer
}

func newJob(t Target, items []Item, progress func(Progress)) *job {
	n := len(items)
	return &job{
		target: t, items: items, progress: progress, patience: patience,
		r: Result{Items: make([]Outcome, n)}, settled: make([]bool, n), counted: make([]int64, n),
	}
}

// run does the work and waits for it, but not for ever once ctx has ended.
func (j *job) run(ctx context.Context, work func(context.Context)) (Result, error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work(ctx)
	}()
	rest := Stopped
	select {
	case <-done:
	case <-ctx.Done():
		late := time.NewTimer(j.patience)
		defer late.Stop()
		select {
		case <-done:
		case <-late.C:
			rest = Gone
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.over = true
	r := Result{Folder: j.r.Folder, Items: slices.Clone(j.r.Items)}
	var err error
	for i := range r.Items {
		if !j.settled[i] {
			r.Items[i].Code, err = rest, ctx.Err()
		}
	}
	return r, err
}

// settle writes down what became of an item; an empty code means verified.
func (j *job) settle(i int, code Code) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.over || j.settled[i] {
		return
	}
	j.settled[i] = true
	j.r.Items[i].Verified, j.r.Items[i].Code = code == "", code
	j.p.Items++
	j.p.Bytes += 2*max(j.items[i].Size, 0) - j.counted[i]
	j.note(code)
	j.tell()
}

// note keeps the medium from being asked again and again when it is gone or defective: each question can take half a minute.
// The lock is held.
func (j *job) note(code Code) {
	switch code {
	case Gone:
		j.dead = Gone
	case IOError:
		const enough = 3
		if j.row++; j.row >= enough && j.dead == "" {
			j.dead = IOError
		}
	case "", Cached, Differs:
		j.row = 0
	}
}

// given returns why no further item is worth trying, or nothing.
func (j *job) given() Code {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.dead
}

// open returns the items that are not settled, in order.
func (j *job) open() []int {
	j.mu.Lock()
	defer j.mu.Unlock()
	var left []int
	for i, done := range j.settled {
		if !done {
			left = append(left, i)
		}
	}
	return left
}

// settleAll settles what is left.
func (j *job) settleAll(code Code) {
	for _, i := range j.open() {
		j.settle(i, code)
	}
}

// advance counts bytes of an item. One that has grown counts no more than was announced.
func (j *job) advance(i int, n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	n = max(0, min(n, 2*j.items[i].Size-j.counted[i]))
	j.counted[i] += n
	j.p.Bytes += n
	j.tell()
}

// tell shows the progress; the lock is held, so that nothing is told after the end.
func (j *job) tell() {
	if j.progress != nil && !j.over {
		j.progress(j.p)
	}
}

// code says in the words of a result why the medium did not do something.
func (j *job) code(err error) Code {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case j.med.gone() || slices.ContainsFunc(lost(), is):
		return Gone
	case is(walk.ErrNoSpace):
		return NoSpace
	case is(syscall.EFBIG):
		return TooLarge
	case !j.begun && (is(walk.ErrReadOnly) || is(walk.ErrDenied)):
		return ReadOnly
	case !j.begun && (is(walk.ErrNotExist) || is(walk.ErrNotDir) || is(walk.ErrLink)):
		return Gone
	case slices.ContainsFunc(refusedName(), is):
		return Name
	}
	return IOError // a file system that turns read-only on the way does so for errors
}
