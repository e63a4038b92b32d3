package keys

import (
	"context"
	"crypto"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/fetch"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/sqldb"
)

// Finding is one thing that is wrong with a published file.
type Finding struct {
	Code     string `json:"code"`
	Fragment string `json:"fragment,omitempty"` // the key that it is about, "" for the file
	Message  string `json:"message"`            // what is wrong and how to mend it
}

// The codes of findings.
const (
	FindingUnreachable = "unreachable"
	FindingMissing     = "missing"
	FindingRedirect    = "redirect"
	FindingContent     = "content"
	FindingID          = "id"
	FindingKeyMissing  = "key_missing"
	FindingKeyOther    = "key_other"
	FindingKeyPurpose  = "key_purpose"
	FindingKeyEnd      = "key_end"
)

// CheckWeb fetches the file of one of the organisation's identities, compares it
// with what it should say, and notes what was found.
func (r *Ring) CheckWeb(ctx context.Context, organisationID int64, id string) (*WebIdentity, error) {
	var w *WebIdentity
	var list []*Key
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if w, err = webOf(ctx, tx, organisationID, id); err != nil {
			return err
		}
		list, err = List(ctx, tx, organisationID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.Fetch == nil {
		return nil, fault.Unavailablef("This program does not fetch anything. Check it in the console.")
	}
	body, _, err := r.Fetch.Get(ctx, w.URL(), "application/did+ld+json, application/did+json, application/json")
	if ctx.Err() != nil {
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "The check was interrupted. Try again.")
	}
	w.CheckedAt = r.Now()
	if err != nil {
		w.Findings = []Finding{unfetched(w, err)}
	} else {
		w.Findings = compare(w.DID, body, list)
	}
	if len(w.Findings) == 0 {
		w.GoodAt = w.CheckedAt
	}
	text, err := json.Marshal(slices.Concat([]Finding{}, w.Findings)) // [] and not null
	if err != nil {
		return nil, err
	}
	return w, r.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE web_identity SET checked_at = $2, good_at = $3, findings = $4 WHERE id = $1`,
			w.ID, sqldb.Millis(w.CheckedAt), sqldb.Millis(w.GoodAt), string(text))
		return err
	})
}

// unfetched says why there is no file.
func unfetched(w *WebIdentity, err error) Finding {
	var status *did.StatusError
	switch {
	case errors.As(err, &status) && (status.Code == 404 || status.Code == 410):
		return Finding{Code: FindingMissing, Message: fmt.Sprintf("There is no file (the answer was %d). Put it exactly there.", status.Code)}
	case errors.As(err, &status):
		return Finding{Code: FindingMissing, Message: fmt.Sprintf("The server answered %d instead of the file. It must be readable by everybody, without signing in.", status.Code)}
	case errors.Is(err, fetch.ErrOtherOrigin), errors.Is(err, fetch.ErrRedirects):
		return Finding{Code: FindingRedirect, Message: "The server sends visitors to another address. A did:web is looked up at its own host: let this address answer with the file itself."}
	case errors.Is(err, fetch.ErrTooLarge):
		return Finding{Code: FindingContent, Message: "What is there is far too large to be the file."}
	}
	return Finding{Code: FindingUnreachable, Message: "The server did not answer, or its certificate is not good. Open the address in a browser to see more."}
}

// compare says what a published file lacks.
func compare(id string, body []byte, list []*Key) (found []Finding) {
	doc, err := did.ParseDocument(body)
	if err != nil {
		return []Finding{{Code: FindingContent, Message: "What is there is not a DID document: it must be exactly the file shown here, as JSON."}}
	}
	if doc.ID != id {
		return []Finding{{Code: FindingID, Message: fmt.Sprintf("Its id is %.200s, and must be %s.", doc.ID, id)}}
	}
	for _, k := range list {
		if k.State() == Discarded {
			continue
		}
		if f := compareKey(id, doc, k); f != nil {
			found = append(found, *f)
		}
	}
	return found
}

// compareKey says what a published file has wrong about a key, or returns nil.
func compareKey(id string, doc *did.Document, k *Key) *Finding {
	bad := func(code, format string, args ...any) *Finding {
		return &Finding{Code: code, Fragment: k.Fragment, Message: fmt.Sprintf(format, args...)}
	}
	want, err := k.Method(id)
	if err != nil {
		return bad(FindingKeyOther, "This installation cannot read its own key %s.", k.Fragment)
	}
	got, err := doc.Method(want.ID, did.AssertionMethod)
	switch {
	case errors.Is(err, did.ErrMethodMissing):
		return bad(FindingKeyMissing, "The key #%s is not in it. Publish the file anew.", k.Fragment)
	case errors.Is(err, did.ErrNotAuthorised):
		return bad(FindingKeyPurpose, "The key #%s is in it, but not listed under assertionMethod.", k.Fragment)
	case err != nil:
		return bad(FindingKeyOther, "The key #%s is in it, but damaged.", k.Fragment)
	}
	same, ok := got.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	switch {
	case !ok || !same.Equal(want.PublicKey):
		return bad(FindingKeyOther, "Under #%s there is another key.", k.Fragment)
	case !got.Revoked.Equal(want.Revoked):
		return bad(FindingKeyEnd, "The key #%s was compromised, and the file does not say so, or not since when. Publish it anew: until then others go on believing the key.", k.Fragment)
	case !ends(got, want):
		return bad(FindingKeyEnd, "The file says something else about the end of the key #%s. Publish it anew.", k.Fragment)
	}
	return nil
}

// ends reports whether a published key ends when it should. A file that does not
// say yet that a key has been retired is not wrong: the key signs nothing more.
func ends(got *did.Method, want did.Method) bool {
	return got.Expires.IsZero() || got.Expires.Equal(want.Expires)
}

// JobCheckWeb is the kind of job that looks at all published files, daily.
const JobCheckWeb = "keys.check_web"

const checkEvery = 24 * time.Hour

// Handlers returns what the jobs runner calls for this package's jobs.
func (r *Ring) Handlers(log *slog.Logger) map[string]func(context.Context, json.RawMessage) error {
	return map[string]func(context.Context, json.RawMessage) error{
		JobCheckWeb: func(ctx context.Context, _ json.RawMessage) error { return r.checkAll(ctx, log) },
	}
}

// KeepChecking has the files looked at every day.
func (r *Ring) KeepChecking(ctx context.Context) error {
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error { return r.checkAgain(ctx, tx) })
}

func (r *Ring) checkAgain(ctx context.Context, tx *sqldb.Tx) error {
	return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobCheckWeb, Key: "all", Payload: struct{}{}, RunAt: r.Now().Add(checkEvery)})
}

// checkAll looks at the file of every identity that documents carry.
func (r *Ring) checkAll(ctx context.Context, log *slog.Logger) error {
	type one struct {
		organisation int64
		did          string
	}
	var all []one
	err := r.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.Collect(ctx, tx, func(rows *sql.Rows) (o one, err error) { return o, rows.Scan(&o.organisation, &o.did) },
			`SELECT organisation_id, did FROM web_identity WHERE adopted_at > 0 ORDER BY id`)
		return err
	})
	if err != nil {
		return err
	}
	for _, o := range all {
		w, err := r.CheckWeb(ctx, o.organisation, o.did)
		if err != nil {
			return err
		}
		for _, f := range w.Findings {
			log.WarnContext(ctx, "an organisation's published keys are not right", "did", o.did, "problem", f.Code, "key", f.Fragment)
		}
	}
	return r.DB.Write(ctx, func(tx *sqldb.Tx) error { return r.checkAgain(ctx, tx) })
}
