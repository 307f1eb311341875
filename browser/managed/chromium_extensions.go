package managed

import (
	"slices"

	"ipguard/policy"
)

// Where browsers fetch the extensions that they are told to install.
const (
	chromeStore = "https://clients2.google.com/service/update2/crx"
	edgeStore   = "https://edge.microsoft.com/extensionwebstorebase/v1/crx"
)

// chromiumExtensions blocks every extension but those of the policy, and every program of the laptop that an extension could
// talk to but the card's. The card's extensions are installed by the browser itself, also after a wipe.
//
// Lists are used rather than ExtensionSettings: Edge passes over the whole of ExtensionSettings on a Windows that belongs to
// no organization, and over the list of what it should install, but obeys the other lists.
func chromiumExtensions(b policy.Browsers, id string) []setting {
	var allowed, forced []string
	for _, e := range allExtensions(b) {
		if name, _ := inStore(e, id); name != "" && !slices.Contains(allowed, name) {
			allowed = append(allowed, name)
		}
	}
	for _, e := range b.Card.Extensions {
		if name, store := inStore(e, id); name != "" {
			forced = append(forced, name+";"+store)
		}
	}
	rows := []setting{
		{name: "ExtensionInstallBlocklist", value: []any{"*"}},
		{name: "BlockExternalExtensions", value: true}, // those that programs of the laptop bring along
		{name: "NativeMessagingBlocklist", value: []any{"*"}},
		// The signing program may be installed for the account only.
		{name: "NativeMessagingUserLevelHosts", value: len(b.Card.Hosts) > 0},
	}
	rows = append(rows, when(len(allowed) > 0, setting{name: "ExtensionInstallAllowlist", value: list(allowed)})...)
	rows = append(rows, when(len(forced) > 0 && id != "opera", // Opera has a store of its own
		setting{name: "ExtensionInstallForcelist", value: list(forced)})...)
	return append(rows, when(len(b.Card.Hosts) > 0,
		setting{name: "NativeMessagingAllowlist", value: list(b.Card.Hosts)})...)
}

// inStore returns the ID of an extension for a browser and the store that it comes from. Edge takes Chrome's as well.
func inStore(e policy.Extension, id string) (name, store string) {
	if id == "edge" && e.Edge != "" {
		return e.Edge, edgeStore
	}
	return e.Chromium, chromeStore
}
