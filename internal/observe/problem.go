package observe

import (
	"encoding/json"
	"net/http"
)

// Instance returns what names the request in a problem document, for asking for
// help; "" when the answer w belongs to no request with a number.
func Instance(w http.ResponseWriter) string {
	if id := w.Header().Get(RequestHeader); id != "" {
		return RequestURI(id)
	}
	return ""
}

// RequestURI returns the number of a request as a URI.
func RequestURI(id string) string { return "urn:request:" + id }

// Problem answers with a problem document (RFC 9457): a status of HTTP, a
// sentence for people, and further members, which may be nil. What stands in more
// under the name of one of its own is taken instead.
func Problem(w http.ResponseWriter, status int, detail string, more map[string]any) {
	body := map[string]any{"title": http.StatusText(status), "status": status, "detail": detail}
	if instance := Instance(w); instance != "" {
		body["instance"] = instance
	}
	for name, value := range more {
		body[name] = value
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the asker has gone: nothing to do
}
