package service

import (
	"context"
	"errors"
	"strings"

	library "github.com/kardianos/service"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/mgr"
)

// table is the service in the table of the Windows service manager.
type table struct {
	entry entry
	unfit error
	lib   library.Service
}

// placeholder is the library's program; the service itself runs without the library.
type placeholder struct{}

func (placeholder) Start(library.Service) error { return nil }
func (placeholder) Stop(library.Service) error  { return nil }

func open(o Options) (manager, error) {
	t := &table{}
	t.entry, t.unfit = tableEntry(o)
	s, err := library.New(placeholder{}, &library.Config{
		Name: Name, DisplayName: displayName, Description: description, Executable: t.entry.Exe, Arguments: t.entry.Arguments,
		Option: library.KeyValue{library.StartType: t.entry.StartType, "DelayedAutoStart": false},
	})
	if err != nil {
		return nil, ErrNoManager
	}
	t.lib = s
	return t, nil
}

func (t *table) install(ctx context.Context) error {
	if t.unfit != nil {
		return t.unfit
	}
	return bounded(ctx, changeLimit, func() error { return denied(t.write(), ErrManager) })
}

// write makes the entry, or changes the one that is there, and then what the library does not set.
func (t *table) write() error {
	m, err := mgr.Connect()
	if err != nil {
		return err
	}
	defer m.Disconnect()
	s, err := m.OpenService(Name)
	made := errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST)
	if made {
		if err = t.lib.Install(); err == nil {
			s, err = m.OpenService(Name)
		}
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if !made {
		err = t.change(s)
	}
	if err == nil {
		err = t.refine(s)
	}
	if err != nil && made {
		_ = s.Delete() // half a service is none
	}
	return err
}

// change gives the entry the program, arguments and start type of these options.
func (t *table) change(s *mgr.Service) error {
	if display, _, err := tableValues(); err != nil || display != t.entry.DisplayName {
		return ErrAlreadyInstalled
	}
	words := append([]string{t.entry.Exe}, t.entry.Arguments...)
	for i, w := range words {
		words[i] = windows.EscapeArg(w)
	}
	command, err := windows.UTF16PtrFromString(strings.Join(words, " "))
	if err != nil {
		return err
	}
	return windows.ChangeServiceConfig(s.Handle, windows.SERVICE_WIN32_OWN_PROCESS, windows.SERVICE_AUTO_START,
		windows.SERVICE_NO_CHANGE, command, nil, nil, nil, nil, nil, nil)
}

// tableValues reads what everybody may read of the entry.
func tableValues() (display string, automatic bool, err error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\`+Name, registry.QUERY_VALUE)
	if err != nil {
		return "", false, err
	}
	defer k.Close()
	display, _, err = k.GetStringValue("DisplayName")
	if err != nil {
		return "", false, err
	}
	start, _, err := k.GetIntegerValue("Start")
	return display, start == windows.SERVICE_AUTO_START, err
}

// refine sets what happens when the service fails and how long the machine waits for it at power-off. A Windows that does
// not know a setting goes without it.
func (t *table) refine(s *mgr.Service) error {
	again := []mgr.RecoveryAction{{Type: mgr.ServiceRestart, Delay: t.entry.RestartAfter}}
	wait, now := preShutdown(t.entry.StopWithin), [4]byte{} // SERVICE_DELAYED_AUTO_START_INFO: not delayed
	for _, set := range []func() error{
		func() error { return s.SetRecoveryActions(again, 24*60*60) },
		func() error { return s.SetRecoveryActionsOnNonCrashFailures(true) },
		func() error {
			return windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &now[0])
		},
		func() error {
			return windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, &wait[0])
		},
	} {
		if err := set(); err != nil && !errors.Is(err, windows.ERROR_INVALID_LEVEL) {
			return err
		}
	}
	return nil
}

func (t *table) uninstall(ctx context.Context) error {
	if err := t.stop(ctx); err != nil {
		return err
	}
	return bounded(ctx, changeLimit, func() error { return denied(t.lib.Uninstall(), ErrManager) })
}

func (t *table) start(ctx context.Context) error {
	s, err := t.status(ctx)
	switch {
	case err != nil:
		return err
	case !s.Installed:
		return ErrNotInstalled
	case s.Running:
		return nil
	}
	return bounded(ctx, startLimit, func() error { return denied(t.lib.Start(), ErrStart) })
}

func (t *table) stop(ctx context.Context) error {
	s, err := t.status(ctx)
	switch {
	case err != nil:
		return err
	case !s.Installed:
		return ErrNotInstalled
	case !s.Running:
		return nil
	}
	return bounded(ctx, stopLimit, func() error { return denied(t.lib.Stop(), ErrStop) })
}

func (t *table) status(ctx context.Context) (Status, error) {
	var s Status
	err := bounded(ctx, askLimit, func() error {
		now, err := t.lib.Status()
		if errors.Is(err, library.ErrNotInstalled) {
			return nil
		}
		if err != nil {
			return denied(err, ErrManager)
		}
		_, automatic, err := tableValues()
		s = Status{Installed: true, Enabled: err == nil && automatic, Running: now == library.StatusRunning}
		return nil
	})
	if err != nil {
		return Status{}, err
	}
	return s, nil
}

// denied keeps the reasons that people can do something about.
func denied(err, otherwise error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return ErrNotAdmin
	case errors.Is(err, ErrAlreadyInstalled):
		return ErrAlreadyInstalled
	}
	return otherwise
}
