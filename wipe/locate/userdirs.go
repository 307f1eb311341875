package locate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"ipguard/wipe"
)

// userDirsLimit is far above what the desktop writes (under 1 KiB), so that a planted file costs nothing.
const userDirsLimit = 64 << 10

// parseUserDirs reads the lines NAME="value" of user-dirs.dirs. The result is relative to the home, "" for "none"; the last
// good line of a name counts, as for the shell that reads this file elsewhere.
func parseUserDirs(home string, data []byte) map[wipe.Token]string {
	names := map[string]wipe.Token{
		"XDG_DESKTOP_DIR": Desktop, "XDG_DOCUMENTS_DIR": Documents, "XDG_DOWNLOAD_DIR": Downloads, "XDG_MUSIC_DIR": Music,
		"XDG_PICTURES_DIR": Pictures, "XDG_PUBLICSHARE_DIR": PublicShare, "XDG_TEMPLATES_DIR": Templates,
		"XDG_VIDEOS_DIR": Videos,
	}
	found := map[wipe.Token]string{}
	if len(data) > userDirsLimit {
		return found
	}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		token, known := names[name]
		if !ok || !known {
			continue
		}
		if rel, ok := userDir(home, value); ok {
			found[token] = rel
		}
	}
	return found
}

// userDir reads one quoted value and returns it relative to the home.
func userDir(home, quoted string) (rel string, ok bool) {
	value, ok := unquote(quoted)
	if !ok {
		return "", false
	}
	switch {
	case value == "$HOME":
		return "", true
	case strings.HasPrefix(value, "$HOME/"):
		rel = strings.TrimPrefix(value, "$HOME/")
	case value == home || value == home+"/":
		return "", true
	case strings.HasPrefix(value, home+"/") && home != "":
		rel = strings.TrimPrefix(value, home+"/")
	default:
		return "", false
	}
	rel = strings.TrimRight(rel, "/")
	if rel == "" {
		return "", true
	}
	if strings.ContainsRune(rel, '$') || strings.HasPrefix(rel, ".") {
		return "", false // a hidden folder is never a documents folder, but a good place to point a wipe at
	}
	for part := range strings.SplitSeq(rel, "/") {
		if part == "" || part == "." || part == ".." {
			return "", false
		}
	}
	return rel, true
}

// unquote takes the double quotes and backslashes of the shell away, and refuses everything that a shell would expand
// except a leading $HOME, which stays as it is.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' || !utf8.ValidString(s) {
		return "", false
	}
	var out strings.Builder
	escaped := false
	for i, r := range s[1 : len(s)-1] {
		switch {
		case unicode.IsControl(r):
			return "", false
		case escaped:
			if r == '$' {
				return "", false // a literal dollar sign would be read as a variable further on
			}
			escaped = false
			out.WriteRune(r)
		case r == '\\':
			escaped = true
		case r == '"' || r == '`' || (r == '$' && i != 0):
			return "", false
		default:
			out.WriteRune(r)
		}
	}
	return out.String(), !escaped
}
