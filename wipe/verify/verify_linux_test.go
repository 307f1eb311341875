package verify_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/locate"
	"ipguard/wipe/verify"
	"ipguard/wipe/walk"
)

// home is a small tree with its baseline.
type home struct {
	*testing.T
	dir, manifest string
	match         catalog.Match
}

func newHome(t *testing.T) home {
	t.Helper()
	top := t.TempDir()
	h := home{T: t, dir: filepath.Join(top, "home"), manifest: filepath.Join(top, "manifest")}
	for _, d := range []string{"", ".config/autostart", "bin", "empty"} {
		h.must(os.MkdirAll(filepath.Join(h.dir, d), 0o755))
	}
	h.write(".config/rc", "setting", 0o600)
	h.write(".config/autostart/panel.desktop", "[Desktop Entry]", 0o644)
	h.write("bin/tool", "#!/bin/sh", 0o755)
	h.must(os.Symlink("bin/tool", h.path("link")))
	past := time.Date(2025, 3, 4, 5, 6, 7, 8, time.UTC)
	h.must(os.Chtimes(h.path(".config/rc"), past, past))
	arts, err := catalog.Load()
	h.must(err)
	h.match = catalog.NewClassifier(arts, "linux", locate.Home("linux", h.dir, nil), h.dir).Root()
	root, err := walk.Open(h.dir)
	h.must(err)
	defer root.Close()
	c := &baseline.Capture{Root: root, Match: h.match, MaxFiles: 100, MaxBytes: 1 << 20}
	h.must(c.Run(t.Context(), h.manifest, filepath.Join(top, "copies")))
	return h
}

func (h home) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h home) path(rel string) string { return filepath.Join(h.dir, rel) }

func (h home) write(rel, content string, mode os.FileMode) {
	h.Helper()
	h.must(os.WriteFile(h.path(rel), []byte(content), mode))
}

// read gives outcome and code of everything that a thorough reading finds.
func (h home) read(live bool) []string {
	h.Helper()
	root, err := walk.Open(h.dir)
	h.must(err)
	defer root.Close()
	m, err := baseline.Open(h.manifest)
	h.must(err)
	defer m.Close()
	var out verify.Findings
	tree := verify.Tree{Root: root, Manifest: m, Match: h.match, Live: live, Thorough: true}
	h.must(tree.Read(context.Background(), &out))
	var all []string
	for _, r := range out.Results() {
		for range r.Count {
			all = append(all, string(r.Outcome)+" "+string(r.Code))
		}
	}
	return all
}

// Whatever is not as the baseline has it must be seen: this reading is all that stands between a failed wipe and "ready".
func TestReadSeesEveryDifference(t *testing.T) {
	for name, c := range map[string]struct {
		change func(home)
		want   []string
	}{
		"nothing":      {func(home) {}, nil},
		"a new file":   {func(h home) { h.write("letter", "x", 0o600) }, []string{"residual remains"}},
		"a new folder": {func(h home) { h.must(os.Mkdir(h.path("dir"), 0o700)) }, []string{"residual remains"}},
		"a file deep in a new folder": {func(h home) {
			h.must(os.MkdirAll(h.path("a/b"), 0o700))
			h.write("a/b/c", "x", 0o600)
		}, []string{"residual remains", "residual remains", "residual remains"}},
		"a new link, fifo, socket": {func(h home) {
			h.must(os.Symlink("/etc", h.path("out")))
			h.must(syscall.Mkfifo(h.path("fifo"), 0o600))
			h.must(unix.Mknod(h.path("socket"), unix.S_IFSOCK|0o600, 0))
		}, []string{"residual remains", "residual remains", "residual remains"}},
		"content, size kept, time put back": {func(h home) {
			h.write(".config/rc", "SETTING", 0o600)
			past := time.Date(2025, 3, 4, 5, 6, 7, 8, time.UTC)
			h.must(os.Chtimes(h.path(".config/rc"), past, past))
		}, []string{"residual changed"}},
		"mode":                   {func(h home) { h.must(os.Chmod(h.path("bin/tool"), 0o777)) }, []string{"residual changed"}},
		"mode of a folder":       {func(h home) { h.must(os.Chmod(h.path("bin"), 0o777)) }, []string{"residual changed"}},
		"owner":                  {func(h home) { h.must(os.Chown(h.path("bin/tool"), 4711, 4711)) }, []string{"residual changed"}},
		"extended attribute":     {func(h home) { h.must(unix.Setxattr(h.path(".config/rc"), "user.x", []byte("y"), 0)) }, []string{"residual changed"}},
		"time":                   {func(h home) { h.must(os.Chtimes(h.path("bin/tool"), time.Now(), time.Unix(1, 0))) }, []string{"residual changed"}},
		"a second name for it":   {func(h home) { h.must(os.Link(h.path(".config/rc"), h.path("other"))) }, []string{"residual changed", "residual remains"}},
		"a link instead":         {func(h home) { h.must(os.Remove(h.path("bin/tool"))); h.must(os.Symlink("/bin/sh", h.path("bin/tool"))) }, []string{"residual missing", "residual remains"}},
		"another target":         {func(h home) { h.must(os.Remove(h.path("link"))); h.must(os.Symlink("elsewhere", h.path("link"))) }, []string{"residual changed"}},
		"a file gone":            {func(h home) { h.must(os.Remove(h.path("bin/tool"))) }, []string{"residual missing"}},
		"a folder gone":          {func(h home) { h.must(os.RemoveAll(h.path(".config/autostart"))) }, []string{"residual missing", "residual missing"}},
		"a folder become a file": {func(h home) { h.must(os.Remove(h.path("empty"))); h.write("empty", "x", 0o600) }, []string{"residual missing", "residual remains"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t)
			c.change(h)
			if diff := cmp.Diff(c.want, h.read(false)); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
		})
	}
}

// A stamp can be right while the content is not, after a fault of the disk: programs and autostart entries are read again.
func TestThoroughReadsProgramsAgain(t *testing.T) {
	h := newHome(t)
	forge(h, "bin/tool")
	if diff := cmp.Diff([]string{"residual changed"}, h.read(false)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

// forge changes a file and then writes its new stamp into the manifest, as if nobody had changed it.
func forge(h home, rel string) {
	h.Helper()
	h.write(rel, "#!/bin/SH", 0o755)
	info, err := os.Lstat(h.path(rel))
	h.must(err)
	st := info.Sys().(*syscall.Stat_t)
	r, err := baseline.Open(h.manifest)
	h.must(err)
	defer r.Close()
	f, err := os.Create(h.manifest + ".new")
	h.must(err)
	defer f.Close()
	w := baseline.NewWriter(f)
	for g, err := r.Next(); err == nil; g, err = r.Next() {
		if i := g.Find(filepath.Base(rel)); i >= 0 {
			g.Children[i].Inode, g.Children[i].CTime = st.Ino, st.Ctim.Nano()
		}
		h.must(w.Write(g))
	}
	h.must(w.Close())
	h.must(os.Rename(h.manifest+".new", h.manifest))
}

// What a running desktop holds open, and what it writes by itself, is told but does not make an account unready.
func TestReadExcusesTheDesktop(t *testing.T) {
	h := newHome(t)
	h.write(".Xauthority", "x", 0o600)
	h.must(os.MkdirAll(h.path(".cache/fontconfig"), 0o755))
	h.write(".cache/fontconfig/x.cache-8", "x", 0o644)
	got := h.read(true)
	for _, g := range got {
		if g != "skipped live_session" && g != "skipped volatile" {
			t.Errorf("found %q", g)
		}
	}
	if len(got) < 2 {
		t.Errorf("found %d entries, want at least 2", len(got))
	}
	if n := len(h.read(false)); n < 2 {
		t.Errorf("without a desktop %d entries, want at least 2", n)
	}
}
