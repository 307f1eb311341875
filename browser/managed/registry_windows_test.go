package managed_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/windows/registry"

	"ipguard/browser"
	"ipguard/browser/managed"
)

// clear removes a key with everything below it.
func clear(t *testing.T, path string) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, path, registry.READ)
	if errors.Is(err, registry.ErrNotExist) {
		return
	}
	must(t, err)
	names, err := k.ReadSubKeyNames(0)
	must(t, err)
	k.Close()
	for _, name := range names {
		clear(t, path+`\`+name)
	}
	must(t, registry.DeleteKey(registry.LOCAL_MACHINE, path))
}

// The store over the system's own registry, in a key that is the test's own; it needs an administrator.
func TestSystemRegistry(t *testing.T) {
	n := 0
	for _, family := range []browser.Family{browser.Chromium, browser.Gecko} {
		t.Run(string(family), func(t *testing.T) {
			conform(t, family, func(t *testing.T) yard {
				n++
				prefix := fmt.Sprintf(`SOFTWARE\ipguard-test-%d-%d`, os.Getpid(), n)
				t.Cleanup(func() { clear(t, prefix) })
				r, err := managed.SystemRegistry()
				must(t, err)
				y := registryYard(r, prefix, family)
				must(t, strange(prefix))
				return y
			})
		})
	}
}

// strange puts a value of a type that is not ours above the keys.
func strange(prefix string) error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, prefix, registry.WRITE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetQWordValue("theirs", 1)
}
