package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
)

// answers reads what a person types, a line at a time.
type answers struct{ in *bufio.Reader }

func newAnswers(in io.Reader) answers { return answers{bufio.NewReader(in)} }

// line waits for a line; the end of the input and interrupting the program are an empty answer.
func (a answers) line(ctx context.Context) string {
	s, _ := a.ask(ctx)
	return s
}

// ask waits for a line. It is false when the input has ended or the program is interrupted, and so for all questions that
// follow.
func (a answers) ask(ctx context.Context) (string, bool) {
	if ctx.Err() != nil {
		return "", false
	}
	type line struct {
		text string
		ok   bool
	}
	typed := make(chan line, 1)
	go func() {
		s, err := a.in.ReadString('\n')
		if err != nil {
			s = "" // an answer that was not finished is none
		}
		typed <- line{strings.TrimSpace(s), err == nil}
	}()
	select {
	case l := <-typed:
		return l.text, l.ok
	case <-ctx.Done():
		return "", false
	}
}

// numbers reads "2", "1,3" or "2-4 7" as numbers from 1 to most, each once, in their order; false when there is anything else.
func numbers(s string, most int) ([]int, bool) {
	var all []int
	for _, part := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		from, to, is := strings.Cut(part, "-")
		if !is {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first < 1 || last > most || first > last {
			return nil, false
		}
		for n := first; n <= last; n++ {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	slices.Sort(all)
	return all, len(all) > 0
}

// isYes accepts yes in the four languages, whatever language the question was in.
func isYes(s string) bool {
	return slices.Contains([]string{"yes", "y", "oui", "o", "ja", "j"}, strings.ToLower(s))
}
