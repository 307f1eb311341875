package agent

import (
	"context"

	"ipguard/agent/pin"
	"ipguard/agent/state"
	"ipguard/wipe"
)

func (a *Agent) pin(st *state.Account) pin.Store {
	return pin.Store{Dir: st.Path(), Now: a.Now, Boot: a.boot()}
}

// SetPIN sets the helper's PIN, with which documents are given back. Errors: ErrNotPermitted, pin.ErrFormat,
// state.ErrLocked, the disk's.
func (a *Agent) SetPIN(ctx context.Context, acct wipe.Account, pin string) error {
	return a.withPIN(ctx, acct, func(st *state.Account) error { return a.pin(st).Set(pin) })
}

// ForgetPIN forgets the helper's PIN. Errors: ErrNotPermitted, state.ErrLocked, the disk's.
func (a *Agent) ForgetPIN(ctx context.Context, acct wipe.Account) error {
	return a.withPIN(ctx, acct, func(st *state.Account) error { return a.pin(st).Forget() })
}

func (a *Agent) withPIN(ctx context.Context, acct wipe.Account, do func(*state.Account) error) error {
	if !a.Root {
		return ErrNotPermitted
	}
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return err
	}
	unlock, err := st.Lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return do(st)
}

// HasPIN says whether a PIN is set. Errors: ErrNotPermitted, the disk's.
func (a *Agent) HasPIN(acct wipe.Account) (bool, error) {
	if !a.Root {
		return false, ErrNotPermitted
	}
	st, err := a.State.Account(acct.ID)
	if err != nil {
		return false, err
	}
	return a.pin(st).Exists()
}
