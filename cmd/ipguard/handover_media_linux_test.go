package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// plugged is an ext4 image that stands for a stick: the kernel's own folder is replaced, where the program sees it, by one
// that says that the loop device is on USB. A real stick with UDisks2 is tried in the virtual laptop.
type plugged struct {
	*laptop
	label, image, loop string
	options            string // of mount
}

func (l *laptop) plug(label string, megabytes int) *plugged {
	l.Helper()
	p := &plugged{laptop: l, label: label, image: filepath.Join(l.TempDir(), label), options: "rw"}
	p.said("fallocate", "-l", fmt.Sprintf("%dM", megabytes), p.image)
	p.said("mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", p.image)
	p.loop = strings.TrimSpace(p.said("losetup", "-f", "--show", p.image))
	l.Cleanup(func() { p.said("losetup", "-d", p.loop) })
	return p
}

func (l *laptop) said(argv ...string) string {
	l.Helper()
	out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
	if err != nil {
		l.Fatalf("%s: %v: %s", argv[0], err, out)
	}
	return string(out)
}

// with runs the program as root where these media are plugged in and mounted.
func (l *laptop) with(media []*plugged, args ...string) result {
	l.Helper()
	return l.typedWith("", media, args...)
}

// typedWith does so with something on the standard input.
func (l *laptop) typedWith(input string, media []*plugged, args ...string) result {
	l.Helper()
	script := "mount -t tmpfs none /media\n"
	sys := "mount -t tmpfs none /sys; mkdir -p /sys/dev/block\n"
	for _, m := range media {
		point := "/media/bag/" + m.label
		script += fmt.Sprintf("mkdir -p %s; mount -o %s %s %s\n", point, m.options, m.loop, point)
		sys += fmt.Sprintf(`n=$(lsblk -ndo MAJ:MIN %[1]s 2>/dev/null || echo 7:%[2]s); d=/sys/devices/usb1/$n; mkdir -p $d; ln -s $d /sys/dev/block/$n
			echo 65536 >$d/size; echo 1 >$d/diskseq
`, m.loop, strings.TrimPrefix(m.loop, "/dev/loop"))
	}
	cmd := exec.Command("unshare", append([]string{"--mount", "--propagation", "private", "sh", "-euc", script + sys + `exec "$@"`, "sh", os.Getenv(programEnv)}, args...)...)
	cmd.Env = append(os.Environ(), "LANG=en_US.UTF-8", "LC_ALL=", "IPGUARD_LANG=")
	cmd.Stdin = strings.NewReader(input)
	return l.run(cmd)
}

// files reads what is on it, by name below its root.
func (p *plugged) files() map[string]string {
	p.Helper()
	dir := p.TempDir()
	p.said("mount", "-o", "ro", p.loop, dir)
	defer p.said("umount", dir)
	all := map[string]string{}
	found, _ := filepath.Glob(filepath.Join(dir, "*", "*"))
	for _, name := range found {
		content, err := os.ReadFile(name)
		if err != nil {
			p.Error(err)
		}
		all[filepath.Base(name)] = string(content)
	}
	return all
}

// listedDocuments is the answer of documents list.
func (l *laptop) listedDocuments() documentsJSON {
	l.Helper()
	var list documentsJSON
	r := l.ipguard("documents", "list", "--account", l.user.Name)
	if err := json.Unmarshal([]byte(r.out), &list); err != nil || r.code != exitDone {
		l.Fatalf("exit %d, %v: %s%s", r.code, err, r.out, r.err)
	}
	return list
}

// A copy counts only when it is certain; everything else leaves the document where it is, and erases nothing.
func TestGive(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir -p Documents Downloads; echo letter > "Documents/What? a letter: draft.odt"; head -c 3000000 /dev/zero > Downloads/form.pdf`)
	give := func(media []*plugged, args ...string) result {
		return l.with(media, append([]string{"documents", "give", "--json", "--account", l.user.Name, "--state-dir", l.state}, args...)...)
	}
	stick, other, small, locked := l.plug("STICK", 32), l.plug("OTHER", 32), l.plug("SMALL", 2), l.plug("LOCKED", 32)
	locked.options = "ro"
	before := snapshot(t, l.user.Home)
	for name, c := range map[string]struct {
		media []*plugged
		args  []string
		code  int
		word  string
	}{
		"no medium":                    {nil, nil, exitRefused, "no_medium"},
		"two, and nobody says which":   {[]*plugged{stick, other}, nil, exitUsage, "several_media"},
		"another one is meant":         {[]*plugged{stick}, []string{"MINE"}, exitRefused, "no_medium"},
		"no room":                      {[]*plugged{small}, nil, exitRefused, "not_given"},
		"read-only":                    {[]*plugged{locked}, nil, exitRefused, "medium_read_only"},
		"a document that is not there": {[]*plugged{stick}, []string{"--only", "zzzz"}, exitUsage, "usage"},
	} {
		if r := give(c.media, c.args...); r.code != c.code || r.answer.Error != c.word {
			t.Errorf("%s: exit %d, %q; want %d, %q\n%s%s", name, r.code, r.answer.Error, c.code, c.word, r.out, r.err)
		}
	}
	for _, p := range []*plugged{stick, other, small, locked} {
		if found := p.files(); len(found) > 0 {
			t.Errorf("%s has %d files", p.label, len(found))
		}
	}
	list := l.listedDocuments()
	i := slices.IndexFunc(list.Documents, func(d documentJSON) bool { return strings.HasPrefix(d.Name, "What?") })
	if list.Count != 2 || i < 0 || list.Documents[i].Origin != "documents" {
		t.Fatalf("listed: %+v", list)
	}
	if r := give([]*plugged{stick, other}, "OTHER", "--only", list.Documents[i].ID); r.code != exitDone {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
	if got := other.files(); len(got) != 1 || got["What_ a letter_ draft.odt"] != "letter\n" {
		t.Errorf("on the medium: %q", got)
	}
	same(t, l.user.Home, before)
	for range 2 {
		if r := give([]*plugged{stick}); r.code != exitDone {
			t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
		}
	}
	if got := stick.files(); len(got) != 2 || len(got["form.pdf"]) != 3000000 {
		t.Errorf("on the medium there are %d files", len(got))
	}
}

// A wipe that is told to give first erases nothing before every copy is certain.
func TestWipeGives(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	l.as(`mkdir -p Documents; echo letter > Documents/letter.odt; head -c 12000000 /dev/zero > Documents/film.mp4; echo x > other`)
	wipe := func(p *plugged) result {
		return l.with([]*plugged{p}, "wipe", "--json", "--yes", "--documents=give:"+p.label, "--account", l.user.Name, "--state-dir", l.state)
	}
	before := snapshot(t, l.user.Home)
	if r := wipe(l.plug("SMALL", 8)); r.code != exitRefused || r.answer.Error != "not_given" {
		t.Errorf("exit %d, %q", r.code, r.answer.Error)
	}
	same(t, l.user.Home, before)
	stick := l.plug("STICK", 32)
	if r := wipe(stick); r.code != exitDone || r.answer.Held.Count != 0 {
		t.Errorf("exit %d, %+v: %s", r.code, r.answer.Held, r.err)
	}
	if got := stick.files(); len(got) != 2 || got["letter.odt"] != "letter\n" || len(got["film.mp4"]) != 12000000 {
		t.Errorf("on the medium there are %d files", len(got))
	}
	if s := l.status(exitDone); s.answer.Held.Count != 0 {
		t.Errorf("%d are held", s.answer.Held.Count)
	}
}

// Another program can have a sheet made: what is on it stands in no command line and, beside the stick, nowhere.
func TestSheetOntoAStick(t *testing.T) {
	l := newLaptop(t)
	l.enroll()
	args := []string{"trace", "--json", "--input", "-", "--give", "STICK", "--account", l.user.Name, "--state-dir", l.state}
	const canary = "Boterbloemdraft"
	content := `{"language":"nl","done":["tax_return"],"lines":["` + canary + `"],"draft":"in Tax-on-web","given":2}`
	stick, small := l.plug("STICK", 16), l.plug("STICK", 16)
	if r := l.typedWith(content, []*plugged{stick}, args...); r.code != exitDone {
		t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
	}
	files := stick.files()
	for name, text := range files {
		if strings.HasSuffix(name, ".html") && (!strings.Contains(text, canary) || !strings.Contains(text, `lang="nl"`) || !strings.Contains(text, "2 documenten")) {
			t.Errorf("the page is not the sheet:\n%s", text)
		}
	}
	if len(files) != 2 {
		t.Errorf("%d files are on the stick", len(files))
	}
	for _, bad := range []string{"", "{", `{"name":"x"}`, `{"done":["nothing"]}`, `{"language":"xx"}`, content + content, `{"lines":["` + strings.Repeat("x", 2000) + `"]}`} {
		if r := l.typedWith(bad, []*plugged{small}, args...); r.code != exitUsage || strings.Contains(r.err, "xxx") {
			t.Errorf("%.20q: exit %d: %s", bad, r.code, r.err)
		}
	}
	small.options = "ro"
	if r := l.typedWith(content, []*plugged{small}, args...); r.code != exitRefused {
		t.Errorf("read-only: exit %d", r.code)
	}
	for _, dir := range []string{l.user.Home, filepath.Dir(l.state), "/var/tmp", "/dev/shm"} {
		for _, found := range having(t, dir, canary) {
			t.Errorf("it is in %s", found)
		}
	}
}
