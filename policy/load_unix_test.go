//go:build unix

package policy_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ipguard/policy"
)

// Whoever can change the policy decides what a wipe leaves: nobody but root may.
func TestLoadRefusesWhatOthersCanChange(t *testing.T) {
	const text = "version: 1\nstow: {power_off: true}\n"
	if os.Geteuid() != 0 {
		t.Fatal("this test gives files to another account: run it as root")
	}
	for name, spoil := range map[string]func(dir, file string) error{
		"file is another account's":   func(_, file string) error { return os.Chown(file, 65534, 65534) },
		"folder is another account's": func(dir, _ string) error { return os.Chown(dir, 65534, 65534) },
		"file is open to its group":   func(_, file string) error { return os.Chmod(file, 0o664) },
		"file is open to all":         func(_, file string) error { return os.Chmod(file, 0o646) },
		"folder is open to its group": func(dir, _ string) error { return os.Chmod(dir, 0o775) },
		"folder is open, and sticky":  func(dir, _ string) error { return os.Chmod(dir, 0o777|os.ModeSticky) },
		"file is a link":              func(dir, file string) error { return link(file, filepath.Join(dir, "other")) },
		"folder is a link":            func(dir, _ string) error { return link(dir, dir+".other") },
		"file is a FIFO": func(_, file string) error {
			if err := os.Remove(file); err != nil {
				return err
			}
			return syscall.Mkfifo(file, 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, file := folder(t, text)
			if err := spoil(dir, file); err != nil {
				t.Fatal(err)
			}
			check(t, file, policy.ErrUnsafe)
		})
	}
}

// link puts a link to a thing into its place.
func link(name, aside string) error {
	if err := os.Rename(name, aside); err != nil {
		return err
	}
	return os.Symlink(aside, name)
}

func TestLoadErrorsNameNothing(t *testing.T) {
	dir, _ := folder(t, "")
	check(t, filepath.Join(dir, "policy.yaml", "policy.yaml"), syscall.ENOTDIR)
}
