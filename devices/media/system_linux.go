package media

import (
	"context"
	"errors"
)

// builtFor is the GOOS value that this file is for.
const builtFor = "linux"

// linux asks UDisks2 and, where there is none, reads the mount table.
type linux struct {
	service service
	plain   mounted
}

func newSystem(o Options) system { return linux{service{o}, mounted{o}} }

func (l linux) list(ctx context.Context) ([]Medium, error) {
	media, err := l.service.list(ctx)
	if errors.Is(err, ErrNoService) {
		return l.plain.list(ctx)
	}
	return media, err
}

func (l linux) mount(ctx context.Context, id string) (Medium, error) {
	switch {
	case known(id, byService):
		return l.service.mount(ctx, id)
	case known(id, byMount):
		return l.plain.mount(ctx, id)
	}
	return Medium{}, ErrNoMedium
}

func (l linux) remount(ctx context.Context, id string) (Medium, error) {
	switch {
	case known(id, byService):
		return l.service.remount(ctx, id)
	case known(id, byMount):
		return Medium{}, errors.ErrUnsupported // how it was mounted is not all told in the mount table
	}
	return Medium{}, ErrNoMedium
}

func (l linux) release(ctx context.Context, id string) error {
	switch {
	case known(id, byService):
		return l.service.release(ctx, id)
	case known(id, byMount):
		return l.plain.release(ctx, id)
	}
	return ErrNoMedium
}
