package demo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent/demo"
	"ipguard/browser"
	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/locate"
)

// planted lets browser discovery look at a home.
type planted struct{ fsys fs.FS }

func (p planted) List(rel string) ([]string, error) {
	if rel == "" {
		rel = "."
	}
	entries, err := fs.ReadDir(p.fsys, rel)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

func (p planted) IsFile(rel string) bool {
	info, err := fs.Stat(p.fsys, rel)
	return err == nil && info.Mode().IsRegular()
}

func (p planted) Read(rel string, limit int) ([]byte, error) {
	content, err := fs.ReadFile(p.fsys, rel)
	return content[:min(limit, len(content))], err
}

// classify returns what the catalogue says of a path in a planted home.
func classify(t *testing.T, home, goos string) (func(rel string) catalog.Match, []browser.Found) {
	t.Helper()
	artifacts, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	place := map[string]string{"linux": "/home/permanence", "windows": `C:\Users\permanence`}[goos]
	folders, err := os.ReadFile(filepath.Join(home, ".config", "user-dirs.dirs"))
	if err != nil && goos == "linux" {
		t.Fatal(err)
	}
	tokens := locate.Home(goos, place, folders)
	found := browser.Discover(planted{os.DirFS(home)}, goos, place)
	for token, folders := range browser.Tokens(goos, place, found) {
		tokens.Merge(wipe.Token(token), folders...)
	}
	classifier := catalog.NewClassifier(artifacts, goos, tokens, place)
	return func(rel string) catalog.Match {
		match := classifier.Root()
		for name := range strings.SplitSeq(rel, "/") {
			match = match.Child(name)
		}
		return match
	}, found
}

// The demonstration tells people what was planted and then shows a report: both must give a trace the same class.
func TestTheCatalogueAgreesOnTheClasses(t *testing.T) {
	for _, goos := range systems() {
		t.Run(goos, func(t *testing.T) {
			home, summary := plant(t, goos)
			match, found := classify(t, home, goos)
			var ids []string
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			want := map[string][]string{"linux": {"chromium", "firefox"}, "windows": {"chrome", "firefox"}}[goos]
			if diff := cmp.Diff(want, ids); diff != "" {
				t.Errorf("browsers that discovery finds (-want +got):\n%s", diff)
			}
			for _, trace := range summary.Traces {
				if id, class := match(trace.Path).Artifact(); class != trace.Class {
					t.Errorf("%s is planted as %s, the catalogue says %s (%s)", trace.Path, trace.Class, class, id)
				}
			}
		})
	}
}

// What enrollment would leave out of the baseline would be lost at the first wipe, and the demonstration would seem to
// destroy the laptop's own files.
func TestEnrollmentKeepsTheLaptopsFiles(t *testing.T) {
	for _, goos := range systems() {
		home := filepath.Join(t.TempDir(), "home")
		if err := demo.PlantBaseline(home, goos); err != nil {
			t.Fatal(err)
		}
		match, _ := classify(t, home, goos)
		for line := range strings.Lines(listing(t, home)) {
			rel := strings.TrimSpace(line)
			if rule := match(rel).Enroll(); !strings.HasSuffix(rel, "/") && (rule == wipe.EnrollPersonal || rule == wipe.EnrollRebuilt) {
				t.Errorf("%s: enrollment leaves %s out as %s", goos, rel, rule)
			}
		}
	}
}
