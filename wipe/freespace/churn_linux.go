package freespace

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	// inodesMost is how many free inodes are taken at most, which the kernel holds in memory meanwhile.
	inodesMost = 32768
	inodeSize  = 256
)

// Churn writes structure rather than data, so that old names, attributes and tiny files go from where no file's data
// comes: on btrfs the free part of the metadata, on xfs the log, on ext4 free inodes. It uses extended attributes of
// files without a name: nothing of it can be seen, and nothing stays if the process dies. It neither discards nor
// empties a journal. Volumes of other kinds give ErrUnsupported.
//
// On ext4 it takes the free inodes near the folder first, so it should be asked for the folder where the session's were.
// On btrfs it should come before Clean, which leaves little room for metadata until the file system has tidied up, and a
// run that ends before Completed leaves most: the old structures go only as the whole of the free part is written.
func Churn(ctx context.Context, dir string, o ChurnOptions) (ChurnResult, error) {
	if o.Time > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Time)
		defer cancel()
	}
	d, err := os.Open(dir)
	if err != nil {
		return ChurnResult{}, fmt.Errorf("opening the volume: %w", errors.Unwrap(err))
	}
	c := &churning{filler: filler{dir: d}}
	defer c.filler.close()
	var s unix.Statfs_t
	if err := unix.Fstatfs(int(d.Fd()), &s); err != nil {
		return ChurnResult{}, fmt.Errorf("asking for the file system: %w", err)
	}
	switch uint32(s.Type) {
	case unix.BTRFS_SUPER_MAGIC:
		err = c.btrfs(ctx, o.MaxBytes)
	case unix.XFS_SUPER_MAGIC:
		err = c.xfs(ctx, o.MaxBytes)
	case unix.EXT4_SUPER_MAGIC:
		err = c.inodes(ctx, o.MaxBytes)
	default:
		return ChurnResult{}, ErrUnsupported
	}
	switch {
	case errors.Is(err, errBytes), errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		c.result.Reason, err = BytesDone, nil
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		c.result.Reason, err = NeedsSpace, nil
	case errors.Is(err, context.DeadlineExceeded):
		c.result.Reason, err = TimeUp, nil
	case errors.Is(err, context.Canceled):
		c.result.Reason = Canceled
	}
	return c.result, err
}

// churning is one run of Churn.
type churning struct {
	filler filler
	result ChurnResult
}

// btrfs fills the free part of the metadata with leaves of one attribute each.
func (c *churning) btrfs(ctx context.Context, most int64) error {
	free, err := metadataFree(int(c.filler.dir.Fd()))
	if err != nil {
		return err
	}
	c.result.Wanted = free
	return c.attributes(ctx, most, 16000, 3600, 16384)
}

// xfs writes more than the log holds.
func (c *churning) xfs(ctx context.Context, most int64) error {
	size, err := logSize(int(c.filler.dir.Fd()))
	if err != nil {
		return err
	}
	c.result.Wanted = size // measured: half of it is enough
	return c.attributes(ctx, most, 2000, 2000, 2048)
}

// attributes gives a file without a name attributes of random bytes, until enough was written.
func (c *churning) attributes(ctx context.Context, most int64, size, smaller int, unit int64) error {
	if err := c.filler.add(); err != nil {
		return err
	}
	fd := c.filler.files[0]
	value := make([]byte, size)
	rand.Read(value)
	var err error
	for i := 0; c.result.Bytes < c.result.Wanted && err == nil; i++ {
		if err = ctx.Err(); err != nil {
			break
		}
		if most > 0 && c.result.Bytes >= most {
			err = errBytes
			break
		}
		err = unix.Fsetxattr(fd, "user."+strconv.Itoa(i), value, unix.XATTR_CREATE)
		if i == 0 && (errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.E2BIG)) { // a volume of small nodes
			value, unit = value[:smaller], 4096
			err = unix.Fsetxattr(fd, "user.0", value, unix.XATTR_CREATE)
		}
		if err == nil {
			c.result.Bytes += unit
		}
	}
	if unsupported(err) {
		return ErrUnsupported
	}
	return errors.Join(err, unix.Syncfs(fd))
}

// inodes takes free inodes: the file system clears an inode when it hands it out.
func (c *churning) inodes(ctx context.Context, most int64) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("asking for the limit of open files: %w", err)
	}
	c.result.Wanted = int64(min(limit.Cur/2, inodesMost)) * inodeSize
	var err error
	for c.result.Bytes < c.result.Wanted && err == nil {
		if err = ctx.Err(); err == nil && most > 0 && c.result.Bytes >= most {
			err = errBytes
		}
		if err == nil {
			err = c.filler.add()
		}
		if err == nil {
			c.result.Bytes += inodeSize
		}
	}
	return errors.Join(err, unix.Syncfs(int(c.filler.dir.Fd())))
}
