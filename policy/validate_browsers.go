package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

func (b Browsers) check(c *checker) {
	modes := []BrowserMode{BrowsersPrivate, BrowsersEphemeral, BrowsersUnmanaged}
	c.must(slices.Contains(modes, b.Mode), "browsers.mode", ProblemNotInList)
	if b.StartPage != "" {
		c.address(b.StartPage, "browsers.start_page")
	}
	each(c, b.Links, 50, "browsers.links", func(l Link, key string) {
		c.line(l.Name, key+".name")
		c.address(l.URL, key+".url")
	})
	b.Search.check(c)
	each(c, b.Extensions, 50, "browsers.extensions", c.extension)
	each(c, b.EmbeddedLogins, 200, "browsers.embedded_logins", c.site)
	b.Card.check(c)
	c.between(b.CheckEvery, time.Minute, 24*time.Hour, "browsers.check_every")
}

func (s Search) check(c *checker) {
	if s == (Search{}) {
		return
	}
	c.must(s.Name != "", "browsers.search.name", ProblemMissing)
	c.line(s.Name, "browsers.search.name")
	c.must(s.URL != "", "browsers.search.url", ProblemMissing)
	c.must(strings.Contains(s.URL, "{searchTerms}"), "browsers.search.url", ProblemNoSearchTerm)
	c.address(strings.ReplaceAll(s.URL, "{searchTerms}", "x"), "browsers.search.url")
}

func (k Card) check(c *checker) {
	each(c, k.Modules, 20, "browsers.card.modules", func(m Module, key string) {
		c.line(m.Name, key+".name")
		c.must(len(m.Files) > 0, key+".files", ProblemMissing)
		known := 0
		for _, goos := range systems() {
			files, ok := m.Files[goos]
			if !ok {
				continue
			}
			known++
			each(c, files, 20, key+".files."+goos, func(file, key string) {
				c.line(file, key)
				c.must(absolute(goos, file), key, ProblemNotAbsolute)
			})
		}
		c.must(known == len(m.Files), key+".files", ProblemUnknownKey)
	})
	each(c, k.Hosts, 50, "browsers.card.hosts", func(h, key string) {
		ok := len(h) <= 100 && regexp.MustCompile(`^[a-z0-9_]+(\.[a-z0-9_]+)*$`).MatchString(h) // what Chromium takes
		c.must(ok, key, ProblemBadID)
	})
	each(c, k.Extensions, 50, "browsers.card.extensions", c.extension)
	each(c, k.LocalSites, 200, "browsers.card.local_sites", c.site)
}

// extension checks the identifiers as the browsers' stores write them: one of them is needed.
func (c *checker) extension(e Extension, key string) {
	c.line(e.Name, key+".name")
	c.must(e.Chromium+e.Edge+e.Firefox != "", key, ProblemMissing)
	for _, store := range []struct{ key, id string }{{".chromium", e.Chromium}, {".edge", e.Edge}} {
		ok := store.id == "" || len(store.id) == 32 && strings.Trim(store.id, "abcdefghijklmnop") == ""
		c.must(ok, key+store.key, ProblemBadID)
	}
	mozilla := regexp.MustCompile(`^([A-Za-z0-9._-]*@[A-Za-z0-9._-]+|\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\})$`)
	c.must(e.Firefox == "" || len(e.Firefox) <= 100 && mozilla.MatchString(e.Firefox), key+".firefox", ProblemBadID)
}

// absolute tells whether a file is named from the top, without climbing.
func absolute(goos, file string) bool {
	names, ok := strings.CutPrefix(file, "/")
	split := "/"
	if goos == "windows" {
		if len(file) < 3 || file[1:3] != `:\` || file[0] < 'A' || file[0] > 'Z' {
			return false
		}
		names, ok, split = file[3:], true, `\`
	}
	return ok && names != "" && !slices.Contains(strings.Split(names, split), "..")
}
