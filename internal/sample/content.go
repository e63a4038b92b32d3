package sample

import (
	"github.com/roundel/roundel/internal/badge"
	"github.com/roundel/roundel/internal/issuing"
	"github.com/roundel/roundel/internal/org"
	"github.com/roundel/roundel/internal/picture"
)

// What the sample shows. Names and addresses lie under example.org, which
// belongs to nobody.

type sampleBadge struct {
	content badge.Content
	design  picture.Design
}

type sampleAward struct {
	badge       int // index in badges
	name, email string
	daysAgo     int
	years       int // until it expires; 0: never
	details     issuing.Details
	answer      answer
}

// answer is what the recipient has done.
type answer int

const (
	waiting answer = iota
	accepted
	published
)

var university = org.Profile{
	Name:        "Northlight University",
	Website:     "https://northlight.example.org",
	Email:       "badges@northlight.example.org",
	Description: "A sample university, made up to show how Roundel looks. Its short courses for working people end with a badge that says exactly what was learned.",
	Country:     "IE",
	Accent:      "#2a4fd0",
	LogoAlt:     "A compass on a blue disc",
}

var disclosure = org.Disclosure{
	IncludeName: true, IncludeEvidence: true,
	LawfulBasis: "Sample data: none of these people exist.",
}

var logo = paint("northlight", picture.Design{Title: "Northlight University", Lang: "en", Shape: "circle", Pattern: "rays", Icon: "compass"})

// paint returns d in the colours of the palette with the given id.
func paint(palette string, d picture.Design) picture.Design {
	for _, p := range picture.Palettes() {
		if p.ID == palette {
			return p.Paint(d)
		}
	}
	return d
}

var badges = []sampleBadge{
	{
		content: badge.Content{
			Name:            "Applied Data Analysis",
			Description:     "Plans an analysis around a real question, cleans and explores the data, chooses a fitting method, and tells people what the result means and how sure it is.",
			AchievementType: "MicroCredential",
			Language:        "en",
			Tags:            []string{"Data cleaning", "Statistics", "Python", "Data visualisation", "Communicating uncertainty"},
			PictureAlt:      "Round blue badge with a bar chart and the words Applied Data Analysis; two of three dots are filled",
			Criteria: `Six weeks, about 60 hours of work. To earn the badge, somebody

1. **plans**: turns a vague question from their own work into one that data can answer, and writes down what would change their mind;
2. **prepares**: finds, documents and repairs at least five problems in a raw data set;
3. **analyses**: applies two methods, compares them, and reports how uncertain the answer is;
4. **explains**: presents the result to people outside the field, in ten minutes, without jargon.

The final project is marked by two people with a published rubric. The pass mark is 60 %.`,
		},
		design: paint("northlight", picture.Design{
			Title: "Applied Data Analysis", Lang: "en", Shape: "circle", Pattern: "ticks", Icon: "chart",
			Top: "Applied Data Analysis", Bottom: "Northlight", Level: 2, Levels: 3,
		}),
	},
	{
		content: badge.Content{
			Name:            "Clear Communication",
			Description:     "Writes and speaks so that people understand at once: finds the point, puts it first, chooses plain words, and checks with real readers that it has worked.",
			AchievementType: "Competency",
			Language:        "en",
			Tags:            []string{"Plain language", "Editing", "Public speaking", "Listening"},
			PictureAlt:      "Green hexagonal badge with a speech bubble and the words Clear Communication",
			Criteria: `Shown in three pieces of real work, over one term:

- a **page of instructions** that five strangers can follow without asking;
- a **bad-news message** that its reader finds honest and kind;
- a **five-minute talk**, recorded, with questions from the audience.

Each piece is rewritten once after feedback. An assessor looks at both versions, because noticing what did not work is half of the skill.`,
		},
		design: paint("pine", picture.Design{
			Title: "Clear Communication", Lang: "en", Shape: "hexagon", Pattern: "guilloche", Icon: "speech",
			Top: "Clear", Bottom: "Communication",
		}),
	},
	{
		content: badge.Content{
			Name:            "Team Leadership",
			Description:     "Has led a team of at least four through a project of a term or more: set a direction, shared the work fairly, handled a conflict, and learned from what the team said afterwards.",
			AchievementType: "CertificateOfCompletion",
			Language:        "en",
			Tags:            []string{"Leadership", "Giving feedback", "Conflict resolution", "Planning"},
			PictureAlt:      "Plum-coloured shield with three people and the words Team Leadership",
			Criteria: `Awarded after a term as project lead, when

- the project's sponsor confirms in writing what was delivered;
- at least three members of the team have answered the anonymous questionnaire;
- the lead has written **two pages about one decision** they would take differently now, and discussed them with a mentor.`,
		},
		design: paint("plum", picture.Design{
			Title: "Team Leadership", Lang: "en", Shape: "shield", Pattern: "rays", Icon: "people",
			Top: "Team Leadership", Ribbon: "Northlight",
		}),
	},
}

var awards = []sampleAward{
	{
		badge: 2, name: "Rosa Giménez", email: "rosa.gimenez@example.org", daysAgo: 24, answer: accepted,
		details: issuing.Details{Narrative: "Led the team that moved the student helpline to one shared number."},
	},
	{
		badge: 1, name: "Mei-Ling Tan", email: "mei-ling.tan@example.org", daysAgo: 12, years: 4,
	},
	{
		badge: 0, name: "Jonas Lindqvist", email: "jonas.lindqvist@example.org", daysAgo: 3, years: 3,
		details: issuing.Details{Result: "78 %"},
	},
	{
		badge: 0, name: "Amara Okafor", email: "amara.okafor@example.org", daysAgo: 3, years: 3, answer: published,
		details: issuing.Details{
			Result:    "92 %",
			Narrative: "Amara asked why evening buses in her town run late, and found that the timetable, not the traffic, was the reason. The council has changed it since.",
			Evidence: []issuing.Evidence{{
				URL: "https://northlight.example.org/projects/late-buses", Name: "Why are the evening buses late?",
				Description: "Final project: report, data and code",
			}},
		},
	},
}
