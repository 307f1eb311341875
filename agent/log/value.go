package log

import (
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keys are all that a line may speak of.
func keys() []string {
	return []string{
		"account", // which of the enrolled ones, by its place in the list
		"accounts", "actor", "assurance", "attempt", "baseline", "bytes", "cause", "class", "clients", "code", "command",
		"count", "day", "documents", "elapsed", "enabled", "erased", "error", "event", "failed", "files", "folders", "from",
		"held", "kind", "left", "live", "mode", "new", "outcome", "pending", "phase", "policy", "reason", "residual",
		"restored", "result", "seconds", "sessions", "skipped", "state", "step", "to", "trigger", "verdict", "version",
		"wait", "watched", "worker",
	}
}

func known(key string) bool { return slices.Contains(keys(), key) }

const (
	maxWord    = 32
	maxMessage = 120
)

// render turns a value into text; not ok when it is of no kind that may be said.
func (h *handler) render(key string, v slog.Value) (string, bool) {
	switch v.Kind() {
	case slog.KindBool:
		return strconv.FormatBool(v.Bool()), true
	case slog.KindInt64:
		return strconv.FormatInt(v.Int64(), 10), true
	case slog.KindUint64:
		return strconv.FormatUint(v.Uint64(), 10), true
	case slog.KindFloat64:
		return strconv.FormatFloat(v.Float64(), 'f', 3, 64), true
	case slog.KindDuration:
		return v.Duration().Round(time.Millisecond).String(), true
	case slog.KindTime:
		return v.Time().Format(time.DateOnly), true // an hour and the agenda of the desk name a person
	case slog.KindString:
		return text(key, v.String())
	case slog.KindAny:
		switch x := v.Any().(type) {
		case nil:
			return "none", true
		case error:
			return cause(x, h.o.Causes), true
		default:
			return typed(x)
		}
	}
	return "", false
}

// text lets through the strings that have a form of their own; of a bare string nothing else is known, and the first name
// of a person is a word like any other.
func text(key, s string) (string, bool) {
	switch key {
	case "day":
		_, err := time.Parse(time.DateOnly, s)
		return s, err == nil
	case "version":
		return s, version(s)
	}
	return "", false
}

// version reports whether a text is a version as the go tool gives it to a build, or "devel".
func version(s string) bool {
	const form = `^v\d{1,4}(\.\d{1,4}){2}(-(0\.)?\d{14}-[0-9a-f]{12})?(\+dirty)?$`
	ok, err := regexp.MatchString(form, s)
	return s == "devel" || err == nil && ok
}

// typed lets through the words and numbers of this module's own types: states, outcomes, classes, codes. It goes by what
// the value is underneath, so that no method of it is called.
func typed(x any) (string, bool) {
	v := reflect.ValueOf(x)
	if !ours(v.Type()) {
		return "", false
	}
	switch v.Kind() {
	case reflect.String:
		return v.String(), isWord(v.String())
	case reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(v.Uint(), 10), true
	}
	return "", false
}

// ours reports whether a type is declared in this module.
func ours(t reflect.Type) bool {
	module, _, _ := strings.Cut(reflect.TypeFor[Word]().PkgPath(), "/")
	return strings.HasPrefix(t.PkgPath(), module+"/")
}

// isWord reports whether a text looks as codes do: small letters, digits and underlines, a letter first, not long.
func isWord(s string) bool {
	if s == "" || len(s) > maxWord || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// sentence lets a message through that can only be a plain sentence: small letters, blanks, commas, hyphens. A capital, a
// digit, a point, a slash or an @ could be part of somebody's name, number, path, host or address.
func sentence(s string) string {
	if s == "" || len(s) > maxMessage {
		return "?"
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && !strings.ContainsRune(" ,-'", rune(c)) {
			return "?"
		}
	}
	return s
}
