package web

import (
	"fmt"
	"net/http"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
)

var (
	errNoAward = fault.NotFoundf("There is no such award.")
	// errPrivate is what everybody but the holder gets until the award is published.
	errPrivate = fault.Forbiddenf("This award is kept private by its holder.")
)

// mediaCredential is the media type of a signed credential (Open Badges 3.0,
// section on file formats).
const mediaCredential = "application/vc+ld+json"

// namedAward returns the award that the address names, whether it may be shown
// or not.
func (s *Server) namedAward(r *http.Request, text string) (*issuing.Award, error) {
	id, err := publicid.Parse(text)
	if err != nil {
		return nil, errNoAward
	}
	return s.Issuing.PublicAward(r.Context(), id)
}

// sendAward sends an award as a file: the signed document as it is, or baked
// into its picture. Who may have it is the caller's to decide.
func (s *Server) sendAward(w http.ResponseWriter, r *http.Request, a *issuing.Award, f form) error {
	cache := "private, no-cache" // the holder may take it back at any time
	if !a.Published() {
		cache = "no-store"
	}
	if f == asJSON {
		return send(w, r, mediaCredential, cache, a.Document)
	}
	v, err := s.awardedVersion(r.Context(), a)
	if err != nil {
		return err
	}
	if f == asSVG {
		if v.PictureSVG == "" {
			return fault.NotFoundf("The picture of this badge is a PNG; there is no SVG of it.")
		}
		art, err := s.Blobs.Get(r.Context(), v.PictureSVG)
		if err != nil {
			return err
		}
		baked, err := baking.BakeSVG(art, a.Document)
		if err != nil {
			return fmt.Errorf("bake award %s: %w", a.PublicID, err)
		}
		sandbox(w.Header())
		return send(w, r, "image/svg+xml", cache, baked)
	}
	art, err := s.Blobs.Get(r.Context(), v.PicturePNG)
	if err != nil {
		return err
	}
	baked, err := baking.BakePNG(art, a.Document)
	if err != nil {
		return fmt.Errorf("bake award %s: %w", a.PublicID, err)
	}
	return send(w, r, "image/png", cache, baked)
}

// awardRefresh gives whoever holds an award's credential its newest version.
// An award that replaced it is another credential: the award's page leads to
// it. What is private is not given.
func (s *Server) awardRefresh(w http.ResponseWriter, r *http.Request) error {
	a, err := s.namedAward(r, r.PathValue("award"))
	if err != nil {
		return err
	}
	if !a.Published() {
		return errPrivate
	}
	return s.sendAward(w, r, a, asJSON)
}

// sandbox keeps a picture that is opened by itself from doing anything.
func sandbox(h http.Header) {
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
}
