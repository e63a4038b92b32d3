package transfer

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/blob"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

// Service moves organisations.
type Service struct {
	DB       *sqldb.DB
	Blobs    blob.Store
	Orgs     *org.Service
	Issuing  *issuing.Service
	Keys     *keys.Ring
	Audit    *audit.Service
	Now      func() time.Time
	Software string // version
	BaseURL  string
}

// Options say what an export holds beyond what is always in it.
type Options struct {
	Addresses bool            // of members, with their names
	Baked     bool            // pictures with the badges inside
	KeysTo    []age.Recipient // private keys, encrypted to these
}

// archiveLife is how long the status lists of an export are to be believed.
const archiveLife = 10 * 365 * 24 * time.Hour

// pack writes a ZIP archive and remembers what is in it.
type pack struct {
	zip *zip.Writer
	at  time.Time
	m   Manifest
}

// Export writes everything of the organisation to w. The tables are those of
// one moment. Memory is bounded by the largest picture and badge.
func (s *Service) Export(ctx context.Context, w io.Writer, o *org.Organisation, opts Options) (*Manifest, error) {
	p := &pack{zip: zip.NewWriter(w), at: s.Now().UTC().Truncate(time.Second)}
	p.m = Manifest{Format: Format, MadeAt: p.at, Software: s.Software, BaseURL: s.BaseURL, Organisation: o.Slug, Files: map[string]string{}}
	if err := p.write("README.md", []byte(readme)); err != nil {
		return nil, err
	}
	// What is signed for the archive comes first: no transaction may be open meanwhile.
	if err := s.exportIdentity(ctx, p, o); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if err := s.exportPrivate(ctx, p, o, opts.KeysTo); err != nil {
		return nil, fmt.Errorf("private keys: %w", err)
	}
	e := &exporter{Service: s, pack: p, org: o, opts: opts}
	err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		for _, step := range []func(context.Context, *sqldb.Tx) error{e.organisation, e.keys, e.badges, e.lists, e.awards, e.members, e.events} {
			if err := step(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.exportAudit(ctx, p, o); err != nil {
		return nil, fmt.Errorf("audit log: %w", err)
	}
	files := p.m.Files
	if err := p.json(manifestFile, p.m); err != nil {
		return nil, err
	}
	delete(files, manifestFile)
	if err := p.zip.Close(); err != nil {
		return nil, err
	}
	return &p.m, s.note(ctx, o, "organisation.exported", map[string]string{"awards": strconv.Itoa(p.m.Awards), "private_keys": strconv.FormatBool(len(opts.KeysTo) > 0)})
}

// note records in the audit log that the organisation's data was taken out.
func (s *Service) note(ctx context.Context, o *org.Organisation, action string, data map[string]string) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: o.ID, Action: action, Subject: "organisation", SubjectID: o.ID, Data: data})
	})
}

// exportIdentity writes the DID document and long-lived copies of the status lists.
func (s *Service) exportIdentity(ctx context.Context, p *pack, o *org.Organisation) error {
	if !s.Orgs.IsLive(o) {
		return nil
	}
	doc, err := s.Orgs.DIDDocument(ctx, o)
	if err != nil {
		return err
	}
	if err := p.write("site/issuers/"+o.Slug+"/did.json", doc); err != nil {
		return err
	}
	var lists []publicid.ID
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		lists, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (id publicid.ID, err error) { return id, r.Scan(&id) },
			`SELECT public_id FROM status_list WHERE organisation_id = $1 ORDER BY id`, o.ID)
		return err
	})
	for _, id := range lists {
		doc, err := s.Issuing.ArchiveList(ctx, id, archiveLife)
		if err != nil {
			return fmt.Errorf("status list %s: %w", id, err)
		}
		if err := p.write("site/status/"+id.String(), doc); err != nil {
			return err
		}
	}
	return err
}

func (s *Service) exportPrivate(ctx context.Context, p *pack, o *org.Organisation, to []age.Recipient) error {
	if len(to) == 0 {
		return nil
	}
	private, err := s.Keys.PrivateKeys(ctx, o.ID)
	if err != nil {
		return err
	}
	text, err := json.Marshal(private)
	if err != nil {
		return err
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to...)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return p.write(privateFile, sealed.Bytes())
}

func (s *Service) exportAudit(ctx context.Context, p *pack, o *org.Organisation) error {
	return p.stream(auditFile, func(w io.Writer) error {
		return s.Audit.WriteJSONLines(ctx, w, o.ID, audit.Period{})
	})
}

// exporter writes what lies in tables.
type exporter struct {
	*Service
	*pack
	org  *org.Organisation
	opts Options
}

func (e *exporter) organisation(ctx context.Context, tx *sqldb.Tx) error {
	o := e.org
	x := organisation{
		ID: o.PublicID.String(), Slug: o.Slug, Name: o.Name, Website: o.Website, Email: o.Email, Description: o.Description, Country: o.Country,
		LinkedInID: o.LinkedInID, Accent: o.Accent, Logo: o.LogoKey, LogoAlt: o.LogoAlt, Sample: o.IsSample,
		IncludeName: o.IncludeName, IncludeEvidence: o.IncludeEvidence, LawfulBasis: o.LawfulBasis, CreatedAt: sqldb.Millis(o.CreatedAt),
	}
	if e.Orgs.IsLive(o) {
		k, err := keys.Current(ctx, tx, o.ID)
		if err == nil {
			if id, err := e.Orgs.Identity(o, k); err == nil {
				x.DID = id.DID
			}
		}
	}
	if err := e.picture(ctx, o.LogoKey, "png"); err != nil {
		return err
	}
	own, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (i identity, err error) { return i, r.Scan(&i.DID, &i.AdoptedAt, &i.LeftAt) },
		`SELECT did, adopted_at, left_at FROM web_identity WHERE organisation_id = $1 AND adopted_at > 0 ORDER BY id`, o.ID)
	if err != nil {
		return err
	}
	if err := e.json(identitiesFile, append([]identity{}, own...)); err != nil {
		return err
	}
	return e.json(organisationFile, x)
}

func (e *exporter) keys(ctx context.Context, tx *sqldb.Tx) error {
	list, err := keys.CarryOut(ctx, tx, e.org.ID)
	if err != nil {
		return err
	}
	return e.json(keysFile, list)
}

func (e *exporter) badges(ctx context.Context, tx *sqldb.Tx) error {
	type version struct {
		badge publicid.ID
		badge.CarriedVersion
		created, archived int64
	}
	rows, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (v version, err error) {
		return v, r.Scan(&v.badge, &v.created, &v.archived, &v.Number, &v.Name, &v.Description, &v.Criteria, &v.CriteriaURL, &v.AchievementType, &v.Tags,
			&v.Language, &v.Design, &v.PictureSVG, &v.PicturePNG, &v.PictureAlt, &v.CreatedAt, &v.UpdatedAt, &v.PublishedAt)
	}, `SELECT b.public_id, b.created_at, b.archived_at, v.number, v.name, v.description, v.criteria, v.criteria_url, v.achievement_type, v.tags,
			v.language, v.design, v.picture_svg, v.picture_png, v.picture_alt, v.created_at, v.updated_at, v.published_at
		FROM badge b JOIN badge_version v ON v.badge_id = b.id WHERE b.organisation_id = $1 ORDER BY b.id, v.number`, e.org.ID)
	if err != nil {
		return err
	}
	list := []carriedBadge{}
	for _, v := range rows {
		if id := v.badge.String(); len(list) == 0 || list[len(list)-1].ID != id {
			list = append(list, carriedBadge{ID: id, CreatedAt: v.created, ArchivedAt: v.archived})
		}
		last := &list[len(list)-1]
		last.Versions = append(last.Versions, v.CarriedVersion)
		if err := e.picture(ctx, v.PictureSVG, "svg"); err != nil {
			return err
		}
		if err := e.picture(ctx, v.PicturePNG, "png"); err != nil {
			return err
		}
	}
	e.m.Badges = len(list)
	return e.json(badgesFile, list)
}

func (e *exporter) lists(ctx context.Context, tx *sqldb.Tx) error {
	type row struct {
		carriedList
		key int64
	}
	rows, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (x row, err error) {
		var id publicid.ID
		err = r.Scan(&x.key, &id, &x.Purpose, &x.Entries, &x.Issuer)
		x.ID = id.String()
		return x, err
	}, `SELECT id, public_id, purpose, entries, issuer FROM status_list WHERE organisation_id = $1 ORDER BY id`, e.org.ID)
	list := []carriedList{}
	for _, x := range rows {
		x.Kept, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (n int64, err error) { return n, r.Scan(&n) },
			`SELECT position FROM status_kept WHERE list_id = $1 ORDER BY position`, x.key)
		if err != nil {
			return err
		}
		list = append(list, x.carriedList)
	}
	if err != nil {
		return err
	}
	return e.json(listsFile, list)
}

const awardQuery = `SELECT a.public_id, b.public_id, v.number, v.picture_png, a.trial, a.recipient_name, a.recipient_email, a.salt, a.details, a.valid_from, a.valid_until,
		r.public_id, a.revocation_index, p.public_id, a.suspension_index, a.created_at, a.issued_at, a.revoked_at, a.suspended_at, a.reason, a.private_note,
		a.claim_state, a.claimed_at, a.published_at, a.erased_at, n.public_id, v.name, a.document
	FROM award a JOIN badge_version v ON v.id = a.badge_version_id JOIN badge b ON b.id = v.badge_id
		LEFT JOIN status_list r ON r.id = a.revocation_list LEFT JOIN status_list p ON p.id = a.suspension_list LEFT JOIN award n ON n.id = a.replaced_by
	WHERE (a.organisation_id = $1 OR $1 = 0) AND a.document IS NOT NULL AND ($2 = '' OR a.recipient_key = $2) ORDER BY a.id`

// awardRow is an award with what else its row gives.
type awardRow struct {
	carriedAward
	picture, badgeName string
	document           []byte
}

func scanAward(r *sql.Rows) (a awardRow, err error) {
	var id, badgeID publicid.ID
	var revocation, suspension, later []byte
	err = r.Scan(&id, &badgeID, &a.Version, &a.picture, &a.Trial, &a.Name, &a.Email, &a.Salt, &a.Details, &a.ValidFrom, &a.ValidUntil,
		&revocation, &a.RevocationAt, &suspension, &a.SuspensionAt, &a.CreatedAt, &a.IssuedAt, &a.RevokedAt, &a.SuspendedAt, &a.Reason, &a.PrivateNote,
		&a.Claim, &a.ClaimedAt, &a.PublishedAt, &a.ErasedAt, &later, &a.badgeName, &a.document)
	a.ID, a.Badge = id.String(), badgeID.String()
	a.RevocationList, a.SuspensionList, a.ReplacedBy = idText(revocation), idText(suspension), idText(later)
	return a, err
}

func idText(b []byte) string {
	if len(b) != len(publicid.ID{}) {
		return ""
	}
	return publicid.ID(b).String()
}

// awards writes the record, an overview and the signed badges, one after the
// other: a ZIP archive takes one file at a time, and memory holds one award.
func (e *exporter) awards(ctx context.Context, tx *sqldb.Tx) error {
	err := e.stream(awardsFile, func(w io.Writer) error {
		out := json.NewEncoder(w)
		return eachAward(ctx, tx, e.org.ID, "", func(a awardRow) error {
			e.m.Awards++
			return out.Encode(a.carriedAward)
		})
	})
	if err != nil {
		return err
	}
	err = e.stream("awards.csv", func(w io.Writer) error {
		table := csv.NewWriter(w)
		if err := table.Write([]string{"id", "badge", "name", "address", "awarded", "expires", "state", "claim"}); err != nil {
			return err
		}
		if err := eachAward(ctx, tx, e.org.ID, "", func(a awardRow) error { return table.Write(a.cells()) }); err != nil {
			return err
		}
		table.Flush()
		return table.Error()
	})
	if err != nil {
		return err
	}
	return eachAward(ctx, tx, e.org.ID, "", func(a awardRow) error { return e.document(ctx, a) })
}

// eachAward calls do with the awards of an organisation, 0 for all, that are to
// an address, "" for everybody.
func eachAward(ctx context.Context, tx *sqldb.Tx, organisation int64, address string, do func(awardRow) error) error {
	rows, err := tx.Query(ctx, awardQuery, organisation, address)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		a, err := scanAward(rows)
		if err != nil {
			return err
		}
		if err := do(a); err != nil {
			return err
		}
	}
	return rows.Err()
}

// document writes the signed badge, unless it was erased, and its picture.
func (e *exporter) document(ctx context.Context, a awardRow) error {
	if len(a.document) == 0 {
		return nil
	}
	if err := e.write("site/awards/"+a.ID+".json", a.document); err != nil {
		return err
	}
	if !e.opts.Baked || a.picture == "" {
		return nil
	}
	plain, err := e.Blobs.Get(ctx, a.picture)
	if err != nil {
		return err
	}
	baked, err := baking.BakePNG(plain, a.document)
	if err != nil {
		return err
	}
	return e.write("site/awards/"+a.ID+".png", baked)
}

// cells are the award's row of the overview. What a spreadsheet would take for a
// formula is neutralised.
func (a awardRow) cells() []string {
	state := "current"
	switch {
	case a.ErasedAt > 0:
		state = "erased"
	case a.RevokedAt > 0:
		state = "revoked"
	case a.SuspendedAt > 0:
		state = "suspended"
	}
	cells := []string{a.ID, a.badgeName, a.Name, a.Email, day(a.ValidFrom), day(a.ValidUntil), state, a.Claim}
	for i, c := range cells {
		cells[i] = sheet.Neutral(c)
	}
	return cells
}

func day(ms int64) string {
	if ms == 0 {
		return ""
	}
	return sqldb.Time(ms).Format(time.DateOnly)
}

func (e *exporter) members(ctx context.Context, tx *sqldb.Tx) error {
	list, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (m member, err error) {
		err = r.Scan(&m.Name, &m.Address, &m.Role, &m.Since)
		if !e.opts.Addresses {
			m.Name, m.Address = "", ""
		}
		return m, err
	}, `SELECT a.name, coalesce((SELECT min(d.address) FROM account_address d WHERE d.account_id = a.id AND d.verified_at > 0), ''), m.role, m.created_at
		FROM member m JOIN account a ON a.id = m.account_id WHERE m.organisation_id = $1 ORDER BY m.created_at, a.id`, e.org.ID)
	if err != nil {
		return err
	}
	return e.json(membersFile, append([]member{}, list...))
}

func (e *exporter) events(ctx context.Context, tx *sqldb.Tx) error {
	return e.stream(eventsFile, func(w io.Writer) error {
		rows, err := tx.Query(ctx, `SELECT e.at, e.kind, e.data, a.public_id FROM event e
			LEFT JOIN award a ON a.id = e.subject AND e.kind LIKE 'award.%' WHERE e.organisation_id = $1 ORDER BY e.id`, e.org.ID)
		if err != nil {
			return err
		}
		defer rows.Close()
		out := json.NewEncoder(w)
		for rows.Next() {
			var h happening
			var award []byte
			if err := rows.Scan(&h.At, &h.Kind, &h.Data, &award); err != nil {
				return err
			}
			if h.Award = idText(award); h.Data == "{}" {
				h.Data = ""
			}
			if err := out.Encode(h); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// picture writes a picture once, where the public address has it.
func (e *exporter) picture(ctx context.Context, key, ending string) error {
	name := "site/pictures/" + key + "." + ending
	if key == "" || e.m.Files[name] != "" {
		return nil
	}
	data, err := e.Blobs.Get(ctx, key)
	if err != nil {
		return err
	}
	return e.write(name, data)
}

func (p *pack) json(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return p.write(name, append(text, '\n'))
}

func (p *pack) write(name string, data []byte) error {
	return p.stream(name, func(w io.Writer) error { _, err := w.Write(data); return err })
}

func (p *pack) stream(name string, do func(io.Writer) error) error {
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: p.at}
	if strings.HasSuffix(name, ".png") {
		h.Method = zip.Store
	}
	w, err := p.zip.CreateHeader(h)
	if err != nil {
		return err
	}
	var digest hash.Hash = sha256.New()
	if err := do(io.MultiWriter(w, digest)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.m.Files[name] = hex.EncodeToString(digest.Sum(nil))
	return nil
}
