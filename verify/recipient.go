package verify

import (
	"strings"

	"github.com/roundel/roundel/openbadge"
)

// recipient compares whom the badge is about with whom the caller asked for.
// A match says that the badge names that identifier, not that whoever shows it
// is that person.
func (r *run) recipient() Check {
	if r.Recipient == "" {
		return notApplicable(CheckRecipient, CodeNotAsked, "You did not say whom it should be about.")
	}
	match := passed(CheckRecipient, "It is about the person you named.")
	for _, s := range r.report.Parsed.Subject {
		if id, _ := s["id"].(string); id != "" && (id == r.Recipient || strings.EqualFold(id, "mailto:"+r.Recipient)) {
			return match
		}
	}
	var id string
	var identifiers []openbadge.IdentityObject
	switch {
	case r.report.Badge != nil:
		id, identifiers = r.report.Badge.Subject.ID, r.report.Badge.Subject.Identifier
	case r.report.Record != nil:
		id, identifiers = r.report.Record.Subject.ID, r.report.Record.Subject.Identifier
	default:
		return unknown(CheckRecipient, CodeNoIdentifier, "It does not say whom it is about in a way that we can compare.")
	}
	comparable := false
	for _, o := range identifiers {
		if o.Matches(r.Recipient) {
			return match
		}
		comparable = comparable || sameKind(o, r.Recipient)
	}
	if id != "" && strings.HasPrefix(r.Recipient, "did:") == strings.HasPrefix(id, "did:") && !strings.Contains(r.Recipient, "@") {
		comparable = true
	}
	if comparable {
		return failed(CheckRecipient, CodeOtherRecipient, "It is about somebody else than the person you named.")
	}
	return unknown(CheckRecipient, CodeNoIdentifier, "It does not name its recipient in the way you did, so we cannot compare.")
}

// sameKind reports whether o names somebody by the kind of identifier that s is.
func sameKind(o openbadge.IdentityObject, s string) bool {
	isMail := strings.Contains(s, "@") && !strings.HasPrefix(s, "did:")
	return isMail == (o.IdentityType == "emailAddress")
}
