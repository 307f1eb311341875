//go:build stick

package media

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
)

// TestErrand does one thing with real sticks. It is run on a virtual laptop, by the story of sticks in packaging/laptop.
func TestErrand(t *testing.T) {
	f, id := New("linux", Options{}), os.Getenv("MEDIUM")
	var answer struct {
		Media []Medium
		Error string
	}
	var err error
	switch errand := os.Getenv("ERRAND"); errand {
	case "list":
		answer.Media, err = f.List(t.Context())
	case "mount":
		var m Medium
		m, err = f.Mount(t.Context(), id)
		answer.Media = []Medium{m}
	case "release":
		err = f.Release(t.Context(), id)
	default:
		t.Fatalf("no errand is called %q", errand)
	}
	for name, e := range map[string]error{"busy": ErrBusy, "gone": ErrGone, "denied": ErrDenied, "no medium": ErrNoMedium, "no service": ErrNoService} {
		if errors.Is(err, e) {
			answer.Error = name
		}
	}
	if err != nil && answer.Error == "" {
		answer.Error = err.Error()
	}
	line, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("answer: %s\n", line)
}
