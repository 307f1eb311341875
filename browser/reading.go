package browser

import (
	"bytes"
	"io"
	"path"
	"strconv"
	"strings"
)

// smallLimit is the most that is read of a file that describes a browser, in bytes.
const smallLimit = 64 << 10

// programsLimit is the most that is read of program files in one search, in bytes; the largest browsers have 300 MB, and an
// account can put very many very large files there.
const programsLimit = 2 << 30

// firefoxID is what Firefox calls itself to its add-ons; so do the browsers that were made from it.
const firefoxID = "{ec8030f7-c20a-464f-9b0e-13a3a9e97384}"

func (f *finder) read(name string) []byte {
	r, err := f.m.Open(name)
	if err != nil {
		return nil
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, smallLimit))
	if err != nil {
		return nil
	}
	return data
}

// application is what application.ini says.
type application struct {
	name, remoting, version, channel string
}

// gecko reads application.ini; false when it is not a browser's: mail programs have one too.
func (f *finder) gecko(dir string) (application, bool) {
	var a application
	id, section, source := "", "", ""
	for line := range strings.Lines(string(f.read(path.Join(dir, "application.ini")))) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = line
		}
		if section != "[App]" {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		value = word(value)
		switch key {
		case "Name":
			a.name = value
		case "RemotingName":
			a.remoting = value
		case "Version":
			a.version = value
		case "ID":
			id = value
		case "SourceRepository":
			source = value
		}
	}
	switch {
	case strings.Contains(a.remoting, "esr"), strings.Contains(source, "/mozilla-esr"):
		a.channel = "esr"
	case strings.Contains(a.remoting, "dev"), strings.Contains(a.remoting, "aurora"):
		a.channel = "dev"
	case strings.Contains(a.version, "a"):
		a.channel = "nightly"
	case strings.HasSuffix(source, "/mozilla-beta"):
		a.channel = "beta"
	}
	return a, id == firefoxID && a.name != ""
}

// word keeps what a person can read on one line: an account can write the file.
func word(s string) string {
	s = strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
	return string([]rune(s)[:min(len([]rune(s)), 100)])
}

// versionFolder says whether a folder is named after a version, as the Chromium family does on Windows.
func versionFolder(name string) bool {
	parts := strings.Split(name, ".")
	for _, p := range parts {
		if _, err := strconv.ParseUint(p, 10, 32); err != nil {
			return false
		}
	}
	return len(parts) == 4
}

func newer(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x > y
		}
	}
	return len(as) > len(bs) || b == ""
}

// obeys finds out which settings a renamed build reads: the folder's name is a constant in its program file. The file is read
// in parts, once, to the first such constant; a browser's is found within milliseconds, 300 MB without one take
// a tenth of a second.
func (f *finder) obeys(exe string) (Descriptor, Place, bool) {
	r, err := f.m.Open(exe)
	if err != nil {
		return Descriptor{}, Place{}, false
	}
	defer r.Close()
	folders, overlap := policyFolders(), 0
	for _, p := range folders {
		overlap = max(overlap, len(p.constant))
	}
	stem := []byte("/policies\x00")
	src, buf, kept := io.LimitReader(r, f.budget), make([]byte, 1<<20), 0
	for {
		if f.ended() != nil {
			f.complete = false
			return Descriptor{}, Place{}, false
		}
		n, err := io.ReadFull(src, buf[kept:])
		f.budget -= int64(n)
		part := buf[:kept+n]
		for rest := part; ; {
			at := bytes.Index(rest, stem)
			if at < 0 {
				break
			}
			whole := rest[:at+len(stem)]
			for _, p := range folders {
				if bytes.HasSuffix(whole, p.constant) {
					return p.browser, p.place, true
				}
			}
			rest = rest[at+1:]
		}
		if err != nil {
			f.complete = f.complete && f.budget > 0
			return Descriptor{}, Place{}, false
		}
		kept = copy(buf, part[max(0, len(part)-overlap):])
	}
}

type policyFolder struct {
	constant []byte
	browser  Descriptor
	place    Place
}

// policyFolders are the constants, as they end in a program file.
func policyFolders() []policyFolder {
	var folders []policyFolder
	for _, d := range Descriptors() {
		for _, e := range d.Editions {
			if e.OS == "linux" && e.Package == Native && e.Place.Format == JSONFolder {
				constant := append([]byte(path.Dir(e.Place.Path)), 0)
				folders = append(folders, policyFolder{constant, d, e.Place})
				break
			}
		}
	}
	return folders
}
