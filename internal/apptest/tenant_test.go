package apptest_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/roundel/roundel/internal/apptest"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/publicid"
)

// TestOthersChangeNothing looks at everything that one organisation's people,
// programs and public can see, following every link; then another organisation
// fills up; and then every view must be the same, byte for byte.
func TestOthersChangeNothing(t *testing.T) {
	onEach(t, func(t *testing.T, h *apptest.House) {
		ours := newTenant(t, h, "Bakery")
		fill(t, ours, 6, "ours")
		theirs := newTenant(t, h, "Brewery")
		// Both have one owner here, so that only the address tells them apart; a
		// page about all of one's organisations is not one of ours.
		views := func() map[string][]byte {
			seen := crawl(t, h.Owner, h.BaseURL, ours.console, ours.ownPath)
			for path, body := range crawl(t, h.Client(t), h.BaseURL, "/issuers/"+ours.org.Slug, ours.ownPath) {
				seen["public "+path] = body
			}
			for _, path := range ours.programPaths(t) {
				seen["program "+path] = ours.get(path).Want(http.StatusOK).Body
			}
			return seen
		}
		views() // the first look takes the greeting away, and has lists signed
		first := views()
		steady := unchanging(maps.Clone(first), views())
		fill(t, theirs, 12, "theirs")
		after := views()
		if len(steady) < 40 {
			t.Errorf("only %d views were found", len(steady))
		}
		for path, before := range steady {
			if now, found := after[path]; !found || !bytes.Equal(before, now) {
				t.Errorf("%s has changed since another organisation filled up%s", path, difference(before, now))
			}
		}
		for path := range after {
			if _, known := steady[path]; !known {
				t.Errorf("%s was not there before, or changes by itself: %s", path, difference(first[path], after[path]))
			}
		}
		t.Logf("%d views, byte for byte the same", len(steady))
		// The audit log is looked at by itself: it tells of us only.
		for line := range strings.Lines(string(h.Owner.Get(ours.console + "/settings/audit.jsonl").Want(http.StatusOK).Body)) {
			if !strings.Contains(line, fmt.Sprintf(`"organisation":%d,`, ours.org.ID)) && !strings.HasPrefix(line, `{"head":`) {
				t.Errorf("the audit log tells of others: %s", line)
			}
		}
		// One award of our own does show, so the look is a close one.
		p := ours.award(t, "late@example.org")
		changed := 0
		for path, now := range views() {
			if !bytes.Equal(now, steady[path]) {
				changed++
			}
		}
		if changed < 5 {
			t.Errorf("the award %s of our own shows in %d views only", p.PublicID, changed)
		}
	})
}

// fill gives an organisation badges, awards in every state, a spreadsheet, a
// token and letters.
func fill(t *testing.T, p *tenant, awards int, name string) {
	t.Helper()
	ctx, f := t.Context(), p.App.Features
	for n := range awards {
		a := p.award(t, fmt.Sprintf("%s%d@example.org", name, n))
		link := p.ClaimPath(t, a)
		switch n % 6 {
		case 1:
			p.program.Post(link, url.Values{"answer": {"accept"}}).Want(http.StatusSeeOther)
			p.program.Post(link, url.Values{"answer": {"publish"}}).Want(http.StatusSeeOther)
		case 2:
			p.program.Post(link, url.Values{"answer": {"decline"}}).Want(http.StatusSeeOther)
		case 3:
			p.post("/api/v1/awards/"+a.PublicID.String()+"/revocation", "", `{"reason":"issued_in_error"}`).Want(http.StatusOK)
		case 4:
			if _, err := f.Issuing.Suspend(ctx, p.org.ID, p.OwnerID, a.PublicID, "not_stated", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	badge, err := publicid.Parse(p.badge)
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.Issuing.CreateBatch(ctx, p.org.ID, p.OwnerID, badge, name+".csv", []byte("name,email\nOne,one@"+name+".example\nTwo,two at home\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Issuing.SetMapping(ctx, p.org.ID, b.PublicID, b.Mapping, b.DateOrder, issuing.SkipDuplicates); err != nil {
		t.Fatal(err)
	}
	if err := f.Issuing.Confirm(ctx, p.org.ID, p.OwnerID, b.PublicID); err != nil {
		t.Fatal(err)
	}
	p.attest(t, "visit").Want(http.StatusCreated)
	p.NewBadge(t, p.org, "Badge of "+name)
	if err := f.Jobs.Quiet(ctx); err != nil {
		t.Fatal(err)
	}
}

// ownPath reports whether a path is one of the organisation's own: its console,
// its public page, or what lies outside all consoles.
func (p *tenant) ownPath(path string) bool {
	switch {
	case strings.HasPrefix(path, p.console+"/settings/audit"):
		return false // looking is written there: it changes with every look
	case strings.HasPrefix(path, "/console"):
		return path == p.console || strings.HasPrefix(path, p.console+"/") || strings.HasPrefix(path, p.console+"?")
	case strings.HasPrefix(path, "/issuers/"):
		return strings.HasPrefix(path, "/issuers/"+p.org.Slug)
	}
	return strings.HasPrefix(path, "/awards/") || strings.HasPrefix(path, "/badges/") || strings.HasPrefix(path, "/status/")
}

// programPaths are what a program can look at.
func (p *tenant) programPaths(t *testing.T) (paths []string) {
	t.Helper()
	all, err := p.App.Features.Issuing.List(t.Context(), p.org.ID, issuing.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		paths = append(paths, "/api/v1/awards/"+a.PublicID.String(), "/api/v1/awards/"+a.PublicID.String()+"/credential")
		for _, s := range a.Status {
			if !s.List.IsZero() {
				paths = append(paths, "/status/"+s.List.String())
			}
		}
	}
	return paths
}

// onceValue is what a form carries so that it is not sent twice: random, and new
// each time.
var onceValue = regexp.MustCompile(`name="once" value="[a-z0-9]{26}"`)

// clock is where a page shows the time of its making, to the minute.
var clock = regexp.MustCompile(`(checked |max="\d{4}-\d\d-\d\dT)\d\d:\d\d`)

// crawl follows every link from a path on, as far as own says so, and returns
// what was there.
func crawl(t *testing.T, c *apptest.Client, base, from string, own func(string) bool) map[string][]byte {
	t.Helper()
	seen := map[string][]byte{}
	foundOn := map[string]string{}
	for todo := []string{from}; len(todo) > 0; {
		path := todo[0]
		todo = todo[1:]
		if _, done := seen[path]; done {
			continue
		}
		answer := c.Get(path)
		if answer.Status >= 400 {
			t.Errorf("%s has a link to %s: %d", foundOn[path], path, answer.Status)
		}
		seen[path] = clock.ReplaceAll(onceValue.ReplaceAll(answer.Body, []byte(`name="once"`)), []byte("$1"))
		if answer.Status >= 300 && answer.Status < 400 {
			todo = append(todo, follow(base, path, answer.Location(), own)...)
		}
		if answer.Media() != "text/html" {
			continue
		}
		tokens := html.NewTokenizer(bytes.NewReader(answer.Body))
		for kind := tokens.Next(); kind != html.ErrorToken; kind = tokens.Next() {
			token := tokens.Token()
			for _, a := range token.Attr {
				if a.Key == "href" && (kind == html.StartTagToken || kind == html.SelfClosingTagToken) {
					for _, to := range follow(base, path, a.Val, own) {
						foundOn[to] = path
						todo = append(todo, to)
					}
				}
			}
		}
	}
	return seen
}

// follow returns where a link leads, when that is to be looked at.
func follow(base, from, link string, own func(string) bool) []string {
	at, err := url.Parse(base + from)
	if err != nil {
		return nil
	}
	to, err := at.Parse(link)
	if err != nil || to.Scheme+"://"+to.Host != base {
		return nil
	}
	if path := to.RequestURI(); own(path) {
		return []string{path}
	}
	return nil
}

// unchanging keeps of two looks what was the same in both: a page that shows
// the time of its making tells nothing here.
func unchanging(first, second map[string][]byte) map[string][]byte {
	for path, body := range first {
		if !bytes.Equal(body, second[path]) {
			delete(first, path)
		}
	}
	return first
}

// difference shows where two views part.
func difference(a, b []byte) string {
	lines := strings.Split(string(b), "\n")
	for i, line := range strings.Split(string(a), "\n") {
		if i >= len(lines) || line != lines[i] {
			other := ""
			if i < len(lines) {
				other = lines[i]
			}
			return fmt.Sprintf(": %.300q is now %.300q", line, other)
		}
	}
	return ""
}
