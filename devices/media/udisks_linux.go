package media

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ipguard/devices/host"
)

// service is UDisks2. Each errand has a connection of its own.
type service struct{ o Options }

// find reads what there is now.
func (s service) find(ctx context.Context, c *client) (tree, []found, error) {
	t, err := c.objects(ctx)
	if err != nil {
		return nil, nil, err
	}
	mounts, err := mountTable(s.o.Proc, "self")
	if err != nil {
		return nil, nil, err
	}
	return t, t.media(mounts, s.o.Roots), nil
}

// pick finds one medium by its id.
func (s service) pick(ctx context.Context, c *client, id string) (tree, found, error) {
	t, all, err := s.find(ctx, c)
	if err != nil {
		return nil, found{}, err
	}
	if i := slices.IndexFunc(all, func(m found) bool { return m.ID == id }); i >= 0 {
		return t, all[i], nil
	}
	return nil, found{}, ErrGone
}

func (s service) list(ctx context.Context) ([]Medium, error) {
	c, err := dial(ctx, s.o)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_, all, err := s.find(ctx, c)
	media := make([]Medium, 0, len(all))
	for _, m := range all {
		media = append(media, m.Medium)
	}
	return media, err
}

func (s service) mount(ctx context.Context, id string) (Medium, error) {
	c, err := dial(ctx, s.o)
	if err != nil {
		return Medium{}, err
	}
	defer c.Close()
	_, m, err := s.pick(ctx, c, id)
	if err != nil || m.Mount != "" {
		return m.Medium, err
	}
	var point string
	how := options(map[string]string{"options": "nosuid,nodev,noexec"})
	err = c.call(ctx, s.o.Mounting, m.block, aFilesystem+".Mount", []any{how}, &point)
	if err != nil && !errors.Is(err, errMounted) {
		return Medium{}, fmt.Errorf("mounting a medium: %w", s.orGone(ctx, c, id, err))
	}
	_, m, err = s.pick(ctx, c, id) // also whether it could be mounted for writing
	if err != nil {
		return Medium{}, err
	}
	if m.Mount == "" { // the service tells of it a moment later
		mounts, err := mountTable(s.o.Proc, "self")
		if err != nil {
			return Medium{}, err
		}
		on, ok := host.Of(mounts, point)
		if !ok || on.Point != point {
			return Medium{}, ErrRefused
		}
		m.Mount, m.ReadOnly = point, m.ReadOnly || readOnly(on)
	}
	return m.Medium, nil
}

// orGone tells what a failure means: anything can fail, in any words, on a medium that is taken out meanwhile.
func (s service) orGone(ctx context.Context, c *client, id string, err error) error {
	if errors.Is(err, ErrDenied) || ctx.Err() != nil {
		return err
	}
	if _, _, again := s.pick(ctx, c, id); errors.Is(again, ErrGone) {
		return ErrGone
	}
	return err
}

func (s service) remount(ctx context.Context, id string) (Medium, error) {
	c, err := dial(ctx, s.o)
	if err != nil {
		return Medium{}, err
	}
	defer c.Close()
	t, m, err := s.pick(ctx, c, id)
	if err != nil {
		return Medium{}, err
	}
	for range t.points(m.block) {
		err := c.call(ctx, s.o.Writing, m.block, aFilesystem+".Unmount", []any{options(nil)})
		if err != nil && !errors.Is(err, errNotMounted) {
			return Medium{}, fmt.Errorf("unmounting a medium: %w", s.orGone(ctx, c, id, err))
		}
	}
	return s.mount(ctx, id)
}

func (s service) release(ctx context.Context, id string) error {
	c, err := dial(ctx, s.o)
	if err != nil {
		return err
	}
	defer c.Close()
	t, m, err := s.pick(ctx, c, id)
	if err != nil {
		return err
	}
	for _, block := range t.blocks(m.drive) {
		for range t.points(block) {
			err := c.call(ctx, s.o.Writing, block, aFilesystem+".Unmount", []any{options(nil)})
			if err != nil && !errors.Is(err, errNotMounted) {
				return fmt.Errorf("unmounting a medium: %w", s.orGone(ctx, c, id, err))
			}
		}
	}
	if err := s.off(ctx, c, t, m); err != nil {
		return fmt.Errorf("turning a medium off: %w", s.orGone(ctx, c, id, err))
	}
	return nil
}

// off turns the drive of a medium off, or else ejects it. What can do neither is ready when nothing of it is mounted, which
// is looked at afresh.
func (s service) off(ctx context.Context, c *client, t tree, m found) error {
	d := t[m.drive][aDrive]
	if want[bool](d, "CanPowerOff") && !t.shared(m.drive) {
		err := c.call(ctx, s.o.Writing, m.drive, aDrive+".PowerOff", []any{options(nil)})
		if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrNoService) {
			return err
		}
	}
	if want[bool](d, "Ejectable") {
		err := c.call(ctx, s.o.Writing, m.drive, aDrive+".Eject", []any{options(nil)})
		if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrNoService) {
			return err
		}
	}
	t, _, err := s.pick(ctx, c, m.ID)
	if err != nil {
		return err
	}
	for _, block := range t.blocks(m.drive) {
		if len(t.points(block)) > 0 {
			return ErrBusy
		}
	}
	return nil
}
