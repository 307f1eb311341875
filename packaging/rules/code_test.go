package rules

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// The caps. Tests may run longer where a table does.
const (
	maxFile     = 400
	maxFunction = 70
	maxMedian   = 120
)

// rule looks at one file and says what is wrong with it.
type rule struct {
	name  string
	tests bool // the rule holds for tests as well
	check func(source) []string
}

func codeRules() []rule {
	return []rule{
		{"formatting", true, formatting},
		{"length", false, length},
		{"no init", true, noInit},
		{"documentation", false, documentation},
		{"one reader of the system's name", false, oneGOOS},
		{"engines do not print, exit or panic", false, quietEngine},
		{"the log is told constants", false, constantLog},
	}
}

func formatting(s source) []string {
	tidy, err := format.Source(s.text)
	if err != nil || !bytes.Equal(tidy, s.text) {
		return []string{"run gofmt on it"}
	}
	return nil
}

func lines(s source) int { return bytes.Count(s.text, []byte("\n")) }

func length(s source) []string {
	var found []string
	if n := lines(s); n > maxFile {
		found = append(found, fmt.Sprintf("%d lines, the cap is %d", n, maxFile))
	}
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > maxFunction {
				found = append(found, fmt.Sprintf("%s has %d lines, the cap is %d", f.Name.Name, n, maxFunction))
			}
		}
	}
	return found
}

func noInit(s source) []string {
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			return []string{"has an init function: explicit lists instead"}
		}
	}
	return nil
}

// documentation wants a comment on every exported name of a package that others can import.
func documentation(s source) []string {
	if s.file.Name.Name == "main" {
		return nil
	}
	var found []string
	miss := func(name *ast.Ident, docs ...*ast.CommentGroup) {
		said := slices.ContainsFunc(docs, func(d *ast.CommentGroup) bool { return strings.TrimSpace(d.Text()) != "" })
		if name.IsExported() && !said {
			found = append(found, fmt.Sprintf("line %d: %s has no comment", s.line(name.Pos()), name.Name))
		}
	}
	for _, decl := range s.file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || receiver(d).IsExported() {
				miss(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					miss(spec.Name, d.Doc, spec.Doc)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						miss(name, d.Doc, spec.Doc, spec.Comment)
					}
				}
			}
		}
	}
	return found
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) *ast.Ident {
	expr := f.Recv.List[0].Type
	for {
		switch e := expr.(type) {
		case *ast.StarExpr:
			expr = e.X
		case *ast.IndexExpr:
			expr = e.X
		case *ast.IndexListExpr:
			expr = e.X
		case *ast.Ident:
			return e
		default:
			return ast.NewIdent("_")
		}
	}
}

// uses calls yield for every mention of pkg.Name, whatever the file calls the package.
func uses(s source, imp string, yield func(name string, pos token.Pos)) {
	local := ""
	for _, i := range s.file.Imports {
		if strings.Trim(i.Path.Value, `"`) == imp {
			local = path.Base(imp)
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && local != "" {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
				yield(sel.Sel.Name, sel.Pos())
			}
		}
		return true
	})
}

func oneGOOS(s source) []string {
	var found []string
	if s.in("cmd/ipguard") && strings.HasPrefix(path.Base(s.path), "wire") || forTests(path.Dir(s.path)) {
		return nil
	}
	uses(s, "runtime", func(name string, pos token.Pos) {
		if name == "GOOS" {
			found = append(found, fmt.Sprintf("line %d: reads runtime.GOOS; only cmd/ipguard/wire*.go does, others are given goos", s.line(pos)))
		}
	})
	return found
}

func quietEngine(s source) []string {
	var found []string
	if s.in("cmd") || s.in("packaging/benchmark") || forTests(path.Dir(s.path)) {
		return nil // commands, and what is made for tests
	}
	say := func(what string, pos token.Pos) {
		found = append(found, fmt.Sprintf("line %d: %s; only cmd does", s.line(pos), what))
	}
	uses(s, "os", func(name string, pos token.Pos) {
		if name == "Exit" || name == "Stdout" || name == "Stderr" {
			say("os."+name, pos)
		}
	})
	uses(s, "fmt", func(name string, pos token.Pos) {
		if strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Scan") {
			say("fmt."+name, pos)
		}
	})
	ast.Inspect(s.file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.Ident); ok && (f.Name == "panic" || f.Name == "print" || f.Name == "println") {
				say("calls "+f.Name, call.Pos())
			}
		}
		return true
	})
	return found
}

// constantLog wants what is said to the log to be written out where it is said: the handler cannot tell a sentence of ours
// from the name of a file.
func constantLog(s source) []string {
	if !s.in("agent") && !s.in("cmd") || forTests(path.Dir(s.path)) {
		return nil
	}
	// The place of the message among the arguments of each method of slog.Logger, and of the functions of its package.
	message := map[string]int{
		"Debug": 0, "Info": 0, "Warn": 0, "Error": 0,
		"DebugContext": 1, "InfoContext": 1, "WarnContext": 1, "ErrorContext": 1, "Log": 2, "LogAttrs": 2,
	}
	var found []string
	ast.Inspect(s.file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) == 0 {
			return true // Error of an error
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if i, ok := message[f.Sel.Name]; ok && (i >= len(call.Args) || !literal(call.Args[i])) {
			found = append(found, fmt.Sprintf("line %d: %s of something that is not written out there", s.line(call.Pos()), f.Sel.Name))
		}
		return true
	})
	uses(s, module+"/agent/log", func(name string, pos token.Pos) {
		if name != "Word" {
			return
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && call.Fun.Pos() == pos && (len(call.Args) != 1 || !literal(call.Args[0])) {
				found = append(found, fmt.Sprintf("line %d: a Word of something that is not written out there", s.line(pos)))
			}
			return true
		})
	})
	return found
}

// literal tells whether an expression is a string that is written out.
func literal(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

func TestCode(t *testing.T) {
	for _, s := range sources(t) {
		for _, r := range codeRules() {
			if s.test() && !r.tests {
				continue
			}
			for _, offence := range r.check(s) {
				t.Errorf("%s: %s: %s", s.path, r.name, offence)
			}
		}
	}
}

func TestPackagesSayWhatTheyAre(t *testing.T) {
	said := map[string]bool{}
	for _, s := range sources(t) {
		if dir := path.Dir(s.path); !s.test() {
			said[dir] = said[dir] || strings.TrimSpace(s.file.Doc.Text()) != ""
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestMedianFile(t *testing.T) {
	var sizes []int
	for _, s := range sources(t) {
		if !s.test() {
			sizes = append(sizes, lines(s))
		}
	}
	slices.Sort(sizes)
	if median := sizes[len(sizes)/2]; median > maxMedian {
		t.Errorf("the median of %d files has %d lines, the cap is %d", len(sizes), median, maxMedian)
	}
}

// The rules must see what they forbid.
func TestCodeRulesBite(t *testing.T) {
	long := "package p\n" + strings.Repeat("//\n", maxFile)
	fat := "package p\n\nfunc f() {\n" + strings.Repeat("\tf()\n", maxFunction) + "}\n"
	for _, c := range []struct {
		name, path, text string
		check            func(source) []string
		bad              bool
	}{
		{"unformatted", "p/a.go", "package p\nvar  x int\n", formatting, true},
		{"formatted", "p/a.go", "package p\n\nvar x int\n", formatting, false},
		{"long file", "p/a.go", long, length, true},
		{"long function", "p/a.go", fat, length, true},
		{"init", "p/a.go", "package p\n\nfunc init() {}\n", noInit, true},
		{"method init", "p/a.go", "package p\n\nfunc (t T) init() {}\n", noInit, false},
		{"bare function", "p/a.go", "package p\n\nfunc F() {}\n", documentation, true},
		{"bare method", "p/a.go", "package p\n\nfunc (t *T[E]) F() {}\n", documentation, true},
		{"method of an unexported type", "p/a.go", "package p\n\nfunc (t t) F() {}\n", documentation, false},
		{"constants under one comment", "p/a.go", "package p\n\n// Sizes.\nconst (\n\tA = 1\n)\n", documentation, false},
		{"main", "cmd/x/a.go", "package main\n\nfunc F() {}\n", documentation, false},
		{"goos", "wipe/a.go", "package p\n\nimport r \"runtime\"\n\nvar x = r.GOOS\n", oneGOOS, true},
		{"goos in wire", "cmd/ipguard/wire_linux.go", "package main\n\nimport \"runtime\"\n\nvar x = runtime.GOOS\n", oneGOOS, false},
		{"exit", "agent/a.go", "package p\n\nimport \"os\"\n\nfunc f() { os.Exit(1) }\n", quietEngine, true},
		{"print", "wipe/a.go", "package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n", quietEngine, true},
		{"panic", "wipe/a.go", "package p\n\nfunc f() { panic(1) }\n", quietEngine, true},
		{"print in cmd", "cmd/ipguard/a.go", "package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n", quietEngine, false},
		{"said", "agent/a.go", "package p\n\nfunc f() { l.Info(\"a wipe began\", \"count\", n) }\n", constantLog, false},
		{"said what somebody else wrote", "agent/a.go", "package p\n\nfunc f() { l.Info(name) }\n", constantLog, true},
		{"said a sum", "agent/a.go", "package p\n\nfunc f() { l.Warn(\"reading \" + name) }\n", constantLog, true},
		{"said with a context", "cmd/x/a.go", "package main\n\nfunc f() { l.ErrorContext(ctx, err.Error()) }\n", constantLog, true},
		{"the text of an error", "agent/a.go", "package p\n\nvar x = err.Error()\n", constantLog, false},
		{"a word", "agent/a.go", "package p\n\nimport \"ipguard/agent/log\"\n\nvar x = log.Word(\"boot\")\n", constantLog, false},
		{"a word from elsewhere", "agent/a.go", "package p\n\nimport \"ipguard/agent/log\"\n\nvar x = log.Word(name)\n", constantLog, true},
		{"format", "wipe/a.go", "package p\n\nimport \"fmt\"\n\nvar x = fmt.Sprint(1)\n", quietEngine, false},
	} {
		if got := c.check(parse(t, c.path, []byte(c.text))); (len(got) > 0) != c.bad {
			t.Errorf("%s: offences %q, want some: %v", c.name, got, c.bad)
		}
	}
}
