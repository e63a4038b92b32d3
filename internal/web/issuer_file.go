package web

import (
	"encoding/json"
	"net/http"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/openbadge"
)

// mediaLinked is the media type of public documents that are not signed.
const mediaLinked = "application/ld+json"

// cacheShort lets copies of what an organisation edits live for some minutes.
const cacheShort = "public, max-age=300"

// didDocument sends the document that says which keys are the organisation's.
func (s *Server) didDocument(w http.ResponseWriter, r *http.Request) error {
	o, err := s.Orgs.PublicBySlug(r.Context(), r.PathValue("slug"))
	if err != nil {
		return err
	}
	if !s.Orgs.IsLive(o) {
		return fault.NotFoundf("This organisation has no identity under this address yet: it needs a public https address.")
	}
	doc, err := s.Orgs.DIDDocument(r.Context(), o)
	if err != nil {
		return err
	}
	return send(w, r, "application/did+ld+json", "public, max-age=60", doc)
}

// sendIssuer sends the organisation's public profile as Open Badges 3.0 has it.
func (s *Server) sendIssuer(w http.ResponseWriter, r *http.Request, o *org.Organisation) error {
	id, err := s.Orgs.CurrentIdentity(r.Context(), o)
	if err != nil {
		return err
	}
	return sendLinked(w, r, s.Issuing.Issuer(o, id))
}

// sendBadge sends a badge's version as an Open Badges 3.0 Achievement.
func (s *Server) sendBadge(w http.ResponseWriter, r *http.Request, v *badge.Version) error {
	return sendLinked(w, r, s.Issuing.Achievement(v))
}

// sendLinked writes a thing of the Open Badges vocabulary with the contexts
// that explain its terms.
func sendLinked(w http.ResponseWriter, r *http.Request, thing any) error {
	plain, err := json.Marshal(thing)
	if err != nil {
		return err
	}
	contexts, err := json.Marshal([]string{"https://www.w3.org/ns/credentials/v2", openbadge.Context})
	if err != nil {
		return err
	}
	body := append([]byte(`{"@context":`), contexts...)
	return send(w, r, mediaLinked, cacheShort, append(append(body, ','), plain[1:]...))
}
