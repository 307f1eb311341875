package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/state"
	"ipguard/cmd/ipguard/text"
	"ipguard/wipe"
)

// Media as package erase describes them.
func ssd() wipe.Medium {
	return wipe.Medium{FileSystem: "ext", Device: "ssd", Assurance: wipe.Discarded, Limits: []wipe.Limit{wipe.LimitFlash}}
}

func hardDisk() wipe.Medium {
	return wipe.Medium{FileSystem: "ext", Device: "hard_disk", Assurance: wipe.Overwritten, Limits: []wipe.Limit{wipe.LimitFreeSpace}}
}

func memory() wipe.Medium {
	return wipe.Medium{FileSystem: "tmpfs", Device: "memory", Assurance: wipe.MemoryOnly, Limits: []wipe.Limit{wipe.LimitMemory}}
}

func erased(n int, a wipe.Assurance, c wipe.Code) wipe.Result {
	return wipe.Result{Artifact: "unknown", Class: "unknown", Outcome: wipe.Erased, Assurance: a, Code: c, Count: n, Bytes: 10}
}

// english returns a program that talks into a buffer.
func english() (*app, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return &app{env: env{out: out, goos: "linux"}, say: text.For([]string{"en"})}, out
}

// What people read about the strength of a wipe: every strength that was reached, each once, and no other.
func TestTellErased(t *testing.T) {
	encrypted := ssd()
	encrypted.Encrypted = true
	failed := hardDisk()
	failed.Assurance, failed.Limits = wipe.Unlinked, []wipe.Limit{wipe.LimitFailed, wipe.LimitNeedsRoot, wipe.LimitFreeSpace}
	nvme := ssd()
	nvme.FileSystem, nvme.Limits = "xfs", []wipe.Limit{wipe.LimitNames, wipe.LimitFlash}
	const told, flash = "  Deleted, and the drive told that this space is empty; the rest is up to it.\n", "  - old copies inside the drive, for as long as the drive keeps them\n"
	for _, tc := range []struct {
		name  string
		media []wipe.Medium
		done  []wipe.Result
		want  string
	}{
		{
			"memory where nothing was erased is not mentioned", []wipe.Medium{ssd(), memory()}, []wipe.Result{erased(5, wipe.Discarded, "")},
			"How strongly it was erased:\n" + told + "Could still remain:\n" + flash,
		},
		{
			"the same words are said once", []wipe.Medium{ssd(), nvme}, []wipe.Result{erased(5, wipe.Discarded, "")},
			"How strongly it was erased:\n" + told + "Could still remain:\n  - names of files, in the disk's own records\n" + flash,
		},
		{
			"encryption is said beside, not instead", []wipe.Medium{encrypted}, []wipe.Result{erased(5, wipe.Discarded, "")},
			"How strongly it was erased:\n" + told + "  The disk is encrypted too: that protects a laptop that is lost while off.\nCould still remain:\n" + flash,
		},
		{
			"two strengths", []wipe.Medium{hardDisk(), memory()}, []wipe.Result{erased(5, wipe.Overwritten, ""), erased(1, wipe.MemoryOnly, "")},
			"How strongly it was erased:\n  Written over where it was on the disk, then deleted.\nElsewhere on this laptop:\n" +
				"  Deleted from memory: it was not on a disk.\nCould still remain:\n" +
				"  - in free disk space: what was deleted or replaced before the wipe\n  - what was in memory, until the laptop is turned off\n",
		},
		{
			"weaker rows with their reasons", []wipe.Medium{hardDisk()},
			[]wipe.Result{erased(5, wipe.Overwritten, ""), erased(3, wipe.Unlinked, wipe.CodeHardLink), erased(1, wipe.Unlinked, wipe.CodeInUse)},
			"How strongly it was erased:\n  Written over where it was on the disk, then deleted.\nCould still remain:\n" +
				"  - in free disk space: what was deleted or replaced before the wipe\nOnly deleted like any file:\n" +
				"  - The contents of 3 files have another name too (hard link).\n  - 1 file was in use by another program.\n",
		},
		{
			"what no row reached is not claimed", []wipe.Medium{ssd()}, []wipe.Result{erased(5, wipe.Unlinked, wipe.CodeHeldOpen)},
			"Could still remain:\n" + flash + "Only deleted like any file:\n  - 5 things: a program still uses a file that was erased.\n",
		},
		{
			"a failed step is no limit to live with", []wipe.Medium{failed}, []wipe.Result{erased(5, wipe.Unlinked, "")},
			"How strongly it was erased:\n  Deleted like any file: a specialist could still recover parts of it.\n" +
				"  An administrator can erase more strongly: sudo ipguard wipe\nCould still remain:\n" +
				"  - in free disk space: what was deleted or replaced before the wipe\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, out := english()
			a.tellErased(wipe.NewReport(tc.done, nil, tc.media))
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// A wipe that left nothing, yet did not erase as it should, must not look like a good one: it says why and what to do.
func TestTellIncompleteThoughNothingIsLeft(t *testing.T) {
	floor, step := hardDisk(), hardDisk()
	floor.Limits, step.Limits = []wipe.Limit{wipe.LimitFloor}, []wipe.Limit{wipe.LimitFailed}
	for name, tc := range map[string]struct {
		medium wipe.Medium
		row    wipe.Result
		want   string
	}{
		"weaker than policy": {floor, erased(1, wipe.Overwritten, ""), "  - It erases less strongly here than your rules ask for.\n"},
		"a step failed":      {step, erased(1, wipe.Overwritten, ""), "  - The disk failed at a step of the wipe.\n"},
		"a disk fails":       {hardDisk(), erased(2, wipe.Unlinked, wipe.CodeIO), "  - The disk failed for 2 things. Set the laptop aside.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a, out := english()
			a.tell(wipe.NewReport([]wipe.Result{tc.row}, nil, []wipe.Medium{tc.medium}))
			if !strings.HasPrefix(out.String(), "✘ Not ready: nothing is left, but not everything went as it should.\n") ||
				!strings.Contains(out.String(), "Why:\n"+tc.want+"Wipe again.") || strings.Count(out.String(), tc.want) != 1 {
				t.Errorf("the reason or the way out is missing:\n%s", out)
			}
		})
	}
}

// The first line answers whether the next person may sit down, and warns when a specialist could still find things.
func TestStatusFirstLine(t *testing.T) {
	for _, tc := range []struct {
		status agent.Status
		want   string
	}{
		{agent.Status{State: state.Clean, Assurance: wipe.Discarded}, "✔ Ready."},
		{agent.Status{State: state.Clean, Assurance: wipe.MemoryOnly}, "✔ Ready."},
		{agent.Status{State: state.Clean, Assurance: wipe.Unlinked}, "✔ Ready. Erased, but a specialist could still recover it."},
		{agent.Status{State: state.Clean}, "✔ Ready."},
		{agent.Status{State: state.Residue, Assurance: wipe.Overwritten}, "✘ Not ready: nothing is found, but the last wipe did not go as it should."},
	} {
		a, out := english()
		a.tellStatus(tc.status, presence{}, governor.Report{})
		if first, _, _ := strings.Cut(out.String(), "\n"); first != tc.want {
			t.Errorf("%s, %q: %q, want %q", tc.status.State, tc.status.Assurance, first, tc.want)
		}
	}
}

// Each limit is told once: what is not covered says some of them.
func TestStatusTellsMedia(t *testing.T) {
	for _, tc := range []struct {
		medium wipe.Medium
		free   int
	}{{hardDisk(), 1}, {ssd(), 0}} {
		a, out := english()
		a.tellStatus(agent.Status{State: state.Clean, Assurance: wipe.Overwritten, Media: []wipe.Medium{tc.medium, memory()}}, presence{}, governor.Report{})
		if got := strings.Count(out.String(), "free disk space"); got != tc.free {
			t.Errorf("%s: free space is mentioned %d times, want %d:\n%s", tc.medium.Device, got, tc.free, out)
		}
		if !strings.Contains(out.String(), "How strongly a wipe erases here:\n") || strings.Contains(out.String(), "from memory") {
			t.Errorf("%s: the medium is not told, or memory is:\n%s", tc.medium.Device, out)
		}
	}
	a, out := english()
	a.tellStatus(agent.Status{State: state.Clean, Assurance: wipe.MemoryOnly, Media: []wipe.Medium{memory()}}, presence{}, governor.Report{})
	if !strings.Contains(out.String(), "from memory") {
		t.Errorf("everything is in memory, and nobody is told:\n%s", out)
	}
}

// The shape is an API: lists are lists also when they are empty, and the order is the engine's.
func TestMediaJSON(t *testing.T) {
	const none = `[{"filesystem":"ext","device":"ssd","encrypted":true,"assurance":"unlinked","limits":[]},` +
		`{"filesystem":"tmpfs","device":"memory","encrypted":false,"assurance":"memory_only","limits":["memory","swap"]}]`
	first, second := ssd(), memory()
	first.Encrypted, first.Assurance, first.Limits = true, wipe.Unlinked, nil
	second.Limits = append(second.Limits, wipe.LimitSwap)
	for _, tc := range []struct {
		media []wipe.Medium
		want  string
	}{{nil, "[]"}, {[]wipe.Medium{first, second}, none}} {
		var report, status struct {
			Media     json.RawMessage
			Assurance string
		}
		decode(t, toReport("ipguard.report/1", wipe.Report{Media: tc.media}), &report)
		decode(t, toStatus(agent.Status{Media: tc.media, Assurance: wipe.Unlinked}, nil, serviceState{}), &status)
		if diff := cmp.Diff([]string{tc.want, tc.want, "unlinked"}, []string{string(report.Media), string(status.Media), status.Assurance}); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func decode(t *testing.T, v, into any) {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// A discard has no entries to count, and takes long enough on a big disk that people want to see it move.
func TestProgressShowsBytesWithoutEntries(t *testing.T) {
	a, out := english()
	a.repaint, a.now = true, system().now
	p := &progress{a: a}
	p.Progress(wipe.Progress{Phase: wipe.PhaseSettle, Bytes: 120e9})
	if want := "\rFinishing on the disk… 120\u00a0GB"; out.String() != want {
		t.Errorf("%q, want %q", out, want)
	}
}
