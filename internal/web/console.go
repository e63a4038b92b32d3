package web

import (
	"slices"

	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// consoleRoutes lists the pages for people who issue badges, and the pages
// through which they come in.
func (s *Server) consoleRoutes() []route {
	return slices.Concat(s.doorRoutes(), s.deskRoutes(), s.badgeRoutes(), s.awardRoutes(), s.auditRoutes(), s.peopleRoutes(), s.operatorRoutes(), s.providerRoutes())
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
	const desk = "/console/{org}"
	return []route{
		{"GET " + desk, gate.Member, s.overview},
		{"POST " + desk + "/go-live", gate.Needs(org.EditOrganisation), s.goLive},
		{"POST " + desk + "/jobs/{job}/retry", gate.Needs(org.EditOrganisation), s.jobRetry},

		{"GET " + desk + "/outbox", gate.Needs(org.ViewOutbox), s.outboxList},
		{"GET " + desk + "/outbox/{mail}", gate.Needs(org.ViewOutbox), s.outboxMail},
		{"POST " + desk + "/outbox/{mail}/retry", gate.Needs(org.IssueAwards), s.outboxRetry},

		{"GET " + desk + "/settings", gate.Needs(org.EditOrganisation), s.profileForm},
		{"POST " + desk + "/settings", gate.Needs(org.EditOrganisation), s.profileSave},
		{"GET " + desk + "/settings/export", gate.Needs(org.Export), s.exportForm},
		{"POST " + desk + "/settings/export", gate.Needs(org.Export), s.exportFile},
		{"GET " + desk + "/settings/disclosure", gate.Needs(org.EditOrganisation), s.disclosureForm},
		{"POST " + desk + "/settings/disclosure", gate.Needs(org.EditOrganisation), s.disclosureSave},
		{"GET " + desk + "/settings/identity", gate.Needs(org.EditOrganisation), s.identity},
		{"GET " + desk + "/settings/tokens", gate.Needs(org.ManageTokens), s.tokenList},
		{"POST " + desk + "/settings/tokens", gate.Needs(org.ManageTokens), s.tokenCreate},
		{"POST " + desk + "/settings/tokens/{token}/revoke", gate.Reduces(org.ManageTokens), s.tokenRevoke},
	}
}

// badgeRoutes are for designing badges.
func (s *Server) badgeRoutes() []route {
	const desk, badge = "/console/{org}", "/console/{org}/badges/{badge}"
	return []route{
		{"GET " + desk + "/picture.svg", gate.Needs(org.EditBadges), s.designPicture},
		{"POST " + desk + "/badges/preview", gate.Needs(org.EditBadges), s.badgePreview},
		{"GET " + desk + "/badges", gate.Needs(org.ViewBadges), s.badgeList},
		{"GET " + desk + "/badges/new", gate.Needs(org.EditBadges), s.badgeNew},
		{"POST " + desk + "/badges/new", gate.Needs(org.EditBadges), s.badgeCreate},
		{"GET " + badge, gate.Needs(org.ViewBadges), s.badgeShow},
		{"GET " + badge + "/edit", gate.Needs(org.EditBadges), s.badgeEdit},
		{"POST " + badge + "/edit", gate.Needs(org.EditBadges), s.badgeSave},
		{"POST " + badge + "/publish", gate.Needs(org.PublishBadges), s.badgePublish},
		{"POST " + badge + "/discard", gate.Needs(org.EditBadges), s.badgeDiscard},
		{"POST " + badge + "/archive", gate.Needs(org.PublishBadges), s.badgeArchive},
	}
}

// awardRoutes are for awarding badges, and for what was awarded.
func (s *Server) awardRoutes() []route {
	const desk, badge, batch, award = "/console/{org}", "/console/{org}/badges/{badge}", "/console/{org}/batches/{batch}", "/console/{org}/awards/{award}"
	return []route{
		{"GET " + badge + "/award", gate.Needs(org.IssueAwards), s.awardForm},
		{"POST " + badge + "/award", gate.Needs(org.IssueAwards), s.awardCreate},
		{"GET " + badge + "/spreadsheet", gate.Needs(org.IssueAwards), s.batchForm},
		{"POST " + badge + "/spreadsheet", gate.Needs(org.IssueAwards), s.batchCreate},
		{"GET " + badge + "/spreadsheet/template.csv", gate.Needs(org.IssueAwards), s.batchTemplate},

		{"GET " + desk + "/batches", gate.Needs(org.ViewAwards), s.batchList},
		{"GET " + batch, gate.Needs(org.ViewAwards), s.batchShow},
		{"GET " + batch + "/columns", gate.Needs(org.IssueAwards), s.batchColumns},
		{"POST " + batch + "/columns", gate.Needs(org.IssueAwards), s.batchCheck},
		{"POST " + batch + "/rows/{row}", gate.Needs(org.IssueAwards), s.batchMend},
		{"GET " + batch + "/confirm", gate.Needs(org.IssueAwards), s.batchConfirmForm},
		{"POST " + batch + "/confirm", gate.Needs(org.IssueAwards), s.batchConfirm},
		{"POST " + batch + "/discard", gate.Needs(org.IssueAwards), s.batchDiscard},
		{"GET " + batch + "/bad.csv", gate.Needs(org.ViewAwards), s.batchBadFile},
		{"GET " + batch + "/report.csv", gate.Needs(org.ViewAwards), s.batchReportFile},

		{"GET " + desk + "/awards", gate.Needs(org.ViewAwards), s.awardList},
		{"GET " + award, gate.Needs(org.ViewAwards), s.awardShow},
		{"GET " + award + "/badge.json", gate.Needs(org.ViewAwards), s.awardJSON},
		{"GET " + award + "/badge.png", gate.Needs(org.ViewAwards), s.awardPNG},
		{"GET " + award + "/erase", gate.Needs(org.ErasePeople), s.awardEraseForm},
		{"POST " + award + "/erase", gate.Reduces(org.ErasePeople), s.awardErase},
		{"POST " + award + "/link", gate.Needs(org.IssueAwards), s.awardLink},
		{"POST " + award + "/mail", gate.Needs(org.IssueAwards), s.awardMail},
		{"POST " + award + "/state", gate.Reduces(org.WithdrawAwards), s.awardState},
	}
}
