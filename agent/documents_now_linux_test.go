package agent_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/pin"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// docs lists the documents by name.
func (l *laptop) docs() map[string]handover.Document {
	l.Helper()
	list, err := l.Documents(context.Background(), l.Account)
	if err != nil {
		l.Fatal(err)
	}
	all := map[string]handover.Document{}
	for _, d := range list.List {
		all[handover.Name(d)] = d
	}
	return all
}

// batches lists what is held.
func (l *laptop) batches() []agent.Batch {
	l.Helper()
	all, err := l.Batches(context.Background(), l.Account)
	if err != nil {
		l.Fatal(err)
	}
	return all
}

// Given and refused documents go with everything else; one that was written to after it was given is held.
func TestGivenAndRefusedAreNotHeld(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	for _, name := range []string{"given.odt", "refused.odt", "undecided.odt", "written.odt", "replaced.odt"} {
		l.write("Documents/"+name, "text")
	}
	docs := l.docs()
	l.write("Documents/written.odt", "more")
	if err := os.Remove(l.path("Documents/replaced.odt")); err != nil {
		t.Fatal(err)
	}
	l.write("Documents/replaced.odt", "text")
	rep, err := l.Wipe(context.Background(), agent.Request{
		Account: l.Account, Documents: agent.Hold, Refused: []handover.Mark{docs["refused.odt"].Mark},
		Given: []handover.Mark{docs["given.odt"].Mark, docs["written.odt"].Mark, docs["replaced.odt"].Mark},
	})
	if err != nil || rep.Verdict != wipe.Complete || rep.Held.Count != 3 {
		t.Fatalf("%v, %+v, held %+v; want 3 held", err, rep.Verdict, rep.Held)
	}
	b := l.batches()[0]
	if _, err := l.GiveBack(context.Background(), agent.BackRequest{Account: l.Account, Admin: true, Batch: b.ID, Folder: "Back"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"undecided.odt": "text", "written.odt": "more", "replaced.odt": "text", "given.odt": "", "refused.odt": "",
	} {
		if got := l.content("Documents/Back/" + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestHoldAndRefuseNow(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		l := newLaptop(t)
		l.enroll()
		l.write("Documents/one.odt", "one")
		l.write("Documents/two.odt", "two")
		l.write("Documents/linked.odt", "linked")
		l.write("Documents/form.odt", "filled in")
		l.write("Documents/stays.odt", "stays")
		if err := os.Link(l.path("Documents/linked.odt"), l.path("second.odt")); err != nil {
			t.Fatal(err)
		}
		docs := l.docs()
		l.write("Documents/two.odt", "changed since")
		do, kept := l.HoldNow, 4
		if refuse {
			do, kept = l.RefuseNow, 0
		}
		m, err := do(context.Background(), l.Account, []handover.Mark{
			docs["one.odt"].Mark, docs["two.odt"].Mark, docs["linked.odt"].Mark, docs["form.odt"].Mark,
		})
		if err != nil || m.Failed != 0 || m.Count != 4 {
			t.Errorf("refuse %v: %+v, %v; want 4 names gone", refuse, m, err)
		}
		for rel, want := range map[string]string{
			"one.odt": "", "linked.odt": "", "form.odt": "", "../second.odt": "", "two.odt": "changed since", "stays.odt": "stays",
		} {
			if got := l.content("Documents/" + rel); got != want {
				t.Errorf("refuse %v: %s is %q, want %q", refuse, rel, got, want)
			}
		}
		count := 0
		for _, b := range l.batches() {
			count += b.Count
		}
		rec, err := l.Record(l.Account)
		if count != kept || rec.Held != kept || err != nil {
			t.Errorf("refuse %v: %d held, %d written down, %v; want %d", refuse, count, rec.Held, err, kept)
		}
		if refuse && l.held() != 0 {
			t.Errorf("%d files of what was refused are left", l.held())
		}
		if rep := l.wipe(agent.Refuse, wipe.Complete); rep.Held.Count != kept || l.content("Documents/form.odt") != "an empty form" {
			t.Errorf("refuse %v: after the wipe %+v are held, the form is %q", refuse, rep.Held, l.content("Documents/form.odt"))
		}
	}
}

func TestOpenDocument(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/a/letter.odt", "text")
	secret := filepath.Join(t.TempDir(), "letter.odt")
	if err := os.WriteFile(secret, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := l.docs()["letter.odt"]
	f, err := l.OpenDocument(context.Background(), l.Account, d)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if data, err := io.ReadAll(f); string(data) != "text" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	l.write("Documents/a/letter.odt", "other")
	if _, err := l.OpenDocument(context.Background(), l.Account, d); !errors.Is(err, agent.ErrChanged) {
		t.Errorf("a document that was written to: %v", err)
	}
	if err := errors.Join(os.RemoveAll(l.path("Documents/a")), os.Symlink(filepath.Dir(secret), l.path("Documents/a"))); err != nil {
		t.Fatal(err)
	}
	if _, err := l.OpenDocument(context.Background(), l.Account, d); err == nil || strings.Contains(err.Error(), "/") {
		t.Errorf("through a link: %v", err)
	}
}

func TestGiveBackAsksForThePIN(t *testing.T) {
	ctx := context.Background()
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/letter.odt", "text")
	l.wipe(agent.Hold, wipe.Complete)
	req := agent.BackRequest{Account: l.Account, Batch: l.batches()[0].ID, Folder: "Documents rendus", PIN: "2580"}
	refused := func(want error) {
		t.Helper()
		if _, err := l.GiveBack(ctx, req); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
		if len(l.batches()) != 1 {
			t.Fatal("nothing is held any more")
		}
	}
	refused(pin.ErrNone)
	if err := l.SetPIN(ctx, l.Account, "2580"); err != nil {
		t.Fatal(err)
	}
	req.PIN = "2581"
	refused(pin.ErrWrong)
	req.PIN = "2580"
	for _, name := range []string{"", ".", "..", ".x", "a/b", "/", "x\x00", "x\n", "\xff", " x", "x.", strings.Repeat("x", 65)} {
		req.Folder = name
		refused(agent.ErrFolder)
	}
	req.Folder = "Documents rendus"
	for _, id := range []string{"", ".", "..", "../..", "ABC"} {
		wrong := req
		wrong.Batch = id
		if _, err := l.GiveBack(ctx, wrong); !errors.Is(err, agent.ErrNoBatch) {
			t.Errorf("batch %q: %v", id, err)
		}
	}
	st, err := l.State.Account(l.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := st.Lock(ctx)
	if err != nil {
		t.Fatal(err)
	}
	soon, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := l.GiveBack(soon, req); !errors.Is(err, state.ErrLocked) {
		t.Errorf("while another run works: %v", err)
	}
	unlock()
	if m, err := l.GiveBack(ctx, req); err != nil || m.Count != 1 || m.Bytes != 4 || m.Failed != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	if got := l.content("Documents/Documents rendus/letter.odt"); got != "text" {
		t.Errorf("the document is %q", got)
	}
	if s := l.status(); s.State != state.InUse || s.Held.Count != 0 || l.held() != 0 {
		t.Errorf("state %s, %d held, %d files; want in_use and none", s.State, s.Held.Count, l.held())
	}
	if err := l.ForgetPIN(ctx, l.Account); err != nil {
		t.Fatal(err)
	}
	if ok, err := l.HasPIN(l.Account); ok || err != nil {
		t.Errorf("after forgetting: %v, %v", ok, err)
	}
}

// What is overdue is destroyed, not given back, and DestroyHeld waits for no deadline.
func TestHeldIsDestroyed(t *testing.T) {
	ctx := context.Background()
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/letter.odt", "text")
	l.wipe(agent.Hold, wipe.Complete)
	id := l.batches()[0].ID
	l.now = l.now.Add(30 * time.Minute)
	req := agent.BackRequest{Account: l.Account, Admin: true, Batch: id, Folder: "Back"}
	if _, err := l.GiveBack(ctx, req); !errors.Is(err, agent.ErrNoBatch) || l.held() != 0 {
		t.Errorf("%v, %d files are left", err, l.held())
	}
	l.write("Documents/letter.odt", "text")
	l.wipe(agent.Hold, wipe.Complete)
	if n, err := l.DestroyHeld(ctx, l.Account); n != 1 || err != nil || l.held() != 0 {
		t.Errorf("%d destroyed, %v, %d files are left", n, err, l.held())
	}
	if rec, err := l.Record(l.Account); rec.Held != 0 || rec.State != state.Clean || err != nil {
		t.Errorf("%+v, %v", rec, err)
	}
}

// Nothing that the account puts in the place of its folder for documents has an administrator write elsewhere.
func TestGiveBackIntoASwappedFolder(t *testing.T) {
	for _, when := range []string{"", "make", "link", "move"} {
		l := newLaptop(t)
		l.enroll()
		l.write("Documents/letter.odt", "text")
		l.wipe(agent.Hold, wipe.Complete)
		outside := t.TempDir()
		swap := func() error {
			return errors.Join(os.Rename(l.path("Documents"), l.path("moved")), os.Symlink(outside, l.path("Documents")))
		}
		if when == "" {
			if err := swap(); err != nil {
				t.Fatal(err)
			}
		}
		req := agent.BackRequest{Account: l.Account, Admin: true, Batch: l.batches()[0].ID, Folder: "Back"}
		if _, err := l.GiveBackStep(context.Background(), req, func(step string) error {
			if step == when {
				return swap()
			}
			return nil
		}); err != nil {
			t.Errorf("%q: %v", when, err)
		}
		if left, err := os.ReadDir(outside); len(left) != 0 || err != nil {
			t.Errorf("%q: %d entries outside, %v", when, len(left), err)
		}
		if l.content("Back/letter.odt") != "text" && l.content("moved/Back/letter.odt") != "text" {
			t.Errorf("%q: the document is lost", when)
		}
	}
}

// Refusing needs no room, and no holding folder.
func TestRefuseNowWithoutAHolding(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/letter.odt", "text")
	st, err := l.State.Account(l.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(st.HeldDir()), os.WriteFile(st.HeldDir(), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	m, _ := l.RefuseNow(context.Background(), l.Account, nil) // an error: how many are held cannot be told
	if m.Count != 1 || m.Failed != 0 || l.content("Documents/letter.odt") != "" {
		t.Errorf("%+v; want one gone", m)
	}
}

func BenchmarkDocuments(b *testing.B) {
	l := newLaptop(b)
	l.enroll()
	for i := range 10_000 {
		l.write("Downloads/"+strconv.Itoa(i%100)+"/"+strconv.Itoa(i)+".pdf", "x")
	}
	for b.Loop() {
		if docs, err := l.Documents(b.Context(), l.Account); len(docs.List) != 10_000 || err != nil {
			b.Fatal(len(docs.List), err)
		}
	}
}

// What needs an administrator's rights is refused without.
func TestDocumentsNeedRoot(t *testing.T) {
	ctx := context.Background()
	l := newLaptop(t)
	l.enroll()
	l.Root = false
	_, hold := l.HoldNow(ctx, l.Account, nil)
	_, refuse := l.RefuseNow(ctx, l.Account, nil)
	_, batches := l.Batches(ctx, l.Account)
	_, back := l.GiveBack(ctx, agent.BackRequest{Account: l.Account, Admin: true, Folder: "Back"})
	_, destroy := l.DestroyHeld(ctx, l.Account)
	_, has := l.HasPIN(l.Account)
	for i, err := range []error{hold, refuse, batches, back, destroy, has, l.SetPIN(ctx, l.Account, "2580"), l.ForgetPIN(ctx, l.Account)} {
		if !errors.Is(err, agent.ErrNotPermitted) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
