package handover

import (
	"context"
	"io"
	"path"
	"strings"
	"time"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/walk"
)

// maxDepth is how deep documents are looked for below a folder that the baseline does not have.
const maxDepth = 64

// Document is one document of the session.
type Document struct {
	Rel   string // below the home; for the caller's own terminal and the holding folder only
	Class wipe.Class
	Bytes int64
	// Origin is where it came from, as far as its place tells.
	Origin Origin
	// Mark tells this state of the file, so that it can be chosen without its name.
	Mark     Mark
	Modified time.Time
}

// Name is the document's own name, for people: any bytes.
func Name(d Document) string { return path.Base(d.Rel) }

// finder is the visitor that looks for documents.
type finder struct {
	// found is called while the directory that holds the document is open, so that it can be moved from there.
	found func(Found)
	mount uint64
	// personal leaves alone what could belong to a baseline.
	personal bool
}

// Extra implements baseline.Visitor.
func (f *finder) Extra(ctx context.Context, fr *baseline.Frame, name string, info walk.Info) {
	f.entry(ctx, fr.Dir, fr.Rel, name, info, fr.Match.Child(name), 0)
}

// Differs implements baseline.Visitor: a document of the laptop that the person filled in is their document too.
func (f *finder) Differs(_ context.Context, fr *baseline.Frame, e *baseline.Entry) {
	info, err := fr.Dir.Stat(e.Name)
	if err != nil || info.Type != walk.File || info.MTime == e.MTime && info.Size == e.Size {
		return
	}
	m := fr.Match.Child(e.Name)
	if doc, ok := document(path.Join(fr.Rel, e.Name), info, m); ok {
		f.found(Found{Dir: fr.Dir, Name: e.Name, Info: info, Match: m, Document: doc, Changed: true})
	}
}

// Missing implements baseline.Visitor.
func (f *finder) Missing(context.Context, *baseline.Frame, *baseline.Entry) {}

// Mounted implements baseline.Visitor.
func (f *finder) Mounted(*baseline.Frame, string) {}

// Leave implements baseline.Visitor.
func (f *finder) Leave(*baseline.Frame) {}

// Failed implements baseline.Visitor: what cannot be read cannot be offered; the second reading tells of it.
func (f *finder) Failed(*baseline.Frame, string, error) {}

func (f *finder) entry(ctx context.Context, d *walk.Dir, rel, name string, info walk.Info, m catalog.Match, depth int) {
	rel = path.Join(rel, name)
	switch {
	case info.Mount != f.mount || m.Kind() == wipe.KindKept:
	case info.Type == walk.File && f.personal && m.Enroll() != wipe.EnrollPersonal && m.Enroll() != wipe.EnrollRebuilt:
	case info.Type == walk.File && info.Size > 0:
		if doc, ok := document(rel, info, m); ok {
			f.found(Found{Dir: d, Name: name, Info: info, Match: m, Document: doc})
		}
	case info.Type == walk.Directory && depth < maxDepth:
		sub, err := d.Enter(name)
		if err != nil {
			return
		}
		defer sub.Close()
		f.below(ctx, sub, rel, m, depth+1)
	}
}

func (f *finder) below(ctx context.Context, d *walk.Dir, rel string, m catalog.Match, depth int) {
	for ctx.Err() == nil {
		names, err := d.Names(512)
		for _, name := range names {
			if info, err := d.Stat(name); err == nil {
				f.entry(ctx, d, rel, name, info, m.Child(name), depth)
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// document describes a file, if it is one.
func document(rel string, info walk.Info, m catalog.Match) (Document, bool) {
	id, class := m.Artifact()
	if !isDocument(rel, id, class) {
		return Document{}, false
	}
	return Document{
		Rel: rel, Class: class, Bytes: info.Size, Origin: originOf(id, class), Mark: MarkOf(info),
		Modified: time.Unix(0, info.MTime),
	}, true
}

// isDocument decides from the place and the name alone.
func isDocument(rel string, id wipe.ArtifactID, class wipe.Class) bool {
	name := path.Base(rel)
	ext := strings.ToLower(path.Ext(name))
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") || partial(ext) {
		return false
	}
	switch id {
	case attachments:
		return documentType(ext)
	case officeCopies, scanCopies:
		return true
	case scanProgram, naps2, gscan2pdf: // logs, settings, unfinished work
		return false
	}
	switch class {
	case wipe.ClassDocuments, wipe.ClassDownloads, wipe.ClassScan, wipe.ClassCapture:
		return true
	case wipe.ClassUnknown, wipe.ClassMedia, wipe.ClassDesktop, wipe.ClassPrint, wipe.ClassShared:
		return !hidden(rel) && documentType(ext)
	}
	return false
}

func hidden(rel string) bool { return strings.HasPrefix(rel, ".") || strings.Contains(rel, "/.") }

// partial reports whether an extension marks a file that is still being written or downloaded.
func partial(ext string) bool {
	switch ext {
	case ".part", ".partial", ".crdownload", ".download", ".tmp", ".lock":
		return true
	}
	return false
}

// documentType reports whether an extension is one that people exchange with offices, doctors and banks.
func documentType(ext string) bool {
	switch ext {
	case ".pdf", ".odt", ".ods", ".odp", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".rtf", ".txt", ".csv", ".xml",
		".jpg", ".jpeg", ".png", ".gif", ".tif", ".tiff", ".heic", ".webp", ".bmp", ".zip", ".7z", ".eml", ".msg",
		".p7m", ".p12", ".asice", ".eid", ".ics", ".vcf", ".mp3", ".m4a", ".mp4", ".mov":
		return true
	}
	return false
}
