package web

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/issuing"
)

// awardLink answers POST …/awards/{award}/link with a page that shows a fresh
// claim link this once: only its hash is kept.
func (s *Server) awardLink(w http.ResponseWriter, r *http.Request) error {
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	link, err := s.Claims.Link(r.Context(), a)
	if err != nil {
		return err
	}
	return s.showAward(w, r, a, &awardShowPage{NewLink: link})
}

// awardMail answers POST …/awards/{award}/mail: the invitation is written
// again, with a fresh link. Nobody is invited to a trial.
func (s *Server) awardMail(w http.ResponseWriter, r *http.Request) error {
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	if a.Trial {
		return s.done(w, r, awardPath(r, a), "wait", "mail_trial")
	}
	if err := s.Claims.Invite(r.Context(), a); err != nil {
		return err
	}
	code := "mail_again"
	if !s.Mails {
		code = "mail_kept"
	}
	return s.done(w, r, awardPath(r, a), "good", code)
}

// awardState answers POST …/awards/{award}/state: do is revoke, suspend or
// reinstate.
func (s *Server) awardState(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	a, err := s.awardOf(r)
	if err != nil {
		return err
	}
	c := gate.From(r.Context())
	do := r.PostFormValue("do")
	reason, note := issuing.Reason(r.PostFormValue(do+"_reason")), unixLines(r.PostFormValue(do+"_note"))
	switch do {
	case "revoke":
		_, err = s.Issuing.Revoke(r.Context(), c.Organisation.ID, c.AccountID(), a.PublicID, reason, note)
	case "suspend":
		_, err = s.Issuing.Suspend(r.Context(), c.Organisation.ID, c.AccountID(), a.PublicID, reason, note)
	case "reinstate":
		_, err = s.Issuing.Reinstate(r.Context(), c.Organisation.ID, c.AccountID(), a.PublicID)
	default:
		return fault.Invalidf("Choose one of the buttons on the page.")
	}
	if refused(err) {
		p := &awardShowPage{Open: do, Note: note, Chosen: string(reason)}
		p.Problems = problemsOf(err)
		for i := range p.Problems.Fields { // the page asks both questions, each with its own fields
			p.Problems.Fields[i].Path = do + "_" + p.Problems.Fields[i].Path
		}
		return s.showAward(w, r, a, p)
	}
	if err != nil {
		return err
	}
	code := map[string]string{"revoke": "revoked", "suspend": "suspended", "reinstate": "reinstated"}[do]
	if a.Trial {
		code += "_trial"
	}
	return s.done(w, r, awardPath(r, a), "good", code)
}

// awardJSON answers GET …/awards/{award}/badge.json with the signed document,
// exactly.
func (s *Server) awardJSON(w http.ResponseWriter, r *http.Request) error {
	a, err := s.signedAward(r)
	if err != nil {
		return err
	}
	sendFile(w, fileName(a.BadgeName, a.Recipient.Name)+".json", "application/json", a.Document)
	return nil
}

// awardPNG answers GET …/awards/{award}/badge.png with the picture that holds
// the signed document.
func (s *Server) awardPNG(w http.ResponseWriter, r *http.Request) error {
	a, err := s.signedAward(r)
	if err != nil {
		return err
	}
	v, err := s.awardedVersion(r.Context(), a)
	if err != nil {
		return err
	}
	plain, err := s.Blobs.Get(r.Context(), v.PicturePNG)
	if err != nil {
		return err
	}
	baked, err := baking.BakePNG(plain, a.Document)
	if err != nil {
		return err
	}
	sendFile(w, fileName(a.BadgeName, a.Recipient.Name)+".png", "image/png", baked)
	return nil
}

// signedAward returns the award that the address names, once it is signed.
func (s *Server) signedAward(r *http.Request) (*issuing.Award, error) {
	a, err := s.awardOf(r)
	if err == nil && a.Erased() && len(a.Document) == 0 {
		return nil, errErased
	}
	if err == nil && a.Document == nil {
		err = fault.Conflictf("This badge is still being signed. Try again in a moment.")
	}
	if err == nil {
		err = s.seen(r, "award_file", a)
	}
	return a, err
}

// sendFile sends a file to be kept, not shown.
func sendFile(w http.ResponseWriter, name, media string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = bytes.NewReader(data).WriteTo(w) // the reader has gone: nothing to do
}

// letters are those that have no accent to drop.
var letters = strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "’", "", "'", "")

// fileName makes a name that every file system takes: "für Anfänger" becomes
// "fur-anfanger".
func fileName(parts ...string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(letters.Replace(strings.ToLower(strings.Join(parts, " ")))) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := b.String()
	if name = strings.Trim(name[:min(len(name), 80)], "-"); name != "" {
		return name
	}
	return "badge"
}
