package main

import (
	"fmt"
	"strings"
	"time"

	"ipguard/wipe"
)

// repaintEvery is how often a line on a terminal changes.
const repaintEvery = 100 * time.Millisecond

// progress shows a wipe while it runs: events with --json, one line that changes on a terminal, a line a phase elsewhere
// and for screen readers.
type progress struct {
	a     *app
	phase wipe.Phase
	last  time.Time
	wide  int // of the line that is on the terminal
}

// Progress implements wipe.Observer.
func (p *progress) Progress(e wipe.Progress) {
	if p.a.json {
		p.a.line(progressJSON{Schema: "ipguard.progress/1", Phase: string(e.Phase), Done: e.Done, Bytes: e.Bytes})
		return
	}
	began := e.Phase != p.phase
	p.phase = e.Phase
	label := p.a.say.Text("phase." + string(e.Phase))
	if !p.a.repaint {
		if began {
			fmt.Fprintln(p.a.out, label)
		}
		return
	}
	if now := p.a.now(); began || now.Sub(p.last) >= repaintEvery {
		p.last = now
		switch {
		case e.Done > 0:
			label = p.a.say.Text("progress", label, e.Done, p.a.size(e.Bytes))
		case e.Bytes > 0:
			label = p.a.say.Text("progress.bytes", label, p.a.size(e.Bytes))
		}
		p.show(label)
	}
}

func (p *progress) show(label string) {
	n := len([]rune(label))
	fmt.Fprint(p.a.out, "\r", label, strings.Repeat(" ", max(p.wide-n, 0)))
	p.wide = n
}

// end takes the line off the terminal.
func (p *progress) end() {
	if p.wide > 0 {
		fmt.Fprint(p.a.out, "\r", strings.Repeat(" ", p.wide), "\r")
		p.wide = 0
	}
}

// size writes bytes as people read them: "320 MB".
func (a *app) size(n int64) string {
	units := strings.Fields(a.say.Text("size.units"))
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	if i == 0 || v >= 100 {
		return a.say.Text("size.whole", int64(v+0.5), units[i])
	}
	return a.say.Text("size.part", v, units[i])
}
