package transfer

import (
	"context"
	"encoding/json"
	"io"

	"github.com/roundel/roundel/internal/account"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/sqldb"
)

// personAward is an award in the copy that a person gets of their data.
type personAward struct {
	carriedAward
	BadgeName  string          `json:"badgeName"`
	Credential json.RawMessage `json:"credential,omitempty"`
}

// personMail is a mail in it. Its text is gone as soon as it was sent.
type personMail struct {
	Address   string `json:"address"`
	Subject   string `json:"subject"`
	State     string `json:"state"`
	CreatedAt int64  `json:"createdAt"`
	SentAt    int64  `json:"sentAt,omitempty"`
}

// ExportPerson writes what is stored of a recipient, as JSON: of one
// organisation, or of all when that is 0. It returns how many awards there are,
// and a NotFound fault when nothing is stored.
func (s *Service) ExportPerson(ctx context.Context, w io.Writer, organisation int64, email string) (n int, err error) {
	address, err := account.AddressKey(email)
	if err != nil {
		return 0, err
	}
	copyOf := struct {
		Address string        `json:"address"`
		MadeAt  int64         `json:"madeAt"`
		Awards  []personAward `json:"awards"`
		Mails   []personMail  `json:"mails"`
	}{Address: address, MadeAt: sqldb.Millis(s.Now()), Awards: []personAward{}, Mails: []personMail{}}
	err = s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		err := eachAward(ctx, tx, organisation, address, func(a awardRow) error {
			copyOf.Awards = append(copyOf.Awards, personAward{a.carriedAward, a.badgeName, a.document})
			return nil
		})
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT recipient, subject, state, created_at, sent_at FROM outbox_mail
			WHERE (organisation_id = $1 OR $1 = 0) AND lower(recipient) = $2 ORDER BY id`, organisation, address)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m personMail
			if err := rows.Scan(&m.Address, &m.Subject, &m.State, &m.CreatedAt, &m.SentAt); err != nil {
				return err
			}
			copyOf.Mails = append(copyOf.Mails, m)
		}
		return rows.Err()
	})
	if err != nil {
		return 0, err
	}
	if len(copyOf.Awards)+len(copyOf.Mails) == 0 {
		return 0, fault.NotFoundf("Nothing is stored of this address.")
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return len(copyOf.Awards), out.Encode(copyOf)
}
