package trace

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed sheet.html
var page string

// HTML returns the sheet as one page that needs nothing else: no script, no other file, no network. ErrTooMuch is the only
// error. The same sheet gives the same bytes.
func HTML(s Sheet) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	blanks := template.FuncMap{"blanks": func(n int) []struct{} { return make([]struct{}, max(n, 0)) }}
	t, err := template.New("sheet").Funcs(blanks).Parse(page)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, s.cleaned()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
