package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
)

// key is the public part of a signing key as programs see it. The names are a
// promise.
type key struct {
	ID            string     `json:"id" doc:"Its name behind the # of the organisation's DID: a Multikey, or the thumbprint of an RSA key."`
	Kind          string     `json:"kind" enum:"ed25519,p256,p384,rsa2048"`
	Purpose       string     `json:"purpose" enum:"badge,token" doc:"What it signs: badges with a Data Integrity proof, or badges as tokens (JWT)."`
	State         string     `json:"state" enum:"prepared,in_force,retired,discarded,compromised"`
	PublicKey     string     `json:"publicKey" doc:"Multikey; of RSA, a JWK."`
	CreatedAt     time.Time  `json:"createdAt"`
	ActivatedAt   *time.Time `json:"activatedAt,omitempty" doc:"Since when it signs."`
	RetiredAt     *time.Time `json:"retiredAt,omitempty" doc:"Since when it signs no more. What it signed before stays good."`
	CompromisedAt *time.Time `json:"compromisedAt,omitempty" doc:"From when on nothing that it signed is to be believed."`
}

type keysOutput struct {
	Body struct {
		Keys []key `json:"keys" doc:"Newest first."`
	}
}

// keys adds the operations on signing keys.
func (s *Server) keys(a huma.API) {
	huma.Register(a, huma.Operation{
		OperationID: "list-keys", Method: http.MethodGet, Path: Base + "/keys", Summary: "List the organisation's signing keys, their public part.",
		Metadata: needs(gate.Needs(org.ViewBadges)), Security: []map[string][]string{{"token": {}}}, Tags: []string{"Keys"},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity},
	}, s.listKeys)
}

func (s *Server) listKeys(ctx context.Context, _ *struct{}) (*keysOutput, error) {
	list, err := s.Keys.All(ctx, gate.From(ctx).Organisation.ID)
	if err != nil {
		return nil, s.fail(ctx, err)
	}
	out := &keysOutput{}
	out.Body.Keys = make([]key, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		out.Body.Keys = append(out.Body.Keys, keyOut(list[i]))
	}
	return out, nil
}

func keyOut(k *keys.Key) key {
	return key{ID: k.Fragment, Kind: string(k.Kind), Purpose: string(k.Purpose), State: string(k.State()), PublicKey: k.Multikey, CreatedAt: k.CreatedAt,
		ActivatedAt: optional(k.ActivatedAt), RetiredAt: optional(k.RetiredAt), CompromisedAt: optional(k.CompromisedAt)}
}
