package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
)

// statusList sends a signed status list.
func (s *Server) statusList(w http.ResponseWriter, r *http.Request) error {
	id, err := publicid.Parse(strings.TrimSuffix(r.PathValue("list"), ".json"))
	if err != nil {
		return fault.NotFoundf("There is no such status list.")
	}
	doc, err := s.Issuing.StatusList(r.Context(), id)
	if err != nil {
		return err
	}
	return send(w, r, mediaCredential, fmt.Sprintf("public, max-age=%d", int(issuing.ListTTL.Seconds())), doc)
}

// pictureFile sends a picture by the hash of its content. It never changes.
func (s *Server) pictureFile(w http.ResponseWriter, r *http.Request) error {
	key, f, ok := splitEnding(r.PathValue("file"))
	media := map[form]string{asPNG: "image/png", asSVG: "image/svg+xml"}[f]
	if !ok || media == "" {
		return fault.NotFoundf("There is no such picture.")
	}
	data, err := s.Blobs.Get(r.Context(), key)
	if err != nil {
		return err
	}
	sandbox(w.Header())
	return send(w, r, media, "public, max-age=31536000, immutable", data)
}
