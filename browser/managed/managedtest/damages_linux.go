package managedtest

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/sys/unix"

	"ipguard/browser"
)

// Stranger is the id of an account that is no administrator. It need not exist.
const Stranger = 54321

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (at Target) dir() string { return filepath.Dir(at.Own) }

// put writes a file of others next to ours, and says that it must survive.
func (at Target) put(t testing.TB, name, text string, mode os.FileMode) map[string]string {
	t.Helper()
	path := filepath.Join(at.dir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	must(t, os.Chmod(path, mode))
	return map[string]string{path: text}
}

// replace writes something else into our own file.
func (at Target) replace(t testing.TB, text []byte) {
	t.Helper()
	must(t, os.WriteFile(at.Own, text, 0o644))
}

func (at Target) text(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile(at.Own)
	must(t, err)
	return text
}

// edit replaces every occurrence of a text in our own file.
func (at Target) edit(t testing.TB, from, to string) {
	t.Helper()
	text := at.text(t)
	if !bytes.Contains(text, []byte(from)) {
		t.Fatalf("%q is not in the file", from)
	}
	at.replace(t, bytes.ReplaceAll(text, []byte(from), []byte(to)))
}

// Flag sets the immutable flag of a file or a folder until the test ends.
func Flag(t testing.TB, path string) {
	t.Helper()
	set := func(on bool) error {
		f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
		if err != nil {
			return err
		}
		if flags &^= unix.STATX_ATTR_IMMUTABLE; on {
			flags |= unix.STATX_ATTR_IMMUTABLE
		}
		return unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags))
	}
	if err := set(true); err != nil {
		t.Fatalf("making immutable (TMPDIR must be on a file system with such a flag, as ext4): %v", err)
	}
	t.Cleanup(func() { set(false) })
}

func utf16Text(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// Damages lists the kinds of damage.
func Damages() []Damage {
	return slices.Concat(contents(), kinds(), folders(), rights(), neighbors())
}

// own is a damage to what our own file says, which is written again.
func own(name string, formats []browser.Format, change func(text []byte, at Target) []byte) Damage {
	return Damage{Name: name, Formats: formats, Repairable: true, Do: func(t testing.TB, at Target) map[string]string {
		at.replace(t, change(at.text(t), at))
		return nil
	}}
}

func jsons() []browser.Format { return []browser.Format{browser.JSONFolder, browser.PoliciesJSON} }

func contents() []Damage {
	cut := func(quarter int) func([]byte, Target) []byte {
		return func(text []byte, _ Target) []byte { return text[:len(text)*quarter/4] }
	}
	always := func(s string) func([]byte, Target) []byte {
		return func([]byte, Target) []byte { return []byte(s) }
	}
	value := func(to string) func([]byte, Target) []byte {
		return func(text []byte, at Target) []byte {
			name := `"` + at.Decisive + `": 2`
			return bytes.Replace(text, []byte(name), []byte(`"`+at.Decisive+`": `+to), 1)
		}
	}
	brace := func(with string) func([]byte, Target) []byte {
		return func(text []byte, _ Target) []byte {
			end := bytes.LastIndexByte(text, '}')
			return slices.Concat(bytes.TrimRight(text[:end], "\n "), []byte(with), text[end:])
		}
	}
	return []Damage{
		own("empty", nil, cut(0)),
		own("truncated at a quarter", nil, cut(1)),
		own("truncated at half", nil, cut(2)),
		own("truncated at three quarters", nil, cut(3)),
		own("the last byte but one missing", nil, func(text []byte, _ Target) []byte { return bytes.TrimRight(text, "\n}>") }),
		own("something else", nil, always("hello\n")),
		own("an empty object", jsons(), always("{}")),
		own("an array", jsons(), always(`[{"policies":{}}]`)),
		own("null", jsons(), always("null")),
		own("the decisive setting as text", jsons(), value(`"2"`)),
		own("the decisive setting as null", jsons(), value("null")),
		own("the decisive setting with a fraction", []browser.Format{browser.JSONFolder}, value("2.0")),
		own("the decisive setting as a boolean", jsons(), value("true")),
		own("the decisive setting off", jsons(), value("0")),
		own("the decisive setting twice", jsons(), func(text []byte, at Target) []byte {
			return value("2, \""+at.Decisive+"\": 0")(text, at)
		}),
		own("the decisive setting gone", nil, func(text []byte, at Target) []byte {
			return bytes.ReplaceAll(text, []byte(at.Decisive), []byte("Another"))
		}),
		own("a comma too many", jsons(), brace(",\n")),
		own("a comment", jsons(), brace("\n// 2\n")),
		own("something after the end", nil, func(text []byte, _ Target) []byte { return append(text, "x"...) }),
		own("a NUL byte at the end", nil, func(text []byte, _ Target) []byte { return append(text, 0) }),
		own("NUL bytes only", nil, func(text []byte, _ Target) []byte { return make([]byte, len(text)) }),
		own("not UTF-8", nil, func(text []byte, _ Target) []byte { return bytes.ReplaceAll(text, []byte("e"), []byte("\xff")) }),
		own("UTF-8 with a byte order mark", jsons(), func(text []byte, _ Target) []byte { return slices.Concat([]byte("\xef\xbb\xbf"), text) }),
		own("UTF-16", jsons(), func(text []byte, _ Target) []byte { return utf16Text(string(text)) }),
		own("50 MB", nil, func([]byte, Target) []byte { return bytes.Repeat([]byte(" "), 50<<20) }),
		own("our mark gone", []browser.Format{browser.PoliciesJSON, browser.Plist}, func(text []byte, _ Target) []byte {
			return bytes.ReplaceAll(text, []byte("ipguard"), []byte("another"))
		}),
		own("our mark forged", []browser.Format{browser.PoliciesJSON}, func(text []byte, _ Target) []byte {
			return bytes.Replace(text, []byte(`"owns": {`), []byte(`"owns": {"Theirs": {"sum": "0011223344556677"}, "TheirObject": {"members": {"a": "00"}},`), 1)
		}),
		own("a mark of another kind", []browser.Format{browser.PoliciesJSON}, func(text []byte, _ Target) []byte {
			return bytes.Replace(text, []byte(`"owns": {`), []byte(`"owns": 1, "were": {`), 1)
		}),
	}
}

// instead is a damage that puts something else in place of our file.
func instead(name string, repairable bool, do func(t testing.TB, at Target) map[string]string) Damage {
	return Damage{Name: name, Repairable: repairable, Do: func(t testing.TB, at Target) map[string]string {
		must(t, os.Remove(at.Own))
		return do(t, at)
	}}
}

func link(to string) func(t testing.TB, at Target) map[string]string {
	return func(t testing.TB, at Target) map[string]string {
		must(t, os.Symlink(to, at.Own))
		return nil
	}
}

func kinds() []Damage {
	return []Damage{
		instead("the file removed", true, func(testing.TB, Target) map[string]string { return nil }),
		{Name: "the folder removed", Repairable: true, Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.RemoveAll(at.dir()))
			return nil
		}},
		{Name: "a link to a good file", Repairable: true, Do: func(t testing.TB, at Target) map[string]string {
			good := filepath.Join(at.Elsewhere, "good")
			text := at.text(t)
			must(t, os.WriteFile(good, text, 0o644))
			must(t, os.Remove(at.Own))
			must(t, os.Symlink(good, at.Own))
			return map[string]string{good: string(text)}
		}},
		instead("a link to an account's file", true, func(t testing.TB, at Target) map[string]string {
			theirs := filepath.Join(at.Elsewhere, "theirs")
			must(t, os.WriteFile(theirs, []byte("theirs"), 0o644))
			must(t, os.Chown(theirs, Stranger, Stranger))
			must(t, os.Symlink(theirs, at.Own))
			return map[string]string{theirs: "theirs"}
		}),
		instead("a link to /dev/zero", true, link("/dev/zero")),
		instead("a link that leads nowhere", true, link("nowhere")),
		instead("a link to itself", true, func(t testing.TB, at Target) map[string]string { return link(at.Own)(t, at) }),
		instead("a FIFO", true, func(t testing.TB, at Target) map[string]string {
			must(t, unix.Mkfifo(at.Own, 0o644))
			return nil
		}),
		instead("a socket", true, func(t testing.TB, at Target) map[string]string {
			// A name of a socket is short; a folder's name may not be.
			dir, err := os.MkdirTemp("/tmp", "ipg")
			must(t, err)
			t.Cleanup(func() { os.RemoveAll(dir) })
			l, err := net.Listen("unix", filepath.Join(dir, "s"))
			must(t, err)
			t.Cleanup(func() { l.Close() })
			must(t, os.Rename(filepath.Join(dir, "s"), at.Own))
			return nil
		}),
		instead("an empty folder", true, func(t testing.TB, at Target) map[string]string {
			must(t, os.Mkdir(at.Own, 0o755))
			return nil
		}),
		instead("a folder with something in it", false, func(t testing.TB, at Target) map[string]string {
			must(t, os.Mkdir(at.Own, 0o755))
			return at.put(t, filepath.Join(filepath.Base(at.Own), "x"), "theirs", 0o644)
		}),
		instead("another name of an account's file", true, func(t testing.TB, at Target) map[string]string {
			theirs := filepath.Join(filepath.Dir(at.dir()), "theirs")
			must(t, os.WriteFile(theirs, []byte("{}"), 0o644))
			must(t, os.Chown(theirs, Stranger, Stranger))
			must(t, os.Link(theirs, at.Own))
			return map[string]string{theirs: "{}"}
		}),
	}
}

// folders are what may be in place of the file's folder.
func folders() []Damage {
	return []Damage{
		{Name: "the folder is a file", Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.RemoveAll(at.dir()))
			must(t, os.WriteFile(at.dir(), []byte("theirs"), 0o644))
			return map[string]string{at.dir(): "theirs"}
		}},
		{Name: "the folder is a link to an account's", Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.RemoveAll(at.dir()))
			must(t, os.Chown(at.Elsewhere, Stranger, Stranger))
			must(t, os.Symlink(at.Elsewhere, at.dir()))
			return nil
		}},
		{Name: "the folder is a link that leads nowhere", Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.RemoveAll(at.dir()))
			must(t, os.Symlink("nowhere", at.dir()))
			return nil
		}},
		{Name: "what a crash left", Repairable: true, Harmless: true, Do: func(t testing.TB, at Target) map[string]string {
			at.put(t, ".ipguard-123.tmp", "{", 0o600)
			return at.put(t, ".ipguard", "theirs", 0o644)
		}},
	}
}

func rights() []Damage {
	mode := func(name string, mode os.FileMode, path func(Target) string, repairable bool) Damage {
		return Damage{Name: name, Repairable: repairable, Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.Chmod(path(at), mode))
			return nil
		}}
	}
	owner := func(name string, path func(Target) string, repairable bool) Damage {
		return Damage{Name: name, Repairable: repairable, Do: func(t testing.TB, at Target) map[string]string {
			must(t, os.Chown(path(at), Stranger, Stranger))
			return nil
		}}
	}
	file := func(at Target) string { return at.Own }
	above := func(at Target) string { return filepath.Dir(at.dir()) }
	return []Damage{
		mode("the file for root only", 0o600, file, true),
		mode("the file for nobody", 0, file, true),
		mode("the file for everybody to write", 0o666, file, true),
		mode("the folder for root only", 0o700, Target.dir, true),
		mode("the folder not to be entered", 0o744, Target.dir, true),
		mode("the folder for everybody to write", 0o777, Target.dir, true),
		mode("a sticky folder for everybody to write", os.ModeSticky|0o777, Target.dir, true),
		mode("the folder above for root only", 0o700, above, false),
		mode("the folder above for everybody to write", 0o777, above, false),
		owner("the file is an account's", file, true),
		owner("the folder is an account's", Target.dir, false),
		owner("the folder above is an account's", above, false),
		{Name: "the file immutable and changed", Repairable: true, Formats: jsons(), Do: func(t testing.TB, at Target) map[string]string {
			at.edit(t, `"`+at.Decisive+`": 2`, `"`+at.Decisive+`": 0`)
			Flag(t, at.Own)
			return nil
		}},
		{Name: "the folder immutable and the file changed", Formats: jsons(), Do: func(t testing.TB, at Target) map[string]string {
			at.edit(t, `"`+at.Decisive+`": 2`, `"`+at.Decisive+`": 0`)
			Flag(t, at.dir())
			return nil
		}},
	}
}

// neighbors are what other tools do.
func neighbors() []Damage {
	folder := []browser.Format{browser.JSONFolder}
	next := func(name, fileName, text string, mode os.FileMode, repairable bool) Damage {
		return Damage{Name: name, Formats: folder, Repairable: repairable, Harmless: repairable, Do: func(t testing.TB, at Target) map[string]string {
			return at.put(t, fileName, strings.ReplaceAll(text, "DECISIVE", at.Decisive), mode)
		}}
	}
	return []Damage{
		next("a later file that overrides", "zzz.json", `{"DECISIVE": 0}`, 0o644, false),
		next("a later file with a wrong type", "zzz.json", `{"DECISIVE": "2"}`, 0o644, false),
		next("a later file with null", "zzz", "{\"DECISIVE\": null,} // theirs", 0o644, false),
		next("a later file that says a fraction", "zzz", `{"DECISIVE": 2.0}`, 0o644, false),
		next("a copy that an editor left", "zz-ipguard.json~", `{"DECISIVE": 0}`, 0o644, false),
		next("a later file that is too big", "zzz", strings.Repeat(" ", 5<<20)+`{"DECISIVE": 0}`, 0o644, false),
		next("a later file that says the same", "zzz.json", `{"DECISIVE": 2, "Another": 1}`, 0o644, true),
		next("a later file that nobody may read", "zzz.json", `{"DECISIVE": 0}`, 0o600, true),
		next("a later file that everybody may write", "zzz.json", `{}`, 0o666, false),
		next("an earlier file", "aa.json", `{"DECISIVE": 0}`, 0o644, true),
		next("a hidden earlier file", ".zzz.json", `{"DECISIVE": 0}`, 0o644, true),
		next("an earlier file that is broken", "aa.json", `{"DECISIVE": 0`, 0o644, true),
		{Name: "a later link to an account's file", Formats: folder, Do: func(t testing.TB, at Target) map[string]string {
			theirs := filepath.Join(at.Elsewhere, "theirs")
			must(t, os.WriteFile(theirs, []byte("{}"), 0o644))
			must(t, os.Chown(theirs, Stranger, Stranger))
			must(t, os.Symlink(theirs, filepath.Join(at.dir(), "zzz")))
			return map[string]string{theirs: "{}"}
		}},
		{Name: "a FIFO next to it", Formats: folder, Do: func(t testing.TB, at Target) map[string]string {
			must(t, unix.Mkfifo(filepath.Join(at.dir(), "aaa"), 0o644))
			return nil
		}},
		{Name: "another source", Formats: []browser.Format{browser.PoliciesJSON}, Repairable: true, Harmless: true, Do: func(t testing.TB, at Target) map[string]string {
			text := `{"policies": {"FromInstead": 1, "` + at.Decisive + `": 0}}`
			must(t, os.MkdirAll(filepath.Dir(at.Instead), 0o755))
			must(t, os.WriteFile(at.Instead, []byte(text), 0o644))
			return map[string]string{at.Instead: text}
		}},
		{Name: "another tool wrote the file anew", Formats: []browser.Format{browser.PoliciesJSON}, Repairable: true, Do: func(t testing.TB, at Target) map[string]string {
			at.replace(t, []byte(`{"policies": {"`+at.Decisive+`": 1, "Theirs": 5, "TheirObject": {"a": 1}}}`))
			return nil
		}},
	}
}
