package storage

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func TestDetectOnWindows(t *testing.T) {
	dir, err := os.MkdirTemp("", "storage") // os.RemoveAll, and with it t.TempDir, fails under wine
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(dir)
	st, err := Detect(dir)
	if err != nil {
		t.Fatal(err)
	}
	if st.FileSystem != NTFS && st.FileSystem != ReFS || st.Volume == "" || st.Base != dir || st.ReadOnly {
		t.Errorf("the folder for temporary files: %+v", st)
	}
	if again, err := Detect(os.TempDir()); err != nil || again.Volume != st.Volume {
		t.Errorf("its parent: %+v %v", again, err)
	}
	_, err = Detect(dir + `\none`)
	if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), dir) {
		t.Errorf("a folder that is not there: %v", err)
	}
	for name, do := range map[string]func(*Volume) error{
		"checkpoint": (*Volume).Checkpoint, "journal": (*Volume).ClearJournal, "blocks": (*Volume).FreeEOFBlocks,
	} {
		if err := do(&Volume{}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
