package demo

import (
	"errors"
	"os"

	"ipguard/wipe"
)

// PlantSession adds the traces of one session by the person to a home that PlantBaseline made for the same goos. Every
// trace carries the person's marker. It fails with ErrNotPlanted in any other folder, with ErrPlanted where a session
// was planted before, and with ErrMarker when the marker cannot be part of names; in these cases nothing was written.
func PlantSession(home, goos string, person Person) (Summary, error) {
	p := &planter{home: home}
	switch info, err := os.Lstat(p.path(plantedMark)); {
	case !person.valid():
		return Summary{}, ErrMarker
	case goos != "linux" && goos != "windows":
		p.fail("planting a session", errors.ErrUnsupported)
		return Summary{}, p.err
	case err != nil || !info.Mode().IsRegular():
		return Summary{}, ErrNotPlanted
	}
	if goos == "linux" {
		p.xdgSession(person)
	} else {
		p.windowsSession(person)
	}
	return Summary{Traces: p.traces, Bytes: p.bytes}, p.err
}

// first plants the trace by which a second session is refused.
func (p *planter) first(class wipe.Class, rel string, content []byte) {
	if p.file(class, rel, content); errors.Is(p.err, os.ErrExist) {
		p.err = ErrPlanted
	}
}

func (p *planter) xdgSession(person Person) {
	m := person.Marker
	p.first(wipe.ClassDocuments, "Documents/CV.odt", odt("CV", person))
	p.archive("session_linux.txt", person)
	p.file(wipe.ClassDocuments, "Bureau/Demande "+m+".odt", odt("Demande", person))
	p.file(wipe.ClassScan, "Documents/Scan "+m+".pdf", pdf("scan", person))
	p.file(wipe.ClassDownloads, "Téléchargements/Avertissement-extrait de rôle.pdf", pdf("impôts", person))
	p.file(wipe.ClassDocuments, "Images/Carte "+person.FamilyName+".png", picture(m, "carte"))
	p.file(wipe.ClassCapture, "Images/Captures d’écran/Capture du 12 mars.png", picture(m, "capture"))
	p.file(wipe.ClassScan, ".cache/simple-scan/autosaves/page-"+m+".png", picture(m, "page"))
	for _, size := range []string{"normal", "large"} {
		p.file(wipe.ClassThumbnails, ".cache/thumbnails/"+size+"/5f2c8a7d0f0e4b6ea1c3d9b87e6f5a41.png",
			picture(m, "file:///home/permanence/Images/Carte "+person.FamilyName+".png"))
	}
	p.file(wipe.ClassThumbnails, ".cache/thumbnails/fail/gnome-thumbnail-factory/0a1b2c3d4e5f60718293a4b5c6d7e8f9.png", picture(m, "x"))
	p.file(wipe.ClassTrash, ".local/share/Trash/files/Fiche de paie "+m+".pdf", pdf("paie", person))
	p.file(wipe.ClassTrash, ".local/share/Trash/info/Fiche de paie "+m+".pdf.trashinfo",
		[]byte("[Trash Info]\nPath=T%C3%A9l%C3%A9chargements/Fiche%20de%20paie.pdf\nDeletionDate=2026-03-12T10:44:31\n"))
	p.file(wipe.ClassRecent, ".local/share/gvfs-metadata/home", padded("/Documents/CV.odt\x00metadata::evince::title\x00"+m))
	p.file(wipe.ClassRecent, ".local/share/gvfs-metadata/home-1a2b3c4d.log", padded("page\x003\x00"+m))
	p.changed(wipe.ClassSettings, ".config/dconf/user",
		append(settingsDatabase(), "/org/gnome/SimpleScan/save-directory\x00file:///media/"+m+"\x00"...))
	p.file(wipe.ClassTemporary, "tmp/lu41.tmp/CV "+m+".odt", odt("CV", person))
	p.link(wipe.ClassAutostart, ".config/systemd/user/default.target.wants/synchro-"+m+".service", "../synchro-"+m+".service")
	p.mode(0o755, ".local/share/."+m+"/agent")
	p.database(wipe.ClassMessaging, ".config/Signal/sql/db.sqlite", messages(person), false)
	p.chromium(".config/chromium", ".cache/chromium/Default/Cache/Cache_Data", "Cookies", person)
	p.firefox(".config/mozilla/firefox/p3rm4n3n.default-esr", ".cache/mozilla/firefox/p3rm4n3n.default-esr", person)
	p.mode(0o700, ".local/share/keyrings", ".local/share/Trash", ".ssh", ".cache/thumbnails")
	p.mode(0o600, ".local/share/keyrings/user.keystore", ".bash_history", ".local/share/recently-used.xbel")
}

func (p *planter) windowsSession(person Person) {
	m := person.Marker
	const explorer, menus = "AppData/Local/Microsoft/Windows/Explorer/", "AppData/Roaming/Microsoft/Windows/Recent/"
	p.first(wipe.ClassDocuments, "Documents/CV.odt", odt("CV", person))
	p.archive("session_windows.txt", person)
	p.file(wipe.ClassDocuments, "Desktop/Demande "+m+".odt", odt("Demande", person))
	p.file(wipe.ClassDownloads, "Downloads/Avertissement-extrait de rôle.pdf", pdf("impôts", person))
	p.file(wipe.ClassScan, "Pictures/Scans/Scan "+m+".pdf", pdf("scan", person))
	p.file(wipe.ClassScan, "Documents/Scanned Documents/Image "+m+".png", picture(m, "page"))
	p.file(wipe.ClassCapture, "Pictures/Screenshots/Capture d’écran (1).png", picture(m, "capture"))
	for _, size := range []string{"96", "256"} {
		p.file(wipe.ClassThumbnails, explorer+"thumbcache_"+size+".db", append([]byte("CMMM"), wide(m)...))
	}
	p.file(wipe.ClassRecent, menus+"CV "+m+".odt.lnk", padded("L\x00\x00\x00"+string(wide(`C:\Users\permanence\Documents\CV.odt `+m))))
	p.file(wipe.ClassRecent, menus+"AutomaticDestinations/5f7b5f1e01b83767.automaticDestinations-ms",
		append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), wide(m)...))
	p.file(wipe.ClassSettings, "AppData/Roaming/Microsoft/Windows/Themes/TranscodedWallpaper", picture(m, "fond"))
	// The bin of a volume lies at its root; a demonstration that touches nothing else has it at the root of its home.
	const bin = "$Recycle.Bin/S-1-5-21-1000000000-2000000000-3000000000-1001/"
	p.file(wipe.ClassTrash, bin+"$RQ2W4E6.pdf", pdf("paie", person))
	p.file(wipe.ClassTrash, bin+"$IQ2W4E6.pdf", append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, wide(`C:\Fiche de paie `+m+".pdf")...))
	p.file(wipe.ClassTemporary, "AppData/Local/Temp/lu41.tmp/CV "+m+".odt", odt("CV", person))
	p.database(wipe.ClassMessaging, "AppData/Roaming/Signal/sql/db.sqlite", messages(person), false)
	chrome := "AppData/Local/Google/Chrome/User Data"
	p.chromium(chrome, chrome+"/Default/Cache/Cache_Data", "Network/Cookies", person)
	const profile = "Mozilla/Firefox/Profiles/p3rm4n3n.default-esr"
	p.firefox("AppData/Roaming/"+profile, "AppData/Local/"+profile, person)
}
