package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"ipguard/wipe/erase/erasetest"
)

// disk is an image with a file system of its own, on which the account's home is. The state is elsewhere, so that all that
// the image is asked for is the erasing.
type disk struct {
	*bench
	image *erasetest.Image
	state string
}

// newDisk makes an image, moves the home onto it, enrolls, and wipes once: the first time costs what later ones do not.
func (b *bench) newDisk(ctx context.Context, o erasetest.Options) (*disk, error) {
	state, err := os.MkdirTemp(b.top, "state-")
	if err != nil {
		return nil, err
	}
	d := &disk{bench: b, state: filepath.Base(state)}
	if d.image, err = erasetest.New(ctx, filepath.Join(b.top, d.state+".image"), o); err != nil {
		return nil, err
	}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *disk) prepare(ctx context.Context) error {
	if err := d.image.Mount(d.home); err != nil {
		return err
	}
	if err := errors.Join(os.Chown(d.home, d.uid, d.gid), os.Chmod(d.home, 0o700)); err != nil {
		return err
	}
	w := d.writer()
	w.many(ctx, d.home, ".local/share/laptop", baselineFiles, 2000)
	if w.err != nil {
		return w.err
	}
	if err := d.enroll(ctx, d.state, baselineFiles); err != nil {
		return err
	}
	t, err := d.wipe(ctx, d.state, 0)
	if err != nil {
		return err
	}
	if len(t.answer.Media) == 0 || slices.ContainsFunc(t.answer.Media[1:], func(m medium) bool { return m.Device != "memory" }) {
		return errors.New("the wipe has another disk to clean besides the image: a folder is missing in elsewhere()")
	}
	return nil
}

// close gives the image back, also after an interruption.
func (d *disk) close() error { return errors.Join(d.image.Close(), os.Remove(d.image.Path())) }

// elsewhere are the folders outside the home that a wipe looks into.
func elsewhere() []string {
	return []string{
		"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/screen", "/run/user", "/var/spool", "/var/mail", "/var/crash",
		"/var/lib/systemd", "/var/lib/AccountsService", "/etc/NetworkManager", "/etc/netplan",
	}
}

// cover lays memory over the machine's own folders in which a wipe would erase too: else every wipe would also discard the
// free space of the machine's disk, and be compared with tools that do not. The benchmark's own folder stays where it is.
func (b *bench) cover(ctx context.Context) (uncover func() error, err error) {
	own, err1 := os.Readlink("/proc/self/ns/mnt")
	callers, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", os.Getppid()))
	if err := errors.Join(err1, err2); err != nil || own == callers {
		return nil, errors.Join(errors.New("measuring erasing needs a name space of its own for mounts: start it with packaging/bench"), err)
	}
	var mounted []string
	uncover = func() (err error) {
		for _, target := range slices.Backward(mounted) {
			err = errors.Join(err, b.tool(context.Background(), "umount", "--lazy", target))
		}
		return err
	}
	mount := func(target string, args ...string) error {
		if err := b.tool(ctx, "mount", append(args, target)...); err != nil {
			return errors.Join(err, uncover())
		}
		mounted = append(mounted, target)
		return nil
	}
	aside, err := os.MkdirTemp("/run", "ipguard-bench-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(aside)
	program := filepath.Join(b.top, "ipguard") // it may lie in one of the folders
	if err := errors.Join(b.tool(ctx, "cp", b.program, program), b.tool(ctx, "mount", "--bind", b.top, aside)); err != nil {
		return nil, err
	}
	b.program = program
	for _, dir := range elsewhere() {
		if _, err := os.Stat(dir); err != nil {
			continue
		}
		if err := mount(dir, "-t", "tmpfs", "-o", "mode=1777", "ipguard-bench"); err != nil {
			return nil, fmt.Errorf("covering a folder: %w", err)
		}
	}
	if err := errors.Join(os.MkdirAll(b.top, 0o755), mount(b.top, "--move", aside)); err != nil {
		return nil, errors.Join(err, b.tool(context.Background(), "umount", aside))
	}
	return uncover, nil
}
