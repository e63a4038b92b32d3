package web

import "github.com/roundel/roundel/internal/gate"

// publicRoutes is the table of what strangers may see and do.
func (s *Server) publicRoutes() []route {
	routes := []route{
		{"GET /{$}", gate.Public, s.publicHome},
		{"GET /awards/{award}", gate.Public, s.publicAward},
		{"GET /awards/{award}/refresh", gate.Public, s.awardRefresh},
		{"GET /awards/{award}/qr.svg", gate.Public, s.awardQR},
		{"GET /badges/{badge}", gate.Public, s.publicBadge},
		{"GET /badges/{badge}/{number}", gate.Public, s.publicBadge},
		{"GET /issuers/{slug}", gate.Public, s.publicIssuer},
		{"GET /issuers/{slug}/did.json", gate.Public, s.didDocument},
		{"GET /status/{list}", gate.Public, s.statusList},
		{"GET /pictures/{file}", gate.Public, s.pictureFile},
		{"GET /favicon.ico", gate.Public, s.favicon},
		{"GET /robots.txt", gate.Public, s.robotsFile},
		{"GET /verify", gate.Public, s.verifyForm},
		{"POST /verify", gate.Public, s.verifyReport},
		{"GET /claim/{secret}", gate.Public, s.claimShow},
		{"POST /claim/{secret}", gate.Public, s.claimAnswer},
		{"GET /claim/{secret}/{file}", gate.Public, s.claimFile},
		{"/", gate.Public, s.nothingHere},
	}
	if s.Development {
		routes = append(routes, route{"GET /styleguide", gate.Public, s.pages.styleguide()})
	}
	return routes
}
