package locate

import (
	"slices"

	"ipguard/wipe"
)

// The tokens of folders inside the home.
const (
	HomeFolder   wipe.Token = "HOME"
	XDGConfig    wipe.Token = "XDG_CONFIG"
	XDGData      wipe.Token = "XDG_DATA"
	XDGCache     wipe.Token = "XDG_CACHE"
	XDGState     wipe.Token = "XDG_STATE"
	Desktop      wipe.Token = "DESKTOP"
	Documents    wipe.Token = "DOCUMENTS"
	Downloads    wipe.Token = "DOWNLOADS"
	Music        wipe.Token = "MUSIC"
	Pictures     wipe.Token = "PICTURES"
	PublicShare  wipe.Token = "PUBLICSHARE"
	Templates    wipe.Token = "TEMPLATES"
	Videos       wipe.Token = "VIDEOS"
	AppData      wipe.Token = "APPDATA"
	LocalAppData wipe.Token = "LOCALAPPDATA"
	LocalLow     wipe.Token = "LOCALLOW"
	Library      wipe.Token = "LIBRARY"
	AppSupport   wipe.Token = "APP_SUPPORT"
	LibCaches    wipe.Token = "CACHES"

	// Found by package browser.
	ChromiumRoot    wipe.Token = "CHROMIUM_ROOT"
	ChromiumProfile wipe.Token = "CHROMIUM_PROFILE"
	ChromiumCache   wipe.Token = "CHROMIUM_CACHE"
	GeckoRoot       wipe.Token = "GECKO_ROOT"
	GeckoProfile    wipe.Token = "GECKO_PROFILE"
	GeckoCache      wipe.Token = "GECKO_CACHE"
)

// The tokens of folders outside the home.
const (
	AccountsService wipe.Token = "ACCOUNTS_SERVICE"
	AtJobs          wipe.Token = "AT_JOBS"
	AtSpool         wipe.Token = "AT_SPOOL"
	Coredump        wipe.Token = "COREDUMP"
	Crash           wipe.Token = "CRASH"
	Crontabs        wipe.Token = "CRONTABS"
	CupsPDF         wipe.Token = "CUPS_PDF"
	CupsSpool       wipe.Token = "CUPS_SPOOL"
	Linger          wipe.Token = "LINGER"
	MailSpool       wipe.Token = "MAIL_SPOOL"
	MQueue          wipe.Token = "MQUEUE"
	Netplan         wipe.Token = "NETPLAN"
	NMConnections   wipe.Token = "NM_CONNECTIONS"
	RecycleBin      wipe.Token = "RECYCLE_BIN"
	RunLock         wipe.Token = "RUN_LOCK"
	Runtime         wipe.Token = "RUNTIME"
	Screen          wipe.Token = "SCREEN"
	SHM             wipe.Token = "SHM"
	TMP             wipe.Token = "TMP"
	VarTMP          wipe.Token = "VAR_TMP"

	// Writable stands for further folders that all accounts can write to, as enrollment found them on this machine.
	Writable wipe.Token = "WRITABLE"
)

// Info says what is known about a token whatever the machine.
type Info struct {
	Token wipe.Token
	// Inside says that the folder lies in the home, or is the home.
	Inside bool
	// Live says that a location of kind live may name something in it although it lies outside the home: a running
	// desktop keeps sockets there.
	Live bool
	// OS lists the GOOS values on which the token has a meaning.
	OS []string
}

// Known is the closed list of tokens.
func Known() []Info {
	linux, windows, darwin := []string{"linux"}, []string{"windows"}, []string{"darwin"}
	unix, all := []string{"linux", "darwin"}, []string{"linux", "windows", "darwin"}
	list := make([]Info, 0, 64) // more than there are: it is asked for each location of the catalogue
	inside := func(os []string, tokens ...wipe.Token) {
		for _, t := range tokens {
			list = append(list, Info{Token: t, Inside: true, OS: os})
		}
	}
	outside := func(os []string, live bool, tokens ...wipe.Token) {
		for _, t := range tokens {
			list = append(list, Info{Token: t, Live: live, OS: os})
		}
	}
	inside(all, HomeFolder, Desktop, Documents, Downloads, Music, Pictures, PublicShare, Videos)
	inside(all, ChromiumRoot, ChromiumProfile, ChromiumCache, GeckoRoot, GeckoProfile, GeckoCache)
	inside(linux, XDGConfig, XDGData, XDGCache, XDGState, Templates)
	inside(windows, AppData, LocalAppData, LocalLow)
	inside(darwin, Library, AppSupport, LibCaches)
	outside(unix, true, TMP)
	outside(unix, false, VarTMP, Writable)
	outside(linux, true, Runtime, SHM)
	outside(linux, false, AccountsService, AtJobs, AtSpool, Coredump, Crash, Crontabs, CupsPDF, CupsSpool, Linger,
		MailSpool, MQueue, Netplan, NMConnections, RunLock, Screen)
	outside(windows, false, RecycleBin)
	return list
}

// Lookup returns what is known about a token; ok is false for a token that is not in the closed list.
func Lookup(t wipe.Token) (info Info, ok bool) {
	list := Known()
	i := slices.IndexFunc(list, func(k Info) bool { return k.Token == t })
	if i < 0 {
		return Info{}, false
	}
	return list[i], true
}
