//go:build !linux

package desktop

import (
	"context"
	"errors"
)

func (s *Screen) with(context.Context, func(view) error) error { return errors.ErrUnsupported }
