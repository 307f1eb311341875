package managed

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf16"

	"golang.org/x/sys/windows/registry"
)

// machine is the registry below HKEY_LOCAL_MACHINE, the part for 64 bits, which browsers read.
type machine struct{}

func systemRegistry() (Registry, error) { return machine{}, nil }

// Read implements Registry.
func (machine) Read(key string) (RegistryContent, error) {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.READ|registry.WOW64_64KEY)
	if errors.Is(err, registry.ErrNotExist) {
		return RegistryContent{}, fmt.Errorf("opening a key: %w", fs.ErrNotExist)
	}
	if err != nil {
		return RegistryContent{}, fmt.Errorf("opening a key: %w", err)
	}
	defer k.Close()
	c := RegistryContent{Values: map[string]RegistryValue{}}
	info, err := k.Stat()
	if err != nil {
		return c, fmt.Errorf("reading a key: %w", err)
	}
	c.Written = info.ModTime()
	names, err := k.ReadValueNames(0)
	if err != nil {
		return c, fmt.Errorf("listing a key: %w", err)
	}
	if c.Keys, err = k.ReadSubKeyNames(0); err != nil {
		return c, fmt.Errorf("listing a key: %w", err)
	}
	for _, name := range names {
		v, err := value(k, name)
		if errors.Is(err, registry.ErrNotExist) {
			continue // gone meanwhile
		}
		if err != nil {
			return c, fmt.Errorf("reading a value: %w", err)
		}
		c.Values[name] = v
	}
	return c, nil
}

func value(k registry.Key, name string) (RegistryValue, error) {
	n, kind, err := k.GetValue(name, nil)
	if err != nil {
		return RegistryValue{}, err
	}
	if n > most {
		return RegistryValue{}, errCrowd
	}
	v := RegistryValue{Type: kind}
	switch {
	case kind == RegistryDWORD && n == 4:
		var number uint64
		number, _, err = k.GetIntegerValue(name)
		v.Int = uint32(number)
	case kind == RegistrySZ:
		v.Text, _, err = k.GetStringValue(name)
	default:
		v.Data = make([]byte, n)
		n, v.Type, err = k.GetValue(name, v.Data)
		v.Data = v.Data[:min(n, len(v.Data))]
	}
	return v, err
}

// Set implements Registry.
func (machine) Set(key, name string, v RegistryValue) error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, key, registry.WRITE|registry.WOW64_64KEY)
	if err != nil {
		return fmt.Errorf("opening a key: %w", err)
	}
	defer k.Close()
	switch v.Type {
	case RegistryDWORD:
		err = k.SetDWordValue(name, v.Int)
	case RegistrySZ:
		err = k.SetStringValue(name, v.Text)
	default:
		err = setRaw(k, name, v)
	}
	if err != nil {
		return fmt.Errorf("writing a value: %w", err)
	}
	return nil
}

// Delete implements Registry.
func (machine) Delete(key, name string) error {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, key, registry.WRITE|registry.WOW64_64KEY)
	if err == nil {
		defer k.Close()
		err = k.DeleteValue(name)
	}
	if err != nil && !errors.Is(err, registry.ErrNotExist) {
		return fmt.Errorf("removing a value: %w", err)
	}
	return nil
}

// DeleteKey implements Registry.
func (machine) DeleteKey(key string) error {
	if err := registry.DeleteKey(registry.LOCAL_MACHINE, key); err != nil {
		return fmt.Errorf("removing a key: %w", err)
	}
	return nil
}

// setRaw gives back a value of a type that is not ours.
func setRaw(k registry.Key, name string, v RegistryValue) error {
	switch v.Type {
	case registry.BINARY:
		return k.SetBinaryValue(name, v.Data)
	case registry.QWORD:
		if len(v.Data) == 8 {
			return k.SetQWordValue(name, binary.LittleEndian.Uint64(v.Data))
		}
	case registry.EXPAND_SZ, registry.MULTI_SZ:
		units := make([]uint16, len(v.Data)/2)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(v.Data[2*i:])
		}
		text := strings.TrimRight(string(utf16.Decode(units)), "\x00")
		if v.Type == registry.EXPAND_SZ {
			return k.SetExpandStringValue(name, text)
		}
		return k.SetStringsValue(name, strings.Split(text, "\x00"))
	}
	return errors.ErrUnsupported
}
