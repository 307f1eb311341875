package policy_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/policy"
)

// folder makes a folder as an administrator would, with a policy in it.
func folder(t *testing.T, text string) (dir, file string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "ipguard")
	file = filepath.Join(dir, "policy.yaml")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

func TestLoad(t *testing.T) {
	_, file := folder(t, "version: 1\nstow: {power_off: true}\n")
	got, err := policy.Load(file)
	if err != nil || !got.Stow.PowerOff {
		t.Errorf("power off %v, error %v", got.Stow.PowerOff, err)
	}
}

// A laptop without a file is not a broken laptop.
func TestLoadWithoutFile(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "none", "policy.yaml")} {
		got, err := policy.Load(file)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(policy.Default(), got); diff != "" {
			t.Errorf("not the built-in policy:\n%s", diff)
		}
	}
}

func TestLoadRefusesBrokenFile(t *testing.T) {
	for name, text := range map[string]string{
		"unknown":   "version: 1\nsecret: 1\n",
		"too large": "version: 1\n# " + strings.Repeat("x", policy.MaxSize),
	} {
		_, file := folder(t, text)
		got, err := policy.Load(file)
		var at *policy.FileError
		if !errors.As(err, &at) {
			t.Errorf("%s: error %v", name, err)
		}
		if diff := cmp.Diff(policy.Default(), got); diff != "" {
			t.Errorf("%s: not the built-in policy:\n%s", name, diff)
		}
	}
}

// check wants a refusal that names nothing.
func check(t *testing.T, file string, want error) {
	t.Helper()
	got, err := policy.Load(file)
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if err != nil && strings.Contains(err.Error(), "policy.yaml") {
		t.Errorf("the error names the file: %v", err)
	}
	if diff := cmp.Diff(policy.Default(), got); diff != "" {
		t.Errorf("not the built-in policy:\n%s", diff)
	}
}

func TestLoadRefusesFolderInPlaceOfFile(t *testing.T) {
	dir, file := folder(t, "")
	if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o755)); err != nil {
		t.Fatal(err)
	}
	check(t, file, policy.ErrUnsafe)
	check(t, filepath.Join(dir, "policy.yaml"), policy.ErrUnsafe)
}
