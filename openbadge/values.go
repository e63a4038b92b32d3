package openbadge

import (
	"regexp"
	"slices"
	"strings"
)

// Words that the specification allows, in its order. They are read only.
var (
	AchievementTypes = strings.Fields(achievementTypes) // of Achievement.AchievementType
	ResultTypes      = strings.Fields(resultTypes)      // of ResultDescription.ResultType
	ResultStatuses   = strings.Fields(resultStatuses)   // of Result.Status
	AlignmentTypes   = strings.Fields(alignmentTypes)   // of Alignment.TargetType
	IdentityTypes    = strings.Fields(identityTypes)    // of IdentityObject.IdentityType and IdentifierEntry.Type
)

const (
	achievementTypes = `Achievement ApprenticeshipCertificate Assessment Assignment AssociateDegree Award Badge
		BachelorDegree Certificate CertificateOfCompletion Certification CommunityService Competency Course CoCurricular
		Degree Diploma DoctoralDegree Fieldwork GeneralEducationDevelopment JourneymanCertificate LearningProgram License
		Membership ProfessionalDoctorate QualityAssuranceCredential MasterCertificate MasterDegree MicroCredential
		ResearchDoctorate SecondarySchoolDiploma`
	resultTypes = `GradePointAverage LetterGrade Percent PerformanceLevel PredictedScore RawScore Result RubricCriterion
		RubricCriterionLevel RubricScore ScaledScore Status`
	resultStatuses = `Completed Enrolled Failed InProgress OnHold Provisional Withdrew`
	alignmentTypes = `ceasn:Competency ceterms:Credential CFItem CFRubric CFRubricCriterion CFRubricCriterionLevel CTDL`
	identityTypes  = `name sourcedId systemId productId userName accountId emailAddress nationalIdentityNumber isbn issn
		lisSourcedId oneRosterSourcedId sisSourcedId ltiContextId ltiDeploymentId ltiToolId ltiPlatformId ltiUserId
		identifier`
)

var (
	extension = regexp.MustCompile(`ext:[a-zA-Z0-9.|_]`)
	language  = regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	jws       = regexp.MustCompile(`^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+$`)
	obContext = regexp.MustCompile(`^https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.\d\.\d)*\.json$`)
)

// oneOf reports whether v is among words or an extension of them.
func oneOf(v string, words []string) bool {
	return slices.Contains(words, v) || extension.MatchString(v)
}
