package agent

import (
	"context"
	"testing"

	"ipguard/agent/state"
	"ipguard/devices/host"
	"ipguard/wipe"
)

// desk is a machine on which an account runs what the test says.
type desk struct {
	Machine
	runs      []host.Process
	ancestors []int
}

func (d *desk) Processes(context.Context, uint32) ([]host.Process, error) { return d.runs, nil }
func (d *desk) Ancestors(pid int) []int {
	if pid == 600 {
		return d.ancestors
	}
	return nil
}

// The terminal in which somebody typed `ipguard stow` is no use of the laptop, also when they have left it since; any other
// program is, and so is one that only pretends to be the terminal.
func TestTheClientsTerminalIsNoUse(t *testing.T) {
	ctx := t.Context()
	dir, err := state.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	st, err := dir.Account("1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Create(); err != nil {
		t.Fatal(err)
	}
	if err := st.Save(state.Record{State: state.Clean, Day: "2026-11-24"}); err != nil {
		t.Fatal(err)
	}
	shell := host.Process{PID: 500, Exe: "/usr/bin/bash", RootOwnedExe: true}
	client := host.Process{PID: 600, Exe: "/usr/bin/ipguard", RootOwnedExe: true}
	editor := host.Process{PID: 700, Exe: "/usr/bin/editor", RootOwnedExe: true}
	m := &desk{runs: []host.Process{shell, client}, ancestors: []int{500}}
	a := &Agent{Machine: m, State: dir, PID: 1, Exe: client.Exe}
	w := &work{acct: wipe.Account{ID: "1000", UID: 1000}, state: st}
	stays := a.stays(600)
	if !a.unused(ctx, w, stays) || a.unused(ctx, w, a.stays(0)) {
		t.Error("the client's terminal is not told from use")
	}
	m.runs, m.ancestors = []host.Process{shell}, nil // the client has left
	if !a.unused(ctx, w, stays) {
		t.Error("the terminal counts as use when the client has left")
	}
	m.runs = []host.Process{shell, editor}
	if a.unused(ctx, w, stays) {
		t.Error("an editor is no use")
	}
	shell.RootOwnedExe, shell.Exe = false, "/home/x/bash"
	if m.runs = []host.Process{shell}; a.unused(ctx, w, stays) {
		t.Error("the account's own program passes for its terminal")
	}
	if err := st.Save(state.Record{State: state.InUse, Day: "2026-11-24"}); err != nil {
		t.Fatal(err)
	}
	if m.runs = nil; a.unused(ctx, w, stays) {
		t.Error("in use by the record, and not used")
	}
}

// A big disk is not cleaned in one evening: that is planned. Whatever else ends a cleaning is told.
func TestHowFarACleaningGoes(t *testing.T) {
	row := func(o wipe.FreeOutcome, s wipe.FreeStop) wipe.FreeSpaceReport {
		return wipe.NewFreeSpaceReport([]wipe.FreeSpace{{Outcome: wipe.FreeDiscarded}, {Outcome: o, Stopped: s}})
	}
	for name, c := range map[string]struct {
		rep  wipe.FreeSpaceReport
		want bool
	}{
		"all":         {row(wipe.FreeOverwritten, ""), true},
		"unsupported": {row(wipe.FreeUnsupported, ""), true},
		"time":        {row(wipe.FreePartly, wipe.FreeTime), true},
		"in use":      {row(wipe.FreePartly, wipe.FreeInUse), false},
		"interrupted": {row(wipe.FreePartly, wipe.FreeInterrupted), false},
		"space":       {row(wipe.FreePartly, wipe.FreeSpaceNeeded), false},
		"failed":      {row(wipe.FreeFailed, ""), false},
		"refused":     {wipe.FreeSpaceReport{Verdict: wipe.Refused, Refusal: wipe.RefusedInSession}, false},
		"no facts":    {wipe.FreeSpaceReport{Verdict: wipe.Incomplete}, false},
		"no volume":   {wipe.NewFreeSpaceReport(nil), true},
	} {
		if got := asFarAsPlanned(c.rep); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for want, media := range map[bool][]wipe.Medium{
		true:  {{}, {Limits: []wipe.Limit{wipe.LimitNames, wipe.LimitFreeSpace}}},
		false: {{Limits: []wipe.Limit{wipe.LimitNames}}},
	} {
		if needsCleaning(media) != want {
			t.Errorf("%v needs cleaning: %v", media, !want)
		}
	}
}
