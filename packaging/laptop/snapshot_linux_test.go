package laptop

import (
	"strings"
	"testing"

	"ipguard/packaging/laptop/laptoptest"
)

// The scripts by which the laptop describes a tree, an entry a line, the name first. Where nothing may be touched, inode and
// change time count as well.
const (
	// describe tells what a person or a program could tell of the files in a home: a folder's size and its count of names
	// are the file system's matter.
	describe = `cd "$1" && {
		find . -type d -printf '%P\t%y %m %U:%G %T@\n'
		find . ! -type d -printf '%P\t%y %m %U:%G %n %s %T@ %l\n'
		find . -type f -print0 | xargs -0r sha256sum | sed 's/^\([0-9a-f]*\)  \(.*\)/\2 content\t\1/'
		lsattr -aR . 2>/dev/null | awk '$1 ~ /^[-a-zA-Z]+$/ && $1 ~ /[ia]/ { f = $1; gsub(/[^ia]/, "", f); $1 = ""; print $0 " flags\t" f }'
	} | LC_ALL=C sort`
	// exactly adds what only somebody changes who touches a file.
	exactly = describe + `; find . -printf '%P exactly\t%i %C@\n' | LC_ALL=C sort`
	// strewn lists what an account owns or left outside its home. Its own runtime folder goes when systemd takes it, and
	// what is held is looked at by itself.
	strewn = `for d in /tmp /var/tmp /dev/shm /run /var/spool /var/mail /var/lib /etc /opt /srv /usr/local; do
			find "$d" -xdev -user public ! -path '/run/user/*' ! -path '/run/laptop-*' ! -path '*/held/*' -printf '%p\t%y\n' 2>/dev/null
		done | LC_ALL=C sort -u
		find /var/spool/cron -name '*public*' -printf '%p\tcron\n'`
)

// tree is a described tree: what is said of an entry, by its name.
type tree map[string]string

func parseTree(text string) tree {
	all := tree{}
	for line := range strings.Lines(text) {
		name, said, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		all[name] = said
	}
	return all
}

// snapshot describes a tree of the laptop by one of the scripts.
func snapshot(t testing.TB, l *laptoptest.Laptop, script, dir string) tree {
	t.Helper()
	out, code := l.RunIn(script, "bash", "-s", dir)
	if code != 0 {
		t.Fatalf("describing %s ended with %d", dir, code)
	}
	return parseTree(out)
}
