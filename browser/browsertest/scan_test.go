package browsertest

import (
	"bytes"
	"slices"
	"testing"
	"testing/iotest"
)

// A marker must be seen wherever reads happen to cut it, or "none left" would be luck.
func TestScanSeesMarkersAcrossReads(t *testing.T) {
	const marker = "ipgt0123456789abcdef"
	for _, n := range needles(marker) {
		text := []byte(marker + "-download")
		if n.unit == 2 {
			text = wide(marker + "-download")
		}
		for before := range 700 {
			content := slices.Concat(bytes.Repeat([]byte{'i'}, before), text, bytes.Repeat([]byte{'p'}, 300))
			var got []string
			err := scan(iotest.HalfReader(bytes.NewReader(content)), make([]byte, 256), needles(marker),
				func(n needle, trace string) { got = append(got, n.encoding+" "+trace) })
			if err != nil {
				t.Fatal(err)
			}
			if want := []string{n.encoding + " " + TraceDownload}; !slices.Equal(got, want) {
				t.Fatalf("%s after %d bytes: got %v, want %v", n.encoding, before, got, want)
			}
		}
	}
}

func TestScanSeesMarkerAtTheEnd(t *testing.T) {
	const marker = "ipgt0123456789abcdef"
	for _, content := range [][]byte{[]byte("x" + marker), append([]byte{1}, wide(marker)...)} {
		count := 0
		err := scan(bytes.NewReader(content), make([]byte, 256), needles(marker), func(needle, string) { count++ })
		if err != nil || count != 1 {
			t.Errorf("got %d, %v, want 1 hit", count, err)
		}
	}
}
