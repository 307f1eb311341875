package state

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func account(t *testing.T, dir string) *Account {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := d.Account("1000")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func save(t *testing.T, a *Account, r Record) {
	t.Helper()
	if err := a.Save(r); err != nil {
		t.Fatal(err)
	}
}

var (
	before = Record{State: InUse, Day: "2026-01-02", Result: "incomplete", Baseline: 3, Residual: 7, Left: map[string]int{"browser": 7}}
	after  = Record{State: Residue, Day: "2026-01-03", Result: "complete", Baseline: 4, Erased: 12, Held: 1, Live: true}
)

func TestSaveThenLoad(t *testing.T) {
	a := account(t, filepath.Join(t.TempDir(), "not", "there", "yet"))
	if _, err := a.Load(); !errors.Is(err, ErrNone) {
		t.Fatalf("before the first save: %v", err)
	}
	for i := range 5 {
		r := before
		r.Baseline = i
		save(t, a, r)
		got, err := a.Load()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatal(diff)
		}
	}
	info, err := os.Stat(a.stateFile())
	if err != nil || info.Size() != fileSize {
		t.Fatalf("the file has changed its size: %v, %v", info, err)
	}
}

// A write that breaks off anywhere, from either end, leaves the record from before, or one that says that it is not to
// be trusted; it never makes up a third one.
func TestTornWrite(t *testing.T) {
	a := account(t, t.TempDir())
	save(t, a, before)
	save(t, a, before) // both slots have been written in turn
	old, err := os.ReadFile(a.stateFile())
	if err != nil {
		t.Fatal(err)
	}
	save(t, a, after)
	done, err := os.ReadFile(a.stateFile())
	if err != nil {
		t.Fatal(err)
	}
	_, index, _, _ := newest(done)
	at := index * slotSize
	for _, backwards := range []bool{false, true} {
		for n := range slotSize {
			torn := bytes.Clone(old)
			if backwards {
				copy(torn[at+n:], done[at+n:at+slotSize])
			} else {
				copy(torn[at:], done[at:at+n])
			}
			if err := os.WriteFile(a.stateFile(), torn, fileMode); err != nil {
				t.Fatal(err)
			}
			want := before
			if bytes.Equal(torn, done) {
				want = after // only zeros were missing
			}
			got, err := a.Load()
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Fatalf("broken off at %d: %v %s", n, err, diff)
			}
			if n%512 == 0 { // and it can be written again
				save(t, a, after)
				if got, err = a.Load(); err != nil || !cmp.Equal(after, got) {
					t.Fatalf("after the repair at %d: %v %v", n, err, got)
				}
			}
		}
	}
}

func TestDamageIsNeverClean(t *testing.T) {
	clean := Record{State: Clean, Day: "2026-01-02"}
	for _, at := range []int{0, 4, 8, 16, headSize, slotSize - 1} {
		a := account(t, t.TempDir())
		save(t, a, clean)
		save(t, a, Record{State: InUse, Day: "2026-01-02"})
		content, err := os.ReadFile(a.stateFile())
		if err != nil {
			t.Fatal(err)
		}
		_, index, _, _ := newest(content)
		content[index*slotSize+at] ^= 1
		if err := os.WriteFile(a.stateFile(), content, fileMode); err != nil {
			t.Fatal(err)
		}
		if got, err := a.Load(); err != nil || got.State != Unknown {
			t.Errorf("bit lost at %d of the newest slot: %v, %v", at, got.State, err)
		}
		content[(slotCount-1-index)*slotSize+at] ^= 1
		if err := os.WriteFile(a.stateFile(), content, fileMode); err != nil {
			t.Fatal(err)
		}
		if got, err := a.Load(); !errors.Is(err, ErrCorrupt) || got.State != "" {
			t.Errorf("both slots damaged at %d: %v, %v", at, got.State, err)
		}
		save(t, a, after)
		if got, err := a.Load(); err != nil || got.State != Residue {
			t.Errorf("after both slots were damaged: %v, %v", got.State, err)
		}
	}
}

func TestOtherLengthsAreCorrupt(t *testing.T) {
	for _, size := range []int64{0, 1, slotSize, fileSize - 1, fileSize + 1} {
		a := account(t, t.TempDir())
		save(t, a, Record{State: Clean})
		if err := os.Truncate(a.stateFile(), size); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Load(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%d bytes: %v", size, err)
		}
		save(t, a, before)
		if got, err := a.Load(); err != nil || !cmp.Equal(before, got) {
			t.Errorf("%d bytes, saved again: %v, %v", size, got, err)
		}
	}
}

// What could carry a person's data is refused, so that no caller can leak it by mistake.
func TestSaveRefuses(t *testing.T) {
	bad := map[string]Record{
		"no state":        {},
		"unheard-of":      {State: "jeanne"},
		"an hour":         {State: Clean, Day: "2026-01-02T10:11:12Z"},
		"a name as day":   {State: Clean, Day: "Jeanne"},
		"a text as word":  {State: Clean, Result: "could not remove letter.odt"},
		"a path as class": {State: Residue, Left: map[string]int{"/home/jeanne": 1}},
		"a long class":    {State: Residue, Left: map[string]int{strings.Repeat("a", 25): 1}},
	}
	for name, r := range bad {
		a := account(t, t.TempDir())
		save(t, a, before)
		if err := a.Save(r); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := a.Load(); err != nil || !cmp.Equal(before, got) {
			t.Errorf("%s: the record changed: %v, %v", name, got, err)
		}
	}
}

func TestLargestRecordFits(t *testing.T) {
	r := after
	r.Left = map[string]int{}
	for i := range 64 {
		r.Left[strings.Repeat("x", 20)+string([]byte{'a' + byte(i/8), 'a' + byte(i%8)})] = 1 << 40
	}
	a := account(t, t.TempDir())
	save(t, a, r)
	if got, err := a.Load(); err != nil || !cmp.Equal(r, got) {
		t.Fatalf("%v, %v", got, err)
	}
}

func TestAccountIDs(t *testing.T) {
	d, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", ".", "..", "../x", "a", "1/2", "-1", "1-2", "S-", "S-1/5", "1 ", strings.Repeat("1", 300)} {
		if _, err := d.Account(id); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q was accepted", id)
		}
	}
	for _, id := range []string{"1001", "1000", "S-1-5-21-1-2-3-1001", "7"} {
		a, err := d.Account(id)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Create(); err != nil {
			t.Fatal(err)
		}
		if id != "7" { // one without a baseline is not enrolled
			if err := os.Mkdir(a.BaselineDir(), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := d.Accounts()
	if diff := cmp.Diff([]string{"1000", "1001", "S-1-5-21-1-2-3-1001"}, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
}

func TestErrorsHoldNoPath(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "canary")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Dir{path: blocked}
	a, err := d.Account("1000")
	if err != nil {
		t.Fatal(err)
	}
	_, lockErr := a.Lock(t.Context())
	_, loadErr := a.Load()
	_, openErr := Open(blocked)
	_, listErr := d.Accounts()
	for _, err := range []error{a.Save(before), lockErr, loadErr, openErr, listErr} {
		if err == nil || strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "/") {
			t.Errorf("%v", err)
		}
	}
	if err := a.Save(before); !errors.Is(err, ErrUnwritable) {
		t.Errorf("%v", err)
	}
}
