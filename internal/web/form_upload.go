package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"

	"github.com/roundel/roundel/internal/fault"
)

// fileLimit is how large a file in a form with other fields may be.
const fileLimit = uploadLimit - 2*formLimit

// readUploadForm reads a form with files. A file that is too large is left out
// and its field named; what was typed is kept, so that the form can be shown
// again. What comes after the limit of the whole server's requests is lost.
func readUploadForm(w http.ResponseWriter, r *http.Request) (tooLarge []string, err error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || params["boundary"] == "" {
		return nil, readForm(w, r, uploadLimit)
	}
	var kept bytes.Buffer
	out := multipart.NewWriter(&kept)
	tooLarge, err = keepParts(multipart.NewReader(r.Body, params["boundary"]), out)
	var over *http.MaxBytesError
	if errors.As(err, &over) && len(tooLarge) > 0 {
		err = nil // the server reads no further: what came before the file is there
	}
	if err == nil {
		err = out.Close()
	}
	if errors.As(err, &over) {
		return nil, err
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "What was sent could not be read as a form. Go back and try again.")
	}
	r.Body = io.NopCloser(&kept)
	r.Header.Set("Content-Type", out.FormDataContentType())
	return tooLarge, readForm(w, r, uploadLimit)
}

// keepParts copies the parts of a form, but for files that are too large.
func keepParts(in *multipart.Reader, out *multipart.Writer) (tooLarge []string, err error) {
	typed, files := int64(formLimit), int64(fileLimit)
	for {
		part, err := in.NextRawPart()
		if errors.Is(err, io.EOF) {
			return tooLarge, nil
		}
		if err != nil {
			return tooLarge, err
		}
		left := &typed
		if part.FileName() != "" {
			left = &files
		}
		body, err := io.ReadAll(io.LimitReader(part, *left+1))
		if int64(len(body)) > *left {
			if left == &typed {
				return tooLarge, &http.MaxBytesError{Limit: formLimit}
			}
			tooLarge = append(tooLarge, part.FormName())
			if _, err := io.Copy(io.Discard, part); err != nil {
				return tooLarge, err
			}
			continue
		}
		if err != nil {
			return tooLarge, err
		}
		*left -= int64(len(body))
		kept, err := out.CreatePart(part.Header)
		if err != nil {
			return tooLarge, err
		}
		if _, err := kept.Write(body); err != nil {
			return tooLarge, err
		}
	}
}

// errTooLarge returns what to say at a file's field when the file was left out.
func errTooLarge(tooLarge []string, field string) error {
	if !slices.Contains(tooLarge, field) {
		return nil
	}
	return fault.Fields(fault.Field{Path: field, Message: "This file is larger than 10 MB. Choose a smaller one."})
}
