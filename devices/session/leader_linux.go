package session

import (
	"errors"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// leader watches the first process of a session. When somebody leaves while programs of the session go on running, logind
// says nothing until the last of them has ended; but the process that opened the session ends.
type leader struct {
	file *os.File
	done chan struct{}
}

// watchLeader calls exited once when the process ends, unless stop is called before. It wakes for nothing else. It needs
// pidfd_open, Linux 5.3 (pidfd_open(2)).
func watchLeader(pid int, exited func()) (*leader, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watching a process: %w", err)
	}
	l := &leader{file: os.NewFile(uintptr(fd), "process"), done: make(chan struct{})}
	raw, err := l.file.SyscallConn()
	if err != nil {
		_ = l.file.Close()
		return nil, fmt.Errorf("watching a process: %w", err)
	}
	go func() {
		defer close(l.done)
		err := raw.Read(func(fd uintptr) bool {
			ready, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return err == nil && ready > 0
		})
		if err == nil {
			exited()
		}
	}()
	return l, nil
}

// stop ends it.
func (l *leader) stop() {
	_ = l.file.Close() // the goroutine's wait ends with it
	<-l.done
}

// watchLeaders watches the first process of each open session, and of no other.
func (w *watch) watchLeaders() {
	w.dropLeaders(func(key string) bool {
		e, known := w.model.known[key]
		return known && !e.over
	})
	for key, e := range w.model.known {
		if _, watched := w.leaders[key]; watched || e.over || len(w.leaders) >= marksMost {
			continue
		}
		if e.leader == 0 {
			w.leaders[key] = nil
			continue
		}
		marks, path := w.marks, dbus.ObjectPath(key)
		l, err := watchLeader(e.leader, func() { marks.exited(path) })
		if errors.Is(err, unix.ESRCH) {
			marks.exited(path) // it ended before
		}
		w.leaders[key] = l // where it cannot be watched, the next look tells
	}
}

// dropLeaders stops watching all but those to keep.
func (w *watch) dropLeaders(keep func(key string) bool) {
	for key, l := range w.leaders {
		if keep != nil && keep(key) {
			continue
		}
		if l != nil {
			l.stop()
		}
		delete(w.leaders, key)
	}
}
