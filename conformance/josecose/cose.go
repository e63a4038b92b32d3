package main

import (
	"crypto"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/roundel/roundel/cose"
)

// issueCOSE signs a document; the suite wants the message in base64.
func (t *task) issueCOSE(doc []byte, key crypto.Signer, id string) (data []byte, err error) {
	switch t.feature {
	case "credential_cose":
		data, err = cose.SignCredential(doc, key, id)
	case "presentation_cose":
		data, err = cose.SignPresentation(doc, key, id)
	default:
		return nil, errUnknown
	}
	return []byte(base64.StdEncoding.EncodeToString(data)), err
}

func (t *task) verifyCOSE(token []byte, key crypto.PublicKey) error {
	message, err := cose.ParseText(strings.TrimSpace(string(token)))
	if err != nil {
		return err
	}
	read := cose.ParseCredential
	switch t.feature {
	case "credential_cose":
	case "presentation_cose":
		read = cose.ParsePresentation
	default:
		return errUnknown
	}
	d, err := read(message.Data())
	if err != nil {
		return err
	}
	return errors.Join(d.Verify(key), t.check(d.Document))
}
