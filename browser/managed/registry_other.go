//go:build !windows

package managed

import (
	"errors"
	"fmt"
)

func systemRegistry() (Registry, error) {
	return nil, fmt.Errorf("opening the registry: %w", errors.ErrUnsupported)
}
