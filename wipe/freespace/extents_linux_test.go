package freespace

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What counts as overwritten decides what the result claims: a place too many would be a false claim.
func TestWithout(t *testing.T) {
	at := func(pairs ...int64) (list []extent) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, extent{physical: pairs[i], length: pairs[i+1]})
		}
		return list
	}
	for _, c := range []struct {
		name          string
		a, b, between []extent
	}{
		{"nothing taken away", at(0, 10, 20, 5), nil, at(0, 10, 20, 5)},
		{"all taken away", at(0, 10), at(0, 10), nil},
		{"more than all", at(5, 5), at(0, 100), nil},
		{"head", at(0, 10), at(0, 4), at(4, 6)},
		{"tail", at(0, 10), at(6, 10), at(0, 6)},
		{"middle", at(0, 10), at(3, 4), at(0, 3, 7, 3)},
		{"two holes", at(0, 10, 20, 10), at(2, 2, 8, 14), at(0, 2, 4, 4, 22, 8)},
		{"one over several", at(0, 2, 4, 2, 8, 2), at(1, 8), at(0, 1, 9, 1)},
		{"touching", at(10, 10), at(0, 10, 20, 5), at(10, 10)},
	} {
		got := without(c.a, c.b)
		for i := range got {
			got[i].offset = 0 // follows the place, compared below
		}
		if diff := cmp.Diff(c.between, got, cmp.AllowUnexported(extent{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	moved := extent{file: 1, offset: 100, physical: 1000, length: 50}.from(1010)
	if want := (extent{file: 1, offset: 110, physical: 1010, length: 40}); moved != want {
		t.Errorf("cut: %+v, want %+v", moved, want)
	}
}
