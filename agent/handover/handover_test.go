package handover

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ipguard/wipe"
	"ipguard/wipe/baseline"
	"ipguard/wipe/catalog"
	"ipguard/wipe/locate"
	"ipguard/wipe/walk"
)

// home makes a home with these files; nothing in it belongs to the laptop.
func home(t *testing.T, files map[string]string) Session {
	t.Helper()
	dir := t.TempDir()
	for rel, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(rel))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	arts, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	match := catalog.NewClassifier(arts, "linux", locate.Home("linux", dir, nil), dir).Root()
	compare := func(ctx context.Context, d *walk.Dir, v baseline.Visitor) error {
		return baseline.Comparison{Root: d, Match: match}.Run(ctx, v)
	}
	return Session{Home: dir, Compare: compare, Bare: compare}
}

func TestIsDocument(t *testing.T) {
	for _, c := range []struct {
		rel   string
		class wipe.Class
		want  bool
	}{
		{"Documents/letter.odt", wipe.ClassDocuments, true},
		{"Documents/no extension", wipe.ClassDocuments, true},
		{"Documents/.hidden/letter.odt", wipe.ClassDocuments, true},
		{"Downloads/form.PDF", wipe.ClassDownloads, true},
		{"Downloads/form.pdf.part", wipe.ClassDownloads, false},
		{"Downloads/Unconfirmed 1234.crdownload", wipe.ClassDownloads, false},
		{"Downloads/x.PARTIAL", wipe.ClassDownloads, false},
		{"Downloads/x.tmp", wipe.ClassDownloads, false},
		{"Documents/.~lock.letter.odt#", wipe.ClassDocuments, false},
		{"Documents/~$letter.docx", wipe.ClassDocuments, false},
		{"Scans/page-1", wipe.ClassScan, true},
		{"Pictures/Screenshots/a.png", wipe.ClassCapture, true},
		{"letter.odt", wipe.ClassUnknown, true},
		{"deep/er/photo.JPEG", wipe.ClassMedia, true},
		{"Desktop/card.eid", wipe.ClassDesktop, true},
		{"Desktop/app.desktop", wipe.ClassDesktop, false},
		{"program.bin", wipe.ClassUnknown, false},
		{".config/app/notes.txt", wipe.ClassUnknown, false},
		{"x/.git/readme.txt", wipe.ClassUnknown, false},
		{".mozilla/x.pdf", wipe.ClassBrowser, false},
		{".local/share/Trash/files/letter.odt", wipe.ClassTrash, false},
	} {
		if got := isDocument(c.rel, "unknown", c.class); got != c.want {
			t.Errorf("%s (%s): %v, want %v", c.rel, c.class, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	s := home(t, map[string]string{
		"Documents/a/letter.odt": "abc", "Downloads/form.pdf": "de", "Downloads/half.pdf.part": "x", "Downloads/empty.pdf": "",
		".cache/x.pdf": "x", "notes.txt": "f", "Desktop/photo.jpg": "x", "Pictures/Screenshot 1.png": "x", "Documents/Scan.pdf": "x",
		".cache/evolution/tmp/evolution-1/bill.pdf": "pdf", ".cache/evolution/tmp/x.signature": "x",
		".cache/evolution/mail/x.pdf": "x", ".thunderbird/a/x.pdf": "x", ".cache/thumbnails/large/x.png": "x",
		".cache/simple-scan/autosaves/1.pixels": "x", ".cache/simple-scan/simple-scan.log": "x", ".config/simple-scan/state": "x",
		".config/libreoffice/4/user/backup/Untitled 1_0.odt": "text", ".config/libreoffice/4/user/temp/lu1.odt": "x",
		"Documents/.~lock.letter.odt#": "x", ".config/gscan2pdfrc": "x",
	})
	if err := os.Symlink("notes.txt", filepath.Join(s.Home, "Documents", "link.txt")); err != nil {
		t.Fatal(err)
	}
	docs, count, bytes, err := s.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(docs, func(a, b Document) int { return strings.Compare(a.Rel, b.Rel) })
	type row struct {
		Rel    string
		Class  wipe.Class
		Origin Origin
		Bytes  int64
	}
	var got []row
	for _, d := range docs {
		got = append(got, row{d.Rel, d.Class, d.Origin, d.Bytes})
		if d.Mark.Inode == 0 || d.Mark.Size != d.Bytes || time.Since(d.Modified) > time.Hour {
			t.Errorf("%s: mark %+v, modified %v", d.Rel, d.Mark, d.Modified)
		}
	}
	want := []row{
		{".cache/evolution/tmp/evolution-1/bill.pdf", wipe.ClassMail, OriginMail, 3},
		{".cache/simple-scan/autosaves/1.pixels", wipe.ClassScan, OriginRecovery, 1},
		{".config/libreoffice/4/user/backup/Untitled 1_0.odt", wipe.ClassOffice, OriginRecovery, 4},
		{"Desktop/photo.jpg", wipe.ClassDocuments, OriginDesktop, 1},
		{"Documents/Scan.pdf", wipe.ClassScan, OriginScan, 1},
		{"Documents/a/letter.odt", wipe.ClassDocuments, OriginDocuments, 3},
		{"Downloads/form.pdf", wipe.ClassDownloads, OriginDownload, 2},
		{"Pictures/Screenshot 1.png", wipe.ClassCapture, OriginCapture, 1},
		{"notes.txt", wipe.ClassUnknown, OriginElsewhere, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" || count != 9 || bytes != 17 {
		t.Errorf("%d documents, %d bytes, want 9 and 17\n%s", count, bytes, diff)
	}
}

// With a damaged baseline nobody can tell whose a letter among the documents is; a download is certainly the person's.
func TestListWithADamagedBaseline(t *testing.T) {
	s := home(t, map[string]string{"Documents/letter.odt": "a", "Downloads/form.pdf": "b", "notes.txt": "c"})
	s.Compare = func(context.Context, *walk.Dir, baseline.Visitor) error { return baseline.ErrCorrupt }
	docs, count, _, err := s.List(context.Background())
	if err != nil || count != 1 || docs[0].Rel != "Downloads/form.pdf" {
		t.Errorf("%v, %v; want the download alone", docs, err)
	}
}

func TestListOfAMissingHome(t *testing.T) {
	s := home(t, nil)
	s.Home += "-gone"
	if _, count, _, err := s.List(context.Background()); count != 0 || err != nil {
		t.Errorf("%d documents, %v; want none", count, err)
	}
}

// hold holds the session's documents and returns the batch's folder.
func hold(t *testing.T, s Session, h Holding, now time.Time, most time.Duration) (Kept, string) {
	t.Helper()
	b, err := h.NewBatch(now, most)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := s.Hold(context.Background(), b, func(int, int64) {})
	if err := errors.Join(err, b.Close()); err != nil {
		t.Fatal(err)
	}
	return kept, b.path
}

// index reads the index of a batch: the documents by name.
func index(t *testing.T, dir string) map[string]line {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, indexName))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]line{}
	for i, raw := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var l line
		if i == 0 {
			continue // the deadline
		}
		if err := json.Unmarshal([]byte(raw), &l); err != nil {
			t.Fatal(err)
		}
		all[string(l.Rel)] = l
	}
	return all
}

func TestHoldMovesAndCopies(t *testing.T) {
	odd := "Documents/\xff\n'\"\x1b[2J.odt"
	s := home(t, map[string]string{"Documents/one.odt": "one", "Documents/two.odt": "two", odd: "odd", "Documents/sub/x.odt": "sub"})
	other := filepath.Join(t.TempDir(), "other name")
	if err := os.Link(filepath.Join(s.Home, "Documents", "two.odt"), other); err != nil {
		t.Fatal(err)
	}
	h := Holding{Dir: filepath.Join(t.TempDir(), "held")}
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	kept, dir := hold(t, s, h, now, 30*time.Minute)
	if kept.Count != 4 || kept.Bytes != 12 || len(kept.Failed) != 0 {
		t.Errorf("kept %+v, want 4 documents of 12 bytes", kept)
	}
	docs := index(t, dir)
	for rel, want := range map[string]string{"Documents/one.odt": "one", "Documents/two.odt": "two", odd: "odd", "Documents/sub/x.odt": "sub"} {
		got, err := os.ReadFile(filepath.Join(dir, docs[rel].ID))
		if string(got) != want || err != nil {
			t.Errorf("%q is held as %q, %v; want %q", rel, got, err, want)
		}
	}
	// Whoever has the other name of a file could still write to it: only a copy is out of reach.
	if err := os.WriteFile(other, []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, docs["Documents/two.odt"].ID)); string(got) != "two" || err != nil {
		t.Errorf("a document with two names is held as %q, %v", got, err)
	}
	if _, err := os.Lstat(filepath.Join(s.Home, "Documents", "one.odt")); !os.IsNotExist(err) {
		t.Errorf("a held document with one name is still there: %v", err)
	}
	for _, path := range []string{h.Dir, dir} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the holding folder is open to others: %v, %v", info.Mode(), err)
		}
	}
	count, bytes, left, err := h.Waiting(now, 30*time.Minute)
	if count != 4 || bytes != 12 || left < 29*time.Minute || left > 30*time.Minute || err != nil {
		t.Errorf("waiting: %d documents, %d bytes, %v, %v", count, bytes, left, err)
	}
}

func TestHoldNothingLeavesNothing(t *testing.T) {
	h := Holding{Dir: filepath.Join(t.TempDir(), "held")}
	hold(t, home(t, map[string]string{"Downloads/x.part": "x"}), h, time.Now(), time.Minute)
	if left, err := os.ReadDir(h.Dir); len(left) > 0 || err != nil {
		t.Errorf("%d batches, %v; want none", len(left), err)
	}
}

func TestRefuseMarksEveryDocument(t *testing.T) {
	s := home(t, map[string]string{"Documents/a.odt": "a", "Documents/b.odt": "b", "x.bin": "x"})
	kept, err := s.Refuse(context.Background(), wipe.CodeNoSpace)
	if err != nil || len(kept.Failed) != 2 || kept.Count != 0 {
		t.Errorf("%+v, %v; want two that must stay", kept, err)
	}
	for _, code := range kept.Failed {
		if code != wipe.CodeNoSpace {
			t.Errorf("code %q, want no_space", code)
		}
	}
}

// A batch ends at its deadline, when the clock was put back behind its beginning, and when nobody can say when it ends.
func TestExpire(t *testing.T) {
	const most = 30 * time.Minute
	for _, c := range []struct {
		name  string
		after time.Duration
		harm  func(dir string) error
		gone  bool
	}{
		{"at once", 0, nil, false},
		{"just before", most - 2*time.Second, nil, false},
		{"at the deadline", most, nil, true},
		{"a day later", 24 * time.Hour, nil, true},
		{"clock a little back", -time.Minute, nil, true},
		{"clock a year back", -365 * 24 * time.Hour, nil, true},
		{"no index", 0, func(dir string) error { return os.Remove(filepath.Join(dir, indexName)) }, true},
		{"torn first line", 0, func(dir string) error { return os.Truncate(filepath.Join(dir, indexName), 5) }, true},
		{"empty index", 0, func(dir string) error { return os.Truncate(filepath.Join(dir, indexName), 0) }, true},
		{"torn last line", 0, func(dir string) error {
			file := filepath.Join(dir, indexName)
			info, err := os.Stat(file)
			return errors.Join(err, os.Truncate(file, info.Size()-5))
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Holding{Dir: filepath.Join(t.TempDir(), "held")}
			begin := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
			_, dir := hold(t, home(t, map[string]string{"Documents/a.odt": "a"}), h, begin, most)
			if c.harm != nil {
				if err := c.harm(dir); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := h.Expire(t.Context(), begin.Add(c.after), most); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(dir); os.IsNotExist(err) != c.gone {
				t.Errorf("after: %v, want it gone: %v", err, c.gone)
			}
		})
	}
}

func TestExpireWithoutAFolder(t *testing.T) {
	if n, err := (Holding{Dir: filepath.Join(t.TempDir(), "none")}).Expire(t.Context(), time.Now(), time.Minute); n != 0 || err != nil {
		t.Errorf("%d, %v; want nothing", n, err)
	}
}

// The artifacts that are known here by name are in the catalogue.
func TestArtifactsAreInTheCatalogue(t *testing.T) {
	arts, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []wipe.ArtifactID{attachments, officeCopies, scanCopies, scanProgram, naps2, gscan2pdf, desktopFolder} {
		if !slices.ContainsFunc(arts, func(a wipe.Artifact) bool { return a.ID == id }) {
			t.Errorf("%s is not in the catalogue", id)
		}
	}
}

func BenchmarkList(b *testing.B) {
	dir := b.TempDir()
	for i := range 10_000 {
		folder := filepath.Join(dir, "Documents", strconv.Itoa(i%100))
		if err := errors.Join(os.MkdirAll(folder, 0o755), os.WriteFile(filepath.Join(folder, strconv.Itoa(i)+".pdf"), []byte("x"), 0o644)); err != nil {
			b.Fatal(err)
		}
	}
	arts, err := catalog.Load()
	if err != nil {
		b.Fatal(err)
	}
	match := catalog.NewClassifier(arts, "linux", locate.Home("linux", dir, nil), dir).Root()
	s := Session{Home: dir, Compare: func(ctx context.Context, d *walk.Dir, v baseline.Visitor) error {
		return baseline.Comparison{Root: d, Match: match}.Run(ctx, v)
	}}
	for b.Loop() {
		if docs, count, _, err := s.List(b.Context()); len(docs) != 10_000 || count != 10_000 || err != nil {
			b.Fatal(len(docs), count, err)
		}
	}
}
