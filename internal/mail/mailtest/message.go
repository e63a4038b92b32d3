package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Message is a mail as received.
type Message struct {
	From    string      // envelope sender
	To      []string    // envelope recipients
	Header  mail.Header // as sent, encoded words and all
	Sender  string      // the From header, decoded: "Uni via Roundel" <badges@example.org>
	Subject string      // decoded
	Text    string      // the plain text part, with \n line ends
	HTML    string      // the HTML part
	Inline  map[string]Part
	Raw     []byte
}

// Part is a picture inside a mail.
type Part struct {
	Media, Name string
	Data        []byte
}

// Parse reads a mail. Whatever is not text, HTML or an inline part is an error:
// we send nothing else.
func Parse(raw []byte) (Message, error) {
	m := Message{Inline: map[string]Part{}, Raw: raw}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, err
	}
	m.Header = msg.Header
	var dec mime.WordDecoder
	if m.Subject, err = dec.DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return m, err
	}
	if m.Sender, err = dec.DecodeHeader(msg.Header.Get("From")); err != nil {
		return m, err
	}
	return m, m.add(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), "", msg.Body)
}

// add takes one part apart, or keeps it.
func (m *Message) add(contentType, encoding, id string, body io.Reader) error {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(media, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			id := strings.Trim(p.Header.Get("Content-ID"), "<>")
			if err := m.add(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), id, p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	switch {
	case id != "":
		m.Inline[id] = Part{Media: media, Name: params["name"], Data: data}
	case media == "text/plain":
		m.Text += text
	case media == "text/html":
		m.HTML += text
	default:
		return fmt.Errorf("a part of type %q", media)
	}
	return nil
}
