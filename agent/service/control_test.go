package service

import (
	"testing"

	"ipguard/devices"
)

func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		control, event uint32
		want           devices.Kind
		ends           bool
	}{
		{1, 0, "", true},
		{4, 0, "", false}, // interrogate
		{5, 0, devices.ShuttingDown, true},
		{15, 0, devices.ShuttingDown, true},
		{14, 1, "", false}, // the console was connected
		{14, 5, devices.SignedIn, false},
		{14, 6, devices.SignedOut, false},
		{14, 7, devices.Locked, false},
		{14, 8, devices.Unlocked, false},
		{14, 99, "", false},
		{13, 4, devices.Asleep, false},
		{13, 7, "", false}, // follows 18, which was told already
		{13, 18, devices.Awake, false},
		{200, 5, "", false},
	} {
		got, ok := translate(c.control, c.event)
		if got.Kind != c.want || ok != (c.want != "") || ends(c.control) != c.ends {
			t.Errorf("control %d, event %d: %q, %v, ends %v", c.control, c.event, got.Kind, ok, ends(c.control))
		}
	}
}
