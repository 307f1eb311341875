//go:build !linux

package main

import (
	"context"
	"errors"
)

// erasing is measured on loop devices, which are Linux's.
func (b *bench) erasing(context.Context, *report) error {
	return errors.New("erasing is measured on Linux only")
}
