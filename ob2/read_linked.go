package ob2

import "github.com/roundel/roundel/credential"

// ParseBadgeClass reads what a BadgeClass's address has. Errors are those of
// Parse.
func ParseBadgeClass(data []byte) (*BadgeClass, error) {
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	if tree["@context"] != nil {
		r.class("", tree, "BadgeClass")
	}
	b := r.badge("", tree)
	r.required("/name", b.Name)
	r.required("/issuer", b.Issuer.ID+b.Issuer.Name)
	return &b, r.err()
}

// ParseProfile reads what an issuer's address has. Errors are those of Parse.
func ParseProfile(data []byte) (*Profile, error) {
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	if tree["@context"] != nil {
		r.class("", tree, "Profile", "Issuer")
	}
	p := r.profile("", tree)
	r.required("/name", p.Name)
	return &p, r.err()
}

// ParseKey reads what a key's address has: a CryptographicKey, or before 2.0
// the key itself in PEM. Errors are those of Parse.
func ParseKey(data []byte) (*CryptographicKey, error) {
	if pemBlock(string(data)) != nil {
		return &CryptographicKey{PublicKeyPEM: string(data)}, nil
	}
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	k := r.key("", tree)
	r.required("/publicKeyPem", k.PublicKeyPEM)
	return &k, r.err()
}

// ParseRevocationList reads a revocation list: of 2.0 and 1.1, whose entries
// are addresses or objects, or of 1.0, which maps a uid to the reason. Errors
// are those of Parse.
func ParseRevocationList(data []byte) (*RevocationList, error) {
	tree, err := decode(data)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	entries, listed := tree["revokedAssertions"]
	if !listed && tree["@context"] == nil && tree["type"] == nil {
		return oldList(tree)
	}
	r.class("", tree, "RevocationList")
	l := &RevocationList{ID: r.text("", tree, "id"), Issuer: r.address("/issuer", tree["issuer"])}
	if !listed {
		r.problems.Add("/revokedAssertions", "The value is missing.")
	}
	for i, e := range list(entries) {
		at := item("/revokedAssertions", i)
		m := r.object(at, e)
		one := Revocation{r.text(at, m, "id"), r.text(at, m, "uid"), r.text(at, m, "revocationReason")}
		if one.ID == "" && one.UID == "" {
			r.problems.Add(at, "The entry names no badge.")
		}
		l.Revoked = append(l.Revoked, one)
	}
	return l, r.err()
}

func oldList(tree map[string]any) (*RevocationList, error) {
	l := &RevocationList{}
	for uid, reason := range tree {
		text, ok := reason.(string)
		if !ok {
			return nil, credential.Problems{{Msg: "This is no list of revoked badges."}}
		}
		l.Revoked = append(l.Revoked, Revocation{UID: uid, Reason: text})
	}
	return l, nil
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return r.problems
}
