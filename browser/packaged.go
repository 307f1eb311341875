package browser

import (
	"bytes"
	"io"
	"strings"
)

const (
	// dpkgStatus lists the packages of Debian and its kin: dpkg(1).
	dpkgStatus = "/var/lib/dpkg/status"
	// dpkgLimit is more than a laptop with every package of a desktop has.
	dpkgLimit = 32 << 20
)

// packages are the names under which browsers of the Chromium family come whose packages bear the version of the engine. On
// Linux no file next to the program tells it.
func packages(id, channel string) []string {
	switch id {
	case "chromium":
		return []string{"chromium", "chromium-browser"}
	case "chrome":
		return []string{"google-chrome-" + map[string]string{"dev": "unstable"}[channel], "google-chrome-" + channel}
	case "edge":
		return []string{"microsoft-edge-" + channel}
	}
	return nil // others count their own versions
}

// packaged returns the version of the first of the packages that is installed, without what the packagers add; empty when
// none is, or nobody knows.
func (f *finder) packaged(names []string) string {
	if f.status == nil {
		f.status = []byte{}
		if r, err := f.m.Open(dpkgStatus); err == nil {
			text, err := io.ReadAll(io.LimitReader(r, dpkgLimit))
			r.Close()
			if err == nil {
				f.status = append([]byte("\n"), text...)
			}
		}
	}
	for _, name := range names {
		_, rest, ok := bytes.Cut(f.status, []byte("\nPackage: "+name+"\n"))
		if !ok {
			continue
		}
		stanza, _, _ := strings.Cut(string(rest[:min(len(rest), smallLimit)]), "\n\n")
		installed, version := false, ""
		for line := range strings.Lines(stanza) {
			key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ") // a blank goes on with the line before
			switch key {
			case "Status":
				installed = strings.HasSuffix(value, " ok installed")
			case "Version":
				version = value
			}
		}
		if _, after, epoch := strings.Cut(version, ":"); epoch {
			version = after
		}
		version, _, _ = strings.Cut(version, "-")
		if installed && versionFolder(version) {
			return version
		}
	}
	return ""
}
