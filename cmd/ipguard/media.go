package main

import (
	"fmt"
	"slices"

	"ipguard/wipe"
)

// strength is all that people are told of a medium before its limits. Media of one strength are one to them.
type strength struct {
	assurance wipe.Assurance
	encrypted bool
}

// worthTelling leaves memory out where something lies on a disk too: what a disk keeps is what people ask about.
func worthTelling(media []wipe.Medium) []wipe.Medium {
	onDisk := slices.DeleteFunc(slices.Clone(media), func(m wipe.Medium) bool { return m.Assurance == wipe.MemoryOnly })
	if len(onDisk) == 0 {
		return media
	}
	return onDisk
}

// reached returns the media on which something was erased as strongly as they allow.
func reached(rep wipe.Report) []wipe.Medium {
	return slices.DeleteFunc(slices.Clone(rep.Media), func(m wipe.Medium) bool {
		return !slices.ContainsFunc(rep.Results, func(r wipe.Result) bool {
			return r.Outcome == wipe.Erased && r.Code == wipe.CodeNone && r.Assurance == m.Assurance
		})
	})
}

// tellErased says how strongly a wipe erased, what could remain, and what was erased less strongly, by reason.
func (a *app) tellErased(rep wipe.Report) {
	media := reached(rep)
	a.tellStrength("media.erased", media)
	// The limits of a disk hold also where nothing reached what it allows.
	a.tellRemains(slices.Concat(worthTelling(rep.Media), media))
	a.tellWeaker(rep.Results)
}

// tellStrength writes a sentence for each strength, the home's first, under a heading, and what explains it.
func (a *app) tellStrength(heading string, media []wipe.Medium) {
	alike := map[strength][]wipe.Medium{}
	var order []strength
	for _, m := range media {
		s := strength{m.Assurance, m.Encrypted}
		if alike[s] == nil {
			order = append(order, s)
		}
		alike[s] = append(alike[s], m)
	}
	for i, s := range order {
		switch i {
		case 0:
			a.printf(heading)
		case 1:
			a.printf("media.elsewhere")
		}
		fmt.Fprintf(a.out, "  %s\n", a.say.Text("assurance."+string(s.assurance)))
		if s.encrypted {
			fmt.Fprintf(a.out, "  %s\n", a.say.Text("media.encrypted"))
		}
		for _, l := range explaining() {
			if limited(alike[s], l) {
				fmt.Fprintf(a.out, "  %s\n", a.limit(l))
			}
		}
	}
}

// explaining are the limits that say why things are erased no more strongly, not what remains.
func explaining() []wipe.Limit {
	return []wipe.Limit{wipe.LimitNeedsRoot, wipe.LimitCopyOnWrite, wipe.LimitUnknown}
}

// spoiling are the limits that make a wipe incomplete. They are told with the way out.
func spoiling() []wipe.Limit {
	return []wipe.Limit{wipe.LimitFloor, wipe.LimitFailed, wipe.LimitIgnored}
}

// tellRemains writes what could remain on the media.
func (a *app) tellRemains(media []wipe.Medium, except ...wipe.Limit) {
	remains := remaining(media, except...)
	if len(remains) > 0 {
		a.printf("media.remain")
	}
	for _, l := range remains {
		fmt.Fprintf(a.out, "  - %s\n", a.limit(l))
	}
}

// remaining returns the limits by which something could still be found after a wipe.
func remaining(media []wipe.Medium, except ...wipe.Limit) []wipe.Limit {
	return slices.DeleteFunc(wipe.Limits(), func(l wipe.Limit) bool {
		return slices.Contains(slices.Concat(except, explaining(), spoiling()), l) || !limited(media, l)
	})
}

func (a *app) limit(l wipe.Limit) string { return a.say.Text("limit." + string(l)) }

// limited reports whether a limit holds for one of the media.
func limited(media []wipe.Medium, l wipe.Limit) bool {
	return slices.ContainsFunc(media, func(m wipe.Medium) bool { return slices.Contains(m.Limits, l) })
}

// tellWeaker explains what was erased less strongly than its medium allows, each reason once. A failing disk is told
// with the way out.
func (a *app) tellWeaker(rows []wipe.Result) {
	counts, order := byCode(rows, wipe.Erased)
	order = slices.DeleteFunc(order, func(c wipe.Code) bool { return c == wipe.CodeIO })
	if len(order) > 0 {
		a.printf("media.weaker")
	}
	for _, c := range order {
		key := "code." + string(c)
		switch c {
		case wipe.CodeDenied, wipe.CodeHeldOpen, wipe.CodeInUse, wipe.CodeNoSpace:
			key = "weak." + string(c) // it kept nothing from going, so there is nothing to close or to free
		}
		fmt.Fprintf(a.out, "  - %s\n", a.say.Text(key, counts[c]))
	}
}

// tellShortfall says what makes a wipe incomplete beside what is left.
func (a *app) tellShortfall(rep wipe.Report) {
	for _, l := range spoiling() {
		if limited(rep.Media, l) {
			fmt.Fprintf(a.out, "  - %s\n", a.limit(l))
		}
	}
	a.reasons(failed(rep.Results), wipe.Erased)
}

// failed returns what was erased on a medium that failed meanwhile.
func failed(rows []wipe.Result) []wipe.Result {
	return slices.DeleteFunc(slices.Clone(rows), func(r wipe.Result) bool {
		return r.Outcome != wipe.Erased || r.Code != wipe.CodeIO
	})
}

// spoiled reports whether tellShortfall has anything to say.
func spoiled(rep wipe.Report) bool {
	return slices.ContainsFunc(spoiling(), func(l wipe.Limit) bool { return limited(rep.Media, l) }) || len(failed(rep.Results)) > 0
}
