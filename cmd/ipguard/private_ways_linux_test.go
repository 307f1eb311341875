package main

import (
	"context"
	"slices"
	"testing"

	"ipguard/browser/browsertest"
)

// However a person starts a browser, its windows are private or it does not start, and nothing of a visit is written where
// an ordinary window would. This is the browser's own statement; what status says has to agree.
func TestEveryWayIsPrivate(t *testing.T) {
	onDesks(t, func(ctx context.Context, d *desk) {
		d.apply()
		elsewhere := d.folder()
		ways, err := browsertest.Ways(d.name, d.site.URL+"/"+d.name+"/form", elsewhere)
		if err != nil {
			d.Fatal(err)
		}
		opened := 0
		for _, way := range ways {
			if way.Name == "--user-data-dir" || way.Name == "-profile" {
				visitElsewhere(ctx, d, way)
				opened++
				continue
			}
			o, err := d.Try(ctx, d.name, way)
			if err != nil {
				d.Errorf("%s: %v", way.Name, err)
			}
			if !o.Private() {
				d.Errorf("%s: an ordinary window: %+v", way.Name, o.Windows)
			}
			if len(o.Windows) > 0 {
				opened++
			}
			d.Logf("%s %s: %d private windows, %q", d.name, way.Name, len(o.Windows), o.Titles)
		}
		if opened < 5 {
			d.Errorf("%d of %d ways opened a window: the test proves little", opened, len(ways))
		}
		d.noRows(ctx, elsewhere)
		b := d.standing(exitDone)
		d.is(b, "enforced")
		if !b.Counted || b.Visits+b.Cookies+b.Running != 0 {
			d.Errorf("counted %v, %d visits, %d cookies, %d running", b.Counted, b.Visits, b.Cookies, b.Running)
		}
	})
}

// visitElsewhere uses the site with data where no list of profiles has it, which status tells while it goes on.
func visitElsewhere(ctx context.Context, d *desk, way browsertest.Way) {
	d.Helper()
	if d.name == aFirefox { // does not make the folder, and asks nobody
		d.as("mkdir '" + way.Argv[2] + "'")
	}
	s, err := d.Start(ctx, d.name, way.Argv...)
	if err != nil {
		d.Fatal(err)
	}
	defer s.Kill()
	d.windows(ctx, s, true)
	if err := s.Visit(ctx, d.site); err != nil {
		d.Error(err)
	}
	b := d.standing(exitDone)
	d.is(b, "enforced", "elsewhere")
	if b.Running != 1 || !b.Counted || !slices.Contains(b.Reasons, "elsewhere") {
		d.Errorf("while it runs elsewhere: %+v", b)
	}
}
