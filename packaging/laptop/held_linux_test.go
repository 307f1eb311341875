package laptop

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"ipguard/agent/state"
)

// gone looks at the disk itself, as a cut would leave it now: nothing of the session is there but its documents, which are
// set aside, whole; and nothing of those either when they are overdue. It returns the copy of the disk at which it looked.
func (s *story) gone(left traces, documents bool) string {
	s.Helper()
	image := s.Check()
	s.Logf("contents of the session other than documents are on the raw disk %d times", count(s, image, left.mark+"t"))
	mounted(s, image, func(dir string) {
		held := filepath.Join(own[1:], "accounts", account, "held")
		if found := residue(s, dir, left.mark, func(rel string) bool { return rel == held }); len(found) > 0 {
			s.Errorf("%d things of the session are still on the disk, among them %q", len(found), found[:min(5, len(found))])
		}
		if got := s.stateIn(filepath.Join(dir, own)); got != state.Clean {
			s.Errorf("on the disk the state is %q", got)
		}
		want := map[string][]byte{}
		if documents {
			want = left.documents()
		}
		s.holds(filepath.Join(dir, held), left.mark, want)
	})
	return image
}

// holds wants the holding folder to have exactly these documents of a session, whole, each under a name that says nothing
// and with its own name in the index.
func (s *story) holds(dir, mark string, want map[string][]byte) {
	s.Helper()
	got := map[string]bool{}
	for id, rel := range s.index(dir) {
		content, err := os.ReadFile(filepath.Join(dir, id))
		switch {
		case !strings.Contains(rel, mark):
		case os.IsNotExist(err): // it was written down, then not moved
		case err != nil:
			s.Error(err)
		case want[rel] == nil:
			s.Errorf("%s should not be held", rel)
		case string(content) != string(want[rel]):
			s.Errorf("%s is held with %d bytes of %d, or others", rel, len(content), len(want[rel]))
		default:
			got[rel] = true
		}
		if strings.Contains(id, mark) {
			s.Errorf("the name %s tells something", id)
		}
	}
	for rel := range want {
		if !got[rel] {
			s.Errorf("%s is lost", rel)
		}
	}
}

// index reads the indexes of all batches: the names of the documents, by the path below dir.
func (s *story) index(dir string) map[string]string {
	s.Helper()
	names := map[string]string{}
	indexes, err := filepath.Glob(filepath.Join(dir, "*", "index.jsonl"))
	if err != nil {
		s.Fatal(err)
	}
	for _, path := range indexes {
		text, err := os.ReadFile(path)
		if err != nil {
			s.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var entry struct {
				ID  string `json:"id"`
				Rel []byte `json:"rel"`
			}
			if json.Unmarshal([]byte(line), &entry) == nil && entry.ID != "" {
				names[filepath.Join(filepath.Base(filepath.Dir(path)), entry.ID)] = string(entry.Rel)
			}
		}
	}
	return names
}

// held counts what is in the holding folder of the running laptop.
func (s *story) held() int {
	s.Helper()
	out := s.Must("find " + own + "/accounts/" + account + "/held -type f ! -name index.jsonl 2>/dev/null | wc -l")
	n, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		s.Fatal(err)
	}
	return n
}
