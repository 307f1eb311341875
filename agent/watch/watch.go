// Package watch notices that a session leaves something in the folders for downloads, scans and whatever else policy
// names, and counts the documents that are new, by class.
//
// Events of the operating system only say that a folder is worth another reading. What is counted is what a reading finds,
// so that lost, doubled or forged events change nothing for long. A reading looks at the names in a folder and at what
// kind of thing they stand for, never into a file. Folders that cannot be watched are read now and then while somebody
// uses the account. While nothing happens nothing runs.
//
// The folders belong to an account that may be hostile. Every reading goes through ipguard/wipe/walk: no link is followed,
// and nothing is asked of a file system that a process or a network answers for. Work and memory have bounds whatever the
// account does; beyond them a Change says that it is not the whole truth.
//
// The package decides nothing, keeps nothing on disk, and tells no names. It does not see folders that begin with a dot
// unless they are named, nor what lies outside the home.
package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"ipguard/devices/host"
	"ipguard/wipe"
)

// ErrStuck says that the reading of a folder did not come back when Run had to end; its goroutine is left behind.
var ErrStuck = errors.New("a folder does not answer")

// Folder is a folder whose documents are counted, with everything below it.
type Folder struct {
	Rel   string // slash-separated, below the home
	Class wipe.Class
}

// Account is an account whose folders are watched.
type Account struct {
	ID   string // as in wipe.Account
	Home string // absolute, without symbolic links
	// Folders says which folders count at the moment. It is asked again whenever something in the home or one of the
	// Layout files changes, from a goroutine of this package. It must not follow links or wait for anybody; after an error
	// the folders of the last answer stay.
	Folders func(context.Context) ([]Folder, error)
	// Layout are files, slash-separated below the home, that Folders reads.
	Layout []string
	// Active says that somebody uses the account: what cannot be watched is read now and then.
	Active bool
}

// Change says how an account stands.
type Change struct {
	Account string
	// Epoch is what the last Reset that it takes into account returned. Older ones are about the session before.
	Epoch uint64
	// Used says that something happened in a folder since the last Change of the same epoch, if only that a download began.
	Used bool
	// New is how many documents are there that were not at the beginning of the session. It is the whole number, not what
	// was added since the last Change. Classes with none are left out.
	New map[wipe.Class]int
	// Watched is how many folders, those below included, tell by themselves when something changes.
	Watched int
	// Scanned says that some folder is only read now and then, because the system or a bound of this package allows no
	// more watches.
	Scanned bool
	// Unread says that something could not be read at all, or not whole, so that New is what there is at least: a folder
	// that something is mounted over, a link in place of a folder, more entries than the bound.
	Unread bool
}

// Options are the bounds. The zero value of each stands for the default in brackets.
type Options struct {
	// Mounts reads the mount table; nil where there is none.
	Mounts func() ([]host.Mount, error)
	// Quiet is how long nothing must happen before a folder is read [300 ms].
	Quiet time.Duration
	// Most is how long a reading waits while things go on happening, and how far apart two readings are at least [2 s].
	Most time.Duration
	// Longest is how far apart readings come to be at most, when they take long or events pour in [30 s].
	Longest time.Duration
	// Scan is how often an active account is read where it cannot be watched [30 s].
	Scan time.Duration
	// Events is how many events between two readings are listened to; then the watches are put down until the next [8,000].
	Events int
	// Depth is how many levels below a folder are watched [4].
	Depth int
	// Watches is how many folders of an account are watched [256].
	Watches int
	// Entries is how many entries of a folder, with everything below it, are looked at [200,000].
	Entries int
	// Known is up to how many documents of an account, there at the beginning of a session, are told from new ones one by
	// one; with more of them only their number counts [100,000].
	Known int
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Quiet, 300 * time.Millisecond}, {&o.Most, 2 * time.Second}, {&o.Longest, 30 * time.Second}, {&o.Scan, 30 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *int
		value int
	}{{&o.Events, 8_000}, {&o.Depth, 4}, {&o.Watches, 256}, {&o.Entries, 200_000}, {&o.Known, 100_000}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return o
}

// Watcher watches the folders of accounts. Its methods may be called from anywhere.
type Watcher struct {
	opt  Options
	dial func() (stream, error) // how to listen to the system
	seen func(pass)             // a test's; nil

	mu      sync.Mutex
	wanted  map[string]order
	changed chan struct{} // holds one: wanted is not as it was
}

// order is what an account's actor is to do.
type order struct {
	Account
	epoch uint64
	rev   uint64 // goes up with each Set
}

// New returns a watcher of no account.
func New(opt Options) *Watcher {
	return &Watcher{opt: opt.withDefaults(), dial: dial, wanted: map[string]order{}, changed: make(chan struct{}, 1)}
}

// Set says which accounts are watched from now on. For a new one a session begins, as with Reset; for one that was there
// before only what changed does.
func (w *Watcher) Set(accounts []Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := make(map[string]order, len(accounts))
	for _, a := range accounts {
		was := w.wanted[a.ID]
		next[a.ID] = order{Account: a, epoch: was.epoch, rev: was.rev + 1}
	}
	w.wanted = next
	w.tell()
}

// Reset says that a new session of the account begins: what is in its folders now is known and not counted. It returns at
// once; a Change with the number that it returns, or a higher one, is about the new session. An account that is not
// watched has no session: 0.
func (w *Watcher) Reset(id string) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := w.wanted[id]
	if !ok {
		return 0
	}
	o.epoch++
	w.wanted[id] = o
	w.tell()
	return o.epoch
}

func (w *Watcher) tell() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

func (w *Watcher) order(id string) (order, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := w.wanted[id]
	return o, ok
}

// Run watches until ctx ends, and must be called once. Changes that nobody takes are merged, so that a slow reader of out
// gets the latest. The error is nil, or ErrStuck when an account's goroutine did not end within two seconds.
func (w *Watcher) Run(ctx context.Context, out chan<- Change) error {
	type running struct {
		actor *actor
		stop  context.CancelFunc
	}
	actors := map[string]running{}
	var group sync.WaitGroup
	for ctx.Err() == nil {
		w.mu.Lock()
		for id := range w.wanted {
			if r, ok := actors[id]; ok {
				r.actor.tell()
				continue
			}
			ctx, stop := context.WithCancel(ctx)
			a := newActor(w, id)
			actors[id] = running{a, stop}
			group.Go(func() { a.run(ctx, out) })
		}
		for id, r := range actors {
			if _, ok := w.wanted[id]; !ok {
				r.stop()
				delete(actors, id)
			}
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-w.changed:
		}
	}
	for _, r := range actors {
		r.stop()
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-time.After(2 * time.Second):
		return ErrStuck
	}
}
