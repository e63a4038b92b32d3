package verify

import "github.com/roundel/roundel/credential"

func (r *run) evidence(*credential.Credential, seal) Check {
	return notApplicable(CheckEvidence, CodeNoEvidence, "It refers to nothing by its digest.")
}
