package managed_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ipguard/browser"
	"ipguard/browser/managed"
	"ipguard/browser/managed/managedtest"
)

func regular(path string) []byte {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	text, _ := os.ReadFile(path)
	return text
}

// Whatever happens to settings is put right, or said; and what others wrote is there afterwards.
func TestDamages(t *testing.T) {
	kinds := 0
	for _, d := range managedtest.Damages() {
		kinds++
		for _, format := range []browser.Format{browser.JSONFolder, browser.PoliciesJSON, browser.Plist} {
			if len(d.Formats) > 0 && !slices.Contains(d.Formats, format) {
				continue
			}
			t.Run(d.Name+" in "+string(format), func(t *testing.T) { damage(t, d, format) })
		}
	}
	if kinds < 30 {
		t.Errorf("%d kinds of damage, want at least 30", kinds)
	}
}

func damage(t *testing.T, d managedtest.Damage, format browser.Format) {
	family := browser.Chromium
	if format == browser.PoliciesJSON {
		family = browser.Gecko
	}
	y, want := files(t, format, family), settings(family)
	theirs := map[string]any{"Theirs": 5, "TheirObject": map[string]any{"a": 1}}
	if format != browser.JSONFolder || !strings.Contains(d.Name, "folder") {
		y.theirs(t, theirs)
	}
	_, err := y.store.Apply(want)
	must(t, err)
	survive := d.Do(t, y.target)
	broken := regular(y.target.Own)

	found := managed.Judge(want, y.store.Sources())
	changed, err := y.store.Apply(want)
	after := managed.Judge(want, y.store.Sources())
	if len(found) == 0 && !changed && err == nil && !d.Harmless {
		t.Error("nobody noticed")
	}
	switch {
	case d.Repairable && (err != nil || managed.Failing(after)):
		t.Errorf("not repaired: %v, %+v", err, after)
	case d.Repairable:
		if again, err := y.store.Apply(want); again || err != nil {
			t.Errorf("a second time: changed %v, %v", again, err)
		}
	case err == nil && len(after) == 0:
		t.Error("nobody says that something is wrong")
	case err != nil && !errors.Is(err, managed.ErrUnsafe) && !errors.Is(err, managed.ErrOccupied) && !errors.Is(err, managed.ErrImmutable):
		t.Errorf("an error of no kind: %v", err)
	case err != nil && len(after) == 0:
		t.Errorf("it cannot be written, but would be needless: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "/") {
		t.Errorf("the error names a file: %v", err)
	}
	t.Logf("found %+v; changed %v, %v; then %+v", found, changed, err, after)
	if scraps, _ := filepath.Glob(filepath.Join(filepath.Dir(y.target.Own), ".ipguard-*.tmp")); err == nil && len(scraps) > 0 {
		t.Errorf("%d unfinished files are left", len(scraps))
	}
	for path, text := range survive {
		if got := regular(path); string(got) != text {
			t.Errorf("what others wrote is now %.80q", got)
		}
	}
	// Others' settings in the same file either count still, or the file as it was is kept.
	if format == browser.JSONFolder || !bytes.Contains(broken, []byte("Theirs")) || managed.Equal(managed.Effective(y.store.Sources())["Theirs"], 5) {
		return
	}
	kept, _ := filepath.Glob(y.target.Own + ".unreadable*")
	for _, path := range append(kept, y.target.Own) {
		info, err := os.Lstat(path)
		if err == nil && bytes.Equal(regular(path), broken) && (path == y.target.Own || info.Mode() == 0o600) {
			return
		}
	}
	t.Errorf("others' settings are gone; %d files were kept", len(kept))
}

// The file that ours puts out of use goes on counting, also when it comes or changes later, and counts by itself again when
// ours goes.
func TestInsteadGoesOnCounting(t *testing.T) {
	y, want := files(t, browser.PoliciesJSON, browser.Gecko), settings(browser.Gecko)
	put := func(text string) {
		must(t, os.MkdirAll(filepath.Dir(y.target.Instead), 0o755))
		must(t, os.WriteFile(y.target.Instead, []byte(text), 0o644))
		_, err := y.store.Apply(want)
		must(t, err)
		if found := managed.Judge(want, y.store.Sources()); len(found) > 0 {
			t.Fatalf("%+v", found)
		}
	}
	put(`{"policies": {"A": 1, "B": 2, "PrivateMode": 0, "Object": {"x": 1, "Value": "theirs"}}}`)
	got := managed.Effective(y.store.Sources())
	if object, _ := got["Object"].(map[string]any); !managed.Equal(got["A"], 1) || !managed.Equal(object["x"], 1) {
		t.Errorf("with the other file: %v", got)
	}
	put(`{"policies": {"B": 3}}`)
	got = managed.Effective(y.store.Sources())
	object, _ := got["Object"].(map[string]any)
	if _, a := got["A"]; a || !managed.Equal(got["B"], 3) || object["x"] != nil {
		t.Errorf("with the other file changed: %v", got)
	}
	must(t, os.Remove(y.target.Instead))
	if _, err := y.store.Apply(want); err != nil {
		t.Fatal(err)
	}
	if _, b := managed.Effective(y.store.Sources())["B"]; b {
		t.Error("what the other file said counts after it went")
	}
	put(`{"policies": {"B": 3}}`)
	if _, err := y.store.Remove(); err != nil || y.left(t) != 0 {
		t.Errorf("%d files are left, %v", y.left(t), err)
	}
	if got := managed.Effective(y.store.Sources()); !managed.Equal(got, map[string]any{"B": 3}) {
		t.Errorf("afterwards: %v", got)
	}
}

// Where only the administrator can change anything, links are followed, and the system's own links do no harm.
func TestSafeLinks(t *testing.T) {
	y, want := files(t, browser.JSONFolder, browser.Chromium), settings(browser.Chromium)
	must(t, os.MkdirAll(filepath.Dir(filepath.Dir(y.target.Own)), 0o755))
	must(t, os.Symlink("../../../elsewhere", filepath.Dir(y.target.Own)))
	if _, err := y.store.Apply(want); err != nil {
		t.Fatal(err)
	}
	if found := managed.Judge(want, y.store.Sources()); len(found) > 0 || count(t, y.target.Elsewhere) != 1 {
		t.Errorf("%+v, %d files", found, count(t, y.target.Elsewhere))
	}
	if !slices.Contains(y.store.Watch(), y.target.Elsewhere) {
		t.Errorf("the folder to which the link leads is not watched: %q", y.store.Watch())
	}
}

func TestFilesAreReadableByEverybody(t *testing.T) {
	y := files(t, browser.JSONFolder, browser.Chromium)
	_, err := y.store.Apply(settings(browser.Chromium))
	must(t, err)
	info, err := os.Lstat(y.target.Own)
	must(t, err)
	dir, err := os.Lstat(filepath.Dir(y.target.Own))
	must(t, err)
	if info.Mode() != 0o644 || dir.Mode() != os.ModeDir|0o755 {
		t.Errorf("modes %v and %v", info.Mode(), dir.Mode())
	}
	if since := y.store.Sources()[0].Since; time.Since(since) > time.Hour {
		t.Errorf("written at %v", since)
	}
}

// Without a prefix everything is looked at up to the root; a sticky folder on the way does no harm.
func TestWithoutPrefix(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	store, err := managed.NewStore(browser.Place{Format: browser.JSONFolder, Path: filepath.Join(dir, "a/b")}, browser.Chromium, "")
	must(t, err)
	want := settings(browser.Chromium)
	if changed, err := store.Apply(want); !changed || err != nil {
		t.Fatalf("changed %v, %v", changed, err)
	}
	if found := managed.Judge(want, store.Sources()); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	if watch := store.Watch(); !slices.Contains(watch, "/") || !slices.Contains(watch, filepath.Join(dir, "a/b")) {
		t.Errorf("watched: %q", watch)
	}
	must(t, os.Chown(dir, managedtest.Stranger, managedtest.Stranger))
	if found := managed.Judge(want, store.Sources()); !managed.Failing(found) || found[0].Code != managed.CodeUnsafe {
		t.Errorf("in an account's folder: %+v", found)
	}
	if _, err := store.Apply(managed.Settings{Values: map[string]any{"x": 1}}); !errors.Is(err, managed.ErrUnsafe) {
		t.Errorf("in an account's folder: %v", err)
	}
}
