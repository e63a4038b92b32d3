package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unicode"

	"golang.org/x/term"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/jose"
	"github.com/roundel/roundel/ob2"
	"github.com/roundel/roundel/strictjson"
	"github.com/roundel/roundel/verify"
)

type bakeCommand struct {
	Out        string `required:"" type:"path" placeholder:"FILE" help:"Where to put the picture with the badge in it. An existing file is never replaced."`
	Replace    bool   `help:"Put the badge in the place of the one that the picture holds already."`
	Picture    string `arg:"" help:"PNG or SVG."`
	Credential string `arg:"" help:"The signed badge or learner record: JSON or JWT, or - for standard input."`
}

// Help says what is looked at.
func (bakeCommand) Help() string {
	return "The badge may be of Open Badges 3.0 or any version before, or a learner record (CLR 2.0). It is put into the picture byte for byte; " +
		"one that is not signed, or was changed since, is refused. Exit code: 0 done; 1 the picture holds a badge already; 2 wrong usage, or files that cannot be used. " +
		"Nothing is written but with 0."
}

// Run writes the picture with the credential inside.
func (b *bakeCommand) Run(c *console) error {
	if err := absent(b.Out); err != nil {
		return err
	}
	picture, err := c.readFile(b.Picture)
	if err != nil {
		return err
	}
	credential, err := c.readFile(b.Credential)
	if err != nil {
		return err
	}
	credential = bytes.TrimSpace(credential) // a line feed at the end is the editor's
	version, err := bakeable(c, credential)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", b.Credential, err)}
	}
	switch _, err := baking.Extract(picture); {
	case errors.Is(err, baking.ErrNotBaked), b.Replace && (err == nil || errors.Is(err, baking.ErrAmbiguous)):
	case err == nil, errors.Is(err, baking.ErrAmbiguous):
		return fmt.Errorf("%s holds a badge already; take a picture without one, or say --replace", b.Picture)
	default:
		return usageError{fmt.Errorf("%s: %w", b.Picture, pictureError(err))}
	}
	baked, err := baking.Bake(picture, credential, version)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", b.Picture, err)}
	}
	return writeWhole(b.Out, baked)
}

// absent returns an error if a file of this name is there.
func absent(name string) error {
	if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
		return usageError{fmt.Errorf("%s exists already; choose another name with --out", name)}
	}
	return nil
}

// pictureError says what err, by package baking, means for the person.
func pictureError(err error) error {
	switch {
	case errors.Is(err, baking.ErrNotPicture):
		return errors.New("this is neither a PNG nor an SVG picture, the two kinds that can hold a badge")
	case errors.Is(err, baking.ErrNotBaked):
		return errors.New("this picture holds no badge; a screenshot or an edited copy loses it")
	case errors.Is(err, baking.ErrAmbiguous):
		return errors.New("this picture holds more than one badge, so nobody can say which one it shows")
	}
	return err
}

// bakeable returns the version of the place in a picture that is for this
// credential, or why it has none.
func bakeable(c *console, file []byte) (version string, err error) {
	kind := baking.Sniff(file)
	switch {
	case kind == baking.PNG || kind == baking.SVG:
		return "", errors.New("this is a picture; if it holds the badge, roundel extract takes it out")
	case bytes.HasPrefix(file, []byte("eyJ")) && bytes.IndexByte(file, '~') >= 0:
		return "", errors.New("this is an SD-JWT, for which no picture has a place")
	case kind != "json" && kind != "jwt":
		return "", errors.New("this is no badge, which is JSON or a JWT")
	}
	rep := (&verify.Verifier{}).Verify(c.ctx, file) // nobody is asked
	for _, id := range []string{verify.CheckStructure, verify.CheckSchema, verify.CheckProof, verify.CheckIssuerKey} {
		if check := rep.Check(id); check.Outcome == verify.Failed || check.Code == verify.CodeNotSigned {
			return "", errors.New(check.Reason)
		}
	}
	switch old := oldVersion(file); {
	case rep.Check(verify.CheckStructure).Outcome != verify.Passed:
		return "", errors.New(rep.Check(verify.CheckStructure).Reason)
	case old == ob2.Version20:
		return baking.Version2, nil
	case old != "":
		return baking.Version1, nil
	case rep.Record != nil:
		return baking.VersionCLR, nil
	case rep.Badge != nil:
		return baking.Version3, nil
	}
	return "", errors.New("this is neither an Open Badge nor a learner record")
}

// oldVersion is the version of a badge from before Open Badges 3.0, or "".
func oldVersion(file []byte) string {
	if j, err := jose.Parse(file); err == nil {
		file = j.Payload
	}
	tree, err := strictjson.Decode(file, strictjson.Limits{MaxBytes: len(file)})
	if members, ok := tree.(map[string]any); err != nil || !ok || !ob2.Is(members) {
		return ""
	}
	a, err := ob2.Parse(file)
	if err != nil {
		return ""
	}
	return a.Version
}

type extractCommand struct {
	Out     string `type:"path" placeholder:"FILE" help:"Where to put the badge, if not to standard output. An existing file is never replaced."`
	Picture string `arg:"" help:"A PNG or SVG with a badge in it, or - for standard input."`
}

// Help explains the exit code.
func (extractCommand) Help() string {
	return "The badge comes out byte for byte, and is not verified: for that there is roundel verify. Exit code: 0 done; 1 the picture holds no badge, or more than one, or is damaged; 2 wrong usage."
}

// Run writes the credential that the picture holds.
func (e *extractCommand) Run(c *console) error {
	if e.Out != "" {
		if err := absent(e.Out); err != nil {
			return err
		}
	}
	picture, err := c.readFile(e.Picture)
	if err != nil {
		return err
	}
	baked, err := baking.Extract(picture)
	switch {
	case errors.Is(err, baking.ErrNotPicture):
		return usageError{fmt.Errorf("%s: %w", e.Picture, pictureError(err))}
	case err != nil:
		return fmt.Errorf("%s: %w", e.Picture, pictureError(err))
	case baked.Address != "":
		c.note("this badge is hosted: what counts is at %q", baked.Address)
	}
	if e.Out != "" {
		return writeWhole(e.Out, baked.Credential)
	}
	if f, ok := c.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		baked.Credential = printable(baked.Credential)
	}
	_, err = c.out.Write(baked.Credential)
	return err
}

// printable is text for a terminal: what strangers put into a picture may move its
// cursor, or worse, so control characters are shown and not sent.
func printable(text []byte) []byte {
	return bytes.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
