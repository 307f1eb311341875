//go:build !linux

package main

import (
	"context"
	"errors"
)

// service is measured by what Linux says of a process.
func (b *bench) service(context.Context, *report) error {
	return errors.New("the service is measured on Linux only")
}
