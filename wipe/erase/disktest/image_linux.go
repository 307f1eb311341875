package disktest

import (
	"errors"
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Count is what a disk was asked since it was made, recording or not. Failed operations are counted in Failed and in their kind.
type Count struct {
	Reads, Writes, Discards, Flushes, Failed int64 // operations
	BytesWritten, BytesDiscarded             int64
}

// image is the medium inside the server: the file with the bytes, the log, the faults.
type image struct {
	size    int64
	discard bool
	back    *os.File

	// One lock over everything that changes the disk: the log's order is the order in which the medium changed.
	mu     sync.Mutex
	log    *oplog
	faults faults
	count  Count
}

func (m *image) read(p []byte, off int64) (int, error) {
	r := Range{off, off + int64(len(p))}
	m.mu.Lock()
	m.count.Reads++
	bad := !whole(r, without(r, m.faults.reads))
	if bad {
		m.count.Failed++
	}
	m.mu.Unlock()
	if bad {
		return 0, unix.EIO
	}
	n, err := m.back.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// write changes what can be changed, as a disk does that meets one bad sector in a long write, and then says EIO.
func (m *image) write(p []byte, off int64) error {
	r := Range{off, off + int64(len(p))}
	if r.To > m.size {
		return unix.ENOSPC
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Writes++
	return m.note(m.change(r, m.faults.writes, func(part Range) error {
		if _, err := m.back.WriteAt(p[part.From-off:part.To-off], part.From); err != nil {
			return err
		}
		m.count.BytesWritten += part.To - part.From
		return m.record(Op{Write, part}, p[part.From-off:part.To-off])
	}))
}

// zero makes a range read as zeroes and gives its room back.
func (m *image) zero(r Range) error {
	if !m.discard {
		return unix.EOPNOTSUPP
	}
	r.To = min(r.To, m.size)
	if r.From >= r.To {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Discards++
	return m.note(m.change(r, m.faults.discards, func(part Range) error {
		if err := punch(m.back, part); err != nil {
			return err
		}
		m.count.BytesDiscarded += part.To - part.From
		return m.record(Op{Discard, part}, nil)
	}))
}

func (m *image) flush() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count.Flushes++
	err := m.faults.spend()
	if err == nil {
		err = m.record(Op{Kind: Flush}, nil)
	}
	return m.note(err)
}

// change applies an operation to the parts of its range that no fault covers.
func (m *image) change(r Range, bad []Range, apply func(Range) error) error {
	if err := m.faults.spend(); err != nil {
		return err
	}
	parts := without(r, bad)
	for _, part := range parts {
		if err := apply(part); err != nil {
			return err
		}
	}
	if !whole(r, parts) {
		return unix.EIO
	}
	return nil
}

// note counts a failure on its way out.
func (m *image) note(err error) error {
	if err != nil {
		m.count.Failed++
	}
	return err
}

func (m *image) record(op Op, p []byte) error {
	if m.log == nil {
		return nil
	}
	return m.log.add(op, p)
}

// snapshot copies the medium as it is between two operations.
func (m *image) snapshot(dst string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copySparse(m.back, dst)
}

// start begins a new log, with a copy of the medium as it is at its first operation if a name for one is given.
func (m *image) start(base, ops, data string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if base != "" {
		if err := copySparse(m.back, base); err != nil {
			return err
		}
	}
	if err := m.end(); err != nil {
		return err
	}
	l, err := createLog(ops, data)
	if err != nil {
		return err
	}
	m.log = l
	return nil
}

// end closes the log; the lock is held.
func (m *image) end() error {
	if m.log == nil {
		return nil
	}
	err := m.log.close()
	m.log = nil
	return err
}
