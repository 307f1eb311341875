package disktest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// Kind says what an operation does to the disk.
type Kind uint8

// The kinds of operations that change a disk or order its changes. Reads are counted, not logged.
const (
	Write   Kind = 1 // new bytes
	Discard Kind = 2 // blocks that read as zeroes from now on: a discard, or zeroes that the kernel asked for without sending them
	Flush   Kind = 3 // everything answered before it is on the medium
)

// Range is a stretch of the disk in bytes: From is in it, To is not.
type Range struct{ From, To int64 }

// Op is one logged operation; a flush has an empty range.
type Op struct {
	Kind Kind
	Range
}

// recordSize is the length of one operation in the log: its kind, its offset and its length.
const recordSize = 24

// oplog is the log while it is written: operations in one file, the bytes of the writes, in the same order, in another.
type oplog struct{ ops, data *os.File }

func createLog(opsName, dataName string) (*oplog, error) {
	ops, err := os.Create(opsName)
	if err != nil {
		return nil, err
	}
	data, err := os.Create(dataName)
	if err != nil {
		return nil, errors.Join(err, ops.Close())
	}
	return &oplog{ops, data}, nil
}

// add appends an operation. The bytes come first, so that whoever sees the operation finds them.
func (l *oplog) add(op Op, p []byte) error {
	if _, err := l.data.Write(p); err != nil {
		return err
	}
	var rec [recordSize]byte
	binary.LittleEndian.PutUint64(rec[0:], uint64(op.Kind))
	binary.LittleEndian.PutUint64(rec[8:], uint64(op.From))
	binary.LittleEndian.PutUint64(rec[16:], uint64(op.To-op.From))
	_, err := l.ops.Write(rec[:])
	return err
}

func (l *oplog) close() error { return errors.Join(l.ops.Close(), l.data.Close()) }

// readOps reads all operations that are wholly in the log.
func readOps(r io.Reader) ([]Op, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the log: %w", bare(err))
	}
	ops := make([]Op, 0, len(raw)/recordSize)
	for ; len(raw) >= recordSize; raw = raw[recordSize:] {
		from := int64(binary.LittleEndian.Uint64(raw[8:]))
		length := int64(binary.LittleEndian.Uint64(raw[16:]))
		ops = append(ops, Op{Kind(raw[0]), Range{from, from + length}})
	}
	return ops, nil
}

// bare takes the path off an error of the os package.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
