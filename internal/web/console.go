package web

import (
	"net/http"

	"github.com/roundel/roundel/internal/fault"
	"github.com/roundel/roundel/internal/gate"
)

// consoleRoutes lists the pages for people who issue badges, and the pages
// through which they come in.
func (s *Server) consoleRoutes() []route {
	const org, badge, batch, award = "/console/{org}", "/console/{org}/badges/{badge}", "/console/{org}/batches/{batch}", "/console/{org}/awards/{award}"
	return []route{
		// Coming in.
		{"GET /set-up/{secret}", gate.Public, s.notYet},
		{"POST /set-up/{secret}", gate.Public, s.notYet},
		{"GET /sign-in", gate.Public, s.notYet},
		{"POST /sign-in", gate.Public, s.notYet},
		{"POST /sign-out", gate.SignedIn, s.notYet},
		{"GET /reset/{secret}", gate.Public, s.notYet},
		{"POST /reset/{secret}", gate.Public, s.notYet},

		// Organisations.
		{"GET /console", gate.SignedIn, s.notYet},
		{"GET /console/new", gate.SignedIn, s.notYet},
		{"POST /console/new", gate.SignedIn, s.notYet},
		{"POST /console/sample", gate.SignedIn, s.notYet},
		{"GET " + org, gate.Manage, s.notYet},
		{"POST " + org + "/go-live", gate.Manage, s.notYet},

		// Badges.
		{"GET " + org + "/picture.svg", gate.Manage, s.notYet},
		{"GET " + org + "/badges", gate.Manage, s.notYet},
		{"GET " + org + "/badges/new", gate.Manage, s.notYet},
		{"POST " + org + "/badges/new", gate.Manage, s.notYet},
		{"GET " + badge, gate.Manage, s.notYet},
		{"GET " + badge + "/edit", gate.Manage, s.notYet},
		{"POST " + badge + "/edit", gate.Manage, s.notYet},
		{"POST " + badge + "/publish", gate.Manage, s.notYet},
		{"POST " + badge + "/discard", gate.Manage, s.notYet},
		{"POST " + badge + "/archive", gate.Manage, s.notYet},

		// Awarding.
		{"GET " + badge + "/award", gate.Manage, s.notYet},
		{"POST " + badge + "/award", gate.Manage, s.notYet},
		{"GET " + badge + "/spreadsheet", gate.Manage, s.notYet},
		{"POST " + badge + "/spreadsheet", gate.Manage, s.notYet},
		{"GET " + badge + "/spreadsheet/template.csv", gate.Manage, s.notYet},
		{"GET " + batch, gate.Manage, s.notYet},
		{"POST " + batch + "/check", gate.Manage, s.notYet},
		{"POST " + batch + "/mapping", gate.Manage, s.notYet},
		{"POST " + batch + "/rows/{row}", gate.Manage, s.notYet},
		{"POST " + batch + "/discard", gate.Manage, s.notYet},
		{"GET " + batch + "/confirm", gate.Manage, s.notYet},
		{"POST " + batch + "/confirm", gate.Manage, s.notYet},
		{"GET " + batch + "/progress.json", gate.Manage, s.notYet},
		{"GET " + batch + "/bad.csv", gate.Manage, s.notYet},
		{"GET " + batch + "/report.csv", gate.Manage, s.notYet},

		// Awards.
		{"GET " + org + "/awards", gate.Manage, s.notYet},
		{"GET " + award, gate.Manage, s.notYet},
		{"GET " + award + "/badge.json", gate.Manage, s.notYet},
		{"GET " + award + "/badge.png", gate.Manage, s.notYet},
		{"POST " + award + "/link", gate.Manage, s.notYet},
		{"POST " + award + "/mail", gate.Manage, s.notYet},
		{"GET " + award + "/state", gate.Manage, s.notYet},
		{"POST " + award + "/state", gate.Manage, s.notYet},

		// Mails.
		{"GET " + org + "/outbox", gate.Manage, s.notYet},
		{"GET " + org + "/outbox/{mail}", gate.Manage, s.notYet},

		// Settings.
		{"GET " + org + "/settings", gate.Manage, s.notYet},
		{"POST " + org + "/settings", gate.Manage, s.notYet},
		{"GET " + org + "/settings/disclosure", gate.Manage, s.notYet},
		{"POST " + org + "/settings/disclosure", gate.Manage, s.notYet},
		{"GET " + org + "/settings/identity", gate.Manage, s.notYet},
		{"GET " + org + "/settings/tokens", gate.Manage, s.notYet},
		{"POST " + org + "/settings/tokens", gate.Manage, s.notYet},
		{"POST " + org + "/settings/tokens/{token}/revoke", gate.Manage, s.notYet},
	}
}

func (s *Server) notYet(http.ResponseWriter, *http.Request) error {
	return fault.Unavailablef("This page is being built.")
}
