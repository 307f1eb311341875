package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A session that ends in a crash, the next one of the same person, and the wipe: the browsers are private all along, and
// after the wipe nothing is left, the downloads included.
func TestPrivateSessionIsWiped(t *testing.T) {
	onDesks(t, func(ctx context.Context, d *desk) {
		d.apply()
		s, page := d.icon(ctx), d.site.URL+"/"+d.name+"/form"
		if err := s.Visit(ctx, d.site); err != nil {
			d.Error(err)
		}
		program := map[string]string{aChromium: "chromium", aFirefox: "firefox-esr"}[d.name]
		for _, open := range []func() error{
			func() error { return d.Link(ctx, d.name, page) },
			func() error { return d.Run(ctx, program, "--new-window", page) },
		} {
			before := len(d.windows(ctx, s, true)) // Firefox shows a document that was downloaded in one more
			if err := open(); err != nil {
				d.Error(err)
			}
			short, cancel := context.WithTimeout(ctx, 20*time.Second)
			if _, err := s.Wait(short, before+1); err != nil {
				d.Error(err)
			}
			cancel()
			d.windows(ctx, s, true)
		}
		s.Kill()
		downloads := filepath.Join(d.user.Home, "Downloads")
		d.nothingLeft(downloads)

		var restore []string
		if d.name == aChromium {
			restore = []string{"--restore-last-session"}
		}
		s = d.icon(ctx, restore...)
		for _, w := range d.windows(ctx, s, true) {
			if strings.HasPrefix(w.URL, d.site.URL) {
				d.Error("a page of the session before is open again")
			}
		}
		if err := s.Open(ctx, page); err != nil {
			d.Error(err)
		}
		if err := s.Close(); err != nil { // now everything is written out
			d.Error(err)
		}
		d.noRows(ctx)
		d.is(d.standing(exitDone), "enforced")
		d.must(exitNotClean, "status")
		r := d.must(exitDone, "wipe", "--yes", "--account", d.user.Name)
		d.Logf("%s: wipe %.1f s", d.name, r.answer.Seconds)
		d.nothingLeft()
		d.must(exitDone, "status")
	})
}
