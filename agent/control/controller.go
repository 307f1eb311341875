package control

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
	"ipguard/agent/handover"
	"ipguard/agent/state"
	"ipguard/agent/watch"
	"ipguard/devices"
	"ipguard/devices/session"
	"ipguard/policy"
	"ipguard/wipe"
)

// Engine wipes accounts and reads them.
type Engine interface {
	Wipe(ctx context.Context, req agent.Request) (wipe.Report, error)
	Stow(ctx context.Context, req agent.StowRequest) (agent.StowReport, error)
	Status(ctx context.Context, acct wipe.Account) (agent.Status, error)
}

// Accounts knows the enrolled accounts and what is written down about them.
type Accounts interface {
	Enrolled() ([]wipe.Account, error)
	Record(acct wipe.Account) (state.Record, error)
	MarkInUse(acct wipe.Account) error
	MarkWiping(acct wipe.Account) error
	ExpireHeld(ctx context.Context) (next time.Duration, some bool, err error)
}

// Sessions tells of sessions and acts on them.
type Sessions interface {
	Sessions(ctx context.Context) ([]session.Session, error)
	Lock(ctx context.Context, account string) error
	TurnAway(ctx context.Context, session string) error
	SignOut(ctx context.Context, account string) error
}

// Folders are watched for what a session leaves.
type Folders interface {
	Set(accounts []watch.Account)
	Reset(account string) (epoch uint64)
}

// Documents deals with the documents of accounts.
type Documents interface {
	HoldNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (agent.Moved, error)
	RefuseNow(ctx context.Context, acct wipe.Account, only []handover.Mark) (agent.Moved, error)
	Batches(ctx context.Context, acct wipe.Account) ([]agent.Batch, error)
	GiveBack(ctx context.Context, req agent.BackRequest) (agent.Moved, error)
}

// Power switches the machine off.
type Power interface {
	PowerOff(ctx context.Context) error
}

// Governor knows how the browsers stand.
type Governor interface {
	Check(ctx context.Context, acct wipe.Account) (governor.Report, error)
}

// Options are what a controller works with.
type Options struct {
	Engine    Engine
	Accounts  Accounts
	Sessions  Sessions
	Folders   Folders
	Governor  Governor
	Documents Documents
	Power     Power
	// SessionFolders says which folders of an account are watched.
	SessionFolders func(context.Context, wipe.Account) ([]watch.Folder, error)
	Policy         policy.Policy
	Log            *slog.Logger
	// Boot says that the machine started since the service ran last.
	Boot bool
}

const (
	// bootMost is how long a start of the machine waits for its wipe; then others may sign in.
	bootMost = 60 * time.Second
	// askMost bounds every question to the system's session manager.
	askMost = 5 * time.Second
	// endSessionMost bounds the ending of sessions. One that is still being opened can only be ended when it is open.
	endSessionMost = 40 * time.Second
	// endMost is how long the end of the service waits for a wipe. The system would end it somewhat later.
	endMost = 100 * time.Second
	// heldMost is how often at least held documents are looked after while there are some: a clock can be set.
	heldMost = time.Minute
)

// Controller owns where each account stands. It begins to work with Run.
type Controller struct {
	Options
	inbox  chan note
	alive  chan chan struct{}
	told   atomic.Pointer[map[string]snapshot]
	ready  chan struct{} // closed when nobody need wait for the start any more
	closed chan struct{} // closed when Run has ended

	// What follows belongs to the goroutine of Run.
	entries map[string]*entry
	queue   []turn
	running bool
	looking int  // readings that go on
	known   bool // the number of sessions is known
	ending  bool

	// cleaning are the cleanings of free space that go on.
	cleaning map[*cleaning]bool
	// switchOff is the account after whose stow the machine is to be switched off, when nothing runs any more.
	switchOff string

	desk      *desk
	heldTimer *time.Timer
	side      sync.WaitGroup // what goes on beside it
}

// note is what the inbox takes: an event for one account, or for all.
type note struct {
	account string // empty: for every account
	event   event
	follow  chan *job // with asked: where the answer goes
	change  *watch.Change
	reload  chan error
	looked  func(context.Context) // with what was read or done beside everything else
	held    *waiting
	begun   time.Time // with due: which countdown it was
	report  *wipe.Report
	err     error
	// With the parts of a stow: what comes after its wipe, and how that ended.
	cleaning *cleaning
	stowed   *agent.StowReport
}

// entry is an account with what surrounds it.
type entry struct {
	acct    wipe.Account
	account account
	record  state.Record
	job     *job // of the wipe that runs or waits
	later   *job // of what comes after it
	timer   *time.Timer
	due     time.Time
	seen    watch.Change
	epoch   uint64 // of the session that the watched folders count
}

// turn is a wipe that waits for its turn.
type turn struct {
	id      string
	command command
}

// waiting says what documents wait and for how long at most.
type waiting struct {
	next time.Duration
	some bool
	err  error
	held map[string]int // by account
}

// New returns a controller.
func New(o Options) *Controller {
	return &Controller{
		Options: o, inbox: make(chan note, 64), alive: make(chan chan struct{}), ready: make(chan struct{}),
		closed: make(chan struct{}), entries: map[string]*entry{}, cleaning: map[*cleaning]bool{},
		desk: newDesk(),
	}
}

// Ready is closed when the machine may let people sign in: what had to be finished first is, or takes too long.
func (c *Controller) Ready() <-chan struct{} { return c.ready }

// Alive reports whether the controller still takes its turns.
func (c *Controller) Alive(ctx context.Context) bool {
	pong := make(chan struct{}, 1)
	select {
	case c.alive <- pong:
		return true
	case <-c.closed:
		return true // it ended as it should
	case <-ctx.Done():
		return false
	}
}

// Device tells the controller what happened on the machine.
func (c *Controller) Device(ctx context.Context, e devices.Event) {
	c.post(ctx, note{account: e.Account, event: event{kind: device, device: e}})
}

// Seen tells it what was seen in the watched folders.
func (c *Controller) Seen(ctx context.Context, change watch.Change) {
	c.post(ctx, note{account: change.Account, event: event{kind: used}, change: &change})
}

func (c *Controller) post(ctx context.Context, n note) bool {
	select {
	case c.inbox <- n:
		return true
	case <-c.closed:
	case <-ctx.Done():
	}
	return false
}
