package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/multikey"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/strictjson"
)

// bench is a ring with an organisation whose clock the test moves.
type workbench struct {
	*Ring
	t   *testing.T
	org int64
	now time.Time
}

func newBench(t *testing.T, db *sqldb.DB) *workbench {
	t.Helper()
	b := &workbench{t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	b.Ring = &Ring{DB: db, KEK: &KEK{key: [32]byte{1}}, Now: func() time.Time { return b.now }, BaseURL: "https://badges.example.org"}
	b.org = newOrganisation(t, db, b.Ring).OrganisationID
	return b
}

func (b *workbench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

const hostDID = "did:web:badges.example.org:issuers:o"

// badge is a badge of an issuer, as it is before it is signed.
func badge(issuer string) []byte {
	return []byte(`{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"https://badges.example.org/awards/1",` +
		`"type":["VerifiableCredential","OpenBadgeCredential"],"issuer":{"id":"` + issuer + `","type":["Profile"],"name":"O"},"validFrom":"2026-01-01T00:00:00Z",` +
		`"credentialSubject":{"type":["AchievementSubject"],"id":"urn:uuid:5c7f8f4e-6a1e-4a37-9f0a-3f1f8a0d8f11"}}`)
}

// sign signs a badge with the key in force and records it for the award.
func (b *workbench) sign(award int64) []byte {
	b.t.Helper()
	pen, err := b.Pen(b.t.Context(), b.org)
	b.must(err)
	doc, entry, err := pen.SignOne(b.t.Context(), pen.Request(Credential, award, hostDID, badge(hostDID), b.now))
	b.must(err)
	b.must(b.DB.Write(b.t.Context(), func(tx *sqldb.Tx) error { return Record(b.t.Context(), tx, entry) }))
	return doc
}

// good verifies a badge with the organisation's DID document as it is now: the
// key that it names must be listed, and not have ended before.
func (b *workbench) good(doc []byte) error {
	raw, err := b.WebDocument(b.t.Context(), b.org, hostDID)
	b.must(err)
	published, err := did.ParseDocument(raw)
	b.must(err)
	tree, err := strictjson.Decode(doc, strictjson.Limits{})
	b.must(err)
	plain, proofs, err := proof.Split(tree.(map[string]any))
	b.must(err)
	m, err := published.Method(proofs[0].VerificationMethod, did.AssertionMethod)
	if err != nil {
		return err
	}
	created, err := time.Parse(time.RFC3339, proofs[0].Created)
	b.must(err)
	switch {
	case !m.Expires.IsZero() && !created.Before(m.Expires):
		return errors.New("signed after the key was retired")
	case !m.Revoked.IsZero() && !created.Before(m.Revoked):
		return errors.New("signed after the key was taken back")
	}
	return proof.VerifyOne(plain, proofs[0], m.PublicKey, proof.VerifyOptions{})
}

// TestRotateTenTimes: what every key signed stays good, to the last second of
// its life, and none that was retired signs again.
func TestRotateTenTimes(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		var docs [][]byte
		var ended []*Key
		for i := range 10 {
			b.now = b.now.Add(1700 * time.Millisecond)
			docs = append(docs, b.sign(int64(i+1)))
			pen, err := b.Pen(t.Context(), b.org)
			b.must(err)
			fresh, err := b.Rotate(t.Context(), b.org, ForBadges)
			b.must(err)
			if fresh.Fragment == pen.Key.Fragment || fresh.State() != InForce {
				t.Fatalf("rotated to %+v", fresh)
			}
			// The pen that was taken before signs no more.
			_, _, err = pen.SignOne(t.Context(), pen.Request(Credential, 100, hostDID, badge(hostDID), b.now))
			b.now = b.now.Add(time.Second) // what the signer remembers is forgotten
			_, _, later := pen.SignOne(t.Context(), pen.Request(Credential, 100, hostDID, badge(hostDID), b.now))
			if !errors.Is(later, ErrKeyEnded) {
				t.Errorf("the retired key signs: %v, %v", err, later)
			}
			ended = append(ended, pen.Key)
		}
		docs = append(docs, b.sign(11))
		for i, doc := range docs {
			if err := b.good(doc); err != nil {
				t.Errorf("badge %d: %v", i+1, err)
			}
		}
		// Nothing that an ended key signs after its end is kept: neither by us, nor,
		// whatever a program does, by the database.
		for _, k := range ended {
			e := Entry{Kind: Credential, Organisation: b.org, Key: k.ID, Subject: 500, At: b.now}
			err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return Record(t.Context(), tx, e) })
			if !errors.Is(err, ErrKeyEnded) {
				t.Errorf("recorded: %v", err)
			}
			err = db.Write(t.Context(), func(tx *sqldb.Tx) error { return rawRecord(t, tx, b.org, k.ID, 500, b.now) })
			if err == nil || !strings.Contains(err.Error(), "does not sign") {
				t.Errorf("the database kept it: %v", err)
			}
		}
		used, err := b.Used(t.Context(), b.org)
		b.must(err)
		if len(used) != 11 || used[0].State() != InForce || used[0].Signatures != 1 || used[10].State() != Retired {
			t.Errorf("%d keys, %+v", len(used), used[0])
		}
	})
}

func rawRecord(t *testing.T, tx *sqldb.Tx, org, key, subject int64, at time.Time) error {
	_, err := tx.Exec(t.Context(), `INSERT INTO signature_record (kind, organisation_id, signing_key_id, subject, digest, at) VALUES ('list', $1, $2, $3, $4, $5)`,
		org, key, subject, make([]byte, 32), sqldb.Millis(at))
	return err
}

// TestTheDatabaseRefusesRecords that no key of ours can have made.
func TestTheDatabaseRefusesRecords(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		prepared, err := b.Prepare(t.Context(), b.org, P256, ForBadges)
		b.must(err)
		pen, err := b.Pen(t.Context(), b.org)
		b.must(err)
		write := func(fn func(tx *sqldb.Tx) error) error { return db.Write(t.Context(), fn) }
		for name, fn := range map[string]func(tx *sqldb.Tx) error{
			"a prepared key":         func(tx *sqldb.Tx) error { return rawRecord(t, tx, b.org, prepared.ID, 1, b.now) },
			"another organisation's": func(tx *sqldb.Tx) error { return rawRecord(t, tx, b.org+1, pen.Key.ID, 1, b.now) },
			"no key":                 func(tx *sqldb.Tx) error { return rawRecord(t, tx, b.org, 999, 1, b.now) },
			"twice": func(tx *sqldb.Tx) error {
				e := Entry{Kind: Credential, Organisation: b.org, Key: pen.Key.ID, Subject: 1, At: b.now}
				if err := Record(t.Context(), tx, e); err != nil {
					return nil // that is not what is tested
				}
				return Record(t.Context(), tx, e)
			},
			"two keys in force": func(tx *sqldb.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE signing_key SET activated_at = 1 WHERE id = $1`, prepared.ID)
				return err
			},
		} {
			if err := write(fn); err == nil {
				t.Errorf("%s: it was taken", name)
			}
		}
		b.must(write(func(tx *sqldb.Tx) error { return rawRecord(t, tx, b.org, pen.Key.ID, 1, b.now) }))
		err = write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `UPDATE signature_record SET subject = 2`)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "not changed") {
			t.Errorf("a record was changed: %v", err)
		}
	})
}

// TestACompromisedKey signs no more; it is published as taken back since then,
// and the time only ever moves back.
func TestACompromisedKey(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		before := b.sign(1)
		b.now = b.now.Add(time.Hour)
		since := b.now
		after := b.sign(2)
		b.now = b.now.Add(time.Hour)
		pen, err := b.Pen(t.Context(), b.org)
		b.must(err)
		if n, err := b.SignedSince(t.Context(), pen.Key, since); err != nil || n != 1 {
			t.Errorf("signed since: %d, %v", n, err)
		}
		for _, bad := range []time.Time{{}, b.now.Add(time.Second)} {
			if _, err := b.Compromise(t.Context(), b.org, pen.Key.Fragment, bad); fault.FieldMessage(err, "since") == "" {
				t.Errorf("compromised since %v: %v", bad, err)
			}
		}
		if _, err := b.Compromise(t.Context(), b.org+1, pen.Key.Fragment, since); fault.KindOf(err) != fault.NotFound {
			t.Errorf("another organisation marked it: %v", err)
		}
		k, err := b.Compromise(t.Context(), b.org, pen.Key.Fragment, since)
		b.must(err)
		if k.State() != Compromised || !k.CompromisedAt.Equal(since) || !k.RetiredAt.Equal(b.now) {
			t.Errorf("%+v", k)
		}
		if err := b.good(before); err != nil {
			t.Errorf("signed before: %v", err)
		}
		if err := b.good(after); err == nil {
			t.Error("what was signed after is still good")
		}
		if _, err := b.Pen(t.Context(), b.org); fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Message(err), "compromised") {
			t.Errorf("signing goes on: %v", err)
		}
		if _, err := b.Compromise(t.Context(), b.org, k.Fragment, since.Add(time.Minute)); fault.KindOf(err) != fault.Conflict {
			t.Errorf("it became good again: %v", err)
		}
		if _, err := b.Compromise(t.Context(), b.org, k.Fragment, since.Add(-2*time.Hour)); err != nil {
			t.Error(err)
		}
		if err := b.good(before); err == nil {
			t.Error("what was signed after the earlier time is still good")
		}
		fresh, err := b.Prepare(t.Context(), b.org, Ed25519, ForBadges)
		b.must(err)
		_, err = b.Activate(t.Context(), b.org, fresh.Fragment)
		b.must(err)
		if err := b.good(b.sign(3)); err != nil {
			t.Error(err)
		}
	})
}

func TestRetire(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	pen, err := b.Pen(t.Context(), b.org)
	b.must(err)
	doc := b.sign(1)
	_, err = b.Retire(t.Context(), b.org, pen.Key.Fragment)
	b.must(err)
	if _, err := b.Retire(t.Context(), b.org, pen.Key.Fragment); fault.KindOf(err) != fault.Conflict {
		t.Errorf("twice: %v", err)
	}
	if _, err := b.Activate(t.Context(), b.org, pen.Key.Fragment); fault.KindOf(err) != fault.Conflict {
		t.Errorf("a retired key begins again: %v", err)
	}
	if _, err := b.Pen(t.Context(), b.org); fault.KindOf(err) != fault.Conflict || strings.Contains(fault.Message(err), "compromised") {
		t.Errorf("signing goes on: %v", err)
	}
	if err := b.good(doc); err != nil {
		t.Error(err)
	}
	// One that was prepared and never signed is not published any more.
	p, err := b.Prepare(t.Context(), b.org, Ed25519, ForBadges)
	b.must(err)
	_, err = b.Retire(t.Context(), b.org, p.Fragment)
	b.must(err)
	raw, err := b.WebDocument(t.Context(), b.org, hostDID)
	b.must(err)
	if strings.Contains(string(raw), p.Fragment) || !strings.Contains(string(raw), pen.Key.Fragment) {
		t.Errorf("published: %s", raw)
	}
}

// TestEveryKindSigns badges as far as it can, and tokens.
func TestEveryKindSigns(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		for _, kind := range OrganisationKinds() {
			p, err := b.Prepare(t.Context(), b.org, kind, ForBadges)
			if kind == RSA2048 {
				if fault.FieldMessage(err, "kind") == "" {
					t.Errorf("RSA for badges: %v", err)
				}
			} else {
				b.must(err)
				_, err = b.Activate(t.Context(), b.org, p.Fragment)
				b.must(err)
				b.now = b.now.Add(time.Second)
				if err := b.good(b.sign(b.now.Unix())); err != nil {
					t.Errorf("%s: %v", kind, err)
				}
			}
			p, err = b.Prepare(t.Context(), b.org, kind, ForTokens)
			b.must(err)
			k, err := b.Activate(t.Context(), b.org, p.Fragment)
			b.must(err)
			pen, err := b.TokenPen(t.Context(), b.org)
			b.must(err)
			token, _, err := pen.SignOne(t.Context(), pen.Request(Credential, 1, hostDID, badge(hostDID), b.now))
			b.must(err)
			j, err := jose.Parse(token)
			b.must(err)
			pub, err := k.Public()
			b.must(err)
			if err := j.Verify(pub, k.Algorithm()); err != nil || j.Header.KeyID != hostDID+"#"+k.Fragment {
				t.Errorf("%s: %v, %s", kind, err, j.Header.KeyID)
			}
			// What is for tokens does not sign badges, and the other way round.
			plain := pen.Request(Credential, 1, hostDID, badge(hostDID), b.now)
			plain.Token = false
			if _, _, err := pen.SignOne(t.Context(), plain); !errors.Is(err, ErrNotOurs) {
				t.Errorf("%s: a token key signed a badge: %v", kind, err)
			}
		}
		raw, err := b.WebDocument(t.Context(), b.org, hostDID)
		b.must(err)
		doc, err := did.ParseDocument(raw)
		b.must(err)
		if len(doc.AssertionMethod) != 1+3+4 {
			t.Errorf("%d keys are published: %s", len(doc.AssertionMethod), raw)
		}
		for _, m := range doc.VerificationMethod {
			if m.Problem != nil {
				t.Errorf("%s: %v", m.ID, m.Problem)
			}
		}
		all, err := b.All(t.Context(), b.org)
		b.must(err)
		set, err := JWKS(all)
		b.must(err)
		if list, err := multikey.ParseJWKS(set); err != nil || len(list) != len(all) {
			t.Errorf("%d of %d keys, %v: %s", len(list), len(all), err, set)
		}
		for _, k := range all {
			text, err := k.PEM()
			b.must(err)
			block, _ := pem.Decode(text)
			if _, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
				t.Errorf("%s: %v", k.Kind, err)
			}
		}
	})
}

// TestImport takes keys in every form, once, and nothing else.
func TestImport(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	pkcs8 := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		b.must(err)
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	b.must(err)
	_, ed2, err := ed25519.GenerateKey(rand.Reader)
	b.must(err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.must(err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	b.must(err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	b.must(err)
	rsa2, err := rsa.GenerateKey(rand.Reader, 2048)
	b.must(err)
	rsa3, err := rsa.GenerateKey(rand.Reader, 3072)
	b.must(err)
	text, err := multikey.EncodePrivate(ed)
	b.must(err)
	sec1, err := x509.MarshalECPrivateKey(p384)
	b.must(err)
	b64 := base64.RawURLEncoding.EncodeToString
	jwk := fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","x":"%s","d":"%s"}`, b64(ed2.Public().(ed25519.PublicKey)), b64(ed2.Seed()))
	jwkRSA := fmt.Sprintf(`{"kty":"RSA","n":"%s","e":"AQAB","d":"%s","p":"%s","q":"%s"}`, b64(rsa2.N.Bytes()), b64(rsa2.D.Bytes()), b64(rsa2.Primes[0].Bytes()), b64(rsa2.Primes[1].Bytes()))
	for name, c := range map[string]struct {
		text string
		kind Kind
	}{
		"Multikey": {text + "\n", Ed25519}, "JWK": {jwk, Ed25519}, "PKCS #8": {pkcs8(p256), P256},
		"SEC 1": {string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})), P384}, "JWK of RSA": {jwkRSA, RSA2048},
	} {
		k, err := b.Import(t.Context(), b.org, []byte(c.text), ForTokens)
		if err != nil || k.Kind != c.kind || !k.Imported || k.State() != Prepared {
			t.Fatalf("%s: %+v, %v", name, k, err)
		}
		_, err = b.Activate(t.Context(), b.org, k.Fragment)
		b.must(err)
		pen, err := b.TokenPen(t.Context(), b.org)
		b.must(err)
		if _, _, err := pen.SignOne(t.Context(), pen.Request(Credential, 1, hostDID, badge(hostDID), b.now)); err != nil {
			t.Errorf("%s does not sign: %v", name, err)
		}
	}
	issuers, err := b.Issuers(t.Context())
	b.must(err)
	opened, err := b.Local().key(t.Context(), keyName{true, issuers[0].ID})
	b.must(err)
	ours, err := multikey.EncodePrivate(opened.priv)
	b.must(err)
	broken := strings.Replace(jwkRSA, `"e":"AQAB"`, `"e":"AQAD"`, 1)
	for name, c := range map[string]string{
		"nothing": "", "the same again": text, "the same in another form": pkcs8(ed), "an issuer's of the installation": ours, "words": "a key", "a public key": b.mustKey().Multikey,
		"P-521": pkcs8(p521), "RSA 3072": pkcs8(rsa3), "two blocks": pkcs8(p521) + pkcs8(p521), "halves that differ": strings.Replace(jwk, `"d":"`, `"d":"AAAA`, 1), "RSA that does not fit": broken,
		"a public JWK": `{"kty":"OKP","crv":"Ed25519","x":"` + b64(ed2.Public().(ed25519.PublicKey)) + `"}`, "too long": strings.Repeat("z", 70_000),
	} {
		_, err := b.Import(t.Context(), b.org, []byte(c), ForTokens)
		if fault.FieldMessage(err, "key") == "" {
			t.Errorf("%s: %v", name, err)
		}
		if len(c) > 40 && len(c) < 70_000 && strings.Contains(fmt.Sprint(err), c[10:40]) {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}

func (b *workbench) mustKey() *Key {
	pen, err := b.Pen(b.t.Context(), b.org)
	b.must(err)
	return pen.Key
}

// TestAKeyOfAnotherOrganisation cannot be taken by this one.
func TestAKeyOfAnotherOrganisation(t *testing.T) {
	b := newBench(t, dbtest.Open(t))
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	b.must(err)
	text, err := multikey.EncodePrivate(priv)
	b.must(err)
	var other int64
	b.must(b.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
		return tx.QueryRow(t.Context(), `INSERT INTO organisation (public_id, slug, name, created_at) VALUES ($1, 'other', 'Other', 0) RETURNING id`, make([]byte, 16)).Scan(&other)
	}))
	_, err = b.Import(t.Context(), other, []byte(text), ForBadges)
	b.must(err)
	if _, err := b.Import(t.Context(), b.org, []byte(text), ForBadges); fault.FieldMessage(err, "key") == "" {
		t.Errorf("%v", err)
	}
}

func TestRotateIssuer(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		b := newBench(t, db)
		before, err := b.Issuers(t.Context())
		b.must(err)
		if _, err := b.RotateIssuer(t.Context(), RSA2048); fault.FieldMessage(err, "kind") == "" {
			t.Errorf("RSA: %v", err)
		}
		for range 2 {
			fresh, err := b.RotateIssuer(t.Context(), P256)
			b.must(err)
			after, err := b.Issuers(t.Context())
			b.must(err)
			if len(after) != 3 || after[1].DID != fresh.DID || after[1].DID == before[1].DID || after[0].DID != before[0].DID {
				t.Errorf("issuers %v", after)
			}
		}
		if _, err := b.IssuerByDID(t.Context(), before[1].DID); fault.KindOf(err) != fault.Invalid {
			t.Errorf("the retired issuer issues: %v", err)
		}
		// It goes on to sign the lists of what it signed, and nothing else.
		old, err := b.IssuerByID(t.Context(), before[1].ID)
		b.must(err)
		pen := b.PenOf(old)
		list := []byte(strings.Replace(string(badge(old.DID)), `"OpenBadgeCredential"`, `"BitstringStatusListCredential"`, 1))
		q := pen.Request(AttestationList, 1, list, b.now)
		_, entry, err := pen.SignOne(t.Context(), q)
		b.must(err)
		b.must(db.Write(t.Context(), func(tx *sqldb.Tx) error { return Record(t.Context(), tx, entry) }))
		if _, _, err := pen.SignOne(t.Context(), pen.Request(Attestation, 1, badge(old.DID), b.now)); !errors.Is(err, ErrKeyEnded) {
			t.Errorf("the retired issuer signs: %v", err)
		}
		entry.Kind = Attestation
		if err := db.Write(t.Context(), func(tx *sqldb.Tx) error { return Record(t.Context(), tx, entry) }); !errors.Is(err, ErrKeyEnded) {
			t.Errorf("recorded: %v", err)
		}
		if found, err := b.Sealed(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%q, %v", found, err)
		}
	})
}
