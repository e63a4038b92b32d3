package statuslist

import "errors"

var (
	// ErrMalformed: a list, an entry or a list's credential breaks the rules.
	ErrMalformed = errors.New("malformed status list")
	// ErrTooShort: a list of fewer than MinEntries entries.
	ErrTooShort = errors.New("status list shorter than 131072 entries")
	// ErrTooLarge: a list that expands beyond the limit.
	ErrTooLarge = errors.New("status list too large")
	// ErrIndex: an index that is no plain decimal number, or beyond the list.
	ErrIndex = errors.New("status list index out of range")
	// ErrValue: a status that does not fit into the bits of an entry.
	ErrValue = errors.New("status does not fit into its entry")
	// ErrSize: the entries of the list have another number of bits than those
	// asked for, so whatever is read would be another credential's status.
	ErrSize = errors.New("status list with entries of another size")
	// ErrPurpose: the list is for another purpose than the one asked for.
	ErrPurpose = errors.New("status list of another purpose")
	// ErrID: the credential is not the list that was asked for.
	ErrID = errors.New("another status list than the one asked for")
	// ErrUnsupported: a kind of status that this package cannot read.
	ErrUnsupported = errors.New("kind of status not supported")
	// ErrRetrieval: the list could not be had. For callers, who do the fetching.
	ErrRetrieval = errors.New("status list could not be fetched")
	// ErrVerification: the list is not proven to be the issuer's. For callers,
	// who check signatures.
	ErrVerification = errors.New("status list not verified")
	// ErrRollback: an address answers with an older list than it did before, and
	// the newer one can no longer be relied on.
	ErrRollback = errors.New("status list replaced by an older one")
	// ErrNotShared marks the error of one caller of a Cache, such as a budget
	// that is spent: callers who waited for the same list try for themselves.
	ErrNotShared = errors.New("error of this request only")
)

// problems are the errors that Bitstring Status List 1.0, section 3.5, and
// Verifiable Credentials Data Model 2.0, section 7.2.1, give addresses to; the
// first that fits counts.
var problems = []struct {
	err error
	url string
}{
	{ErrRetrieval, "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"},
	{ErrTooShort, "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"},
	{ErrVerification, "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"},
	{ErrPurpose, "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"},
	{ErrID, "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"},
	{ErrSize, "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"},
	{ErrRollback, "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR"},
	{ErrMalformed, "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"},
	{ErrIndex, "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"},
	{ErrValue, "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"},
	{ErrTooLarge, "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"},
}

// ProblemType returns the address by which the specifications name the problem
// in err, for the "type" of an RFC 9457 problem document, and false for an
// error that they have no name for.
func ProblemType(err error) (string, bool) {
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.url, true
		}
	}
	return "", false
}
