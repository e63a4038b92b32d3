package issuing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path/filepath"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/roundel/roundel/internal/audit"
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/jobs"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

// BatchState says how far a spreadsheet has come.
type BatchState string

// The states of a batch, in their order.
const (
	BatchReading BatchState = "reading" // rows are being stored; not to be seen yet
	BatchMapping BatchState = "mapping" // uploaded; the columns are to be confirmed
	BatchChecked BatchState = "checked" // every row was checked; nothing was awarded yet
	BatchRunning BatchState = "running" // confirmed; rows are being awarded
	BatchDone    BatchState = "done"
)

// Duplicates says what happens to a recipient who has the badge already.
type Duplicates string

// The duplicate policies.
const (
	SkipDuplicates    Duplicates = "skip"
	ReplaceDuplicates Duplicates = "replace" // the earlier award is withdrawn as replaced
	AllowDuplicates   Duplicates = "allow"
)

// Batch is a spreadsheet of recipients on its way to being awarded.
type Batch struct {
	ID             int64
	PublicID       publicid.ID
	OrganisationID int64
	VersionID      int64
	BadgeName      string
	State          BatchState
	FileName       string
	Header         []string
	Notes          []string // what was noticed while reading the file
	Mapping        Mapping
	DateOrder      sheet.Order
	Duplicates     Duplicates
	CreatedBy      int64
	CreatedAt      time.Time
	ConfirmedAt    time.Time
	FinishedAt     time.Time
	Rows           RowCounts
}

// RowCounts tells how many rows of a batch are in each state.
type RowCounts struct {
	Total, Good, Bad, Skipped int64
	Awarded                   int64 // rows whose award is reserved
	Issued                    int64 // rows whose award is signed
}

// RowState says what will happen to a row, or did.
type RowState string

// The states of a row.
const (
	RowNew     RowState = "new"
	RowGood    RowState = "good"
	RowBad     RowState = "bad"
	RowSkipped RowState = "skipped"
	RowAwarded RowState = "awarded"
)

// Row is one line of the spreadsheet.
type Row struct {
	Number   int64 // 1 is the first line under the header
	Cells    []string
	State    RowState
	Problems []Problem
	AwardID  int64
}

// Problem is what is wrong in a row and how to mend it.
type Problem struct {
	Column  string `json:"column"` // name in the header, or "" for the row as a whole
	Message string `json:"message"`
}

// MaxBatchBytes bounds an uploaded spreadsheet.
const MaxBatchBytes = 64 << 20

// JobBatch is the kind of job that awards a confirmed batch.
const JobBatch = "issuing.batch"

// chunk is how many awards share one pair of commits: enough to make the
// commits cheap, few enough that others get their turn.
const chunk = 100

// CreateBatch reads a spreadsheet of recipients for the badge and proposes
// which column means what. Nothing is awarded yet.
func (s *Service) CreateBatch(ctx context.Context, organisationID, by int64, badgeID publicid.ID, fileName string, file []byte) (*Batch, error) {
	if len(file) == 0 {
		return nil, fault.Fields(fault.Field{Path: "file", Message: "Choose a file with at least a header line and one row."})
	}
	table, err := sheet.Read(file, sheet.Options{MaxBytes: MaxBatchBytes})
	if err != nil {
		return nil, fault.Fields(fault.Field{Path: "file", Message: fault.Message(err)})
	}
	if len(table.Rows) == 0 {
		return nil, fault.Fields(fault.Field{Path: "file", Message: "The file has a header line but no rows under it."})
	}
	b := &Batch{
		PublicID: publicid.New(), OrganisationID: organisationID, State: BatchReading, FileName: shortName(fileName), Header: table.Header,
		Notes: table.Notes, Mapping: GuessMapping(table.Header), Duplicates: SkipDuplicates, CreatedBy: by, CreatedAt: s.Now(),
	}
	b.DateOrder, _ = sheet.DecideOrder(column(table.Rows, b.Mapping[FieldDate]))
	err = s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		v, err := badge.Awardable(ctx, tx, organisationID, badgeID)
		if err != nil {
			return err
		}
		b.VersionID, b.BadgeName = v.ID, v.Name
		if err := insertBatch(ctx, tx, b); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "batch.uploaded", Subject: "batch", SubjectID: b.ID,
			Data: map[string]string{"rows": strconv.Itoa(len(table.Rows)), "badge_version": strconv.FormatInt(v.ID, 10)}})
	})
	if err != nil {
		return nil, err
	}
	// Others get their turn to write between the parts of a long file.
	for start := 0; start < len(table.Rows); start += rowsAtOnce {
		part := table.Rows[start:min(start+rowsAtOnce, len(table.Rows))]
		if err := s.DB.Write(ctx, func(tx *sqldb.Tx) error { return insertRows(ctx, tx, b.ID, start, part) }); err != nil {
			return nil, err
		}
	}
	b.State, b.Rows.Total = BatchMapping, int64(len(table.Rows))
	return b, s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE award_batch SET state = $2, total = $3 WHERE id = $1`, b.ID, string(b.State), b.Rows.Total)
		return err
	})
}

// rowsAtOnce is how many rows are read or written in one transaction.
const rowsAtOnce = 2000

// Batch returns a batch of the organisation with its counts.
func (s *Service) Batch(ctx context.Context, organisationID int64, id publicid.ID) (b *Batch, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error { b, err = batchOf(ctx, tx, organisationID, id); return err })
	return b, err
}

// Batches lists the organisation's batches for badges within reach, newest first.
func (s *Service) Batches(ctx context.Context, organisationID int64, reach org.Reach, limit int) (list []*Batch, err error) {
	args := []any{organisationID, limit}
	where := within(reach, "v.badge_id", &args)
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = sqldb.Collect(ctx, tx, func(r *sql.Rows) (*Batch, error) { return scanBatch(r) },
			`SELECT `+batchColumns+batchCounts+batchFrom+`WHERE b.organisation_id = $1 AND b.state <> 'reading'`+where+` ORDER BY b.id DESC LIMIT $2`, args...)
		return err
	})
	return list, err
}

// Rows returns rows of a batch in the given state, or all when it is empty, in
// the order of the file, after the given row number.
func (s *Service) Rows(ctx context.Context, b *Batch, state RowState, after int64, limit int) (list []Row, err error) {
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		list, err = rows(ctx, tx, b.ID, state, after, limit)
		return err
	})
	return list, err
}

// Confirm starts awarding the good rows. It goes on in the background, and
// after a restart.
func (s *Service) Confirm(ctx context.Context, organisationID, by int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := batchOf(ctx, tx, organisationID, id)
		switch {
		case err != nil:
			return err
		case b.State == BatchRunning || b.State == BatchDone:
			return fault.Conflictf("This spreadsheet was confirmed already.")
		case b.State != BatchChecked:
			return fault.Conflictf("Check the rows first.")
		case b.Rows.Good == 0:
			return fault.Conflictf("No row can be awarded yet. Mend the rows, or upload a corrected file.")
		}
		if err := org.MayIssue(ctx, tx, organisationID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE award_batch SET state = $2, confirmed_at = $3, created_by = $4 WHERE id = $1`,
			b.ID, string(BatchRunning), sqldb.Millis(s.Now()), by); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "batch.confirmed", Subject: "batch", SubjectID: b.ID,
			Data: map[string]string{"rows": strconv.FormatInt(b.Rows.Good, 10), "duplicates": string(b.Duplicates)}}); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: JobBatch, Key: b.PublicID.String(), Payload: batchJob{b.OrganisationID, b.PublicID}})
	})
}

// Discard throws away a batch that was not confirmed.
func (s *Service) Discard(ctx context.Context, organisationID int64, id publicid.ID) error {
	return s.DB.Write(ctx, func(tx *sqldb.Tx) error {
		b, err := batchOf(ctx, tx, organisationID, id)
		if err != nil {
			return err
		}
		if b.State == BatchRunning || b.State == BatchDone {
			return fault.Conflictf("This spreadsheet was confirmed already; its record stays.")
		}
		if _, err := tx.Exec(ctx, `DELETE FROM award_batch_row WHERE batch_id = $1`, b.ID); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `DELETE FROM award_batch WHERE id = $1`, b.ID); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{OrganisationID: organisationID, Action: "batch.discarded", Subject: "batch", SubjectID: b.ID})
	})
}

func shortName(name string) string {
	name = filepath.Base(filepath.ToSlash(name))
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 200 || name == "." {
		return "recipients.csv"
	}
	return name
}

const batchColumns = `b.id, b.public_id, b.organisation_id, b.badge_version_id, v.name, b.state, b.file_name, b.header, b.notes, b.mapping,
	b.date_order, b.duplicates, b.created_by, b.created_at, b.confirmed_at, b.finished_at`

// batchCounts goes over every row of a batch, which takes its time for a long
// one; noCounts stands in where nobody asks.
const noCounts = `, 0, 0, 0, 0, 0, 0`

const batchCounts = `,
	(SELECT count(*) FROM award_batch_row r WHERE r.batch_id = b.id),
	(SELECT count(*) FROM award_batch_row r WHERE r.batch_id = b.id AND r.state = 'good'),
	(SELECT count(*) FROM award_batch_row r WHERE r.batch_id = b.id AND r.state = 'bad'),
	(SELECT count(*) FROM award_batch_row r WHERE r.batch_id = b.id AND r.state = 'skipped'),
	(SELECT count(*) FROM award_batch_row r WHERE r.batch_id = b.id AND r.state = 'awarded'),
	(SELECT count(*) FROM award a WHERE a.batch_id = b.id AND a.batch_id > 0 AND a.issued_at > 0)`

const batchFrom = ` FROM award_batch b JOIN badge_version v ON v.id = b.badge_version_id `

func scanBatch(row interface{ Scan(...any) error }) (*Batch, error) {
	var b Batch
	var header, notes, mapping string
	var created, confirmed, finished int64
	err := row.Scan(&b.ID, &b.PublicID, &b.OrganisationID, &b.VersionID, &b.BadgeName, &b.State, &b.FileName, &header, &notes, &mapping,
		&b.DateOrder, &b.Duplicates, &b.CreatedBy, &created, &confirmed, &finished,
		&b.Rows.Total, &b.Rows.Good, &b.Rows.Bad, &b.Rows.Skipped, &b.Rows.Awarded, &b.Rows.Issued)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.NotFoundf("There is no such spreadsheet.")
	}
	if err != nil {
		return nil, err
	}
	b.CreatedAt, b.ConfirmedAt, b.FinishedAt = sqldb.Time(created), sqldb.Time(confirmed), sqldb.Time(finished)
	return &b, errors.Join(json.Unmarshal([]byte(header), &b.Header), json.Unmarshal([]byte(notes), &b.Notes), json.Unmarshal([]byte(mapping), &b.Mapping))
}

func batchOf(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Batch, error) {
	return scanBatch(tx.QueryRow(ctx, `SELECT `+batchColumns+batchCounts+batchFrom+`WHERE b.organisation_id = $1 AND b.public_id = $2 AND b.state <> 'reading'`, organisationID, id))
}

// batchHead returns a batch without its counts.
func batchHead(ctx context.Context, tx *sqldb.Tx, organisationID int64, id publicid.ID) (*Batch, error) {
	return scanBatch(tx.QueryRow(ctx, `SELECT `+batchColumns+noCounts+batchFrom+`WHERE b.organisation_id = $1 AND b.public_id = $2`, organisationID, id))
}

func insertBatch(ctx context.Context, tx *sqldb.Tx, b *Batch) error {
	return tx.QueryRow(ctx, `INSERT INTO award_batch (public_id, organisation_id, badge_version_id, state, file_name, header, notes, mapping,
			date_order, duplicates, created_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
		b.PublicID, b.OrganisationID, b.VersionID, string(b.State), b.FileName, encodeList(b.Header), encodeList(b.Notes), b.Mapping.encode(),
		string(b.DateOrder), string(b.Duplicates), b.CreatedBy, sqldb.Millis(b.CreatedAt)).Scan(&b.ID)
}

// insertRows stores rows that follow the first skip ones.
func insertRows(ctx context.Context, tx *sqldb.Tx, batchID int64, skip int, cells [][]string) error {
	rows := make([][]any, 0, len(cells))
	for i, c := range cells {
		rows = append(rows, []any{batchID, int64(skip + i + 1), encodeList(c), string(RowNew)})
	}
	return tx.Insert(ctx, "award_batch_row", []string{"batch_id", "number", "cells", "state"}, rows)
}

func rows(ctx context.Context, tx *sqldb.Tx, batchID int64, state RowState, after int64, limit int) ([]Row, error) {
	// Each query has its index: a long batch is never gone through for a few rows.
	of, args := ``, []any{batchID, after, limit}
	if state != "" {
		of, args = ` AND state = $4`, append(args, string(state))
	}
	return sqldb.Collect(ctx, tx, func(r *sql.Rows) (row Row, err error) {
		var cells, problems string
		if err = r.Scan(&row.Number, &cells, &row.State, &problems, &row.AwardID); err != nil {
			return row, err
		}
		return row, errors.Join(json.Unmarshal([]byte(cells), &row.Cells), json.Unmarshal([]byte(problems), &row.Problems))
	}, `SELECT number, cells, state, problems, award_id FROM award_batch_row
		WHERE batch_id = $1`+of+` AND number > $2 ORDER BY number LIMIT $3`, args...)
}

func encodeList(list []string) string {
	if list == nil {
		list = []string{}
	}
	b, _ := json.Marshal(list) // strings always encode
	return string(b)
}
