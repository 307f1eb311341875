package browser

import (
	"path"
	"strings"
)

// applications finds copied and renamed applications on macOS by what their property list says.
func (f *finder) applications() {
	tops := []string{"/Applications"}
	for _, h := range f.sys.Homes {
		tops = append(tops, h, h+"/Applications", h+"/Desktop", h+"/Downloads", h+"/Documents")
	}
	for _, top := range tops {
		for _, e := range f.list(top) {
			name := path.Join(top, e.Name())
			if !e.IsDir() || path.Ext(name) == ".app" {
				f.application(name)
				continue
			}
			for _, e := range f.list(name) {
				if inner := path.Join(name, e.Name()); path.Ext(inner) == ".app" {
					f.application(inner)
				}
			}
		}
	}
}

// application adds the browser that an application is, if it is one.
func (f *finder) application(app string) bool {
	contents := path.Join(app, "Contents")
	resources := path.Join(contents, "Resources")
	if f.seen[resources] {
		return true
	}
	info := f.bundle(contents)
	program, ok := info["CFBundleExecutable"]
	if !ok || strings.Contains(program, "/") {
		return false
	}
	i := Installed{
		Browser: Unknown, Package: Portable, Dir: resources, Exe: path.Join(contents, "MacOS", program),
		Version: info["CFBundleShortVersionString"],
	}
	if a, ok := f.gecko(resources); ok && f.m.IsFile(path.Join(contents, "MacOS", "XUL")) {
		i.Family, i.Name, i.Version, i.Channel = Gecko, a.name, a.version, a.channel
		if d, ok := ByID(strings.ToLower(a.name)); ok {
			i.Browser, i.Name = d.ID, d.Name
			i.Place = f.place(nativePlace(d, "darwin"), i)
		}
		f.add(i)
		return true
	}
	d, e, ok := byDomain(info["CFBundleIdentifier"])
	if !ok {
		return false
	}
	i.Browser, i.Name, i.Family, i.Channel = d.ID, d.Name, d.Family, e.Channel
	i.Place = f.place(e.Place, i)
	f.add(i)
	return true
}

func nativePlace(d Descriptor, goos string) Place {
	for _, e := range d.Editions {
		if e.OS == goos && e.Package == Native {
			return e.Place
		}
	}
	return Place{}
}

// byDomain finds the Chromium browser whose settings have the name of this bundle. A bundle of another channel has a name
// that begins with it.
func byDomain(id string) (d Descriptor, e Edition, ok bool) {
	best := 0
	for _, candidate := range Descriptors() {
		for _, edition := range candidate.Editions {
			if edition.OS != "darwin" || edition.Place.Format != Plist || candidate.Family != Chromium || id == "" {
				continue
			}
			domain := strings.TrimSuffix(path.Base(edition.Place.Path), ".plist")
			if (id == domain || strings.HasPrefix(id, domain+".")) && len(domain) > best {
				d, e, ok, best = candidate, edition, true, len(domain)
			}
		}
	}
	return d, e, ok
}

// bundle reads texts of a property list in XML. The binary form is left unread: browsers ship the other one.
func (f *finder) bundle(contents string) map[string]string {
	text, values := string(f.read(path.Join(contents, "Info.plist"))), map[string]string{}
	for _, key := range []string{"CFBundleIdentifier", "CFBundleExecutable", "CFBundleShortVersionString"} {
		_, rest, ok := strings.Cut(text, "<key>"+key+"</key>")
		rest, found := strings.CutPrefix(strings.TrimSpace(rest), "<string>")
		value, _, closed := strings.Cut(rest, "</string>")
		if ok && found && closed {
			values[key] = word(value)
		}
	}
	return values
}
