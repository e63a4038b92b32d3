package vcapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/roundel/roundel/internal/attest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/statuslist"
)

// statusOptions is an entry that an issuing program asks for, or names.
type statusOptions struct {
	Type      string          `json:"type"`
	Purpose   string          `json:"statusPurpose"`
	Size      int             `json:"statusSize"`
	Messages  []statusMessage `json:"statusMessage"`
	Reference stringOrList    `json:"statusReference"`
}

type statusMessage struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// stringOrList is a text or several.
type stringOrList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *stringOrList) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*l = stringOrList{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(l))
}

// statusRequests reads options.credentialStatus: one entry or several.
func statusRequests(data json.RawMessage) ([]attest.StatusRequest, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var list []statusOptions
	if isObject(data) {
		data = json.RawMessage("[" + string(data) + "]")
	}
	if err := unmarshal(data, &list); err != nil {
		return nil, err
	}
	var out []attest.StatusRequest
	for _, o := range list {
		if o.Type != statuslist.EntryType {
			return nil, malformed("options.credentialStatus: the type must be " + statuslist.EntryType + ".")
		}
		r := attest.StatusRequest{Purpose: o.Purpose, Size: o.Size, About: o.Reference}
		for value, m := range o.Messages {
			if m.Status != fmt.Sprintf("0x%x", value) {
				return nil, malformed("options.credentialStatus.statusMessage: the statuses must be 0x0, 0x1 and so on, in order.")
			}
			r.Messages = append(r.Messages, m.Message)
		}
		out = append(out, r)
	}
	return out, nil
}

// setStatusRequest is the body of POST /credentials/status.
type setStatusRequest struct {
	CredentialID     string          `json:"credentialId"`
	CredentialStatus statusOptions   `json:"credentialStatus"`
	Status           json.RawMessage `json:"status"` // true, which is the default, false, or a number
}

// setStatus answers POST /credentials/status: an entry of a credential that was
// issued here gets another value.
func (s *Server) setStatus(w http.ResponseWriter, r *http.Request) error {
	var in setStatusRequest
	if err := read(w, r, maxIssueBody, &in); err != nil {
		return err
	}
	if in.CredentialID == "" || in.CredentialStatus.Type != statuslist.EntryType {
		return malformed("A credentialId and a credentialStatus of type " + statuslist.EntryType + " are wanted.")
	}
	value, err := statusValue(in.Status)
	if err != nil {
		return err
	}
	if err := s.Attest.SetStatus(r.Context(), organisation(r.Context()), in.CredentialID, in.CredentialStatus.Purpose, value); err != nil {
		return err
	}
	return send(w, http.StatusOK, map[string]any{"credentialId": in.CredentialID, "status": value})
}

func statusValue(data json.RawMessage) (uint, error) {
	switch text := string(data); text {
	case "", "true":
		return 1, nil
	case "false":
		return 0, nil
	default:
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return 0, malformed("status: true, false or a number is wanted.")
		}
		return uint(n), nil
	}
}

// statusList answers GET /status/{list}, for everybody: whoever is shown a
// credential looks here.
func (s *Server) statusList(w http.ResponseWriter, r *http.Request) error {
	id, err := publicid.Parse(r.PathValue("list"))
	if err != nil {
		return fault.NotFoundf("There is no such status list.")
	}
	doc, err := s.Attest.StatusList(r.Context(), id)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", listMedia(r.Header.Get("Accept")))
	h.Set("Vary", "Accept")
	h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(attest.ListTTL.Seconds())))
	h.Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(doc) // the reader has gone: nothing to do
	return nil
}

// listMedia returns the media type of a status list: its own, but for readers
// that ask for another and would not read it.
func listMedia(accept string) string {
	for _, media := range []string{"application/vc", "application/ld+json", "application/json"} {
		if strings.Contains(accept, media) {
			return media
		}
	}
	return "application/vc"
}
