package baseline_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe/baseline"
	"ipguard/wipe/walk"
)

func groups() []*baseline.Group {
	return []*baseline.Group{
		{Self: baseline.Entry{Type: walk.Directory, Mode: 0o700, UID: 1000}, Children: []baseline.Entry{
			{Name: "-rf \n\xff", Type: walk.File, Size: 1 << 40, MTime: -1, Inode: 1<<64 - 1, Digest: baseline.Digest{1, 2, 3}},
			{Name: "dir", Type: walk.Directory, Mode: 0o2755, Xattrs: []walk.Xattr{{Name: "user.x", Value: []byte{0, 255}}}},
			{Name: "link", Type: walk.Symlink, Target: "\xfe/../x"},
		}},
		{Depth: 1, Self: baseline.Entry{Name: "dir", Type: walk.Directory}, Children: []baseline.Entry{{Name: "sub", Type: walk.Directory}}},
		{Depth: 2, Self: baseline.Entry{Name: "sub", Type: walk.Directory}},
		{Depth: 1, Self: baseline.Entry{Name: "empty", Type: walk.Directory}},
	}
}

// writeManifest writes the groups and returns the file.
func writeManifest(t *testing.T, all []*baseline.Group) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "home.manifest")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := baseline.NewWriter(f)
	for _, g := range all {
		if err := w.Write(g); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func readManifest(file string) (all []*baseline.Group, err error) {
	r, err := baseline.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		g, err := r.Next()
		if err == io.EOF {
			return all, nil
		} else if err != nil {
			return all, err
		}
		all = append(all, g)
	}
}

func TestManifestRoundTrip(t *testing.T) {
	got, err := readManifest(writeManifest(t, groups()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(groups(), got); diff != "" {
		t.Error(diff)
	}
}

// Nothing is decided from a manifest in which a single byte is not as it was written: it does not even open.
func TestManifestDamagedAnywhere(t *testing.T) {
	file := writeManifest(t, groups())
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, at int, content []byte) {
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := readManifest(file); !errors.Is(err, baseline.ErrCorrupt) || len(got) > 0 {
			t.Errorf("%s at %d: %d groups, error %v; want ErrCorrupt and none", what, at, len(got), err)
		}
	}
	for i := range whole {
		harmed := bytes.Clone(whole)
		harmed[i] ^= 0x40
		try("flipped", i, harmed)
		try("cut", i, whole[:i])
	}
	try("longer", len(whole), append(bytes.Clone(whole), 0))
	try("zeros", 0, make([]byte, len(whole)))
}

// Groups that stand in an impossible order are not believed either, whatever the digest says.
func TestManifestOutOfOrder(t *testing.T) {
	for name, all := range map[string][]*baseline.Group{
		"two levels at once":  {groups()[0], groups()[2]},
		"does not begin at 0": {groups()[1]},
		"negative depth":      {groups()[0], {Depth: -1}},
		"a second root":       {groups()[0], groups()[1], groups()[0]},
	} {
		got, err := readManifest(writeManifest(t, all))
		if !errors.Is(err, baseline.ErrCorrupt) {
			t.Errorf("%s: %d groups, error %v; want ErrCorrupt", name, len(got), err)
		}
	}
}
