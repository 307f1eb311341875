package launcher

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The entry is one that desktops show, in the person's language, and what is removed is gone.
func TestInstall(t *testing.T) {
	root := t.TempDir()
	for _, exe := range []string{"/usr/local/bin/ipguard", `/opt/a b/100% "x"$y/ipguard`} {
		if err := Install(root, exe); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("desktop-file-validate", filepath.Join(root, entry)).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %s (install desktop-file-utils)", err, out)
		}
		info, err := os.Stat(filepath.Join(root, entry))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("the entry is %v, %v", info, err)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, entry))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Name[fr]=Fin de séance\n", "Name[nl]=Einde sessie\n", "Name[de]=Sitzung beenden\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not there", want)
		}
	}
	for range 2 {
		if err := Remove(root); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, icon)); !os.IsNotExist(err) {
		t.Errorf("the icon: %v", err)
	}
	for _, exe := range []string{"ipguard", "/a\nExec=evil"} {
		if Install(root, exe) == nil {
			t.Errorf("%q was taken", exe)
		}
	}
}

func TestCommand(t *testing.T) {
	argv := []string{"/bin/ipguard", "wipe"}
	for _, c := range []struct {
		desktop   string
		installed []string
		want      string
	}{
		{"XFCE", []string{"xterm", "xfce4-terminal", "gnome-terminal"}, "/b/xfce4-terminal|--disable-server|--fullscreen|--hide-menubar|--font=Monospace 20|--title|T|-x|/bin/ipguard|wipe"},
		{"ubuntu:GNOME", []string{"xterm", "konsole", "gnome-terminal"}, "/b/gnome-terminal|--wait|--full-screen|--zoom=1.8|--title|T|--|/bin/ipguard|wipe"},
		{"X-Cinnamon", []string{"gnome-terminal"}, "/b/gnome-terminal|--wait|--full-screen|--zoom=1.8|--title|T|--|/bin/ipguard|wipe"},
		{"KDE", []string{"konsole", "gnome-terminal"}, "/b/konsole|--separate|--fullscreen|--hide-menubar|-p|Font=Monospace,20|-e|/bin/ipguard|wipe"},
		{"", []string{"xterm"}, "/b/xterm|-fullscreen|-fa|Monospace|-fs|20|-T|T|-e|/bin/ipguard|wipe"},
		{"KDE", nil, ""},
	} {
		find := func(name string) (string, bool) {
			for _, p := range c.installed {
				if p == name {
					return "/b/" + name, true
				}
			}
			return "", false
		}
		got, err := Command(func(string) string { return c.desktop }, find, "T", argv)
		if (err != nil) != (c.want == "") {
			t.Errorf("%s: %v", c.desktop, err)
		}
		if diff := cmp.Diff(c.want, strings.Join(got, "|")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.desktop, diff)
		}
	}
}
