package browser

// Package is the way in which a browser came to a laptop.
type Package string

// The packages.
const (
	Native   Package = "native"   // for everybody, by the system's or the vendor's installer
	Snap     Package = "snap"     //
	Flatpak  Package = "flatpak"  //
	PerUser  Package = "per_user" // by one account, for itself
	Portable Package = "portable" // unpacked somewhere; nobody installed it
)

// Format is how settings are written where a browser reads them.
type Format string

// The formats.
const (
	// JSONFolder is a folder of JSON files, each an object with settings; of two files that name the same setting the one
	// whose name sorts last counts.
	JSONFolder Format = "json_folder"
	// PoliciesJSON is one file with an object "policies".
	PoliciesJSON Format = "policies_json"
	// Plist is a property list of managed preferences.
	Plist Format = "plist"
	// RegistryKey is a key below HKEY_LOCAL_MACHINE.
	RegistryKey Format = "registry"
)

// Proof is how well it is known that a browser obeys what is written in a place.
type Proof string

// The proofs.
const (
	Measured   Proof = "measured"   // seen with the browser itself
	Documented Proof = "documented" // the vendor says so
	Unproven   Proof = "unproven"   // only others say so
)

// Place is where a browser reads the settings that nobody but an administrator can change.
type Place struct {
	Format Format
	// Path is an absolute folder or file, or the key below HKEY_LOCAL_MACHINE. "${DIR}" stands for the folder of the
	// installation and "${ARCH}" for the architecture by flatpak's name; FindInstalled puts both in.
	Path string
	// Instead is a file that counts only when Path does not exist; empty: none. What others wrote there must go on counting.
	Instead string
	Proof   Proof
	// URL is the page that says so.
	URL string
}

// Edition is one way to install a browser.
type Edition struct {
	OS      string
	Package Package
	Channel string // "stable", "beta", "dev", "nightly", "esr"
	// Programs are where its main program is: absolute, each component a path.Match pattern, slash-separated on every
	// system. On Windows and for PerUser they begin with a token: ${PROGRAMFILES}, ${PROGRAMFILES(X86)}, ${LOCALAPPDATA},
	// ${HOME}.
	Programs []string
	// Place is where it reads settings; a zero Format means that there is no way to govern it.
	Place Place
}

func registry(key string, proof Proof, url string) Place {
	return Place{Format: RegistryKey, Path: key, Proof: proof, URL: url}
}

func preferences(domain string, proof Proof, url string) Place {
	return Place{Format: Plist, Path: "/Library/Managed Preferences/" + domain + ".plist", Proof: proof, URL: url}
}

// flatpaks are the edition for everybody and the one that an account installs for itself. The system's links to the current
// version are followed; in a home none is, so that an older version that is still there is found too. A home's edition reads
// the same place as the system's, but nobody has seen it.
func flatpaks(app, channel, program string, place Place) []Edition {
	own := place
	if own.Format != "" {
		own.Proof = Unproven
	}
	return []Edition{
		{"linux", Flatpak, channel, []string{"/var/lib/flatpak/app/" + app + "/current/active/files/" + program}, place},
		{"linux", Flatpak, channel, []string{"${HOME}/.local/share/flatpak/app/" + app + "/*/*/*/files/" + program}, own},
	}
}

// onWindows are the edition for everybody, in a folder of programs, and the one that an account installs for itself.
func onWindows(channel, program string, place Place) []Edition {
	return []Edition{
		{"windows", Native, channel, []string{"${PROGRAMFILES}/" + program, "${PROGRAMFILES(X86)}/" + program}, place},
		{"windows", PerUser, channel, []string{"${LOCALAPPDATA}/" + program}, place},
	}
}

// onDarwin are the application for everybody and the one that an account copied for itself. Its program has the
// application's name unless another is given.
func onDarwin(channel, app, program string, place Place) []Edition {
	if program == "" {
		program = app
	}
	inside := "/Applications/" + app + ".app/Contents/MacOS/" + program
	return []Edition{
		{"darwin", Native, channel, []string{inside}, place},
		{"darwin", PerUser, channel, []string{"${HOME}" + inside}, place},
	}
}
