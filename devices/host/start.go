package host

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Child is a process that StartSelf started.
type Child struct{ cmd *exec.Cmd }

// StartSelf starts the program file exe, which is the caller's own, with args. It is killed
// when ctx ends. Nil stdin and stdout are empty and dropped.
func StartSelf(ctx context.Context, exe string, args []string, stdin io.Reader, stdout io.Writer) (*Child, error) {
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Stdin, cmd.Stdout = stdin, stdout
	cmd.WaitDelay = time.Second // a grandchild with our pipe must not keep Wait waiting
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the own program: %w", plain(err))
	}
	return &Child{cmd: cmd}, nil
}

// PID is the number of the child.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Wait waits until the child has ended. An exit code other than 0 is an error.
func (c *Child) Wait() error {
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("waiting for the own program: %w", plain(err))
	}
	return nil
}

// Kill ends the child at once and waits until it is gone.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill() // it may have ended by itself
	_ = c.cmd.Wait()         // "killed" is what was asked for
}
