package rows

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"ipguard/browser"
)

// ErrLost means that the process that counts ended, took too long or did not keep to the protocol.
var ErrLost = errors.New("nobody counts")

// errRequest: what came in is no request, or what was asked for cannot be one.
var errRequest = errors.New("not a request that can be answered")

// What both sides keep to, whatever the other does. Serve stops counting before Ask stops waiting, so that one store that
// takes all the time costs only its own answer.
const (
	maxRequest = 1 << 20 // bytes
	maxAnswer  = 64 << 10
	perProfile = 5 * time.Second
	serveFor   = 15 * time.Second
	askFor     = 20 * time.Second
)

// MaxProfiles is how many profiles are counted for one request.
const MaxProfiles = 256

// Profile is a folder with the stores of one person of one browser.
type Profile struct {
	Family browser.Family `json:"family"`
	Dir    string         `json:"dir"` // absolute
}

// request and answer are one line each.
type request struct {
	Profiles []Profile `json:"profiles"`
}

type answer struct {
	Counts []line `json:"counts"`
}

type line struct {
	Visits    int  `json:"visits"`
	Downloads int  `json:"downloads"`
	Cookies   int  `json:"cookies"`
	Code      Code `json:"code,omitempty"`
}

// Serve is the process that counts: it reads one request, answers it and returns. What it may read is decided by the rights
// that the process has.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	text, err := bufio.NewReader(io.LimitReader(in, maxRequest)).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading the request: %w", errRequest)
	}
	var r request
	if json.Unmarshal(text, &r) != nil || !sane(r.Profiles) {
		return fmt.Errorf("reading the request: %w", errRequest)
	}
	ctx, cancel := context.WithTimeout(ctx, serveFor)
	defer cancel()
	a := answer{Counts: []line{}}
	for _, p := range r.Profiles {
		c := one(ctx, p)
		a.Counts = append(a.Counts, line{c.Visits, c.Downloads, c.Cookies, c.Code})
	}
	if err := json.NewEncoder(out).Encode(a); err != nil {
		return fmt.Errorf("answering: %w", ErrLost)
	}
	return nil
}

func one(ctx context.Context, p Profile) Count {
	ctx, cancel := context.WithTimeout(ctx, perProfile)
	defer cancel()
	if ctx.Err() != nil {
		return Count{Code: Late}
	}
	return OfProfile(ctx, p.Family, p.Dir)
}

func sane(profiles []Profile) bool {
	return len(profiles) <= MaxProfiles &&
		!slices.ContainsFunc(profiles, func(p Profile) bool { return !filepath.IsAbs(p.Dir) })
}

// Process is a process in which Serve runs.
type Process interface {
	io.ReadWriter
	// Kill ends it at once. Reads and writes that wait end too.
	Kill()
}

// Ask lets the process count, for 20 seconds at most, and kills it in any case: it has nothing to say after its answer. The
// counts are in the order of the profiles, of which there are at most MaxProfiles. The process runs with the account's rights, so
// the account can make it say anything: a count is evidence of an ordinary window, a zero is only as good as the account is
// honest. Errors: ErrLost, or the context's.
func Ask(ctx context.Context, p Process, profiles []Profile) ([]Count, error) {
	text, err := json.Marshal(request{profiles})
	if err != nil || !sane(profiles) || len(text) >= maxRequest {
		p.Kill()
		return nil, fmt.Errorf("asking for counts: %w", errRequest)
	}
	within, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	told, heard := make(chan struct{}), make(chan []byte, 1)
	go func() {
		defer close(told)
		_, _ = p.Write(append(text, '\n')) // whoever does not read does not answer
	}()
	go func() {
		answer, err := bufio.NewReader(io.LimitReader(p, maxAnswer)).ReadBytes('\n')
		if err != nil {
			answer = nil
		}
		heard <- answer
	}()
	var reply []byte
	select {
	case reply = <-heard:
		p.Kill()
	case <-within.Done():
		p.Kill()
		<-heard
	}
	<-told
	if err := ctx.Err(); err != nil && reply == nil {
		return nil, fmt.Errorf("asking for counts: %w", err)
	}
	counts, ok := understand(reply, len(profiles))
	if !ok {
		return nil, fmt.Errorf("asking for counts: %w", ErrLost)
	}
	return counts, nil
}

// understand reads an answer of n counts, each of which must be one that Serve can give.
func understand(text []byte, n int) ([]Count, bool) {
	var a answer
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&a) != nil || len(a.Counts) != n {
		return nil, false
	}
	counts := make([]Count, n)
	for i, l := range a.Counts {
		for _, number := range []int{l.Visits, l.Downloads, l.Cookies} {
			if number < 0 || number > maxRows {
				return nil, false
			}
		}
		if l.Code != "" && !slices.Contains(codes(), l.Code) {
			return nil, false
		}
		counts[i] = Count{l.Visits, l.Downloads, l.Cookies, l.Code == "", l.Code}
	}
	return counts, true
}
