package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"ipguard/browser/browsertest"
)

// The commands must be safe to type for anybody: who may not change the machine changes nothing, and learns what to do.
func TestBrowserCommands(t *testing.T) {
	l := newLaptop(t)
	d := browsertest.NewDesktop(t, l.user)
	as := func(root bool, args ...string) result {
		t.Helper()
		cmd := d.Command(context.Background(), os.Getenv(programEnv), append(args, "--state-dir", l.state)...)
		if root {
			cmd = d.Root(context.Background(), os.Getenv(programEnv), append(args, "--state-dir", l.state)...)
			cmd.Env = append(os.Environ(), "LANG=C.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
		}
		return l.run(cmd)
	}
	for _, c := range []struct {
		root   bool
		args   []string
		code   int
		schema string
		says   string
	}{
		{false, []string{"browser", "apply"}, exitNotPermitted, "", "sudo"},
		{false, []string{"browser", "remove"}, exitNotPermitted, "", "sudo"},
		{false, []string{"browser", "apply", "--dry-run"}, exitDone, "", "would be written"},
		{false, []string{"browser", "apply", "--dry-run", "--json"}, exitDone, "ipguard.browser.apply/1", ""},
		{false, []string{"browser", "list"}, exitDone, "", "/etc/firefox/policies/policies.json"},
		{false, []string{"browser", "list", "--json"}, exitDone, "ipguard.browser.list/1", ""},
		{false, []string{"browser", "status"}, exitNotClean, "", "Its settings are not there."},
		{false, []string{"browser", "status", "--json"}, exitNotClean, "ipguard.browser.status/1", ""},
		{false, []string{"browser", "status", "--account", "nobody-of-that-name"}, exitUsage, "", "no such account"},
		{false, []string{"browser", "frobnicate"}, exitUsage, "", "frobnicate"},
		{false, []string{"browser", "apply", "Chromium"}, exitUsage, "", "Chromium"},
		{true, []string{"browser", "apply"}, exitDone, "", "places"},
		{true, []string{"browser", "apply", "--json"}, exitDone, "ipguard.browser.apply/1", ""},
		{false, []string{"browser", "status"}, exitDone, "", "private windows only"},
		{true, []string{"browser", "remove", "--json"}, exitDone, "ipguard.browser.remove/1", ""},
		{false, []string{"browser", "status"}, exitNotClean, "", "not effective"},
		{true, []string{"browser", "remove"}, exitDone, "", "removed in 0 places"},
	} {
		r := as(c.root, c.args...)
		if r.code != c.code {
			t.Errorf("%v: exit %d, want %d\n%s%s", c.args, r.code, c.code, r.out, r.err)
		}
		if c.says != "" && !strings.Contains(r.out+r.err, c.says) {
			t.Errorf("%v: %q is not said\n%s%s", c.args, c.says, r.out, r.err)
		}
		if c.schema != "" {
			var answer struct {
				Schema string `json:"schema"`
			}
			if err := json.Unmarshal([]byte(r.out), &answer); err != nil || answer.Schema != c.schema {
				t.Errorf("%v: %q, %v", c.args, answer.Schema, err)
			}
		}
	}
}
