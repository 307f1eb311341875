package policy_test

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ipguard/policy"
)

// keys lists the names that a file can have below a type, and fails on a field that no file could set.
func keys(t *testing.T, v reflect.Type) []string {
	t.Helper()
	var all []string
	switch {
	case v == reflect.TypeFor[time.Duration]():
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			tag := f.Tag.Get("yaml")
			if tag == "" || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz_") != "" {
				t.Errorf("%s.%s has no name in the file", v.Name(), f.Name)
			}
			all = append(append(all, tag), keys(t, f.Type)...)
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		all = keys(t, v.Elem())
	}
	return all
}

// What operators copy is right, and shows everything there is.
func TestDocumentedExample(t *testing.T) {
	page, err := os.ReadFile("../packaging/docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) != 1 {
		t.Fatalf("%d examples", len(blocks))
	}
	example := blocks[0][1]
	p, err := policy.Parse(example)
	if err != nil {
		t.Fatal(err)
	}
	if p.Organization.Name.In("fr") == "" || len(p.Services) != 2 {
		t.Error("the example says nothing of its own")
	}
	text, _, _ := strings.Cut(string(page), "```yaml")
	for _, key := range slices.Concat([]string{"version", "preset"}, keys(t, reflect.TypeFor[policy.Policy]())) {
		if !regexp.MustCompile(`(^|[ {])` + key + `:`).Match(regexp.MustCompile("\n").ReplaceAll(example, []byte(" "))) {
			t.Errorf("%q is not in the example", key)
		}
		if !regexp.MustCompile("[`.]" + key + "[`.:]").MatchString(text) {
			t.Errorf("%q is not explained", key)
		}
	}
	for _, s := range policy.Sections() {
		if !strings.Contains(text, "`"+string(s)+"`") {
			t.Errorf("the section %q is not explained", s)
		}
	}
}
