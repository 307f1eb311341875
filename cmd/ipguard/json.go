package main

import (
	"ipguard/agent"
	"ipguard/wipe"
)

// The shapes of --json. They are an API: fields are added, never renamed.

type reportJSON struct {
	Schema    string         `json:"schema"`
	Result    string         `json:"result"`
	Refusal   string         `json:"refusal,omitempty"`
	Seconds   float64        `json:"seconds"`
	Artifacts []artifactJSON `json:"artifacts"`
	Held      heldJSON       `json:"held"`
	Totals    totalsJSON     `json:"totals"`
	Media     []mediumJSON   `json:"media"`
	Unsaved   bool           `json:"unsaved,omitempty"`
}

type artifactJSON struct {
	ID        string `json:"id"`
	Class     string `json:"class"`
	Outcome   string `json:"outcome"`
	Assurance string `json:"assurance,omitempty"`
	Code      string `json:"code,omitempty"`
	Count     int    `json:"count"`
	Bytes     int64  `json:"bytes"`
}

type mediumJSON struct {
	FileSystem string   `json:"filesystem"`
	Device     string   `json:"device"`
	Encrypted  bool     `json:"encrypted"`
	Assurance  string   `json:"assurance"`
	Limits     []string `json:"limits"`
}

type heldJSON struct {
	Count   int   `json:"count"`
	Bytes   int64 `json:"bytes"`
	Minutes int   `json:"minutes"`
}

type totalsJSON struct {
	Erased   int   `json:"erased"`
	Restored int   `json:"restored"`
	Residual int   `json:"residual"`
	Skipped  int   `json:"skipped"`
	Bytes    int64 `json:"bytes"`
}

type statusJSON struct {
	Schema      string         `json:"schema"`
	State       string         `json:"state"`
	Artifacts   []artifactJSON `json:"artifacts"`
	Totals      totalsJSON     `json:"totals"`
	Held        heldJSON       `json:"held"`
	Baseline    *baselineJSON  `json:"baseline,omitempty"`
	Programs    int            `json:"programs"`
	Live        bool           `json:"live"`
	Admin       bool           `json:"admin"`
	Interrupted bool           `json:"interrupted"`
	NotCovered  []string       `json:"not_covered"`
	Media       []mediumJSON   `json:"media"`
	Assurance   string         `json:"assurance,omitempty"` // the weakest of the last wipe
	LastDay     string         `json:"last_day,omitempty"`  // of the last wipe
	Service     serviceState   `json:"service"`
	Browsers    browsersJSON   `json:"browsers"`
}

type baselineJSON struct {
	Version int    `json:"version"`
	Day     string `json:"day"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
}

type progressJSON struct {
	Schema string `json:"schema"`
	Phase  string `json:"phase"`
	Done   int    `json:"done"`
	Bytes  int64  `json:"bytes"`
}

func toReport(schema string, r wipe.Report) reportJSON {
	return reportJSON{
		Schema: schema, Result: string(r.Verdict), Refusal: string(r.Refusal), Seconds: r.Seconds,
		Artifacts: toArtifacts(r.Results), Held: toHeld(r.Held), Totals: toTotals(r.Totals()), Media: toMedia(r.Media),
		Unsaved: r.Unsaved,
	}
}

func toArtifacts(rows []wipe.Result) []artifactJSON {
	all := make([]artifactJSON, 0, len(rows))
	for _, r := range rows {
		all = append(all, artifactJSON{
			ID: string(r.Artifact), Class: string(r.Class), Outcome: string(r.Outcome), Assurance: string(r.Assurance),
			Code: string(r.Code), Count: r.Count, Bytes: r.Bytes,
		})
	}
	return all
}

func toMedia(media []wipe.Medium) []mediumJSON {
	all := make([]mediumJSON, 0, len(media))
	for _, m := range media {
		all = append(all, toMedium(m))
	}
	return all
}

func toMedium(m wipe.Medium) mediumJSON {
	limits := make([]string, 0, len(m.Limits))
	for _, l := range m.Limits {
		limits = append(limits, string(l))
	}
	return mediumJSON{
		FileSystem: m.FileSystem, Device: m.Device, Encrypted: m.Encrypted, Assurance: string(m.Assurance), Limits: limits,
	}
}

func toHeld(h wipe.Held) heldJSON {
	return heldJSON{Count: h.Count, Bytes: h.Bytes, Minutes: h.Minutes}
}

func toTotals(t wipe.Totals) totalsJSON {
	return totalsJSON{Erased: t.Erased, Restored: t.Restored, Residual: t.Residual, Skipped: t.Skipped, Bytes: t.Bytes}
}

func toStatus(s agent.Status, notCovered []string, service serviceState) statusJSON {
	out := statusJSON{
		Schema: "ipguard.status/1", State: string(s.State), Artifacts: toArtifacts(s.Results),
		Totals: toTotals(wipe.Report{Results: s.Results}.Totals()), Held: toHeld(s.Held), Programs: s.Running, Live: s.Live,
		Admin: s.Admin, Interrupted: s.Interrupted, NotCovered: notCovered, Media: toMedia(s.Media), Assurance: string(s.Assurance),
		LastDay: s.Day, Service: service,
	}
	if s.Baseline.Version > 0 {
		out.Baseline = &baselineJSON{Version: s.Baseline.Version, Day: s.Baseline.Day, Files: s.Baseline.Files, Bytes: s.Baseline.Bytes}
	}
	return out
}
