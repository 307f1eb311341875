package watch

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	dirsQuiet = 200 * time.Millisecond // how long nothing must happen before it is told
	dirsMost  = 500 * time.Millisecond // how far apart it is told at least
)

// Dirs tells on changed that something in one of the folders may have changed, until ctx ends. They are the machine's own,
// not an account's, need not exist yet, and are asked for again after every change. With a folder, the folders above it may
// be named, so that its coming is noticed; what else happens in those is passed over. What changes while nobody listens is
// told once. It returns nil when ctx ends, or why the system does not tell of changes.
func Dirs(ctx context.Context, folders func() []string, changed chan<- struct{}) error {
	s, err := dial()
	if err != nil {
		return err
	}
	defer s.Close()
	d := dirs{stream: s}
	d.set(folders())
	p := pace{quiet: dirsQuiet, most: dirsMost, longest: dirsMost}
	p.mark(time.Now()) // what happened before it listened
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if at, ok := p.next(); ok {
			timer.Reset(max(time.Until(at), 0))
		} else {
			timer.Stop()
		}
		select {
		case ev, open := <-s.events:
			if !open {
				return fsnotify.ErrClosed
			}
			if d.concerns(ev.Name) {
				p.mark(time.Now())
			}
		case _, open := <-s.failures:
			if !open {
				return fsnotify.ErrClosed
			}
			p.mark(time.Now()) // something was lost
		case <-timer.C:
			now := time.Now()
			p.begin()
			d.set(folders())
			select {
			case changed <- struct{}{}:
			default: // it was told already
			}
			p.done(now, time.Now(), false)
		case <-ctx.Done():
			return nil
		}
	}
}

// dirs are the folders that are watched.
type dirs struct {
	stream
	names []string
}

// set watches the folders that exist. One that was replaced by another of the same name is watched anew.
func (d *dirs) set(names []string) {
	for _, old := range d.WatchList() {
		if !slices.Contains(names, old) {
			_ = d.Remove(old) // gone already, perhaps
		}
	}
	d.names = names
	for _, name := range names {
		_ = d.Add(name) // when it comes, the folder above tells
	}
}

// concerns reports whether an event is about one of the folders, or about what is in one that leads to no other.
func (d *dirs) concerns(name string) bool {
	if slices.Contains(d.names, name) {
		return true
	}
	dir := filepath.Dir(name)
	return slices.Contains(d.names, dir) && !slices.ContainsFunc(d.names, func(n string) bool {
		return strings.HasPrefix(n, dir+string(filepath.Separator))
	})
}
