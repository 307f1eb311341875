package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"ipguard/wipe"
)

// A sentence that is missing shows its key to the person at the desk; one that nobody says is not kept up.
func TestEveryKeyIsSaidAndEverySentenceIsThere(t *testing.T) {
	said, prefixes := keysOfTheProgram(t)
	all := families(t)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(all)), prefixes); diff != "" {
		t.Errorf("prefixes of keys: (-families of this test +program)\n%s", diff)
	}
	for prefix, members := range all {
		if len(members) == 0 {
			t.Errorf("no member of %q was found", prefix)
		}
		for _, m := range members {
			said[prefix+m] = true
		}
	}
	// A refused wipe is told as a refusal.
	delete(said, "report."+string(wipe.Refused))
	delete(said, "freespace."+string(wipe.Refused))
	delete(said, "stow."+string(wipe.Refused))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(said)), slices.Sorted(maps.Keys(load(language.English)))); diff != "" {
		t.Errorf("keys: (-program +en.yaml)\n%s", diff)
	}
}

// families returns the rest of the keys that the program puts together, by their beginning.
func families(t *testing.T) map[string][]string {
	return map[string][]string{
		"assurance.":   allListed(t, "Assurance", wipe.Assurances()),
		"card.":        constants(t, "../../../browser/card", "Hint"),
		"change.":      constants(t, "../../../wipe/baseline", "ChangeKind"),
		"class.":       allListed(t, "Class", wipe.Classes()),
		"code.":        constants(t, "../../../wipe", "Code"),
		"error.":       wordsOfErrors(t),
		"give.":        constants(t, "../../../agent/handover/give", "Code"),
		"moved.":       constants(t, "..", "act"),
		"origin.":      constants(t, "../../../agent/handover", "Origin"),
		"printer.":     constants(t, "../../../devices/printer", "Reason"),
		"problem.":     constants(t, "../../../policy", "Problem"),
		"section.":     constants(t, "../../../policy", "Section"),
		"stow.":        constants(t, "../../../wipe", "Verdict"),
		"freed.":       constants(t, "../../../wipe", "FreeOutcome"),
		"freespace.":   constants(t, "../../../wipe", "Verdict"),
		"freestop.":    constants(t, "../../../wipe", "FreeStop"),
		"limit.":       allListed(t, "Limit", wipe.Limits()),
		"not_covered.": notCovered(t),
		"package.":     constants(t, "../../../browser", "Package"),
		"phase.":       constants(t, "../../../wipe", "Phase"),
		"reason.":      constants(t, "../../../agent/governor", "Reason"),
		"refused.":     constants(t, "../../../wipe", "Refusal"),
		"report.":      constants(t, "../../../wipe", "Verdict"),
		"status.":      constants(t, "../../../agent/state", "State"),
		"trigger.":     constants(t, "../../../agent/control", "Cause"),
		"weak.":        weakCodes(t),
		"word.":        constants(t, "../../../agent/governor", "Word"),
	}
}

// allListed returns the values of a type of package wipe, and holds its list against its constants.
func allListed[T ~string](t *testing.T, typ string, list []T) []string {
	var listed []string
	for _, v := range list {
		listed = append(listed, string(v))
	}
	slices.Sort(listed)
	values := constants(t, "../../../wipe", typ)
	if diff := cmp.Diff(values, listed); diff != "" {
		t.Errorf("%s: (-constants +list)\n%s", typ, diff)
	}
	return values
}

// weakCodes returns the codes that are told in other words when something was erased all the same.
func weakCodes(t *testing.T) []string {
	var words []string
	ast.Inspect(function(t, "..", "tellWeaker"), func(n ast.Node) bool {
		if clause, ok := n.(*ast.CaseClause); ok {
			for _, e := range clause.List {
				words = append(words, valueOf(t, "../../../wipe", e.(*ast.SelectorExpr).Sel.Name))
			}
		}
		return true
	})
	return words
}

// valueOf returns the value of a constant of a package.
func valueOf(t *testing.T, dir, name string) string {
	value := ""
	for _, file := range parse(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 && spec.Names[0].Name == name {
				value, _ = literal(spec.Values[0])
			}
			return true
		})
	}
	if value == "" {
		t.Fatalf("there is no constant %s any more", name)
	}
	return value
}

// keysOfTheProgram returns the keys that are written in the program, and how those begin that it puts together.
func keysOfTheProgram(t *testing.T) (said map[string]bool, prefixes []string) {
	dotted := regexp.MustCompile(`^[a-z][a-z_]*(\.[a-z_]+)+$`)
	said = map[string]bool{}
	for _, file := range parse(t, "..") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if s, ok := literal(n.X); ok && n.Op == token.ADD && regexp.MustCompile(`^[a-z_]+\.$`).MatchString(s) {
					prefixes = append(prefixes, s)
				}
			case *ast.CallExpr:
				if s, ok := firstArgument(n); ok && saying(n.Fun) {
					said[s] = true
				}
			case *ast.BasicLit:
				if s, ok := literal(n); ok && dotted.MatchString(s) && !strings.HasSuffix(s, ".yaml") {
					said[s] = true
				}
			}
			return true
		})
	}
	slices.Sort(prefixes)
	return said, slices.Compact(prefixes)
}

// saying reports whether a function takes a key first.
func saying(fun ast.Expr) bool {
	name := ""
	switch f := fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "fmt" {
			return false
		}
	}
	return slices.Contains([]string{"Text", "printf", "tellUnlessJSON", "usage"}, name)
}

func firstArgument(call *ast.CallExpr) (string, bool) {
	if len(call.Args) == 0 {
		return "", false
	}
	return literal(call.Args[0])
}

// wordsOfErrors returns the words of the table that explains errors: the last of three fields.
func wordsOfErrors(t *testing.T) []string {
	var words []string
	ast.Inspect(function(t, "..", "knownErrors"), func(n ast.Node) bool {
		if row, ok := n.(*ast.CompositeLit); ok && row.Type == nil && len(row.Elts) == 3 {
			if s, ok := literal(row.Elts[2]); ok {
				words = append(words, s)
			}
		}
		return true
	})
	return words
}

// notCovered returns what status may list as not covered, on any system.
func notCovered(t *testing.T) []string {
	var words []string
	ast.Inspect(function(t, "..", "notCovered"), func(n ast.Node) bool {
		if _, ok := n.(*ast.IfStmt); ok {
			ast.Inspect(n.(*ast.IfStmt).Body, func(n ast.Node) bool { words = appendLiteral(words, n); return true })
			return false
		}
		words = appendLiteral(words, n)
		return true
	})
	return words
}

func appendLiteral(words []string, n ast.Node) []string {
	if e, ok := n.(*ast.BasicLit); ok {
		if s, ok := literal(e); ok {
			return append(words, s)
		}
	}
	return words
}

// constants returns the values of a package's constants of a string type, sorted, without the empty one.
func constants(t *testing.T, dir, typ string) []string {
	var values []string
	for _, file := range parse(t, dir) {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
				return true
			}
			if s, ok := literal(spec.Values[0]); ok && s != "" {
				values = append(values, s)
			}
			return true
		})
	}
	slices.Sort(values)
	return values
}

func function(t *testing.T, dir, name string) *ast.FuncDecl {
	for _, file := range parse(t, dir) {
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
				return f
			}
		}
	}
	t.Fatalf("there is no function %s any more", name)
	return nil
}

// parse reads the program of a folder, for every operating system, without its tests.
func parse(t *testing.T, dir string) []*ast.File {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no program in %s: %v", dir, err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
