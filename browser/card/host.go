package card

import (
	"encoding/json"
	"path"
	"slices"
	"strings"

	"ipguard/browser"
)

// folders are where a browser looks for the manifests of programs that extensions talk to. In doubtful ones only others say
// that it does.
type folders struct {
	sure, doubtful []string
}

// manifests follows https://developer.chrome.com/docs/extensions/develop/concepts/native-messaging,
// https://learn.microsoft.com/microsoft-edge/extensions/developer-guide/native-messaging and
// https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests.
func (k check) manifests(b Browser) folders {
	var f folders
	linux := k.goos == "linux"
	if b.Family == browser.Gecko {
		if linux {
			f.sure = []string{"/usr/lib/mozilla/native-messaging-hosts", "/usr/lib64/mozilla/native-messaging-hosts",
				below(k.home, ".mozilla/native-messaging-hosts"), below(k.home, ".config/mozilla/native-messaging-hosts")}
			f.doubtful = []string{"/usr/share/mozilla/native-messaging-hosts"}
		} else {
			f.sure = []string{"/Library/Application Support/Mozilla/NativeMessagingHosts",
				below(k.home, "Library/Application Support/Mozilla/NativeMessagingHosts")}
		}
		if b.ID != "firefox" {
			f.doubtful, f.sure = append(f.sure, f.doubtful...), nil
			if linux {
				f.doubtful = append(f.doubtful, "/usr/lib/"+b.ID+"/native-messaging-hosts", below(k.home, "."+b.ID, "native-messaging-hosts"))
			}
		}
		return f
	}
	for _, data := range b.Data {
		f.sure = append(f.sure, below(data, "NativeMessagingHosts"))
	}
	own := map[string]string{
		"chromium": "/etc/chromium/native-messaging-hosts", "chrome": "/etc/opt/chrome/native-messaging-hosts",
		"edge": "/etc/opt/edge/native-messaging-hosts",
	}
	others := []string{"/etc/brave/native-messaging-hosts", "/etc/vivaldi/native-messaging-hosts"}
	if !linux {
		own = map[string]string{
			"chromium": "/Library/Application Support/Chromium/NativeMessagingHosts",
			"chrome":   "/Library/Google/Chrome/NativeMessagingHosts",
			"edge":     "/Library/Microsoft/Edge/NativeMessagingHosts",
		}
		others = nil
	}
	if dir, ok := own[b.ID]; ok {
		f.sure = append(f.sure, dir)
		return f
	}
	f.doubtful = append(others, own["chromium"], own["chrome"])
	return f
}

// host says whether an extension can talk to a program of the laptop.
func (k check) host(b Browser, name string) Item {
	if k.goos == "windows" {
		return Item{Host, name, Unknown, TryIt} // the registry says where the manifest is
	}
	if confined(b) && b.Family == browser.Chromium {
		return Item{Host, name, Unknown, UseInstalled}
	}
	f := k.manifests(b)
	hint := InstallBeIDConnect
	for i, dirs := range [][]string{f.sure, f.doubtful} {
		for _, dir := range dirs {
			text, err := k.files.Read(below(dir, name+".json"), maxText)
			if err != nil {
				continue
			}
			bad := k.judge(b, name, text)
			switch {
			case bad != "":
				hint = bad // another folder may have a better one
			case i == 1:
				return Item{Host, name, Unknown, TryIt}
			case confined(b):
				return Item{Host, name, Unknown, AllowPortal}
			default:
				return Item{Host, name, OK, ""}
			}
		}
	}
	return Item{Host, name, Missing, hint}
}

// judge says what is wrong with a manifest; empty: nothing.
func (k check) judge(b Browser, name string, text []byte) Hint {
	var m struct {
		Name       string   `json:"name"`
		Path       string   `json:"path"`
		Type       string   `json:"type"`
		Origins    []string `json:"allowed_origins"`
		Extensions []string `json:"allowed_extensions"`
	}
	if json.Unmarshal(text, &m) != nil || m.Name != name || m.Type != "stdio" || !path.IsAbs(m.Path) {
		return InstallBeIDConnect
	}
	info, err := k.files.Stat(m.Path)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return InstallBeIDConnect
	}
	for _, e := range k.card.Extensions {
		id := idOf(e, b)
		if id == "" {
			continue
		}
		allowed := slices.ContainsFunc(m.Origins, func(o string) bool {
			return strings.TrimSuffix(o, "/") == "chrome-extension://"+id
		})
		if b.Family == browser.Gecko {
			allowed = slices.Contains(m.Extensions, id)
		}
		if allowed {
			return "" // one is enough: not each extension talks to each program
		}
	}
	return AllowExtension
}
