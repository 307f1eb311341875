package erasetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The tools that people use, as RunTool knows them.
const (
	Rm        = "rm -rf"
	RmTrim    = "rm -rf + fstrim"
	Shred     = "shred -u -n1 -z"
	BleachBit = "bleachbit --shred"
)

// Tools are the names of all tools, the quickest first.
func Tools() []string { return []string{Rm, RmTrim, BleachBit, Shred} }

// RunTool removes the folder with a tool and returns how long that took, up to and with the sync of the file system at
// the end. fstrim needs a file system whose device takes discards, and comes after a sync of its own: ext4 frees blocks
// only with the next commit, and without that sync fstrim passes over all that was just removed. RunTool fails if anything
// of the folder is left.
func RunTool(ctx context.Context, name, dir string) (time.Duration, error) {
	parent := filepath.Dir(dir)
	mountPoint, err := exec.CommandContext(ctx, "stat", "-c", "%m", parent).Output()
	if err != nil {
		return 0, fmt.Errorf("looking for a mount point: %w", err)
	}
	home, err := os.MkdirTemp("", "tool") // BleachBit writes settings
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(home)
	remove := []string{"rm", "-rf", "--", dir}
	trim := []string{"fstrim", strings.TrimSuffix(string(mountPoint), "\n")}
	sync := []string{"sync", "-f", parent}
	steps, ok := map[string][][]string{
		Rm:        {remove},
		RmTrim:    {remove, sync, trim},
		Shred:     {{"find", dir, "-type", "f", "-exec", "shred", "-u", "-n1", "-z", "{}", "+"}, remove},
		BleachBit: {{"env", "HOME=" + home, "XDG_CONFIG_HOME=" + home, "bleachbit", "--shred", dir}},
	}[name]
	if !ok {
		return 0, fmt.Errorf("no such tool: %s", name)
	}
	start := time.Now()
	for _, step := range append(steps, sync) {
		if err := run(ctx, step[0], step[1:]...); err != nil {
			return 0, err
		}
	}
	took := time.Since(start)
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return took, fmt.Errorf("%s left something", name)
	}
	return took, nil
}
