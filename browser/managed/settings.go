package managed

import "ipguard/browser"

// Settings are what one browser is told, by the vendor's names.
type Settings struct {
	Browser string // ID of the descriptor
	Family  browser.Family
	// Values are of the types that JSON knows, with int for whole numbers: bool, int, string, []any, map[string]any.
	Values map[string]any
	// Private says that the vendor forces private windows with them; Decisive names the setting that does.
	Private  bool
	Decisive string
}

// Facts are what the settings depend on besides the policy.
type Facts struct {
	GOOS string
	// Major is the least major version among the browsers that read the same place; 0 when unknown.
	Major int
	// Downloads is the folder for downloads as the browser writes it, possibly with a variable of its own; empty: the
	// browser's default.
	Downloads string
	// Modules are the files of the policy's PKCS#11 modules that exist, by the module's name.
	Modules map[string]string
}
