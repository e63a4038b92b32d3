package verify

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	"github.com/roundel/roundel/credential"
	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/strictjson"
)

// oldBadge verifies a badge of Open Badges before 3.0: its JSON, its JWS, or the
// address of a hosted one. address is what a picture names beside it, or "".
//
// Such a badge has no proof inside. A hosted one is real if its issuer's web
// site shows it, so nothing is known of it offline.
func (r *run) oldBadge(badge []byte, address string) (document, *Check) {
	v := ob2.Verifier{Now: func() time.Time { return r.now }, Recipient: r.Recipient, MaxFetches: maxRequests}
	if r.get != nil {
		v.Get = paid{r}
	}
	result := v.Verify(r.ctx, badge, address)
	if c := result.Check(ob2.CheckStructure); result.Assertion == nil {
		return document{}, r.oldUnread(result, c)
	}
	return document{Credential: oldCredential(result), old: result}, nil
}

// oldUnread is the structure check of an old badge that could not be read.
func (r *run) oldUnread(result *ob2.Result, structure ob2.Check) *Check {
	c := failed(CheckStructure, CodeRules, structure.Sentence)
	switch {
	case result.Check(ob2.CheckRevoked).Outcome == ob2.Failed:
		c = failed(CheckStatus, CodeRevoked, result.Check(ob2.CheckRevoked).Sentence)
		r.set(unknown(CheckStructure, CodeNotRun, "Only the address of the badge is known, and its issuer has taken away what was there."))
	case structure.Outcome != ob2.Failed: // an address where nothing could be had
		c = unknown(CheckStructure, oldCode(result.Check(ob2.CheckProof)), result.Check(ob2.CheckProof).Sentence)
	case structure.Code == ob2.CodeMalformed:
		c.Code = CodeBadJSON
	}
	return &c
}

// oldChecks puts what package ob2 found into the report.
func (r *run) oldChecks(d document) *Report {
	result := d.old
	r.report.Parsed, r.report.Badge = d.Credential, oldAsNew(result)
	r.set(passed(CheckStructure, "The file is a complete, well-formed badge of Open Badges "+result.Version+"."))
	r.set(passed(CheckSchema, "It has everything that a badge of Open Badges "+result.Version+" must have."))
	r.set(oldCheck(CheckProof, result.Check(ob2.CheckProof)))
	key := oldCheck(CheckIssuerKey, result.Check(ob2.CheckIssuer))
	if r.report.Check(CheckProof).Outcome != Passed && key.Outcome == Passed {
		key = unknown(CheckIssuerKey, CodeNotRun, "Not checked, because it is not shown that this is what the issuer has.")
	}
	r.set(key)
	r.set(r.oldIdentity(result, key))
	r.set(oldCheck(CheckStatus, result.Check(ob2.CheckRevoked)))
	if c := r.report.Check(CheckStatus); c.Outcome == Failed && r.report.Check(CheckProof).Outcome == Failed {
		// What its issuer took back is no longer to be found.
		r.set(unknown(CheckProof, CodeNotRun, "Not checked, because the issuer has taken it back."))
	}
	if c := r.report.Check(CheckStatus); c.Outcome == Passed && r.stale(result.Assertion.ID) {
		r.set(unknown(CheckStatus, CodeListExpired, "We could not learn whether it has been withdrawn: what its host answered was saved too long ago."))
	}
	r.set(oldCheck(CheckValidity, result.Check(ob2.CheckPeriod)))
	r.set(notApplicable(CheckRefresh, CodeNoRefresh, "The issuer offers no newer versions."))
	r.set(notApplicable(CheckEvidence, CodeNoEvidence, "It refers to nothing by its digest."))
	r.set(notApplicable(CheckEndorsements, CodeNoEndorsement, "Endorsements of old badges bear no signature of their own. We do not count them."))
	r.set(notApplicable(CheckContents, CodeNoContents, "It holds no other badges."))
	r.set(oldCheck(CheckRecipient, result.Check(ob2.CheckRecipient)))
	return r.finish()
}

// oldIdentity says who the issuer is, if its profile stands behind the badge.
func (r *run) oldIdentity(result *ob2.Result, key Check) Check {
	const reason = "Not checked, because it is not shown that the issuer stands behind this."
	if key.Outcome != Passed || result.Issuer == nil {
		return unknown(CheckIssuerIdentity, CodeNotRun, reason)
	}
	host, err := provenHost(result.Issuer.ID)
	if _, bad := provenHost(result.Assertion.ID); bad != nil && !result.Signed {
		// A program that answers what its address asks may say anything.
		err = bad
	}
	if err != nil {
		return unknown(CheckIssuerIdentity, CodeUnsupported, "The issuer's address is written in a form that does not show whose it is.")
	}
	u, err := url.Parse(result.Issuer.ID)
	r.report.IssuerDomain, r.report.SharedHost = host, err != nil || strings.Trim(u.Path, "/") != ""
	return r.identity(owner{check: key, host: host, shared: r.report.SharedHost}, result.Issuer.ID)
}

// oldCheck is c as a check of a report.
func oldCheck(id string, c ob2.Check) Check {
	out := Check{ID: id, Code: oldCode(c), Reason: c.Sentence}
	switch c.Outcome {
	case ob2.Passed:
		out.Outcome = Passed
	case ob2.Failed:
		out.Outcome = Failed
	case ob2.NotApplicable:
		out.Outcome = NotApplicable
	default:
		out.Outcome = Unknown
	}
	if out.Code == "" && out.Outcome != Passed {
		out.Code = CodeNotRun
	}
	return out
}

// oldCode names in our words what package ob2 names in its own.
func oldCode(c ob2.Check) string {
	switch c.Code {
	case ob2.CodeRevoked:
		return CodeRevoked
	case ob2.CodeExpired:
		return CodeExpired
	case ob2.CodeNotYet:
		return CodeNotYetValid
	case ob2.CodeSignature, ob2.CodeNotThere:
		return CodeChanged
	case ob2.CodeDiffers:
		return CodeDiffers
	case ob2.CodeForeignKey, ob2.CodeForeignHost:
		return CodeOtherKey
	case ob2.CodeNoIssuer:
		return CodeIssuerMissing
	case ob2.CodeTooMany:
		return CodeTooManyRequests
	case ob2.CodeOther:
		return CodeOtherRecipient
	case ob2.CodeNotComparable:
		return CodeNoIdentifier
	case ob2.CodeNoList:
		return CodeNoStatus
	case ob2.CodeNotHosted:
		return CodeNotSigned
	}
	return c.Code // unreachable, offline, no_key, not_asked, not_run: the same words
}

// oldCredential is what a report tells of an old badge as of any credential.
func oldCredential(result *ob2.Result) *credential.Credential {
	a := result.Assertion
	c := &credential.Credential{Raw: result.Document, ID: a.ID, Types: []string{"Assertion"}, ValidFrom: a.IssuedOn, ValidUntil: a.Expires, Tree: map[string]any{}}
	if b := result.Badge; b != nil {
		c.Name, c.Description = b.Name, b.Description
		c.Issuer = credential.Issuer{ID: b.Issuer.ID, Name: b.Issuer.Name}
	}
	if i := result.Issuer; i != nil {
		c.Issuer = credential.Issuer{ID: i.ID, Name: i.Name, URL: i.URL}
	}
	return c
}

// oldAsNew shows an old badge in the terms of Open Badges 3.0. It is for people
// to look at: the document has never been one.
func oldAsNew(result *ob2.Result) *openbadge.AchievementCredential {
	a, b := result.Assertion, result.Badge
	if b == nil {
		b = &a.Badge
	}
	achievement := openbadge.Achievement{ID: b.ID, Name: b.Name, Description: b.Description, Tag: b.Tags,
		Criteria: openbadge.Criteria{ID: b.Criteria.ID, Narrative: b.Criteria.Narrative}}
	if b.Image != nil {
		achievement.Image = &openbadge.Image{ID: b.Image.ID, Caption: b.Image.Caption}
	}
	for _, one := range b.Alignment {
		achievement.Alignment = append(achievement.Alignment, openbadge.Alignment{TargetName: one.Name, TargetURL: one.URL,
			TargetDescription: one.Description, TargetFramework: one.Framework, TargetCode: one.Code})
	}
	identity := openbadge.IdentityObject{Hashed: a.Recipient.Hashed, IdentityHash: a.Recipient.Identity, IdentityType: "identifier", Salt: a.Recipient.Salt}
	if a.Recipient.Type == "email" {
		identity.IdentityType = "emailAddress"
	}
	out := &openbadge.AchievementCredential{ID: a.ID, Types: []string{"Assertion"}, Name: b.Name, ValidFrom: a.IssuedOn, ValidUntil: a.Expires,
		Subject: openbadge.Subject{Identifier: []openbadge.IdentityObject{identity}, Achievement: achievement, Narrative: a.Narrative}}
	if i := result.Issuer; i != nil {
		out.Issuer = openbadge.Profile{ID: i.ID, Name: i.Name, URL: i.URL, Description: i.Description, Email: i.Email}
	}
	for _, e := range a.Evidence {
		out.Evidence = append(out.Evidence, openbadge.Evidence{ID: e.ID, Name: e.Name, Narrative: e.Narrative, Description: e.Description, Genre: e.Genre, Audience: e.Audience})
	}
	return out
}

// holdsOld reports whether the payload of a token is a badge of Open Badges before
// 3.0.
func holdsOld(payload []byte) bool {
	if !bytes.Contains(payload, []byte(`"badge"`)) {
		return false
	}
	v, err := strictjson.Decode(payload, strictjson.Limits{})
	tree, ok := v.(map[string]any)
	return err == nil && ok && ob2.Is(tree)
}
