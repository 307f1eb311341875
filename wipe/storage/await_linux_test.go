package storage

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwaitDiscards(t *testing.T) {
	const busy, idle = "9 0 9 9 9 0 9 9 3 9 9 7 0 9 9", "9 0 9 9 9 0 9 9 0 9 9 7 0 9 9"
	stat := func(t *testing.T, s sysfs, line string) {
		t.Helper()
		must(t, os.WriteFile(filepath.Join(string(s), "dev/block/8:1/stat"), []byte(line), 0o600))
	}
	s := tree{"dev/block/8:1/stat": busy}.build(t)
	v := &Volume{kind: XFS, sys: s, number: "8:1"}

	t.Run("idle", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			time.AfterFunc(70*time.Millisecond, func() { stat(t, s, idle) })
			must(t, v.awaitDiscards(t.Context()))
			if d := time.Since(start); d < 70*time.Millisecond || d > 75*time.Millisecond {
				t.Errorf("waited for %v", d)
			}
		})
	})
	t.Run("kept busy by others", func(t *testing.T) {
		stat(t, s, busy)
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			time.AfterFunc(2*time.Second, func() { stat(t, s, "9 0 9 9 9 0 9 9 3 9 9 8 0 9 9") }) // one more has ended
			must(t, v.awaitDiscards(t.Context()))
			if d := time.Since(start); d < 5*time.Second || d > 6*time.Second {
				t.Errorf("waited for %v", d)
			}
		})
	})
	t.Run("stopped", func(t *testing.T) {
		stat(t, s, busy)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := v.awaitDiscards(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("stopped: %v", err)
			}
		})
	})
	if err := (&Volume{kind: XFS, sys: s, number: "8:2"}).awaitDiscards(t.Context()); err == nil {
		t.Error("nothing is known of the device, and the discards are said to be done")
	}
}
