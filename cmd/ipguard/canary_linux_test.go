package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/sys/unix"
)

// canary is in every name, content and host of the session; home and account names are looked for as well.
const canary = "kanarienvogel7731"

// plantCanaries lets a person leave the canary wherever a session leaves names.
func (l *laptop) plantCanaries() {
	l.Helper()
	l.as(`C=` + canary + `
		mkdir -p Documents/$C Downloads .mozilla/firefox/$C.default .config/chromium/Default .config/$C .local/share/Trash/files .config/autostart /tmp/$USER-$C
		echo $C > Documents/$C/$C.odt; echo $C > Downloads/$C.pdf; echo $C > Downloads/$C.pdf.part; echo $C > "$C unknown"
		printf '[Profile0]\nName=%s\nIsRelative=1\nPath=%s.default\n' $C $C > .mozilla/firefox/profiles.ini
		echo "https://$C.example/" > .mozilla/firefox/$C.default/prefs.js; touch .mozilla/firefox/$C.default/{places.sqlite,times.json}
		echo "{\"host\":\"$C.example\"}" | tee .config/chromium/'Local State' .config/chromium/Default/Preferences .config/chromium/Default/History > /dev/null
		echo $C > .local/share/Trash/files/$C; echo "Exec=$C" > .config/autostart/$C.desktop; ln -s $C link-$C; mkfifo fifo-$C
		echo "XDG_DOWNLOAD_DIR=\"\$HOME/$C\"" > .config/user-dirs.dirs; mkdir $C; echo $C > $C/x.pdf
		echo "export $C=1" >> .bashrc; setfattr -n user.$C -v $C .profile 2>/dev/null || true
		ln Documents/$C/$C.odt "Documents/second $C.odt"; echo $C > /tmp/$USER-$C/$C; mkdir -m 0 closed-$C; echo $C > $'evil\x1b\xff'$C.txt`)
}

// listener keeps what every command wrote.
type listener struct {
	*laptop
	said strings.Builder
}

func (l *listener) run(r result) result {
	l.said.WriteString(r.out + r.err)
	return r
}

// all runs every command that looks at the account, with and without --json, as root and as the account.
func (l *listener) all() {
	for _, args := range [][]string{{"status"}, {"wipe", "--dry-run"}, {"wipe"}} {
		l.run(l.ipguard(args...))
		l.run(l.plain(args...))
		l.run(l.ipguardAs(args...))
	}
}

// No name, path, host or marker of a session appears in anything that is printed or written down, whatever goes wrong.
// The one exception is the holding folder.
func TestNoCanaryAnywhere(t *testing.T) {
	l := &listener{laptop: newLaptop(t)}
	l.smallState()
	l.as(`mkdir -p Documents; echo empty > Documents/Form.odt`)
	l.run(l.ipguard("enroll", "--account", l.user.Name, "--yes"))
	l.all()
	session := func() {
		t.Helper()
		l.plantCanaries()
		l.as(`echo ` + canary + ` > Documents/Form.odt`)
		l.start("exec -a " + canary + " sleep 60")
		l.all()
	}
	session()
	l.run(l.wipe(exitDone, "--documents=hold"))
	l.all()
	session()
	l.run(l.ipguardAs("wipe", "--documents=hold"))
	l.run(l.ipguardAs("wipe", "--yes"))
	l.run(l.plain("wipe", "--yes"))
	session()
	l.mountIn("Documents/" + canary + "-label")
	l.run(l.wipe(exitDone))
	unix.Unmount(l.path("Documents/"+canary+"-label"), unix.MNT_DETACH)
	session()
	free := l.fillState()
	l.run(l.wipe(exitIncomplete, "--documents=hold"))
	l.all()
	l.run(l.ipguard("enroll", "--account", l.user.Name, "--yes"))
	free()
	l.run(l.wipe(exitDone))
	session()
	if err := flip(filepath.Join(l.copies("1"), ".bashrc"), 3); err != nil {
		t.Fatal(err)
	}
	l.run(l.wipe(exitIncomplete))
	l.run(l.plain("wipe", "--yes"))
	session()
	if err := flip(filepath.Join(l.accountDir(), "baseline", "1", "home.manifest"), 100); err != nil {
		t.Fatal(err)
	}
	l.run(l.wipe(exitIncomplete))
	l.run(l.plain("wipe", "--documents=hold"))
	l.all()
	l.quiet()
}

// mountIn mounts an empty file system in the home, as a stick of the person would be.
func (l *listener) mountIn(rel string) {
	l.Helper()
	l.as("mkdir -p " + rel)
	if err := unix.Mount(canary, l.path(rel), "tmpfs", 0, "size=64k"); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { unix.Unmount(l.path(rel), unix.MNT_DETACH) })
}

// quiet fails the test if something was said or kept.
func (l *listener) quiet() {
	l.Helper()
	if l.said.Len() < 10000 {
		l.Errorf("only %d bytes were said; the test does not listen", l.said.Len())
	}
	if what := found([]byte(l.said.String()), canary, l.user.Home, l.user.Name); what != "" {
		l.Errorf("%s was printed:\n%s", what, l.said.String())
	}
	files, held := 0, filepath.Join(l.accountDir(), "held")
	err := filepath.WalkDir(l.state, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if what := found([]byte(d.Name()), canary, l.user.Name); what != "" {
			l.Errorf("%s is in a name in the state folder: %s", what, path)
		}
		if path == held {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		files++
		content, err := os.ReadFile(path)
		words := []string{canary, l.user.Home, l.user.Name}
		if d.Name() == "info.json" {
			words = words[:1] // where the laptop's own account lives is configuration
		}
		if what := found(content, words...); what != "" {
			l.Errorf("%s is in %s", what, path)
		}
		return err
	})
	if err != nil || files < 5 {
		l.Errorf("%d files of state were read, %v", files, err)
	}
}

// found says which of the words is in the bytes, plainly or in one of the usual dresses.
func found(in []byte, words ...string) string {
	for _, w := range words {
		if bytes.Contains(in, []byte(w)) {
			return w
		}
		wide := make([]byte, 0, 2*len(w))
		for _, u := range utf16.Encode([]rune(w)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		if bytes.Contains(in, wide) {
			return w + " (UTF-16)"
		}
		for shift := range 3 {
			// Only the characters that do not depend on what stands before and after.
			dress := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + w))
			if bytes.Contains(in, []byte(dress[4:len(dress)-4])) {
				return w + " (base64)"
			}
		}
	}
	return ""
}

// Messages about wrong use repeat what was typed, and no more.
func TestNoCanaryInErrors(t *testing.T) {
	l := &listener{laptop: newLaptop(t)}
	l.enroll()
	l.plantCanaries()
	if err := os.Chmod(l.state, 0o777); err != nil {
		t.Fatal(err)
	}
	l.run(l.plain("wipe", "--yes"))
	if err := os.Chmod(l.state, 0o755); err != nil {
		t.Fatal(err)
	}
	l.run(l.ipguard("enroll", "--yes", "--account", l.user.Name)) // in words it lists names, for whoever confirms
	l.run(l.plain("enroll", "--yes", "--refresh", "x"))
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, os.Getenv(programEnv), l.args([]string{"wipe", "--yes"})...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cancel()
	cmd.Wait()
	l.said.Write(out.Bytes())
	if what := found([]byte(l.said.String()), canary, l.user.Home, l.user.Name); what != "" {
		t.Errorf("%s was printed:\n%s", what, l.said.String())
	}
}
