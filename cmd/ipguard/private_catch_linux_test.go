package main

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// Whoever takes the settings away gets ordinary windows. The program must not say otherwise for a moment: neither while
// nothing is written, nor with a browser that began before, nor while what ordinary windows left is still there.
func TestOrdinaryWindowsAreNoticed(t *testing.T) {
	onDesks(t, func(ctx context.Context, d *desk) {
		d.apply()
		if err := os.Remove(d.Path(settingsFile(d.name))); err != nil {
			d.Fatal(err)
		}
		s := d.icon(ctx)
		d.windows(ctx, s, false)
		if err := s.Visit(ctx, d.site); err != nil {
			d.Error(err)
		}
		if err := s.Close(); err != nil {
			d.Error(err)
		}
		left := d.standing(exitNotClean)
		d.is(left, "not_effective", "missing", "rows")
		if !left.Counted || left.Visits == 0 || left.Cookies == 0 || left.Running != 0 {
			d.Errorf("after an ordinary window: %+v", left)
		}
		var whole statusJSON
		if err := json.Unmarshal([]byte(d.must(exitNotClean, "status").out), &whole); err != nil {
			d.Fatal(err)
		}
		d.is(d.pick(whole.Browsers, "native"), "not_effective", "missing", "rows")
		if whole.Browsers.Effective {
			d.Error("status takes an ordinary window for effective")
		}

		// The first second of a browser's life counts for none: a process's start is not known better.
		began := time.Now()
		s = d.icon(ctx)
		d.windows(ctx, s, false)
		time.Sleep(time.Until(began.Add(2500 * time.Millisecond)))
		d.apply()
		b := d.standing(exitNotClean)
		d.is(b, "not_effective", "restart", "rows")
		if b.Running != 1 {
			d.Errorf("%d run, want 1", b.Running)
		}
		if err := s.Close(); err != nil {
			d.Error(err)
		}
		b = d.standing(exitNotClean)
		d.is(b, "not_effective", "rows")
		d.Logf("%s: %d visits and %d cookies", d.name, left.Visits, left.Cookies)

		d.must(exitDone, "wipe", "--yes", "--account", d.user.Name)
		s = d.icon(ctx)
		d.windows(ctx, s, true)
		b = d.standing(exitDone)
		d.is(b, "enforced")
		if b.Running != 1 || !b.Counted || b.Visits+b.Cookies != 0 {
			d.Errorf("after the wipe: %+v", b)
		}
		s.Kill()
	})
}
