package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
	"ipguard/agent/ipc"
	"ipguard/wipe"
)

// throughService has the service do something with documents, which needs an administrator's rights; without a service the
// command does it, if it has them.
func (d *documentsRun) throughService(
	ctx context.Context, docs []handover.Document,
	service func(context.Context, string, []handover.Mark) (agent.Moved, error),
	own func(context.Context, wipe.Account, []handover.Mark) (agent.Moved, error),
) (agent.Moved, error) {
	var only []handover.Mark
	if d.only != "" {
		only = marksOf(docs)
	}
	if d.found.here {
		return service(ctx, d.acct.ID, only)
	}
	return own(ctx, d.acct, only)
}

type heldBatchesJSON struct {
	Schema  string      `json:"schema"`
	Batches []batchJSON `json:"batches"`
}

type batchJSON struct {
	ID           string `json:"id"`
	Count        int    `json:"count"`
	Bytes        int64  `json:"bytes"`
	SinceMinutes int    `json:"since_minutes"`
	LeftMinutes  int    `json:"left_minutes"`
}

// batches lists what is set aside: how much and since when, never what.
func (d *documentsRun) batches(ctx context.Context) ([]agent.Batch, error) {
	if d.found.here {
		return d.found.client.Held(ctx, d.acct.ID)
	}
	return d.agent.Batches(ctx, d.acct)
}

func (d *documentsRun) held(ctx context.Context, _ string) error {
	all, err := d.batches(ctx)
	if err != nil {
		return err
	}
	if d.json {
		out := heldBatchesJSON{Schema: "ipguard.held/1", Batches: []batchJSON{}}
		for _, b := range all {
			out.Batches = append(out.Batches, batchJSON{b.ID, b.Count, b.Bytes, minutes(b.Since), minutes(b.Left)})
		}
		d.line(out)
		return nil
	}
	if len(all) == 0 {
		d.printf("held.none")
	}
	d.tellBatches(all)
	return nil
}

func (d *documentsRun) tellBatches(all []agent.Batch) {
	for i, b := range all {
		fmt.Fprintf(d.out, "%3d  %s\n", i+1, d.say.Text("held.batch", b.Count, d.size(b.Bytes), minutes(b.Since), minutes(b.Left)))
	}
}

// minutes rounds up, so that nothing that is still there seems gone.
func minutes(d time.Duration) int { return int((max(d, 0) + time.Minute - 1) / time.Minute) }

// back gives documents back that were set aside, into a new folder of the account. An account needs the helper's PIN.
func (d *documentsRun) back(ctx context.Context, batch string) error {
	all, err := d.batches(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		d.tellUnlessJSON("held.none")
		return d.moved(actBack, agent.Moved{})
	}
	in := newAnswers(d.in)
	chosen, err := d.chooseBatch(ctx, in, all, batch)
	if err != nil {
		return err
	}
	req := agent.BackRequest{
		Account: d.acct, Admin: d.uid == 0, Batch: chosen, Folder: d.say.Text("back.folder", d.today()),
	}
	if !req.Admin {
		if req.PIN, err = d.secretLine(ctx, in, "pin.ask"); err != nil {
			return err
		}
	}
	var m agent.Moved
	if d.found.here {
		m, err = d.found.client.Back(ctx, ipc.BackRequest{Account: d.acct.ID, PIN: req.PIN, Batch: req.Batch, Folder: req.Folder})
	} else {
		m, err = d.agent.GiveBack(ctx, req)
	}
	if err != nil {
		return err
	}
	return d.moved(actBack, m)
}

// chooseBatch finds the batch that is meant: by number, by id, or the only one there is.
func (d *documentsRun) chooseBatch(ctx context.Context, in answers, all []agent.Batch, meant string) (string, error) {
	for {
		if meant == "" && len(all) == 1 {
			return all[0].ID, nil
		}
		for _, b := range all {
			if meant == b.ID {
				return b.ID, nil
			}
		}
		if n, ok := numbers(meant, len(all)); ok && len(n) == 1 {
			return all[n[0]-1].ID, nil
		}
		if meant != "" || !d.interactive || d.json {
			return "", usage("error.batch")
		}
		d.tellBatches(all)
		d.printf("held.which")
		var ok bool
		if meant, ok = in.ask(ctx); !ok || meant == "" {
			return "", errLeft()
		}
	}
}

// secretLine asks for what must not be seen; where nobody sits at a terminal it is the next line of the input.
func (a *app) secretLine(ctx context.Context, in answers, key string) (string, error) {
	var s string
	var ok bool
	if a.interactive {
		a.printf(key)
		s, ok = a.secret(ctx)
		fmt.Fprintln(a.out)
	} else {
		s, ok = in.ask(ctx)
	}
	if !ok {
		return "", errLeft()
	}
	return strings.TrimSpace(s), nil
}

// pin sets or forgets the PIN that a helper gives documents back with.
func (d *documentsRun) pin(ctx context.Context, _ string) error {
	if d.forget {
		if err := d.agent.ForgetPIN(ctx, d.acct); err != nil {
			return err
		}
		return d.pinDone("pin.forgotten")
	}
	if d.uid > 0 {
		return agent.ErrNotPermitted
	}
	in := newAnswers(d.in)
	first, err := d.secretLine(ctx, in, "pin.new")
	if err != nil {
		return err
	}
	if d.interactive {
		second, err := d.secretLine(ctx, in, "pin.again")
		if err != nil {
			return err
		}
		if first != second {
			return usage("error.pins_differ")
		}
	}
	if err := d.agent.SetPIN(ctx, d.acct, first); err != nil {
		return err
	}
	return d.pinDone("pin.set")
}

func (d *documentsRun) pinDone(key string) error {
	d.tellUnlessJSON(key)
	if d.json {
		d.line(map[string]any{"schema": "ipguard.pin/1", "done": true})
	}
	return nil
}
