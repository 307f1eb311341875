package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

func TestFindSeesEveryHidingPlace(t *testing.T) {
	const marker = "ipgt0123456789abcdef"
	dir := t.TempDir()
	plant := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	plant(os.MkdirAll(filepath.Join(dir, "kept"), 0o700))
	plant(os.WriteFile(filepath.Join(dir, "kept/held"), []byte(marker), 0o600))
	plant(os.WriteFile(filepath.Join(dir, "narrow"), []byte("a"+marker+"-form"+marker+"-form"), 0o000))
	plant(os.WriteFile(filepath.Join(dir, "wide"), append([]byte{0}, wide(marker+"-ls")...), 0o600))
	plant(os.Mkdir(filepath.Join(dir, marker), 0o700))
	plant(os.Symlink("/nowhere/"+marker+"-history", filepath.Join(dir, "link")))
	plant(unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600))
	plant(os.WriteFile(filepath.Join(dir, "attributed"), nil, 0o600))
	plant(unix.Setxattr(filepath.Join(dir, "attributed"), "user.xdg.origin.url", []byte(marker+"-download"), 0))
	plant(os.WriteFile(filepath.Join(dir, "\xff\n-"+marker), nil, 0o600))

	got, err := Find(context.Background(), []string{dir, filepath.Join(dir, "kept")}, []string{filepath.Join(dir, "kept")}, marker)
	if err != nil {
		t.Fatal(err)
	}
	want := []Hit{
		{Where: filepath.Join(dir, "attributed"), Encoding: UTF8, In: "xattr", Trace: TraceDownload},
		{Where: filepath.Join(dir, marker), Encoding: UTF8, In: "name"},
		{Where: filepath.Join(dir, "link"), Encoding: UTF8, In: "link", Trace: TraceHistory},
		{Where: filepath.Join(dir, "narrow"), Encoding: UTF8, In: "content", Trace: TraceForm},
		{Where: filepath.Join(dir, "wide"), Encoding: UTF16LE, In: "content", Trace: TraceLocal},
		{Where: filepath.Join(dir, "\xff\n-"+marker), Encoding: UTF8, In: "name"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFindSaysWhatItDidNotRead(t *testing.T) {
	if _, err := Find(context.Background(), []string{filepath.Join(t.TempDir(), "typo")}, nil, "ipgt01234"); err == nil {
		t.Error("a root that does not exist must be an error, or a mistyped one would look clean")
	}
}

func TestWritableListsWhereAnAccountCanWrite(t *testing.T) {
	u := NewUser(t)
	got, err := Writable(u)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/dev/shm"} {
		if !slices.Contains(got, dir) {
			t.Errorf("%s is missing", dir)
		}
	}
	for _, dir := range []string{"/", "/etc", "/usr", "/proc", "/sys", u.Home} {
		if slices.Contains(got, dir) {
			t.Errorf("%s is listed", dir)
		}
	}
	t.Log(got)
}

func TestNewUserIsAnOrdinaryAccount(t *testing.T) {
	u := NewUser(t)
	out, err := u.Command(t.Context(), "sh", "-c", "id -u; id -G; echo $HOME; touch mine /tmp/"+u.Name+"; env | grep -c SUDO").Output()
	want := []byte(nil)
	want = append(want, itoa(u.UID)+"\n"+itoa(u.GID)+"\n"+u.Home+"\n0\n"...)
	if string(out) != string(want) {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if err := u.Command(t.Context(), "cat", "/etc/shadow").Run(); err == nil {
		t.Error("the account reads what only root may read")
	}
}
