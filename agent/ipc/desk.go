package ipc

import (
	"context"
	"net/http"
	"time"

	"ipguard/agent"
	"ipguard/agent/handover"
)

// moveRequest says which documents are meant.
type moveRequest struct {
	Account string `json:"account,omitempty"`
	Only    Marks  `json:"only"` // null: all of them
}

// moved is what became of documents.
type moved struct {
	Count  int   `json:"count"`
	Bytes  int64 `json:"bytes"`
	Failed int   `json:"failed"`
}

// batches is what is set aside.
type batches struct {
	Batches []batch `json:"batches"`
}

type batch struct {
	ID    string        `json:"id"`
	Count int           `json:"count"`
	Bytes int64         `json:"bytes"`
	Since time.Duration `json:"since"` // nanoseconds, as all durations here
	Left  time.Duration `json:"left"`
}

const (
	// batchesMost is how many batches are told: a wipe leaves one at most.
	batchesMost = 1000
	// textMost bounds the texts of a request, in bytes: a PIN, a random name, the name of a folder.
	textMost = 255
)

// Hold has documents of an account set aside now; nil is all of them.
func (c *Client) Hold(ctx context.Context, account string, only []handover.Mark) (agent.Moved, error) {
	return c.move(ctx, "/v1/documents/hold", moveRequest{account, only})
}

// Refuse has documents of an account erased now; nil is all of them.
func (c *Client) Refuse(ctx context.Context, account string, only []handover.Mark) (agent.Moved, error) {
	return c.move(ctx, "/v1/documents/refuse", moveRequest{account, only})
}

// Back has documents given back that were set aside. Beside those of every call its errors are CodeWrongPIN, CodeNoPIN,
// CodeNoBatch, which are those of agent/pin and agent too, and a Wait, which is a *pin.Locked.
func (c *Client) Back(ctx context.Context, req BackRequest) (agent.Moved, error) {
	return c.move(ctx, "/v1/documents/back", req)
}

// move asks once: an answer that was lost must not have something done again, nor a PIN counted twice.
func (c *Client) move(ctx context.Context, target string, req any) (agent.Moved, error) {
	var m moved
	err := c.once(ctx, target, req, &m, movedMost)
	return agent.Moved(m), err
}

// Held asks what documents of an account are set aside: how many and for how long, never their names.
func (c *Client) Held(ctx context.Context, account string) ([]agent.Batch, error) {
	var b batches
	if err := c.call(ctx, http.MethodPost, "/v1/documents/held", target{account}, &b, changeMost); err != nil {
		return nil, err
	}
	var all []agent.Batch
	for _, one := range b.Batches {
		all = append(all, agent.Batch(one))
	}
	return all, nil
}

// move answers a request to set documents aside or to erase them.
func (h *handler) move(
	do func(context.Context, Caller, string, []handover.Mark) (agent.Moved, error),
) func(*exchange) error {
	return func(x *exchange) error {
		var req moveRequest
		if err := h.decodeMarks(x, &req); err != nil {
			return err
		}
		account, err := h.own(x, req.Account)
		if err != nil {
			return err
		}
		if req.Only != nil && len(req.Only) == 0 {
			return x.answer(http.StatusOK, moved{}) // none is not all
		}
		ctx, cancel := context.WithTimeout(x.r.Context(), deskMost)
		defer cancel()
		m, err := do(ctx, x.caller, account, req.Only)
		if err != nil {
			return err
		}
		return x.answer(http.StatusOK, moved(m))
	}
}

func (h *handler) held(x *exchange) error {
	var req target
	if err := x.decode(&req); err != nil {
		return err
	}
	account, err := h.own(x, req.Account)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), backendMost)
	defer cancel()
	found, err := h.backend.Held(ctx, x.caller, account)
	if err != nil {
		return err
	}
	all := batches{Batches: []batch{}}
	for _, one := range found[:min(len(found), batchesMost)] {
		all.Batches = append(all.Batches, batch(one))
	}
	return x.answer(http.StatusOK, all)
}

func (h *handler) back(x *exchange) error {
	var req BackRequest
	if err := x.decode(&req); err != nil {
		return err
	}
	if req.Batch == "" || req.Folder == "" || max(len(req.PIN), len(req.Batch), len(req.Folder)) > textMost {
		return CodeBadRequest
	}
	var err error
	if req.Account, err = h.own(x, req.Account); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), deskMost)
	defer cancel()
	m, err := h.backend.Back(ctx, x.caller, req)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, moved(m))
}
