//go:build !linux

package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/process"
)

// Commands lists the running processes of the account with their command lines. Windows has no uid: errors.ErrUnsupported.
func (h *Host) Commands(ctx context.Context, uid uint32) ([]Command, error) {
	if h.goos == "windows" {
		return nil, fmt.Errorf("listing command lines: %w", errors.ErrUnsupported)
	}
	list, err := h.Processes(ctx, uid)
	if err != nil {
		return nil, err
	}
	all := make([]Command, 0, len(list))
	for _, p := range list {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c := Command{PID: p.PID, Parent: p.Parent, Exe: p.Exe, Started: time.UnixMilli(p.Started), Cut: true}
		if args, err := (&process.Process{Pid: int32(p.PID)}).CmdlineSliceWithContext(ctx); err == nil {
			c.Arguments, c.Cut = arguments([]byte(strings.Join(args, "\x00")))
		}
		all = append(all, c)
	}
	return all, nil
}
