// Package transfer writes everything of one organisation into a ZIP archive of
// documented open files, and takes such an archive into another installation.
//
// The folder site/ in it can be served by any web server at the organisation's
// old address: its badges keep verifying then, without us.
package transfer

import (
	"time"

	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
)

// Format is the version of the archive's format.
const Format = 1

// The files of an archive, besides README.md, awards.csv and what lies in site/.
const (
	manifestFile     = "manifest.json"
	organisationFile = "organisation.json"
	keysFile         = "keys.json"
	privateFile      = "keys-private.age"
	badgesFile       = "badges.json"
	listsFile        = "status-lists.json"
	awardsFile       = "awards.jsonl"
	membersFile      = "members.json"
	eventsFile       = "events.jsonl"
	auditFile        = "audit.jsonl"
	identitiesFile   = "identities.json"
)

// Manifest says what an archive holds. It is the last file.
type Manifest struct {
	Format       int               `json:"format"`
	MadeAt       time.Time         `json:"madeAt"`
	Software     string            `json:"software"`
	BaseURL      string            `json:"baseUrl"`
	Organisation string            `json:"organisation"` // slug
	Badges       int               `json:"badges"`
	Awards       int               `json:"awards"`
	Files        map[string]string `json:"files"` // name -> SHA-256
}

// organisation is organisation.json.
type organisation struct {
	ID              string `json:"id"`
	Slug            string `json:"slug"`
	DID             string `json:"did,omitempty"`
	Name            string `json:"name"`
	Website         string `json:"website"`
	Email           string `json:"email"`
	Description     string `json:"description,omitempty"`
	Country         string `json:"country,omitempty"`
	LinkedInID      string `json:"linkedinId,omitempty"`
	Accent          string `json:"accent,omitempty"`
	Logo            string `json:"logo,omitempty"` // SHA-256 of the picture
	LogoAlt         string `json:"logoAlt,omitempty"`
	Sample          bool   `json:"sample,omitempty"`
	IncludeName     bool   `json:"includeName"`
	IncludeEvidence bool   `json:"includeEvidence"`
	LawfulBasis     string `json:"lawfulBasis,omitempty"`
	CreatedAt       int64  `json:"createdAt"`
}

// member is an entry of members.json.
type member struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Role    string `json:"role"`
	Since   int64  `json:"since"`
}

// identity is an entry of identities.json: a did:web on a domain of the
// organisation's own.
type identity struct {
	DID       string `json:"did"`
	AdoptedAt int64  `json:"adoptedAt"`
	LeftAt    int64  `json:"leftAt,omitempty"`
}

// happening is a line of events.jsonl.
type happening struct {
	At    int64  `json:"at"`
	Kind  string `json:"kind"`
	Award string `json:"award,omitempty"`
	Data  string `json:"data,omitempty"`
}

type (
	carriedKey   = keys.Carried
	carriedBadge = badge.Carried
	carriedList  = issuing.CarriedList
	carriedAward = issuing.Carried
)

const readme = `# Export of an organisation

Everything that a Roundel installation holds of one organisation, as open files.
Times are milliseconds since 1970 (UTC), 0 or nothing for never. Text is UTF-8.

| file | what it is |
|---|---|
| organisation.json | the profile, what enters signed badges, the identity (DID) |
| keys.json | every public key that badges may be signed with, and its history |
| keys-private.age | the private keys (PEM), encrypted with age; only if it was asked for |
| identities.json | identities on domains of the organisation's own |
| badges.json | every badge with all its versions |
| awards.jsonl | every award, a JSON object each line, without its signed document |
| awards.csv | the same as an overview for a spreadsheet |
| status-lists.json | the lists in which withdrawals show |
| members.json | who belongs to the organisation; names and addresses only if it was asked for |
| events.jsonl | what happened, in order |
| audit.jsonl | the organisation's part of the audit log |
| manifest.json | the SHA-256 of every file |
| site/ | what verifiers fetch; see below |

The signed badges are in site/awards/, each exactly as it was signed (Open
Badges 3.0, W3C Verifiable Credentials 2.0). Files whose name ends in .png hold
the badge in its picture.

## Keeping badges verifiable without Roundel

Serve the folder site/ at the old address (see baseUrl in manifest.json) with
any web server: site/status/X must be answered at /status/X with the media type
application/vc+ld+json, site/issuers/SLUG/did.json at /issuers/SLUG/did.json.
The status lists in it are signed for ten years from the day of the export and
show what was withdrawn by then. They cannot show later withdrawals.

## Moving to another Roundel

roundel import --organisation FILE.zip shows what would happen; with --yes it
happens. Ids are kept. Old badges keep verifying when the address moves along.
If it does not, keep site/ answering at the old address: identities (did:web),
status lists and pages of old badges are there, and nobody can sign new ones.
`
