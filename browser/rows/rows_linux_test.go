package rows

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
)

// plant makes a database with the statements. With wal, what they wrote is in the log only, as when a browser was killed.
func plant(t testing.TB, file string, wal bool, statements ...string) {
	t.Helper()
	made := filepath.Join(t.TempDir(), "db")
	db, err := sql.Open("sqlite", made)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	first := []string{"PRAGMA synchronous=OFF"}
	if wal {
		first = append(first, "PRAGMA journal_mode=WAL", "PRAGMA wal_autocheckpoint=0")
	}
	for _, s := range append(first, statements...) {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	// Copied while it is open: closing would move the log into the database.
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(made + end)
		if errors.Is(err, os.ErrNotExist) && end != "" {
			continue
		}
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file+end, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

func filled(table string, n int) []string {
	return []string{
		"CREATE TABLE " + table + " (id INTEGER PRIMARY KEY, host TEXT, value BLOB)",
		"CREATE INDEX " + table + "_host ON " + table + " (host)",
		fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) "+
			"INSERT INTO %s SELECT i, 'host'||i, randomblob(100) FROM n", n, table),
	}
}

func TestOfProfile(t *testing.T) {
	chromium := func(t *testing.T, dir string) {
		plant(t, filepath.Join(dir, "History"), false, append(filled("visits", 7), filled("downloads", 2)...)...)
		plant(t, filepath.Join(dir, "Cookies"), false, filled("cookies", 3)...)
	}
	history := func(s ...string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { plant(t, filepath.Join(dir, "History"), false, s...) }
	}
	for _, c := range []struct {
		name   string
		family browser.Family
		make   func(t *testing.T, dir string)
		want   Count
	}{
		{"a new profile", browser.Chromium, nil, Count{Known: true}},
		{"a new profile of Firefox", browser.Gecko, nil, Count{Known: true}},
		{"Chromium", browser.Chromium, chromium, Count{Visits: 7, Downloads: 2, Cookies: 3, Known: true}},
		{"Chromium on Windows", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			plant(t, filepath.Join(dir, "Network/Cookies"), false, filled("cookies", 4)...)
		}, Count{Visits: 7, Downloads: 2, Cookies: 4, Known: true}},
		{"Firefox, all in the log", browser.Gecko, func(t *testing.T, dir string) {
			plant(t, filepath.Join(dir, "places.sqlite"), true, filled("moz_historyvisits", 900)...)
			plant(t, filepath.Join(dir, "cookies.sqlite"), true, filled("moz_cookies", 5)...)
		}, Count{Visits: 900, Cookies: 5, Known: true}},
		{"large pages", browser.Gecko, func(t *testing.T, dir string) {
			plant(t, filepath.Join(dir, "cookies.sqlite"), true, append([]string{"PRAGMA page_size=65536", "VACUUM"}, filled("moz_cookies", 5)...)...)
		}, Count{Cookies: 5, Known: true}},
		{"emptied in the log", browser.Gecko, func(t *testing.T, dir string) {
			plant(t, filepath.Join(dir, "cookies.sqlite"), true,
				append(filled("moz_cookies", 2000), "PRAGMA wal_checkpoint", "DELETE FROM moz_cookies", "VACUUM")...)
		}, Count{Known: true}},
		{"a log cut in a transaction", browser.Gecko, func(t *testing.T, dir string) {
			file := filepath.Join(dir, "cookies.sqlite")
			plant(t, file, true, append(filled("moz_cookies", 5), "INSERT INTO moz_cookies(host) VALUES('x')")...)
			info, err := os.Stat(file + "-wal")
			if err := errors.Join(err, os.Truncate(file+"-wal", info.Size()-1)); err != nil {
				t.Fatal(err)
			}
		}, Count{Cookies: 5, Known: true}},
		{"made and never written", browser.Chromium, func(t *testing.T, dir string) {
			if err := os.WriteFile(filepath.Join(dir, "Cookies"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, Count{Known: true}},
		{"no database", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			if err := os.WriteFile(filepath.Join(dir, "History"), bytes.Repeat([]byte("no database "), 999), 0o600); err != nil {
				t.Fatal(err)
			}
		}, Count{Cookies: 3, Code: Broken}},
		{"another layout", browser.Chromium, history(filled("pages", 3)...), Count{Code: Layout}},
		{"a view without an end", browser.Chromium, history(append(filled("downloads", 2),
			"CREATE VIEW visits AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n")...),
			Count{Downloads: 2, Code: Layout}},
		{"a virtual table", browser.Chromium, history(append(filled("downloads", 2), "CREATE VIRTUAL TABLE visits USING fts5(a)")...),
			Count{Downloads: 2, Code: Layout}},
		{"a FIFO", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			if err := errors.Join(os.Remove(filepath.Join(dir, "Cookies")), syscall.Mkfifo(filepath.Join(dir, "Cookies"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}, Count{Visits: 7, Downloads: 2, Code: Kind}},
		{"a link", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			if err := errors.Join(os.Rename(filepath.Join(dir, "Cookies"), filepath.Join(dir, "c")), os.Symlink("c", filepath.Join(dir, "Cookies"))); err != nil {
				t.Fatal(err)
			}
		}, Count{Visits: 7, Downloads: 2, Code: Kind}},
		{"a log that is a FIFO", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			if err := syscall.Mkfifo(filepath.Join(dir, "History-wal"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, Count{Cookies: 3, Code: Kind}},
		{"huge", browser.Chromium, func(t *testing.T, dir string) {
			chromium(t, dir)
			if err := os.Truncate(filepath.Join(dir, "History"), 1<<40); err != nil {
				t.Fatal(err)
			}
		}, Count{Cookies: 3, Code: TooBig}},
		{"a profile that is a file", browser.Chromium, func(t *testing.T, dir string) {
			if err := errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)); err != nil {
				t.Fatal(err)
			}
		}, Count{Code: Kind}},
		{"no profile", browser.Chromium, func(t *testing.T, dir string) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
		}, Count{Code: Gone}},
		{"no family", "other", nil, Count{Code: Family}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "profile")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if c.make != nil {
				c.make(t, dir)
			}
			before := listing(t, dir)
			if diff := cmp.Diff(c.want, OfProfile(t.Context(), c.family, dir)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, listing(t, dir)); diff != "" {
				t.Errorf("counting left something or changed something: %s", diff)
			}
		})
	}
}

// listing describes what is in a folder.
func listing(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil {
			all = append(all, fmt.Sprint(path, info.Size(), info.Mode(), info.ModTime()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNothingIsCountedAfterTheEnd(t *testing.T) {
	dir := t.TempDir()
	plant(t, filepath.Join(dir, "History"), false, filled("visits", 7)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if diff := cmp.Diff(Count{Code: Late}, OfProfile(ctx, browser.Chromium, dir)); diff != "" {
		t.Error(diff)
	}
}

// Damage must never end the process, and a number must stay a number.
func TestDamage(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "db")
	plant(t, whole, true, append(filled("moz_cookies", 400), "PRAGMA wal_checkpoint", "DELETE FROM moz_cookies WHERE id%3=0")...)
	image, err := os.ReadFile(whole)
	log, err2 := os.ReadFile(whole + "-wal")
	if err := errors.Join(err, err2); err != nil || len(log) == 0 {
		t.Fatal(err, len(log))
	}
	rng := rand.New(rand.NewPCG(5, 5))
	codes := map[Code]int{}
	for range 1500 {
		a, b := bytes.Clone(image), bytes.Clone(log)
		for range 1 + rng.IntN(12) {
			a[rng.IntN(len(a))] = byte(rng.Uint32())
			if rng.IntN(4) == 0 {
				a[rng.IntN(200)] = byte(rng.Uint32())
				b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
			}
		}
		text, code := merge(a, b[:len(b)-rng.IntN(2)*rng.IntN(len(b))], maxBytes)
		if code == "" {
			n := -1
			code = ask(t.Context(), text, []question{{"moz_cookies", &n}})
			if code == "" && (n < 0 || n > maxRows) {
				t.Fatalf("%d rows", n)
			}
		}
		codes[code]++
	}
	t.Logf("%v", codes)
	if codes[""] == 0 || codes[Broken] == 0 {
		t.Errorf("the damage is all of one kind: %v", codes)
	}
}

func FuzzMerge(f *testing.F) {
	whole := filepath.Join(f.TempDir(), "db")
	plant(f, whole, true, filled("moz_cookies", 20)...)
	image, _ := os.ReadFile(whole)
	log, _ := os.ReadFile(whole + "-wal")
	f.Add(image, log)
	f.Add([]byte{}, log)
	f.Fuzz(func(t *testing.T, image, log []byte) {
		const limit = 1 << 20
		text, code := merge(image, log, limit)
		if code == "" && len(text) > max(limit, len(image)) {
			t.Errorf("%d bytes", len(text))
		}
	})
}

func BenchmarkHundredThousandRows(b *testing.B) {
	dir := b.TempDir()
	plant(b, filepath.Join(dir, "places.sqlite"), false, filled("moz_historyvisits", 100_000)...)
	b.ReportAllocs()
	for b.Loop() {
		if c := OfProfile(b.Context(), browser.Gecko, dir); c.Visits != 100_000 {
			b.Fatal(c)
		}
	}
}
