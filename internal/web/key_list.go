package web

import (
	"net/http"
	"time"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/keys"
	"github.com/roundel/roundel/internal/org"
)

// keyRoutes are for an organisation's signing keys and the identity that they
// stand for.
func (s *Server) keyRoutes() []route {
	const all = "/console/{org}/settings/keys"
	const one = all + "/key/{key}"
	may, end := gate.Needs(org.ManageKeys), gate.Reduces(org.ManageKeys)
	return []route{
		{"GET " + all, may, s.keyList},
		{"POST " + all, may, s.keyCreate},
		{"GET " + all + "/import", may, s.keyImportForm},
		{"POST " + all + "/import", may, s.keyImport},
		{"GET " + all + "/rotate/{purpose}", may, s.keyRotateForm},
		// A key in place of another goes on signing status lists, and nothing else
		// while the organisation is suspended.
		{"POST " + all + "/rotate/{purpose}", end, s.keyRotate},
		{"GET " + all + "/public.json", may, s.keyJWKS},
		{"GET " + one + "/use", may, s.keyUseForm},
		{"POST " + one + "/use", may, s.keyUse},
		{"GET " + one + "/retire", may, s.keyRetireForm},
		{"POST " + one + "/retire", end, s.keyRetire},
		{"GET " + one + "/compromised", may, s.keyCompromisedForm},
		{"POST " + one + "/compromised", end, s.keyCompromised},
		{"GET " + one + "/public.pem", may, s.keyPEM},

		{"GET " + all + "/domain", may, s.keyDomain},
		{"POST " + all + "/domain", may, s.keyDomainPropose},
		{"POST " + all + "/domain/{deed}", may, s.keyDomainDeed},
		{"GET " + all + "/domain/did.json", may, s.keyDomainFile},
	}
}

// keyListPage lists the keys and makes new ones.
type keyListPage struct {
	consolePage
	Tabs        []tab
	Keys        string // address of this page
	List        []keyRow
	Stopped     []keyStopped
	Domains     []ownIdentity // identities on other domains that documents carry or carried
	Kind, For   string        // of the form
	Kinds       []option
	Purposes    []option
	Fingerprint string // of the key-encryption key
}

// keyRow is one key in the list.
type keyRow struct {
	keys.Used
	Name    string // its kind, as people write it
	Tag     tag
	Short   string // the end of its name
	Address string // of its pages
}

// Ended reports whether nothing can be done with the key but mark it.
func (k keyRow) Ended() bool { s := k.State(); return s != keys.InForce && s != keys.Prepared }

// keyStopped is a purpose for which nothing can be signed.
type keyStopped struct {
	Purpose     keys.Purpose
	Compromised bool
}

var keyKinds = map[keys.Kind]string{keys.Ed25519: "Ed25519", keys.P256: "ECDSA P-256", keys.P384: "ECDSA P-384", keys.RSA2048: "RSA 2048"}

func (s *Server) keyRow(r *http.Request, base string, u keys.Used) keyRow {
	kinds := map[keys.State]string{keys.InForce: "good", keys.Prepared: "wait", keys.Compromised: "bad"}
	row := keyRow{Used: u, Name: keyKinds[u.Kind], Address: base + "/settings/keys/key/" + u.Fragment}
	row.Tag = tag{Kind: kinds[u.State()], Text: s.texts(r).T("key.state."+string(u.State()), nil)}
	row.Short = u.Fragment
	if n := len(row.Short); n > 12 {
		row.Short = row.Short[:4] + "…" + row.Short[n-8:]
	}
	return row
}

// keyList answers GET …/settings/keys.
func (s *Server) keyList(w http.ResponseWriter, r *http.Request) error {
	return s.showKeys(w, r, &keyListPage{Kind: string(keys.Ed25519), For: string(keys.ForBadges)})
}

func (s *Server) showKeys(w http.ResponseWriter, r *http.Request, p *keyListPage) error {
	t, wrong := s.texts(r), p.Problems
	p.consolePage = s.desk(r, areaSettings, t.T("settings.tab.keys", nil))
	p.Problems, p.Tabs, p.Keys = wrong, s.settingsTabs(r, p.Base, "keys"), p.Base+"/settings/keys"
	list, err := s.Keys.Used(r.Context(), p.Org.ID)
	if err != nil {
		return err
	}
	signs, ever := map[keys.Purpose]bool{}, map[keys.Purpose]keys.State{}
	for _, u := range list {
		p.List = append(p.List, s.keyRow(r, p.Base, u))
		signs[u.Purpose] = signs[u.Purpose] || u.State() == keys.InForce
		if _, seen := ever[u.Purpose]; !seen && !u.ActivatedAt.IsZero() { // the newest that signed
			ever[u.Purpose] = u.State()
		}
	}
	for _, purpose := range keys.Purposes() {
		if last, had := ever[purpose]; had && !signs[purpose] {
			p.Stopped = append(p.Stopped, keyStopped{purpose, last == keys.Compromised})
		}
		p.Purposes = append(p.Purposes, option{Value: string(purpose), Label: t.T("key.purpose."+string(purpose), nil)})
	}
	for _, kind := range keys.OrganisationKinds() {
		p.Kinds = append(p.Kinds, option{Value: string(kind), Label: keyKinds[kind]})
	}
	if p.Domains, err = s.ownIdentities(r, true); err != nil {
		return err
	}
	if p.Fingerprint, err = s.Keys.Fingerprint(r.Context()); err != nil {
		return err
	}
	return s.show(w, r, "console/keys.html", p)
}

// keyCreate answers POST …/settings/keys: it prepares a key, and has it sign at
// once when nothing signs for its purpose yet.
func (s *Server) keyCreate(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r, formLimit); err != nil {
		return err
	}
	o := gate.From(r.Context()).Organisation
	p := &keyListPage{Kind: r.PostFormValue("kind"), For: r.PostFormValue("purpose")}
	k, err := s.Keys.Prepare(r.Context(), o.ID, keys.Kind(p.Kind), keys.Purpose(p.For))
	if refused(err) {
		p.Problems = problemsOf(err)
		return s.showKeys(w, r, p)
	}
	if err != nil {
		return err
	}
	return s.begun(w, r, o, k, "key_prepared")
}

// begun has a new key sign where no other does, and leads to the list.
func (s *Server) begun(w http.ResponseWriter, r *http.Request, o *org.Organisation, k *keys.Key, flash string) error {
	to := "/console/" + o.Slug + "/settings/keys"
	list, err := s.Keys.Used(r.Context(), o.ID)
	if err != nil {
		return err
	}
	for _, u := range list {
		if u.Purpose == k.Purpose && u.State() == keys.InForce {
			return s.done(w, r, to, "good", flash)
		}
	}
	_, err = s.Keys.Activate(r.Context(), o.ID, k.Fragment)
	if fault.KindOf(err) == fault.Conflict { // its file has to be published first
		return s.done(w, r, to, "wait", "key_publish_first")
	}
	if err != nil {
		return err
	}
	return s.done(w, r, to, "good", "key_signs")
}

// keyJWKS answers GET …/settings/keys/public.json with a JWK Set.
func (s *Server) keyJWKS(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Keys.All(r.Context(), gate.From(r.Context()).Organisation.ID)
	if err != nil {
		return err
	}
	set, err := keys.JWKS(list)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="keys.json"`)
	return send(w, r, "application/jwk-set+json", "private, no-cache", set)
}

// keyPEM answers GET …/settings/keys/key/{key}/public.pem.
func (s *Server) keyPEM(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Keys.Key(r.Context(), gate.From(r.Context()).Organisation.ID, r.PathValue("key"))
	if err != nil {
		return err
	}
	text, err := k.PEM()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="key.pem"`)
	return send(w, r, "application/x-pem-file", "private, no-cache", text)
}

// keyMoment is the form in which a time of day is entered, in UTC.
const keyMoment = "2006-01-02T15:04"

func entered(text string) (time.Time, error) {
	at, err := time.Parse(keyMoment, text)
	if err != nil {
		at, err = time.Parse(keyMoment+":05", text)
	}
	if err != nil {
		return at, fault.Fields(fault.Field{Path: "since", Message: "Enter day and time, for example 2026-11-23T14:00 (UTC)."})
	}
	return at.UTC(), nil
}
