package web

import (
	"github.com/roundel/roundel/internal/gate"
)

// consoleRoutes lists the pages for people who issue badges, and the pages
// through which they come in.
func (s *Server) consoleRoutes() []route {
	return append(append(append(s.doorRoutes(), s.deskRoutes()...), s.badgeRoutes()...), s.awardRoutes()...)
}

// doorRoutes are for people on their way in, and for those who have no
// organisation yet.
func (s *Server) doorRoutes() []route {
	return []route{
		{"GET /set-up/{secret}", gate.Public, s.setUpForm},
		{"POST /set-up/{secret}", gate.Public, s.setUp},
		{"GET /sign-in", gate.Public, s.signInForm},
		{"POST /sign-in", gate.Public, s.signIn},
		{"POST /sign-out", gate.SignedIn, s.signOut},
		{"GET /reset/{secret}", gate.Public, s.resetForm},
		{"POST /reset/{secret}", gate.Public, s.reset},

		{"GET /console", gate.SignedIn, s.consoleHome},
		{"GET /console/new", gate.SignedIn, s.organisationForm},
		{"POST /console/new", gate.SignedIn, s.organisationCreate},
		{"POST /console/sample", gate.SignedIn, s.createSample},
		{"GET /console/organisations", gate.SignedIn, s.organisationList},
	}
}

// deskRoutes are an organisation's overview, mails and settings.
func (s *Server) deskRoutes() []route {
	const org = "/console/{org}"
	return []route{
		{"GET " + org, gate.Manage, s.overview},
		{"POST " + org + "/go-live", gate.Manage, s.goLive},
		{"POST " + org + "/jobs/{job}/retry", gate.Manage, s.jobRetry},

		{"GET " + org + "/outbox", gate.Manage, s.outboxList},
		{"GET " + org + "/outbox/{mail}", gate.Manage, s.outboxMail},
		{"POST " + org + "/outbox/{mail}/retry", gate.Manage, s.outboxRetry},

		{"GET " + org + "/settings", gate.Manage, s.profileForm},
		{"POST " + org + "/settings", gate.Manage, s.profileSave},
		{"GET " + org + "/settings/disclosure", gate.Manage, s.disclosureForm},
		{"POST " + org + "/settings/disclosure", gate.Manage, s.disclosureSave},
		{"GET " + org + "/settings/identity", gate.Manage, s.identity},
		{"GET " + org + "/settings/tokens", gate.Manage, s.tokenList},
		{"POST " + org + "/settings/tokens", gate.Manage, s.tokenCreate},
		{"POST " + org + "/settings/tokens/{token}/revoke", gate.Manage, s.tokenRevoke},
	}
}

// badgeRoutes are for designing badges.
func (s *Server) badgeRoutes() []route {
	const org, badge = "/console/{org}", "/console/{org}/badges/{badge}"
	return []route{
		{"GET " + org + "/picture.svg", gate.Manage, s.designPicture},
		{"POST " + org + "/badges/preview", gate.Manage, s.badgePreview},
		{"GET " + org + "/badges", gate.Manage, s.badgeList},
		{"GET " + org + "/badges/new", gate.Manage, s.badgeNew},
		{"POST " + org + "/badges/new", gate.Manage, s.badgeCreate},
		{"GET " + badge, gate.Manage, s.badgeShow},
		{"GET " + badge + "/edit", gate.Manage, s.badgeEdit},
		{"POST " + badge + "/edit", gate.Manage, s.badgeSave},
		{"POST " + badge + "/publish", gate.Manage, s.badgePublish},
		{"POST " + badge + "/discard", gate.Manage, s.badgeDiscard},
		{"POST " + badge + "/archive", gate.Manage, s.badgeArchive},
	}
}

// awardRoutes are for awarding badges, and for what was awarded.
func (s *Server) awardRoutes() []route {
	const org, badge, batch, award = "/console/{org}", "/console/{org}/badges/{badge}", "/console/{org}/batches/{batch}", "/console/{org}/awards/{award}"
	return []route{
		{"GET " + badge + "/award", gate.Manage, s.awardForm},
		{"POST " + badge + "/award", gate.Manage, s.awardCreate},
		{"GET " + badge + "/spreadsheet", gate.Manage, s.batchForm},
		{"POST " + badge + "/spreadsheet", gate.Manage, s.batchCreate},
		{"GET " + badge + "/spreadsheet/template.csv", gate.Manage, s.batchTemplate},

		{"GET " + org + "/batches", gate.Manage, s.batchList},
		{"GET " + batch, gate.Manage, s.batchShow},
		{"GET " + batch + "/columns", gate.Manage, s.batchColumns},
		{"POST " + batch + "/columns", gate.Manage, s.batchCheck},
		{"POST " + batch + "/rows/{row}", gate.Manage, s.batchMend},
		{"GET " + batch + "/confirm", gate.Manage, s.batchConfirmForm},
		{"POST " + batch + "/confirm", gate.Manage, s.batchConfirm},
		{"POST " + batch + "/discard", gate.Manage, s.batchDiscard},
		{"GET " + batch + "/bad.csv", gate.Manage, s.batchBadFile},
		{"GET " + batch + "/report.csv", gate.Manage, s.batchReportFile},

		{"GET " + org + "/awards", gate.Manage, s.awardList},
		{"GET " + award, gate.Manage, s.awardShow},
		{"GET " + award + "/badge.json", gate.Manage, s.awardJSON},
		{"GET " + award + "/badge.png", gate.Manage, s.awardPNG},
		{"POST " + award + "/link", gate.Manage, s.awardLink},
		{"POST " + award + "/mail", gate.Manage, s.awardMail},
		{"POST " + award + "/state", gate.Manage, s.awardState},
	}
}
