package rows

import (
	"context"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"ipguard/browser"
	"ipguard/browser/browsertest"
)

// The stores of real browsers that somebody used in an ordinary window, while they run, which is when they are locked, and
// after a kill, which is when everything is still in the log.
func TestRealBrowsers(t *testing.T) {
	user, site := browsertest.NewUser(t), browsertest.NewSite(t, "ipgtrows")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for _, c := range []struct {
		family browser.Family
		start  func(context.Context, browsertest.User, *browsertest.Site) (*browsertest.Browser, error)
		file   string // one of the profile
	}{
		{browser.Chromium, browsertest.StartChromium, ".config/chromium/Default/Preferences"},
		{browser.Gecko, browsertest.StartFirefox, ".config/mozilla/firefox/*/prefs.js"},
	} {
		wg.Go(func() {
			b, err := c.start(ctx, user, site)
			if err != nil {
				t.Error(err)
				return
			}
			rows := func(when string) {
				found, _ := filepath.Glob(filepath.Join(user.Home, c.file))
				total := Count{Known: len(found) > 0}
				for _, file := range found {
					n := OfProfile(ctx, c.family, filepath.Dir(file))
					total.Visits, total.Downloads, total.Cookies = total.Visits+n.Visits, total.Downloads+n.Downloads, total.Cookies+n.Cookies
					total.Known = total.Known && n.Known
				}
				t.Logf("%s, %s: %+v in %d profiles", b.Name, when, total, len(found))
				if !total.Known || total.Visits == 0 || total.Cookies == 0 {
					t.Errorf("%s, %s: a visit is not seen: %+v", b.Name, when, total)
				}
			}
			rows("open")
			if err := syscall.Kill(-b.PID, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			if err := b.Close(); err != nil {
				t.Error(err)
			}
			rows("killed")
		})
	}
	wg.Wait()
}
