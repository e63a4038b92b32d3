package vcapi

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/strictjson"
)

// Limits on bodies, in bytes: a document and what stands around it.
const (
	maxIssueBody  = credential.MaxBytes + 64<<10
	maxVerifyBody = credential.MaxRecordBytes + 64<<10
	maxDepth      = 68 // of JSON: a document may have 64
)

// read reads a request's body, strict JSON, into v, a struct whose fields are
// all the members that the body may have.
func read(w http.ResponseWriter, r *http.Request, limit int, v any) error {
	_, err := readBody(w, r, limit, v)
	return err
}

// readBody is read that also returns the body.
func readBody(w http.ResponseWriter, r *http.Request, limit int, v any) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" && media != "application/ld+json" {
		return nil, &refused{status: http.StatusUnsupportedMediaType, problems: []Problem{{typeUnstated, titles[typeUnstated], "Send the request as application/json."}}}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(limit)))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, &refused{status: http.StatusRequestEntityTooLarge, problems: []Problem{{typeRange, titles[typeRange], "The request is larger than we take."}}}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The request ended too early.")
	}
	if err := strictjson.Check(data, strictjson.Limits{MaxBytes: limit, MaxDepth: maxDepth}); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The request is not correct JSON: "+err.Error())
	}
	return data, unmarshal(data, v)
}

// unmarshal fills the struct v and refuses members that it does not have: an
// option that is silently left out could be the one that mattered.
func unmarshal(data []byte, v any) error {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return malformed("The request has a member that we do not know or that is of another kind: " + strings.TrimPrefix(err.Error(), "json: ") + ".")
	}
	return nil
}

// isObject reports whether strict JSON holds an object.
func isObject(data json.RawMessage) bool {
	return len(data) > 0 && strings.HasPrefix(strings.TrimLeft(string(data[:min(len(data), 16)]), " \t\r\n"), "{")
}
