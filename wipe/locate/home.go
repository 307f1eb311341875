package locate

import (
	"strings"

	"ipguard/wipe"
)

// Tokens gives for each token its absolute folders, in the notation of the operating system; a token can have several.
type Tokens map[wipe.Token][]string

// Merge adds folders to a token, leaving out those that it has already.
func (t Tokens) Merge(token wipe.Token, folders ...string) {
	for _, folder := range folders {
		known := false
		for _, have := range t[token] {
			known = known || have == folder
		}
		if !known {
			t[token] = append(t[token], folder)
		}
	}
}

// Join puts a slash-separated relative path under a folder, in the notation of goos.
func Join(goos, folder, rel string) string {
	sep := "/"
	if goos == "windows" {
		sep = `\`
		rel = strings.ReplaceAll(rel, "/", `\`)
	}
	if rel == "" {
		return folder
	}
	return strings.TrimSuffix(folder, sep) + sep + rel
}

// Home gives the tokens of folders inside a home by the default layout of goos.
//
// On Linux userDirs is the content of user-dirs.dirs, or nil. The account can write that file, so a value counts only when
// it names a visible folder strictly below the home; anything else leaves the default name in place. A value that names
// the home itself means that there is no such folder.
func Home(goos, home string, userDirs []byte) Tokens {
	tokens := Tokens{HomeFolder: {home}}
	for token, rel := range layout(goos) {
		tokens[token] = []string{Join(goos, home, rel)}
	}
	if goos != "linux" {
		return tokens
	}
	for token, rel := range parseUserDirs(home, userDirs) {
		if rel == "" {
			delete(tokens, token)
			continue
		}
		tokens[token] = []string{Join(goos, home, rel)}
	}
	return tokens
}

func layout(goos string) map[wipe.Token]string {
	switch goos {
	case "windows":
		return map[wipe.Token]string{
			AppData: "AppData/Roaming", LocalAppData: "AppData/Local", LocalLow: "AppData/LocalLow",
			Desktop: "Desktop", Documents: "Documents", Downloads: "Downloads", Music: "Music", Pictures: "Pictures",
			Videos: "Videos",
		}
	case "darwin":
		return map[wipe.Token]string{
			Library: "Library", AppSupport: "Library/Application Support", LibCaches: "Library/Caches",
			Desktop: "Desktop", Documents: "Documents", Downloads: "Downloads", Music: "Music", Pictures: "Pictures",
			Videos: "Movies", PublicShare: "Public",
		}
	default:
		return map[wipe.Token]string{
			XDGConfig: ".config", XDGData: ".local/share", XDGCache: ".cache", XDGState: ".local/state",
			Desktop: "Desktop", Documents: "Documents", Downloads: "Downloads", Music: "Music", Pictures: "Pictures",
			Videos: "Videos", Templates: "Templates", PublicShare: "Public",
		}
	}
}
