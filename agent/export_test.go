package agent

import "context"

// GiveBackStep is GiveBack with a word before each step.
func (a *Agent) GiveBackStep(ctx context.Context, req BackRequest, step func(string) error) (Moved, error) {
	return a.giveBack(ctx, req, step)
}
