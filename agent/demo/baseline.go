package demo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// plantedMark is the file by which PlantSession knows a home that PlantBaseline made, and never takes a real one.
const plantedMark = "ipguard-demo.txt"

// PlantBaseline makes a laptop's clean account in home, a folder that is empty or does not exist yet; anything else is
// refused with ErrNotEmpty. The shapes are those of goos "linux" (a French desktop) and "windows"; others are
// errors.ErrUnsupported. All times lie in the past, as those of an account that was set up long ago.
func PlantBaseline(home, goos string) error {
	p := &planter{home: home}
	if goos != "linux" && goos != "windows" {
		p.fail("planting a laptop", errors.ErrUnsupported)
		return p.err
	}
	p.fail("making the home", os.MkdirAll(home, 0o755))
	p.empty()
	p.archive("baseline_"+goos+".txt", Person{})
	if goos == "linux" {
		p.xdgLaptop()
	} else {
		p.windowsLaptop()
	}
	p.age(time.Date(2025, time.September, 1, 8, 0, 0, 0, time.UTC))
	return p.err
}

// empty refuses a home that is a link, or in which anything lies.
func (p *planter) empty() {
	if p.err != nil {
		return
	}
	info, err := os.Lstat(p.home)
	if err != nil || !info.IsDir() {
		p.err = ErrNotEmpty
		return
	}
	entries, err := os.ReadDir(p.home)
	p.fail("looking into the home", err)
	if len(entries) > 0 && p.err == nil {
		p.err = ErrNotEmpty
	}
}

func (p *planter) xdgLaptop() {
	for _, name := range []string{"Bureau", "Documents", "Images", "Modèles", "Musique", "Public", "Téléchargements", "Vidéos"} {
		p.dir(name)
	}
	p.file("", ".config/dconf/user", settingsDatabase())
	p.forms("Modèles/Lettres", ".txt")
	p.icons(".local/share/icons/permanence/48x48/apps")
	p.dir(".config/chromium/Default/Extensions")
	p.mode(0o700, ".config", ".config/chromium", ".config/mozilla", ".local/share", ".pki", ".pki/nssdb")
	p.mode(0o600, ".config/dconf/user", ".pki/nssdb/pkcs11.txt", ".config/chromium/Local State", ".config/chromium/Default/Preferences")
	p.mode(0o755, "Bureau/aide-en-ligne.desktop", ".local/bin/bonjour")
	p.mode(0o444, "Modèles/Lettres/lettre-001.txt")
}

func (p *planter) windowsLaptop() {
	for _, name := range []string{
		"Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos", "Favorites", "Links", "Saved Games",
		"AppData/LocalLow", "AppData/Local/Temp", "AppData/Roaming/Microsoft/Windows/Recent",
	} {
		p.dir(name)
	}
	p.forms("AppData/Roaming/Microsoft/Windows/Templates", ".txt")
	p.icons("AppData/Local/Permanence/icons")
}

// forms plants the house's letter templates.
func (p *planter) forms(dir, ext string) {
	for i := range 80 {
		text := fmt.Sprintf("Lettre type n° %d\n\nMadame, Monsieur,\n\n%s\n", i+1,
			bytes.Repeat([]byte("Par la présente, nous vous prions de bien vouloir compléter ce formulaire.\n"), 1+i%7))
		p.file("", fmt.Sprintf("%s/lettre-%03d%s", dir, i+1, ext), []byte(text))
	}
}

// icons plants the small files of which an account has hundreds.
func (p *planter) icons(dir string) {
	for i := range 120 {
		svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48"><rect x="%d" y="%d" width="9" height="9"/></svg>`, i%40, i/3)
		p.file("", fmt.Sprintf("%s/service-%03d.svg", dir, i+1), []byte(svg+"\n"))
	}
}

// settingsDatabase looks like the binary database of a desktop's settings: its signature, then a few keys.
func settingsDatabase() []byte {
	b := append([]byte("GVariant"), make([]byte, 16)...)
	binary.LittleEndian.PutUint32(b[16:], 24)
	return append(b, "/org/gnome/desktop/a11y/\x00/org/gnome/desktop/input-sources/\x00be\x00"...)
}

// age sets every time in the home to begin or a little later, children before the folders whose times they change.
func (p *planter) age(begin time.Time) {
	var paths []string
	if p.err != nil {
		return
	}
	p.fail("listing the home", filepath.WalkDir(p.home, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	for i, path := range slices.Backward(paths) {
		if p.err == nil {
			when := begin.Add(time.Duration(i) * time.Second)
			p.fail("setting times", os.Chtimes(path, when, when))
		}
	}
}
