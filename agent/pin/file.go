package pin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"ipguard/wipe/walk"
)

// record is what is written down: what a PIN is checked with, and the tries since the last right one.
type record struct {
	Salt   []byte `json:"salt"`
	Rounds int    `json:"rounds"`
	Key    []byte `json:"key"`
	Tries  int    `json:"tries,omitempty"`
	// At, Boot and Up say when the last try was: seconds since 1970, the random number of the machine's start, and
	// milliseconds since that.
	At   int64  `json:"at,omitempty"`
	Boot string `json:"boot,omitempty"`
	Up   int64  `json:"up,omitempty"`
}

const (
	fileName = "pin"
	maxBytes = 4096
)

func (s Store) load() (record, error) {
	f, err := os.Open(filepath.Join(s.Dir, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, ErrNone
	} else if err != nil {
		return record{}, walk.Reason("reading the PIN", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBytes))
	if err != nil {
		return record{}, walk.Reason("reading the PIN", err)
	}
	var rec record
	if json.Unmarshal(data, &rec) != nil || len(rec.Salt) != saltBytes || len(rec.Key) != sha256.Size ||
		rec.Rounds < 1 || rec.Rounds > mostRounds || rec.Tries < 0 {
		return record{}, ErrDamaged
	}
	return rec, nil
}

// save writes the record so that a crash leaves the one before or this one, and this one once it returns.
func (s Store) save(rec record) error {
	data, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	path := filepath.Join(s.Dir, fileName)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return walk.Reason("writing the PIN", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return walk.Reason("writing the PIN", err)
	}
	return nil
}

// Forget removes the PIN, with the count of wrong ones. That there is none is no error.
func (s Store) Forget() error {
	for _, name := range []string{fileName, fileName + ".new"} {
		if err := os.Remove(filepath.Join(s.Dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return walk.Reason("forgetting the PIN", err)
		}
	}
	return walk.Reason("forgetting the PIN", s.settle())
}

// settle makes renaming and removing last. Where a folder cannot be brought to the medium, the system logs that.
func (s Store) settle() error {
	d, err := walk.Open(s.Dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
