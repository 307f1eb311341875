// Command benchmark measures ipguard on a real account that it makes and removes: against what the system's own tools need
// for the same files, over growing trees, and how much memory it takes. It prints a line a promise, with its threshold.
//
// It holds every threshold there is; the program and its tests know none. It does not say how fast a machine is: all
// comparisons are made side by side in one run, in turns, and medians are what counts. packaging/bench builds and starts it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

func main() {
	var o options
	flag.StringVar(&o.program, "program", "", "the ipguard program to measure")
	flag.StringVar(&o.dir, "dir", "/var/tmp", "a folder on the file system to measure on")
	flag.IntVar(&o.rounds, "rounds", 3, "how often each comparison is made; quick ones are made more often")
	flag.StringVar(&o.only, "only", "", "measure one part: erase (on images), service, handover or rest")
	flag.BoolVar(&o.json, "json", false, "print one JSON object instead of a table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ok, err := run(ctx, o)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case !ok:
		os.Exit(1)
	}
}

type options struct {
	program string
	dir     string
	rounds  int
	only    string
	json    bool
}

// part is something to be measured.
type part struct {
	name    string
	measure func(context.Context, *report) error
}

func runParts(ctx context.Context, r *report, parts []part) error {
	for _, p := range parts {
		fmt.Fprintf(os.Stderr, "Measuring %s ...\n", p.name)
		d, err := timed(func() error { return p.measure(ctx, r) })
		if err != nil {
			return fmt.Errorf("measuring %s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "  took %s\n", d.Round(time.Second))
	}
	return nil
}

// run measures everything; ok says that no threshold was missed.
func run(ctx context.Context, o options) (ok bool, err error) {
	switch {
	case os.Geteuid() != 0:
		return false, errors.New("measuring needs root, because it makes an account and wipes it: sudo packaging/bench")
	case o.program == "" || o.rounds < 1 || !slices.Contains([]string{"", "erase", "service", "rest", "handover"}, o.only):
		return false, errors.New("usage: packaging/bench [--json] [--rounds N] [--dir FOLDER] [--only erase|service|rest|handover]")
	}
	b, err := newBench(ctx, o)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	r := newReport(o)
	if o.only == "" || o.only == "rest" {
		err = runParts(ctx, r, []part{
			{"the reference session", b.reference},
			{"growing trees", b.growing},
			{"one folder with many names", b.oneFolder},
			{"a baseline of 10,000 files", b.status},
			{"a baseline of 100,000 files", b.bigBaseline},
		})
	}
	if (o.only == "" || o.only == "service") && err == nil {
		err = runParts(ctx, r, []part{{"the service", b.service}})
	}
	if (o.only == "" || o.only == "handover") && err == nil {
		err = runParts(ctx, r, []part{{"handing documents over", b.handover}})
	}
	if (o.only == "" || o.only == "erase") && err == nil {
		err = b.erasing(ctx, r)
	}
	if err != nil {
		return false, err
	}
	return r.print(o.json)
}
