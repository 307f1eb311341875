// Package text has every sentence that ipguard says to people, in French, Dutch, German and English.
//
// The sentences are data, a file a language; a test holds the four files against one another and against the program.
// The package does not decide what is said, and JSON does not come from here.
package text

import (
	"embed"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed data/*.yaml
var data embed.FS

// Languages lists the languages; the first is that of people whose own language is not there.
func Languages() []language.Tag {
	return []language.Tag{language.French, language.Dutch, language.German, language.English}
}

// entry is a sentence, or two that differ by the number in their first argument.
type entry struct {
	One   string `yaml:"one"`
	Other string `yaml:"other"`
}

// UnmarshalYAML lets a sentence without number be a plain string.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.Other)
	}
	type plain entry
	return n.Decode((*plain)(e))
}

// Printer says sentences in one language.
type Printer struct {
	p        *message.Printer
	language string
}

// For returns the printer for the first wish that is one of the languages, or a language whose readers know one of them.
// Wishes are language tags or locale names: "nl-BE", "fr_BE.UTF-8", "de_BE@euro". When no wish is, it is the first of
// Languages. The locales "C" and "POSIX" stand for English, and so does having no wish: that is the C locale.
func For(wishes []string) Printer {
	choice := choose(wishes)
	b := catalog.NewBuilder(catalog.Fallback(choice))
	for key, e := range load(choice) {
		if err := set(b, choice, key, e); err != nil {
			panic(err) // a test loads every language
		}
	}
	return Printer{message.NewPrinter(choice, message.Catalog(b)), choice.String()}
}

func choose(wishes []string) language.Tag {
	langs := Languages()
	matcher := language.NewMatcher(langs)
	wished := false
	for _, wish := range wishes {
		name, _, _ := strings.Cut(wish, ".")
		name, _, _ = strings.Cut(name, "@")
		if name == "" {
			continue
		}
		wished = true
		if name == "C" || name == "POSIX" {
			return language.English
		}
		tag, err := language.Parse(strings.ReplaceAll(name, "_", "-"))
		if err != nil {
			continue
		}
		if _, i, confidence := matcher.Match(tag); confidence != language.No {
			return langs[i]
		}
	}
	if !wished {
		return language.English
	}
	return langs[0]
}

// Text returns the sentence with this key. A number that decides between one and many comes first in args.
func (p Printer) Text(key string, args ...any) string { return p.p.Sprintf(key, args...) }

// Language returns the code of the printer's language: "fr", "nl", "de" or "en".
func (p Printer) Language() string { return p.language }

func load(tag language.Tag) map[string]entry {
	file, err := data.ReadFile("data/" + tag.String() + ".yaml")
	if err != nil {
		panic(err) // embedded
	}
	all := map[string]entry{}
	if err := yaml.Unmarshal(file, &all); err != nil {
		panic(fmt.Errorf("reading the sentences: %w", err)) // a test loads every language
	}
	return all
}

func set(b *catalog.Builder, tag language.Tag, key string, e entry) error {
	other := strings.TrimRight(e.Other, "\n")
	if e.One == "" {
		return b.SetString(tag, key, other)
	}
	return b.Set(tag, key, plural.Selectf(1, "%d", plural.One, strings.TrimRight(e.One, "\n"), plural.Other, other))
}
