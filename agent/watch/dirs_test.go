package watch

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What an administrator's settings say must not change unnoticed, whatever happens to the folders around them.
func TestDirs(t *testing.T) {
	top := t.TempDir()
	vendor, leaf := filepath.Join(top, "vendor"), filepath.Join(top, "vendor", "managed")
	ctx, cancel := context.WithCancel(t.Context())
	changed, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- Dirs(ctx, func() []string { return []string{top, vendor, leaf} }, changed)
	}()
	time.Sleep(100 * time.Millisecond) // until it listens
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"the folders come", func() error { return os.MkdirAll(leaf, 0o755) }},
		{"a file comes", func() error { return os.WriteFile(filepath.Join(leaf, "a"), []byte("{}"), 0o644) }},
		{"it is cut", func() error { return os.Truncate(filepath.Join(leaf, "a"), 1) }},
		{"its mode changes", func() error { return os.Chmod(filepath.Join(leaf, "a"), 0o600) }},
		{"the mode of a folder changes", func() error { return os.Chmod(vendor, 0o700) }},
		{"a folder above goes", func() error { return os.Rename(vendor, vendor+".old") }},
		{"a link comes in its place", func() error { return os.Symlink(vendor+".old", vendor) }},
		{"a file behind the link changes", func() error { return os.WriteFile(filepath.Join(leaf, "b"), nil, 0o644) }},
		{"the link goes", func() error { return os.Remove(vendor) }},
		{"the folder comes back", func() error { return os.Rename(vendor+".old", vendor) }},
		{"a file goes", func() error { return os.Remove(filepath.Join(leaf, "b")) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: nothing was told", step.what)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A folder where others work all the time must not keep the service busy.
func TestDirsPassOver(t *testing.T) {
	top := t.TempDir()
	leaf := filepath.Join(top, "managed")
	if err := os.Mkdir(leaf, 0o755); err != nil {
		t.Fatal(err)
	}
	changed := make(chan struct{}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Dirs(ctx, func() []string { return []string{top, leaf} }, changed) }()
	time.Sleep(100 * time.Millisecond)
	for range 50 {
		if err := os.WriteFile(filepath.Join(top, "other"), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(leaf, "ours"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	<-changed
	select {
	case <-changed:
		t.Error("told twice of one change")
	case <-time.After(2 * dirsMost):
	}
	cancel()
	<-ended
}
