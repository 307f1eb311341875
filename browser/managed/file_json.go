package managed

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

var errNoObject = errors.New("no JSON object")

// relaxed reads an object as Chromium does. Seen with Chromium 156: a UTF-8 byte order mark, comments of both kinds, one
// comma too many at the end, \x41 and line ends within a string are taken; UTF-16, bytes that are not UTF-8, a NUL byte and
// other control characters, single quotes, \v, numbers with a zero before, a comment that does not end and anything but a
// comment after the object make it pass over the whole file. Of two members with one name the last counts, also when it is
// null. 2.0, 2e0, -0 and what needs more than 32 bits are no whole numbers to it. Firefox 153 takes none of the liberties,
// no byte order mark either, but bytes that are not UTF-8, and 2.0 is 2 to it.
func relaxed(data []byte) (map[string]any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return nil, errNoObject
	}
	return object(strict(data))
}

// object reads one object and nothing behind it. Whole numbers of 32 bits become int.
func object(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, errNoObject // the decoder's own words would name what is in the file
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoObject
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, errNoObject
	}
	return numbers(m).(map[string]any), nil
}

// numbers turns numbers into int where they are whole as they are written, and leaves the others as they are written.
func numbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = numbers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case json.Number:
		if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && string(v) != "-0" && n >= math.MinInt32 && n <= math.MaxInt32 {
			return int(n)
		}
	}
	return v
}

// strict turns Chromium's dialect into JSON. What is in neither is left for the decoder to refuse.
func strict(data []byte) []byte {
	out := make([]byte, 0, len(data))
	comma := -1 // where a comma is that nothing has followed yet
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			n := quoted(data[i:])
			out = text(out, data[i:i+n])
			i += n - 1
			comma = -1
		case c == '/' && i+1 < len(data) && (data[i+1] == '/' || data[i+1] == '*'):
			n := comment(data[i:])
			if n == 0 {
				return nil
			}
			out = append(out, ' ')
			i += n - 1
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			out = append(out, c)
		case c == ',':
			if comma < 0 && len(bytes.TrimSpace(out)) > 0 && !opens(out) {
				comma = len(out)
			} else {
				comma = -1
			}
			out = append(out, c)
		default:
			if (c == ']' || c == '}') && comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
			out = append(out, c)
		}
	}
	return out
}

func opens(out []byte) bool {
	for i := len(out) - 1; i >= 0; i-- {
		switch out[i] {
		case ' ', '\t', '\r', '\n':
		default:
			return out[i] == '[' || out[i] == '{'
		}
	}
	return true
}

// comment returns how long the comment is; 0: it does not end.
func comment(data []byte) int {
	if data[1] == '/' {
		if n := bytes.IndexAny(data, "\r\n"); n >= 0 {
			return n
		}
		return len(data)
	}
	if n := bytes.Index(data[2:], []byte("*/")); n >= 0 {
		return n + 4
	}
	return 0
}

// quoted returns how long a string is with its quotes, or all that is left when it does not end.
func quoted(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

func text(out, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == 'x':
			out = append(out, `\u00`...)
			i++
		case c == '\\' && i+1 < len(s):
			out = append(out, c, s[i+1])
			i++
		case c == '\n':
			out = append(out, `\n`...)
		case c == '\r':
			out = append(out, `\r`...)
		default:
			out = append(out, c)
		}
	}
	return out
}
