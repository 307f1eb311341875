package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	library "github.com/kardianos/service"
)

// installer and controller are the parts of the library's service that are used.
type installer interface {
	Install() error
	Uninstall() error
}

type controller interface {
	Start() error
	Stop() error
	Status() (library.Status, error)
}

// definition is a service that is a file which the service manager reads: a systemd unit, a launchd property list.
type definition struct {
	path    string      // of the file
	vendor  []string    // where packages put a file of that name
	rest    []string    // what goes with the service should the library leave it: links, the folder in memory
	text    string      // of the file; empty when unfit is set
	unfit   error       // what is wrong with the program file, which matters only to install
	admin   bool        // whether the caller may change anything
	enabled func() bool // whether it starts with the machine
	change  installer   // writes and removes the file, and tells the service manager
	control controller  // starts, stops, asks
}

// mark is in each file that Install writes and tells it from those of others.
const mark = "Written by `ipguard service install`."

// the states of the file
const (
	absent  = iota
	foreign // not ours to change
	other   // ours, with another content or half written
	same
)

func (d *definition) look() int {
	for _, p := range d.vendor {
		if _, err := os.Lstat(p); err == nil {
			return foreign
		}
	}
	info, err := os.Lstat(d.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent
	case err != nil || !info.Mode().IsRegular():
		return foreign // a link to /dev/null is how a unit is masked
	}
	text, err := os.ReadFile(d.path)
	switch {
	case err == nil && string(text) == d.text:
		return same
	case err == nil && (len(text) == 0 || bytes.Contains(text, []byte(mark))):
		return other // the library leaves an empty file when it fails
	}
	return foreign
}

func (d *definition) install(ctx context.Context) error {
	if !d.admin {
		return ErrNotAdmin
	}
	if d.unfit != nil {
		return d.unfit
	}
	before := d.look()
	if before == foreign {
		return ErrAlreadyInstalled
	}
	if before == same && d.enabled() {
		return nil
	}
	// The library refuses to write over a file: the old one stands aside until the new one is known.
	aside := d.path + ".old"
	if before != absent {
		if err := os.Rename(d.path, aside); err != nil {
			return fmt.Errorf("replacing the service: %w", plain(err))
		}
	}
	err := bounded(ctx, changeLimit, d.change.Install)
	if err != nil {
		err = fmt.Errorf("installing the service: %w", reason(err, ErrManager))
	} else {
		err = d.settle()
	}
	switch {
	case err == nil:
		_ = os.Remove(aside) // also one that an interrupted run left; no service manager reads it
	case before == absent:
		d.clear() // whatever was made of it
	default:
		_ = os.Rename(aside, d.path) // the service as it was is better than none
	}
	return err
}

// clear removes everything that makes the service known.
func (d *definition) clear() {
	for _, name := range append([]string{d.path, d.path + ".old"}, d.rest...) {
		_ = os.RemoveAll(name)
	}
}

// settle makes sure that what was written is what was meant, can be read by all, and survives a power cut.
func (d *definition) settle() error {
	if d.look() != same {
		return fmt.Errorf("installing the service: %w", ErrManager)
	}
	f, err := os.OpenFile(d.path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("installing the service: %w", plain(err))
	}
	err = errors.Join(f.Chmod(0o644), f.Sync(), f.Close()) // whatever the umask
	if err != nil {
		return fmt.Errorf("installing the service: %w", plain(err))
	}
	return nil
}

// known tells whether there is a service to control.
func (d *definition) known() bool { return d.look() != absent }

func (d *definition) uninstall(ctx context.Context) error {
	switch {
	case !d.admin:
		return ErrNotAdmin
	case !d.known():
		return ErrNotInstalled
	case d.look() == foreign:
		return ErrAlreadyInstalled
	}
	if err := d.stop(ctx); err != nil {
		return err
	}
	err := bounded(ctx, changeLimit, d.change.Uninstall)
	if err != nil {
		err = fmt.Errorf("removing the service: %w", reason(err, ErrManager))
	}
	d.clear() // the library gives up at the first thing that fails
	return err
}

func (d *definition) start(ctx context.Context) error {
	switch {
	case !d.admin:
		return ErrNotAdmin
	case !d.known():
		return ErrNotInstalled
	}
	if err := bounded(ctx, startLimit, d.control.Start); err != nil {
		return reason(err, ErrStart)
	}
	return nil
}

func (d *definition) stop(ctx context.Context) error {
	switch {
	case !d.admin:
		return ErrNotAdmin
	case !d.known():
		return ErrNotInstalled
	}
	if err := bounded(ctx, stopLimit, d.control.Stop); err != nil {
		return reason(err, ErrStop)
	}
	return nil
}

func (d *definition) status(ctx context.Context) (Status, error) {
	if !d.known() {
		return Status{}, nil
	}
	s := Status{Installed: true, Enabled: d.enabled()}
	var now library.Status
	err := bounded(ctx, askLimit, func() error {
		got, err := d.control.Status()
		now = got
		return err
	})
	if errors.Is(err, ErrTimeout) || ctx.Err() != nil {
		return s, err
	}
	s.Running = err == nil && now == library.StatusRunning
	// The library says "not installed" of a service that is on its way down, and gives an error of its own when one failed.
	s.Failed = err != nil && !errors.Is(err, library.ErrNotInstalled)
	return s, nil
}

// reason keeps the errors that say nothing about the machine and puts another in place of all others: the library's
// errors carry paths and what other programs wrote.
func reason(err, otherwise error) error {
	for _, known := range []error{ErrTimeout, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return otherwise
}

// plain reduces an error of the file system to its number.
func plain(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return ErrManager
}
