package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// copies returns the folder with the kept copies of a version.
func (l *laptop) copies(version string) string {
	return filepath.Join(l.accountDir(), "baseline", version, "home")
}

// exists fails the test if a path is, or is not, there.
func exists(t *testing.T, want bool, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if _, err := os.Lstat(path); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
}

// Nobody's file becomes the laptop's: personal things are left out, listed, and gone after the first wipe. Caches are
// neither copied nor kept.
func TestEnrollLeavesPersonalThingsOut(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p .mozilla/firefox/p.default .config/chromium/Default .config/app Downloads .local/share/Trash/files .cache/thumbnails/normal .cache/app
		touch .mozilla/firefox/p.default/{prefs.js,cookies.sqlite,places.sqlite,key4.db}
		printf '[Profile0]\nName=default\nIsRelative=1\nPath=p.default\nDefault=1\n' > .mozilla/firefox/profiles.ini
		echo '{}' > .config/chromium/'Local State'; echo '{}' > .config/chromium/Default/Preferences; echo x > .config/chromium/Default/Cookies
		echo x > .config/app/rc; echo x > Downloads/form.pdf; echo x > .local/share/Trash/files/old.odt; echo x > .cache/app/c; echo ls > .bash_history`)
	r := l.plain("enroll", "--account", l.user.Name, "--yes")
	if r.code != exitDone {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	for _, want := range []string{"Enrolled, version 1", "left out and go with the next wipe", "sudo ipguard wipe", "Downloads", ".bash_history", "Trash", "cookies.sqlite"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is not said:\n%s", want, r.out)
		}
	}
	copies := l.copies("1")
	personal := []string{"Downloads/form.pdf", ".local/share/Trash/files/old.odt", ".bash_history", ".mozilla/firefox/p.default/cookies.sqlite",
		".mozilla/firefox/p.default/key4.db", ".config/chromium/Default/Cookies", ".cache/app/c", ".cache/thumbnails/normal"}
	for _, rel := range personal {
		exists(t, false, filepath.Join(copies, rel))
	}
	exists(t, true, filepath.Join(copies, ".config/app/rc"), filepath.Join(copies, ".bashrc"))
	l.status(exitNotClean)
	l.wipe(exitDone)
	for _, rel := range personal {
		exists(t, false, l.path(rel))
	}
	exists(t, true, l.path(".config/app/rc"), l.path(".bashrc"))
	l.status(exitDone)
}

func TestEnrollRefusesRunningApplications(t *testing.T) {
	l := newLaptop(t)
	l.start("sleep 60")
	for len(l.user.Processes()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	for _, args := range [][]string{{"--yes"}, {"--yes", "--allow-admin"}} {
		r := l.ipguard(append([]string{"enroll", "--account", l.user.Name}, args...)...)
		if r.code != exitRefused || r.answer.Error != "applications_running" {
			t.Errorf("exit %d, error %q; want 4 and applications_running", r.code, r.answer.Error)
		}
	}
	if s := l.status(exitNotClean); s.answer.State != "not_enrolled" {
		t.Errorf("state %q, want not_enrolled", s.answer.State)
	}
}

func TestEnrollAdministrator(t *testing.T) {
	l := newLaptop(t)
	if out, err := exec.Command("usermod", "-aG", "sudo", l.user.Name).CombinedOutput(); err != nil {
		t.Fatalf("usermod (install passwd and sudo's group): %v\n%s", err, out)
	}
	if r := l.ipguard("enroll", "--account", l.user.Name, "--yes"); r.code != exitRefused || r.answer.Error != "administrator" {
		t.Errorf("exit %d, error %q; want 4 and administrator", r.code, r.answer.Error)
	}
	l.enroll("--allow-admin")
	for range 2 {
		if s := l.status(exitDone); !s.answer.Admin {
			t.Error("status does not say that the account can become administrator")
		}
		if p := l.plain("status"); !strings.Contains(p.out, "not against malice") {
			t.Errorf("status does not say it in words:\n%s", p.out)
		}
		l.wipe(exitDone)
	}
}

// Refreshing takes what is named and nothing else, and only on an account whose last wipe ended clean.
func TestEnrollRefresh(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p .config/app .config/other Desktop; echo one > .config/app/rc; echo one > .config/other/rc; echo one > Desktop/gone.desktop`)
	refresh := func(paths ...string) result {
		t.Helper()
		return l.plain(append([]string{"enroll", "--yes", "--account", l.user.Name, "--refresh"}, paths...)...)
	}
	if r := refresh(".config/app"); r.code != exitRefused || !strings.Contains(r.err, "not enrolled") {
		t.Errorf("before enrollment: exit %d\n%s", r.code, r.err)
	}
	l.enroll()
	l.as("echo x > residue; echo two > .config/app/rc; mkdir -p .config/new; echo new > .config/new/rc; echo two > .config/other/rc; rm Desktop/gone.desktop; echo n > .config/app/second")
	if r := refresh(); r.code != exitUsage {
		t.Errorf("without a path: exit %d", r.code)
	}
	r := refresh(".config/app", l.user.Home+"/Desktop/")
	if r.code != exitDone {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	for _, want := range []string{"new .config/new", "changed .config/app/rc", "changed .config/other/rc", "missing Desktop/gone.desktop", "new residue"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the difference %q is not shown:\n%s", want, r.out)
		}
	}
	if r := refresh(".config/new"); r.code != exitRefused || !strings.Contains(r.err, "last wipe ended clean") {
		t.Errorf("on an account that is not clean: exit %d\n%s", r.code, r.err)
	}
	l.wipe(exitDone)
	for rel, want := range map[string]string{
		".config/app/rc": "two\n", ".config/app/second": "n\n", ".config/other/rc": "one\n", ".config/new/rc": "", "residue": "", "Desktop/gone.desktop": "",
	} {
		got, err := os.ReadFile(l.path(rel))
		if string(got) != want || (want == "") != errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is %q, %v; want %q", rel, got, err, want)
		}
	}
	l.status(exitDone)
	for _, path := range []string{"../../etc", "/etc", ".", "no/such/thing"} {
		r := refresh(path)
		if r.code != exitUsage || !strings.Contains(r.err, "below the home") {
			t.Errorf("refreshing %q: exit %d\n%s%s", path, r.code, r.out, r.err)
		}
	}
	l.wipe(exitDone)
}

// Killed at any moment, an enrollment leaves the earlier one in force, and the next one works.
func TestEnrollKilled(t *testing.T) {
	l := newLaptop(t)
	l.as(`mkdir -p big; for i in $(seq 3000); do echo $i > big/$i; done; head -c 20000000 /dev/urandom > big/large`)
	kill := func(after time.Duration) {
		t.Helper()
		cmd := exec.Command(os.Getenv(programEnv), l.args([]string{"enroll", "--account", l.user.Name, "--yes"})...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		cmd.Process.Kill()
		cmd.Wait()
	}
	moments := []time.Duration{5 * time.Millisecond, 30 * time.Millisecond, 80 * time.Millisecond, 150 * time.Millisecond, 250 * time.Millisecond}
	kill(moments[2])
	if s := l.ipguard("status", "--account", l.user.Name); s.answer.State != "not_enrolled" {
		t.Errorf("state %q after a first enrollment that was killed", s.answer.State)
	}
	if r := l.ipguard("wipe", "--yes"); r.answer.Error != "none_enrolled" {
		t.Errorf("error %q, want none_enrolled", r.answer.Error)
	}
	l.enroll()
	l.as("echo later > later")
	for _, m := range moments {
		kill(m)
		l.status(exitNotClean)
	}
	l.wipe(exitDone)
	exists(t, false, l.path("later"))
	exists(t, true, l.path("big/large"))
	l.status(exitDone)
	l.enroll()
	left, err := os.ReadDir(filepath.Join(l.accountDir(), "baseline"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	if len(names) != 3 || !slices.Contains(names, "current") {
		t.Errorf("left of the killed ones: %v, want two versions and the pointer", names)
	}
	l.status(exitDone)
}
