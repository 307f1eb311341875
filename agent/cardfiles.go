package agent

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ipguard/browser"
	"ipguard/browser/card"
	"ipguard/policy"
	"ipguard/wipe"
)

// Files shows the machine's files, but for what a process or a network would have to answer for.
func (a *Agent) Files() browser.Machine { return a.disk() }

func (a *Agent) disk() browser.Disk {
	d := browser.Disk{Prefix: a.Prefix}
	mounts, err := a.Machine.Mounts()
	if err != nil {
		return d
	}
	for _, m := range mounts {
		if m.Network() || m.FUSE() {
			d.Avoid = append(d.Avoid, filepath.ToSlash(m.Point))
		}
	}
	return d
}

// Card says what browsers of an account need for the cards of the policy.
func (a *Agent) Card(acct wipe.Account, c policy.Card, browsers []card.Browser) []card.Readiness {
	return card.Check(c, a.GOOS, acct.Home, cardFiles{acct.Home, a.disk(), card.Disk(a.Prefix)}, browsers)
}

// cardFiles reads what an account may have made, or named, as safely as a search for browsers does, and the folders where only
// administrators write as they are.
type cardFiles struct {
	home string
	disk browser.Disk
	rest card.Files
}

var errNoFile = errors.New("not a file that is read")

func (c cardFiles) ours(path string) bool {
	if c.home != "" && within(path, c.home) {
		return false
	}
	return slices.ContainsFunc([]string{
		"/usr", "/etc", "/opt", "/snap", "/run/pcscd", "/var/lib/snapd", "/var/lib/flatpak", "/Library", "/Applications",
	}, func(top string) bool { return within(path, top) })
}

func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// Stat implements card.Files.
func (c cardFiles) Stat(path string) (fs.FileInfo, error) {
	if c.ours(path) {
		return c.rest.Stat(path)
	}
	f, err := c.disk.Open(path)
	if err != nil {
		if _, err = c.disk.List(path); err == nil || errors.Is(err, browser.ErrTooMany) {
			return os.Stat(os.TempDir()) // a folder: nothing else is asked of it
		}
		return nil, err
	}
	defer f.Close()
	if file, ok := f.(*os.File); ok {
		return file.Stat()
	}
	return nil, errNoFile
}

// Read implements card.Files.
func (c cardFiles) Read(path string, limit int64) ([]byte, error) {
	if c.ours(path) {
		return c.rest.Read(path, limit)
	}
	f, err := c.disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if int64(len(text)) > limit {
		return nil, errNoFile
	}
	return text, err
}

// List implements card.Files.
func (c cardFiles) List(path string, limit int) ([]string, error) {
	if c.ours(path) {
		return c.rest.List(path, limit)
	}
	entries, err := c.disk.List(path)
	if err != nil && !errors.Is(err, browser.ErrTooMany) {
		return nil, err
	}
	var names []string
	for _, e := range entries[:min(len(entries), limit)] {
		names = append(names, e.Name())
	}
	return names, nil
}
