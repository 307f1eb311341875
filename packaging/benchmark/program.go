package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// took is what one run of a program took.
type took struct {
	wall   time.Duration
	verify time.Duration // from the beginning of the second reading to the answer
	memory float64       // the most that was resident at once, in MiB
	answer answer
	phases []phase
}

// phase is when a phase was announced first.
type phase struct {
	name  string
	begin time.Time
}

// phase is how long a phase took, until the next one began; 0 if there was none.
func (t took) phase(name string) time.Duration {
	for i, p := range t.phases {
		if p.name == name && i+1 < len(t.phases) {
			return t.phases[i+1].begin.Sub(p.begin)
		}
	}
	return 0
}

// erase is how long erasing took, up to the second reading: without putting back what belongs to the laptop.
func (t took) erase() time.Duration {
	return t.phase("overwrite") + t.phase("erase") + t.phase("settle")
}

// answer is what is read of the program's last line.
type answer struct {
	Schema string `json:"schema"`
	Phase  string `json:"phase"`
	Result string `json:"result"`
	Files  int    `json:"files"`
	Totals struct {
		Erased, Restored, Residual int
	} `json:"totals"`
	Media []medium `json:"media"`
}

// medium is what a home lies on.
type medium struct {
	FileSystem string `json:"filesystem"`
	Device     string `json:"device"`
}

// ipguard runs the program on the account with a state folder of its own, and wants one of the exit codes.
//
// The peak memory of a child is never told lower than that of the parent that started it, so this program keeps little.
func (b *bench) ipguard(ctx context.Context, state string, codes []int, command string, args ...string) (took, error) {
	args = append([]string{command, "--json", "--account", b.name, "--state-dir", filepath.Join(b.top, state)}, args...)
	cmd := exec.CommandContext(ctx, b.program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return took{}, err
	}
	var t took
	var said strings.Builder
	cmd.Stderr = &said
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return took{}, err
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 8<<20) // a list of documents is one line
	for lines.Scan() {
		now := time.Now()
		t.answer = answer{}
		if err := json.Unmarshal(lines.Bytes(), &t.answer); err != nil {
			break // told by what is missing in the answer
		}
		last := len(t.phases) - 1
		if name := t.answer.Phase; name != "" && (last < 0 || t.phases[last].name != name) {
			t.phases = append(t.phases, phase{name, now})
		} else if name == "" && last >= 0 && t.phases[last].name == "verify" {
			t.verify = now.Sub(t.phases[last].begin)
		}
	}
	err = cmd.Wait()
	t.wall = time.Since(begin)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return t, err
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(codes, code) {
		return t, fmt.Errorf("ipguard %s ended with %d, result %q: %s", command, code, t.answer.Result, lastLine(strings.TrimSpace(said.String())))
	}
	t.memory = peak(cmd.ProcessState)
	return t, nil
}

// enroll takes the home as it is for the baseline.
func (b *bench) enroll(ctx context.Context, state string, atLeast int) error {
	t, err := b.ipguard(ctx, state, []int{0}, "enroll", "--yes")
	if err == nil && t.answer.Files < atLeast {
		err = fmt.Errorf("%d files enrolled, expected %d", t.answer.Files, atLeast)
	}
	return err
}

// wipe wipes, and checks that as much was erased as was there.
func (b *bench) wipe(ctx context.Context, state string, atLeast int) (took, error) {
	t, err := b.ipguard(ctx, state, []int{0}, "wipe", "--yes")
	if err == nil && (t.answer.Result != "complete" || t.answer.Totals.Erased < atLeast) {
		err = fmt.Errorf("result %q with %d erased, expected %d", t.answer.Result, t.answer.Totals.Erased, atLeast)
	}
	return t, err
}

// timed runs something and tells how long it took.
func timed(do func() error) (time.Duration, error) {
	begin := time.Now()
	err := do()
	return time.Since(begin), err
}
