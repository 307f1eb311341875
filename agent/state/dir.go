// Package state keeps what ipguard must remember about an account between two runs: where it stands, and a lock so that
// only one run works on it.
//
// It writes down no name, path or hour that comes from a session: a record has a closed set of words, a day and counts,
// and anything else is refused. It does not know what a baseline or a held document is, only where they are kept.
package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The reasons behind the errors of this package. None carries a path.
var (
	// ErrNone means that nothing was ever recorded for the account.
	ErrNone = errors.New("no record")
	// ErrCorrupt means that there is a record and that it cannot be trusted. The account is not clean.
	ErrCorrupt = errors.New("the record is corrupt")
	// ErrUnwritable means that the record, or the lock, cannot be written here and now.
	ErrUnwritable = errors.New("the state cannot be written")
	// ErrUnreadable means that the system would not let us read.
	ErrUnreadable = errors.New("the state cannot be read")
	// ErrLocked means that another run works on the account.
	ErrLocked = errors.New("another run works on the account")
	// ErrInvalid means that the caller asked for something that must never be written.
	ErrInvalid = errors.New("not a valid record or account")
	// ErrUnsafe means that others than an administrator and the caller could change the state directory.
	ErrUnsafe = errors.New("others can change the state directory")
)

const (
	dirMode  = 0o755
	fileMode = 0o644
	lockMode = 0o600
)

// Dir is the state directory. It is safe for concurrent use.
type Dir struct{ path string }

// Open takes dir, an absolute path, as the state directory. It need not exist yet: ErrUnsafe when it does and others
// than an administrator and the caller could change it.
func Open(dir string) (*Dir, error) {
	if !filepath.IsAbs(dir) {
		return nil, fmt.Errorf("opening the state directory: %w", ErrInvalid)
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("opening the state directory: %w", ErrUnreadable)
	case !info.IsDir():
		return nil, fmt.Errorf("opening the state directory: %w", ErrInvalid)
	case !private(info):
		return nil, ErrUnsafe
	}
	return &Dir{path: filepath.Clean(dir)}, nil
}

// Path is the state directory itself.
func (d *Dir) Path() string { return d.path }

// Accounts returns the ids of the accounts that have a baseline, sorted. None when the directory does not exist.
func (d *Dir) Accounts() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.path, "accounts"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing accounts: %w", ErrUnreadable)
	}
	var ids []string
	for _, e := range entries {
		a, err := d.Account(e.Name())
		if err != nil {
			continue // nothing of ours
		}
		if info, err := os.Lstat(a.BaselineDir()); err == nil && info.IsDir() {
			ids = append(ids, e.Name())
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Account returns the account with this id, a uid in decimal or a Windows SID, whether it is enrolled or not. ErrInvalid
// when the id is neither.
func (d *Dir) Account(id string) (*Account, error) {
	if !validID(id) {
		return nil, fmt.Errorf("reading the account's id: %w", ErrInvalid)
	}
	return &Account{base: d.path, path: filepath.Join(d.path, "accounts", id), wait: waiting{most: lockMost, step: lockStep}}, nil
}

// validID accepts digits, or "S-" with digits and dashes: nothing that could lead elsewhere as a file name.
func validID(id string) bool {
	rest := id
	if len(id) > 2 && id[:2] == "S-" {
		rest = id[2:]
	}
	if rest == "" || len(rest) > 184 {
		return false
	}
	for _, c := range []byte(rest) {
		if (c < '0' || c > '9') && (c != '-' || len(rest) == len(id)) {
			return false
		}
	}
	return true
}

// Account is the part of the state directory that belongs to one account. It is safe for concurrent use by processes
// that hold its lock; reading needs no lock.
type Account struct {
	base string
	path string
	wait waiting
}

// Path is the account's folder. The account itself may read it.
func (a *Account) Path() string { return a.path }

// BaselineDir is where the baseline is kept. This package does not create it.
func (a *Account) BaselineDir() string { return filepath.Join(a.path, "baseline") }

// HeldDir is where held documents are kept. This package does not create it.
func (a *Account) HeldDir() string { return filepath.Join(a.path, "held") }

func (a *Account) stateFile() string { return filepath.Join(a.path, "state") }
func (a *Account) lockFile() string  { return filepath.Join(a.path, "lock") }

// Create makes the account's folder and those above it, readable by all, writable by the caller alone.
func (a *Account) Create() error {
	if err := os.MkdirAll(filepath.Dir(a.base), dirMode); err != nil {
		return fmt.Errorf("creating the state directory: %w", ErrUnwritable)
	}
	for _, dir := range []string{a.base, filepath.Dir(a.path), a.path} {
		err := os.Mkdir(dir, dirMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = os.Chmod(dir, dirMode) // whatever the umask
		}
		if err != nil {
			return fmt.Errorf("creating the state directory: %w", ErrUnwritable)
		}
	}
	return nil
}
