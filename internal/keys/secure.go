package keys

import (
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/jsonld"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/strictjson"
)

// maxDocument bounds what is signed, in bytes: a learner record.
const maxDocument = 10 << 20

// Name is a key as documents name it.
type Name struct {
	DIDs     []string // what its owner is called
	Fragment string   // behind the #
	Purpose  Purpose
}

// Secure checks that q is what it says it is and in the name of the key's
// owner, and signs it. Errors wrap ErrNotOurs, or are those of packages proof
// and jose.
func Secure(q Request, priv crypto.Signer, name Name, shapes *shape.Cache) ([]byte, error) {
	if err := q.check(name); err != nil {
		return nil, err
	}
	if q.Token {
		return q.token(priv)
	}
	o := proof.SignOptions{Method: q.Method, Created: q.At, Purpose: "assertionMethod"}
	if !q.Kind.ofInstallation() {
		o.List, o.Shapes = true, shapes
		return proof.Sign(q.Document, priv, o)
	}
	o.Cryptosuite, o.MandatoryPointers, o.Inline = q.Cryptosuite, q.Mandatory, q.Inline
	o.Contexts = q.Vocabulary.Contexts()
	return proof.Sign(q.Document, priv, o)
}

// Contexts returns the vocabulary; nil for the usual one.
func (v Vocabulary) Contexts() *jsonld.Contexts {
	switch v {
	case Examples:
		return jsonld.WithExamples()
	case Examples2024:
		return jsonld.WithExamples2024()
	}
	return nil
}

// token signs a badge as Open Badges 3.0 has tokens, and what the installation
// vouches for as VC-JOSE-COSE has them.
func (q Request) token(priv crypto.Signer) ([]byte, error) {
	o := jose.CredentialOptions{KeyID: q.Method}
	if q.Kind.ofInstallation() {
		o.Profile, o.Now = jose.W3C, func() time.Time { return q.At }
	}
	return jose.SignCredential(q.Document, priv, o)
}

// check compares the request with the document and with whose key it is.
func (q Request) check(name Name) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrNotOurs, fmt.Sprintf(format, args...))
	}
	members, err := strictjson.Members(q.Document, strictjson.Limits{MaxBytes: maxDocument})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	var types texts
	var issuer named
	for _, m := range members {
		value := q.Document[m.Value:m.End]
		switch m.Name {
		case "type":
			err = json.Unmarshal(value, &types)
		case "issuer":
			err = json.Unmarshal(value, &issuer)
		case "proof":
			return refuse("it is signed already")
		}
		if err != nil {
			return refuse("its %s cannot be read", m.Name)
		}
	}
	list := slices.Contains(types, "BitstringStatusListCredential") || slices.Contains(types, "StatusList2021Credential")
	badge := slices.Contains(types, "OpenBadgeCredential") || slices.Contains(types, "AchievementCredential")
	switch {
	case !slices.Contains(types, "VerifiableCredential"):
		return refuse("it is no credential")
	case q.Kind == Credential && (!badge || list):
		return refuse("it is no badge")
	case (q.Kind == StatusList || q.Kind == AttestationList) && !list:
		return refuse("it is no status list")
	case q.Kind == Attestation && list:
		return refuse("it is a status list")
	case !slices.Contains([]RequestKind{Credential, StatusList, Attestation, AttestationList}, q.Kind):
		return refuse("%q is no kind of document", string(q.Kind))
	case !slices.Contains(name.DIDs, string(issuer)):
		return refuse("its issuer %.200q is not the key's owner", string(issuer))
	case q.Method != string(issuer)+"#"+name.Fragment:
		return refuse("the method %.200q is not that of the key", q.Method)
	case !q.Kind.ofInstallation() && q.Token != (name.Purpose == ForTokens):
		return refuse("the key is for another purpose")
	case q.At.IsZero():
		return refuse("the request has no time")
	}
	return nil
}

// texts is a member that holds a text or several.
type texts []string

// UnmarshalJSON implements json.Unmarshaler.
func (t *texts) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(t))
	}
	*t = texts{""}
	return json.Unmarshal(data, &(*t)[0])
}

// named is a member that holds an id, or an object with one.
type named string

// UnmarshalJSON implements json.Unmarshaler.
func (n *named) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, (*string)(n))
	}
	members, err := strictjson.Members(data, strictjson.Limits{MaxBytes: maxDocument})
	if err != nil {
		return err
	}
	for _, m := range members { // by its exact name, which encoding/json does not insist on
		if m.Name == "id" {
			return json.Unmarshal(data[m.Value:m.End], (*string)(n))
		}
	}
	return nil
}
