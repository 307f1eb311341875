// Package media finds the sticks, cards and disks that a person brings, mounts them, and tells when they may be taken out
// again: everything was written and, where the medium can be, it was turned off.
//
// Linux asks UDisks2, as desktops do, as the caller: polkit decides what the caller may. On a machine without UDisks2, what
// somebody mounted where removable media are mounted is found in the mount table, and only root can release it.
//
// It never lists, stats or opens what is on a medium, forces nothing, and unlocks nothing: encrypted media (LUKS, BitLocker)
// and those without a file system are not listed, optical discs neither, nor anything that the machine itself uses. Copying
// to a medium is another package's matter.
package media

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The reasons behind the errors of this package. None carries a label, an id or a path.
var (
	// ErrBusy means that a program still uses the medium, or another medium that goes off with it. It must not be taken.
	ErrBusy = errors.New("in use by another program")
	// ErrGone means that the medium was taken out, or replaced by another one, since it was listed.
	ErrGone = errors.New("no longer there")
	// ErrDenied means that the account may not do it.
	ErrDenied = errors.New("permission denied")
	// ErrNoMedium means that the id is none that List ever gives.
	ErrNoMedium = errors.New("no such medium")
	// ErrNoService means that nobody on this machine can be asked: UDisks2 does not run and cannot be started.
	ErrNoService = fmt.Errorf("no disk service: %w", errors.ErrUnsupported)
	// ErrRefused means that the system would not do it, for instance because the file system is damaged.
	ErrRefused = errors.New("refused by the disk service")
)

// Medium is one file system on something that a person can plug in and take out.
type Medium struct {
	// ID names it as long as it stays plugged in and is not formatted. It stands for nothing outside this package: another
	// stick in the same socket has another one.
	ID string
	// Label is what the person called it, or else "USB" or "SD"; 64 bytes at most. It may be any text, also one that a
	// terminal would obey.
	Label string
	// Size is that of the file system's partition, in bytes; 0 when it is not known.
	Size int64
	// FS is what the system calls the kind of file system, as "vfat", "exfat", "ntfs", "ext4".
	FS string
	// Device is the path of the device, or a Windows drive as "E:".
	Device string
	// Mount is the folder where it is mounted; empty while it is not.
	Mount string
	// ReadOnly says that nothing can be written: a switch on the medium, or the system mounted it so because it is damaged.
	ReadOnly bool
	// MaxFile is the size in bytes of the largest file that the file system can have; 0 when none of interest is too large.
	MaxFile int64
}

// Options change how a Finder works. Zero values are what the program wants.
type Options struct {
	// Socket is where the system bus of a Linux machine listens: the path of a unix socket.
	Socket string
	// Roots are the folders below which removable media are mounted on Linux. What is mounted elsewhere is the machine's.
	Roots []string
	// Sys and Proc are where the kernel of a Linux machine tells of its devices and mounts: folders.
	Sys, Proc string
	// Within bounds a question to the system, Mounting the wait for a medium to be mounted, and Writing the wait for all
	// that was not yet written, which on a slow stick takes minutes.
	Within, Mounting, Writing time.Duration
}

// filled puts in what was left out.
func (o Options) filled() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&o.Within, 5 * time.Second}, {&o.Mounting, time.Minute}, {&o.Writing, 10 * time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	for _, s := range []struct {
		field *string
		value string
	}{{&o.Socket, "/run/dbus/system_bus_socket"}, {&o.Sys, "/sys"}, {&o.Proc, "/proc"}} {
		if *s.field == "" {
			*s.field = s.value
		}
	}
	if o.Roots == nil {
		// Where desktops mount media (udisks(8), "MOUNT POINTS"), and where people do by hand (Filesystem Hierarchy
		// Standard 3.0, 3.11 and 3.12).
		o.Roots = []string{"/media", "/run/media", "/mnt"}
	}
	return o
}

// system is what each operating system has a way of its own for.
type system interface {
	list(ctx context.Context) ([]Medium, error)
	mount(ctx context.Context, id string) (Medium, error)
	remount(ctx context.Context, id string) (Medium, error)
	release(ctx context.Context, id string) error
}

// Finder finds the media of one machine. It keeps nothing between two calls, and is safe for concurrent use.
type Finder struct{ system system }

// New returns the finder for the operating system that the program runs on, given as a GOOS value. Where it was not built
// for that system, everything it does fails with errors.ErrUnsupported.
func New(goos string, o Options) *Finder {
	if goos != builtFor {
		return &Finder{none{}}
	}
	return &Finder{newSystem(o.filled())}
}

// List lists the media that are plugged in, in the order of their devices' names.
func (f *Finder) List(ctx context.Context) ([]Medium, error) { return f.system.list(ctx) }

// Mount makes a medium's files reachable, for the caller's account where the file system knows no accounts. None of them
// can be run as a program. A medium that is mounted already, by the desktop for instance, is used as it is.
func (f *Finder) Mount(ctx context.Context, id string) (Medium, error) {
	return f.system.mount(ctx, id)
}

// Remount unmounts a medium and mounts it again, so that what is read next comes from the medium and not from a memory of
// it. The medium stays plugged in, and its id stays. ErrBusy when something else uses it: it is then as it was.
// errors.ErrUnsupported where there is no UDisks2 to do it.
func (f *Finder) Remount(ctx context.Context, id string) (Medium, error) {
	return f.system.remount(ctx, id)
}

// Release writes what is not yet written, unmounts all that is mounted of the stick or disk that the medium is on, and turns
// it off or ejects it where it can be. Only when it returns nil may the person take it. When ctx ends first, the system may
// go on with it all the same.
func (f *Finder) Release(ctx context.Context, id string) error { return f.system.release(ctx, id) }

// none is a system whose media nobody can be asked about.
type none struct{}

func (none) list(context.Context) ([]Medium, error)          { return nil, errors.ErrUnsupported }
func (none) mount(context.Context, string) (Medium, error)   { return Medium{}, errors.ErrUnsupported }
func (none) remount(context.Context, string) (Medium, error) { return Medium{}, errors.ErrUnsupported }
func (none) release(context.Context, string) error           { return errors.ErrUnsupported }
