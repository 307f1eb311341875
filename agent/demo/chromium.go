package demo

import (
	"ipguard/wipe"
)

// chromium plants the session's state of a browser of the Chromium family below its user data folder. The place of the
// cookies, relative to the profile, differs between systems.
func (p *planter) chromium(root, cache, cookies string, person Person) {
	const class = wipe.ClassBrowser
	m, origin := person.Marker, "https://"+person.Site
	profile := root + "/Default/"
	p.database(class, profile+cookies, chromiumCookies(person), false)
	p.database(class, profile+"History", chromiumHistory(person), false)
	p.database(wipe.ClassCredentials, profile+"Login Data", chromiumLogins(person), false)
	p.database(wipe.ClassCredentials, profile+"Web Data", chromiumForms(person), false)
	p.database(class, root+"/segmentation_platform/ukm_db", []row{
		stmt("CREATE TABLE urls (url_id INTEGER PRIMARY KEY, url TEXT, title TEXT)"),
		stmt("INSERT INTO urls VALUES (1, ?, ?)", origin+"/dossier", "Dossier "+m),
	}, true)
	site := profile + "IndexedDB/https_" + person.Site + "_0.indexeddb.leveldb/"
	p.file(class, site+"000003.log", padded(string(wide("dossier "+m))))
	p.file(class, profile+"Local Storage/leveldb/000003.log", padded("_"+origin+"\x00\x01numero\x01"+person.Number+" "+m))
	p.file(class, profile+"Session Storage/000003.log", padded(string(wide("panier "+m))))
	p.file(class, profile+"Sessions/Session_13417783600000000", padded("SNSS"+origin+"/dossier?id="+m))
	p.file(class, profile+"Service Worker/CacheStorage/0d5a/index.txt", padded(origin+" "+m))
	p.file(class, profile+"Top Sites-journal", padded(origin))
	for _, name := range []string{"3f1c0a9e5b7d2468_0", "8b2e6d4f1a3c5079_0", "c4d5e6f708192a3b_0"} {
		p.file(wipe.ClassCache, cache+"/"+name, padded("1/0/_dk_"+origin+" "+origin+"/photo-"+m+".jpg"))
	}
}

func chromiumMeta(rows ...row) []row {
	return append([]row{
		stmt("CREATE TABLE meta (key LONGVARCHAR NOT NULL UNIQUE PRIMARY KEY, value LONGVARCHAR)"),
		stmt("INSERT INTO meta VALUES ('version', '24'), ('last_compatible_version', '24')"),
	}, rows...)
}

// chromiumTime is 12 March 2026, 10:00 UTC, in microseconds since 1601.
const chromiumTime = int64(13417783200000000)

func chromiumCookies(person Person) []row {
	return chromiumMeta(
		stmt(`CREATE TABLE cookies (creation_utc INTEGER NOT NULL, host_key TEXT NOT NULL, top_frame_site_key TEXT NOT NULL,
			name TEXT NOT NULL, value TEXT NOT NULL, encrypted_value BLOB NOT NULL, path TEXT NOT NULL, expires_utc INTEGER NOT NULL,
			is_secure INTEGER NOT NULL, is_httponly INTEGER NOT NULL, last_access_utc INTEGER NOT NULL, has_expires INTEGER NOT NULL,
			is_persistent INTEGER NOT NULL, priority INTEGER NOT NULL, samesite INTEGER NOT NULL, source_port INTEGER NOT NULL)`),
		stmt("INSERT INTO cookies VALUES (?, ?, '', 'session', '', ?, '/', ?, 1, 1, ?, 1, 1, 1, 1, 443)",
			chromiumTime, "."+person.Site, []byte("v10"+person.Marker), chromiumTime+86400e6, chromiumTime),
	)
}

func chromiumHistory(person Person) []row {
	page := "https://" + person.Site + "/dossier?nom=" + person.FamilyName
	return chromiumMeta(
		stmt(`CREATE TABLE urls (id INTEGER PRIMARY KEY AUTOINCREMENT, url LONGVARCHAR, title LONGVARCHAR, visit_count INTEGER,
			typed_count INTEGER, last_visit_time INTEGER NOT NULL, hidden INTEGER DEFAULT 0)`),
		stmt("CREATE TABLE visits (id INTEGER PRIMARY KEY AUTOINCREMENT, url INTEGER NOT NULL, visit_time INTEGER NOT NULL, from_visit INTEGER)"),
		stmt(`CREATE TABLE downloads (id INTEGER PRIMARY KEY, guid VARCHAR NOT NULL, current_path LONGVARCHAR NOT NULL,
			target_path LONGVARCHAR NOT NULL, start_time INTEGER NOT NULL, received_bytes INTEGER NOT NULL, total_bytes INTEGER NOT NULL,
			state INTEGER NOT NULL, tab_url VARCHAR NOT NULL)`),
		stmt("CREATE TABLE keyword_search_terms (keyword_id INTEGER NOT NULL, url_id INTEGER NOT NULL, term LONGVARCHAR, normalized_term LONGVARCHAR)"),
		stmt("INSERT INTO urls VALUES (1, ?, ?, 3, 1, ?, 0)", page, "Dossier de "+person.GivenName, chromiumTime),
		stmt("INSERT INTO visits VALUES (1, 1, ?, 0)", chromiumTime),
		stmt("INSERT INTO downloads VALUES (1, 'd0', ?, ?, ?, 200000, 200000, 1, ?)",
			"Relevé "+person.Marker+" (1).csv", "Relevé "+person.Marker+" (1).csv", chromiumTime, page),
		stmt("INSERT INTO keyword_search_terms VALUES (2, 1, ?, ?)", "aide loyer "+person.Marker, "aide loyer "+person.Marker),
	)
}

func chromiumLogins(person Person) []row {
	origin := "https://" + person.Site + "/"
	return chromiumMeta(
		stmt(`CREATE TABLE logins (origin_url VARCHAR NOT NULL, action_url VARCHAR, username_element VARCHAR, username_value VARCHAR,
			password_element VARCHAR, password_value BLOB, signon_realm VARCHAR NOT NULL, date_created INTEGER NOT NULL,
			blacklisted_by_user INTEGER NOT NULL, scheme INTEGER NOT NULL, times_used INTEGER, id INTEGER PRIMARY KEY AUTOINCREMENT)`),
		stmt("INSERT INTO logins VALUES (?, ?, 'user', ?, 'pass', ?, ?, ?, 0, 0, 2, 1)",
			origin, origin, person.Email, []byte("v10Tulipe-"+person.Marker), origin, chromiumTime),
	)
}

func chromiumForms(person Person) []row {
	return chromiumMeta(
		stmt(`CREATE TABLE autofill (name VARCHAR, value VARCHAR, value_lower VARCHAR, date_created INTEGER DEFAULT 0,
			date_last_used INTEGER DEFAULT 0, count INTEGER DEFAULT 1, PRIMARY KEY (name, value))`),
		stmt("CREATE TABLE credit_cards (guid VARCHAR PRIMARY KEY, name_on_card VARCHAR, expiration_year INTEGER, card_number_encrypted BLOB)"),
		stmt("INSERT INTO autofill VALUES ('niss', ?, ?, 1773309600, 1773309600, 1)", person.Number, person.Number),
		stmt("INSERT INTO autofill VALUES ('email', ?, ?, 1773309600, 1773309600, 2)", person.Email, person.Email),
		stmt("INSERT INTO credit_cards VALUES ('g0', ?, 2099, ?)", person.GivenName+" "+person.FamilyName, []byte("v10"+person.Marker)),
	)
}
