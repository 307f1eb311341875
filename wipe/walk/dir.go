package walk

import "io"

// Close releases the directory.
func (d *Dir) Close() error { return wrap("closing", d.f.Close()) }

// Names returns at most n further names in the directory's own order, and io.EOF after the last.
func (d *Dir) Names(n int) ([]string, error) {
	names, err := d.f.Readdirnames(n)
	if err == io.EOF {
		return names, io.EOF
	}
	return names, wrap("reading a directory", err)
}

// Rewind makes Names start again.
func (d *Dir) Rewind() error {
	_, err := d.f.Seek(0, io.SeekStart)
	return wrap("rewinding a directory", err)
}
