package policy

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// systems lists the values of GOOS that a policy can speak of.
func systems() []string { return []string{"linux", "windows", "darwin"} }

// bases lists the tokens of folders inside the home that a policy may name, as package locate spells them.
func bases() []string {
	return []string{
		"HOME", "DESKTOP", "DOCUMENTS", "DOWNLOADS", "MUSIC", "PICTURES", "PUBLICSHARE", "VIDEOS", "TEMPLATES",
		"XDG_CONFIG", "XDG_DATA", "XDG_CACHE", "XDG_STATE", "APPDATA", "LOCALAPPDATA", "LOCALLOW",
		"LIBRARY", "APP_SUPPORT", "CACHES",
	}
}

// checker keeps the first problem that it meets.
type checker struct {
	err *FileError
}

func (c *checker) fail(key string, p Problem) {
	if c.err == nil {
		c.err = &FileError{Key: key, Problem: p}
	}
}

func (c *checker) must(ok bool, key string, p Problem) {
	if !ok {
		c.fail(key, p)
	}
}

func (c *checker) between(d, least, most time.Duration, key string) {
	c.must(least <= d && d <= most, key, ProblemOutOfRange)
}

func (c *checker) within(n, least, most int64, key string) {
	c.must(least <= n && n <= most, key, ProblemOutOfRange)
}

func (c *checker) oneOf(word string, words []string, key string) {
	c.must(slices.Contains(words, word), key, ProblemNotInList)
}

// each calls do for the items of a list that is not too long, until there is a problem.
func each[T any](c *checker, list []T, most int, key string, do func(item T, key string)) {
	c.must(len(list) <= most, key, ProblemTooMany)
	for i, item := range list {
		if c.err != nil {
			return
		}
		do(item, key+"["+strconv.Itoa(i+1)+"]")
	}
}

// distinct notes that an identifier is taken.
func (c *checker) distinct(seen map[string]bool, id, key string) {
	c.must(!seen[id], key, ProblemDuplicateID)
	seen[id] = true
}

// text checks what people will read: in languages that there are, one line each. A text that is needed has one.
func (c *checker) text(t Text, needed bool, key string) {
	c.must(len(t) > 0 || !needed, key, ProblemMissing)
	known := 0
	for _, l := range Languages() {
		if s, ok := t[l]; ok {
			c.line(s, key+"."+l)
			known++
		}
	}
	c.must(known == len(t), key, ProblemUnknownKey)
}

// textLimit is the most characters that a text may have.
const textLimit = 300

func (c *checker) line(s, key string) {
	odd := strings.ContainsFunc(s, func(r rune) bool {
		// Besides controls: what ends a line, and what turns the direction of writing around.
		return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	})
	ok := !odd && utf8.ValidString(s) && utf8.RuneCountInString(s) <= textLimit && strings.TrimSpace(s) != ""
	c.must(ok, key, ProblemNotAText)
}

func (c *checker) id(s, key string) {
	ok := s != "" && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
	c.must(ok, key, ProblemBadID)
}

// addressLimit is the most characters that an address may have.
const addressLimit = 2000

// address checks an https address of plain characters, without a name or a password in it.
func (c *checker) address(s, key string) { c.must(plainAddress(s), key, ProblemNotHTTPS) }

func plainAddress(s string) bool {
	plain := !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}'", r)
	})
	u, err := url.Parse(s)
	return plain && len(s) <= addressLimit && err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
}

// site checks what browsers take for one site, or with "[*.]" for it and all below: "https://[*.]example.org".
func (c *checker) site(s, key string) {
	s, all := strings.CutPrefix(s, "https://[*.]")
	if all {
		host, _, _ := strings.Cut(s, "/")
		c.must(strings.Contains(strings.Trim(host, "."), "."), key, ProblemNotHTTPS) // not all of ".org"
		s = "https://" + s
	}
	c.must(!strings.ContainsAny(s, "*[]"), key, ProblemNotHTTPS)
	c.address(s, key)
}

// inside checks a place in the home: slash-separated below its base, no climbing, no drive.
func (c *checker) inside(base, pattern, key string) {
	c.oneOf(base, bases(), key+".base")
	c.must(len(pattern) <= 500 && utf8.ValidString(pattern), key+".pattern", ProblemBadPattern)
	if pattern == "" {
		return
	}
	for part := range strings.SplitSeq(pattern, "/") {
		odd := strings.ContainsAny(part, `\$`) || strings.ContainsFunc(part, unicode.IsControl)
		drive := len(part) > 1 && part[1] == ':'
		c.must(part != "" && part != "." && part != ".." && !odd && !drive, key+".pattern", ProblemBadPattern)
		_, err := path.Match(part, "x")
		c.must(err == nil, key+".pattern", ProblemBadPattern)
	}
}

// everything tells whether the first component of a pattern stands for all names, or for many that have nothing in
// common: such a pattern is the whole folder by another spelling.
func everything(pattern string) bool {
	first, _, _ := strings.Cut(pattern, "/")
	if strings.Trim(first, "*?.") == "" {
		return true
	}
	for n := range 8 {
		for _, begin := range []string{"", "."} {
			met := 0
			for c := 'a'; c <= 'z'; c++ {
				if ok, _ := path.Match(first, begin+string(c)+strings.Repeat("e", n)); ok {
					met++
				}
				if ok, _ := path.Match(first, begin+string(unicode.ToUpper(c))+strings.Repeat("e", n)); ok {
					met++
				}
			}
			if met > 2 { // "[Dd]ocuments" is one name
				return true
			}
		}
	}
	return false
}
