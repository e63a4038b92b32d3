package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg" // uploads and embedded pictures may be JPEG
	"image/png"

	"golang.org/x/image/draw"

	"github.com/roundel/roundel/internal/fault"
)

// The limits of an uploaded PNG or JPEG.
const (
	maxBitmapBytes = 5 << 20
	maxBitmapSide  = 4096
	minBitmapSide  = 16
)

// The sizes that badge pictures are rasterised at, in pixels.
const (
	SizePage  = 512
	SizeLarge = 1024
)

// RasterizeSVG draws an SVG that Compose made or SanitizeSVG cleaned as a
// square PNG with transparent margins. Size is the side in pixels, between 16
// and 2048. It cleans the SVG once more, so it is safe with any input; it
// returns an Invalid fault for a picture that would take too long to draw.
func RasterizeSVG(svg []byte, size int) ([]byte, error) {
	if size < 16 || size > 2048 {
		return nil, fault.Invalidf("A picture can be drawn between 16 and 2048 pixels, not %d.", size)
	}
	root, _, err := cleanTree(svg)
	if err != nil {
		return nil, err
	}
	img, err := render(root, size)
	if errors.Is(err, errTooMuchWork) {
		return nil, fault.Wrap(fault.Invalid, err, "This SVG is too complicated to draw. Simplify it or upload a PNG.")
	}
	if err != nil {
		return nil, err
	}
	return encodePNG(img)
}

// NormalizePNG decodes a PNG within limits and encodes it again, which drops
// everything but the still picture: texts, profiles, animation, trailing bytes.
// MaxPixels bounds width times height; 0 means 4096 by 4096.
func NormalizePNG(file []byte, maxPixels int) ([]byte, error) {
	if !bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")) {
		return nil, fault.Invalidf("This file is not a PNG picture.")
	}
	img, err := decodeBitmap(file, "PNG", maxPixels)
	if err != nil {
		return nil, err
	}
	return encodePNG(img)
}

// decodeBitmap reads the size before it decodes.
func decodeBitmap(file []byte, kind string, maxPixels int) (image.Image, error) {
	if len(file) > maxBitmapBytes {
		return nil, fault.Invalidf("This picture is larger than 5 MB. Save it smaller; 1024 by 1024 pixels are plenty.")
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This "+kind+" picture is damaged. Save it again and upload it once more.")
	}
	if maxPixels <= 0 || maxPixels > maxBitmapSide*maxBitmapSide {
		maxPixels = maxBitmapSide * maxBitmapSide
	}
	switch cfg.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		maxPixels /= 2 // twice the memory
	}
	if cfg.Width > maxBitmapSide || cfg.Height > maxBitmapSide || cfg.Width*cfg.Height > maxPixels {
		return nil, fault.Invalidf("This picture is %d by %d pixels, more than can be taken. Save it smaller; 1024 by 1024 pixels are plenty.", cfg.Width, cfg.Height)
	}
	if cfg.Width < minBitmapSide || cfg.Height < minBitmapSide {
		return nil, fault.Invalidf("This picture is only %d by %d pixels. Upload one of at least 256 by 256.", cfg.Width, cfg.Height)
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This "+kind+" picture is damaged. Save it again and upload it once more.")
	}
	return img, nil
}

func encodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil { // the best compression takes ten times as long for 3 %
		return nil, err
	}
	return b.Bytes(), nil
}

// maxKept is the side in pixels above which uploads are made smaller.
const maxKept = 1024

// squared returns img in the middle of a transparent square of at most maxKept
// pixels.
func squared(img image.Image) image.Image {
	b := img.Bounds()
	side := max(b.Dx(), b.Dy())
	if b.Dx() == b.Dy() && side <= maxKept {
		return img
	}
	k := 1.0
	if side > maxKept {
		k = float64(maxKept) / float64(side)
		side = maxKept
	}
	w, h := max(1, int(float64(b.Dx())*k+0.5)), max(1, int(float64(b.Dy())*k+0.5))
	x, y := (side-w)/2, (side-h)/2
	dst := image.NewNRGBA(image.Rect(0, 0, side, side))
	draw.CatmullRom.Scale(dst, image.Rect(x, y, x+w, y+h), img, b, draw.Src, nil)
	return dst
}
