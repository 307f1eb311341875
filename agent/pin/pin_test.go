package pin

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// clock is a wall clock and a machine's own that a test sets.
type clock struct {
	now  time.Time
	boot string
	up   time.Duration
}

func (c *clock) pass(d time.Duration) { c.now, c.up = c.now.Add(d), c.up+d }

// set makes a store with a PIN that is checked quickly.
func set(t *testing.T, pin string, boot bool) (Store, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1_800_000_000, 0), boot: "one", up: time.Hour}
	s := Store{Dir: t.TempDir(), Now: func() time.Time { return c.now }}
	if boot {
		s.Boot = func() (string, time.Duration) { return c.boot, c.up }
	}
	if err := s.Set(pin); err != nil {
		t.Fatal(err)
	}
	rec, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	rec.Rounds = 2
	if rec.Key, err = derive(pin, rec); err != nil {
		t.Fatal(err)
	}
	if err := s.save(rec); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestWhatCanBeAPIN(t *testing.T) {
	for pin, ok := range map[string]bool{
		"": false, "123": false, "0000": false, "1234": false, "4321": false, "8901": false, "111111111111": false,
		"12a4": false, "１２３４": false, " 2580": false, "1234567890123": false, "9876543210": false,
		"2580": true, "1357": true, "112233445566": true,
	} {
		err := Store{Dir: t.TempDir(), Now: time.Now}.Set(pin)
		if (err == nil) != ok || err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v, want it accepted: %v", pin, err, ok)
		}
	}
}

func TestCheck(t *testing.T) {
	s, _ := set(t, "2580", true)
	if err := s.Check("2580"); err != nil {
		t.Errorf("the right PIN: %v", err)
	}
	if err := s.Check("2581"); !errors.Is(err, ErrWrong) {
		t.Errorf("a wrong PIN: %v", err)
	}
	if err := s.Check("1234"); !errors.Is(err, ErrWrong) {
		t.Errorf("a weak PIN: %v", err)
	}
	info, err := os.Stat(filepath.Join(s.Dir, fileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the record is %v, %v", info.Mode(), err)
	}
	if err := s.Forget(); err != nil {
		t.Fatal(err)
	}
	if err := s.Check("2580"); !errors.Is(err, ErrNone) {
		t.Errorf("after forgetting: %v", err)
	}
	left, err := os.ReadDir(s.Dir)
	if ok, e := s.Exists(); ok || e != nil || len(left) > 0 || err != nil {
		t.Errorf("after forgetting: exists %v, %v, %d files", ok, e, len(left))
	}
}

// waits tries a wrong PIN and returns the wait that it is answered with.
func waits(t *testing.T, s Store, pin string) time.Duration {
	t.Helper()
	err := s.Check(pin)
	var l *Locked
	if !errors.As(err, &l) {
		t.Fatalf("%v, want Locked", err)
	}
	return l.Wait
}

func guess(t *testing.T, s Store, n int) {
	t.Helper()
	for range n {
		if err := s.Check("9999"); !errors.Is(err, ErrWrong) {
			t.Fatalf("%v, want ErrWrong", err)
		}
	}
}

// After five wrong ones not even the right PIN is looked at, longer each time.
func TestWaitsDouble(t *testing.T) {
	for _, boot := range []bool{true, false} {
		s, c := set(t, "2580", boot)
		guess(t, s, free)
		var got []time.Duration
		for range 8 {
			wait := waits(t, s, "2580")
			got = append(got, wait)
			c.pass(wait - time.Second)
			if left := waits(t, s, "2580"); left != time.Second {
				t.Fatalf("%v left, want a second", left)
			}
			c.pass(time.Second)
			guess(t, s, 1)
		}
		m := time.Minute
		if diff := cmp.Diff([]time.Duration{m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 60 * m, 60 * m}, got); diff != "" {
			t.Error(diff)
		}
		c.pass(time.Hour)
		if err := s.Check("2580"); err != nil {
			t.Errorf("the right PIN after the wait: %v", err)
		}
		guess(t, s, free) // and the count begins anew
	}
}

func TestNoClockOpensEarly(t *testing.T) {
	for name, c := range map[string]struct {
		boot bool
		do   func(*clock)
		want time.Duration
	}{
		"put forward":              {true, func(c *clock) { c.now = c.now.Add(24 * time.Hour) }, time.Minute},
		"put back":                 {true, func(c *clock) { c.now = c.now.Add(-24 * time.Hour) }, time.Minute},
		"put back, no other clock": {false, func(c *clock) { c.now = c.now.Add(-time.Hour) }, time.Minute},
		"started again": {true, func(c *clock) {
			c.boot, c.up, c.now = "two", time.Second, c.now.Add(24*time.Hour)
		}, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s, clock := set(t, "2580", c.boot)
			guess(t, s, free)
			c.do(clock)
			if got := waits(t, s, "2580"); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
			clock.pass(c.want)
			if err := s.Check("2580"); err != nil {
				t.Errorf("after the wait: %v", err)
			}
		})
	}
}

// The try counts although the program ends before it has compared.
func TestATryIsWrittenDownFirst(t *testing.T) {
	s, _ := set(t, "2580", true)
	guess(t, s, free-1)
	if err := os.Mkdir(filepath.Join(s.Dir, fileName+".new"), 0o700); err != nil { // nothing can be written any more
		t.Fatal(err)
	}
	if err := s.Check("2580"); err == nil {
		t.Error("a PIN was accepted although the try could not be written down")
	}
}

func TestDamagedRecordOpensNothing(t *testing.T) {
	for _, text := range []string{"", "{", "{}", `{"salt":"","rounds":1,"key":""}`} {
		s, _ := set(t, "2580", true)
		if err := os.WriteFile(filepath.Join(s.Dir, fileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Check("2580"); !errors.Is(err, ErrDamaged) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	s := Store{Dir: b.TempDir(), Now: time.Now}
	if err := s.Set("2580"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.Check("2580"); err != nil {
			b.Fatal(err)
		}
	}
}
