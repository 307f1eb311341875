package agent_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent"
	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
	"ipguard/wipe/baseline"
)

// An enrollment that fails or is not confirmed leaves the earlier one in force, and the next one works.
func TestFailedEnrollmentChangesNothing(t *testing.T) {
	boom := errors.New("boom")
	for _, c := range []struct {
		name string
		set  func(*laptop, *agent.EnrollRequest)
		want error
	}{
		{"too many files", func(l *laptop, _ *agent.EnrollRequest) { l.Policy.Enrollment.MaxFiles = 3 }, baseline.ErrTooManyFiles},
		{"too many bytes", func(l *laptop, _ *agent.EnrollRequest) { l.Policy.Enrollment.MaxBytes = 10 }, baseline.ErrTooManyBytes},
		{"not confirmed", func(_ *laptop, r *agent.EnrollRequest) {
			r.Confirm = func(agent.Summary) (bool, error) { return false, nil }
		}, agent.ErrDeclined},
		{"confirmation failed", func(_ *laptop, r *agent.EnrollRequest) {
			r.Confirm = func(agent.Summary) (bool, error) { return true, boom }
		}, boom},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLaptop(t)
			try := func() {
				t.Helper()
				old := l.Policy
				req := agent.EnrollRequest{Account: l.Account}
				c.set(l, &req)
				if _, err := l.Enroll(context.Background(), req); !errors.Is(err, c.want) {
					t.Fatalf("error %v, want %v", err, c.want)
				}
				l.Policy = old
			}
			try()
			if s := l.status(); s.State != state.NotEnrolled {
				t.Errorf("state %q after an enrollment that failed, want not_enrolled", s.State)
			}
			if _, err := l.Agent.Account(""); !errors.Is(err, agent.ErrNoneEnrolled) {
				t.Errorf("the only enrolled account: %v, want none", err)
			}
			if sum := l.enroll(); sum.Version != 1 {
				t.Errorf("version %d, want 1", sum.Version)
			}
			l.write(".config/app/later", "the next person's")
			try()
			if s := l.status(); s.Baseline.Version != 1 {
				t.Errorf("version %d is in force, want 1", s.Baseline.Version)
			}
			l.wipe(agent.Refuse, wipe.Complete)
			if l.content(".config/app/later") != "" {
				t.Error("a file of the enrollment that failed stayed")
			}
			if sum := l.enroll(); sum.Version != 2 {
				t.Errorf("version %d, want 2", sum.Version)
			}
		})
	}
}

// interrupted is a machine on which looking for writable folders is interrupted.
type interrupted struct{ agent.Machine }

func (interrupted) WritableFolders(context.Context, uint32, []uint32, []string, []host.Mount) ([]string, error) {
	return []string{"/srv/first"}, context.Canceled
}

// Half a list of the folders that the account can write to must not come into force: the others would never be swept.
func TestInterruptedSearchForFoldersEnrollsNothing(t *testing.T) {
	l := newLaptop(t)
	l.Agent.Machine = interrupted{l.Agent.Machine}
	if _, err := l.Enroll(context.Background(), agent.EnrollRequest{Account: l.Account}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
	if s := l.status(); s.State != state.NotEnrolled {
		t.Errorf("state %q, want not_enrolled", s.State)
	}
}

// A refresh takes what it names and nothing else, also outside the home: a network that a visitor joined must not become
// the laptop's because the administrator refreshed a setting.
func TestRefreshOutsideTakesOnlyWhatIsNamed(t *testing.T) {
	l := newLaptop(t)
	networks := filepath.Join(l.Prefix, "etc/NetworkManager/system-connections")
	own, visitor, added := filepath.Join(networks, "own"), filepath.Join(networks, "visitor"), filepath.Join(networks, "added")
	put := func(path, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(path string) string {
		data, _ := os.ReadFile(path)
		return string(data)
	}
	put(own, "library")
	l.enroll()
	l.wipe(agent.Refuse, wipe.Complete)
	l.write(".config/app/rc", "new setting")
	put(own, "changed")
	put(visitor, "hotspot")
	put(added, "second room")
	refresh := agent.EnrollRequest{Account: l.Account, Refresh: []string{".config/app", added}}
	if _, err := l.Enroll(context.Background(), refresh); err != nil {
		t.Fatal(err)
	}
	l.wipe(agent.Refuse, wipe.Complete)
	got := []string{l.content(".config/app/rc"), read(own), read(visitor), read(added)}
	if diff := cmp.Diff([]string{"new setting", "library", "", "second room"}, got); diff != "" {
		t.Errorf("setting, own, visitor's and added network (-want +got):\n%s", diff)
	}
}
