package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

const (
	// peerEnds is how long a peer may take to end by itself, peerDies how long to go once it is killed. One that the kernel
	// holds on to is left to it: it does nothing more.
	peerEnds = time.Second
	peerDies = 5 * time.Second
)

// Peer is this program once more, running as an account and talking through pipes. It may be stopped, killed or replaced by
// something else at any time by that account: whatever it says is to be judged.
type Peer struct {
	cmd     *exec.Cmd
	in, out *os.File
	ended   chan struct{}
}

// StartAs starts this program with args, with the rights of the account and no others: its groups, nothing of the caller's
// environment, no open file but two pipes, a session of its own, the root folder as its place. It dies with the caller
// where the system has that. Errors: ErrRefused for the account of an administrator's rights, errors.ErrUnsupported where
// the account has no session that could be worked in, or the system's.
func StartAs(ctx context.Context, acct Account, args []string) (*Peer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	exe, attr, release, err := as(acct)
	if err != nil {
		return nil, fmt.Errorf("starting as the account: %w", err)
	}
	defer release()
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("starting as the account: %w", plain(err))
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("starting as the account: %w", plain(err))
	}
	defer theirOut.Close()
	cmd := exec.Command(exe, args...)
	cmd.Stdin, cmd.Stdout, cmd.SysProcAttr = theirIn, theirOut, attr
	cmd.Dir, cmd.Env = root(exe), []string{"PATH=/usr/bin:/bin"}
	if err := cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("starting as the account: %w", plain(err))
	}
	p := &Peer{cmd: cmd, in: in, out: out, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended says nothing about what it did
		close(p.ended)
	}()
	return p, nil
}

// PID is the number of the process.
func (p *Peer) PID() int { return p.cmd.Process.Pid }

// Read reads what the peer says.
func (p *Peer) Read(b []byte) (int, error) { return p.out.Read(b) }

// Write tells the peer something.
func (p *Peer) Write(b []byte) (int, error) { return p.in.Write(b) }

// Close tells the peer that there is nothing more to do, and kills it when it does not end soon.
func (p *Peer) Close() error {
	_ = p.in.Close() // a peer that has ended reads no more
	p.wait(peerEnds)
	p.Kill()
	return nil
}

// Kill ends the peer at once, also one that is stopped, and whoever reads from it or writes to it.
func (p *Peer) Kill() {
	select {
	case <-p.ended: // its number may be another's
	default:
		_ = p.cmd.Process.Kill()
		p.wait(peerDies)
	}
	_, _ = p.in.Close(), p.out.Close()
}

func (p *Peer) wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-p.ended:
	case <-t.C:
	}
}
