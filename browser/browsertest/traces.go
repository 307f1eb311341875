package browsertest

// The traces that a visit leaves. Each is planted as the site's marker, a dash and this word, so that a leftover says
// where it came from.
const (
	TraceCookie       = "cookie"    // cookie set by a script: name and value
	TraceHTTPOnly     = "httponly"  // cookie that scripts cannot read: name and value
	TraceLocal        = "ls"        // localStorage
	TraceWide         = "wide"      // localStorage, in a text that does not fit into one byte a letter
	TraceSession      = "ss"        // sessionStorage
	TraceIndexedDB    = "idb"       // IndexedDB: name of the database and a value
	TraceOPFS         = "opfs"      // file in the origin private file system: name and content
	TraceCacheStorage = "cache"     // response that the page put into Cache Storage
	TraceWorker       = "sw"        // script of the service worker, and what it put into Cache Storage
	TraceHTTPCache    = "httpcache" // ordinary cached script
	TraceFavicon      = "favicon"   // address of the site's icon
	TraceHistory      = "history"   // address and title of a page
	TraceForm         = "form"      // typed into a form and sent
	TracePassword     = "password"  // login kept by the password manager
	TraceDownload     = "download"  // complete download: name and content
	TracePartial      = "partial"   // half-finished download: name and content
)

// Traces lists them all.
func Traces() []string {
	return []string{
		TraceCookie, TraceHTTPOnly, TraceLocal, TraceWide, TraceSession, TraceIndexedDB, TraceOPFS, TraceCacheStorage,
		TraceWorker, TraceHTTPCache, TraceFavicon, TraceHistory, TraceForm, TracePassword, TraceDownload, TracePartial,
	}
}

const (
	chromium = "chromium"
	firefox  = "firefox"
)

// stores says where each trace of a running browser must be seen by Find: a part of the path. A visit is over when all
// of them are, and the package's test asserts them again after the browser was closed.
//
// What cannot be seen there, as measured with Chromium 156 and Firefox ESR 153: in both, the typed password itself, and
// in Firefox the login's name (both encrypted; Firefox's row carries the marker in the name of the form's field). In
// Chromium, the values of cookies (encrypted; their names carry the marker) and Sessions_Encrypted. In Firefox,
// sessionStorage and most of the open tabs (sessionstore.jsonlz4 is compressed, and written late), and names of
// IndexedDB files (a mix of the database's letters; the content shows the marker). Compressed LevelDB tables and Snappy
// or LZ4 blocks show the first of several equal texts only, which is why a hit may have no trace.
func stores(browser string) map[string]string {
	if browser == chromium {
		return map[string]string{
			TraceCookie:       "/.config/chromium/Default/Cookies",
			TraceHTTPOnly:     "/.config/chromium/Default/Cookies",
			TraceLocal:        "/.config/chromium/Default/Local Storage/",
			TraceWide:         "/.config/chromium/Default/Local Storage/",
			TraceSession:      "/.config/chromium/Default/Session Storage/",
			TraceIndexedDB:    "/.config/chromium/Default/IndexedDB/",
			TraceOPFS:         "/.config/chromium/Default/File System/",
			TraceCacheStorage: "/.config/chromium/Default/Service Worker/CacheStorage/",
			TraceWorker:       "/.config/chromium/Default/Service Worker/ScriptCache/",
			TraceHTTPCache:    "/.cache/chromium/Default/Cache/",
			TraceFavicon:      "/.config/chromium/Default/Favicons",
			TraceHistory:      "/.config/chromium/Default/History",
			TraceForm:         "/.config/chromium/Default/Web Data",
			TracePassword:     "/.config/chromium/Default/Login Data",
			TraceDownload:     "-download-chromium.pdf",
			TracePartial:      ".crdownload", // removed when Chromium is closed
		}
	}
	return map[string]string{
		TraceCookie:       "/cookies.sqlite",
		TraceHTTPOnly:     "/cookies.sqlite",
		TraceLocal:        "/ls/data.sqlite",
		TraceWide:         "/ls/data.sqlite",
		TraceIndexedDB:    "/idb/",
		TraceOPFS:         "/fs/",
		TraceCacheStorage: "/cache/morgue/",
		TraceWorker:       "/cache/morgue/",
		TraceHTTPCache:    "/cache2/entries/",
		TraceFavicon:      "/favicons.sqlite",
		TraceHistory:      "/places.sqlite",
		TraceForm:         "/formhistory.sqlite",
		TracePassword:     "/logins.json",
		TraceDownload:     "-download-firefox.pdf",
		TracePartial:      ".part",
	}
}
