package web

import (
	"bytes"
	"fmt"
	"net/http"

	"rsc.io/qr"
)

// awardQR sends the award's address as a QR code, for paper: who holds the
// print can look the award up.
func (s *Server) awardQR(w http.ResponseWriter, r *http.Request) error {
	a, err := s.namedAward(r, r.PathValue("award"))
	if err != nil {
		return err
	}
	if !a.Published() {
		return errPrivate
	}
	code, err := qr.Encode(s.Issuing.URL(a), qr.M)
	if err != nil {
		return fmt.Errorf("QR code of award %s: %w", a.PublicID, err)
	}
	return send(w, r, "image/svg+xml", "no-cache", drawQR(code))
}

// drawQR draws a code with the quiet zone of four modules that readers need.
func drawQR(code *qr.Code) []byte {
	const quiet = 4
	var b bytes.Buffer
	size := code.Size + 2*quiet
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, size, size, size, size)
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := 0
			for x+run < code.Size && code.Black(x+run, y) {
				run++
			}
			if run > 0 {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, run, run)
				x += run
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.Bytes()
}
