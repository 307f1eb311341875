package erasetest

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver, whose journals are real ones
)

// replacement is a file that another takes the place of in the session.
type replacement struct{ path, temporary string }

// churn replaces and deletes files as applications do, with a sync now and then so that the disk has seen them all.
func (p *planter) churn() error {
	deleted, err := p.transient()
	if err != nil {
		return err
	}
	if err := p.sync(); err != nil {
		return err
	}
	for i, r := range p.replaced {
		if err := p.replace(r, i); err != nil {
			return err
		}
		if i%50 == 25 {
			if err := p.sync(); err != nil {
				return err
			}
		}
	}
	for _, path := range deleted {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// transient writes the files that do not stay.
func (p *planter) transient() ([]string, error) {
	dir, err := p.folder("Default", "Cache")
	if err != nil {
		return nil, err
	}
	var paths []string
	for i := range p.plan.Deleted {
		path := filepath.Join(dir, "f_"+p.mark(OldName).String())
		if err := p.write(path, p.mark(Old), p.size(i)); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// replace writes the new content beside the old one and renames it; every tenth is synced, as careful applications do.
func (p *planter) replace(r replacement, i int) error {
	size := p.size(i)
	if err := p.live(r.path, r.temporary, size); err != nil {
		return err
	}
	if i%10 == 0 {
		f, err := os.Open(r.temporary)
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return os.Rename(r.temporary, r.path)
}

// databases writes the databases: each row is inserted with an Old marker, which is the database's, then updated to a Row
// marker of its own, and every fifth row is deleted. Their journals come and go with it.
func (p *planter) databases() error {
	dir, err := p.folder("Default")
	if err != nil {
		return err
	}
	for i := range p.plan.Databases {
		journal := "DELETE"
		if i%3 == 2 {
			journal = "WAL"
		}
		name := []string{"History-", "Cookies-", "Web Data-"}[i%3] + p.mark(Name).String()
		if err := p.database(filepath.Join(dir, name), journal); err != nil {
			return fmt.Errorf("writing a database: %w", err)
		}
	}
	return nil
}

func (p *planter) database(path, journal string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // a setting is a connection's
	first := Marker{Row, p.session.Seed, p.next[Row]}
	p.next[Row] += p.plan.Rows
	stem := first.String()[:markerLen-idDigits]
	for _, statement := range []string{
		"PRAGMA journal_mode=" + journal,
		"CREATE TABLE visits (id INTEGER PRIMARY KEY, url TEXT)",
		fmt.Sprintf("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<%d) "+
			"INSERT INTO visits SELECT x, '%s'||hex(randomblob(200)) FROM c", p.plan.Rows, p.mark(Old)),
		fmt.Sprintf("UPDATE visits SET url = printf('%s%%05x', id+%d)||substr(url, %d)", stem, first.ID-1, markerLen+1),
		"DELETE FROM visits WHERE id%5=0",
	} {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	return nil
}
