package service

import (
	"os"

	library "github.com/kardianos/service"
)

// The folders in which systemd looks for units, systemd.unit(5), and the one that says that systemd is process 1,
// sd_booted(3).
const (
	unitFile   = "/etc/systemd/system/ipguard.service"
	wantedLink = "/etc/systemd/system/multi-user.target.wants/ipguard.service"
	booted     = "/run/systemd/system"
	runtimeDir = "/run/ipguard"
)

func open(o Options) (manager, error) { return openSystemd(o, booted) }

func openSystemd(o Options, booted string) (manager, error) {
	// The library would fall back to a script for System V.
	if info, err := os.Lstat(booted); err != nil || !info.IsDir() {
		return nil, ErrNoManager
	}
	d := &definition{
		path: unitFile, rest: []string{wantedLink, runtimeDir}, admin: os.Geteuid() == 0,
		vendor: []string{
			"/run/systemd/system/ipguard.service", "/usr/local/lib/systemd/system/ipguard.service",
			"/usr/lib/systemd/system/ipguard.service", "/lib/systemd/system/ipguard.service",
		},
		enabled: func() bool {
			_, err := os.Stat(wantedLink)
			return err == nil
		},
	}
	d.text, d.unfit = render(o, Unit)
	s, failed := library.New(hooks{}, &library.Config{Name: Name, Option: library.KeyValue{"SystemdScript": d.text}})
	if failed != nil || s.Platform() != "linux-systemd" {
		return nil, ErrNoManager
	}
	d.change, d.control = s, s
	return d, nil
}
