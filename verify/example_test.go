package verify_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/roundel/roundel/baking"
	"github.com/roundel/roundel/did"
	"github.com/roundel/roundel/openbadge"
	"github.com/roundel/roundel/proof"
	"github.com/roundel/roundel/shape"
	"github.com/roundel/roundel/statuslist"
	"github.com/roundel/roundel/verify"
)

// Issue a badge, put it into a picture, and verify the picture.
func Example() {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	issuer, method, err := did.KeyDID(key.Public())
	check(err)

	recipient, err := openbadge.HashedEmail("anna@example.com", rand.Reader)
	check(err)
	badge := openbadge.New("urn:uuid:2b1f9c1e-6c7a-4d0b-9f1e-3f1f4a5b6c7d",
		openbadge.Profile{ID: issuer, Name: "Village School"},
		openbadge.Achievement{
			ID:          "urn:uuid:0c7b5f8e-0f52-4f0b-8f53-6f2d0c9a1b2e",
			Name:        "Bicycle repair",
			Description: "Can mend a puncture and set the brakes.",
			Criteria:    openbadge.Criteria{Narrative: "Mends a bicycle in front of the class."},
		},
		openbadge.Subject{Identifier: []openbadge.IdentityObject{recipient}},
		time.Now())
	document, err := badge.Document()
	check(err)
	signed, err := proof.Sign(document, key, proof.SignOptions{Method: method, Created: time.Now()})
	check(err)
	picture, err := baking.BakeSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><circle r="9"/></svg>`), signed)
	check(err)

	v := &verify.Verifier{KnownIssuers: []string{issuer}, Recipient: "anna@example.com"}
	report := v.Verify(context.Background(), picture)
	fmt.Println(report.Verdict+":", report.Headline)

	stranger := &verify.Verifier{}
	fmt.Println(stranger.Verify(context.Background(), picture).Headline)
	// Output:
	// valid: Real and in date
	// Unchanged and in date; we cannot confirm that Village School issued it
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// web is a Getter that is safe to give to a Verifier: it reaches public hosts over
// https only, follows redirects within one host, and reads and waits no more than
// it must. What a badge refers to is for its author to choose, so a Getter without
// these guards lets authors of badges look around in your network.
type web struct{ client *http.Client }

func newWeb() web {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		// Your own list may be longer: see the special-purpose registries of IANA.
		ip, err := netip.ParseAddr(host)
		if ip = ip.Unmap(); err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return errors.New("not a public address")
		}
		return nil
	}}
	return web{&http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DialContext: dialer.DialContext, Proxy: nil},
		CheckRedirect: func(to *http.Request, via []*http.Request) error {
			if len(via) > 3 || to.URL.Scheme != "https" || to.URL.Host != via[0].URL.Host {
				return errors.New("a redirect elsewhere")
			}
			return nil
		},
	}}
}

// Get implements verify.Getter.
func (w web) Get(ctx context.Context, url, accept string) (body []byte, contentType string, err error) {
	if !strings.HasPrefix(url, "https://") {
		return nil, "", errors.New("only https is fetched")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	r.Header.Set("Accept", accept)
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		return nil, "", &did.StatusError{Code: answer.StatusCode}
	}
	const most = 1 << 20
	body, err = io.ReadAll(io.LimitReader(answer.Body, most+1))
	if err == nil && len(body) > most {
		err = errors.New("too long")
	}
	return body, answer.Header.Get("Content-Type"), err
}

// A server keeps one Verifier's caches for all that it verifies: proven status
// lists, and the shapes of badges.
func ExampleVerifier() {
	v := &verify.Verifier{
		Get:    newWeb(),
		Lists:  &statuslist.Cache{MaxAge: time.Minute},
		Shapes: shape.New(shape.Options{}),
	}
	report := v.Verify(context.Background(), []byte(`{"type":["Achievement"]}`))
	fmt.Println(report.Verdict+":", report.Text)
	for _, c := range report.Checks {
		if c.Outcome == verify.Failed {
			fmt.Println(c.ID, c.Code)
		}
	}
	// Output:
	// malformed: This describes a badge or an issuer. It was not awarded to anybody.
	// structure not_a_credential
}

// Ask a wallet with a challenge that is used once, and verify its answer.
func ExampleVerifier_VerifyPresentation() {
	holder, method, key := newHolder()
	presentation := []byte(`{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiablePresentation"],"holder":"` + holder + `"}`)
	signed, err := proof.Sign(presentation, key, proof.SignOptions{
		Method: method, Created: time.Now(), Purpose: did.Authentication, Challenge: "a challenge, used once", Domain: "employer.example",
	})
	check(err)

	v := &verify.Verifier{}
	answer := v.VerifyPresentation(context.Background(), signed, verify.PresentationOptions{Challenge: "a challenge, used once", Domain: "employer.example"})
	fmt.Println(answer.Verified, answer.Holder == holder)
	again := v.VerifyPresentation(context.Background(), signed, verify.PresentationOptions{Challenge: "another one", Domain: "employer.example"})
	fmt.Println(again.Verified, again.Check(verify.CheckChallenge).Code)
	// Output:
	// true true
	// false other_request
}

// Keep what was fetched, and verify again where there is no network.
func ExampleRecorder() {
	recorder := verify.NewRecorder(newWeb(), time.Now)
	badge := []byte(`{}`)
	(&verify.Verifier{Get: recorder}).Verify(context.Background(), badge)
	file, err := recorder.Bundle()
	check(err)

	bundle, err := verify.ParseBundle(file)
	check(err)
	report := (&verify.Verifier{Get: bundle}).Verify(context.Background(), badge)
	fmt.Println(report.Verdict)
	// Output:
	// malformed
}

func newHolder() (id, method string, key ed25519.PrivateKey) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	id, method, err = did.KeyDID(key.Public())
	check(err)
	return id, method, key
}
