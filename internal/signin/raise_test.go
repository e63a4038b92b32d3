package signin_test

import (
	"testing"

	"github.com/roundel/roundel/internal/dbtest"
	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/publicid"
	"github.com/roundel/roundel/internal/signin"
	"github.com/roundel/roundel/internal/sqldb"
)

// Whoever looks after signing in becomes nobody else by it: neither by the role
// that newcomers get, nor by saying whose signature counts for the owner.
func TestSignInRaisesNobody(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		w := newWorld(t, db)
		ctx := t.Context()
		clerk := org.Actor{AccountID: w.person("Cy", "cy@example.org", true), Permissions: org.Set{org.ViewBadges, org.ManageSignIn}}
		admin := org.Actor{AccountID: w.person("Ann", "ann@example.org", true), Permissions: org.Permissions()}
		want := func(err error, kind fault.Kind, what string) {
			t.Helper()
			if err == nil || fault.KindOf(err) != kind {
				t.Errorf("%s: %v", what, err)
			}
		}

		oidc := signin.Settings{Name: "Campus", Issuer: "https://idp.example.org", ClientID: "x"}
		mine, err := w.Create(ctx, w.o.ID, clerk, signin.OIDC, oidc, "")
		check(t, err)
		for role, kind := range map[string]fault.Kind{org.RoleOwner: fault.Invalid, org.RoleAdministrator: fault.Invalid, org.RoleViewer: fault.Forbidden} {
			oidc.DefaultRole = role
			_, err := w.Create(ctx, w.o.ID, clerk, signin.OIDC, oidc, "")
			want(err, kind, "newcomers become "+role)
			_, err = w.Change(ctx, w.o.ID, clerk, mine.PublicID, oidc, "")
			want(err, kind, "newcomers of what there is become "+role)
		}
		oidc.DefaultRole = org.RoleViewer
		_, err = w.Change(ctx, w.o.ID, admin, mine.PublicID, oidc, "")
		check(t, err)

		// While nobody mightier signs in by it, an administrator sets SAML up.
		saml := signin.Settings{Name: "House", Enabled: true}
		house, err := w.Create(ctx, w.o.ID, admin, signin.SAML, saml, "")
		check(t, err)
		metadata := newCampus(t).metadata(w.Now().AddDate(0, 0, 1))
		check(t, w.TakeMetadata(ctx, w.o.ID, admin, house.PublicID, metadata))
		w.exec(`INSERT INTO account_identity (account_id, provider, subject, created_at) VALUES ($1, $2, 's', 1)`, w.owner, w.o.Slug+"#https://idp.uni.example/metadata")
		for name, who := range map[string]org.Actor{"an administrator": admin, "a clerk": clerk} {
			_, err = w.Create(ctx, w.o.ID, who, signin.SAML, saml, "")
			want(err, fault.Forbidden, name+" made a provider that speaks for the owner")
			want(w.TakeMetadata(ctx, w.o.ID, who, house.PublicID, metadata), fault.Forbidden, name+" chose who speaks for the owner")
			for what, c := range map[string]signin.Settings{"address": {Name: "House", MetadataURL: "https://idp.example.net/"}, "switch": saml} {
				_, err = w.Change(ctx, w.o.ID, who, house.PublicID, c, "")
				want(err, fault.Forbidden, name+" changed the "+what)
			}
			// A name is not whose word counts.
			_, err = w.Change(ctx, w.o.ID, who, house.PublicID, signin.Settings{Name: "Haus"}, "")
			check(t, err)
		}
		check(t, w.TakeMetadata(ctx, w.o.ID, w.actor, house.PublicID, metadata))

		// The owner's identity elsewhere, and an administrator's here, stand in
		// nobody's way who may give those roles.
		w.exec(`UPDATE account_identity SET provider = $2 WHERE account_id = $1`, w.owner, "other#https://idp.uni.example/metadata")
		w.exec(`INSERT INTO member (organisation_id, account_id, role, created_at) VALUES ($1, $2, 'administrator', 1)`, w.o.ID, admin.AccountID)
		w.exec(`INSERT INTO account_identity (account_id, provider, subject, created_at) VALUES ($1, $2, 'a', 1)`, admin.AccountID, w.o.Slug+"#x")
		check(t, w.TakeMetadata(ctx, w.o.ID, admin, house.PublicID, metadata))
		want(w.TakeMetadata(ctx, w.o.ID, clerk, house.PublicID, metadata), fault.Forbidden, "a clerk chose who speaks for an administrator")
		want(w.TakeMetadata(ctx, w.o.ID, admin, publicid.New(), metadata), fault.NotFound, "no such provider")
	})
}
