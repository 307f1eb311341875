package browsertest

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	_ "modernc.org/sqlite" // the driver
)

// Rows is how much one table of a browser's store holds.
type Rows struct {
	Store string // path
	Table string
	Count int
}

// kept names the tables that only an ordinary window writes to, by the name of their file. Chromium's table of addresses is
// none: Debian's puts the pages of its own bookmarks there, which nobody has visited.
func kept(file string) []string {
	switch file {
	case "History":
		return []string{"visits", "downloads"}
	case "Cookies":
		return []string{"cookies"}
	case "places.sqlite":
		return []string{"moz_historyvisits"}
	case "cookies.sqlite":
		return []string{"moz_cookies"}
	}
	return nil
}

// CountRows counts what every store of history and cookies below the folders holds, wherever a profile is, without
// reading it. The browsers must have ended. No store at all is an empty answer: whoever wants to prove that nothing was
// kept looks for at least one.
func CountRows(ctx context.Context, folders ...string) ([]Rows, error) {
	var out []Rows
	for _, folder := range outermost(folders) {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				if gone(err) {
					return nil
				}
				return fmt.Errorf("looking for stores: %w", err)
			}
			tables := kept(entry.Name())
			if !entry.Type().IsRegular() || tables == nil {
				return nil
			}
			counts, err := countIn(ctx, path, tables)
			out = append(out, counts...)
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// countIn counts in a copy: opening a store that a crash left would change it.
func countIn(ctx context.Context, path string, tables []string) ([]Rows, error) {
	dir, err := os.MkdirTemp("", "ipgt-rows-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for _, part := range []string{"", "-wal", "-journal"} {
		b, err := os.ReadFile(path + part)
		if part != "" && gone(err) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "store"+part), b, 0o600)
		}
		if err != nil {
			return nil, fmt.Errorf("copying a store: %w", err)
		}
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	there, err := tablesOf(ctx, db)
	if err != nil {
		return nil, err
	}
	var out []Rows
	for _, table := range tables {
		rows := Rows{Store: path, Table: table}
		if slices.Contains(there, table) { // a store that was only just made has none
			if err := db.QueryRowContext(ctx, "select count(*) from "+table).Scan(&rows.Count); err != nil {
				return nil, fmt.Errorf("counting rows: %w", err)
			}
		}
		out = append(out, rows)
	}
	return out, nil
}

func tablesOf(ctx context.Context, db *sql.DB) ([]string, error) {
	rows, err := db.QueryContext(ctx, "select name from sqlite_master where type = 'table'")
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("listing tables: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
