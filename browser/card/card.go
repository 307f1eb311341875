package card

import (
	"io/fs"
	"path"

	"ipguard/browser"
	"ipguard/policy"
)

// Files is what the check sees of the machine. Paths are absolute and slash-separated.
type Files interface {
	// Stat describes what is there, following links of the machine: modules and programs are often links.
	Stat(path string) (fs.FileInfo, error)
	// Read returns a regular file of at most limit bytes, without following a link in its last place.
	Read(path string, limit int64) ([]byte, error)
	// List returns the names in a folder, not more than limit.
	List(path string, limit int) ([]string, error)
}

// Browser is an installed browser and how it is set.
type Browser struct {
	ID      string // of the descriptor
	Family  browser.Family
	Package browser.Package
	// Data are the folders of the account where it keeps its data, absolute; those that do not exist may be among them.
	Data []string
	// Profiles are the profiles found in them, absolute.
	Profiles []string
	// Settings are those in force, by the vendor's names, with the types that JSON knows; nil when they are not known.
	Settings map[string]any
}

// What is one thing that a browser needs.
type What string

// The things.
const (
	Module       What = "module"         // the file of the PKCS#11 module
	ModuleLoaded What = "module_loaded"  // the browser knows the module
	Host         What = "host"           // the program that an extension talks to
	Extension    What = "extension"      // the extension is installed by the settings
	Service      What = "reader_service" // the service of the card reader
)

// State is how it stands with it.
type State string

// The states.
const (
	OK      State = "ok"
	Missing State = "missing"
	Unknown State = "unknown"
)

// Hint is what somebody can do.
type Hint string

// The hints. An item that is OK has none.
const (
	InstallMiddleware  Hint = "install_middleware"  // the card's software is not on the laptop
	InstallBeIDConnect Hint = "install_beidconnect" // the signing program is not on the laptop, or is broken
	StartReaders       Hint = "start_pcscd"         // the service of the card reader does not run
	SignInOnce         Hint = "sign_in_once"        // the account's database is made when it first uses the browser or the card's software
	AddModule          Hint = "add_module"          // the account's database is there without the module
	ApplySettings      Hint = "apply_settings"      // the browser is not set as the policy says
	AllowExtension     Hint = "allow_extension"     // the signing program does not answer to this extension
	UseInstalled       Hint = "use_native_browser"  // a confined package cannot reach what is on the laptop
	AllowPortal        Hint = "allow_portal"        // a confined package asks the person each time, or once
	TryIt              Hint = "try_it"              // nobody says whether it works
)

// Item is one thing and how it stands with it. Name is the policy's name of it: of a module, a host, an extension.
type Item struct {
	What  What   `json:"what"`
	Name  string `json:"name,omitempty"`
	State State  `json:"state"`
	Hint  Hint   `json:"hint,omitempty"`
}

// Readiness is what was found for one browser, in the order of the input.
type Readiness struct {
	Browser string `json:"browser"` // ID
	Items   []Item `json:"items"`
}

// State is the worst of the items: Missing, else Unknown, else OK.
func (r Readiness) State() State {
	worst := OK
	for _, i := range r.Items {
		if i.State == Missing {
			return Missing
		}
		if i.State == Unknown {
			worst = Unknown
		}
	}
	return worst
}

// Check looks at what the browsers of an account need for the cards of the policy. Home is the account's. Nothing is needed,
// and nothing found, when the policy has no card.
func Check(c policy.Card, goos, home string, files Files, browsers []Browser) []Readiness {
	k := check{card: c, goos: goos, home: home, files: files}
	if len(c.Modules) == 0 && len(c.Hosts) == 0 && len(c.Extensions) == 0 {
		return nil
	}
	service := k.service()
	var all []Readiness
	for _, b := range browsers {
		r := Readiness{Browser: b.ID}
		for _, m := range c.Modules {
			r.Items = append(r.Items, k.modules(b, m)...)
		}
		for _, e := range c.Extensions {
			if id := idOf(e, b); id != "" {
				r.Items = append(r.Items, k.extension(b, e.Name, id))
			}
		}
		for _, h := range c.Hosts {
			r.Items = append(r.Items, k.host(b, h))
		}
		all = append(all, Readiness{b.ID, append(r.Items, service)})
	}
	return all
}

type check struct {
	card       policy.Card
	goos, home string
	files      Files
}

func (k check) exists(file string) bool {
	_, err := k.files.Stat(file)
	return err == nil
}

// service looks for the socket of pcscd, which systemd makes also before the daemon runs. Windows and macOS bring a service
// of their own, about which no file tells.
func (k check) service() Item {
	if k.goos != "linux" {
		return Item{Service, "", Unknown, TryIt}
	}
	info, err := k.files.Stat("/run/pcscd/pcscd.comm")
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return Item{Service, "", Missing, StartReaders}
	}
	return Item{Service, "", OK, ""}
}

// idOf is the identity of an extension in a browser's store; empty when there is none.
func idOf(e policy.Extension, b Browser) string {
	switch {
	case b.Family == browser.Gecko:
		return e.Firefox
	case b.ID == "edge" && e.Edge != "":
		return e.Edge
	}
	return e.Chromium
}

// extension looks at the settings only: that it is allowed or brought by them. Whether the store gave it cannot be seen.
func (k check) extension(b Browser, name, id string) Item {
	if b.Settings == nil {
		return Item{Extension, name, Unknown, ApplySettings}
	}
	if list, ok := b.Settings["ExtensionInstallForcelist"].([]any); ok {
		for _, v := range list {
			if s, ok := v.(string); ok && (s == id || len(s) > len(id) && s[:len(id)+1] == id+";") {
				return Item{Extension, name, OK, ""}
			}
		}
	}
	if all, ok := b.Settings["ExtensionSettings"].(map[string]any); ok {
		if one, ok := all[id].(map[string]any); ok {
			switch one["installation_mode"] {
			case "force_installed", "normal_installed":
				return Item{Extension, name, OK, ""}
			case "allowed":
				return Item{Extension, name, Unknown, TryIt} // somebody has to install it
			}
		}
	}
	return Item{Extension, name, Missing, ApplySettings}
}

// below joins names to a folder, with slashes on every system.
func below(dir string, names ...string) string { return path.Join(append([]string{dir}, names...)...) }

// confined tells whether the browser sees only a part of the machine.
func confined(b Browser) bool { return b.Package == browser.Snap || b.Package == browser.Flatpak }
