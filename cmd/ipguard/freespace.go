package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ipguard/agent"
	"ipguard/wipe"
)

type freeSpaceJSON struct {
	Schema  string                `json:"schema"`
	Result  string                `json:"result"`
	Refusal string                `json:"refusal,omitempty"`
	Seconds float64               `json:"seconds"`
	Volumes []freeSpaceVolumeJSON `json:"volumes"`
}

type freeSpaceVolumeJSON struct {
	mediumJSON
	Outcome string `json:"outcome"`
	Stopped string `json:"stopped,omitempty"`
	Free    int64  `json:"free"`
	Written int64  `json:"written"`
	Left    int64  `json:"left"`
}

// freeSpace cleans the free space, at the end of a day.
func (a *app) freeSpace(ctx context.Context, o wipeOptions) error {
	if o.dryRun || o.documents != "" {
		return usage("error.free_space_alone")
	}
	reserve, ok := bytesOf(o.reserve)
	if o.within < 0 || !ok {
		return usage("error.limits")
	}
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return err
	}
	acct, err := ag.Account(o.account)
	if err != nil {
		return err
	}
	p := &progress{a: a}
	rep, err := ag.CleanFreeSpace(ctx, agent.FreeSpaceRequest{Account: acct, Within: o.within, Reserve: reserve, Observer: p})
	p.end()
	if err != nil {
		return err
	}
	if a.json {
		a.line(toFreeSpace(rep))
	}
	switch {
	case rep.Verdict == wipe.Refused && a.json:
		return quiet(refusalCode(rep.Refusal))
	case rep.Verdict == wipe.Refused:
		return rep.Refusal
	case !a.json:
		a.tellFreeSpace(rep)
	}
	if rep.Verdict != wipe.Complete {
		return quiet(exitIncomplete)
	}
	return nil
}

func toFreeSpace(rep wipe.FreeSpaceReport) freeSpaceJSON {
	out := freeSpaceJSON{
		Schema: "ipguard.freespace/1", Result: string(rep.Verdict), Refusal: string(rep.Refusal), Seconds: rep.Seconds,
		Volumes: []freeSpaceVolumeJSON{},
	}
	for _, v := range rep.Volumes {
		out.Volumes = append(out.Volumes, freeSpaceVolumeJSON{
			mediumJSON: toMedium(v.Medium), Outcome: string(v.Outcome), Stopped: string(v.Stopped),
			Free: v.Free, Written: v.Written, Left: v.Left,
		})
	}
	return out
}

func (a *app) tellFreeSpace(rep wipe.FreeSpaceReport) {
	a.printf("freespace."+string(rep.Verdict), (time.Duration(rep.Seconds * float64(time.Second))).Round(time.Second).Seconds())
	for _, v := range rep.Volumes {
		fmt.Fprintf(a.out, "  - %s\n", a.say.Text("freed."+string(v.Outcome), a.size(v.Written), a.size(v.Left)))
		if v.Stopped != wipe.FreeNotStopped {
			fmt.Fprintf(a.out, "    %s\n", a.say.Text("freestop."+string(v.Stopped)))
		}
	}
}

// bytesOf reads a size such as 500MB or 2GB; empty is 0.
func bytesOf(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	for unit, factor := range map[string]int64{"kB": 1e3, "MB": 1e6, "GB": 1e9} {
		if digits, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 32)
			return int64(n) * factor, err == nil
		}
	}
	return 0, false
}
