package keys

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"database/sql"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// WebIdentity is an identity of an organisation on a domain of its own: a
// did:web whose file the organisation publishes itself.
type WebIdentity struct {
	ID             int64
	OrganisationID int64
	DID            string
	CreatedAt      time.Time
	CheckedAt      time.Time // zero: never
	GoodAt         time.Time // when the file was last found right
	Findings       []Finding // what was wrong at CheckedAt
	AdoptedAt      time.Time // documents carry it from then on; zero: never
	LeftAt         time.Time // and no longer from then on
}

// URL returns where the file has to be.
func (w *WebIdentity) URL() string {
	address, err := did.WebURL(w.DID)
	if err != nil { // it was checked before it was kept
		return ""
	}
	return address
}

// InUse reports whether documents carry it now.
func (w *WebIdentity) InUse() bool { return !w.AdoptedAt.IsZero() && w.LeftAt.IsZero() }

// Right reports whether the file was right when it was looked at last.
func (w *WebIdentity) Right() bool { return !w.CheckedAt.IsZero() && len(w.Findings) == 0 }

const webColumns = `id, organisation_id, did, created_at, checked_at, good_at, findings, adopted_at, left_at`

func scanWeb(row interface{ Scan(...any) error }) (*WebIdentity, error) {
	w := &WebIdentity{}
	var created, checked, good, adopted, left int64
	var findings string
	if err := row.Scan(&w.ID, &w.OrganisationID, &w.DID, &created, &checked, &good, &findings, &adopted, &left); err != nil {
		return nil, err
	}
	w.CreatedAt, w.CheckedAt, w.GoodAt = sqldb.Time(created), sqldb.Time(checked), sqldb.Time(good)
	w.AdoptedAt, w.LeftAt = sqldb.Time(adopted), sqldb.Time(left)
	return w, json.Unmarshal([]byte(findings), &w.Findings)
}

// WebIdentities returns the organisation's identities on domains of its own,
// oldest first.
func (r *Ring) WebIdentities(ctx context.Context, organisationID int64) (list []*WebIdentity, err error) {
	err = r.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (*WebIdentity, error) { return scanWeb(rows) },
			`SELECT `+webColumns+` FROM web_identity WHERE organisation_id = $1 ORDER BY id`, organisationID)
		return err
	})
	return list, err
}

var errNoIdentity = fault.NotFoundf("This organisation has no such identity.")

func webOf(ctx context.Context, tx *sqldb.Tx, organisationID int64, id string) (*WebIdentity, error) {
	w, err := scanWeb(tx.QueryRow(ctx, `SELECT `+webColumns+` FROM web_identity WHERE organisation_id = $1 AND did = $2`, organisationID, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errNoIdentity
	}
	return w, err
}

// webDID reads what a person enters as the place of their identity: a did:web, a
// domain, or the https address under which the file will be.
func (r *Ring) webDID(text string) (string, error) {
	bad := func(message string) (string, error) {
		return "", fault.Fields(fault.Field{Path: "domain", Message: message})
	}
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "did:") {
		if !strings.Contains(text, "://") {
			text = "https://" + text
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return bad("Enter a domain of yours, such as example.org, or an https address on it, such as https://example.org/badges.")
		}
		path := strings.TrimSuffix(strings.TrimSuffix(u.Path, "/did.json"), "/.well-known")
		u.Path, u.RawPath = strings.TrimSuffix(path, "/"), ""
		if text, err = did.WebDID(u.String()); err != nil {
			return bad("This cannot be the place of an identity. Use a domain name with plain path segments, such as example.org or example.org/badges.")
		}
	}
	host, _, err := did.WebHost(text)
	if err != nil {
		return bad("This is no did:web. Enter a domain of yours, such as example.org.")
	}
	if own, err := url.Parse(r.BaseURL); err == nil && own.Host != "" && strings.EqualFold(own.Host, host) {
		return bad("This is the address of this installation, where your identity is published for you. Enter a domain of your own.")
	}
	return text, nil
}

// Propose notes a domain on which the organisation wants its identity to be. It
// changes nothing yet. Proposing the same again is no mistake.
func (r *Ring) Propose(ctx context.Context, organisationID int64, domain string) (w *WebIdentity, err error) {
	id, err := r.webDID(domain)
	if err != nil {
		return nil, err
	}
	err = r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO web_identity (organisation_id, did, created_at) VALUES ($1, $2, $3) ON CONFLICT (organisation_id, did) DO NOTHING`,
			organisationID, id, sqldb.Millis(r.Now()))
		if err != nil {
			return err
		}
		if w, err = webOf(ctx, tx, organisationID, id); err != nil || n == 0 {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "identity.proposed", Subject: "web_identity", SubjectID: w.ID, Data: map[string]string{"did": id}, At: r.Now()})
	})
	return w, err
}

// Forget takes back a domain that was proposed and never adopted.
func (r *Ring) Forget(ctx context.Context, organisationID int64, id string) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		w, err := webOf(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		if !w.AdoptedAt.IsZero() {
			return fault.Conflictf("Documents carry this identity. It stays on record, so that it goes on being checked.")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM web_identity WHERE id = $1`, w.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "identity.forgotten", Subject: "web_identity", SubjectID: w.ID, Data: map[string]string{"did": id}, At: r.Now()})
	})
}

// WebDocument returns the file that the organisation has to publish for one of
// its DIDs.
func (r *Ring) WebDocument(ctx context.Context, organisationID int64, id string) ([]byte, error) {
	var list []*Key
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { list, err = List(ctx, tx, organisationID); return err })
	if err != nil {
		return nil, err
	}
	return Document(id, list)
}

// Adopt makes a proposed identity the one that documents carry from now on. The
// file is looked at anew; it is a Conflict fault when it is not right. What was
// issued before keeps its identity, and both stay in force.
func (r *Ring) Adopt(ctx context.Context, organisationID int64, id string) (*WebIdentity, error) {
	w, err := r.CheckWeb(ctx, organisationID, id)
	if err != nil {
		return nil, err
	}
	if len(w.Findings) > 0 {
		return nil, fault.Conflictf("The file at %s is not right yet, so nobody could verify what you issue under it.", w.URL())
	}
	wide := sqldb.ForInstallation(ctx) // whether another organisation uses it
	err = r.DB.Write(wide, func(tx *sqldb.Tx) error {
		var n int
		if err := tx.QueryRow(wide, `SELECT count(*) FROM web_identity WHERE did = $1 AND adopted_at > 0 AND organisation_id <> $2`, id, organisationID).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fault.Conflictf("Another organisation of this installation uses this identity. An identity belongs to one.")
		}
		now := sqldb.Millis(r.Now())
		if _, err := tx.Exec(wide, `UPDATE web_identity SET left_at = $2 WHERE organisation_id = $1 AND adopted_at > 0 AND left_at = 0 AND did <> $3`, organisationID, now, id); err != nil {
			return err
		}
		if _, err := tx.Exec(wide, `UPDATE web_identity SET adopted_at = CASE WHEN adopted_at = 0 THEN $2 ELSE adopted_at END, left_at = 0 WHERE id = $1`, w.ID, now); err != nil {
			return err
		}
		if w, err = webOf(wide, tx, organisationID, id); err != nil {
			return err
		}
		return audit.Record(wide, tx, audit.Entry{OrganisationID: organisationID, Action: "identity.adopted", Subject: "web_identity", SubjectID: w.ID, Data: map[string]string{"did": id}, At: r.Now()})
	})
	return w, err
}

// Leave makes the identity on our own host the one that documents carry from now
// on. The file on the other domain is still needed by what was issued with it.
func (r *Ring) Leave(ctx context.Context, organisationID int64, id string) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		w, err := webOf(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		if !w.InUse() {
			return fault.Conflictf("Documents do not carry this identity now.")
		}
		if _, err := tx.Exec(ctx, `UPDATE web_identity SET left_at = $2 WHERE id = $1`, w.ID, sqldb.Millis(r.Now())); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "identity.left", Subject: "web_identity", SubjectID: w.ID, Data: map[string]string{"did": id}, At: r.Now()})
	})
}

// published returns what is wrong with the published file of the identity in
// use as far as k is concerned, a sentence, or "".
func (r *Ring) published(ctx context.Context, k *Key) (string, error) {
	w, err := r.CheckWeb(ctx, k.OrganisationID, k.OwnDID)
	if err != nil {
		return "", err
	}
	for _, f := range w.Findings {
		if f.Fragment == "" || f.Fragment == k.Fragment {
			return fmt.Sprintf("%s: %s", w.URL(), f.Message), nil
		}
	}
	return "", nil
}
