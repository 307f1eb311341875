package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ipguard/agent/state"
)

// typed runs the program as the account with something on its standard input.
func (l *laptop) typed(input string, args ...string) result {
	l.Helper()
	cmd := l.user.Command(context.Background(), os.Getenv(programEnv), l.args(args)...)
	cmd.Stdin = strings.NewReader(input)
	return l.run(cmd)
}

// batches is what documents held answers to the account.
func (l *laptop) batches() []batchJSON {
	l.Helper()
	var held heldBatchesJSON
	r := l.ipguardAs("documents", "held", "--account", l.user.Name)
	if err := json.Unmarshal([]byte(r.out), &held); err != nil || r.code != exitDone {
		l.Fatalf("exit %d, %v: %s%s", r.code, err, r.out, r.err)
	}
	return held.Batches
}

func (l *laptop) setPIN(pin string) {
	l.Helper()
	cmd := exec.Command(os.Getenv(programEnv), l.args([]string{"documents", "pin", "--account", l.user.Name})...)
	cmd.Stdin = strings.NewReader(pin + "\n")
	if r := l.run(cmd); r.code != exitDone {
		l.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
}

// Whoever comes back gets their documents, through the service and with the helpers' PIN; the next person at the desk does not.
func TestHeldDocumentsAreGivenBack(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	d := l.serve()
	l.as(`mkdir -p Documents; echo letter > Documents/letter.odt; echo form > form.pdf; echo x > unknown`)
	d.eventually("the session is noticed", func() bool { return l.record() == state.InUse })
	l.wipe(exitDone, "--documents=hold")
	held := l.batches()
	if len(held) != 1 || held[0].Count != 2 || held[0].LeftMinutes < 29 {
		t.Fatalf("held: %+v", held)
	}
	back := func(pin string) result { return l.typed(pin+"\n", "documents", "back", "--account", l.user.Name) }
	if r := back("2580"); r.code != exitRefused || r.answer.Error != "no_pin" {
		t.Errorf("without a PIN: exit %d, %q", r.code, r.answer.Error)
	}
	l.setPIN("735190")
	for range 5 {
		if r := back("111222"); r.code != exitNotPermitted || r.answer.Error != "wrong_pin" {
			t.Errorf("a wrong PIN: exit %d, %q", r.code, r.answer.Error)
		}
	}
	if r := back("735190"); r.code != exitNotPermitted || r.answer.Error != "pin_wait" {
		t.Errorf("after five wrong ones: exit %d, %q", r.code, r.answer.Error)
	}
	if found, _ := filepath.Glob(l.path("*/letter.odt")); len(found) > 0 || len(l.batches()) != 1 {
		t.Error("the documents are out")
	}
	l.setPIN("735190") // the administrator begins anew
	if r := back("735190"); r.code != exitDone {
		t.Fatalf("the right PIN: exit %d: %s%s", r.code, r.out, r.err)
	}
	l.as(`cd */Documents\ given\ back* 2>/dev/null || cd Documents\ given\ back*; [ "$(cat letter.odt)" = letter ]; [ "$(cat form.pdf)" = form ]; echo mine >>letter.odt`)
	if held := l.batches(); len(held) != 0 {
		t.Errorf("still held: %+v", held)
	}
	if s := l.status(exitNotClean); s.answer.State != "in_use" || s.answer.Held.Count != 0 {
		t.Errorf("state %q, held %d", s.answer.State, s.answer.Held.Count)
	}
	for _, text := range []string{d.log.String(), l.status(exitNotClean).out} {
		if strings.Contains(text, "letter") || strings.Contains(text, "735190") {
			t.Errorf("a name or the PIN is told:\n%s", text)
		}
	}
	l.wipe(exitDone, "--documents=refuse")
	if held := l.batches(); len(held) != 0 {
		t.Errorf("held after a refusal: %+v", held)
	}
}

// What was listed can be set aside or destroyed by its sign; a file that is another one by now is not meant.
func TestDocumentsAreChosenBySign(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.serve()
	l.as(`mkdir -p Documents; for f in a b c; do echo $f > Documents/$f.odt; done`)
	list := l.listedDocuments().Documents
	if len(list) != 3 || list[0].Name != "a.odt" {
		t.Fatalf("%+v", list)
	}
	do := func(code int, args ...string) result {
		t.Helper()
		r := l.ipguardAs(append([]string{"documents"}, append(args, "--account", l.user.Name)...)...)
		if r.code != code {
			t.Errorf("%v: exit %d, want %d: %s%s", args, r.code, code, r.out, r.err)
		}
		return r
	}
	do(exitDone, "refuse", "--yes", "--only", list[0].ID)
	do(exitDone, "hold", "--only", list[1].ID)
	do(exitUsage, "refuse", "--yes", "--only", list[0].ID)
	do(exitUsage, "refuse", "--only", list[2].ID) // nobody can be asked
	exists(t, false, l.path("Documents/a.odt"))
	exists(t, false, l.path("Documents/b.odt"))
	if held := l.batches(); len(held) != 1 || held[0].Count != 1 {
		t.Errorf("held: %+v", held)
	}
	l.as(`echo more >> Documents/c.odt`)
	do(exitUsage, "refuse", "--yes", "--only", list[2].ID)
	exists(t, true, l.path("Documents/c.odt"))
}

// Nothing that was set aside survives the end of a permanence.
func TestStow(t *testing.T) {
	for _, through := range []bool{false, true} {
		l := newLaptop(t)
		l.enroll()
		if through {
			l.serve()
		}
		l.as(`mkdir -p Documents; echo letter > Documents/letter.odt`)
		l.wipe(exitDone, "--documents=hold")
		l.as(`mkdir -p Documents; echo second > Documents/second.odt; echo x > unknown`)
		stow := func(args ...string) (result, stowJSON) {
			r := l.ipguard(append([]string{"stow", "--account", l.user.Name}, args...)...)
			var out stowJSON
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			_ = json.Unmarshal([]byte(lines[len(lines)-1]), &out)
			return r, out
		}
		if r, _ := stow("--yes", "--documents=hold"); r.code != exitUsage {
			t.Errorf("nothing can be held: exit %d", r.code)
		}
		if r, _ := stow(); r.code != exitUsage {
			t.Errorf("nobody can be asked: exit %d", r.code)
		}
		if s := l.status(exitNotClean); s.answer.Held.Count != 1 {
			t.Fatalf("%d are held", s.answer.Held.Count)
		}
		r, out := stow("--yes")
		if r.code != exitDone || out.Result != "complete" || out.Destroyed != 1 || out.Wipe.Held.Count != 0 {
			t.Errorf("service %v: exit %d, %+v: %s", through, r.code, out, r.err)
		}
		if s := l.status(exitDone); s.answer.Held.Count != 0 {
			t.Errorf("%d are held", s.answer.Held.Count)
		}
		if left, _ := filepath.Glob(filepath.Join(l.state, "accounts", "*", "held", "*")); len(left) > 0 {
			t.Errorf("service %v: %d batches are left", through, len(left))
		}
		if r, out := stow("--yes"); r.code != exitDone || out.Destroyed != 0 {
			t.Errorf("once more: exit %d, %+v", r.code, out)
		}
	}
}

// An operator's settings count; unusable ones stop no wipe, and no laptop is called ready with them.
func TestPolicyFile(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	file := filepath.Join(l.state, "policy.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("version: 1\ndocuments:\n  hold_for: 5m\n")
	l.as(`mkdir -p Documents; echo letter > Documents/letter.odt`)
	if r := l.wipe(exitDone, "--documents=hold"); r.answer.Held.Minutes != 5 {
		t.Errorf("held for %d minutes", r.answer.Held.Minutes)
	}
	write("version: 1\nservices:\n- id: x\n  name: {fr: X}\n  logout: http://example.org/\n")
	r := l.ipguard("policy", "check")
	if r.code != exitUsage || !strings.Contains(r.out, `"problem":"not_https"`) || !strings.Contains(r.out, `"line":5`) || !strings.Contains(r.err, "services[1].logout") {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	l.status(exitNotClean)
	l.as(`echo x > unknown`)
	if r := l.wipe(exitIncomplete); !r.has("residual", "policy") {
		t.Errorf("the report does not say why:\n%s", r.out)
	}
	exists(t, false, l.path("unknown"))
	write("version: 1\n")
	if err := os.Chmod(file, 0o666); err != nil {
		t.Fatal(err)
	}
	if r := l.ipguard("policy", "check"); r.code != exitUsage || r.answer.Error != "policy_unsafe" {
		t.Errorf("anybody can write: exit %d, %q", r.code, r.answer.Error)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := l.ipguard("policy", "check"); r.code != exitDone {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	l.wipe(exitDone)
}

// A list of ten thousand documents is whole.
func TestManyDocuments(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir Documents; cd Documents; for i in $(seq 10000); do : >"$i.pdf"; done; for i in *; do echo x >"$i"; done`)
	begin := time.Now()
	list := l.listedDocuments()
	t.Logf("listed in %v", time.Since(begin))
	ids := map[string]bool{}
	for _, d := range list.Documents {
		ids[d.ID] = true
	}
	if list.Count != 10000 || len(ids) != 10000 {
		t.Errorf("%d documents with %d signs", list.Count, len(ids))
	}
}
