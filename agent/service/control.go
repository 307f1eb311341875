package service

import "ipguard/devices"

// The control codes of the Windows service manager that matter, and their event types: winsvc.h, winuser.h.
const (
	controlStop          = 1
	controlShutdown      = 5
	controlPowerEvent    = 13
	controlSessionChange = 14
	controlPreShutdown   = 15

	powerSuspend         = 0x04 // PBT_APMSUSPEND
	powerResume          = 0x07 // PBT_APMRESUMESUSPEND: somebody woke it
	powerResumeAutomatic = 0x12 // PBT_APMRESUMEAUTOMATIC: comes with each wake-up, before the other

	sessionLogon  = 5 // WTS_SESSION_LOGON
	sessionLogoff = 6
	sessionLock   = 7
	sessionUnlock = 8
)

// translate says what a control request tells; ok is false when it tells nothing that matters.
func translate(control, event uint32) (e ControlEvent, ok bool) {
	switch control {
	case controlShutdown, controlPreShutdown:
		e.Kind = devices.ShuttingDown
	case controlPowerEvent:
		switch event {
		case powerSuspend:
			e.Kind = devices.Asleep
		case powerResumeAutomatic:
			e.Kind = devices.Awake
		}
	case controlSessionChange:
		switch event {
		case sessionLogon:
			e.Kind = devices.SignedIn
		case sessionLogoff:
			e.Kind = devices.SignedOut
		case sessionLock:
			e.Kind = devices.Locked
		case sessionUnlock:
			e.Kind = devices.Unlocked
		}
	}
	return e, e.Kind != ""
}

// ends tells whether a control request asks the service to end.
func ends(control uint32) bool {
	return control == controlStop || control == controlShutdown || control == controlPreShutdown
}
