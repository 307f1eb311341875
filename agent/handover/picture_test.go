package handover

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func encoded(t testing.TB, w, h int) map[string][]byte {
	t.Helper()
	rgba := image.NewRGBA(image.Rect(0, 0, w, h))
	var j, p, g bytes.Buffer
	if err := errors.Join(jpeg.Encode(&j, rgba, nil), png.Encode(&p, rgba), gif.Encode(&g, rgba, nil)); err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"jpeg": j.Bytes(), "png": p.Bytes(), "gif": g.Bytes()}
}

func TestPicture(t *testing.T) {
	for name, data := range encoded(t, 300, 100) {
		small, err := Picture(bytes.NewReader(data), 64)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c, err := png.DecodeConfig(bytes.NewReader(small))
		if err != nil || c.Width != 64 || c.Height != 21 {
			t.Errorf("%s: %dx%d, %v; want 64x21", name, c.Width, c.Height, err)
		}
		if _, err := Picture(bytes.NewReader(data[:len(data)/2]), 64); !errors.Is(err, ErrNoPicture) && name != "gif" {
			t.Errorf("half a %s: %v", name, err)
		}
	}
	huge := bytes.Clone(encoded(t, 1, 1)["png"])
	copy(huge[16:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // it says that it is 65535x65535
	for name, data := range map[string][]byte{"nothing": nil, "a text": []byte("a letter to the tax office"), "too many pixels": huge} {
		if _, err := Picture(bytes.NewReader(data), 64); !errors.Is(err, ErrNoPicture) {
			t.Errorf("%s: %v, want ErrNoPicture", name, err)
		}
	}
}

func FuzzPicture(f *testing.F) {
	for _, data := range encoded(f, 20, 10) {
		f.Add(data, 8)
	}
	f.Fuzz(func(t *testing.T, data []byte, edge int) {
		small, err := Picture(bytes.NewReader(data), edge)
		if err != nil && !errors.Is(err, ErrNoPicture) {
			t.Errorf("%v is not ErrNoPicture", err)
		}
		if c, e := png.DecodeConfig(bytes.NewReader(small)); err == nil && (e != nil || c.Width > edge || c.Height > edge) {
			t.Errorf("%dx%d, %v; want %d at most", c.Width, c.Height, e, edge)
		}
	})
}
