package openbadge

import (
	"regexp"
	"slices"
	"strings"
)

// AchievementTypes returns the words that the specification allows as
// Achievement.AchievementType, in its order.
func AchievementTypes() []string { return slices.Clone(achievementWords) }

// ResultTypes returns those of ResultDescription.ResultType.
func ResultTypes() []string { return slices.Clone(resultWords) }

// ResultStatuses returns those of Result.Status.
func ResultStatuses() []string { return slices.Clone(statusWords) }

// AlignmentTypes returns those of Alignment.TargetType.
func AlignmentTypes() []string { return slices.Clone(alignmentWords) }

// IdentityTypes returns those of IdentityObject.IdentityType and
// IdentifierEntry.Type.
func IdentityTypes() []string { return slices.Clone(identityWords) }

var (
	achievementWords = strings.Fields(achievementTypes)
	resultWords      = strings.Fields(resultTypes)
	statusWords      = strings.Fields(resultStatuses)
	alignmentWords   = strings.Fields(alignmentTypes)
	identityWords    = strings.Fields(identityTypes)
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
