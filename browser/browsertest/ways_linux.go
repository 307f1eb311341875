package browsertest

import (
	"context"
	"errors"
	"path/filepath"
	"time"
)

// Way is one way to start a browser that does not run.
type Way struct {
	Name string
	Argv []string
	// Before are command lines that end before it; nil is none.
	Before []string
}

// Ways lists the ways in which a person starts a browser with a page, those by which one may hope to leave the
// laptop's settings behind included. Whatever a way makes outside the home is made below elsewhere, a folder that the
// account may write to.
func Ways(browser, url, elsewhere string) ([]Way, error) {
	if browser == firefox {
		icon, err := Icon("firefox-esr", url)
		if err != nil {
			return nil, err
		}
		start := func(args ...string) []string { return append([]string{"firefox-esr"}, args...) }
		profile := filepath.Join(elsewhere, "made")
		return []Way{
			{Name: "icon", Argv: icon},
			{Name: "command line", Argv: start(url)},
			{Name: "--new-window", Argv: start("--new-window", url)},
			{Name: "-P of a new name", Argv: start("-P", "other", url)},
			{Name: "-CreateProfile and -P", Before: start("--headless", "-CreateProfile", "made "+profile), Argv: start("-P", "made", url)},
			{Name: "-profile", Argv: start("-profile", filepath.Join(elsewhere, "profile"), url)},
			{Name: "--no-remote", Argv: start("--no-remote", url)},
			{Name: "-ProfileManager", Argv: start("-ProfileManager", url)},
			{Name: "--safe-mode", Argv: start("--safe-mode", url)},
		}, nil
	}
	icon, err := Icon("chromium", url)
	if err != nil {
		return nil, err
	}
	start := func(args ...string) []string { return append([]string{"chromium"}, args...) }
	return []Way{
		{Name: "icon", Argv: icon},
		{Name: "command line", Argv: start(url)},
		{Name: "--new-window", Argv: start("--new-window", url)},
		{Name: "--user-data-dir", Argv: start("--user-data-dir="+filepath.Join(elsewhere, "data"), url)},
		{Name: "--profile-directory", Argv: start("--profile-directory=Profile 7", url)},
		{Name: "--guest", Argv: start("--guest", url)},
		{Name: "--app", Argv: start("--app=" + url)},
	}, nil
}

// Opening is what came of a way.
type Opening struct {
	Way     string
	Windows []Window // nil: refused
	Titles  []string // on the screen, also of a dialog
}

// Private says that nothing but private windows opened; true also when none did.
func (o Opening) Private() bool {
	for _, w := range o.Windows {
		if !w.Private {
			return false
		}
	}
	return true
}

// Try starts a browser in one way, looks at what opened, and kills it.
func (d *Desktop) Try(ctx context.Context, browser string, way Way) (Opening, error) {
	o := Opening{Way: way.Name}
	if way.Before != nil {
		if err := d.Run(ctx, way.Before...); err != nil {
			return o, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	s, err := d.Start(ctx, browser, way.Argv...)
	if err != nil {
		d.kill()
		if errors.Is(err, ErrNoWindow) {
			o.Titles = []string{err.Error()}
			return o, nil
		}
		return o, err
	}
	defer s.Kill()
	if o.Windows, err = s.Windows(ctx); err != nil {
		return o, err
	}
	o.Titles, err = d.Titles(ctx)
	return o, err
}
