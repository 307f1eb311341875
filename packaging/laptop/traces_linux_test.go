package laptop

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// traces are what one session leaves: every sector of its contents, and every name outside the home, has the mark; in
// contents a d follows it in documents and a t in the rest.
type traces struct {
	mark  string
	files []trace
}

// trace is one file of the home.
type trace struct {
	rel      string
	content  []byte
	document bool // the person would miss it: never destroyed by a wipe that nobody asked
}

// newTraces makes up a session of about 8 MB: what was downloaded, scanned and written, two browsers with passwords, and
// what programs leave besides.
func newTraces(t testing.TB) traces {
	s := traces{mark: mark(t)}
	document := func(rel string, size int) { s.add(rel, "", size, true) }
	other := func(rel, head string, size int) { s.add(rel, head, size, false) }

	for i := range 6 {
		document(fmt.Sprintf("Downloads/%s-form-%d.pdf", s.mark, i), 300+i*i*40_000)
	}
	document("Downloads/"+s.mark+" folder/letter of a friend.odt", 20_000)
	document("Documents/"+s.mark+"-application.odt", 250_000)
	for i := range 3 {
		document(fmt.Sprintf("Documents/Scan %s-%d.png", s.mark, i), 600_000)
	}

	const sqlite = "SQLite format 3\x00"
	chromium := ".config/chromium/Default/"
	other(".config/chromium/Local State", `{"profile":{}}`, 4_000)
	for name, size := range map[string]int{"History": 200_000, "Login Data": 40_000, "Cookies": 60_000, "Web Data": 90_000, "Favicons": 50_000} {
		other(chromium+name, sqlite, size)
	}
	other(chromium+"Preferences", `{"profile":{}}`, 10_000)
	for i := range 150 {
		other(fmt.Sprintf(".cache/chromium/Default/Cache/Cache_Data/%s_%d", s.mark, i), "", 12_000)
	}
	firefox := ".mozilla/firefox/abcdefgh.default-esr/"
	other(".mozilla/firefox/profiles.ini", "[Profile0]\nName=default\nIsRelative=1\nPath=abcdefgh.default-esr\nDefault=1\n", 100)
	for _, name := range []string{"places.sqlite", "cookies.sqlite", "key4.db", "formhistory.sqlite"} {
		other(firefox+name, sqlite, 150_000)
	}
	other(firefox+"logins.json", `{"logins":[]}`, 3_000)
	for i := range 50 {
		other(fmt.Sprintf(".cache/mozilla/firefox/abcdefgh.default-esr/cache2/entries/%s%d", s.mark, i), "", 20_000)
	}
	other(".local/share/keyrings/login.keyring", "GnomeKeyring\n\r\x00\n", 2_000)
	other(".local/share/recently-used.xbel", "<xbel>", 5_000)
	other(".bash_history", "", 1_000)
	other(".cache/thumbnails/normal/"+s.mark+".png", "", 30_000)
	other(".config/autostart/"+s.mark+".desktop", "[Desktop Entry]\nType=Application\nExec=sleep infinity\n", 300)
	other(".config/systemd/user/"+s.mark+".service", "[Service]\nExecStart=/bin/sleep infinity\n", 300)
	other("."+s.mark+"-unknown/what no list names", "", 100_000)
	document("Downloads/"+s.mark+"-stuck.pdf", 5_000)
	other(".cache/"+s.mark+"-stuck/file", "", 5_000)
	return s
}

// stuck are a document, a folder and a file in it that nobody but root can remove once they are immutable.
func (s *traces) stuck() string {
	return strings.ReplaceAll("Downloads/MARK-stuck.pdf .cache/MARK-stuck/file .cache/MARK-stuck", "MARK", s.mark)
}

func (s *traces) add(rel, head string, size int, document bool) {
	kind := "t"
	if document {
		kind = "d"
	}
	content := append([]byte(head), '\n')
	for n := 0; len(content) < size; n++ {
		// Shorter than a sector, so that none is without.
		content = fmt.Appendf(content, "%s%s %s %d %s\n", s.mark, kind, rel, n, strings.Repeat("x", 300))
	}
	s.files = append(s.files, trace{rel, content, document})
}

// documents are the contents that must not be lost, by name.
func (s *traces) documents() map[string][]byte {
	docs := map[string][]byte{}
	for _, f := range s.files {
		if f.document {
			docs[f.rel] = f.content
		}
	}
	return docs
}

// archive is the files as tar.
func (s *traces) archive(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range s.files {
		if err := w.WriteHeader(&tar.Header{
			Name: f.rel, Mode: 0o644, Size: int64(len(f.content)), ModTime: time.Now(), Format: tar.FormatGNU, // names are bytes there
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// archived is where the archive waits on the laptop: in memory.
const archived = "/run/laptop-traces"

// script is what the session does, in a shell of the account in its home: it unpacks the archive, changes what belongs to
// the laptop, leaves things outside the home, and a program that goes on when the session ends.
func (s *traces) script() string {
	return strings.ReplaceAll(`
		tar -xf `+archived+`
		echo MARKt >>.bashrc
		echo MARK >>Desktop/guide.txt
		rm -f .config/app/settings.ini
		chmod 700 Shared
		touch Shared/MARK
		ln -s /tmp/MARK Desktop/link
		echo MARK >/tmp/MARK
		mkdir /var/tmp/MARK && echo MARK >/var/tmp/MARK/file
		echo MARK >/dev/shm/MARK
		echo '0 0 1 1 * echo MARK' | crontab -
		echo 'echo MARK' | at now + 20 days 2>/dev/null
		setsid nohup bash -c 'exec 9>/tmp/MARK-open; echo MARK >&9; exec sleep infinity' </dev/null >/dev/null 2>&1 &
		sync
	`, "MARK", s.mark)
}
