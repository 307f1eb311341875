package ipc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"ipguard/agent"
	"ipguard/agent/governor"
)

// countdownMost is the longest countdown that can be asked for.
const countdownMost = 10 * time.Minute

// target says which account a request is about.
type target struct {
	Account string `json:"account,omitempty"` // an id; empty: the only account that is enrolled
}

// nothing is the body of a request and of an answer that have nothing to say.
type nothing struct{}

// handler carries requests to the backend.
type handler struct {
	backend  Backend
	checks   *checks[agent.Status]
	browsers *checks[governor.Report]
	seats    *seats // of those who follow wipes
	fault    func(code string)
	ending   <-chan struct{}
	// bulk is for reading long requests.
	bulk, bulkAdmin *seats
}

func (h *handler) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", h.serve(h.status))
	mux.HandleFunc("POST /v1/check", h.serve(look(h, h.checks)))
	mux.HandleFunc("POST /v1/browsers", h.serve(look(h, h.browsers)))
	mux.HandleFunc("POST /v1/wipe", h.serve(h.wipe))
	mux.HandleFunc("POST /v1/stow", h.serve(h.stow))
	mux.HandleFunc("POST /v1/documents/hold", h.serve(h.move(h.backend.Hold)))
	mux.HandleFunc("POST /v1/documents/refuse", h.serve(h.move(h.backend.Refuse)))
	mux.HandleFunc("POST /v1/documents/held", h.serve(h.held))
	mux.HandleFunc("POST /v1/documents/back", h.serve(h.back))
	mux.HandleFunc("POST /v1/stop", h.serve(h.stop))
	mux.HandleFunc("POST /v1/reload", h.serve(h.reload))
	return mux
}

// exchange is a request with its answer.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	rc     *http.ResponseController
	caller Caller
	begun  bool // the answer was begun
}

// serve makes a handler out of a function that answers, or returns why it does not.
func (h *handler) serve(f func(*exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{w: w, r: r, rc: http.NewResponseController(w)}
		defer func() {
			if recover() != nil {
				h.fault(FaultPanic)
				x.fail(CodeFailed)
			}
		}()
		c, ok := r.Context().Value(connKey{}).(*conn)
		if !ok {
			x.fail(CodeNotPermitted)
			return
		}
		var err error
		if x.caller, err = c.caller(); err != nil {
			x.fail(CodeNotPermitted)
			return
		}
		if err := f(x); err != nil {
			x.fail(err)
		}
	}
}

// decode reads the body: one value with no field that is not known, and nothing after it. From then on the caller may
// take its time.
func (x *exchange) decode(v any) error {
	dec := json.NewDecoder(http.MaxBytesReader(x.w, x.r.Body, bodySize))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return CodeBadRequest
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return CodeBadRequest
	}
	// The time for reading would otherwise end a request that takes longer to answer.
	return x.rc.SetReadDeadline(time.Time{})
}

// answer sends a value.
func (x *exchange) answer(status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	x.begun = true
	x.rc.SetWriteDeadline(time.Now().Add(writeMost)) // the server's began with the request
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(status)
	x.w.Write(body) // whoever has left does not miss it
	return nil
}

// fail sends why there is no answer, unless one was begun.
func (x *exchange) fail(err error) {
	if x.begun {
		return
	}
	p := problemOf(err)
	x.answer(p.Error.status(), p)
}

func (h *handler) status(x *exchange) error {
	account := x.r.URL.Query().Get("account")
	if !validAccount(account) {
		return CodeBadRequest
	}
	st, err := h.backend.Status(account)
	if err != nil {
		return err
	}
	return x.answer(http.StatusOK, st)
}

// resolve says which account a request is about.
func (h *handler) resolve(account string) (string, error) {
	if !validAccount(account) {
		return "", CodeBadRequest
	}
	st, err := h.backend.Status(account)
	return st.Account, err
}

// look answers with what a fresh look at an account finds.
func look[T any](h *handler, c *checks[T]) func(*exchange) error {
	return func(x *exchange) error {
		var req target
		if err := x.decode(&req); err != nil {
			return err
		}
		account, err := h.resolve(req.Account)
		if err != nil {
			return err
		}
		found, err := c.ask(x.r.Context(), account)
		if err != nil {
			return err
		}
		return x.answer(http.StatusOK, found)
	}
}

// own resolves an account that the caller wants changed: its own, or any if it is an administrator.
func (h *handler) own(x *exchange, account string) (string, error) {
	account, err := h.resolve(account)
	if err != nil {
		return "", err
	}
	if !x.caller.Admin && x.caller.Account != account {
		return "", CodeNotPermitted
	}
	return account, nil
}

func (h *handler) wipe(x *exchange) error {
	var req WipeRequest
	if err := h.decodeMarks(x, &req); err != nil {
		return err
	}
	if len(req.Given)+len(req.Refused) > marksMost {
		return CodeBadRequest
	}
	if req.Documents != agent.Hold && req.Documents != agent.Refuse || req.Countdown < 0 || req.Countdown > countdownMost {
		return CodeBadRequest
	}
	var err error
	if req.Account, err = h.own(x, req.Account); err != nil {
		return err
	}
	return h.follow(x, func(ctx context.Context) (iter.Seq[Message], error) { return h.backend.Wipe(ctx, x.caller, req) })
}

func (h *handler) stow(x *exchange) error {
	var req StowRequest
	err := h.decodeMarks(x, &req)
	if err != nil {
		return err
	}
	if req.Account, err = h.own(x, req.Account); err != nil {
		return err
	}
	return h.follow(x, func(ctx context.Context) (iter.Seq[Message], error) { return h.backend.Stow(ctx, x.caller, req) })
}

// follow has something begun and sends what it has to say.
func (h *handler) follow(x *exchange, begin func(context.Context) (iter.Seq[Message], error)) error {
	if !h.seats.take(x.caller.Account) {
		return CodeBusy
	}
	defer h.seats.leave(x.caller.Account)
	ctx, cancel := context.WithCancel(x.r.Context())
	defer cancel()
	messages, err := begin(ctx)
	if err != nil {
		return err
	}
	return h.stream(ctx, cancel, x, messages)
}

func (h *handler) stop(x *exchange) error {
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
	if err := h.backend.Stop(ctx, x.caller, account); err != nil {
		return err
	}
	return x.answer(http.StatusOK, nothing{})
}

func (h *handler) reload(x *exchange) error {
	if err := x.decode(&nothing{}); err != nil {
		return err
	}
	if !x.caller.Admin {
		return CodeNotPermitted
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), backendMost)
	defer cancel()
	if err := h.backend.Reload(ctx, x.caller); err != nil {
		return err
	}
	return x.answer(http.StatusOK, nothing{})
}

// validAccount accepts nothing, a uid, or what a Windows SID may look like.
func validAccount(s string) bool {
	const longest = 184 // of a SID in text
	digits := s
	if rest, ok := strings.CutPrefix(s, "S-"); ok {
		digits = strings.ReplaceAll(rest, "-", "")
		if digits == "" {
			return false
		}
	}
	return len(s) <= longest && strings.Trim(digits, "0123456789") == ""
}
