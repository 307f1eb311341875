package governor

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ipguard/browser"
	"ipguard/browser/rows"
	"ipguard/devices/host"
)

// What a browser made of its command line must not hide where its data is, nor make a process for pages look like a browser.
func TestCommandLines(t *testing.T) {
	chromium := func(dirs ...string) []rows.Profile {
		var all []rows.Profile
		for _, dir := range dirs {
			for _, p := range []string{"", "/Default", "/Profile 1"} {
				all = append(all, rows.Profile{Family: browser.Chromium, Dir: dir + p})
			}
		}
		return all
	}
	for name, c := range map[string]struct {
		args []string
		main bool
		want []rows.Profile
	}{
		"as given":             {[]string{"chromium", "--user-data-dir=/x/my data", "http://page"}, true, chromium("/x/my data")},
		"rewritten":            {[]string{"/usr/lib/chromium/chromium --no-first-run --user-data-dir=/x/data --flag-switches-begin"}, true, chromium("/x/data")},
		"rewritten with page":  {[]string{"chromium --user-data-dir=/x/data http://page"}, true, chromium("/x/data http:/page", "/x/data")},
		"rewritten with space": {[]string{"chromium --user-data-dir=/x/my data"}, true, chromium("/x/my data", "/x/my")},
		"for pages":            {[]string{"/usr/lib/chromium/chromium --type=renderer --lang=en-US"}, false, nil},
		"for pages of Firefox": {[]string{"/usr/lib/firefox/firefox -contentproc -isForBrowser -prefsHandle 0:1"}, false, nil},
		"Firefox":              {[]string{"firefox", "-profile", "/x/p", "http://page"}, true, []rows.Profile{{Family: browser.Gecko, Dir: "/x/p"}}},
		"unknown":              {nil, true, nil},
	} {
		command := host.Command{Arguments: c.args}
		if got := isMain(command); got != c.main {
			t.Errorf("%s: the first process: %v, want %v", name, got, c.main)
		}
		if diff := cmp.Diff(c.want, dataFolders(command)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	i := browser.Installed{Exe: "/usr/lib/chromium/chromium", Dir: "/usr/lib/chromium"}
	if !standsBy(host.Command{Exe: "/usr/lib/chromium/chrome_crashpad_handler"}, i) {
		t.Error("a process that waits for a crash is taken for a browser")
	}
	if i.Exe = "/home/x/crashhelper"; standsBy(host.Command{Exe: i.Exe}, i) {
		t.Error("a browser under the name of its helper is not seen")
	}
}
