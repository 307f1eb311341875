package card

import (
	"path"
	"slices"
	"strings"

	"ipguard/browser"
	"ipguard/policy"
)

// maxText is the most that is read of any file, in bytes; real ones have less than a tenth of it.
const maxText = 64 << 10

// proxy is a module that passes all modules on that are set up for p11-kit: https://p11-glue.github.io/p11-glue/manual/sharing.html
const proxy = "p11-kit-proxy.so"

// modules says whether the module is on the laptop and whether the browser loads it.
func (k check) modules(b Browser, m policy.Module) []Item {
	file := ""
	for _, f := range m.Files[k.goos] {
		if k.exists(f) {
			file = f
			break
		}
	}
	if file == "" {
		return []Item{{Module, m.Name, Missing, InstallMiddleware}, {ModuleLoaded, m.Name, Missing, InstallMiddleware}}
	}
	return []Item{{Module, m.Name, OK, ""}, k.loaded(b, m)}
}

// loaded looks in the settings (Firefox), in the databases of NSS and in those of the system.
func (k check) loaded(b Browser, m policy.Module) Item {
	if b.Family == browser.Chromium && k.goos != "linux" {
		// There the system's own certificate stores are used, which the card's software feeds.
		return Item{ModuleLoaded, m.Name, Unknown, TryIt}
	}
	paths := m.Files[k.goos]
	if b.Family == browser.Gecko && inSettings(b.Settings, paths) {
		return k.reachable(b, m)
	}
	dirs := b.Profiles
	if b.Family == browser.Chromium {
		dirs = k.databases(b)
	}
	database := false
	for _, dir := range dirs {
		text, err := k.files.Read(below(dir, "pkcs11.txt"), maxText)
		if err != nil {
			continue
		}
		database = true
		if k.listed(libraries(text), paths) {
			return k.reachable(b, m)
		}
	}
	// Some systems add a module to every database with the settings of the library itself:
	// https://fedoraproject.org/wiki/Changes/NSSLoadP11KitModules
	if text, err := k.files.Read("/etc/crypto-policies/back-ends/nss.config", maxText); err == nil && !confined(b) {
		if k.listed(libraries(text), paths) {
			return Item{ModuleLoaded, m.Name, OK, ""}
		}
	}
	switch {
	case b.Family == browser.Gecko:
		return Item{ModuleLoaded, m.Name, Missing, ApplySettings}
	case !database:
		return Item{ModuleLoaded, m.Name, Missing, SignInOnce}
	}
	return Item{ModuleLoaded, m.Name, Missing, AddModule}
}

// reachable: a confined browser may know the path of a module and not see the file, or the reader.
func (k check) reachable(b Browser, m policy.Module) Item {
	if confined(b) {
		return Item{ModuleLoaded, m.Name, Unknown, UseInstalled}
	}
	return Item{ModuleLoaded, m.Name, OK, ""}
}

// inSettings looks in Firefox's SecurityDevices, which has two forms: name to path, and {"Add": {name: path}}.
// https://mozilla.github.io/policy-templates/#securitydevices
func inSettings(settings map[string]any, paths []string) bool {
	devices, _ := settings["SecurityDevices"].(map[string]any)
	added, _ := devices["Add"].(map[string]any)
	for _, set := range []map[string]any{devices, added} {
		for _, v := range set {
			if s, ok := v.(string); ok && slices.Contains(paths, s) {
				return true
			}
		}
	}
	return false
}

// databases are the folders of NSS databases that a browser of the Chromium family opens: the older place when it exists,
// https://chromium.googlesource.com/chromium/src/+/main/docs/linux/cert_management.md, in a package's own home if it has one.
func (k check) databases(b Browser) []string {
	if !confined(b) {
		return k.older(k.home, below(k.home, ".local/share"))
	}
	var all []string
	for _, data := range b.Data {
		if own, share, ok := ownHome(data, k.home); ok {
			all = append(all, k.older(own, share)...)
		}
	}
	return all
}

// older returns the database in a home, or that in the folder for data when there is none.
func (k check) older(home, share string) []string {
	if old := below(home, ".pki/nssdb"); k.exists(old) {
		return []string{old}
	}
	return []string{below(share, "pki/nssdb")}
}

// ownHome finds the home that a snap ("snap/NAME/REVISION") or flatpak (".var/app/NAME") gives a browser whose data are in a
// folder, and where it keeps data there.
func ownHome(data, home string) (own, share string, ok bool) {
	rel, ok := strings.CutPrefix(data, strings.TrimSuffix(home, "/")+"/")
	if !ok {
		return "", "", false
	}
	parts := strings.Split(rel, "/")
	switch {
	case len(parts) > 3 && parts[0] == "snap":
		own = below(home, parts[:3]...)
		if parts[2] == "common" { // Chromium keeps its data there, and has its home in the revision
			own = below(home, parts[0], parts[1], "current")
		}
		return own, below(own, ".local/share"), true
	case len(parts) > 3 && parts[0] == ".var" && parts[1] == "app":
		own = below(home, parts[:3]...)
		return own, below(own, "data"), true
	}
	return "", "", false
}

// libraries reads the library of each entry of pkcs11.txt, the list of modules of an NSS database: entries of lines
// "key=value" with an empty line between them, as NSS writes them and with their keys in any order and case.
// https://firefox-source-docs.mozilla.org/security/nss/legacy/pkcs11/module_specs/index.html
func libraries(text []byte) []string {
	var all []string
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(key), "library") {
			continue
		}
		value = strings.TrimSpace(value)
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		if value != "" {
			all = append(all, value)
		}
	}
	return all
}

// listed tells whether one of the libraries is the module: by any of its paths, by the bare name that the system's loader
// finds, or through the proxy.
func (k check) listed(libs, paths []string) bool {
	for _, lib := range libs {
		if path.Base(lib) == proxy {
			if k.proxied(paths) {
				return true
			}
			continue
		}
		for _, p := range paths {
			if (lib == p || lib == path.Base(p)) && k.exists(p) {
				return true
			}
		}
	}
	return false
}

// proxied tells whether the proxy passes the module on: a file NAME.module names it and does not shut the proxy out.
// https://p11-glue.github.io/p11-glue/manual/config.html
func (k check) proxied(paths []string) bool {
	names := map[string][]byte{}
	for _, dir := range []string{"/usr/share/p11-kit/modules", "/etc/pkcs11/modules"} { // the second counts more
		list, err := k.files.List(dir, 256)
		if err != nil {
			continue
		}
		for _, name := range list {
			if !strings.HasSuffix(name, ".module") {
				continue
			}
			if text, err := k.files.Read(below(dir, name), maxText); err == nil {
				names[name] = text
			}
		}
	}
	for _, text := range names {
		if passes(text, paths) {
			return true
		}
	}
	return false
}

func passes(text []byte, paths []string) bool {
	module, shut := false, false
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		programs := strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		switch key {
		case "module":
			module = slices.ContainsFunc(paths, func(p string) bool { return value == p || value == path.Base(p) })
		case "disable-in":
			shut = shut || slices.Contains(programs, "p11-kit-proxy")
		case "enable-in":
			shut = shut || !slices.Contains(programs, "p11-kit-proxy")
		}
	}
	return module && !shut
}
