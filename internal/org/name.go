package org

import (
	"regexp"
	"strings"

	"github.com/roundel/roundel/internal/locale"
)

// PublicName is what strangers read an organisation called. Anybody can make an
// organisation and give it any name, so the name never stands alone: beside it
// stands the domain that the organisation has proven, or before it the host
// where somebody has only made an account.
type PublicName struct {
	Name   string // what it calls itself
	Domain string // its own, proven; "" while none is
	Host   string // where it is an account; "" when Domain is not
}

// Called returns what the organisation is called towards strangers by an
// installation that is reached at host.
func (o *Organisation) Called(host string) PublicName {
	if o.Domain != "" {
		return PublicName{Name: o.Name, Domain: o.Domain}
	}
	return PublicName{Name: o.Name, Host: host}
}

// Inside returns the name for the inside of a sentence.
func (n PublicName) Inside(t *locale.Printer) string {
	if n.Domain == "" && n.Host != "" {
		return t.T("organisation.unproven", n.args())
	}
	return n.First(t)
}

// First returns the name for the beginning of a sentence, or to stand alone.
func (n PublicName) First(t *locale.Printer) string {
	if id := n.text(); id != "" {
		return t.T(id, n.args())
	}
	return n.Name
}

// Message is First for who writes the name with markup: a text of the
// catalogues with its arguments, of which "name" is Name. The id is empty when
// the name stands for itself.
func (n PublicName) Message() (id string, args map[string]any) { return n.text(), n.args() }

func (n PublicName) args() map[string]any {
	return map[string]any{"host": n.Host, "name": n.Name, "domain": n.Domain}
}

func (n PublicName) text() string {
	switch {
	case n.Domain != "" && n.namesAnother():
		return "organisation.proven_first"
	case n.Domain != "":
		return "organisation.proven"
	case n.Host != "":
		return "organisation.unproven_first"
	}
	return ""
}

var domainInName = regexp.MustCompile(`[\pL\pN-]\.\pL{2,}`)

// namesAnother reports whether the name itself looks like a domain besides the
// proven one. Such a name must not stand where a reader looks for the domain.
func (n PublicName) namesAnother() bool {
	return domainInName.MatchString(strings.ReplaceAll(strings.ToLower(n.Name), n.Domain, ""))
}
