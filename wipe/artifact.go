package wipe

// ArtifactID names one kind of trace, as the catalogue spells it: "chromium.history".
type ArtifactID string

// Class groups artifacts for people: a report shows a line a class. The closed list is in Classes.
type Class string

// The classes. A file that no artifact describes is ClassUnknown.
const (
	ClassApplications Class = "applications"
	ClassAutostart    Class = "autostart"
	ClassBrowser      Class = "browser"
	ClassCache        Class = "cache"
	ClassCapture      Class = "capture"
	ClassCrash        Class = "crash"
	ClassCredentials  Class = "credentials"
	ClassDesktop      Class = "desktop"
	ClassDocuments    Class = "documents"
	ClassDownloads    Class = "downloads"
	ClassEditor       Class = "editor"
	ClassEID          Class = "eid"
	ClassKept         Class = "kept"
	ClassMail         Class = "mail"
	ClassMedia        Class = "media"
	ClassMessaging    Class = "messaging"
	ClassNetwork      Class = "network"
	ClassOffice       Class = "office"
	ClassPrint        Class = "print"
	ClassRecent       Class = "recent"
	ClassScan         Class = "scan"
	ClassSchedule     Class = "schedule"
	ClassSettings     Class = "settings"
	ClassShared       Class = "shared_folders"
	ClassShell        Class = "shell"
	ClassTemporary    Class = "temporary"
	ClassThumbnails   Class = "thumbnails"
	ClassTrash        Class = "trash"
	ClassUnknown      Class = "unknown"
)

// Classes lists every class, in the order in which reports show them.
func Classes() []Class {
	return []Class{
		ClassDocuments, ClassDownloads, ClassScan, ClassCapture, ClassBrowser, ClassCredentials, ClassEID, ClassMail,
		ClassMessaging, ClassOffice, ClassRecent, ClassThumbnails, ClassTrash, ClassPrint, ClassMedia, ClassEditor,
		ClassShell, ClassDesktop, ClassAutostart, ClassSchedule, ClassNetwork, ClassApplications, ClassTemporary,
		ClassShared, ClassCrash, ClassCache, ClassSettings, ClassKept, ClassUnknown,
	}
}

// Kind says how an artifact's location is treated.
type Kind string

// The kinds of location.
const (
	// KindHome only names what default deny removes inside the home: it gives class and enrollment rule.
	KindHome Kind = "home"
	// KindLive is KindHome for files without personal content that a living desktop holds open; they are skipped with
	// CodeLiveSession while it lives.
	KindLive Kind = "live"
	// KindVolatile is KindHome for what the desktop itself writes again right after a wipe: erased and counted, but never
	// a reason to say that the account is not clean.
	KindVolatile Kind = "volatile"
	// KindKept is KindHome for what a keep rule of the policy lets stay: counted in every report, never removed.
	KindKept Kind = "kept"
	// KindOwned is a folder outside the home in which everything that the account owns goes.
	KindOwned Kind = "owned"
	// KindMatched is a folder outside the home in which every entry that matches the pattern goes.
	KindMatched Kind = "matched"
	// KindBaselined is a folder outside the home in which the entries that match the pattern come back as enrolled.
	KindBaselined Kind = "baselined"
	// KindPrintJob is KindMatched for a CUPS spool: only job files of the account go.
	KindPrintJob Kind = "print_job"
)

// Enroll says what enrollment does with an artifact that it finds in the account.
type Enroll string

// The enrollment rules.
const (
	// EnrollKeep makes it part of the baseline. The default.
	EnrollKeep Enroll = "keep"
	// EnrollPersonal leaves it out of the baseline and lists it.
	EnrollPersonal Enroll = "personal"
	// EnrollRebuilt leaves it out silently: the application makes it again.
	EnrollRebuilt Enroll = "rebuilt"
	// EnrollMixed keeps it and says that it can hold traces besides settings.
	EnrollMixed Enroll = "mixed"
)

// Token is a known folder, without the sign and the braces: "DOWNLOADS" for ${DOWNLOADS}.
type Token string

// Location is one place where an artifact is found.
type Location struct {
	OS      []string // GOOS values
	Kind    Kind
	Base    Token
	Pattern string // slash-separated below Base; each component is a path.Match pattern; "" is Base itself
}

// Artifact is a kind of trace that the catalogue describes.
type Artifact struct {
	ID        ArtifactID
	Class     Class
	Doc       string
	URLs      []string
	Enroll    Enroll
	Locations []Location
}
