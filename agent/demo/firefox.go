package demo

import (
	"fmt"

	"ipguard/wipe"
)

// firefoxTime is 12 March 2026, 10:00 UTC, in microseconds since 1970.
const firefoxTime = int64(1773309600000000)

// firefox plants the session's state of a Firefox profile. Cookies and history lie in write-ahead logs, as after a kill.
func (p *planter) firefox(profile, cache string, person Person) {
	const class = wipe.ClassBrowser
	m, origin := person.Marker, "https://"+person.Site
	p.database(class, profile+"/cookies.sqlite", firefoxCookies(person), true)
	p.database(class, profile+"/places.sqlite", firefoxPlaces(person), true)
	p.database(class, profile+"/formhistory.sqlite", []row{
		stmt(`CREATE TABLE moz_formhistory (id INTEGER PRIMARY KEY, fieldname TEXT NOT NULL, value TEXT NOT NULL, timesUsed INTEGER,
			firstUsed INTEGER, lastUsed INTEGER, guid TEXT)`),
		stmt("INSERT INTO moz_formhistory VALUES (1, 'niss', ?, 1, ?, ?, 'f0')", person.Number+" "+m, firefoxTime, firefoxTime),
	}, false)
	site := profile + "/storage/default/https+++" + person.Site
	p.database(class, site+"/ls/data.sqlite", []row{
		stmt(`CREATE TABLE data (key TEXT PRIMARY KEY, utf16_length INTEGER NOT NULL, conversion_type INTEGER NOT NULL,
			compression_type INTEGER NOT NULL, last_access_time INTEGER NOT NULL DEFAULT 0, value BLOB NOT NULL)`),
		stmt("INSERT INTO data VALUES ('panier', ?, 1, 0, 0, ?)", len(m), []byte(m)),
	}, false)
	p.file(class, site+"/.metadata-v2", padded("https://"+person.Site))
	p.file(wipe.ClassCredentials, profile+"/logins.json", fmt.Appendf(nil,
		`{"nextId":2,"logins":[{"id":1,"hostname":%q,"formSubmitURL":%q,"usernameField":"user","encryptedUsername":"MDoEE%s","encryptedPassword":"MDoEE0"}],"version":3}`,
		origin, origin, m))
	p.file(class, profile+"/sessionstore-backups/recovery.jsonlz4", lz4(fmt.Sprintf(
		`{"windows":[{"tabs":[{"entries":[{"url":"%s/dossier?id=%s","title":"Dossier de %s"}],"formdata":{"id":{"niss":%q}}}]}]}`,
		origin, m, person.GivenName, person.Number)))
	p.file(wipe.ClassCache, cache+"/cache2/entries/1C0FFEE1C0FFEE1C0FFEE1C0FFEE1C0FFEE1C0FF", padded("a,~1,:"+origin+"/photo-"+m+".jpg"))
	p.file(wipe.ClassCache, cache+"/thumbnails/9d4e1e23bd5b727046a9e3b4b7db57bd.png", picture(m, origin))
}

func firefoxCookies(person Person) []row {
	return []row{
		stmt(`CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT NOT NULL DEFAULT '', name TEXT, value TEXT,
			host TEXT, path TEXT, expiry INTEGER, lastAccessed INTEGER, creationTime INTEGER, isSecure INTEGER, isHttpOnly INTEGER,
			inBrowserElement INTEGER DEFAULT 0, sameSite INTEGER DEFAULT 0)`),
		stmt("INSERT INTO moz_cookies VALUES (1, '', 'session', ?, ?, '/', 4102444800, ?, ?, 1, 1, 0, 1)",
			"jeton-"+person.Marker, person.Site, firefoxTime, firefoxTime),
	}
}

func firefoxPlaces(person Person) []row {
	page := "https://" + person.Site + "/rendez-vous?nom=" + person.FamilyName
	return []row{
		stmt(`CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, rev_host LONGVARCHAR,
			visit_count INTEGER DEFAULT 0, hidden INTEGER DEFAULT 0, typed INTEGER DEFAULT 0, frecency INTEGER DEFAULT -1,
			last_visit_date INTEGER, guid TEXT)`),
		stmt("CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER, visit_type INTEGER)"),
		stmt("CREATE TABLE moz_anno_attributes (id INTEGER PRIMARY KEY, name VARCHAR(32) UNIQUE NOT NULL)"),
		stmt("CREATE TABLE moz_annos (id INTEGER PRIMARY KEY, place_id INTEGER NOT NULL, anno_attribute_id INTEGER, content LONGVARCHAR)"),
		stmt("INSERT INTO moz_places VALUES (1, ?, ?, '', 2, 0, 1, 2000, ?, 'p0')", page, "Rendez-vous "+person.Marker, firefoxTime),
		stmt("INSERT INTO moz_historyvisits VALUES (1, 0, 1, ?, 1)", firefoxTime),
		stmt("INSERT INTO moz_anno_attributes VALUES (1, 'downloads/destinationFileURI')"),
		stmt("INSERT INTO moz_annos VALUES (1, 1, 1, ?)", "file:///attestation-"+person.Marker+".pdf"),
	}
}
