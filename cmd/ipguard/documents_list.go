package main

import (
	"context"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"ipguard/agent/handover"
)

const (
	// idLetters is how long the id of a document is at least.
	idLetters = 4
	// pictureEdge is the longest side of a picture of a document, in pixels.
	pictureEdge = 160
	// maxPictures is how many documents a list shows pictures of.
	maxPictures = 200
)

// identified gives each document an id out of its mark: it stays the same from one list to the next, and a file that was
// changed or put in its place has another.
func identified(docs []handover.Document) []numberedDocument {
	full := make([]string, len(docs))
	for i, d := range docs {
		h := fnv.New64a()
		for _, n := range []uint64{d.Mark.Device, d.Mark.Inode, uint64(d.Mark.Size), uint64(d.Mark.MTime), uint64(d.Mark.CTime)} {
			h.Write(binary.BigEndian.AppendUint64(nil, n))
		}
		full[i] = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)))
	}
	length := idLetters
	for length < len(full) && !distinct(full, length) && length < 13 {
		length++
	}
	all := make([]numberedDocument, len(docs))
	for i, d := range docs {
		all[i] = numberedDocument{full[i][:length], d}
	}
	return all
}

func distinct(all []string, length int) bool {
	seen := make(map[string]bool, len(all))
	for _, s := range all {
		if seen[s[:length]] {
			return false
		}
		seen[s[:length]] = true
	}
	return true
}

type documentsJSON struct {
	Schema    string         `json:"schema"`
	Count     int            `json:"count"`
	Bytes     int64          `json:"bytes"`
	Documents []documentJSON `json:"documents"`
}

// documentJSON is one document, for the caller's own screen.
type documentJSON struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	Origin  string `json:"origin"`
	Picture string `json:"picture,omitempty"` // a PNG as a data URI
}

// list shows the documents of the session to who asks. Nothing of it is kept.
func (d *documentsRun) list(ctx context.Context, _ string) error {
	all, err := d.chosen(ctx)
	if err != nil && len(all) == 0 {
		return err
	}
	bytes := int64(0)
	for _, n := range all {
		bytes += n.Bytes
	}
	if !d.json {
		d.tellDocuments(all, bytes)
		return err
	}
	out := documentsJSON{Schema: "ipguard.documents/1", Count: len(all), Bytes: bytes, Documents: []documentJSON{}}
	for i, n := range all {
		row := documentJSON{ID: n.id, Name: handover.Name(n.Document), Bytes: n.Bytes, Origin: string(n.Origin)}
		if d.pictures && i < maxPictures && ctx.Err() == nil {
			row.Picture = d.picture(ctx, n.Document)
		}
		out.Documents = append(out.Documents, row)
	}
	d.line(out)
	return err
}

func (d *documentsRun) tellDocuments(all []numberedDocument, bytes int64) {
	if len(all) == 0 {
		d.printf("documents.none")
		return
	}
	d.printf("wipe.documents", len(all), d.size(bytes))
	for _, n := range all {
		fmt.Fprintf(d.out, "  %s  %-9s %-14s %s\n", n.id, d.size(n.Bytes), d.say.Text("origin."+string(n.Origin)), printable(handover.Name(n.Document)))
	}
}

// picture is a small picture of a document that is an image, made with the caller's rights; an administrator reads no
// account's images.
func (d *documentsRun) picture(ctx context.Context, doc handover.Document) string {
	if d.uid == 0 || !slices.Contains([]string{"image/jpeg", "image/png"}, typeOf(handover.Name(doc))) {
		return ""
	}
	f, err := d.agent.OpenDocument(ctx, d.acct, doc)
	if err != nil {
		return ""
	}
	defer f.Close()
	png, err := handover.Picture(f, pictureEdge)
	if err != nil {
		return ""
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}
