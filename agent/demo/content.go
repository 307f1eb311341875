package demo

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"unicode/utf16"
)

// odt returns a text document that an office suite can open. Its parts are stored without compression, so that a search
// of the raw bytes finds the marker.
func odt(title string, person Person) []byte {
	parts := [][2]string{
		{"mimetype", "application/vnd.oasis.opendocument.text"},
		{"META-INF/manifest.xml", `<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">` +
			`<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>` +
			`<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>`},
		{"content.xml", fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"`+
			` xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body><office:text>`+
			`<text:p>%s</text:p><text:p>%s %s, %s</text:p><text:p>%s</text:p>`+
			`</office:text></office:body></office:document-content>`,
			title, person.GivenName, person.FamilyName, person.Number, person.Marker)},
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, part := range parts { // writing to memory cannot fail
		w, _ := z.CreateHeader(&zip.FileHeader{Name: part[0], Method: zip.Store})
		_, _ = w.Write([]byte(part[1]))
	}
	_ = z.Close()
	return b.Bytes()
}

// pdf returns a one-page document of some 200 kB, as scanners and counters send them.
func pdf(title string, person Person) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%%PDF-1.4\n%% %s\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"+
		"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>endobj\n4 0 obj<</Length 200000>>stream\n", title)
	line := fmt.Sprintf("%% %s %s %s %s\n", person.GivenName, person.FamilyName, person.Number, person.Marker)
	page := bytes.Repeat([]byte(line), 200000/len(line)+1)
	b.Write(page[:200000])
	b.WriteString("\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
	return b.Bytes()
}

// picture returns a real PNG whose text chunks carry the marker and the address of the file that it shows.
func picture(marker, uri string) []byte {
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = color.Gray{Y: uint8(i)}.Y
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // writing to memory cannot fail
	const header = 8 + 25   // signature and image header
	var out []byte
	out = append(out, b.Bytes()[:header]...)
	out = append(out, chunk("Thumb::URI\x00"+uri+"#"+marker)...)
	return append(out, b.Bytes()[header:]...)
}

// chunk frames a PNG text chunk.
func chunk(text string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(text)))
	body := []byte("tEXt" + text)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

// wide returns the text as Windows and Chromium's storages hold it: UTF-16, little end first.
func wide(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

// lz4 wraps a text as Firefox stores its session: a magic, the length, and one LZ4 block that holds literals only.
func lz4(text string) []byte {
	out := binary.LittleEndian.AppendUint32([]byte("mozLz40\x00"), uint32(len(text)))
	if len(text) < 15 {
		return append(append(out, byte(len(text)<<4)), text...)
	}
	out = append(out, 0xf0)
	rest := len(text) - 15
	for ; rest >= 255; rest -= 255 {
		out = append(out, 255)
	}
	return append(append(out, byte(rest)), text...)
}

// padded returns bytes that no text editor shows, with the text inside.
func padded(text string) []byte {
	return append(append(make([]byte, 24), text...), make([]byte, 1000)...)
}
