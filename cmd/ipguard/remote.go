package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ipguard/agent/ipc"
	"ipguard/agent/state"
	"ipguard/wipe"
)

// presence is what a command found of the service.
type presence struct {
	client *ipc.Client
	known  ipc.Status
	here   bool // it answers
	silent bool // it is there and does not
}

// service asks the service what it knows of an account. The caller closes it.
func (a *app) service(ctx context.Context, acct wipe.Account) presence {
	s := presence{client: ipc.Dial(a.socket())}
	var err error
	s.known, err = s.client.Status(ctx, acct.ID)
	if (errors.Is(err, ipc.CodeUnknownAccount) || errors.Is(err, ipc.CodeNoneEnrolled)) && a.uid == 0 {
		// It was enrolled since the service looked.
		if err = s.client.Reload(ctx); err == nil {
			s.known, err = s.client.Status(ctx, acct.ID)
		}
	}
	s.here, s.silent = err == nil, err != nil && !errors.Is(err, ipc.ErrNoService)
	return s
}

func (s presence) close() { s.client.Close() }

// follower shows a wipe of the service on the caller's terminal.
type follower struct {
	app      *app
	client   *ipc.Client
	account  string
	progress *progress
	restore  func() // what the terminal was like before a key could stop the countdown; nil outside a countdown
}

// wipeBy has the service wipe. Who is interrupted during the countdown stops it; afterwards the wipe goes on without them.
func (a *app) wipeBy(ctx context.Context, s presence, d decision, wait time.Duration) error {
	f := &follower{app: a, client: s.client, account: s.known.Account, progress: &progress{a: a}}
	defer f.counted()
	following, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		f.stop()
		time.AfterFunc(stopWithin, cancel)
	})()
	var report *wipe.Report
	req := ipc.WipeRequest{Account: f.account, Documents: d.choice, Given: d.given, Refused: d.refused, Countdown: wait}
	for m, err := range s.client.Wipe(following, req) {
		switch {
		case err != nil:
			f.counted()
			f.progress.end()
			switch {
			case errors.Is(err, ipc.CodeStopped):
				return &exit{code: exitInterrupted, key: "error.stopped", word: "stopped"}
			case ctx.Err() != nil:
				return &exit{code: exitInterrupted, key: "wipe.goes_on", word: "interrupted"}
			}
			return err
		case m.Countdown != nil:
			f.countdown(*m.Countdown)
		case m.Progress != nil:
			f.counted()
			f.progress.Progress(*m.Progress)
		case m.Report != nil:
			report = m.Report
		}
	}
	f.counted()
	f.progress.end()
	if report == nil {
		return ipc.ErrBroken
	}
	return a.report(*report)
}

// stowBy has the service end the permanence. Who is interrupted stops following; the service goes on.
func (a *app) stowBy(ctx context.Context, s presence, d decision, o stowOptions, freeSpace bool) error {
	p := &progress{a: a}
	req := ipc.StowRequest{Account: s.known.Account, Given: d.given, PowerOff: o.powerOff, FreeSpace: freeSpace}
	for m, err := range s.client.Stow(ctx, req) {
		switch {
		case err != nil:
			p.end()
			if ctx.Err() != nil {
				return &exit{code: exitInterrupted, key: "wipe.goes_on", word: "interrupted"}
			}
			return err
		case m.Progress != nil:
			p.Progress(*m.Progress)
		case m.Stow != nil:
			p.end()
			return a.tellStow(*m.Stow)
		}
	}
	p.end()
	return ipc.ErrBroken
}

// stopWithin is how long the service has for saying that a countdown was stopped.
const stopWithin = 500 * time.Millisecond

// stop takes the countdown back. It comes too late when the wipe has begun, which then goes on.
func (f *follower) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	_ = f.client.Stop(ctx, f.account)
}

// countdown shows what is left. The first time it begins to listen for a key.
func (f *follower) countdown(left time.Duration) {
	a := f.app
	if !a.interactive || a.json {
		return
	}
	seconds := int((left + time.Second - 1) / time.Second)
	text := a.say.Text("wipe.countdown", seconds)
	switch {
	case a.repaint:
		f.progress.show(text)
	case f.restore == nil:
		fmt.Fprintln(a.out, text)
	}
	if f.restore != nil {
		return
	}
	f.restore = a.raw()
	key := make(chan struct{})
	a.key = key
	go func() {
		defer close(key)
		// It may wait for ever; then it ends with the program.
		if n, err := a.in.Read(make([]byte, 1)); n > 0 && err == nil {
			f.stop()
		}
	}()
}

// counted ends the countdown on the terminal.
func (f *follower) counted() {
	if f.restore != nil {
		f.restore()
		f.restore = nil
	}
}

// serviceState is what status says of the service.
type serviceState struct {
	Running       bool           `json:"running"`
	Answers       bool           `json:"answers"`
	Sessions      int            `json:"sessions"`
	New           map[string]int `json:"new"`
	Watched       int            `json:"watched"`
	Scanned       bool           `json:"scanned"`
	Triggers      []string       `json:"triggers"`
	Next          string         `json:"next,omitempty"`
	NextInSeconds int            `json:"next_in_seconds,omitempty"`
}

func toServiceState(s presence) serviceState {
	out := serviceState{Running: s.here || s.silent, Answers: s.here, New: map[string]int{}, Triggers: []string{}}
	if !s.here {
		return out
	}
	k := s.known
	out.Sessions, out.Watched, out.Scanned = k.Sessions, k.Watched, k.Scanned
	out.Triggers = append(out.Triggers, k.Triggers...)
	out.Next, out.NextInSeconds = k.Next, int(k.NextIn.Seconds())
	for class, n := range k.New {
		out.New[string(class)] = n
	}
	return out
}

// tellService says what the service does and what it will do by itself.
func (a *app) tellService(s presence, acct state.State) {
	if s.silent {
		a.printf("status.silent")
		return
	} else if !s.here {
		a.printf("status.no_service")
		return
	}
	k := s.known
	a.printf("status.service", k.Watched)
	if k.Scanned {
		a.printf("status.scanned")
	}
	n := 0
	for _, count := range k.New {
		n += count
	}
	if n > 0 {
		a.printf("status.new", n)
	}
	if k.Next != "" && acct != state.Wiping {
		a.printf("status.next", int((k.NextIn+time.Minute-1)/time.Minute), a.say.Text("trigger."+k.Next))
	}
	if len(k.Triggers) > 0 {
		a.printf("status.triggers", a.triggers(k.Triggers))
	}
}

func (a *app) triggers(all []string) string {
	text := ""
	for i, t := range all {
		if i > 0 {
			text += ", "
		}
		text += a.say.Text("trigger." + t)
	}
	return text
}
