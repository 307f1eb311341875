// Package workertest has workers that do not do what they should, for tests of what a hostile account could put in the
// place of its worker. It also lets a test's own program be the worker. It is made for tests only.
package workertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"ipguard/agent/worker"
	"ipguard/devices/host"
	"ipguard/wipe/execute"
)

// Mode is the argument that makes a test's program a worker of some kind.
type Mode string

// The modes.
const (
	True    Mode = worker.Argument // the worker itself
	Liar    Mode = "liar"          // says that it has erased everything, and more than there can be
	Planter Mode = "planter"       // says the same while it writes new files
	Garbage Mode = "garbage"       // answers with what is no answer
	Line    Mode = "line"          // writes one line without an end
	Flood   Mode = "flood"         // goes on saying that it goes on
	Mute    Mode = "mute"          // says nothing and does not end
	Deaf    Mode = "deaf"          // does not even read
	Gone    Mode = "gone"          // ends at once
)

// Modes lists every mode but True.
func Modes() []Mode { return []Mode{Liar, Planter, Garbage, Line, Flood, Mute, Deaf, Gone} }

// Serve is for TestMain: in a process that Start started it is the worker, and does not return.
func Serve() {
	if len(os.Args) != 2 {
		return
	}
	switch m := Mode(os.Args[1]); m {
	case True:
		if err := worker.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
	case Liar, Planter:
		lie(m == Planter)
	case Garbage, Line, Flood:
		endless(m)
	case Mute:
		_, _ = io.Copy(io.Discard, os.Stdin)
		select {}
	case Deaf:
		time.Sleep(time.Hour)
	case Gone:
	default:
		return
	}
	os.Exit(0)
}

// Start starts a worker of some kind with the rights of an account. The program must call Serve first thing.
func Start(m Mode) func(context.Context, host.Account) (worker.Process, error) {
	return func(ctx context.Context, acct host.Account) (worker.Process, error) {
		p, err := host.StartAs(ctx, acct, []string{string(m)})
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}

// line is a line of the protocol.
type line struct {
	Phase  worker.Phase     `json:"phase"`
	Share  *execute.Share   `json:"share,omitempty"`
	Ended  bool             `json:"ended,omitempty"`
	Steps  int64            `json:"steps"`
	Done   int              `json:"done"`
	Erased []execute.Erased `json:"erased,omitempty"`
}

// lie answers every command as if it had been carried out.
func lie(plant bool) {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var c line
		if in.Decode(&c) != nil {
			return
		}
		if plant && c.Share != nil {
			go planting(c.Share.Plan.Account.Home)
		}
		_ = out.Encode(line{Phase: c.Phase, Steps: 1 << 62, Done: -1, Erased: []execute.Erased{
			{Artifact: "unknown", Count: 7, Bytes: 7}, {Artifact: "unknown", Count: 1 << 40}, {Artifact: "unknown", Volume: 99, Count: 1},
			{Artifact: "unknown", Volume: -1, Count: 1}, {Artifact: "unknown", Count: -5}, {Artifact: "unknown", Count: 1, Bytes: -1},
			{Artifact: "no.such/artifact", Count: 1},
		}})
		_ = out.Encode(line{Phase: c.Phase, Ended: true})
	}
}

func planting(home string) {
	for i := 0; ; i++ {
		// What cannot be written is not the point.
		_ = os.WriteFile(filepath.Join(home, "planted-"+strconv.Itoa(i)), []byte("trace"), 0o600)
		time.Sleep(time.Millisecond)
	}
}

func endless(m Mode) {
	for i := int64(0); ; i++ {
		var err error
		switch m {
		case Garbage:
			_, err = fmt.Println(`{"phase": ["`, i)
		case Line:
			_, err = os.Stdout.Write(bytes.Repeat([]byte(" "), 64<<10))
		default:
			err = json.NewEncoder(os.Stdout).Encode(line{Phase: worker.Begin, Steps: i})
		}
		if err != nil {
			return
		}
	}
}
