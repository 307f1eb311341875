package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is everything that was measured, and on what.
type report struct {
	Schema  string `json:"schema"`
	Machine struct {
		CPUs       int    `json:"cpus"`
		Kernel     string `json:"kernel"`
		FileSystem string `json:"file_system"`
		Go         string `json:"go"`
	} `json:"machine"`
	Rounds  int `json:"rounds"`
	Session struct {
		Files int   `json:"files"`
		Bytes int64 `json:"bytes"`
	} `json:"session"`
	Erased struct { // the session that was erased on images
		Files int   `json:"files"`
		Bytes int64 `json:"bytes"`
	} `json:"erased"`
	Lines   []line   `json:"lines"`
	Skipped []string `json:"skipped,omitempty"` // what could not be measured, and why
}

// line is one promise.
type line struct {
	Name     string  `json:"name"`
	Measured float64 `json:"measured"`
	Limit    float64 `json:"limit,omitempty"` // none: for information
	Unit     string  `json:"unit"`
	OK       bool    `json:"ok"`
	Detail   string  `json:"detail,omitempty"` // the medians behind it
}

func newReport(o options) *report {
	r := &report{Schema: "ipguard.benchmark/1", Rounds: o.rounds}
	r.Machine.CPUs, r.Machine.Go = runtime.NumCPU(), runtime.Version()
	r.Machine.Kernel = output("uname", "-r")
	// Kernels of a maker's own say so after the version, which tells nobody anything.
	r.Machine.Kernel, _, _ = strings.Cut(r.Machine.Kernel, "-")
	_, r.Machine.FileSystem, _ = strings.Cut(output("df", "--output=fstype", o.dir), "\n")
	return r
}

// output is what a tool says, or nothing.
func output(name string, args ...string) string {
	text, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (r *report) add(name string, measured, limit float64, unit, detail string) {
	r.Lines = append(r.Lines, line{name, measured, limit, unit, limit == 0 || measured <= limit, detail})
}

// explain adds to the last line where the time went.
func (r *report) explain(detail string) { r.Lines[len(r.Lines)-1].Detail += "; " + detail }

// skip notes what could not be measured, loudly.
func (r *report) skip(what string) {
	fmt.Fprintln(os.Stderr, "WARNING:", what)
	r.Skipped = append(r.Skipped, what)
}

func (r *report) ratio(name string, a, b []time.Duration, limit float64) {
	x, y := median(a), median(b)
	r.add(name, float64(x)/float64(y), limit, "x", fmt.Sprintf("%s / %s", short(x), short(y)))
}

func (r *report) share(name string, a, b []time.Duration, limit float64) {
	x, y := median(a), median(b)
	r.add(name, 100*float64(x)/float64(y), limit, "%", fmt.Sprintf("%s / %s", short(x), short(y)))
}

func (r *report) wait(name string, all []time.Duration, limit float64) {
	r.add(name, median(all).Seconds()*1000, limit, "ms", fmt.Sprintf("%s to %s", short(slices.Min(all)), short(slices.Max(all))))
}

// maxMemory is the most that any command may have resident, in MiB.
const maxMemory = 64

func (r *report) memory(name string, mib float64) { r.add("memory: "+name, mib, maxMemory, "MiB", "") }

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	if n := len(all); n%2 == 0 {
		return (all[n/2-1] + all[n/2]) / 2
	}
	return all[len(all)/2]
}

// short is a duration with three digits or so.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return d.Round(100 * time.Nanosecond).String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// print writes the report; ok says that no threshold was missed.
func (r *report) print(asJSON bool) (ok bool, err error) {
	ok = !slices.ContainsFunc(r.Lines, func(l line) bool { return !l.OK })
	if asJSON {
		return ok, json.NewEncoder(os.Stdout).Encode(r)
	}
	fmt.Printf("%d CPUs, Linux %s, %s, %s; medians of %d rounds; the session has %d files, %d MB, on images %d files, %d MB\n\n", r.Machine.CPUs,
		r.Machine.Kernel, r.Machine.FileSystem, r.Machine.Go, r.Rounds, r.Session.Files, r.Session.Bytes/mb, r.Erased.Files, r.Erased.Bytes/mb)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "what\tmeasured\tat most\t\tmedians")
	for _, l := range r.Lines {
		limit, verdict := fmt.Sprintf("%g %s", l.Limit, l.Unit), "ok"
		switch {
		case l.Limit == 0:
			limit, verdict = "-", "-"
		case !l.OK:
			verdict = "MISSED"
		}
		fmt.Fprintf(w, "%s\t%.*f %s\t%s\t%s\t%s\n", l.Name, l.digits(), l.Measured, l.Unit, limit, verdict, l.Detail)
	}
	for _, s := range r.Skipped {
		fmt.Fprintln(w, s)
	}
	return ok, w.Flush()
}

// digits are how many digits after the point say something.
func (l line) digits() int {
	switch {
	case l.Unit == "x" && l.Measured >= 0.1:
		return 2
	case l.Unit == "x" || l.Limit > 0 && l.Limit <= 1:
		return 3
	}
	return 0
}
