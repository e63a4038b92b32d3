package audit

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/roundel/roundel/internal/sheet"
	"github.com/roundel/roundel/internal/sqldb"
)

// fileFormat is the first thing that a file says of itself.
const fileFormat = "roundel audit log 1"

// fileHead is the first line of a file: what the chain was before its first entry.
type fileHead struct {
	Format       string `json:"format"`
	Organisation int64  `json:"organisation"`
	Position     int64  `json:"position"`
	Hash         string `json:"hash"`
}

// fileEntry is the line of an entry: what is hashed, and what shows that it was.
type fileEntry struct {
	line
	Position int64  `json:"position"`
	Hash     string `json:"hash"`           // of the chain up to here
	IP       string `json:"ip,omitempty"`   // with Salt, what Address commits to; left out once it was forgotten
	Salt     string `json:"salt,omitempty"` // hexadecimal
}

// fileEnd is the last line.
type fileEnd struct {
	Head string `json:"head"`
}

// Period bounds what is handed out. Files hold whole seals: a few entries
// around the period may come with it. The zero Period is everything.
type Period struct{ From, Until time.Time }

// WriteJSONLines writes the chain of an organisation, 0 for the installation,
// so that a stranger can check it: docs/formats.md tells how, CheckFile does it.
func (s *Service) WriteJSONLines(ctx context.Context, w io.Writer, organisation int64, p Period) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	begin := func(h Head) error {
		return enc.Encode(fileHead{Format: fileFormat, Organisation: organisation, Position: h.Position, Hash: h.Hash.String()})
	}
	h, err := s.walk(ctx, organisation, p, begin, func(e *Recorded) error {
		f := fileEntry{line: e.line(), Position: e.Position, Hash: e.Chain.String()}
		if e.Address != "" || len(e.Salt) == saltSize {
			f.IP, f.Salt = e.Address, hex.EncodeToString(e.Salt)
		}
		return enc.Encode(f)
	})
	if err != nil {
		return err
	}
	return errors.Join(enc.Encode(fileEnd{h.String()}), out.Flush())
}

// WriteCSV writes the same as a table for people.
func (s *Service) WriteCSV(ctx context.Context, w io.Writer, organisation int64, p Period) error {
	header := []string{"position", "time", "action", "subject", "subject id", "account", "token", "service", "address", "request", "data", "hash"}
	if err := sheet.WriteCSV(w, header, nil); err != nil {
		return err
	}
	var page [][]string
	flush := func() error {
		err := sheet.AppendCSV(w, page)
		page = page[:0]
		return err
	}
	_, err := s.walk(ctx, organisation, p, func(Head) error { return nil }, func(e *Recorded) error {
		data, err := dataText(e.Data)
		if err != nil {
			return err
		}
		number := func(n int64) string { return strconv.FormatInt(n, 10) }
		page = append(page, []string{number(e.Position), e.At.Format("2006-01-02T15:04:05.000Z"), e.Action, e.Subject, number(e.SubjectID), number(e.AccountID),
			number(e.TokenID), e.Service, e.Address, e.RequestID, data, e.Chain.String()})
		if len(page) == 500 {
			return flush()
		}
		return nil
	})
	return errors.Join(err, flush())
}

// walk seals what is not sealed, calls begin with the head before the first
// seal of the period, and each with its entries in order. It returns the head
// after the last.
func (s *Service) walk(ctx context.Context, organisation int64, p Period, begin func(Head) error, each func(*Recorded) error) (h Head, err error) {
	if _, err := s.Sealer.Seal(sqldb.ForInstallation(ctx)); err != nil {
		return h, err
	}
	var upTo int64
	if h, upTo, err = s.bounds(ctx, organisation, p); err != nil {
		return h, err
	}
	if err := begin(h); err != nil {
		return h, err
	}
	for h.Position < upTo {
		var page []Recorded
		err := s.DB.Read(ctx, func(tx *sqldb.Tx) error {
			page, err = sealedPage(ctx, tx, organisation, h)
			return err
		})
		if err != nil {
			return h, err
		}
		for i := range page {
			e := &page[i]
			h.Position, h.Hash = h.Position+1, next(h.Hash, e.digest())
			e.Position, e.Chain = h.Position, h.Hash
			if err := each(e); err != nil {
				return h, err
			}
		}
	}
	return h, nil
}

// bounds returns the head of the chain before the seal that holds the first
// entry of the period, and the position of the seal that holds the last.
func (s *Service) bounds(ctx context.Context, organisation int64, p Period) (from Head, upTo int64, err error) {
	from = Head{Organisation: organisation, Hash: start(organisation)}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(position), 0) FROM audit_seal WHERE organisation_id = $1`, organisation).Scan(&upTo); err != nil {
			return err
		}
		// A seal is made after its entries, and within moments.
		if !p.Until.IsZero() {
			err := tx.QueryRow(ctx, `SELECT coalesce(min(position), $3) FROM audit_seal WHERE organisation_id = $1 AND sealed_at >= $2`,
				organisation, sqldb.Millis(p.Until), upTo).Scan(&upTo)
			if err != nil {
				return err
			}
		}
		if p.From.IsZero() {
			return nil
		}
		var hash []byte
		err := tx.QueryRow(ctx, `SELECT position, hash FROM audit_seal WHERE organisation_id = $1 AND sealed_at < $2
			ORDER BY position DESC LIMIT 1`, organisation, sqldb.Millis(p.From)).Scan(&from.Position, &hash)
		if errors.Is(err, sqldb.ErrNoRows) {
			return nil
		}
		copy(from.Hash[:], hash)
		return err
	})
	return from, upTo, err
}

// sealedPage returns the entries of the next seal behind h.
func sealedPage(ctx context.Context, tx *sqldb.Tx, organisation int64, h Head) ([]Recorded, error) {
	var packed []byte
	err := tx.QueryRow(ctx, `SELECT members FROM audit_seal WHERE organisation_id = $1 AND position > $2
		ORDER BY position LIMIT 1`, organisation, h.Position).Scan(&packed)
	if err != nil {
		return nil, err
	}
	members, whole := unpackMembers(packed)
	if !whole || len(members) == 0 {
		return nil, fmt.Errorf("the audit log of organisation %d is damaged behind position %d: see roundel fsck", organisation, h.Position)
	}
	page, err := sqldb.Collect(ctx, tx, func(r *sql.Rows) (Recorded, error) { return scanWith(r) }, `SELECT `+columns+` FROM audit_entry
		WHERE organisation_id = $1 AND id >= $2 AND id <= $3 ORDER BY id`, organisation, members[0].id, members[len(members)-1].id)
	if err == nil && len(page) != len(members) {
		err = fmt.Errorf("the audit log of organisation %d is damaged behind position %d: see roundel fsck", organisation, h.Position)
	}
	return page, err
}

// CheckFile reads what WriteJSONLines wrote and walks the chain in it, without
// a database: any stranger can. It returns the head that the chain comes to and
// how many entries there are, or an error that names the first line that is
// wrong. heads were written down elsewhere; those of this chain and within this
// file must lie on it.
func CheckFile(r io.Reader, heads ...Head) (end Head, entries int64, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	number := 0
	bad := func(format string, args ...any) (Head, int64, error) {
		return end, entries, fmt.Errorf("line %d: %s", number, fmt.Sprintf(format, args...))
	}
	closed := false
	var first int64
	for in.Scan() {
		number++
		text := in.Bytes()
		switch {
		case number == 1:
			var f fileHead
			if strict(text, &f) != nil || f.Format != fileFormat {
				return bad("this is not a log that roundel wrote: it does not begin with the format %q", fileFormat)
			}
			end.Organisation, end.Position = f.Organisation, f.Position
			if end.Hash, err = parseHash(f.Hash); err != nil {
				return bad("%v", err)
			}
			if end.Position == 0 && end.Hash != start(end.Organisation) {
				return bad("the chain does not begin where that of organisation %d begins", end.Organisation)
			}
			first = end.Position
		case closed:
			return bad("there is something behind the end")
		case bytes.HasPrefix(text, []byte(`{"head":`)):
			var f fileEnd
			if strict(text, &f) != nil || f.Head != end.String() {
				return bad("the log ends at %s, and this line tells of another end: entries are missing, or the line was edited", end)
			}
			closed = true
		default:
			var f fileEntry
			if err := strict(text, &f); err != nil {
				return bad("not an entry: %v", err)
			}
			if again, err := json.Marshal(f); err != nil || !bytes.Equal(again, text) {
				return bad("this is not how roundel writes an entry: it may be read in two ways")
			}
			if err := f.follow(&end); err != nil {
				return bad("%v", err)
			}
			entries++
		}
		for _, h := range heads {
			if h.Organisation == end.Organisation && h.Position == end.Position && h.Hash != end.Hash && !closed {
				return bad("at position %d the chain had the hash %s, and here it comes to %s: it was made anew", h.Position, h.Hash, end.Hash)
			}
		}
	}
	if err := in.Err(); err != nil {
		return end, entries, err
	}
	if !closed {
		return end, entries, errors.New("the file has no end: its last lines are missing")
	}
	for _, h := range heads {
		if h.Organisation == end.Organisation && h.Position >= first && h.Position > end.Position {
			return end, entries, fmt.Errorf("the file ends at position %d, and the chain once reached %d", end.Position, h.Position)
		}
	}
	return end, entries, nil
}

// follow checks that f is the entry after h, and moves h there.
func (f *fileEntry) follow(h *Head) error {
	if f.Position != h.Position+1 {
		return fmt.Errorf("entry %d follows entry %d: one is missing or was slipped in", f.Position, h.Position)
	}
	if f.Organisation != h.Organisation {
		return fmt.Errorf("entry %d belongs to another log", f.Position)
	}
	if f.Salt != "" {
		salt, err := hex.DecodeString(f.Salt)
		if err != nil || commit(salt, f.IP).String() != f.Address {
			return fmt.Errorf("entry %d: the address was edited", f.Position)
		}
	} else if f.IP != "" {
		return fmt.Errorf("entry %d: an address without its salt", f.Position)
	}
	text, err := json.Marshal(f.line)
	if err != nil {
		return err
	}
	h.Position, h.Hash = f.Position, next(h.Hash, hashOf(text))
	if h.Hash.String() != f.Hash {
		return fmt.Errorf("entry %d was edited, or the one before it is another", f.Position)
	}
	return nil
}

// strict reads one JSON object into v and refuses members that v has not.
func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("more than one object")
	}
	return nil
}
