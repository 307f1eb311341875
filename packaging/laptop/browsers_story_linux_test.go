package laptop

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// programs puts the files by which browsers are found where Debian has them. Nobody opens a window here: what real browsers
// make of their settings is tried elsewhere.
const programs = `
	mkdir -p /usr/lib/chromium /usr/lib/firefox-esr
	touch /usr/lib/chromium/chromium /usr/lib/chromium/resources.pak /usr/lib/chromium/icudtl.dat /usr/lib/chromium/chrome_100_percent.pak
	touch /usr/lib/firefox-esr/firefox-esr /usr/lib/firefox-esr/libxul.so
	printf '[App]\nName=Firefox\nVersion=153.7.0\nID={ec8030f7-c20a-464f-9b0e-13a3a9e97384}\n' >/usr/lib/firefox-esr/application.ini
`

// settings lists the machine's own settings, without what systemd writes down by itself.
const settings = `find /etc ! -path '/etc/systemd/*' ! -name '*.lock' ! -name adjtime ! -name resolv.conf -printf '%y %m %u %p\n' | LC_ALL=C sort`

// The settings of browsers are there for as long as the service runs, whatever root does to them, and go with it.
func browsers(s *story) {
	const chromium, firefox = "/etc/chromium/policies/managed/zz-ipguard.json", "/etc/firefox/policies/policies.json"
	s.Must("rm -rf /root/want && mkdir /root/want")
	for _, name := range []string{chromium, firefox} {
		back := fmt.Sprintf(`f=%s; want=/root/want/${f##*/}
			right() { [ "$(stat -c '%%F %%a %%u' $f 2>/dev/null)" = 'regular file 644 0' ] && { [ ! -e $want ] || cmp -s $f $want; }; }
			begun=$(date +%%s%%N)
			until right; do
				[ $(($(date +%%s%%N) - begun)) -lt 15000000000 ] || { ls -la ${f%%/*} >&2; exit 9; }
				sleep 0.05
			done
			echo $((($(date +%%s%%N) - begun) / 1000000)); cp $f $want`, name)
		s.Must(back)
		for _, damage := range []string{"rm " + name, "truncate -s 7 " + name, "chmod 600 " + name, "rm -r $(dirname " + name + ")"} {
			took := s.Must(damage + "\n" + back)
			s.Logf("%s: put right after %s ms", strings.Fields(damage)[0], strings.TrimSpace(took))
		}
	}
	s.Must("test -s " + own + "/browsers.json")

	out, code := s.Run("runuser", "-u", "public", "--", "ipguard", "browser", "status", "--json")
	var told struct {
		Repairs  int
		Browsers []struct{ ID, Word string }
	}
	if err := json.Unmarshal([]byte(out), &told); err != nil || code != 0 {
		s.Errorf("browser status ended with %d: %v: %s", code, err, out)
	}
	if told.Repairs < 8 {
		s.Errorf("the account is told of %d repairs, want 8", told.Repairs)
	}
	words := map[string]string{}
	for _, b := range told.Browsers {
		words[b.ID] = b.Word
	}
	if diff := cmp.Diff(map[string]string{"chromium": "enforced", "firefox": "enforced"}, words); diff != "" {
		s.Errorf("how the browsers stand (-want +got):\n%s", diff)
	}

	if out, code := s.Run("ipguard", "browser", "remove", "--json"); code != 4 {
		s.Errorf("browser remove while the service runs ended with %d: %s", code, out)
	}
	if out, code := s.Run("runuser", "-u", "public", "--", "ipguard", "browser", "remove", "--json"); code != 5 {
		s.Errorf("browser remove by the account ended with %d: %s", code, out)
	}
	journal := s.Must("journalctl --no-pager -o cat _SYSTEMD_UNIT=" + unit)
	for _, name := range []string{"/etc", "chromium", "firefox", "zz-", "public"} {
		if strings.Contains(strings.ToLower(journal), name) {
			s.Errorf("the journal of the service names %q", name)
		}
	}
	s.Must("ipguard service uninstall; test ! -e " + own + "/browsers.json; rm -r /root/want")
	if diff := cmp.Diff(strings.Split(s.etc, "\n"), strings.Split(s.Must(settings), "\n")); diff != "" {
		s.Errorf("the machine's own settings after the service was uninstalled (-before +now):\n%s", diff)
	}
}
