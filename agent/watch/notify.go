package watch

import (
	"os"
	"slices"
	"strings"

	"github.com/fsnotify/fsnotify"

	"ipguard/wipe/walk"
)

// kernel sets watches. *fsnotify.Watcher is one; tests have others.
type kernel interface {
	Add(name string) error
	Remove(name string) error
	WatchList() []string
	Close() error
}

// stream is a kernel with what it has to say.
type stream struct {
	kernel
	events   <-chan fsnotify.Event
	failures <-chan error
}

// buffered is how many events wait here rather than in the kernel. Few, because the library wakes for each that it finds
// room for.
const buffered = 64

// dial connects to the operating system.
func dial() (stream, error) {
	w, err := fsnotify.NewBufferedWatcher(buffered)
	if err != nil {
		return stream{}, err
	}
	return stream{kernel: w, events: w.Events, failures: w.Errors}, nil
}

// identity is which folder it is, whatever its name.
type identity struct{ device, inode uint64 }

// watched is a folder that is watched.
type watched struct {
	spot   *spot
	id     identity
	folder int      // index of the folder that it belongs to, or none
	home   bool     // it is the home itself
	parts  []string // names in it that lead to folders or layout files
	round  uint64   // when a reading last came by
}

// none stands for no folder: what is watched only for what may appear in it.
const none = -1

// notifier keeps the watches of an account. Its methods take nil for one that could not be connected.
type notifier struct {
	stream
	byName map[string]*watched
	byID   map[identity]*watched
	round  uint64
}

// connect returns nil when the system gives no connection, as when another program of root has them all.
func connect(dial func() (stream, error)) *notifier {
	s, err := dial()
	if err != nil {
		return nil
	}
	return &notifier{stream: s, byName: map[string]*watched{}, byID: map[identity]*watched{}}
}

func (n *notifier) channels() (<-chan fsnotify.Event, <-chan error) {
	if n == nil {
		return nil, nil
	}
	return n.events, n.failures
}

// begin starts a round: it forgets the watches that the system has dropped, because the folder was moved or removed, or
// its file system unmounted. Of the last nothing else tells. When the round is whole, what the watches are for is found
// out anew.
func (n *notifier) begin(whole bool) {
	if n == nil {
		return
	}
	n.round++
	alive := map[string]bool{}
	for _, name := range n.WatchList() {
		alive[name] = true
	}
	for name, w := range n.byName {
		if !alive[name] {
			n.forget(w)
		} else if whole {
			w.folder, w.home, w.parts = none, false, nil
		}
	}
}

// watch makes sure that the folder is watched; limit is how many may be. It must come before the folder is read: what
// happens after it is told.
func (n *notifier) watch(d *walk.Dir, path string, info walk.Info, folder, limit int) (*watched, bool) {
	if n == nil {
		return nil, false
	}
	id := identity{info.Device, info.Inode}
	w := n.byID[id]
	if w == nil {
		if len(n.byID) >= limit {
			return nil, false
		}
		s, err := newSpot(d, path)
		if err != nil {
			return nil, false
		}
		if n.Add(s.name) != nil {
			s.close()
			return nil, false
		}
		w = &watched{spot: s, id: id, folder: none}
		n.byName[s.name], n.byID[id] = w, w
		if s.settle() != nil {
			n.forget(w)
			return nil, false
		}
	}
	w.round = n.round
	if folder != none {
		w.folder = folder
	}
	return w, true
}

// sweep forgets the watches of a folder that no reading of this round came by; with none, those of every folder.
func (n *notifier) sweep(folder int) {
	if n == nil {
		return
	}
	for _, w := range n.byID {
		if w.round != n.round && (folder == none || w.folder == folder) {
			n.forget(w)
		}
	}
}

func (n *notifier) forget(w *watched) {
	_ = n.Remove(w.spot.name) // gone already, often
	delete(n.byName, w.spot.name)
	delete(n.byID, w.id)
	w.spot.close()
}

func (n *notifier) close() {
	if n == nil {
		return
	}
	// After the numbers are free nothing may be added by them.
	_ = n.Close()
	for _, w := range n.byID {
		w.spot.close()
	}
	clear(n.byID)
	clear(n.byName)
}

// watched counts the folders that are watched for what is in them.
func (n *notifier) watched() int {
	count := 0
	if n != nil {
		for _, w := range n.byID {
			if w.folder != none {
				count++
			}
		}
	}
	return count
}

// meaning says what an event is about: something that happened in the folder with index in, or none, and whether there may
// be other folders now.
func (n *notifier) meaning(ev fsnotify.Event) (in int, layout bool) {
	if ev.Op&^fsnotify.Chmod == 0 {
		return none, false
	}
	w, name := n.byName[ev.Name], ""
	if w == nil {
		cut := strings.LastIndexByte(ev.Name, os.PathSeparator)
		if cut < 0 {
			return none, false
		}
		if w, name = n.byName[ev.Name[:cut]], ev.Name[cut+1:]; w == nil {
			return none, false
		}
	}
	switch {
	case name == "", slices.Contains(w.parts, name):
		// The folder itself went, or something that leads to one came or went.
		layout = true
	case w.home && !hidden(name):
		// What came may be what a folder is called from now on.
		layout = ev.Op&^(fsnotify.Chmod|fsnotify.Write) != 0
	}
	return w.folder, layout
}
