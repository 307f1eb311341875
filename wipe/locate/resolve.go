package locate

import (
	"slices"
	"strings"

	"ipguard/wipe"
)

// Resolve gives the folders of every location outside the home, in the order of the catalogue. A location whose token has
// no folder here, or whose variables the account has no value for, gives none: a name that cannot be told exactly must
// not become a pattern that matches more. Nor does an owned location with a pattern: it only gives a name to some of what
// the rule for the whole folder takes.
func Resolve(arts []wipe.Artifact, goos string, tokens Tokens, acct wipe.Account) []wipe.Folder {
	var folders []wipe.Folder
	for _, art := range arts {
		for _, loc := range art.Locations {
			info, ok := Lookup(loc.Base)
			if !ok || info.Inside || !slices.Contains(loc.OS, goos) {
				continue
			}
			if loc.Kind == wipe.KindOwned && loc.Pattern != "" {
				continue
			}
			pattern, ok := Expand(loc.Pattern, goos, acct)
			if !ok {
				continue
			}
			below, last := "", pattern
			if i := strings.LastIndexByte(pattern, '/'); i >= 0 {
				below, last = pattern[:i], pattern[i+1:]
			}
			for _, folder := range tokens[loc.Base] {
				folders = append(folders, wipe.Folder{
					Artifact: art.ID, Class: art.Class, Kind: loc.Kind, Dir: Join(goos, folder, below), Pattern: last,
				})
			}
		}
	}
	return folders
}

// Variables are all that a pattern may hold besides path.Match.
const (
	varAccount = "${ACCOUNT}"
	varUID     = "${UID}"
)

// HasVariable says that a pattern needs an account to be complete.
func HasVariable(pattern string) bool {
	return strings.Contains(pattern, varAccount) || strings.Contains(pattern, varUID)
}

// Expand puts the account's name and number into a pattern, so that they match only themselves. It is false when the
// pattern needs a value that the account lacks or that could not be one component of a path.
func Expand(pattern, goos string, acct wipe.Account) (string, bool) {
	if strings.Contains(pattern, varUID) {
		id, ok := accountID(goos, acct)
		if !ok {
			return "", false
		}
		pattern = strings.ReplaceAll(pattern, varUID, escape(id))
	}
	if strings.Contains(pattern, varAccount) {
		name := acct.Name
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") || strings.Contains(name, "${") {
			return "", false
		}
		pattern = strings.ReplaceAll(pattern, varAccount, escape(name))
	}
	return pattern, true
}

// escape makes path.Match take a value literally.
func escape(value string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(value)
}
