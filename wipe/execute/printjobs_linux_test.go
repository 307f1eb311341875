package execute_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ipguard/wipe"
	"ipguard/wipe/erase"
	"ipguard/wipe/erase/erasetest"
	"ipguard/wipe/execute"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// The control file is all that says whose a printed document is. As long as a document is there its control file must
// stay, or nobody would find the document again: neither the second reading nor the next wipe after one that was killed.
func TestControlFileGoesLast(t *testing.T) {
	spool := t.TempDir()
	write(t, filepath.Join(spool, "c00007"), control("public"))
	write(t, filepath.Join(spool, "d00007-001"), "printed page")
	pinned := true
	e := execute.Executor{
		Plan: wipe.Plan{
			Account: wipe.Account{Name: "public"},
			Roots:   []wipe.Root{{Dir: spool, Rule: wipe.RulePrintJobs, Pattern: "[cd][0-9]*", Artifact: "print.jobs", Class: wipe.ClassPrint}},
		},
		GOOS: "linux", Tokens: locate.Tokens{}, Root: true, Mounts: func(string) map[string]bool { return nil },
		Pending: func(info walk.Info) wipe.Code {
			if pinned && info.Size == int64(len("printed page")) {
				return wipe.CodeInUse
			}
			return wipe.CodeNone
		},
	}
	e.Unlink(t.Context())
	if got := names(t, spool); !slices.Equal(got, []string{"c00007", "d00007-001"}) {
		t.Errorf("with a document that cannot go, the spool has %q, want both files", got)
	}
	found, err := e.Survey(t.Context(), true)
	if n := (wipe.Report{Results: found}).Totals().Residual; err != nil || n != 2 {
		t.Errorf("the second reading found %d files, %v, want 2", n, err)
	}
	pinned = false
	e.Unlink(t.Context())
	if got := names(t, spool); len(got) > 0 {
		t.Errorf("the spool still has %q", got)
	}
}

// A control file has the title of the job and who printed it. On a disk that cannot discard it is overwritten as well, but
// not before its documents are gone.
func TestControlFilesAreOverwritten(t *testing.T) {
	erasetest.Need(t, "mkfs.ext4")
	image := erasetest.NewImage(t, erasetest.Options{FS: "ext4", Bytes: 64 << 20})
	spool := erasetest.MountImage(t, image)
	title, page := erasetest.Marker{Class: erasetest.Content, ID: 1}, erasetest.Marker{Class: erasetest.Content, ID: 2}
	write(t, filepath.Join(spool, "c00007"), control("public")+title.String())
	write(t, filepath.Join(spool, "d00007-001"), page.String())
	unix.Sync()
	e := execute.Executor{
		Plan: wipe.Plan{
			Account: wipe.Account{Name: "public"},
			Roots:   []wipe.Root{{Dir: spool, Rule: wipe.RulePrintJobs, Pattern: "[cd][0-9]*", Artifact: "print.jobs", Class: wipe.ClassPrint}},
		},
		GOOS: "linux", Tokens: locate.Tokens{}, Root: true, Mounts: func(string) map[string]bool { return nil },
		Terms: erase.Terms{Privileged: true},
	}
	e.Overwrite(t.Context())
	if content, err := os.ReadFile(filepath.Join(spool, "c00007")); err != nil || !strings.HasPrefix(string(content), control("public")) {
		t.Errorf("the control file does not say any more whose the document is: %v", err)
	}
	e.Unlink(t.Context())
	e.Clear(t.Context())
	done := e.Settle(t.Context())
	e.Close()
	for _, r := range done {
		if r.Assurance != wipe.Overwritten {
			t.Errorf("%+v", r)
		}
	}
	if got := names(t, spool); len(got) != 1 { // lost+found
		t.Errorf("the spool still has %q", got)
	}
	if err := image.Unmount(); err != nil {
		t.Fatal(err)
	}
	if found, err := erasetest.Scan(image.Path()); err != nil || len(found) > 0 {
		t.Errorf("on the medium: %v, %v", found, err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// control is a control file with nothing but the owner of the job.
func control(user string) string {
	b := []byte{2, 0, 0, 2, 0, 0, 0, 1, 2, 0x42}
	for _, s := range []string{"job-originating-user-name", user} {
		b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return string(append(b, 3))
}
