package main

import (
	"context"
	"fmt"
	"slices"

	"ipguard/agent/trace"
	"ipguard/cmd/ipguard/text"
	"ipguard/devices/printer"
	"ipguard/policy"
)

// maxLines bounds the lines that a person types for one part of a sheet.
const maxLines = 20

// sheet offers the person's sheet, and then lets the medium go.
func (g *guide) sheet(ctx context.Context) error {
	s, err := g.ask(ctx, "sheet.ask")
	if err != nil {
		return err
	}
	if s == "1" || s == "2" {
		in, err := g.fillSheet(ctx)
		if err == nil {
			err = g.makeSheet(ctx, in, s == "2")
		}
		if err != nil {
			return err
		}
	}
	return g.takeStick(ctx)
}

// makeSheet makes the sheet and brings it onto paper or the medium; its content is forgotten with the program's memory.
func (g *guide) makeSheet(ctx context.Context, in sheet, paper bool) error {
	in.Given = g.count.given + g.count.printed
	now, err := g.agent.Status(ctx, g.acct)
	if err != nil {
		now.Media = nil // then nothing is said of what remains
	}
	made := g.compose(in, g.agent.Policy, now.Media)
	all, err := g.files(made)
	if err != nil {
		return err
	}
	if trace.Missing(made) {
		g.printf("sheet.letters")
	}
	if !paper {
		_, err := g.onStick(ctx, all)
		return err
	}
	spooler := g.printers(g.acct.Name)
	to, err := g.choosePrinter(ctx, spooler)
	if err != nil || to == "" {
		return err
	}
	_, err = g.printOne(ctx, spooler, to, printer.Document{Type: "application/pdf", Open: all[0].Open}, all[0].Name)
	return err
}

// fillSheet asks what goes on the sheet. Enter leaves a part empty.
func (g *guide) fillSheet(ctx context.Context) (in sheet, err error) {
	if in.Language, err = g.chooseLanguage(ctx); err != nil {
		return in, err
	}
	p := g.agent.Policy
	names := make([]policy.Text, len(p.Procedures))
	for i, procedure := range p.Procedures {
		names[i] = procedure.Name
	}
	ticked, err := g.tick(ctx, "sheet.done", names)
	if err != nil {
		return in, err
	}
	for _, n := range ticked {
		in.Done = append(in.Done, p.Procedures[n-1].ID)
	}
	if in.Lines, err = g.lines(ctx, "sheet.lines"); err != nil {
		return in, err
	}
	if in.Draft, err = g.ask(ctx, "sheet.draft"); err != nil {
		return in, err
	}
	names = names[:0]
	services := slices.DeleteFunc(slices.Clone(p.Services), func(s policy.Service) bool { return len(s.Recover) == 0 })
	for _, s := range services {
		names = append(names, s.Name)
	}
	if ticked, err = g.tick(ctx, "sheet.services", names); err != nil {
		return in, err
	}
	for _, n := range ticked {
		in.Services = append(in.Services, services[n-1].ID)
	}
	in.Not, err = g.lines(ctx, "sheet.not")
	return in, err
}

// tick shows a list and returns the numbers that were typed, from 1.
func (g *guide) tick(ctx context.Context, key string, names []policy.Text) ([]int, error) {
	if len(names) == 0 {
		return nil, nil
	}
	lang := g.say.Language()
	for i, name := range names {
		fmt.Fprintf(g.out, "%3d  %s\n", i+1, printable(name.In(lang)))
	}
	for {
		s, err := g.ask(ctx, key)
		if err != nil || s == "" {
			return nil, err
		}
		if some, ok := numbers(s, len(names)); ok {
			return some, nil
		}
		g.printf("guide.number", len(names))
	}
}

// lines asks for lines until an empty one.
func (g *guide) lines(ctx context.Context, key string) (all []string, err error) {
	for s := ""; len(all) < maxLines; key = "sheet.more" {
		if s, err = g.ask(ctx, key); err != nil || s == "" {
			return all, err
		}
		all = append(all, s)
	}
	return all, nil
}

// chooseLanguage asks for the person's language; Enter is the program's.
func (g *guide) chooseLanguage(ctx context.Context) (string, error) {
	langs := text.Languages()
	for i, l := range langs {
		fmt.Fprintf(g.out, "%3d  %s\n", i+1, text.For([]string{l.String()}).Text("language"))
	}
	for {
		s, err := g.ask(ctx, "sheet.language", g.say.Text("language"))
		if err != nil || s == "" {
			return g.say.Language(), err
		}
		if n, ok := numbers(s, len(langs)); ok && len(n) == 1 {
			return langs[n[0]-1].String(), nil
		}
		g.printf("guide.number", len(langs))
	}
}
