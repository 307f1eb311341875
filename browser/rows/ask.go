package rows

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"runtime/debug"
	"strconv"

	"modernc.org/sqlite"
)

// maxRows is where counting stops: by then it is clear that windows were not private.
const maxRows = 1_000_000

// ask counts the rows of each table of a database that is in memory.
//
// The library is C made into Go, and what it reads may be made to hurt it. A fault of it is caught where it can be; its
// state in this process is not to be trusted after that, which is why the process is used for one request only.
func ask(ctx context.Context, image []byte, questions []question) (code Code) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			code = Broken
		}
	}()
	conn, err := new(sqlite.Driver).Open(":memory:")
	if err != nil {
		return Broken
	}
	defer conn.Close()
	c, ok := conn.(interface {
		driver.QueryerContext
		Deserialize([]byte) error
	})
	if !ok || c.Deserialize(image) != nil {
		return Broken
	}
	for _, q := range questions {
		n, err := number(ctx, c, q.table)
		switch {
		case ctx.Err() != nil:
			return Late
		case errors.Is(err, Layout):
			code = Layout
		case err != nil:
			return Broken
		default:
			*q.into = n
		}
	}
	return code
}

// number counts the rows of a table. The name is one of ours. A view, or a table that runs code to have rows, could take any
// time and do anything: only a table that has pages of its own is read. SQLite counts in the smallest index there is.
func number(ctx context.Context, c driver.QueryerContext, table string) (int, error) {
	const real = "SELECT count(*) FROM (SELECT 1 FROM sqlite_schema WHERE type='table' AND name=? AND rootpage>1 LIMIT 2)"
	n, err := first(ctx, c, real, driver.NamedValue{Ordinal: 1, Value: table})
	if err != nil {
		return 0, err
	}
	if n != 1 {
		return 0, Layout
	}
	n, err = first(ctx, c, "SELECT count(*) FROM (SELECT 1 FROM main."+table+" LIMIT "+strconv.Itoa(maxRows)+")")
	return int(n), err
}

// first returns the number that a query answers with.
func first(ctx context.Context, c driver.QueryerContext, query string, args ...driver.NamedValue) (n int64, err error) {
	rows, err := c.QueryContext(ctx, query, args)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	values := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(values); errors.Is(err, io.EOF) || len(values) != 1 {
		return 0, Broken
	} else if err != nil {
		return 0, err
	}
	n, ok := values[0].(int64)
	if !ok || n < 0 {
		return 0, Broken
	}
	return n, nil
}
