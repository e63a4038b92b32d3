package web

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
)

// robots keeps search engines from what is nobody's to find. Award pages are
// public: their holders decide.
const robots = "User-agent: *\nDisallow: /console\nDisallow: /claim\nDisallow: /set-up\nDisallow: /reset\nDisallow: /account\nDisallow: /register/\nDisallow: /addresses/\nDisallow: /sign-in/\n"

// robotsFile answers GET /robots.txt.
func (s *Server) robotsFile(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, "text/plain; charset=utf-8", "public, max-age=86400", []byte(robots))
}

// favicon answers GET /favicon.ico, for those who ask for it without having
// read a page.
func (s *Server) favicon(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, "image/x-icon", "public, max-age=86400", s.icon)
}

// markIcon draws the roundel mark of img/favicon.svg as an icon file that holds
// one PNG.
func markIcon() ([]byte, error) {
	const size, fine = 32, 4 // fine: samples along an edge of a pixel
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			hits := 0
			for i := range fine * fine {
				dx := (float64(x)+(float64(i%fine)+.5)/fine)*26/size - 13
				dy := (float64(y)+(float64(i/fine)+.5)/fine)*26/size - 13
				if d := math.Hypot(dx, dy); d < 4.8 || d > 9.5 && d < 12.5 {
					hits++
				}
			}
			img.SetNRGBA(x, y, color.NRGBA{R: 0x3f, G: 0x63, B: 0xdd, A: uint8(hits * 255 / (fine * fine))})
		}
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, img); err != nil {
		return nil, err
	}
	// ICONDIR and one ICONDIRENTRY: size, no palette, 1 plane, 32 bits, where.
	ico := []byte{0, 0, 1, 0, 1, 0, size, size, 0, 0, 1, 0, 32, 0}
	ico = binary.LittleEndian.AppendUint32(ico, uint32(picture.Len()))
	ico = binary.LittleEndian.AppendUint32(ico, uint32(len(ico)+4))
	return append(ico, picture.Bytes()...), nil
}
