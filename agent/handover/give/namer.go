package give

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Namer gives each document of a folder a safe name of its own. The zero value is ready for an empty folder.
type Namer struct {
	taken map[string]int // folded names, with the last number given to one
}

// Name returns the safe name for a document, numbered " (2)" and on when the folder has one that a file system may take for the
// same: they do not tell capitals from small letters, and some not accents written in two ways.
func (n *Namer) Name(name string) string {
	if n.taken == nil {
		n.taken = make(map[string]int)
	}
	s := SafeName(name)
	first := fold(s)
	number, ok := n.taken[first]
	if !ok {
		n.taken[first] = 1
		return s
	}
	for {
		number++
		numbered := again(s, number)
		key := fold(numbered)
		if _, ok := n.taken[key]; ok {
			continue
		}
		n.taken[first], n.taken[key] = number, 1
		return numbered
	}
}

// again returns a safe name with a number.
func again(s string, number int) string {
	base, ext := split(s)
	return fit(base, " ("+strconv.Itoa(number)+")", ext)
}

// fold maps names that any file system may take for one to one string: more than any of them does alone.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, norm.NFKC.String(s))
	s = strings.NewReplacer("ß", "ss", "ẞ", "ss", "ı", "i", "İ", "i").Replace(strings.ToLower(strings.ToUpper(s)))
	return norm.NFKC.String(strings.ToLower(s))
}
