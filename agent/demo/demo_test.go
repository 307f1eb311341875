package demo_test

import (
	"bytes"
	"database/sql"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent/demo"
	"ipguard/wipe"
)

const marker = "temoin-0451"

var update = flag.Bool("update", false, "write the golden listings anew")

// plant makes a home with a session for the system.
func plant(t *testing.T, goos string) (string, demo.Summary) {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	if err := demo.PlantBaseline(home, goos); err != nil {
		t.Fatalf("PlantBaseline: %v", err)
	}
	summary, err := demo.PlantSession(home, goos, demo.Invented(marker))
	if err != nil {
		t.Fatalf("PlantSession: %v", err)
	}
	return home, summary
}

// listing returns what lies in the home, a line each: folders end in a slash, links in an arrow.
func listing(t *testing.T, home string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(home, path)
		line := filepath.ToSlash(rel)
		switch {
		case d.IsDir():
			line += "/"
		case d.Type()&fs.ModeSymlink != 0:
			line += " ->"
		}
		lines = append(lines, line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// systems are the shapes that can be planted here: Windows cannot hold the links of the Linux shape.
func systems() []string {
	if runtime.GOOS == "windows" {
		return []string{"windows"}
	}
	return []string{"linux", "windows"}
}

func TestListingIsTheRecordedOne(t *testing.T) {
	for _, goos := range systems() {
		t.Run(goos, func(t *testing.T) {
			home, _ := plant(t, goos)
			got := listing(t, home)
			golden := filepath.Join("testdata", "home_"+goos+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the home differs from the recorded listing (-want +got):\n%s", diff)
			}
		})
	}
}

// A home without one of these classes would let a demonstration pass that never met such a trace.
func TestEveryPromisedClassIsPlanted(t *testing.T) {
	promised := []wipe.Class{
		wipe.ClassDocuments, wipe.ClassDownloads, wipe.ClassScan, wipe.ClassBrowser, wipe.ClassCredentials, wipe.ClassMessaging,
		wipe.ClassOffice, wipe.ClassRecent, wipe.ClassThumbnails, wipe.ClassTrash, wipe.ClassShell, wipe.ClassAutostart, wipe.ClassUnknown,
	}
	for _, goos := range systems() {
		t.Run(goos, func(t *testing.T) {
			_, summary := plant(t, goos)
			files, total := map[wipe.Class]int{}, 0
			for _, c := range summary.Counts() {
				files[c.Class] = c.Files
				total += c.Files
			}
			for _, class := range promised {
				if files[class] == 0 {
					t.Errorf("no trace of class %s", class)
				}
			}
			if total != len(summary.Traces) {
				t.Errorf("the counts add up to %d, not to the %d traces: a class is not one of wipe.Classes", total, len(summary.Traces))
			}
		})
	}
}

// Searches for the marker are the proof that nothing is left; a trace without it would be searched for in vain.
func TestEveryTraceCarriesTheMarkerAndNothingElseDoes(t *testing.T) {
	for _, goos := range systems() {
		t.Run(goos, func(t *testing.T) {
			home, summary := plant(t, goos)
			planted := map[string]bool{}
			for _, trace := range summary.Traces {
				planted[trace.Path] = true
				if !marked(t, home, trace.Path) && !marked(t, home, trace.Path+"-wal") {
					t.Errorf("%s carries no marker", trace.Path)
				}
			}
			for line := range strings.Lines(listing(t, home)) {
				rel := strings.TrimSuffix(strings.TrimSpace(line), " ->")
				if !strings.HasSuffix(rel, "/") && !planted[rel] && marked(t, home, rel) {
					t.Errorf("%s carries the marker and is not in the summary", rel)
				}
			}
		})
	}
}

// marked tells whether the marker is in the path or the content, as UTF-8 or UTF-16; in a file that is not there it is not.
func marked(t *testing.T, home, rel string) bool {
	t.Helper()
	if strings.Contains(rel, marker) {
		return true
	}
	content, err := os.ReadFile(filepath.Join(home, filepath.FromSlash(rel)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(marker)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	return bytes.Contains(content, []byte(marker)) || bytes.Contains(content, wide)
}

func TestDatabasesOpenAndHoldTheMarker(t *testing.T) {
	for _, goos := range systems() {
		t.Run(goos, func(t *testing.T) {
			home, summary := plant(t, goos)
			opened := 0
			for _, trace := range summary.Traces {
				place := filepath.Join(home, filepath.FromSlash(trace.Path))
				if content, err := os.ReadFile(place); err != nil || !bytes.HasPrefix(content, []byte("SQLite format 3\x00")) {
					continue
				}
				opened++
				if !strings.Contains(dump(t, place), marker) {
					t.Errorf("%s: no row holds the marker", trace.Path)
				}
			}
			if opened != 10 {
				t.Errorf("%d databases planted, want 10", opened)
			}
		})
	}
}

// dump returns all values of all tables.
func dump(t *testing.T, place string) string {
	t.Helper()
	db, err := sql.Open("sqlite", place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var out strings.Builder
	for _, table := range column(t, db, "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%'") {
		for _, field := range column(t, db, "SELECT name FROM pragma_table_info('"+table+"')") {
			out.WriteString(strings.Join(column(t, db, "SELECT COALESCE(CAST("+field+" AS TEXT), '') FROM "+table), "\n"))
		}
	}
	return out.String()
}

func column(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return values
}

// The history of a killed browser lies in the log: a wiper that removes the database only would leave it.
func TestLogsAreLeftBesideDatabases(t *testing.T) {
	home, _ := plant(t, "windows")
	profile := filepath.Join(home, "AppData", "Roaming", "Mozilla", "Firefox", "Profiles", "p3rm4n3n.default-esr")
	for _, name := range []string{"cookies.sqlite", "places.sqlite"} {
		main, err := os.ReadFile(filepath.Join(profile, name))
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(filepath.Join(profile, name+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(main, []byte(marker)) || !bytes.Contains(log, []byte(marker)) {
			t.Errorf("%s: the marker should be in the log only", name)
		}
	}
}

func TestBaselineIsOldAndNobodys(t *testing.T) {
	for _, goos := range systems() {
		home := filepath.Join(t.TempDir(), "home")
		if err := demo.PlantBaseline(home, goos); err != nil {
			t.Fatal(err)
		}
		files := 0
		err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
			info, e := d.Info()
			if err != nil || e != nil {
				return errors.Join(err, e)
			}
			if time.Since(info.ModTime()) < 24*time.Hour {
				t.Errorf("%s: %s is new", goos, path)
			}
			if info.Mode().IsRegular() {
				files++
			}
			return nil
		})
		if err != nil || files < 200 {
			t.Errorf("%s: %d files, error %v; want some hundred", goos, files, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	goos := systems()[len(systems())-1]
	home, _ := plant(t, goos)
	before := listing(t, home)
	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, "lettre.txt"), []byte("somebody's"), 0o600); err != nil {
		t.Fatal(err)
	}
	person := demo.Invented(marker)
	session := func(home, goos string, p demo.Person) error {
		_, err := demo.PlantSession(home, goos, p)
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"a baseline in a planted home", demo.PlantBaseline(home, goos), demo.ErrNotEmpty},
		{"a baseline in somebody's home", demo.PlantBaseline(strange, goos), demo.ErrNotEmpty},
		{"a baseline where a file lies", demo.PlantBaseline(filepath.Join(strange, "lettre.txt"), goos), nil},
		{"a session in somebody's home", session(strange, goos, person), demo.ErrNotPlanted},
		{"a second session", session(home, goos, person), demo.ErrPlanted},
		{"a marker with a path in it", session(home, goos, demo.Invented("../x")), demo.ErrMarker},
		{"an unknown system", demo.PlantBaseline(filepath.Join(strange, "new"), "plan9"), errors.ErrUnsupported},
		{"a session of an unknown system", session(home, "darwin", person), errors.ErrUnsupported},
	} {
		if c.err == nil || c.want != nil && !errors.Is(c.err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, c.err, c.want)
		}
		if c.err != nil && strings.Contains(c.err.Error(), filepath.Base(strange)) {
			t.Errorf("%s: the error names a path: %v", c.name, c.err)
		}
	}
	if diff := cmp.Diff(before, listing(t, home)); diff != "" {
		t.Errorf("a refusal changed the home (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff("./\nlettre.txt\n", listing(t, strange)); diff != "" {
		t.Errorf("a refusal changed somebody's folder (-before +after):\n%s", diff)
	}
}
