package policy_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/policy"
)

// The built-in lists are there, and the built-in policy is one that a file could say.
func TestDefaultIsValid(t *testing.T) {
	p := policy.Default()
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	if len(p.Services) < 8 || len(p.Procedures) < 8 {
		t.Errorf("%d services and %d procedures: what is built in was not read", len(p.Services), len(p.Procedures))
	}
}

// texts calls do for every built-in text.
func texts(do func(where string, text policy.Text)) {
	p := policy.Default()
	for _, s := range p.Services {
		do(s.ID+".name", s.Name)
		do(s.ID+".button", s.Button)
		do(s.ID+".recover", s.Recover)
	}
	for _, x := range p.Procedures {
		do(x.ID+".name", x.Name)
		do(x.ID+".bring", x.Bring)
	}
}

// Nobody gets half a sheet in a language that they do not read.
func TestBuiltinTextsAreInEveryLanguage(t *testing.T) {
	texts(func(where string, text policy.Text) {
		for _, l := range policy.Languages() {
			if text[l] == "" {
				t.Errorf("%s is not in %q", where, l)
			}
		}
		if len(text) != len(policy.Languages()) {
			t.Errorf("%s is in %d languages", where, len(text))
		}
	})
}

func TestBuiltinFrenchSpacing(t *testing.T) {
	bad := regexp.MustCompile(`[^\x{a0}][:;?!»]|«[^\x{a0}]`)
	texts(func(where string, text policy.Text) {
		if at := bad.FindString(text["fr"]); at != "" {
			t.Errorf("%s: no no-break space at %q", where, at)
		}
		for _, l := range []string{"nl", "de", "en"} {
			if strings.Contains(text[l], "\u00a0") {
				t.Errorf("%s: a French space in %q", where, l)
			}
		}
	})
}

// An address that signs out somewhere else, or nowhere, is worse than none: only one is documented.
func TestBuiltinLogoutAddresses(t *testing.T) {
	got := map[string]string{}
	for _, s := range policy.Default().Services {
		if s.Logout != "" {
			got[s.ID] = s.Logout
		}
	}
	want := map[string]string{"acmidm": "https://authenticatie.vlaanderen.be/op/v1/logout"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logout addresses (-want +got):\n%s", diff)
	}
	texts(func(where string, text policy.Text) {
		for l, s := range text {
			if strings.Contains(s, "://") {
				t.Errorf("%s: an address in the text %q", where, l)
			}
		}
	})
}

// Who changes what Default returned must not change what the next call returns.
func TestDefaultsAreSeparate(t *testing.T) {
	want, changed := policy.Default(), policy.Default()
	changed.Services[0].Name["fr"], changed.Procedures[0].ID, changed.Trace.Sections[0] = "changed", "changed", "changed"
	if diff := cmp.Diff(want, policy.Default()); diff != "" {
		t.Errorf("the next call returns what was changed:\n%s", diff)
	}
}

// Default is called at every start.
func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		policy.Default()
	}
}
