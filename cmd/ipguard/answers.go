package main

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strings"
)

// answers reads what a person types, a line at a time. The end of the input is an empty answer.
type answers struct{ in *bufio.Reader }

func newAnswers(in io.Reader) answers { return answers{bufio.NewReader(in)} }

// line waits for a line. Interrupting the program is an empty answer too, and to all questions that follow.
func (a answers) line(ctx context.Context) string {
	if ctx.Err() != nil {
		return ""
	}
	typed := make(chan string, 1)
	go func() {
		s, err := a.in.ReadString('\n')
		if err != nil {
			s = "" // an answer that was not finished is none
		}
		typed <- strings.TrimSpace(s)
	}()
	select {
	case s := <-typed:
		return s
	case <-ctx.Done():
		return ""
	}
}

// isYes accepts yes in the four languages, whatever language the question was in.
func isYes(s string) bool {
	return slices.Contains([]string{"yes", "y", "oui", "o", "ja", "j"}, strings.ToLower(s))
}
