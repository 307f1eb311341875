package media

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// fake is a system bus of its own with a UDisks2 that says what the test wants. What the real one says of real sticks is
// tried on a virtual laptop.
type fake struct {
	t      *testing.T
	socket string
	conn   *dbus.Conn

	mu      sync.Mutex
	objects map[dbus.ObjectPath]map[string]map[string]any
	raw     any               // instead of all objects
	refusal map[string]string // the name of an error, by method
	asked   []string          // a method, the last part of the object's path, and the options of a mount
	hang    chan struct{}     // calls wait for it
}

func newFake(t *testing.T) *fake {
	t.Helper()
	dir, err := os.MkdirTemp("", "bus") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Cleanup(func() { checkLeaks(t) })
	f := &fake{t: t, socket: filepath.Join(dir, "s"), objects: map[dbus.ObjectPath]map[string]map[string]any{}, refusal: map[string]string{}}
	const format = `<busconfig><listen>unix:path=%s</listen><auth>EXTERNAL</auth><policy context="default">
		<allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
		<allow send_requested_reply="true"/><allow receive_type="signal"/><allow receive_type="method_call"/>
		<allow receive_requested_reply="true"/></policy></busconfig>`
	config := filepath.Join(dir, "conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, format, f.socket), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--nosyslog")
	if err := daemon.Start(); err != nil {
		t.Fatalf("the test needs dbus-daemon (apt-get install dbus-daemon): %v", err)
	}
	t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
	for {
		if conn, err := dbus.Connect("unix:path=" + f.socket); err == nil {
			f.conn = conn
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Cleanup(func() { _ = f.conn.Close() })
	for _, err := range []error{
		f.conn.Export(f, udisksPath, "org.freedesktop.DBus.ObjectManager"),
		f.conn.ExportSubtree(f, udisksPath+"/block_devices", aFilesystem),
		f.conn.ExportSubtree(f, udisksPath+"/drives", aDrive),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.conn.RequestName(udisks, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return f
}

// finder asks the fake. No folder of the machine is looked at for media.
func (f *fake) finder() *Finder {
	return New("linux", Options{Socket: f.socket, Roots: []string{"/media"}, Within: 5 * time.Second, Mounting: 5 * time.Second, Writing: 5 * time.Second})
}

// GetManagedObjects is the fake's.
func (f *fake) GetManagedObjects() (any, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.raw != nil {
		return f.raw, nil
	}
	all := map[dbus.ObjectPath]map[string]map[string]dbus.Variant{}
	for path, ifaces := range f.objects {
		all[path] = map[string]map[string]dbus.Variant{}
		for name, properties := range ifaces {
			all[path][name] = map[string]dbus.Variant{}
			for p, v := range properties {
				all[path][name][p] = dbus.MakeVariant(v)
			}
		}
	}
	return all, nil
}

// did notes a call, and refuses it if the test wants that.
func (f *fake) did(m dbus.Message, method, more string, change func(dbus.ObjectPath)) *dbus.Error {
	f.mu.Lock()
	hang := f.hang
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	path := m.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	f.asked = append(f.asked, strings.TrimSpace(method+" "+filepath.Base(string(path))+" "+more))
	if name := f.refusal[method]; name != "" {
		return dbus.NewError(name, []any{"Error mounting /dev/sdz1 at /media/secret"})
	}
	change(path)
	return nil
}

// Mount, Unmount, PowerOff and Eject are the fake's.
func (f *fake) Mount(m dbus.Message, o map[string]dbus.Variant) (string, *dbus.Error) {
	quiet, _ := o["auth.no_user_interaction"].Value().(bool)
	err := f.did(m, "Mount", fmt.Sprint(o["options"].Value(), " ", quiet), func(p dbus.ObjectPath) {
		f.objects[p][aFilesystem]["MountPoints"] = [][]byte{[]byte("/media/x\x00")}
	})
	return "/media/x", err
}

func (f *fake) Unmount(m dbus.Message, o map[string]dbus.Variant) *dbus.Error {
	more := ""
	if _, ok := o["force"]; ok {
		more = "force"
	}
	return f.did(m, "Unmount", more, func(p dbus.ObjectPath) { f.objects[p][aFilesystem]["MountPoints"] = [][]byte{} })
}

func (f *fake) PowerOff(m dbus.Message, _ map[string]dbus.Variant) *dbus.Error {
	return f.did(m, "PowerOff", "", func(dbus.ObjectPath) {})
}

func (f *fake) Eject(m dbus.Message, _ map[string]dbus.Variant) *dbus.Error {
	return f.did(m, "Eject", "", func(dbus.ObjectPath) {})
}

// stick puts a stick with one partition into the fake, and returns its three sets of properties for the test to change.
func (f *fake) stick(name string) (block, fs, drive map[string]any) {
	drives := dbus.ObjectPath(udisksPath + "/drives/" + name)
	block = map[string]any{
		"Drive": drives, "HintSystem": false, "HintIgnore": false, "IdUsage": "filesystem", "IdType": "vfat", "IdLabel": name, "IdUUID": "1234-" + name,
		"Size": uint64(1 << 30), "ReadOnly": false, "CryptoBackingDevice": dbus.ObjectPath("/"), "Device": []byte("/dev/" + name + "\x00"),
		"PreferredDevice": []byte("/dev/" + name + "\x00"), "DeviceNumber": uint64(2049),
		"Configuration": []struct {
			Kind string
			Of   map[string]dbus.Variant
		}{},
	}
	fs = map[string]any{"MountPoints": [][]byte{}}
	drive = map[string]any{"ConnectionBus": "usb", "Removable": true, "MediaRemovable": true, "MediaAvailable": true, "Optical": false,
		"Ejectable": true, "CanPowerOff": true, "SiblingId": "", "TimeMediaDetected": uint64(7), "Vendor": "V", "Model": "M", "Serial": "S"}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[dbus.ObjectPath(udisksPath+"/block_devices/"+name)] = map[string]map[string]any{aBlock: block, aFilesystem: fs}
	f.objects[drives] = map[string]map[string]any{aDrive: drive}
	return block, fs, drive
}

// set changes something of the fake.
func (f *fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// calls returns what was asked so far.
func (f *fake) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// labels lists the labels that are found.
func (f *fake) labels() []string {
	f.t.Helper()
	all, err := f.finder().List(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	names := []string{}
	for _, m := range all {
		names = append(names, m.Label)
	}
	return names
}

// only is the id of the only medium.
func (f *fake) only() string {
	f.t.Helper()
	all, err := f.finder().List(f.t.Context())
	if err != nil || len(all) != 1 {
		f.t.Fatalf("one medium expected: %v, %v", all, err)
	}
	return all[0].ID
}

// is wants an error of one kind that tells nothing of the machine.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	if err != nil && strings.ContainsAny(strings.ReplaceAll(err.Error(), "I/O", ""), "/") {
		t.Errorf("%s: the error names something: %v", what, err)
	}
}

// checkLeaks waits until nothing of ours or of godbus runs any more.
func checkLeaks(t *testing.T) {
	var stacks string
	for range 100 {
		buf := make([]byte, 1<<20)
		stacks = string(buf[:runtime.Stack(buf, true)])
		left := 0
		for _, g := range strings.Split(stacks, "\n\n") {
			if !strings.Contains(g, "checkLeaks") && (strings.Contains(g, "devices/media.") || strings.Contains(g, "godbus")) &&
				!strings.Contains(g, "testing.tRunner(") {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("goroutines are left:\n%s", stacks)
}
