package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"ipguard/agent"
	"ipguard/agent/control"
	"ipguard/agent/governor"
	"ipguard/agent/handover"
	"ipguard/agent/ipc"
	"ipguard/agent/log"
	"ipguard/agent/service"
	"ipguard/agent/watch"
	"ipguard/devices"
	"ipguard/devices/session"
	"ipguard/wipe"
)

// socket is where the service with this state folder listens.
func (a *app) socket() string {
	if a.stateDir == "" || a.goos == "windows" {
		return ipc.DefaultPath(a.goos)
	}
	return filepath.Join(a.stateDir, "run", "socket")
}

// serve runs the service until it is asked to end.
func (a *app) serve(ctx context.Context) error {
	if a.uid != 0 && a.goos != "windows" {
		return &exit{code: exitNotPermitted, key: "error.service_admin", word: "not_permitted"}
	}
	ag, err := newAgent(a.env, a.stateDir)
	if err != nil {
		return err
	}
	if a.stateDir != "" {
		if err := os.MkdirAll(a.stateDir, 0o755); err != nil {
			return &exit{code: exitError, key: "error.unwritable_state", word: "unwritable_state"}
		}
	}
	d := &daemon{app: a, agent: ag, sessions: session.New(a.goos, session.Options{})}
	opts := a.serviceOptions()
	opts.Alive = d.alive
	opts.Control = func(e service.ControlEvent) { d.sessions.Notify(session.Told(e.Kind)) }
	if a.interactive {
		a.printf("service.foreground")
	}
	debug.SetGCPercent(servicePercent)
	return service.Run(ctx, opts, d)
}

// servicePercent is how much garbage the service lets gather: less than the command, which ends soon.
const servicePercent = 100

// daemon is the service with all its parts.
type daemon struct {
	*app
	agent    *agent.Agent
	sessions *session.Watcher

	mu      sync.Mutex
	control *control.Controller
}

// engine is the agent, after whose work the memory that it took is given back: the service lives for months and is asked
// for seconds.
type engine struct {
	*agent.Agent
	rest *time.Timer
}

// restAfter is how long after the last work memory is given back.
const restAfter = 2 * time.Second

func newRest() *time.Timer {
	t := time.AfterFunc(restAfter, debug.FreeOSMemory)
	t.Stop()
	return t
}

// Wipe implements control.Engine.
func (e engine) Wipe(ctx context.Context, req agent.Request) (wipe.Report, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.Wipe(ctx, req)
}

// Status implements control.Engine.
func (e engine) Status(ctx context.Context, acct wipe.Account) (agent.Status, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.Status(ctx, acct)
}

// Stow implements control.Engine.
func (e engine) Stow(ctx context.Context, req agent.StowRequest) (agent.StowReport, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.Stow(ctx, req)
}

// HoldNow implements control.Documents.
func (e engine) HoldNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (agent.Moved, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.HoldNow(ctx, acct, only)
}

// RefuseNow implements control.Documents.
func (e engine) RefuseNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (agent.Moved, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.RefuseNow(ctx, acct, only)
}

// GiveBack implements control.Documents.
func (e engine) GiveBack(ctx context.Context, req agent.BackRequest) (agent.Moved, error) {
	defer e.rest.Reset(restAfter)
	return e.Agent.GiveBack(ctx, req)
}

// alive reports whether the controller takes its turns; before it began nobody can tell.
func (d *daemon) alive() bool {
	d.mu.Lock()
	c := d.control
	d.mu.Unlock()
	if c == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), aliveWithin)
	defer cancel()
	return c.Alive(ctx)
}

// Run implements service.Program: it joins the actors with the controller, which is the last to end.
func (d *daemon) Run(ctx context.Context, ready func()) error {
	socket := d.socket()
	listener, err := ipc.Listen(socket)
	if err != nil {
		return err
	}
	defer listener.Close()
	logger := d.logger()
	folders := watch.New(watch.Options{Mounts: d.machine.Mounts})
	mark := bootMark(d.goos, socket, d.agent.State.Path())
	browsers := newGovernor(d.env, d.agent)
	worker := engine{d.agent, newRest()}
	c := control.New(control.Options{
		Engine: worker, Accounts: d.agent, Sessions: d.sessions, Folders: folders, SessionFolders: d.folders,
		Documents: worker, Power: d.sessions, Governor: browsers, Policy: d.agent.Policy, Log: logger, Boot: !mark.set(),
	})
	d.mu.Lock()
	d.control = c
	d.mu.Unlock()

	var actors sync.WaitGroup
	defer actors.Wait()
	acting, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	happened, seen := make(chan devices.Event), make(chan watch.Change)
	actors.Go(func() { d.told("sessions", d.sessions.Run(acting, happened), logger) })
	actors.Go(func() { d.told("folders", folders.Run(acting, seen), logger) })
	server := &ipc.Server{Backend: c, Fault: func(code string) {
		if code == ipc.FaultAccept {
			logger.Warn("the system gives no connection")
			return
		}
		logger.Error("answering a request went wrong")
	}}
	actors.Go(func() { d.told("socket", server.Run(acting, listener), logger) })
	actors.Go(func() { d.pass(acting, happened, seen) })
	if d.stateDir == "" {
		// A service with a state folder of its own is on trial: what holds for the whole machine is left alone.
		actors.Go(func() { d.keepBrowsers(acting, browsers, logger) })
	}
	actors.Go(func() {
		select {
		case <-c.Ready():
			mark.put()
			debug.FreeOSMemory() // what the start needed is not needed any more
			ready()
		case <-acting.Done():
		}
	})
	c.Run(ctx, d.stopping)
	return nil
}

// keepBrowsers keeps the browsers to the policy for as long as the service runs.
func (d *daemon) keepBrowsers(ctx context.Context, g *governor.Governor, logger *slog.Logger) {
	g.Keep(ctx, watch.Dirs, func(c governor.Change) {
		switch {
		case c.Err != nil:
			logger.Error("the settings of browsers cannot be found out", "error", c.Err)
		case c.Failing > 0:
			logger.Error("settings of browsers are not as they should be", "left", c.Failing, "restored", c.Repaired)
		case c.Contested:
			logger.Warn("something keeps changing the settings of browsers", "restored", c.Repaired)
		case c.Repaired > 0:
			logger.Warn("settings of browsers were put right", "restored", c.Repaired)
		default:
			logger.Info("settings of browsers are written", "count", c.Applied)
		}
	})
}

// pass hands events on. The machine waits a moment before it sleeps, so that the screen is locked when it wakes up.
func (d *daemon) pass(ctx context.Context, happened <-chan devices.Event, seen <-chan watch.Change) {
	hold := func() func() {
		release, err := d.sessions.DelaySleep(ctx)
		if err != nil {
			return func() {} // it may then wake up unlocked
		}
		return release
	}
	release := hold()
	for {
		select {
		case e := <-happened:
			d.control.Device(ctx, e)
			switch e.Kind {
			case devices.Asleep:
				time.AfterFunc(lockWithin, release)
				release = func() {}
			case devices.Awake:
				release = hold()
			}
		case change := <-seen:
			d.control.Seen(ctx, change)
		case <-ctx.Done():
			release()
			return
		}
	}
}

// lockWithin is how long a desktop has for locking its screen before the machine sleeps.
const lockWithin = time.Second

// stopping reports whether the machine is about to stop. Where nobody knows, only the service is.
func (d *daemon) stopping(ctx context.Context) bool {
	down, err := d.sessions.ShuttingDown(ctx)
	return err == nil && down
}

// folders says which folders of an account are watched.
func (d *daemon) folders(_ context.Context, acct wipe.Account) ([]watch.Folder, error) {
	found, err := d.agent.SessionFolders(acct)
	return slices.Collect(func(yield func(watch.Folder) bool) {
		for _, f := range found {
			if !yield(watch.Folder{Rel: f.Rel, Class: f.Class}) {
				return
			}
		}
	}), err
}

// told logs why an actor ended before it was asked to.
func (d *daemon) told(actor log.Word, err error, logger *slog.Logger) {
	if err != nil {
		logger.Error("a part of the service ended", "event", actor, "error", err)
	}
}

// logger writes what the service does to the error stream, which is the journal's where systemd runs it.
func (d *daemon) logger() *slog.Logger {
	o := log.Options{Now: d.now, Causes: []log.Cause{
		{Err: agent.ErrNotPermitted, Word: "not_permitted"}, {Err: session.ErrNoSessions, Word: "no_sessions"},
		{Err: session.ErrDenied, Word: "denied"}, {Err: session.ErrRefused, Word: "refused"}, {Err: watch.ErrStuck, Word: "stuck"},
	}}
	if f, ok := d.err.(*os.File); ok {
		if device, inode, ok := identity(f); ok {
			o.Journal = log.Journal(d.getenv("JOURNAL_STREAM"), device, inode)
		}
		if o.Journal {
			o.Level = slog.LevelWarn // the journal writes the hour to each line, and the hour of a session is nobody's business
		}
	}
	return log.New(d.err, o)
}
