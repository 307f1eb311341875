package printjob

import "testing"

func TestControl(t *testing.T) {
	for name, want := range map[string]string{
		"c00012": "c00012", "d00012-001": "c00012", "d00012-002": "c00012", "c123456": "c123456", "d1": "c1",
		"": "", "c": "", "d-001": "", "cache": "", "tmp": "", "c00012.N": "", "x00012": "", "c 12": "", "../c00012": "", "c-": "", "d0001a-001": "",
	} {
		got, ok := Control(name)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, ok, want)
		}
	}
}

// message is a control file as the scheduler writes it: attributes with tag, length, name, length, value.
func message(attrs ...string) []byte {
	all := []byte{2, 0, 0, 9, 0, 0, 0, 1, 2}
	for i := 0; i < len(attrs); i += 2 {
		for j, s := range attrs[i : i+2] {
			if j == 0 {
				all = append(all, 0x42)
			}
			all = append(all, byte(len(s)>>8), byte(len(s)))
			all = append(all, s...)
		}
	}
	return append(all, 3)
}

// Another account's job is never taken for the account's, whatever its title says.
func TestBy(t *testing.T) {
	job := message("job-name", "letter", "job-originating-user-name", "public")
	for _, c := range []struct {
		name    string
		control []byte
		user    string
		want    bool
	}{
		{"its own", job, "public", true},
		{"another's", job, "other", false},
		{"a beginning of the name", job, "pub", false},
		{"a longer name", job, "publican", false},
		{"the name in the title", message("job-name", "public", "job-originating-user-name", "other"), "public", false},
		{"cut", job[:len(job)-4], "public", false},
		{"empty", nil, "public", false},
		{"no name", job, "", false},
	} {
		if got := By(c.control, c.user); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	// A title that imitates the attribute comes before it in the message.
	forged := "\x00\x19job-originating-user-name\x00\x06public"
	if By(message("job-name", forged, "job-originating-user-name", "other"), "public") {
		t.Error("a job of another account whose title imitates the attribute is taken for the account's")
	}
}
