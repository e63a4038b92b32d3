package web

import (
	"github.com/roundel/roundel/internal/gate"
	"github.com/roundel/roundel/internal/org"
)

// peopleRoutes are for who belongs to an organisation, with which role, and for
// what the organisation calls its own.
func (s *Server) peopleRoutes() []route {
	const desk, people = "/console/{org}", "/console/{org}/people"
	view, manage, edit := gate.Needs(org.ViewMembers), gate.Needs(org.ManageMembers), gate.Needs(org.EditOrganisation)
	remove := gate.Reduces(org.ManageMembers)
	return []route{
		{"GET /invitation/{secret}", gate.Public, s.invitationShow},
		{"POST /invitation/{secret}", gate.Public, s.invitationAccept},

		{"GET " + desk + "/leave", gate.Member, s.memberLeaveForm},
		{"POST " + desk + "/leave", gate.Member, s.memberLeave},

		{"GET " + people, view, s.memberList},
		{"POST " + people, manage, s.memberInvite},
		{"POST " + people + "/invitations/{invitation}/again", manage, s.invitationAgain},
		{"POST " + people + "/invitations/{invitation}/withdraw", remove, s.invitationWithdraw},
		{"GET " + people + "/members/{member}", view, s.memberShow},
		{"POST " + people + "/members/{member}", manage, s.memberChange},
		{"POST " + people + "/members/{member}/remove", remove, s.memberRemove},
		{"POST " + people + "/members/{member}/reinstate", manage, s.memberReinstate},

		{"GET " + people + "/roles", view, s.roleList},
		{"POST " + people + "/roles", manage, s.roleCreate},
		{"GET " + people + "/roles/{role}", manage, s.roleShow},
		{"POST " + people + "/roles/{role}", manage, s.roleChange},
		{"POST " + people + "/roles/{role}/delete", manage, s.roleDelete},

		{"GET " + people + "/departments", view, s.departmentList},
		{"POST " + people + "/departments", edit, s.departmentCreate},
		{"GET " + people + "/departments/{department}", edit, s.departmentShow},
		{"POST " + people + "/departments/{department}", edit, s.departmentChange},
		{"POST " + people + "/departments/{department}/delete", edit, s.departmentDelete},

		{"GET " + desk + "/settings/domain", edit, s.domainList},
		{"POST " + desk + "/settings/domain", edit, s.domainAdd},
		{"POST " + desk + "/settings/domain/{domain}/check", edit, s.domainCheck},
		{"POST " + desk + "/settings/domain/{domain}/remove", edit, s.domainRemove},

		{"POST " + desk + "/settings/programs", gate.Needs(org.ManageTokens), s.programCreate},
		{"POST " + desk + "/settings/programs/{program}/end", gate.Reduces(org.ManageTokens), s.programEnd},
	}
}

// operatorRoutes are for who runs the installation.
func (s *Server) operatorRoutes() []route {
	const one = "/operator/organisations/{organisation}"
	return []route{
		{"GET /operator", gate.Operator, s.operatorList},
		{"POST /operator/approval", gate.Operator, s.operatorApproval},
		{"POST /operator/stop", gate.Operator, s.operatorStop},
		{"POST /operator/resume", gate.Operator, s.operatorResume},
		{"GET /operator/mails", gate.Operator, s.operatorMails},
		{"POST /operator/mails/{mail}/retry", gate.Operator, s.operatorMailAgain},
		{"GET " + one, gate.Operator, s.operatorShow},
		{"POST " + one + "/{deed}", gate.Operator, s.operatorDecide},
	}
}
