package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// topNames are the only names at the top of the tree, besides git's own and what .gitignore names.
func topNames() []string {
	return []string{
		"agent", "browser", "cmd", "devices", "packaging", "policy", "wipe",
		"go.mod", "go.sum", "README.md", "LICENSE",
		".ci", ".gitignore", ".golangci.yml",
	}
}

func TestOnlyKnownNamesAtTheTop(t *testing.T) {
	known := map[string]bool{}
	for _, name := range topNames() {
		known[name] = true
	}
	for _, path := range files(t) {
		if top, _, _ := strings.Cut(path, "/"); !known[top] {
			t.Errorf("%s: nothing else belongs at the top of the tree", top)
			known[top] = true // once is enough
		}
	}
}

func TestNoForbiddenFolders(t *testing.T) {
	vague := regexp.MustCompile(`(^|/)(internal|utils?|common|helpers?|misc|vendor)/`)
	for _, path := range files(t) {
		if vague.MatchString(path) || filepath.Base(path) == "Makefile" {
			t.Errorf("%s: a package is named after what it does, and scripts live in packaging", path)
		}
	}
}

// A path of the machine on which something was written helps nobody else.
func TestNoPathOfAWorkplace(t *testing.T) {
	// The patterns are written so that they do not match themselves.
	workplace := regexp.MustCompile(`/wor[k]/|\.\./share[d]|/roo[t]/go|/hom[e]/[a-z]+/go/`)
	for _, path := range files(t) {
		text := read(t, path)
		if bytes.IndexByte(text, 0) >= 0 {
			continue // a binary; none should hold text of ours
		}
		if found := workplace.Find(text); found != nil {
			t.Errorf("%s mentions %s", path, found)
		}
	}
}

func TestScriptsCanBeRun(t *testing.T) {
	seen := 0
	for _, path := range files(t) {
		script := bytes.HasPrefix(read(t, path), []byte("#!")) ||
			filepath.Dir(path) == "packaging" && filepath.Ext(path) == "" || filepath.Dir(path) == ".ci"
		if !script {
			continue
		}
		seen++
		info, err := os.Stat(filepath.Join(root(t), filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o111 != 0o111 {
			t.Errorf("%s is a script that nobody may run: chmod +x", path)
		}
	}
	if seen < 3 {
		t.Errorf("%d scripts found; packaging/demo, packaging/test and .ci/run are some at least", seen)
	}
}
