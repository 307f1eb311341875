package handover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe/walk"
)

const half = 30 * time.Minute

var morning = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// batch holds documents and returns their batch.
func batch(t *testing.T, files map[string]string) (Holding, Held) {
	t.Helper()
	h := Holding{Dir: filepath.Join(t.TempDir(), "held")}
	hold(t, home(t, files), h, morning, half)
	return h, only(t, h)
}

func only(t *testing.T, h Holding) Held {
	t.Helper()
	all, err := h.List(morning, half)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d batches, %v; want one", len(all), err)
	}
	return all[0]
}

// contents reads every file below dir, by its path.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		all[rel] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// places are a home on the file system of the holding, and one on another.
func places(t *testing.T) map[string]string {
	t.Helper()
	same := t.TempDir()
	other, err := os.MkdirTemp("/dev/shm", "ipguard-back-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(other) })
	var infos [2]walk.Info
	for i, dir := range []string{same, other} {
		d := open(t, dir)
		if infos[i], err = d.Info(); err != nil {
			t.Fatal(err)
		}
	}
	if infos[0].Mount == infos[1].Mount {
		t.Fatal("/dev/shm must be a file system of its own")
	}
	return map[string]string{"same": same, "other": other}
}

func open(t *testing.T, dir string) *walk.Dir {
	t.Helper()
	d, err := walk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestGiveBack(t *testing.T) {
	long := strings.Repeat("x", 251) + ".odt"
	for name, into := range places(t) {
		t.Run(name, func(t *testing.T) {
			h, held := batch(t, map[string]string{
				"Documents/letter.odt": "one", "Documents/a/letter.odt": "two", "Documents/\xff\n\x1b[2J.odt": "odd",
				"Documents/" + long: "long", "Documents/a/" + long: "long too",
			})
			if err := errors.Join(os.WriteFile(filepath.Join(into, "Back"), []byte("own"), 0o600),
				os.Symlink("/", filepath.Join(into, "Back 2")), os.Mkdir(filepath.Join(into, "Back 3"), 0o700)); err != nil {
				t.Fatal(err)
			}
			count, bytes, err := held.GiveBack(t.Context(), Back{Into: open(t, into), Folder: "Back", UID: 4321, GID: 4322})
			if count != 5 || bytes != 21 || err != nil {
				t.Errorf("%d documents, %d bytes, %v; want 5 and 21", count, bytes, err)
			}
			got := map[string]int{}
			for name, content := range contents(t, filepath.Join(into, "Back 4")) {
				got[name]++
				if name == "letter.odt" || name == "letter (2).odt" {
					got[content]++
				}
			}
			want := map[string]int{
				"letter.odt": 1, "letter (2).odt": 1, "one": 1, "two": 1, "\xff\n\x1b[2J.odt": 1, long: 1,
				strings.Repeat("x", 247) + " (2).odt": 1,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			d := open(t, filepath.Join(into, "Back 4"))
			if info, err := d.Info(); err != nil || info.UID != 4321 || info.GID != 4322 || info.Mode != 0o700 {
				t.Errorf("the folder: %+v, %v", info, err)
			}
			if left, err := os.ReadDir(h.Dir); len(left) != 0 || err != nil {
				t.Errorf("%d batches are left, %v", len(left), err)
			}
			if left, err := os.ReadDir(into); len(left) != 4 || err != nil {
				t.Errorf("%d entries beside the new folder, %v; want 3", len(left)-1, err)
			}
		})
	}
}

// crash is what stands for a power cut: nothing runs after it.
type crash struct{}

// Whatever step it ends at, each document is whole in the home or can be given back; and then it is.
func TestGiveBackNeverLoses(t *testing.T) {
	files := map[string]string{"Documents/a.odt": "one", "Documents/b.odt": "two", "Documents/b/a.odt": "three"}
	for name, into := range places(t) {
		for _, fail := range []bool{false, true} {
			for n := 1; ; n++ {
				h, held := batch(t, files)
				dir := filepath.Join(into, fmt.Sprint("home", fail, n))
				if err := os.Mkdir(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				back := Back{Into: open(t, dir), Folder: "Back"}
				steps := 0
				back.Step = func(string) error {
					if steps++; steps != n {
						return nil
					} else if fail {
						return errors.New("no")
					}
					panic(crash{})
				}
				func() {
					defer func() {
						if r := recover(); r != nil && r != any(crash{}) {
							panic(r)
						}
					}()
					_, _, _ = held.GiveBack(t.Context(), back)
				}()
				if steps < n {
					if n < 8 {
						t.Errorf("only %d steps were tried", n)
					}
					break
				}
				safe := map[string]bool{}
				for path, content := range contents(t, dir) {
					if !strings.HasPrefix(path, ".ipguard-") {
						safe[content] = true
					}
				}
				if all, err := h.List(morning, half); err != nil {
					t.Fatal(err)
				} else if len(all) > 0 {
					for _, l := range all[0].docs {
						data, err := os.ReadFile(filepath.Join(all[0].dir, l.ID))
						if err != nil {
							t.Fatal(err)
						}
						safe[string(data)] = true
					}
					if _, _, err := all[0].GiveBack(t.Context(), Back{Into: open(t, dir), Folder: "Again"}); err != nil {
						t.Errorf("%s, step %d: giving back once more: %v", name, n, err)
					}
				}
				if len(safe) != len(files) {
					t.Errorf("%s, step %d, fails %v: only %v are safe", name, n, fail, safe)
				}
				if left, err := os.ReadDir(h.Dir); len(left) != 0 || err != nil {
					t.Errorf("%s, step %d: %d batches are left, %v", name, n, len(left), err)
				}
				again := map[string]bool{}
				for _, content := range contents(t, dir) {
					again[content] = true
				}
				if len(again) != len(files) {
					t.Errorf("%s, step %d, fails %v: %v are in the home in the end", name, n, fail, again)
				}
			}
		}
	}
}

// The account may rename or remove what is made in its home while it is made: nobody else's folder becomes its own, and
// what did not arrive stays held.
func TestGiveBackIntoAHostileHome(t *testing.T) {
	into := places(t)["other"]
	h, held := batch(t, map[string]string{"Documents/a.odt": "one"})
	back := Back{Into: open(t, into), Folder: "Back", UID: 4321}
	back.Step = func(name string) error {
		if name != "copy" {
			return nil
		}
		made, err := os.ReadDir(into)
		if err != nil || len(made) != 1 {
			t.Fatal(err, len(made))
		}
		path := filepath.Join(into, made[0].Name())
		return errors.Join(os.Rename(path, filepath.Join(into, "taken")), os.Mkdir(path, 0o755))
	}
	if _, _, err := held.GiveBack(t.Context(), back); err == nil {
		t.Error("it was said to be given back")
	}
	if held := only(t, h); held.Count != 1 {
		t.Errorf("%d documents are held, want 1", held.Count)
	}
}

// A batch whose giving back broke off is destroyed at its deadline, not merely unlinked.
func TestExpireAfterACrash(t *testing.T) {
	h, held := batch(t, map[string]string{"Documents/a.odt": "one"})
	if err := held.makeOut(Back{}); err != nil {
		t.Fatal(err)
	}
	held.stage(Back{})
	if n, err := h.Expire(t.Context(), morning.Add(half), half); n != 1 || err != nil {
		t.Errorf("%d, %v; want one destroyed", n, err)
	}
	if left, err := os.ReadDir(h.Dir); len(left) != 0 || err != nil {
		t.Errorf("%d batches are left, %v", len(left), err)
	}
}
