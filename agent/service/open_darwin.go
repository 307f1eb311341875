package service

import (
	"os"

	library "github.com/kardianos/service"
)

const plistFile = "/Library/LaunchDaemons/ipguard.plist"

// launchd is the library's service with what it lacks: `launchctl load` complains about a service that is loaded, and
// unload about one that is not.
type launchd struct{ library.Service }

func (l launchd) Start() error {
	if now, err := l.Status(); err == nil && now == library.StatusRunning {
		return nil
	}
	return l.Service.Start()
}

func (l launchd) Stop() error {
	if now, err := l.Status(); err == nil && now == library.StatusStopped {
		return nil
	}
	return l.Service.Stop()
}

func open(o Options) (manager, error) {
	d := &definition{
		path: plistFile, admin: os.Geteuid() == 0,
		enabled: func() bool { return true }, // a file in that folder is loaded when the machine starts
	}
	d.text, d.unfit = render(o, PropertyList)
	s, err := library.New(hooks{}, &library.Config{Name: Name, Option: library.KeyValue{"LaunchdConfig": d.text}})
	if err != nil {
		return nil, ErrNoManager
	}
	d.change, d.control = s, launchd{s}
	return d, nil
}
