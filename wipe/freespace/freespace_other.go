//go:build !linux

package freespace

import "context"

// Clean is for Linux only; elsewhere it answers ErrUnsupported.
func Clean(context.Context, string, Options, func(Progress)) (Result, error) {
	return Result{}, ErrUnsupported
}

// Churn is for Linux only; elsewhere it answers ErrUnsupported.
func Churn(context.Context, string, ChurnOptions) (ChurnResult, error) {
	return ChurnResult{}, ErrUnsupported
}
