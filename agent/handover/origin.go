package handover

import "ipguard/wipe"

// Origin says where a document came from, as far as its place tells.
type Origin string

// The origins.
const (
	OriginDownload  Origin = "download"
	OriginScan      Origin = "scan"
	OriginDesktop   Origin = "desktop"
	OriginDocuments Origin = "documents"
	OriginMail      Origin = "mail"      // an attachment
	OriginRecovery  Origin = "recovery"  // a copy that an office or scanning program keeps in case it stops
	OriginCapture   Origin = "capture"   // of the screen or the camera
	OriginElsewhere Origin = "elsewhere" // anywhere else
)

// The artifacts of the catalogue in which a program, not a person, puts documents.
const (
	attachments  wipe.ArtifactID = "mail.attachments"
	officeCopies wipe.ArtifactID = "office.recovery"
	scanCopies   wipe.ArtifactID = "scan.recovery"
	// These are what scanning programs write beside pages.
	scanProgram wipe.ArtifactID = "scan.simple_scan"
	naps2       wipe.ArtifactID = "scan.naps2"
	gscan2pdf   wipe.ArtifactID = "scan.gscan2pdf"
	// desktopFolder is the folder whose files are seen on the desktop.
	desktopFolder wipe.ArtifactID = "folders.desktop"
)

func originOf(id wipe.ArtifactID, class wipe.Class) Origin {
	switch id {
	case attachments:
		return OriginMail
	case officeCopies, scanCopies:
		return OriginRecovery
	case desktopFolder:
		return OriginDesktop
	}
	switch class {
	case wipe.ClassDownloads:
		return OriginDownload
	case wipe.ClassScan:
		return OriginScan
	case wipe.ClassCapture:
		return OriginCapture
	case wipe.ClassDesktop:
		return OriginDesktop
	case wipe.ClassDocuments:
		return OriginDocuments
	}
	return OriginElsewhere
}
