package demo

import (
	"bytes"
	"embed"
	"errors"
	"strings"
	"text/template"

	"ipguard/wipe"
)

//go:embed data
var data embed.FS

// errArchive means that an embedded archive is malformed, which its test finds before anybody else.
var errArchive = errors.New("malformed archive")

// archive plants the text files of an embedded archive. A line "== HOW CLASS PATH" starts each file; HOW is "new",
// "changed" (replaces the laptop's file) or "added" (appends to it). Names and contents are a template over the person.
func (p *planter) archive(name string, person Person) {
	if p.err != nil {
		return
	}
	raw, err := data.ReadFile("data/" + name)
	if err != nil {
		p.fail("reading an archive", err)
		return
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(raw))
	if err != nil {
		p.fail("reading an archive", err)
		return
	}
	var text bytes.Buffer
	if err := t.Execute(&text, person); err != nil {
		p.fail("filling an archive", err)
		return
	}
	_, body, _ := strings.Cut("\n"+text.String(), "\n== ") // what stands before the first file is a comment
	for part := range strings.SplitSeq(body, "\n== ") {
		head, content, _ := strings.Cut(part, "\n")
		how, rest, _ := strings.Cut(head, " ")
		class, rel, ok := strings.Cut(rest, " ")
		if !ok {
			p.fail("reading an archive", errArchive)
			return
		}
		p.entry(how, wipe.Class(class), rel, []byte(strings.TrimRight(content, "\n")+"\n"))
	}
}

func (p *planter) entry(how string, class wipe.Class, rel string, content []byte) {
	switch how {
	case "new":
		p.file(class, rel, content)
	case "changed":
		p.changed(class, rel, content)
	case "added":
		p.added(class, rel, content)
	default:
		p.fail("reading an archive", errArchive)
	}
}
