package disktest

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
)

// What a disk does as a whole: a write of one block of 4 KiB is never torn, a discard may be taken up in steps of 1 MiB.
const (
	block       = 4 << 10
	discardStep = 1 << 20
)

// Replay makes dst the disk as it would be if the power had gone right after operation upto (0 to Cuts) of the log: the image
// base that Record copied, all operations up to the last flush at or before upto, and of those after that flush
//   - all, in order, if seed is 0: a disk that loses nothing;
//   - a random part otherwise, chosen anew for each block of 4 KiB, so that long writes are torn and late ones overtake early
//     ones. Two writes to the same block keep their order: a disk that puts an older write over a newer one is not imitated.
//
// The same seed gives the same image. Recording may go on meanwhile.
func (d *Disk) Replay(base string, upto int, seed uint64, dst string) (err error) {
	ops, err := d.Ops()
	if err != nil {
		return err
	}
	if upto < 0 || upto > len(ops) {
		return fmt.Errorf("replaying: the log has %d operations, not %d", len(ops), upto)
	}
	if err := copyImage(base, dst); err != nil {
		return fmt.Errorf("replaying: %w", err)
	}
	bytes, err := os.Open(dataName(d.dir))
	if err != nil {
		return fmt.Errorf("replaying: %w", bare(err))
	}
	defer bytes.Close()
	out, err := os.OpenFile(dst, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("replaying: %w", bare(err))
	}
	defer func() { err = errors.Join(err, bare(out.Close())) }()
	p := &player{in: bytes, out: out, take: func() bool { return true }}
	safe := flushed(ops[:upto])
	for i, op := range ops[:upto] {
		if i == safe && seed != 0 {
			p.take = lottery(seed)
		}
		if err := p.play(op); err != nil {
			return fmt.Errorf("replaying: %w", bare(err))
		}
	}
	return nil
}

// flushed returns how many of the operations a flush has made safe.
func flushed(ops []Op) int {
	for i := len(ops); i > 0; i-- {
		if ops[i-1].Kind == Flush {
			return i
		}
	}
	return 0
}

// lottery draws for each block whether it reached the medium. How many do is drawn first: nearly none and nearly all must come
// up as well.
func lottery(seed uint64) func() bool {
	r := rand.New(rand.NewPCG(seed, seed))
	share := r.Float64()
	return func() bool { return r.Float64() < share }
}

// player applies operations to an image.
type player struct {
	in   io.ReaderAt // the bytes of all writes, one after the other
	at   int64       // where those of the next write begin
	out  *os.File
	take func() bool
	buf  [block << 8]byte
}

func (p *player) play(op Op) error {
	switch op.Kind {
	case Write:
		at := p.at
		p.at += op.To - op.From
		return p.each(op.Range, block, int64(len(p.buf)), func(r Range) error {
			b := p.buf[:r.To-r.From]
			if _, err := p.in.ReadAt(b, at+r.From-op.From); err != nil {
				return err
			}
			_, err := p.out.WriteAt(b, r.From)
			return err
		})
	case Discard:
		return p.each(op.Range, discardStep, op.To-op.From, func(r Range) error { return punch(p.out, r) })
	}
	return nil
}

// each calls do with the stretches of r whose steps were drawn, none longer than most.
func (p *player) each(r Range, step, most int64, do func(Range) error) error {
	var run Range
	for from := r.From; from < r.To; {
		to := min(from-from%step+step, r.To)
		switch {
		case !p.take():
		case run.To == from && to-run.From <= most:
			run.To = to
		default:
			if run.From < run.To {
				if err := do(run); err != nil {
					return err
				}
			}
			run = Range{from, to}
		}
		from = to
	}
	if run.From == run.To {
		return nil
	}
	return do(run)
}

func copyImage(src, dst string) error {
	f, err := os.Open(src)
	if err != nil {
		return bare(err)
	}
	defer f.Close()
	return copySparse(f, dst)
}
