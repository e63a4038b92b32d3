package crash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// client is one of many that use a site at once. It knows what it was told.
type client struct {
	*site
	ledger *ledger
	name   string
	random *rand.Rand
	mine   []*entry
	sheets int
	drawn  int
}

// endless stands for as many steps as there is time for.
const endless = 1 << 62

// load has some clients use the site, each for a number of steps or until stop
// is closed, and each finish what it is at. The function that it returns waits
// for that.
func (s *site) load(ctx context.Context, l *ledger, clients, steps int, seed uint64, stop <-chan struct{}) (wait func()) {
	ended := make(chan struct{})
	for n := range clients {
		c := &client{site: s, ledger: l, name: fmt.Sprintf("c%d", n), random: rand.New(rand.NewPCG(seed, uint64(n)))}
		go func() {
			defer func() { ended <- struct{}{} }()
			if steps < endless && n == 0 { // a short load has everything too
				c.draw(ctx)
				c.spreadsheet(ctx)
			}
			for range steps {
				select {
				case <-stop:
					return
				case <-ctx.Done():
					return
				default:
					c.step(ctx)
				}
			}
		}()
	}
	return func() {
		for range clients {
			<-ended
		}
	}
}

// step does one thing.
func (c *client) step(ctx context.Context) {
	dice := c.random.IntN(100)
	if len(c.mine) == 0 || dice < 50 {
		c.award(ctx)
		return
	}
	e := c.mine[c.random.IntN(len(c.mine))]
	switch {
	case dice < 60:
		c.revoke(ctx, e)
	case dice < 72:
		c.pause(ctx, e)
	case dice < 84:
		c.claim(ctx, e)
	case dice < 90:
		c.awardAgain(ctx, e)
	case dice < 95 || c.name != "c0": // one client of many has spreadsheets and pictures
		c.look(ctx, e)
	case dice < 97:
		c.draw(ctx)
	default:
		c.spreadsheet(ctx)
	}
}

// award asks for an award under a fresh key.
func (c *client) award(ctx context.Context) {
	n := len(c.mine)
	e := &entry{key: fmt.Sprintf("%s-%d", c.name, n), email: fmt.Sprintf("%s-%d@example.org", c.name, n), result: fmt.Sprintf("%d %%", n%100), state: "current", claim: "waiting"}
	a, _, ok := c.insist(ctx, c.ledger, c.create(e.key, e.email, e.result))
	if !ok {
		return
	}
	var got awarded
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusCreated || got.State != "current" || len(got.Credential) == 0 {
		c.ledger.broken("award %s: status %d: %.300s", e.key, a.status, a.body)
		return
	}
	e.id, e.document = got.ID, sha256.Sum256(got.Credential)
	c.mine = append(c.mine, e)
	c.ledger.mu.Lock()
	c.ledger.awards = append(c.ledger.awards, e)
	c.ledger.mu.Unlock()
	c.ledger.ack("award")
}

// awardAgain sends a request that was answered: the same award must come back.
func (c *client) awardAgain(ctx context.Context, e *entry) {
	a, _, ok := c.insist(ctx, c.ledger, c.create(e.key, e.email, e.result))
	if !ok {
		return
	}
	var got awarded
	err := json.Unmarshal(a.body, &got)
	if err != nil || a.status != http.StatusCreated || got.ID != e.id || sha256.Sum256(got.Credential) != e.document {
		c.ledger.broken("award %s: asked again, the answer is another: %d %.300s", e.key, a.status, a.body)
	}
	c.same(e, got)
	c.ledger.count(&c.ledger.replays)
	c.ledger.ack("award again")
}

// same compares what is said of an award with what was acknowledged.
func (c *client) same(e *entry, got awarded) {
	if got.State != e.state || got.Claim != e.claim {
		c.ledger.broken("award %s is %s and %s; acknowledged was %s and %s", e.key, got.State, got.Claim, e.state, e.claim)
	}
}

// look reads an award, and its document byte for byte.
func (c *client) look(ctx context.Context, e *entry) {
	a, _, ok := c.insist(ctx, c.ledger, get("/api/v1/awards/"+e.id+"/credential"))
	if ok && (a.status != http.StatusOK || sha256.Sum256(a.body) != e.document) {
		c.ledger.broken("award %s: the document is another: %d %.300s", e.key, a.status, a.body)
	}
	if a, _, ok = c.insist(ctx, c.ledger, get("/api/v1/awards/"+e.id)); !ok {
		return
	}
	var got awarded
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusOK {
		c.ledger.broken("award %s: %d %.300s", e.key, a.status, a.body)
		return
	}
	c.same(e, got)
}

// revoke withdraws an award that is not withdrawn yet.
func (c *client) revoke(ctx context.Context, e *entry) {
	if e.state == "revoked" {
		return
	}
	a, again, ok := c.insist(ctx, c.ledger, request{method: http.MethodPost, path: "/api/v1/awards/" + e.id + "/revocation", media: "application/json",
		body: `{"reason":"issued_in_error","note":"` + e.key + `"}`, program: true})
	switch {
	case !ok:
		return
	case a.status == http.StatusOK, again && a.status == http.StatusConflict: // the first request was carried out
		e.state = "revoked"
		c.ledger.ack("revocation")
	default:
		c.ledger.broken("revoke %s: %d %.300s", e.key, a.status, a.body)
	}
}

// pause suspends an award, or reinstates it.
func (c *client) pause(ctx context.Context, e *entry) {
	do, then := "suspend", "suspended"
	switch e.state {
	case "revoked":
		return
	case "suspended":
		do, then = "reinstate", "current"
	}
	a, again, ok := c.insist(ctx, c.ledger, c.form(c.console("/awards/"+e.id+"/state"), url.Values{"do": {do}, do + "_reason": {"not_stated"}}))
	switch {
	case !ok:
		return
	case a.status == http.StatusSeeOther && !strings.Contains(a.header.Get("Location"), "sign-in"),
		again && a.status >= 400 && a.status < 500: // it is so already
		e.state = then
		c.ledger.ack(do)
	default:
		c.ledger.broken("%s %s: %d %.300s", do, e.key, a.status, a.body)
	}
}

var claimSecret = regexp.MustCompile(`/claim/([A-Za-z0-9_-]{43})`)

// claim takes a link from the issuer, or answers as the holder.
func (c *client) claim(ctx context.Context, e *entry) {
	if e.link == "" {
		a, _, ok := c.insist(ctx, c.ledger, c.form(c.console("/awards/"+e.id+"/link"), url.Values{}))
		if !ok {
			return
		}
		if found := claimSecret.FindSubmatch(a.body); a.status == http.StatusOK && found != nil {
			e.link = string(found[1])
			c.ledger.ack("claim link")
			return
		}
		c.ledger.broken("link to %s: %d %.300s", e.key, a.status, a.body)
		return
	}
	answer, then := "accept", "accepted"
	if e.claim == "accepted" {
		answer, then = "decline", "declined"
	}
	a, _, ok := c.insist(ctx, c.ledger, c.form("/claim/"+e.link, url.Values{"answer": {answer}}))
	if ok && a.status == http.StatusSeeOther {
		e.claim = then
		c.ledger.ack("claim")
	} else if ok {
		c.ledger.broken("%s %s: %d %.300s", answer, e.key, a.status, a.body)
	}
}

// draw makes a badge with a picture of its own, as a draft. A request without an
// answer may have made another one.
func (c *client) draw(ctx context.Context) {
	c.drawn++
	var body, file bytes.Buffer
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		m.SetNRGBA(i%64, i/64, color.NRGBA{R: uint8(c.drawn), G: uint8(i), B: uint8(c.random.Uint32()), A: 255})
	}
	form := multipart.NewWriter(&body)
	err := png.Encode(&file, m)
	for _, f := range [][2]string{{"name", fmt.Sprintf("Drawing %d", c.drawn)}, {"description", "Draws."}, {"criteria", "A drawing."},
		{"achievement_type", "Badge"}, {"picture_alt", "Noise"}, {"from", "uploaded"}, {"do", "save"}} {
		err = errors.Join(err, form.WriteField(f[0], f[1]))
	}
	part, cannot := form.CreateFormFile("picture", "drawing.png")
	if err = errors.Join(err, cannot); err == nil {
		_, err = part.Write(file.Bytes())
	}
	if err = errors.Join(err, form.Close()); err != nil {
		c.ledger.broken("a form cannot be written: %v", err)
		return
	}
	a, _, ok := c.insist(ctx, c.ledger, request{method: http.MethodPost, path: c.console("/badges/new"), media: form.FormDataContentType(), body: body.String()})
	to := a.header.Get("Location")
	switch {
	case !ok:
		return
	case a.status != http.StatusSeeOther || !strings.Contains(to, "/badges/"):
		c.ledger.broken("picture %d: %d to %q: %.300s", c.drawn, a.status, to, a.body)
	default:
		c.ledger.mu.Lock()
		c.ledger.badges = append(c.ledger.badges, to)
		c.ledger.mu.Unlock()
		c.ledger.ack("picture")
	}
}

// sheetRows is how many people stand in a spreadsheet of the load.
const sheetRows = 20

// spreadsheet brings a spreadsheet from the file to being awarded. A request
// without an answer may have made another one, which nobody confirms.
func (c *client) spreadsheet(ctx context.Context) {
	c.sheets++
	s := &sheetEntry{}
	var file bytes.Buffer
	file.WriteString("name,email\n")
	for n := range sheetRows {
		s.rows = append(s.rows, fmt.Sprintf("sheet%d-%d@example.org", c.sheets, n))
		fmt.Fprintf(&file, "Jonas Lindqvist,%s\n", s.rows[n])
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "class.csv")
	if err == nil {
		_, err = part.Write(file.Bytes())
	}
	if err != nil || form.Close() != nil {
		c.ledger.broken("a form cannot be written: %v", err)
		return
	}
	steps := []request{
		{method: http.MethodPost, path: c.console("/badges/" + c.badge + "/spreadsheet"), media: form.FormDataContentType(), body: body.String()},
		c.form("/columns", url.Values{"column_1": {"name"}, "column_2": {"email"}, "duplicates": {"skip"}, "order": {"none"}}),
		c.form("/confirm", url.Values{}),
	}
	for n, r := range steps {
		if n > 0 {
			r.path = s.path + r.path
		}
		a, _, ok := c.insist(ctx, c.ledger, r)
		if !ok {
			return
		}
		to := a.header.Get("Location")
		if a.status != http.StatusSeeOther || !strings.Contains(to, "/batches/") {
			c.ledger.broken("spreadsheet %d, step %d: %d to %q: %.300s", c.sheets, n, a.status, to, a.body)
			return
		}
		if n == 0 {
			s.path = to
		}
	}
	c.ledger.mu.Lock()
	c.ledger.batches = append(c.ledger.batches, s)
	c.ledger.mu.Unlock()
	c.ledger.ack("spreadsheet")
}
