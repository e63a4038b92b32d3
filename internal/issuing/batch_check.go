package issuing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

// What a column of a spreadsheet can mean.
const (
	FieldName      = "name"
	FieldFirst     = "first_name"
	FieldLast      = "last_name"
	FieldEmail     = "email"
	FieldDate      = "date"
	FieldUntil     = "until"
	FieldEvidence  = "evidence"
	FieldResult    = "result"
	FieldNarrative = "narrative"
)

// MappingFields lists what a column can mean, in the order in which people
// think of it.
var MappingFields = []string{FieldName, FieldFirst, FieldLast, FieldEmail, FieldDate, FieldUntil, FieldEvidence, FieldResult, FieldNarrative}

// Mapping says which column, counted from 0, holds what. Columns that are not
// named are skipped.
type Mapping map[string]int

// guesses are the headers that people give their columns, in lower case with
// single spaces.
var guesses = map[string][]string{
	FieldName:      {"name", "full name", "fullname", "recipient", "recipient name", "student", "student name", "learner", "participant", "nom complet", "nombre completo", "naam"},
	FieldFirst:     {"first name", "firstname", "given name", "forename", "vorname", "prénom", "prenom", "nombre", "voornaam"},
	FieldLast:      {"last name", "lastname", "surname", "family name", "nachname", "nom", "apellidos", "apellido", "achternaam"},
	FieldEmail:     {"email", "e-mail", "mail", "email address", "e-mail address", "recipient email", "e-mail-adresse", "courriel", "correo", "correo electrónico", "emailadres"},
	FieldDate:      {"date", "issued", "issued on", "issue date", "award date", "awarded on", "completed", "completion date", "datum", "fecha"},
	FieldUntil:     {"expires", "expiry", "expiry date", "expiration", "expiration date", "valid until", "until", "gültig bis", "ablaufdatum"},
	FieldEvidence:  {"evidence", "evidence url", "evidence link", "link", "url", "portfolio"},
	FieldResult:    {"result", "grade", "score", "mark", "final grade", "note", "punkte", "nota"},
	FieldNarrative: {"narrative", "comment", "reason", "why", "description"},
}

// GuessMapping proposes what each column means from its name.
func GuessMapping(header []string) Mapping {
	m := Mapping{}
	for i, h := range header {
		h = strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(h, "_", " ")), " "))
		for _, field := range MappingFields {
			if _, taken := m[field]; !taken && slices.Contains(guesses[field], h) {
				m[field] = i
				break
			}
		}
	}
	return m
}

func (m Mapping) encode() string {
	b, _ := json.Marshal(map[string]int(m)) // strings and numbers always encode
	return string(b)
}

// check names what a mapping lacks.
func (m Mapping) check(columns int) error {
	var wrong []fault.Field
	used := map[int]string{}
	for _, field := range slices.Sorted(maps.Keys(m)) {
		at := m[field]
		if !slices.Contains(MappingFields, field) || at < 0 || at >= columns {
			return fault.Invalidf("The choice of columns does not fit this file. Load the page again.")
		}
		if other, twice := used[at]; twice {
			wrong = append(wrong, fault.Field{Path: field, Message: fmt.Sprintf("Column %d is already used as %q. Choose another.", at+1, other)})
		}
		used[at] = field
	}
	_, full := m[FieldName]
	_, first := m[FieldFirst]
	if _, last := m[FieldLast]; !full && !first && !last {
		wrong = append(wrong, fault.Field{Path: FieldName, Message: "Choose the column with the recipients' names."})
	}
	if _, ok := m[FieldEmail]; !ok {
		wrong = append(wrong, fault.Field{Path: FieldEmail, Message: "Choose the column with the e-mail addresses."})
	}
	return fault.Fields(wrong...)
}

// SetMapping decides what the columns mean and checks every row. Nothing is
// awarded yet. It can be called again until the batch is confirmed.
func (s *Service) SetMapping(ctx context.Context, organisationID int64, id publicid.ID, m Mapping, order sheet.Order, d Duplicates) error {
	if !slices.Contains([]Duplicates{SkipDuplicates, ReplaceDuplicates, AllowDuplicates}, d) {
		return fault.Fields(fault.Field{Path: "duplicates", Message: "Choose what happens to people who have the badge already."})
	}
	var b *Batch
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if b, err = unconfirmed(ctx, tx, organisationID, id); err != nil {
			return err
		}
		if err := m.check(len(b.Header)); err != nil {
			return err
		}
		// Not checked until every row is: nothing can be confirmed in between.
		b.Mapping, b.DateOrder, b.Duplicates, b.State = m, order, d, BatchMapping
		_, err = tx.Exec(ctx, `UPDATE award_batch SET mapping = $2, date_order = $3, duplicates = $4, state = $5 WHERE id = $1`,
			b.ID, m.encode(), string(order), string(d), string(b.State))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.checkRows(ctx, b); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := stillThe(ctx, tx, b); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE award_batch SET state = $2 WHERE id = $1`, b.ID, string(BatchChecked))
		return err
	})
}

// MendRow replaces a row's cells and checks all rows again, for a mended
// address may now appear twice.
func (s *Service) MendRow(ctx context.Context, organisationID int64, id publicid.ID, number int64, cells []string) error {
	var b *Batch
	err := s.DB.Write(ctx, func(tx *sqldb.Tx) (err error) {
		if b, err = unconfirmed(ctx, tx, organisationID, id); err != nil {
			return err
		}
		if len(cells) != len(b.Header) {
			return fault.Invalidf("The row must have %d cells.", len(b.Header))
		}
		n, err := tx.Exec(ctx, `UPDATE award_batch_row SET cells = $3 WHERE batch_id = $1 AND number = $2`, b.ID, number, encodeList(cells))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.NotFoundf("There is no row %d.", number)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.checkRows(ctx, b)
}

// stillThe returns a conflict when somebody has chosen other columns, changed
// the state or confirmed the batch since b was read.
func stillThe(ctx context.Context, tx *sqldb.Tx, b *Batch) error {
	var state, mapping, order, duplicates string
	err := tx.QueryRow(ctx, `SELECT state, mapping, date_order, duplicates FROM award_batch WHERE id = $1`, b.ID).Scan(&state, &mapping, &order, &duplicates)
	if err == nil && (state != string(b.State) || mapping != b.Mapping.encode() || order != string(b.DateOrder) || duplicates != string(b.Duplicates)) {
		return fault.Conflictf("Somebody else has changed this spreadsheet in the meantime. Load the page again.")
	}
	return err
}

func unconfirmed(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Batch, error) {
	b, err := batchOf(ctx, tx, organisationID, id)
	if err == nil && (b.State == BatchRunning || b.State == BatchDone) {
		return nil, fault.Conflictf("This spreadsheet was confirmed already and does not change any more.")
	}
	return b, err
}

// checkRows checks every row of the batch and writes down those whose state
// changes. It reads and writes in parts, so that others get their turn.
func (s *Service) checkRows(ctx context.Context, b *Batch) error {
	seen := map[string]int64{} // address -> row
	if b.Duplicates == SkipDuplicates {
		var list []string
		err := s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) { list, err = holders(ctx, tx, b.VersionID); return err })
		if err != nil {
			return err
		}
		for _, key := range list {
			seen[key] = 0
		}
	}
	now := s.Now()
	for after := int64(0); ; {
		page, err := s.Rows(ctx, b, "", after, rowsAtOnce)
		if err != nil || len(page) == 0 {
			return err
		}
		var changed []Row
		for _, row := range page {
			state, problems := b.checkRow(row, now, seen)
			if state != row.State || !slices.Equal(problems, row.Problems) {
				row.State, row.Problems = state, problems
				changed = append(changed, row)
			}
		}
		if err := s.writeChecked(ctx, b, changed); err != nil {
			return err
		}
		after = page[len(page)-1].Number
	}
}

// writeChecked writes down what became of rows.
func (s *Service) writeChecked(ctx context.Context, b *Batch, changed []Row) error {
	if len(changed) == 0 {
		return nil
	}
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		if err := stillThe(ctx, tx, b); err != nil {
			return err
		}
		for _, row := range changed {
			if err := updateRow(ctx, tx, b.ID, row.Number, row.State, row.Problems); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkRow decides what will happen to a row. seen holds the addresses that
// have the badge already (0) or stand in an earlier row (its number).
func (b *Batch) checkRow(row Row, now time.Time, seen map[string]int64) (RowState, []Problem) {
	r, problems := b.request(row)
	if len(problems) == 0 {
		_, err := r.normalise(now)
		for _, f := range fault.FieldsOf(err) {
			problems = append(problems, Problem{Column: b.columnName(f.Path), Message: f.Message})
		}
	}
	if len(problems) > 0 {
		return RowBad, problems
	}
	key := recipientKey(r.Recipient.Email)
	if earlier, twice := seen[key]; twice && b.Duplicates != AllowDuplicates {
		if earlier == 0 {
			return RowSkipped, []Problem{b.hasItAlready()}
		}
		return RowSkipped, []Problem{{Column: b.columnName(FieldEmail), Message: fmt.Sprintf("The same address stands in row %d.", earlier)}}
	}
	seen[key] = row.Number
	return RowGood, nil
}

func (b *Batch) hasItAlready() Problem {
	return Problem{Column: b.columnName(FieldEmail), Message: "This person has the badge already."}
}

// holds reports whether somebody has any version of the badge.
func holds(ctx context.Context, tx *sqldb.Tx, versionID int64, key string) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT count(*) FROM award a WHERE a.recipient_key = $2 AND `+holding, versionID, key).Scan(&n)
	return n > 0, err
}

// request reads a row as a request for an award.
func (b *Batch) request(row Row) (r Request, problems []Problem) {
	cell := func(field string) string {
		if at, ok := b.Mapping[field]; ok && at < len(row.Cells) {
			return strings.TrimSpace(row.Cells[at])
		}
		return ""
	}
	date := func(field string) time.Time {
		text := cell(field)
		if text == "" {
			return time.Time{}
		}
		t, err := sheet.ParseDate(text, b.DateOrder)
		if err != nil {
			problems = append(problems, Problem{Column: b.columnName(field), Message: fault.Message(err)})
		}
		return t
	}
	r.Recipient.Name = cell(FieldName)
	if r.Recipient.Name == "" {
		r.Recipient.Name = strings.TrimSpace(cell(FieldFirst) + " " + cell(FieldLast))
	}
	email, err := sheet.ParseEmail(cell(FieldEmail))
	if err != nil {
		problems = append(problems, Problem{Column: b.columnName(FieldEmail), Message: fault.Message(err)})
	}
	r.Recipient.Email = email
	r.ValidFrom, r.ValidUntil = date(FieldDate), date(FieldUntil)
	r.Details.Result, r.Details.Narrative = cell(FieldResult), cell(FieldNarrative)
	if link := cell(FieldEvidence); link != "" {
		r.Details.Evidence = []Evidence{{URL: link}}
	}
	return r, problems
}

// columnName returns the header of the column that holds a field.
func (b *Batch) columnName(field string) string {
	if at, ok := b.Mapping[field]; ok && at < len(b.Header) {
		return b.Header[at]
	}
	if at, ok := b.Mapping[FieldFirst]; field == FieldName && ok && at < len(b.Header) {
		return b.Header[at]
	}
	return ""
}

func updateRow(ctx context.Context, tx *sqldb.Tx, batchID, number int64, state RowState, problems []Problem) error {
	if problems == nil {
		problems = []Problem{}
	}
	text, err := json.Marshal(problems)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE award_batch_row SET state = $3, problems = $4 WHERE batch_id = $1 AND number = $2`, batchID, number, string(state), string(text))
	return err
}

// holders returns the addresses of those who have any version of the badge and
// from whom it was not withdrawn.
func holders(ctx context.Context, tx *sqldb.Tx, versionID int64) ([]string, error) {
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (key string, err error) { return key, r.Scan(&key) },
		`SELECT a.recipient_key FROM award a WHERE `+holding, versionID)
}

// holding selects the awards of any version of the badge that version $1
// belongs to, which were not withdrawn, replaced or declined.
const holding = `a.revoked_at = 0 AND a.replaced_by = 0 AND a.claim_state <> 'declined'
	AND a.badge_version_id IN (SELECT w.id FROM badge_version w WHERE w.badge_id = (SELECT badge_id FROM badge_version WHERE id = $1))`

func column(rows [][]string, at int) []string {
	values := make([]string, 0, len(rows))
	for _, r := range rows {
		if at < len(r) {
			values = append(values, r[at])
		}
	}
	return values
}
