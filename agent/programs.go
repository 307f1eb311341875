package agent

import (
	"context"
	"path"
	"slices"

	"ipguard/devices/host"
	"ipguard/wipe"
)

// closePrograms asks the account's programs to end and then ends them. What stays is the desktop itself and, while the
// account runs ipguard, the programs that ipguard was started from; both only with program files that are root's alone.
// When nobody is signed in nothing stays.
// It says whether a desktop goes on running, and counts what could not be ended.
func (a *Agent) closePrograms(ctx context.Context, w *work, req Request) (live bool, rows []wipe.Result, err error) {
	stays := a.stays(req.Client)
	if req.Everything {
		stays = func(p host.Process) bool { return p.PID == a.PID }
	}
	_, left, err := a.Machine.End(ctx, w.acct.UID, stays, a.Policy.Applications.CloseWithin)
	if err != nil {
		return false, nil, err
	}
	if n := len(left) + a.detach(w); n > 0 {
		rows = append(rows, programs(wipe.CodeInUse, n))
	}
	if live, err = a.desktopRuns(ctx, w.acct); err != nil {
		return live, rows, err
	}
	return live, rows, a.lookAgain(w)
}

// lookAgain reads the facts anew once the account's own mounts are gone: one may have lain over the home. A home that the
// guard would not have let through counts as missing.
func (a *Agent) lookAgain(w *work) error {
	if err := a.facts(w); err != nil {
		return err
	}
	if a.guard(w) != nil {
		w.home = wipe.HomeFacts{}
	}
	return nil
}

// programs counts what of the account's programs stands in the way.
func programs(code wipe.Code, count int) wipe.Result {
	return wipe.Result{Artifact: "programs", Class: wipe.ClassApplications, Outcome: wipe.Residual, Code: code, Count: count}
}

// stays tells the programs that ending leaves alone; client is another process of ipguard that waits for the answer.
func (a *Agent) stays(client int) func(host.Process) bool {
	ancestors := a.Machine.Ancestors(a.PID)
	if client > 1 {
		ancestors = append(ancestors, a.Machine.Ancestors(client)...)
	}
	return func(p host.Process) bool {
		asked := p.PID == client && p.Exe == a.Exe
		return p.PID == a.PID || p.RootOwnedExe && (asked || slices.Contains(ancestors, p.PID) || desktop(p.Exe))
	}
}

// desktopRuns says whether a desktop of the account runs: it then holds files of its own open.
func (a *Agent) desktopRuns(ctx context.Context, acct wipe.Account) (bool, error) {
	all, err := a.Machine.Processes(ctx, acct.UID)
	return hasDesktop(all), err
}

func hasDesktop(all []host.Process) bool {
	return slices.ContainsFunc(all, func(p host.Process) bool { return p.RootOwnedExe && desktop(p.Exe) })
}

// running counts the account's programs besides the desktop and ipguard's own ancestors.
func (a *Agent) running(ctx context.Context, acct wipe.Account) (int, error) {
	all, err := a.Machine.Processes(ctx, acct.UID)
	return a.others(all), err
}

func (a *Agent) others(all []host.Process) int {
	stays, n := a.stays(0), 0
	for _, p := range all {
		if !stays(p) {
			n++
		}
	}
	return n
}

// detach takes the account's own FUSE mounts away and counts those that stay: their servers have ended, and what lies
// below them would stay hidden. A mount that somebody else made is left alone.
func (a *Agent) detach(w *work) (left int) {
	if !a.Root {
		return 0
	}
	for _, m := range slices.Backward(w.mounts) {
		uid, ok := m.FUSEOwner()
		if ok && uid == w.acct.UID && a.Machine.Detach(m) != nil {
			left++
		}
	}
	return left
}

// desktop reports whether a program file is part of a desktop session: what must go on running for the screen to stay.
// Programs that such a session starts for documents, searches or thumbnails are not in the list on purpose.
func desktop(exe string) bool { return slices.Contains(desktopPrograms(), path.Base(exe)) }

func desktopPrograms() []string {
	return []string{
		// The user's service manager and buses.
		"systemd", "dbus-daemon", "dbus-broker", "dbus-broker-launch", "at-spi-bus-launcher", "at-spi2-registryd",
		// Display servers and sound.
		"Xorg", "Xwayland", "gdm-x-session", "gdm-wayland-session", "pipewire", "pipewire-pulse", "wireplumber", "pulseaudio",
		// Sessions, shells and window managers.
		"gnome-session-binary", "gnome-session-ctl", "gnome-shell", "gnome-keyring-daemon", "mutter-x11-frames",
		"gsd-color", "gsd-keyboard", "gsd-media-keys", "gsd-power", "gsd-xsettings", "gsd-smartcard", "gsd-sharing",
		"cinnamon", "cinnamon-session", "cinnamon-session-binary", "muffin",
		"xfce4-session", "xfwm4", "xfce4-panel", "xfdesktop", "xfsettingsd", "xfconfd",
		"ksmserver", "kwin_x11", "kwin_wayland", "plasmashell", "startplasma-x11", "startplasma-wayland", "kded5", "kded6",
		"mate-session", "marco", "mate-panel", "lxqt-session", "lxsession", "openbox", "budgie-wm", "sway", "labwc",
		// Settings and screen locks.
		"dconf-service", "light-locker", "gnome-screensaver", "cinnamon-screensaver", "xfce4-screensaver",
		// Remote log-in through which a helper may have come.
		"sshd",
	}
}
