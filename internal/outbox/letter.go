package outbox

import (
	"context"

	"github.com/roundel/roundel/internal/locale"
	"github.com/roundel/roundel/internal/mail"
	"github.com/roundel/roundel/internal/sqldb"
)

// EnqueueLetter adds a mail with one thing to do, at the address url, to the
// caller's transaction. Its words are the texts FAMILY.subject, heading, text,
// button and note, filled with args.
func EnqueueLetter(ctx context.Context, tx *sqldb.Tx, m Mail, texts *locale.Printer, family, url string, args map[string]any) error {
	t := func(part string) string { return texts.T(family+"."+part, args) }
	l := mail.Letter{
		Lang: texts.Lang(), Dir: texts.Dir(), Heading: t("heading"), Paragraphs: []string{t("text")},
		Button: t("button"), ButtonURL: url, Footnotes: []string{t("note")},
	}
	html, err := l.HTML()
	if err != nil {
		return err
	}
	m.Subject, m.Text, m.HTML = t("subject"), l.Text(), html
	return Enqueue(ctx, tx, m)
}
