package picture

import (
	"bytes"
	"image"

	"github.com/roundel/roundel/internal/fault"
)

// The media types of clean pictures.
const (
	MediaPNG = "image/png"
	MediaSVG = "image/svg+xml"
)

// Upload is a picture that somebody sent, made clean and square.
type Upload struct {
	Media string   // MediaPNG or MediaSVG
	Clean []byte   // what to keep and show
	Notes []string // whole sentences about what was changed
}

// Accept takes a picture that somebody uploads, told by its content and not
// its name: SVG becomes clean SVG; PNG and JPEG become PNG of at most 1024
// pixels. What is not square gets transparent margins. Refusals are Invalid
// faults with a sentence that says what to do.
func Accept(upload []byte) (media string, clean []byte, err error) {
	u, err := Inspect(upload)
	if err != nil {
		return "", nil, err
	}
	return u.Media, u.Clean, nil
}

// Inspect does as Accept and also tells what was changed.
func Inspect(upload []byte) (*Upload, error) {
	switch kind := sniff(upload); kind {
	case "SVG":
		return acceptSVG(upload)
	case "PNG", "JPEG":
		return acceptBitmap(upload, kind)
	case "":
		if len(upload) == 0 {
			return nil, fault.Invalidf("This file is empty. Upload a PNG, SVG or JPEG picture.")
		}
		return nil, fault.Invalidf("This file is not a picture we can read. Upload a PNG, SVG or JPEG picture.")
	default:
		return nil, fault.Invalidf("This is a %s file. Upload a PNG, SVG or JPEG picture.", kind)
	}
}

func acceptSVG(upload []byte) (*Upload, error) {
	root, s, err := cleanTree(upload)
	if err != nil {
		return nil, err
	}
	u := &Upload{Media: MediaSVG}
	if box, _ := viewBox(root); box.w != box.h {
		root.setAttr("viewBox", box.square().String())
		u.Notes = append(u.Notes, "The picture was not square; it got transparent margins.")
	}
	square := root.attrs[:0]
	for _, a := range root.attrs { // the page decides how large it is shown
		if a.name != "width" && a.name != "height" && a.name != "preserveAspectRatio" {
			square = append(square, a)
		}
	}
	root.attrs = square
	root.setAttr("role", "img")
	for _, what := range s.removed {
		u.Notes = append(u.Notes, "Left out for safety: "+what+".")
	}
	for _, what := range s.undrawn {
		u.Notes = append(u.Notes, "The PNG copy does not show "+what+".")
	}
	img, err := render(root, 128)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "This SVG is too complicated to draw. Simplify it or upload a PNG.")
	}
	if blank(img) {
		return nil, fault.Invalidf("Nothing of this SVG can be drawn: after cleaning it is empty. Turn words into paths and effects into plain shapes, or upload a PNG.")
	}
	u.Clean = root.serialise()
	return u, nil
}

func acceptBitmap(upload []byte, kind string) (*Upload, error) {
	img, err := decodeBitmap(upload, kind, 0)
	if err != nil {
		return nil, err
	}
	u := &Upload{Media: MediaPNG}
	if b := img.Bounds(); b.Dx() != b.Dy() {
		u.Notes = append(u.Notes, "The picture was not square; it got transparent margins.")
	}
	if b := img.Bounds(); max(b.Dx(), b.Dy()) > maxKept {
		u.Notes = append(u.Notes, "The picture was made smaller, to 1024 pixels.")
	}
	if u.Clean, err = encodePNG(squared(img)); err != nil {
		return nil, err
	}
	return u, nil
}

func blank(img *image.RGBA) bool {
	for i := 3; i < len(img.Pix); i += 4 {
		if img.Pix[i] > 0 {
			return false
		}
	}
	return true
}

// sniff names the kind of a file by its content; "" for unknown.
func sniff(b []byte) string {
	for _, m := range []struct{ magic, kind string }{
		{"\x89PNG\r\n\x1a\n", "PNG"}, {"\xff\xd8\xff", "JPEG"}, {"GIF8", "GIF"}, {"%PDF", "PDF"}, {"BM", "BMP"},
		{"\x1f\x8b", "compressed (for example SVGZ)"}, {"PK\x03\x04", "ZIP"}, {"II*\x00", "TIFF"}, {"MM\x00*", "TIFF"},
		{"%!PS", "PostScript"}, {"\x00\x00\x01\x00", "Windows icon"}, {"8BPS", "Photoshop"},
	} {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return m.kind
		}
	}
	switch {
	case len(b) > 12 && bytes.HasPrefix(b, []byte("RIFF")) && string(b[8:12]) == "WEBP":
		return "WebP"
	case len(b) > 12 && string(b[4:8]) == "ftyp":
		return "HEIC or AVIF"
	case bytes.HasPrefix(b, []byte("\xff\xfe<\x00")), bytes.HasPrefix(b, []byte("\xfe\xff\x00<")):
		return "SVG"
	}
	head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n"))
	switch {
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return "HTML"
	case bytes.HasPrefix(head, []byte("<")):
		return "SVG" // the reader says what else it is
	}
	return ""
}
