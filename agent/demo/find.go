package demo

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Find counts the files and folders below a planted home that bear the marker in their name or, in UTF-8 or UTF-16,
// in their content.
func Find(home, marker string) (int, error) {
	wide := wideBytes(marker)
	count := 0
	err := filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return nameless(err)
		}
		found := strings.Contains(d.Name(), marker)
		if !found && d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return nameless(err)
			}
			found = bytes.Contains(content, []byte(marker)) || bytes.Contains(content, wide)
		}
		if found {
			count++
		}
		return nil
	})
	return count, err
}

func wideBytes(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
