package vcapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/roundel/roundel/internal/apptest"
)

func TestIdentifiers(t *testing.T) {
	_, p := start(t, apptest.Options{})
	const key = "z6MktKwz7Ge1Yxzr4JHavN33wiwa8y81QdcMRLXQsrH9T53b"
	const id = "did:key:" + key
	for _, c := range []struct {
		did, query string
		status     int
		dereferred bool
		code       string
	}{
		{id, "", http.StatusOK, false, ""},
		{id, "?publicKeyFormat=Multikey", http.StatusOK, false, ""},
		{id + "#" + key, "", http.StatusOK, true, ""},
		{p.ids["p384"], "", http.StatusOK, false, ""},
		{"", "", http.StatusNotFound, false, "-"},
		{"notDid:key:" + key, "", http.StatusBadRequest, false, "invalidDid"},
		{"did:key:@", "", http.StatusBadRequest, false, "invalidDid"},
		{"did:key:-4:" + key, "", http.StatusBadRequest, false, "invalidDid"},
		{"did:key:" + key[1:], "", http.StatusBadRequest, false, "invalidDid"},
		{"did:key:zTjsVPtY", "", http.StatusBadRequest, false, "invalidPublicKeyLength"},
		{"did:experimental:" + key, "", http.StatusNotImplemented, false, "methodNotSupported"},
		{"did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "", http.StatusNotImplemented, false, "unsupportedPublicKeyType"}, // secp256k1
		{"did:web:nowhere.invalid", "", http.StatusBadGateway, false, "internalError"},
		{"did:web:localhost%3A1", "", http.StatusBadGateway, false, "internalError"}, // no request reaches this machine
		{id, "?publicKeyFormat=unknown", http.StatusBadRequest, false, "unsupportedPublicKeyType"},
		{id + "#" + key, "?publicKeyFormat=Ed25519VerificationKey2018", http.StatusBadRequest, true, "invalidPublicKeyType"},
		{id + "/^bar^/?query=`#" + key, "", http.StatusBadRequest, true, "invalidDidUrl"},
		{id + "#other", "", http.StatusNotFound, true, "notFound"},
		{id + "#", "", http.StatusBadRequest, true, "invalidDidUrl"},
	} {
		a := p.get("/vc/identifiers/" + url.PathEscape(c.did) + c.query)
		if a.Status != c.status {
			t.Errorf("%s%s: status %d, want %d: %s", c.did, c.query, a.Status, c.status, a.Text())
			continue
		}
		if c.code == "-" {
			continue
		}
		body := a.JSON()
		name := map[bool]string{false: "didResolutionMetadata", true: "didDereferencingMetadata"}[c.dereferred]
		meta, _ := body[name].(object)
		code, _ := meta["error"].(string)
		doc, ok := body["didDocument"].(object)
		if code != c.code || !ok || len(doc) > 0 != (c.code == "") || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/ld+json") {
			t.Errorf("%s%s: %s", c.did, c.query, a.Body)
		}
		if c.code == "" && (doc["id"] != c.did || c.dereferred && doc["controller"] != id) {
			t.Errorf("%s: document %v", c.did, doc)
		}
	}
}
