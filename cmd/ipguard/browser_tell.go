package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"ipguard/agent/governor"
)

// browsersJSON is how the browsers stand.
type browsersJSON struct {
	Schema    string        `json:"schema,omitempty"`
	Mode      string        `json:"mode"`
	Effective bool          `json:"effective"`
	Repairs   int           `json:"repairs"`
	Failing   int           `json:"failing"`
	Contested bool          `json:"contested"`
	Browsers  []browserJSON `json:"browsers"`
}

type browserJSON struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Package string      `json:"package"`
	Channel string      `json:"channel,omitempty"`
	Version string      `json:"version,omitempty"`
	Word    string      `json:"word"`
	Reasons []string    `json:"reasons"`
	Faults  []faultJSON `json:"faults"`
	Running int         `json:"running"`
	Visits  int         `json:"visits"`  // rows in the history
	Cookies int         `json:"cookies"` // rows
	Counted bool        `json:"counted"`
	Card    *cardJSON   `json:"card,omitempty"` // none where policy has none
}

type faultJSON struct {
	Reason  string `json:"reason"`
	Source  string `json:"source,omitempty"`
	Setting string `json:"setting,omitempty"`
}

// cardJSON says whether an identity card can be used.
type cardJSON struct {
	Ready bool     `json:"ready"`
	Hints []string `json:"hints"` // what can be done about what is missing or not known
}

func toBrowsers(schema string, r governor.Report) browsersJSON {
	out := browsersJSON{
		Schema: schema, Mode: string(r.Mode), Effective: r.Effective(), Repairs: r.Repairs, Failing: r.Failing,
		Contested: r.Contested, Browsers: []browserJSON{},
	}
	for _, b := range r.Browsers {
		j := browserJSON{
			ID: b.ID, Name: b.Name, Package: string(b.Package), Channel: b.Channel, Version: b.Version, Word: string(b.Word),
			Reasons: []string{}, Faults: []faultJSON{}, Running: b.Running, Visits: b.Rows.Visits, Cookies: b.Rows.Cookies,
			Counted: b.Rows.Known,
		}
		for _, reason := range b.Reasons {
			j.Reasons = append(j.Reasons, string(reason))
		}
		for _, f := range b.Faults {
			j.Faults = append(j.Faults, faultJSON{string(f.Reason), f.Source, f.Setting})
		}
		if len(b.Card) > 0 {
			c := cardJSON{Ready: b.CardReady(), Hints: []string{}}
			for _, hint := range b.CardHints() {
				c.Hints = append(c.Hints, string(hint))
			}
			j.Card = &c
		}
		out.Browsers = append(out.Browsers, j)
	}
	return out
}

// sign goes with a word, so that it is never told by color.
func sign(w governor.Word) string {
	switch w {
	case governor.Enforced:
		return "✔"
	case governor.NotEffective:
		return "✘"
	}
	return "?"
}

func (a *app) tellBrowsers(r governor.Report) {
	if len(r.Browsers) == 0 {
		a.printf("browser.none")
	}
	for _, b := range r.Browsers {
		fmt.Fprintln(a.out, a.browserLine(b))
		for _, f := range b.Faults {
			a.tellFault(f)
		}
		switch {
		case len(b.Card) == 0:
		case b.CardReady():
			fmt.Fprintf(a.out, "    %s\n", a.say.Text("card.ready"))
		default:
			for _, hint := range b.CardHints() {
				fmt.Fprintf(a.out, "    %s\n", a.say.Text("card."+string(hint)))
			}
		}
	}
	if r.Repairs > 0 {
		a.printf("browser.repairs", r.Repairs)
	}
	if r.Contested {
		a.printf("browser.contested")
	}
}

// browserLine is one browser in a line.
func (a *app) browserLine(b governor.Standing) string {
	line := fmt.Sprintf("%s %s: %s", sign(b.Word), title(b.Name, b.Version), a.say.Text("word."+string(b.Word)))
	if len(b.Reasons) == 0 {
		return line
	}
	why := make([]string, 0, len(b.Reasons))
	for _, reason := range b.Reasons {
		why = append(why, a.say.Text("reason."+string(reason)))
	}
	return line + "\n    " + strings.Join(why, "\n    ")
}

func (a *app) tellFault(f governor.Fault) {
	switch {
	case f.Source != "" && f.Setting != "":
		fmt.Fprintf(a.out, "    - %s: %s (%s)\n", f.Setting, f.Source, f.Reason)
	case f.Source != "" || f.Setting != "":
		fmt.Fprintf(a.out, "    - %s%s (%s)\n", f.Setting, f.Source, f.Reason)
	}
}

// tellOutcomes says what was written, or would be, and what could not be.
func (a *app) tellOutcomes(all []governor.Outcome, dryRun bool) error {
	failing, written := 0, changed(all)
	for _, o := range all {
		if o.Err != nil || !dryRun && o.Failing() {
			failing++
		}
	}
	switch {
	case a.json:
		a.line(toOutcomes(all, dryRun, failing))
	case dryRun:
		a.showPlan(all)
		a.printf("browser.would_write", written)
	case failing == 0:
		a.printf("browser.applied", len(all), written)
	}
	if failing == 0 {
		return nil
	}
	return a.unwritable(all)
}

// unwritable names the places where something is wrong still.
func (a *app) unwritable(all []governor.Outcome) error {
	n := 0
	for _, o := range all {
		if o.Err == nil && !o.Failing() {
			continue
		}
		if a.goos == "windows" && errors.Is(o.Err, fs.ErrPermission) {
			// Nobody was asked before who they are: the registry knows who may write there.
			return &exit{code: exitNotPermitted, key: "error.service_admin", word: "not_permitted"}
		}
		n++
		if !a.json {
			fmt.Fprintf(a.out, "    - %s\n", o.Place.Path)
		}
	}
	return &exit{code: exitIncomplete, key: "error.browser_places", word: "places", args: []any{n}}
}

// outcomesJSON is what was written.
type outcomesJSON struct {
	Schema  string      `json:"schema"`
	DryRun  bool        `json:"dry_run"`
	Written int         `json:"written"`
	Failing int         `json:"failing"`
	Places  []placeJSON `json:"places"`
}

type placeJSON struct {
	ID       string         `json:"id"`
	Format   string         `json:"format"`
	Path     string         `json:"path"`
	Changed  bool           `json:"changed"`
	Private  bool           `json:"private"`
	Failing  bool           `json:"failing"`
	Settings map[string]any `json:"settings,omitempty"` // with --dry-run
	URL      string         `json:"url,omitempty"`
}

func toOutcomes(all []governor.Outcome, dryRun bool, failing int) outcomesJSON {
	out := outcomesJSON{
		Schema: "ipguard.browser.apply/1", DryRun: dryRun, Written: changed(all), Failing: failing, Places: []placeJSON{},
	}
	for _, o := range all {
		p := placeJSON{
			ID: o.ID, Format: string(o.Place.Format), Path: o.Place.Path, Changed: o.Changed, Private: o.Settings.Private,
			Failing: o.Err != nil || !dryRun && o.Failing(), URL: o.Place.URL,
		}
		if dryRun {
			p.Settings = o.Settings.Values
		}
		out.Places = append(out.Places, p)
	}
	return out
}

// showPlan shows the settings as they would be written.
func (a *app) showPlan(all []governor.Outcome) {
	for _, o := range all {
		if !o.Changed {
			continue
		}
		text, err := o.Settings.JSON()
		if err != nil {
			continue
		}
		fmt.Fprintf(a.out, "%s\n%s", o.Place.Path, text)
	}
}

// tellBrowsersShort is what status says of browsers: a line when all is well.
func (a *app) tellBrowsersShort(r governor.Report) {
	n := len(r.Browsers)
	switch {
	case n == 0:
		return
	case r.Count(governor.Enforced) == n:
		a.printf("status.browsers_private", n)
		return
	}
	for _, b := range r.Browsers {
		if b.Word != governor.Enforced {
			fmt.Fprintln(a.out, a.browserLine(b))
		}
	}
	a.printf("status.browsers_more")
}
