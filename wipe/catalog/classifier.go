package catalog

import (
	"path"
	"slices"
	"strings"

	"ipguard/wipe"
	"ipguard/wipe/locate"
)

// Unknown is the artifact of everything that the catalogue does not describe.
const Unknown wipe.ArtifactID = "unknown"

// Classifier tells which artifact an entry of one tree belongs to, while the tree is walked downwards.
//
// It is made once for a root and may be used by several goroutines: it never changes.
type Classifier struct {
	top  *node
	fold bool // names are compared without regard to case
}

// rule is one location, resolved.
type rule struct {
	id     wipe.ArtifactID
	class  wipe.Class
	kind   wipe.Kind
	enroll wipe.Enroll
	wild   int // components that are patterns
	plain  int // bytes that are not part of a wildcard
}

// node is a folder or pattern component on the way to a rule.
type node struct {
	literal   map[string]*node
	wild      []wildcard
	rule      *rule
	order     int  // place of the rule in the catalogue
	keepBelow bool // a rule that keeps something lies strictly below
}

type wildcard struct {
	pattern string
	to      *node
}

// NewClassifier makes the classifier of the tree at root, an absolute folder in the notation of goos. Locations whose
// folder is not root or below it are left out, and so are those whose pattern holds a variable: locate.Resolve is for them.
func NewClassifier(arts []wipe.Artifact, goos string, tokens locate.Tokens, root string) *Classifier {
	c := &Classifier{top: &node{}, fold: goos == "windows" || goos == "darwin"}
	order := 0
	for _, art := range arts {
		for _, loc := range art.Locations {
			order++
			if !slices.Contains(loc.OS, goos) || locate.HasVariable(loc.Pattern) {
				continue
			}
			for _, folder := range tokens[loc.Base] {
				rel, ok := below(goos, root, folder)
				if !ok {
					continue
				}
				r := &rule{id: art.ID, class: art.Class, kind: loc.Kind, enroll: art.Enroll}
				c.add(rel, components(loc.Pattern), r, order)
			}
		}
	}
	c.top.settle()
	return c
}

// add puts a rule under the literal components of its folder and the components of its pattern.
func (c *Classifier) add(folder, pattern []string, r *rule, order int) {
	at := c.top
	for _, name := range folder {
		at = at.step(c.folded(name))
		r.plain += len(name)
	}
	for _, part := range pattern {
		part = c.folded(part)
		if !strings.ContainsAny(part, `*?[\`) {
			at = at.step(part)
			r.plain += len(part)
			continue
		}
		r.wild++
		r.plain += len(part) - strings.Count(part, "*") - strings.Count(part, "?") - strings.Count(part, "[")
		at = at.match(part)
	}
	if at.rule == nil || better(r, order, at.rule, at.order) {
		at.rule, at.order = r, order
	}
}

func (n *node) step(name string) *node {
	if n.literal == nil {
		n.literal = map[string]*node{}
	}
	next := n.literal[name]
	if next == nil {
		next = &node{}
		n.literal[name] = next
	}
	return next
}

func (n *node) match(pattern string) *node {
	for _, w := range n.wild {
		if w.pattern == pattern {
			return w.to
		}
	}
	next := &node{}
	n.wild = append(n.wild, wildcard{pattern: pattern, to: next})
	return next
}

// settle works out keepBelow from the leaves up and says whether this node or one below it keeps something.
func (n *node) settle() bool {
	for _, child := range n.literal {
		n.keepBelow = child.settle() || n.keepBelow
	}
	for _, w := range n.wild {
		n.keepBelow = w.to.settle() || n.keepBelow
	}
	return n.keepBelow || n.rule != nil && (n.rule.enroll == wipe.EnrollKeep || n.rule.enroll == wipe.EnrollMixed)
}

// better orders rules for the same entry at the same depth: the more literal, then the earlier in the catalogue.
func better(a *rule, orderA int, b *rule, orderB int) bool {
	switch {
	case a.wild != b.wild:
		return a.wild < b.wild
	case a.plain != b.plain:
		return a.plain > b.plain
	default:
		return orderA < orderB
	}
}

// Match is what the catalogue says of one entry. It is small and never changes.
type Match struct {
	c    *Classifier
	at   []*node // where rules for entries further down may lie
	rule *rule   // nil when nothing matches
}

// Root is the match of the root itself.
func (c *Classifier) Root() Match {
	return Match{c: c, at: []*node{c.top}, rule: c.top.rule}
}

// Child is the match of the entry with this name in the folder that m stands for.
func (m Match) Child(name string) Match {
	if len(m.at) == 0 {
		return m
	}
	next := Match{c: m.c, rule: m.rule}
	name = m.c.folded(name)
	var found *node
	visit := func(n *node) {
		if n.literal != nil || n.wild != nil {
			next.at = append(next.at, n)
		}
		if n.rule != nil && (found == nil || better(n.rule, n.order, found.rule, found.order)) {
			found = n
		}
	}
	for _, n := range m.at {
		if to := n.literal[name]; to != nil {
			visit(to)
		}
		for _, w := range n.wild {
			if ok, err := path.Match(w.pattern, name); ok && err == nil {
				visit(w.to)
			}
		}
	}
	if found != nil {
		next.rule = found.rule
	}
	return next
}

// Artifact names the artifact and its class: (Unknown, wipe.ClassUnknown) when nothing matches.
func (m Match) Artifact() (wipe.ArtifactID, wipe.Class) {
	if m.rule == nil {
		return Unknown, wipe.ClassUnknown
	}
	return m.rule.id, m.rule.class
}

// Kind is the kind of the location that matched: wipe.KindHome when nothing does.
func (m Match) Kind() wipe.Kind {
	if m.rule == nil {
		return wipe.KindHome
	}
	return m.rule.kind
}

// Enroll is the enrollment rule of the artifact that matched: wipe.EnrollKeep when nothing does.
func (m Match) Enroll() wipe.Enroll {
	if m.rule == nil {
		return wipe.EnrollKeep
	}
	return m.rule.enroll
}

// MayKeepBelow says that something strictly below this entry could match a location that enrollment keeps, so that a
// personal or rebuilt folder has to be looked into.
func (m Match) MayKeepBelow() bool {
	for _, n := range m.at {
		if n.keepBelow {
			return true
		}
	}
	return false
}

func (c *Classifier) folded(name string) string {
	if c.fold {
		return strings.ToLower(name)
	}
	return name
}

// below gives the components that lead from root to folder.
func below(goos, root, folder string) ([]string, bool) {
	if goos == "windows" {
		clean := func(s string) string { return strings.ReplaceAll(strings.TrimPrefix(s, `\\?\`), `\`, "/") }
		root, folder = clean(root), clean(folder)
	}
	from, to := components(root), components(folder)
	if len(from) > len(to) {
		return nil, false
	}
	for i := range from {
		same := from[i] == to[i] || goos != "linux" && strings.EqualFold(from[i], to[i])
		if !same {
			return nil, false
		}
	}
	return to[len(from):], true
}

// components splits a slash-separated path, dropping empty components.
func components(p string) []string {
	return strings.FieldsFunc(p, func(r rune) bool { return r == '/' })
}
