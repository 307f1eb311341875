package browser

import (
	"path"
	"strings"
)

// iniLimit is the most that is read of profiles.ini, in bytes.
const iniLimit = 64 << 10

// named returns the profiles that profiles.ini names. The account can write that file: a relative path counts only when it
// stays below root, and any path only when a profile is there.
func (s *search) named(root string, ini []byte) []string {
	var profiles []string
	for _, p := range iniPaths(ini) {
		dir, ok := p.path, true
		if p.relative {
			dir, ok = inside(root, p.path)
		} else {
			dir, ok = s.belowHome(p.path)
		}
		if ok && s.isGeckoProfile(dir) {
			profiles = append(profiles, dir)
		}
	}
	return profiles
}

type iniPath struct {
	path     string
	relative bool
}

// iniPaths reads the Path and IsRelative keys of each section [ProfileN].
func iniPaths(ini []byte) []iniPath {
	var paths []iniPath
	inProfile := false
	current := iniPath{relative: true}
	flush := func() {
		if inProfile && current.path != "" {
			paths = append(paths, current)
		}
		current = iniPath{relative: true}
	}
	for line := range strings.Lines(string(ini)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			flush()
			inProfile = strings.HasPrefix(line, "[Profile")
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		switch key {
		case "Path":
			current.path = value
		case "IsRelative":
			current.relative = value != "0"
		}
	}
	flush()
	return paths
}

// inside joins rel to root if every component is an ordinary name.
func inside(root, rel string) (string, bool) {
	for part := range strings.SplitSeq(rel, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") {
			return "", false
		}
	}
	return path.Join(root, rel), true
}

// belowHome turns an absolute folder into one relative to the home.
func (s *search) belowHome(folder string) (string, bool) {
	home := s.home
	if s.goos == "windows" {
		folder, home = strings.ReplaceAll(folder, `\`, "/"), strings.ReplaceAll(home, `\`, "/")
		if len(folder) >= len(home) && strings.EqualFold(folder[:len(home)], home) {
			folder = home + folder[len(home):]
		}
	}
	rest, ok := strings.CutPrefix(folder, strings.TrimSuffix(home, "/")+"/")
	if !ok || home == "" {
		return "", false
	}
	return inside("", rest)
}

// cacheOf says where a browser with this data folder keeps its caches, "" when inside it.
func cacheOf(goos, root string) string {
	swap := func(from, to string) (string, bool) {
		head, tail, ok := strings.Cut("/"+root, "/"+from+"/")
		if !ok {
			return "", false
		}
		return strings.TrimPrefix(path.Join(head, to, tail), "/"), true
	}
	switch goos {
	case "darwin":
		cache, _ := swap("Library/Application Support", "Library/Caches")
		return cache
	case "windows":
		if cache, ok := swap("LocalCache/Roaming", "LocalCache/Local"); ok {
			return cache
		}
		cache, _ := swap("AppData/Roaming", "AppData/Local")
		return cache
	}
	parts := strings.Split(root, "/")
	skip, cache := 0, ".cache"
	switch {
	case parts[0] == "snap" && len(parts) > 3:
		skip = 3 // snap/NAME/REVISION
	case parts[0] == ".var" && len(parts) > 3:
		skip, cache = 3, "cache" // .var/app/ID
	}
	container, rest := path.Join(parts[:skip]...), parts[skip:]
	switch {
	case rest[0] == ".config" || rest[0] == "config" && cache == "cache" || rest[0] == "data" && cache == "cache":
		rest = rest[1:]
	case rest[0] == ".local" && len(rest) > 2:
		rest = rest[2:]
	default:
		rest = append([]string{strings.TrimPrefix(rest[0], ".")}, rest[1:]...)
	}
	return path.Join(container, cache, path.Join(rest...))
}

// Tokens gives the folders of what was found, absolute and in the notation of goos, keyed by the names of the catalogue's
// tokens: CHROMIUM_ROOT, CHROMIUM_PROFILE, CHROMIUM_CACHE, GECKO_ROOT, GECKO_PROFILE and GECKO_CACHE.
func Tokens(goos, home string, found []Found) map[string][]string {
	sep := "/"
	if goos == "windows" {
		sep = `\`
	}
	tokens := map[string][]string{}
	add := func(token, rel string) {
		if rel != "" {
			folder := strings.TrimSuffix(home, sep) + sep + strings.ReplaceAll(rel, "/", sep)
			tokens[token] = append(tokens[token], folder)
		}
	}
	for _, f := range found {
		prefix := strings.ToUpper(string(f.Family))
		add(prefix+"_ROOT", f.Root)
		add(prefix+"_CACHE", f.Cache)
		for _, p := range f.Profiles {
			add(prefix+"_PROFILE", p)
		}
	}
	return tokens
}
