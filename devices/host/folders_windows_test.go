package host

import (
	"os"
	"strings"
	"testing"
)

func TestKnownFoldersLieInTheProfile(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	folders := New("windows").KnownFolders()
	for _, name := range []string{"APPDATA", "LOCALAPPDATA", "DESKTOP", "DOCUMENTS", "DOWNLOADS", "PICTURES"} {
		if got := strings.ToLower(folders[name]); !strings.HasPrefix(got, strings.ToLower(home)+`\`) {
			t.Errorf("%s does not lie in the profile", name)
		}
	}
}
