package verify

// Codes of checks, for programs. They are part of the stable form of a report.
const (
	CodeNotRun = "not_run" // an earlier check did not pass

	// structure
	CodeNotCredential  = "not_a_credential"
	CodeBadJSON        = "bad_json"
	CodeTooLarge       = "too_large"
	CodeRules          = "breaks_rules" // of the Verifiable Credentials Data Model
	CodeNoBadge        = "no_badge_in_picture"
	CodeAmbiguous      = "several_badges_in_picture"
	CodeDamagedPicture = "damaged_picture"
	CodeBadToken       = "bad_token"
	CodeClaims         = "claims_disagree" // a token's claims and the credential in it
	CodeNoSecurity     = "no_security"     // signed in a way that secures nothing
	CodeWebPage        = "web_page"
	CodePresentation   = "presentation"
	CodeUnsupported    = "unsupported" // also of proof, issuer_key and status

	// schema
	CodeSchema       = "breaks_open_badges_rules"
	CodeNotOpenBadge = "not_an_open_badge"
	CodeSchemaOpen   = "schema_not_checked"

	// proof
	CodeNotSigned         = "not_signed"
	CodeChanged           = "changed"
	CodeDiffers           = "differs"   // from what the issuer's web site shows, for hosted badges
	CodeBadProof          = "bad_proof" // unreadable as a signature
	CodeTooManyProofs     = "too_many_proofs"
	CodeWrongPurpose      = "wrong_purpose"
	CodeFuture            = "created_in_future"
	CodeUnknownVocabulary = "unknown_vocabulary"
	CodeUnknownTerm       = "unknown_term"
	CodeRelativeAddress   = "relative_address"
	CodeTooComplex        = "too_complex"    // also of structure, status and refresh
	CodeAmbiguousForm     = "ambiguous_form" // the signature covers another reading
	CodeNoKey             = "no_key"
	CodeBaseProof         = "base_proof"   // the holder's own copy, from which others are derived
	CodePartial           = "partly_shown" // the holder may show only part of what was signed

	// issuer_key and issuer_identity
	CodeOtherKey        = "other_key"      // the key of somebody else
	CodeKeyNotListed    = "key_not_listed" // the issuer's document does not have it
	CodeKeyNotAllowed   = "key_not_allowed"
	CodeKeyRetired      = "key_retired"
	CodeKeyTakenBack    = "key_taken_back"
	CodeKeyInAddress    = "key_in_address" // the only source of the key is the badge itself
	CodeKeyElsewhere    = "key_elsewhere"  // at the issuer's host, outside the issuer's own address
	CodeIssuerInvalid   = "issuer_document_invalid"
	CodeIssuerMissing   = "issuer_document_missing"
	CodeUnreachable     = "unreachable"   // also of status and refresh
	CodeOffline         = "offline"       // also of status and refresh
	CodeNotInBundle     = "not_in_bundle" // also of status, refresh and evidence
	CodeTooManyRequests = "too_many_requests"
	CodeSelfAsserted    = "self_asserted"
	CodeKnownIssuer     = "known_issuer"
	CodeDomain          = "domain"
	CodeDomainAccount   = "domain_account"

	// status
	CodeNoStatus       = "no_status"
	CodeRevoked        = "revoked"
	CodeSuspended      = "suspended"
	CodeOtherIssuer    = "other_issuer"
	CodeListInvalid    = "list_invalid"
	CodeListExpired    = "list_expired"
	CodeListRolledBack = "list_rolled_back"   // an older list in the place of a newer one
	CodeListUnsigned   = "list_not_confirmed" // its signature or key could not be confirmed
	CodeWrongPurposeL  = "list_of_other_purpose"

	// validity_period
	CodeExpired     = "expired"
	CodeNotYetValid = "not_yet_valid"

	// refresh
	CodeNoRefresh    = "no_refresh_service"
	CodeNewerVersion = "newer_version"
	CodeRefreshOther = "other_credential"

	// evidence
	CodeNoEvidence      = "no_digests"
	CodeEvidenceChanged = "evidence_changed"
	CodeEvidenceOpen    = "evidence_not_checked"

	// endorsements
	CodeNoEndorsement       = "no_endorsements"
	CodeEndorsement         = "endorsement_fails"
	CodeEndorsementOpen     = "endorsement_not_confirmed"
	CodeEndorserUnconfirmed = "endorser_unconfirmed"
	CodeEndorsesOther       = "endorses_something_else"
	CodeNotEndorsement      = "not_an_endorsement"

	// contents
	CodeNoContents    = "no_contents"
	CodeContents      = "contents_fail"
	CodeContentsOpen  = "contents_not_confirmed"
	CodeContentsOver  = "contents_no_longer_count" // some are expired or withdrawn
	CodeContentsDoubt = "contents_of_unconfirmed_issuers"

	// challenge and domain of a presentation
	CodeOtherRequest = "other_request"
	CodeOtherHolder  = "other_holder"  // bound to the key of somebody else
	CodeOtherSubject = "other_subject" // not said to be about the holder; for information
	CodeNotBound     = "not_bound"

	// recipient
	CodeNotAsked       = "not_asked"
	CodeOtherRecipient = "other_recipient"
	CodeNoIdentifier   = "no_identifier"
)
