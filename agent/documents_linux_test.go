package agent_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"ipguard/agent"
	"ipguard/policy"
	"ipguard/wipe"
)

func policyKeep(base, pattern string) policy.KeepRule {
	return policy.KeepRule{Base: base, Pattern: pattern}
}

func isNetwork(err error) bool { return errors.Is(err, agent.ErrNetworkHome) }

// Whatever command comes first after the deadline destroys what was held, and so does a clock that was put back.
func TestHeldDocumentsAreDestroyedAtTheDeadline(t *testing.T) {
	ctx := context.Background()
	commands := map[string]func(*laptop) error{
		"status": func(l *laptop) error {
			s, err := l.Status(ctx, l.Account)
			if s.Held.Count != 0 {
				t.Errorf("status still counts %d", s.Held.Count)
			}
			return err
		},
		"documents": func(l *laptop) error { _, err := l.Documents(ctx, l.Account); return err },
		"dry run": func(l *laptop) error {
			_, err := l.Wipe(ctx, agent.Request{Account: l.Account, DryRun: true})
			return err
		},
		"wipe": func(l *laptop) error {
			_, err := l.Wipe(ctx, agent.Request{Account: l.Account, Documents: agent.Refuse})
			return err
		},
		"enroll": func(l *laptop) error {
			_, err := l.Enroll(ctx, agent.EnrollRequest{Account: l.Account})
			return err
		},
	}
	for name, command := range commands {
		for _, c := range []struct {
			name  string
			later time.Duration
			boot  string
			up    time.Duration
			gone  bool
		}{
			{"before the deadline", 29 * time.Minute, "one", 29 * time.Minute, false},
			{"after the deadline", 31 * time.Minute, "one", 31 * time.Minute, true},
			{"clock put back, time over", -time.Minute, "one", 30 * time.Minute, true},
			{"clock put back, started again", -time.Minute, "two", time.Minute, true},
		} {
			if name == "status" && !c.gone {
				continue // it asserts that nothing is counted
			}
			t.Run(name+"/"+c.name, func(t *testing.T) {
				l := newLaptop(t)
				boot, up := "one", time.Duration(0)
				l.Boot = func() (string, time.Duration) { return boot, up }
				l.enroll()
				l.write("Documents/letter.odt", "private")
				rep := l.wipe(agent.Hold, wipe.Complete)
				if rep.Held.Count != 1 || rep.Held.Minutes != 30 || l.held() != 2 {
					t.Fatalf("held %+v, %d files; want a document and the index, for 30 minutes", rep.Held, l.held())
				}
				l.now, boot, up = l.now.Add(c.later), c.boot, c.up
				if err := command(l); err != nil {
					t.Fatal(err)
				}
				if gone := l.held() == 0; gone != c.gone {
					t.Errorf("%d files are held, want none: %v", l.held(), c.gone)
				}
			})
		}
	}
}

// A document that cannot be set aside stays where it is, also one of the laptop's that the person filled in.
func TestDocumentsThatCannotBeHeldStay(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/letter.odt", "private")
	l.write("Documents/form.odt", "filled in")
	l.write("other", "no document")
	st, err := l.State.Account(l.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	// A file where the holding folder should be: nothing can be put there.
	if err := errors.Join(os.RemoveAll(st.HeldDir()), os.WriteFile(st.HeldDir(), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	l.wipe(agent.Hold, wipe.Incomplete)
	if got := l.content("Documents/letter.odt"); got != "private" {
		t.Errorf("the document is %q", got)
	}
	if got := l.content("Documents/form.odt"); got != "filled in" {
		t.Errorf("the form that the person filled in is %q", got)
	}
	if l.content("other") != "" {
		t.Error("what is no document stayed")
	}
	l.wipe(agent.Refuse, wipe.Incomplete) // the holding folder is still not one
	if got := l.content("Documents/form.odt"); got != "an empty form" {
		t.Errorf("the form is %q after the documents were refused", got)
	}
}

// A form of the laptop's that the person filled in is theirs: it is held before it is put back.
func TestFilledInFormIsHeld(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.write("Documents/form.odt", "filled in")
	rep := l.wipe(agent.Hold, wipe.Complete)
	if rep.Held.Count != 1 {
		t.Errorf("%d documents are held, want 1", rep.Held.Count)
	}
	if got := l.content("Documents/form.odt"); got != "an empty form" {
		t.Errorf("the form is %q, want it as enrolled", got)
	}
}
