package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A browser that sees another /etc than everybody else may have read anything: nothing is claimed of it.
func TestAnotherEtcIsNotVerifiable(t *testing.T) {
	onDesks(t, func(ctx context.Context, d *desk) {
		d.apply()
		program := map[string]string{aChromium: "/usr/bin/chromium", aFirefox: "/usr/bin/firefox-esr"}[d.name]
		// As root, because a system may keep an ordinary account from it; there are other ways to the same end.
		cmd := d.Root(ctx, "unshare", "--mount", "--propagation", "private", "sh", "-euc", `
			mount --bind "$1" "$2"; cd "$HOME"; exec setpriv --reuid "$3" --regid "$3" --clear-groups "$4"`,
			"sh", d.folder(), filepath.Dir(settingsFile(d.name)), d.user.Name, program)
		cmd.Env = d.Command(ctx, program).Env
		if err := cmd.Start(); err != nil {
			d.Fatal(err)
		}
		defer func() {
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			cmd.Wait()
		}()
		b := d.standing(exitDone)
		for ; b.Running == 0 && ctx.Err() == nil; b = d.standing(exitDone) {
			time.Sleep(50 * time.Millisecond)
		}
		d.is(b, "not_verifiable", "apart")
		if !d.stands(exitDone).Effective {
			d.Error("what cannot be known is told as if it were known")
		}
	})
}

// A copy of a browser that somebody brought, under another name, reads the same settings as the installed one. It is told,
// and the wipe takes it away.
func TestPortableBrowserIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := newDesk(t, aFirefox)
	d.apply()
	d.as(`mkdir -p Downloads && cp -rL /usr/lib/firefox-esr Downloads/tool && mv Downloads/tool/firefox-esr Downloads/tool/tool`)
	program := filepath.Join(d.user.Home, "Downloads/tool/tool")
	s, err := d.Firefox(ctx, program, d.site.URL+"/portable/form")
	if err != nil {
		t.Fatal(err)
	}
	d.windows(ctx, s, true)
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", s.PID)); err != nil || exe != program {
		t.Errorf("another program runs: %v", err)
	}
	all := d.stands(exitDone)
	installed, brought := d.pick(all, "native"), d.pick(all, "portable")
	d.is(installed, "enforced")
	d.is(brought, "enforced", "portable")
	if brought.Running != 1 || installed.Running != 0 {
		t.Errorf("%d of the copy run and %d of the other, want 1 and 0", brought.Running, installed.Running)
	}
	// The test's own change in the settings is told of both: it is one file.
	if len(brought.Faults) == 0 || !reflect.DeepEqual(brought.Faults, installed.Faults) {
		t.Errorf("other settings: %+v and %+v", brought.Faults, installed.Faults)
	}
	s.Kill()
	d.noRows(ctx)
	d.must(exitDone, "wipe", "--yes", "--account", d.user.Name)
	if _, err := os.Lstat(filepath.Dir(program)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	if slices.ContainsFunc(d.stands(exitDone).Browsers, func(b browserJSON) bool { return b.Package == "portable" }) {
		t.Error("a copy is told that is gone")
	}
	d.nothingLeft()
	d.must(exitDone, "status")
}
