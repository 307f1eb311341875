package main

import (
	"bytes"
	"io"
	"slices"
	"strings"

	"ipguard/agent/handover/give"
	"ipguard/agent/trace"
	"ipguard/cmd/ipguard/text"
	"ipguard/policy"
	"ipguard/wipe"
)

// sheet is what goes on a person's sheet. It lives in memory until the sheet is made, and is written down nowhere.
type sheet struct {
	Language string   `json:"language"` // "fr", "nl", "de", "en"; empty: that of the program
	Done     []string `json:"done"`     // ids of procedures
	Lines    []string `json:"lines"`    // what else was done
	Draft    string   `json:"draft"`    // where something unfinished was saved
	Services []string `json:"services"` // ids of services whose way back into an account is to be told
	Not      []string `json:"not"`      // what was not done, and why
	Given    int      `json:"given"`    // documents that go with the person
}

// empty says that nothing was ticked or written: then there is room to write by hand.
func (s sheet) empty() bool {
	return len(s.Done)+len(s.Lines)+len(s.Services)+len(s.Not) == 0 && s.Draft == ""
}

// check refuses what the policy does not have: it would be missing on the sheet without a word.
func (s sheet) check(p policy.Policy) error {
	for _, id := range s.Done {
		if !slices.ContainsFunc(p.Procedures, func(o policy.Procedure) bool { return o.ID == id }) {
			return usage("error.sheet_id", printable(id))
		}
	}
	for _, id := range s.Services {
		if !slices.ContainsFunc(p.Services, func(o policy.Service) bool { return o.ID == id }) {
			return usage("error.sheet_id", printable(id))
		}
	}
	if s.Language != "" && !slices.Contains(policy.Languages(), s.Language) {
		return usage("error.sheet_id", printable(s.Language))
	}
	return nil
}

// blankLines is how many lines there are to write on by hand.
const blankLines = 4

// compose words a sheet in the person's language. It says what of a session stays, as far as that is known before the wipe.
func (a *app) compose(in sheet, p policy.Policy, media []wipe.Medium) trace.Sheet {
	say := text.For([]string{in.Language})
	lang := say.Language()
	out := trace.Sheet{Language: lang, Title: p.Trace.Title.In(lang), Large: p.Trace.Large}
	if out.Title == "" {
		out.Title = say.Text("sheet.title")
	}
	line := []string{a.date(say)}
	for _, t := range []policy.Text{p.Organization.Place, p.Organization.Name} {
		if s := t.In(lang); s != "" {
			line = append(line, s)
		}
	}
	out.Line = strings.Join(line, " · ")
	out.Before = paragraphs(p.Trace.Before.In(lang))
	out.After = append(paragraphs(p.Trace.After.In(lang)), say.Text("sheet.forgotten"))
	for _, section := range p.Trace.Sections {
		s := trace.Section{Heading: say.Text("section." + string(section))}
		fill(&s, section, in, p, say)
		if section == policy.SectionNot {
			for _, l := range remaining(worthTelling(media)) {
				s.Items = append(s.Items, say.Text("limit."+string(l)))
			}
		}
		if len(s.Items)+len(s.Text)+s.Blank > 0 {
			out.Sections = append(out.Sections, s)
		}
	}
	return out
}

// fill writes what there is to say in one section.
func fill(s *trace.Section, section policy.Section, in sheet, p policy.Policy, say text.Printer) {
	lang := say.Language()
	switch section {
	case policy.SectionDone:
		for _, procedure := range p.Procedures {
			if slices.Contains(in.Done, procedure.ID) {
				s.Items = append(s.Items, procedure.Name.In(lang))
			}
		}
		s.Items = append(s.Items, in.Lines...)
		if in.empty() {
			s.Blank = blankLines
		}
	case policy.SectionDraft:
		s.Text = paragraphs(in.Draft)
	case policy.SectionDocuments:
		if in.Given > 0 {
			s.Text = paragraphs(say.Text("sheet.documents", in.Given))
		}
	case policy.SectionBring:
		for _, procedure := range p.Procedures {
			bring := procedure.Bring.In(lang)
			if slices.Contains(in.Done, procedure.ID) && bring != "" && !slices.Contains(s.Items, bring) {
				s.Items = append(s.Items, bring)
			}
		}
	case policy.SectionRecover:
		for _, service := range p.Services {
			if way := service.Recover.In(lang); slices.Contains(in.Services, service.ID) && way != "" {
				s.Items = append(s.Items, say.Text("sheet.recover", service.Name.In(lang), way))
			}
		}
	case policy.SectionNot:
		s.Items = append(s.Items, in.Not...)
	case policy.SectionElsewhere:
		s.Text = paragraphs(p.Organization.Elsewhere.In(lang))
	}
}

func paragraphs(s string) []string {
	if s = strings.TrimSpace(s); s == "" {
		return nil
	}
	return []string{s}
}

// date writes today as people do: "24 novembre 2026".
func (a *app) date(say text.Printer) string {
	now := a.now()
	months := strings.Fields(say.Text("date.months"))
	return say.Text("date.long", now.Day(), months[now.Month()-1], itoa(now.Year()))
}

// files makes a sheet as PDF and HTML, in memory.
func (a *app) files(s trace.Sheet) ([]give.Item, error) {
	pdf, err := trace.PDF(s)
	if err != nil {
		return nil, err
	}
	page, err := trace.HTML(s)
	if err != nil {
		return nil, err
	}
	name := text.For([]string{s.Language}).Text("sheet.file", a.today())
	return []give.Item{inMemory(name+".pdf", pdf), inMemory(name+".html", page)}, nil
}

func inMemory(name string, data []byte) give.Item {
	return give.Item{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
}
