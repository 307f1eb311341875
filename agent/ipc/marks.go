package ipc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"ipguard/agent/handover"
)

// marksMost is how many documents a request can speak of.
const marksMost = 10_000

// Marks are documents, told by numbers only.
type Marks []handover.Mark

// UnmarshalJSON implements json.Unmarshaler. It stops at one mark too many: a short text could otherwise become a long
// list.
func (m *Marks) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return m.read(dec, func() {})
}

// read reads a list, or null, and calls each after every mark.
func (m *Marks) read(dec *json.Decoder, each func()) error {
	*m = nil
	switch t, err := dec.Token(); {
	case err != nil:
		return err
	case t == nil:
		return nil
	case t != json.Delim('['):
		return CodeBadRequest
	}
	all := Marks{}
	for dec.More() {
		if len(all) == marksMost {
			return CodeBadRequest
		}
		var one handover.Mark
		if err := dec.Decode(&one); err != nil {
			return err
		}
		all = append(all, one)
		each()
	}
	*m = all
	_, err := dec.Token() // the bracket
	return err
}

// marked is a request that may have marks.
type marked interface {
	// fields are where the values go, by name.
	fields() map[string]any
}

func (r *WipeRequest) fields() map[string]any {
	return map[string]any{
		"account": &r.Account, "documents": &r.Documents, "countdown": &r.Countdown,
		"given": &r.Given, "refused": &r.Refused,
	}
}

func (r *StowRequest) fields() map[string]any {
	return map[string]any{"account": &r.Account, "given": &r.Given, "power_off": &r.PowerOff, "free_space": &r.FreeSpace}
}

func (r *moveRequest) fields() map[string]any {
	return map[string]any{"account": &r.Account, "only": &r.Only}
}

const (
	// bulkWait is how long a long request waits for its turn to be read, and bulkLook how often it looks.
	bulkWait = 2 * time.Second
	bulkLook = 20 * time.Millisecond
)

// decodeMarks reads the body of a request that may have marks. One that is longer than others is read only from callers
// who may ask for something at all, from few at once, and mark by mark.
func (h *handler) decodeMarks(x *exchange, v marked) error {
	size := x.r.ContentLength // -1 when it is not said; then it may not be long
	switch {
	case size <= bodySize:
		return x.decode(v)
	case size > marksSize:
		return CodeBadRequest
	}
	from := h.bulkAdmin
	if !x.caller.Admin {
		from = h.bulk
		if _, err := h.backend.Status(x.caller.Account); err != nil {
			return CodeNotPermitted // it is no account of which anybody could want anything
		}
	}
	for end := time.Now().Add(bulkWait); !from.take(x.caller.Account); {
		select {
		case <-x.r.Context().Done():
			return x.r.Context().Err()
		case <-time.After(bulkLook):
		}
		if time.Now().After(end) {
			return CodeBusy
		}
	}
	defer from.leave(x.caller.Account)
	if decodeLong(http.MaxBytesReader(x.w, x.r.Body, marksSize), v.fields()) != nil {
		return CodeBadRequest
	}
	return x.rc.SetReadDeadline(time.Time{})
}

// decodeLong reads one object, value by value: none but a list of marks may be long.
func decodeLong(r io.Reader, fields map[string]any) error {
	in := &ration{r: r, left: bodySize}
	dec := json.NewDecoder(in)
	dec.DisallowUnknownFields()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return CodeBadRequest
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		key, _ := name.(string)
		switch v := fields[key].(type) {
		case nil:
			return CodeBadRequest
		case *Marks:
			err = v.read(dec, in.refill)
		default:
			err = dec.Decode(v)
		}
		if err != nil {
			return err
		}
		in.refill()
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return CodeBadRequest
	}
	return nil
}

// ration reads no more at a time than one short value needs, so that a decoder keeps no more than that.
type ration struct {
	r    io.Reader
	left int
}

func (r *ration) refill() { r.left = bodySize }

// Read implements io.Reader.
func (r *ration) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, CodeBadRequest
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
