package browsertest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }

func newMarker() string { return fmt.Sprintf("ipgt%016x", rand.Uint64()) }

var starts = map[string]func(context.Context, User, *Site) (*Browser, error){chromium: StartChromium, firefox: StartFirefox}

// Without a wipe each planted trace must be seen in its place, or "none was found" after a wipe would mean nothing.
func TestVisitsLeaveEveryTrace(t *testing.T) {
	user, site := NewUser(t), NewSite(t, newMarker())
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var browsers []*Browser
	var wg sync.WaitGroup
	for name, start := range starts {
		wg.Go(func() {
			began := time.Now()
			b, err := start(ctx, user, site)
			if err != nil {
				t.Error(err)
				return
			}
			t.Logf("%s: visit %v", name, time.Since(began))
			mu.Lock()
			defer mu.Unlock()
			browsers = append(browsers, b)
		})
	}
	wg.Wait()
	if len(browsers) != len(starts) {
		t.FailNow()
	}
	hits := search(t, user, site)
	for _, b := range browsers {
		if !b.Running() || !slices.Contains(user.Processes(), b.PID) {
			t.Errorf("%s does not run as the account", b.Name)
		}
		if missing := unseen(hits, stores(b.Name)); missing != nil {
			t.Errorf("%s, open: not seen: %v", b.Name, missing)
		}
		began := time.Now()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		t.Logf("%s: close %v", b.Name, time.Since(began))
	}
	hits = search(t, user, site)
	for _, b := range browsers {
		places := stores(b.Name)
		places[TracePartial] = places[TraceHistory] // closing ends the download; Chromium removes the file, Firefox may
		if missing := unseen(hits, places); missing != nil {
			t.Errorf("%s, closed: not seen: %v", b.Name, missing)
		}
	}
}

// search looks everywhere, and shows what it found when the test is verbose.
func search(t *testing.T, user User, site *Site) []Hit {
	t.Helper()
	began := time.Now()
	roots, err := Writable(user)
	if err != nil {
		t.Fatal(err)
	}
	listed := time.Since(began)
	hits, err := Find(t.Context(), append(roots, user.Home), nil, site.Marker)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("listed in %v, searched in %v", listed, time.Since(began)-listed)
	for _, h := range hits {
		where := strings.ReplaceAll(strings.TrimPrefix(h.Where, user.Home), site.Marker, "MARKER")
		t.Logf("%-9s %-7s %-8s %s", h.Trace, h.In, h.Encoding, where)
	}
	return hits
}

// A test that is ended early must not leave a browser behind.
func TestVisitEndsWithItsContext(t *testing.T) {
	user, site := NewUser(t), NewSite(t, newMarker())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for name, start := range starts {
		wg.Go(func() {
			if _, err := start(ctx, user, site); err == nil {
				t.Errorf("%s: a visit of two seconds cannot be complete", name)
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(5 * time.Second); len(user.Processes()) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d processes are left", len(user.Processes()))
		}
	}
}
