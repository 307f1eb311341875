package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"
)

// What is the machine's must not be offered, mounted or turned off; and what nobody can read is no medium.
func TestOnlyWhatAPersonBrings(t *testing.T) {
	f := newFake(t)
	type p = map[string]any
	root := [][]byte{[]byte("/\x00")}
	for name, change := range map[string]func(block, fs, drive p){
		"stick":     func(_, _, _ p) {},
		"disk":      func(_, _, d p) { d["Removable"], d["MediaRemovable"] = false, false }, // a USB disk says so
		"card":      func(_, _, d p) { d["ConnectionBus"] = "sdio" },
		"mounted":   func(_, fs, _ p) { fs["MountPoints"] = [][]byte{[]byte("/media/a b\xff\x00")} },
		"internal":  func(_, _, d p) { d["ConnectionBus"] = "" },
		"emmc":      func(_, _, d p) { d["ConnectionBus"], d["Removable"] = "sdio", false },
		"optical":   func(_, _, d p) { d["Optical"] = true },
		"system":    func(b, _, _ p) { b["HintSystem"] = true },
		"unsure":    func(b, _, _ p) { delete(b, "HintSystem") },
		"garbled":   func(b, _, _ p) { b["HintSystem"] = "no" },
		"ignored":   func(b, _, _ p) { b["HintIgnore"] = true },
		"luks":      func(b, _, _ p) { b["IdUsage"], b["IdType"] = "crypto", "crypto_LUKS" },
		"unlocked":  func(b, _, _ p) { b["CryptoBackingDevice"] = dbus.ObjectPath(udisksPath + "/block_devices/other") },
		"lvm":       func(b, _, _ p) { b["IdUsage"] = "raid" },
		"root":      func(_, fs, _ p) { fs["MountPoints"] = root },
		"nodrive":   func(b, _, _ p) { b["Drive"] = dbus.ObjectPath("/") },
		"driveless": func(b, _, _ p) { delete(b, "Drive") },
		"fstab": func(b, _, _ p) {
			b["Configuration"] = []struct {
				Kind string
				Of   map[string]dbus.Variant
			}{{"fstab", map[string]dbus.Variant{"dir": dbus.MakeVariant([]byte("/srv\x00"))}}}
		},
	} {
		b, fs, d := f.stick(name)
		f.set(func() { change(b, fs, d) })
	}
	// A second partition of a stick from which the laptop was started.
	b, _, _ := f.stick("boot2")
	f.set(func() { b["Drive"] = dbus.ObjectPath(udisksPath + "/drives/root") })
	if diff := cmp.Diff([]string{"card", "disk", "mounted", "stick"}, f.labels()); diff != "" {
		t.Errorf("media (-want +got):\n%s", diff)
	}
}

func TestLabelsAndGarbage(t *testing.T) {
	f := newFake(t)
	b, fs, d := f.stick("sda1")
	f.set(func() { b["IdLabel"] = strings.Repeat("é", 10_000) })
	if got := f.labels()[0]; got != strings.Repeat("é", 32) {
		t.Errorf("a long label became %d bytes: %q", len(got), got)
	}
	f.set(func() { b["IdLabel"], d["ConnectionBus"] = "  ", "sdio" })
	if got := f.labels()[0]; got != "SD" {
		t.Errorf("a card without a label is called %q", got)
	}
	f.set(func() {
		b["IdLabel"], d["ConnectionBus"] = 7, "usb"
		b["Size"], b["PreferredDevice"], b["ReadOnly"], fs["MountPoints"], d["TimeMediaDetected"] = "much", 1, "yes", "/etc", []string{}
		delete(b, "IdType")
	})
	got, err := f.finder().List(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	got[0].ID = ""
	if diff := cmp.Diff(Medium{Label: "USB", Device: "/dev/sda1"}, got[0]); diff != "" {
		t.Errorf("a medium of which little is known (-want +got):\n%s", diff)
	}
	f.set(func() { f.raw = []string{"what?"} })
	if got, err := f.finder().List(t.Context()); err == nil {
		t.Errorf("an answer of another kind was taken for %v", got)
	}
}

func TestManyObjects(t *testing.T) {
	f := newFake(t)
	for i := range 400 {
		f.stick(fmt.Sprintf("sd%03d", i))
	}
	if n := len(f.labels()); n != 400 {
		t.Errorf("of 400 sticks %d were found", n)
	}
	f.set(func() {
		f.raw = map[dbus.ObjectPath]map[string]map[string]dbus.Variant{"/x": {aBlock: {"IdLabel": dbus.MakeVariant(strings.Repeat("x", 8<<20))}}}
	})
	if _, err := f.finder().List(t.Context()); err == nil {
		t.Error("8 MiB were taken")
	}
}

func TestMountAsksForLittle(t *testing.T) {
	f := newFake(t)
	b, _, _ := f.stick("sda1")
	id := f.only()
	for range 2 {
		m, err := f.finder().Mount(t.Context(), id)
		if err != nil || m.Mount != "/media/x" || m.ID != id || m.MaxFile != 4294967295 {
			t.Fatalf("mounted: %v, %v", m, err)
		}
	}
	if diff := cmp.Diff([]string{"Mount sda1 nosuid,nodev,noexec true"}, f.calls()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	f.set(func() { b["IdUUID"] = "another stick in the same place" })
	_, err := f.finder().Mount(t.Context(), id)
	is(t, "mounting what was replaced", err, ErrGone)
	for _, id := range []string{"", "u", "x123", "/dev/sda1", "u" + strings.Repeat("zz", 12)} {
		_, err := f.finder().Mount(t.Context(), id)
		is(t, "mounting "+id, err, ErrNoMedium)
		is(t, "releasing "+id, f.finder().Release(t.Context(), id), ErrNoMedium)
	}
	if n := len(f.calls()); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// A person who is told to take the stick must find everything on it.
func TestRelease(t *testing.T) {
	type p = map[string]any
	at := func(name string) [][]byte { return [][]byte{[]byte("/media/" + name + "\x00")} }
	for name, c := range map[string]struct {
		change  func(f *fake, block, fs, drive p)
		refuse  map[string]string
		asked   []string
		failure error
	}{
		"not mounted": {asked: []string{"PowerOff sda1"}},
		"mounted": {change: func(_ *fake, _, fs, _ p) { fs["MountPoints"] = at("x") },
			asked: []string{"Unmount sda1", "PowerOff sda1"}},
		"two partitions": {change: func(f *fake, _, fs, _ p) {
			fs["MountPoints"] = at("x")
			b, fs2, d := f.stick("sda2")
			b["Drive"], fs2["MountPoints"], d["ConnectionBus"] = dbus.ObjectPath(udisksPath+"/drives/sda1"), at("y"), ""
			b["HintIgnore"] = true
		}, asked: []string{"Unmount sda1", "Unmount sda2", "PowerOff sda1"}},
		"cannot be turned off": {change: func(_ *fake, _, fs, d p) { fs["MountPoints"], d["CanPowerOff"] = at("x"), false },
			asked: []string{"Unmount sda1", "Eject sda1"}},
		"only unmounted": {change: func(_ *fake, _, fs, d p) {
			fs["MountPoints"], d["CanPowerOff"], d["Ejectable"] = at("x"), false, false
		}, asked: []string{"Unmount sda1"}},
		"reader with another card": {change: func(f *fake, _, _, d p) {
			b2, _, d2 := f.stick("sdb1")
			b2["HintIgnore"], d["SiblingId"], d2["SiblingId"] = true, "reader", "reader"
		}, asked: []string{"Eject sda1"}},
		"reader with an empty slot": {change: func(f *fake, _, _, d p) {
			b2, _, d2 := f.stick("sdb1")
			b2["HintIgnore"], d["SiblingId"], d2["SiblingId"], d2["MediaAvailable"] = true, "reader", "reader", false
		}, asked: []string{"PowerOff sda1"}},
		"busy": {change: func(_ *fake, _, fs, _ p) { fs["MountPoints"] = at("x") },
			refuse: map[string]string{"Unmount": udisks + ".Error.DeviceBusy"}, asked: []string{"Unmount sda1"}, failure: ErrBusy},
		"busy at the end": {refuse: map[string]string{"PowerOff": udisks + ".Error.DeviceBusy"}, asked: []string{"PowerOff sda1"}, failure: ErrBusy},
		"mounted by somebody else": {change: func(_ *fake, _, fs, _ p) { fs["MountPoints"] = at("x") },
			refuse: map[string]string{"Unmount": udisks + ".Error.NotAuthorizedCanObtain"}, asked: []string{"Unmount sda1"}, failure: ErrDenied},
		"polkit says no":    {refuse: map[string]string{"PowerOff": udisks + ".Error.NotAuthorized"}, asked: []string{"PowerOff sda1"}, failure: ErrDenied},
		"it fails":          {refuse: map[string]string{"PowerOff": udisks + ".Error.Failed"}, asked: []string{"PowerOff sda1"}, failure: ErrRefused},
		"service goes away": {refuse: map[string]string{"PowerOff": "org.freedesktop.DBus.Error.NoReply"}, asked: []string{"PowerOff sda1"}, failure: ErrNoService},
		"unmounted by somebody else": {change: func(_ *fake, _, fs, _ p) { fs["MountPoints"] = at("x") },
			refuse: map[string]string{"Unmount": udisks + ".Error.NotMounted"}, asked: []string{"Unmount sda1", "PowerOff sda1"}},
		"still mounted somehow": {change: func(_ *fake, _, fs, d p) {
			fs["MountPoints"], d["CanPowerOff"], d["Ejectable"] = at("x"), false, false
		}, refuse: map[string]string{"Unmount": udisks + ".Error.NotMounted"}, asked: []string{"Unmount sda1"}, failure: ErrBusy},
		"taken out meanwhile": {refuse: map[string]string{"PowerOff": "org.freedesktop.DBus.Error.UnknownObject"}, asked: []string{"PowerOff sda1"}, failure: ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			b, fs, d := f.stick("sda1")
			if c.change != nil {
				c.change(f, b, fs, d)
			}
			f.set(func() { f.refusal = c.refuse })
			is(t, "releasing", f.finder().Release(t.Context(), f.only()), c.failure)
			if diff := cmp.Diff(c.asked, f.calls()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServiceHangs(t *testing.T) {
	f := newFake(t)
	f.stick("sda1")
	id := f.only()
	hang := make(chan struct{})
	f.set(func() { f.hang = hang })
	defer close(hang)
	o := Options{Socket: f.socket, Roots: []string{"/media"}, Mounting: 50 * time.Millisecond, Writing: 50 * time.Millisecond}
	_, err := New("linux", o).Mount(t.Context(), id)
	is(t, "mounting", err, context.DeadlineExceeded)
	is(t, "releasing", New("linux", o).Release(t.Context(), id), context.DeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.finder().Release(ctx, id); err == nil {
		t.Error("released although nobody waits")
	}
}

func TestNoService(t *testing.T) {
	f := newFake(t)
	f.stick("sda1")
	id := f.only()
	if _, err := f.conn.ReleaseName(udisks); err != nil {
		t.Fatal(err)
	}
	is(t, "releasing", f.finder().Release(t.Context(), id), ErrNoService)
	if all, err := f.finder().List(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("without the service: %v, %v", all, err)
	}
	if _, err := New("plan9", Options{}).List(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("on a system that it was not built for: %v", err)
	}
}

// What is read after it comes from the medium: it was away in between, and its id is still good.
func TestRemount(t *testing.T) {
	f := newFake(t)
	f.stick("sda1")
	id := f.only()
	if _, err := f.finder().Mount(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	f.calls()
	m, err := f.finder().Remount(t.Context(), id)
	if err != nil || m.Mount != "/media/x" || m.ID != id {
		t.Errorf("mounted again: %v, %v", m, err)
	}
	got := strings.Join(f.calls(), "; ")
	if !strings.HasSuffix(got, "; Unmount sda1; Mount sda1 nosuid,nodev,noexec true") {
		t.Errorf("asked %q", got)
	}
}
