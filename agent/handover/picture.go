package handover

import (
	"bufio"
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
)

// ErrNoPicture says that no picture can be made of a file.
var ErrNoPicture = errors.New("no picture can be made of it")

const (
	// maxPixels and maxImage bound what one picture costs: an image of four bytes a pixel, and the file itself.
	maxPixels = 40_000_000
	maxImage  = 64 << 20
	maxEdge   = 1024
	// maxHead is how much of a file is read to find out how large its image is: photos carry much before that.
	maxHead = 1 << 20
)

// Picture returns a small picture of a JPEG, PNG or GIF file as a PNG, edge pixels wide and high at most and 1024 in any
// case. ErrNoPicture for everything else, for images of more than 40 million pixels, and for files that are too large.
// The file may be anything that a person was sent.
func Picture(r io.Reader, edge int) ([]byte, error) {
	edge = min(edge, maxEdge)
	if edge < 1 {
		return nil, ErrNoPicture
	}
	in := bufio.NewReader(io.LimitReader(r, maxImage))
	start, _ := in.Peek(8) // a shorter file is no image
	f := formatOf(start)
	if f.config == nil {
		return nil, ErrNoPicture
	}
	var head bytes.Buffer
	config, err := f.config(io.TeeReader(io.LimitReader(in, maxHead), &head))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > pixels(config, head.Bytes())/config.Height {
		return nil, ErrNoPicture
	}
	img, err := f.decode(io.MultiReader(&head, in))
	if err != nil || img.Bounds().Empty() {
		return nil, ErrNoPicture
	}
	var out bytes.Buffer
	if err := png.Encode(&out, scaled(img, edge)); err != nil {
		return nil, ErrNoPicture
	}
	return out.Bytes(), nil
}

// pixels is how many an image may have: fewer where the decoder needs more memory for each.
func pixels(c image.Config, head []byte) int {
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		return maxPixels / 2
	}
	if bytes.HasPrefix(head, []byte("\xff\xd8")) && bytes.Contains(head, []byte("\xff\xc2")) {
		return maxPixels / 4 // a progressive JPEG: all its coefficients are kept
	}
	return maxPixels
}

type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formatOf knows an image by its first bytes, whatever the file is called.
func formatOf(start []byte) format {
	switch {
	case bytes.HasPrefix(start, []byte("\xff\xd8\xff")):
		return format{jpeg.DecodeConfig, jpeg.Decode}
	case bytes.HasPrefix(start, []byte("\x89PNG\r\n\x1a\n")):
		return format{png.DecodeConfig, png.Decode}
	case bytes.HasPrefix(start, []byte("GIF8")):
		return format{gif.DecodeConfig, gif.Decode}
	}
	return format{}
}

// scaled makes an image fit, never larger than it is.
func scaled(img image.Image, edge int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if longest := max(w, h); longest > edge {
		w, h = max(w*edge/longest, 1), max(h*edge/longest, 1)
	}
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(to, to.Bounds(), img, b, draw.Src, nil)
	return to
}
