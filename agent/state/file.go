package state

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the record. ErrNone when there never was one, ErrCorrupt when neither slot is whole.
//
// When one slot is damaged the other one's record is returned, but never as clean: what was lost may be the word that
// somebody has sat down since, so that it then says unknown.
func (a *Account) Load() (Record, error) {
	content, err := a.read()
	if err != nil {
		return Record{}, err
	}
	s, _, damaged, ok := newest(content)
	if !ok {
		return Record{}, fmt.Errorf("reading the record: %w", ErrCorrupt)
	}
	r, err := decode(s.text)
	if err != nil {
		return Record{}, err
	}
	if damaged && r.State == Clean {
		r.State = Unknown
	}
	return r, nil
}

// Save writes the record and waits until it is on the medium. The caller holds the lock. Once the file exists no space
// is needed. On an error the earlier record is still the one that Load finds: ErrInvalid when the record may not be
// written, else ErrUnwritable.
func (a *Account) Save(r Record) error {
	text, err := r.encode()
	if err != nil {
		return err
	}
	content, err := a.read()
	switch {
	case errors.Is(err, ErrNone), err == nil && len(content) != fileSize:
		return a.create(text)
	case err != nil:
		return fmt.Errorf("writing the record: %w", ErrUnwritable)
	}
	last, index, _, ok := newest(content)
	next := slotCount - 1 - index
	if !ok {
		next = 0
	}
	b := slot{sequence: last.sequence + 1, text: text}.marshal()
	if err := a.write(b, int64(next)*slotSize); err != nil {
		return fmt.Errorf("writing the record: %w", ErrUnwritable)
	}
	return nil
}

func (a *Account) read() ([]byte, error) {
	f, err := os.OpenFile(a.stateFile(), os.O_RDONLY|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("opening the record: %w", ErrUnreadable)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, fileSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", ErrCorrupt)
	}
	return content, nil
}

func (a *Account) write(b []byte, at int64) error {
	f, err := os.OpenFile(a.stateFile(), os.O_WRONLY|openFlags, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteAt(b, at); err != nil {
		return err
	}
	return flush(f)
}

// create makes the file with the record in both slots, so that a slot is never empty but by damage.
func (a *Account) create(text []byte) error {
	if err := a.Create(); err != nil {
		return err
	}
	if err := a.build(text); err != nil {
		_ = os.Remove(a.newFile()) // the next attempt replaces it anyway
		return fmt.Errorf("creating the record: %w", ErrUnwritable)
	}
	return nil
}

func (a *Account) newFile() string { return filepath.Join(a.path, "state.new") }

func (a *Account) build(text []byte) error {
	if err := os.Remove(a.newFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(a.newFile(), os.O_WRONLY|os.O_CREATE|os.O_EXCL|openFlags, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	inPlace(f)
	if err := f.Chmod(fileMode); err != nil { // whatever the umask
		return err
	}
	both := append(slot{sequence: 1, text: text}.marshal(), slot{sequence: 2, text: text}.marshal()...)
	if _, err := f.Write(both); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(a.newFile(), a.stateFile()); err != nil {
		return err
	}
	return syncDir(a.path)
}
