package erase

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
	"ipguard/wipe/catalog"
	"ipguard/wipe/storage"
)

// device is a volume of which single steps fail.
type device struct {
	fails     map[string]error
	snapshots int
	remaining int
	steps     []string
}

func (d *device) step(name string) error {
	d.steps = append(d.steps, name)
	return d.fails[name]
}

func (d *device) Sync() error          { return d.step("sync") }
func (d *device) Checkpoint() error    { return d.step("checkpoint") }
func (d *device) ClearJournal() error  { return d.step("journal") }
func (d *device) FreeEOFBlocks() error { return d.step("eof") }
func (d *device) FreeReserved() error  { return nil }
func (d *device) Trim(context.Context, func(done, total int64)) (int64, error) {
	return 0, d.step("trim")
}
func (d *device) Sample(*os.File) (storage.Sample, bool)  { return storage.Sample{}, false }
func (d *device) Remaining([]storage.Sample) (int, error) { return d.remaining, nil }
func (d *device) Snapshots() (int, error)                 { return d.snapshots, nil }

// When a step fails, no result may still claim what that step was for.
func TestFailedStepsAreNotClaimed(t *testing.T) {
	broken := errors.New("input/output error")
	ssd := storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true}
	disk := storage.Storage{FileSystem: storage.Ext, Medium: storage.HardDisk}
	for _, c := range []struct {
		name      string
		storage   storage.Storage
		fails     map[string]error
		snapshots int
		want      wipe.Result
		limits    []wipe.Limit
	}{
		{"all goes well", ssd, nil, 0, wipe.Result{Assurance: wipe.Discarded}, nil},
		{"the discard fails", ssd, map[string]error{"trim": broken}, 0,
			wipe.Result{Assurance: wipe.Unlinked}, []wipe.Limit{wipe.LimitFailed, wipe.LimitFreeSpace}},
		{"there is no discard after all", ssd, map[string]error{"trim": storage.ErrUnsupported}, 0,
			wipe.Result{Assurance: wipe.Unlinked}, []wipe.Limit{wipe.LimitFreeSpace}},
		{"the journal stays", ssd, map[string]error{"journal": storage.ErrUnsupported}, 0,
			wipe.Result{Assurance: wipe.Discarded}, []wipe.Limit{wipe.LimitNames}},
		{"what was overwritten is not on the medium", disk, map[string]error{"sync": broken}, 0,
			wipe.Result{Assurance: wipe.Unlinked, Code: wipe.CodeIO}, []wipe.Limit{wipe.LimitFailed}},
		{"a snapshot", ssd, nil, 1, wipe.Result{Assurance: wipe.Unlinked, Code: wipe.CodeSnapshot}, []wipe.Limit{wipe.LimitSnapshots}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := &device{fails: c.fails, snapshots: c.snapshots}
			v := &Volume{Storage: c.storage, Method: Choose(c.storage, "", true), Device: d}
			tally := &Tally{}
			tally.Erased(v, catalog.Match{}, v.usual(), wipe.CodeNone, 1)
			v.Settle(t.Context(), nil)
			got := tally.Results()[0]
			if diff := cmp.Diff(c.want, wipe.Result{Assurance: got.Assurance, Code: got.Code}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			m := v.Medium()
			for _, l := range c.limits {
				if !slices.Contains(m.Limits, l) {
					t.Errorf("limits %q, want %q among them", m.Limits, l)
				}
			}
			if m.Assurance != c.want.Assurance {
				t.Errorf("the medium says %q, want %q", m.Assurance, c.want.Assurance)
			}
		})
	}
}

// Blocks are freed by what comes before, so a discard that came earlier would miss them; and a journal is cleared only
// after the last change that is written to it.
func TestSettleInOrder(t *testing.T) {
	for _, c := range []struct {
		storage storage.Storage
		want    []string
	}{
		{storage.Storage{FileSystem: storage.Ext, Discard: true}, []string{"sync", "journal", "trim"}},
		{storage.Storage{FileSystem: storage.XFS, Discard: true}, []string{"sync", "eof", "sync", "trim"}},
		{storage.Storage{FileSystem: storage.Btrfs, Discard: true}, []string{"sync", "trim"}},
		{storage.Storage{FileSystem: storage.Ext}, []string{"sync", "journal"}},
	} {
		d := &device{}
		(&Volume{Storage: c.storage, Method: Choose(c.storage, "", true), Device: d}).Settle(t.Context(), nil)
		if diff := cmp.Diff(c.want, d.steps); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.storage.FileSystem, diff)
		}
	}
}

// A device that keeps what it was asked to discard is found out, and believed no more.
func TestDiscardThatDoesNothing(t *testing.T) {
	for remaining, want := range map[int]wipe.Assurance{0: wipe.Discarded, 3: wipe.Discarded, 8: wipe.Unlinked} {
		d := &device{remaining: remaining}
		s := storage.Storage{FileSystem: storage.Ext, Medium: storage.SSD, Discard: true}
		v := &Volume{Storage: s, Method: Choose(s, "", true), Device: d, samples: make([]storage.Sample, 8)}
		v.Settle(t.Context(), nil)
		m := v.Medium()
		if m.Assurance != want || slices.Contains(m.Limits, wipe.LimitIgnored) != (want == wipe.Unlinked) {
			t.Errorf("%d of 8 remain: %s, %q", remaining, m.Assurance, m.Limits)
		}
	}
	s := storage.Storage{FileSystem: storage.Ext, Discard: true, DiscardStep: 1 << 20, BlockSize: 4096}
	if m := Choose(s, "", true); !m.Trim || !m.Overwrite || m.Assurance != wipe.Overwritten {
		t.Errorf("a device with large pieces: %+v", m)
	}
}
