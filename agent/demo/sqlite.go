package demo

import (
	"database/sql"
	"errors"
	"os"
	"path"

	_ "modernc.org/sqlite" // the driver "sqlite", in Go, so that no C compiler is needed

	"ipguard/wipe"
)

// row is a statement with its values.
type row struct {
	sql  string
	args []any
}

// stmt makes a row.
func stmt(sql string, args ...any) row { return row{sql, args} }

// database plants a SQLite database made by the rows. With wal, what they wrote lies in the write-ahead log beside an
// almost empty database, as after a browser that was killed.
func (p *planter) database(class wipe.Class, rel string, rows []row, wal bool) {
	p.dir(path.Dir(rel))
	if p.err != nil {
		return
	}
	content, log, err := build(p.path(rel), rows, wal)
	if err != nil {
		p.fail("planting a database", err)
		return
	}
	p.file(class, rel, content)
	if wal {
		p.file(class, rel+"-wal", log)
	}
}

// build makes a database at the path, takes the bytes of it and of its log while it is open, and removes it again: closing
// would move the log's content into the database.
func build(place string, rows []row, wal bool) (content, log []byte, err error) {
	if _, err := os.Lstat(place); err == nil {
		return nil, nil, os.ErrExist
	}
	db, err := sql.Open("sqlite", place)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		err = errors.Join(err, db.Close())
		if e := os.Remove(place); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}()
	db.SetMaxOpenConns(1)
	first := []row{stmt("PRAGMA synchronous=OFF"), stmt("PRAGMA page_size=4096")}
	if wal {
		first = append(first, stmt("PRAGMA journal_mode=WAL"), stmt("PRAGMA wal_autocheckpoint=0"))
	}
	first = append(first, stmt("BEGIN"))
	for _, r := range append(append(first, rows...), stmt("COMMIT")) {
		if _, err := db.Exec(r.sql, r.args...); err != nil {
			return nil, nil, err
		}
	}
	if content, err = os.ReadFile(place); err != nil || !wal {
		return content, nil, err
	}
	log, err = os.ReadFile(place + "-wal")
	return content, log, err
}

// messages is the database of a messenger.
func messages(person Person) []row {
	return []row{
		stmt("CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, e164 TEXT)"),
		stmt("CREATE TABLE messages (id TEXT PRIMARY KEY, conversationId TEXT, sent_at INTEGER, body TEXT)"),
		stmt("INSERT INTO conversations VALUES ('c1', ?, ?)", "Tante de "+person.GivenName, person.Phone),
		stmt("INSERT INTO messages VALUES ('m1', 'c1', 1773310000000, ?)", "le code est "+person.Marker),
	}
}
