package picture

// icons are drawn for this package, on a 48 by 48 square with a margin of 4.
func icons() []icon {
	return append(append(iconsOfLearning(), iconsOfScience()...), append(iconsOfWork(), iconsOfLife()...)...)
}

func iconsOfLearning() []icon {
	return []icon{
		{"star", "Star", starPath(24, 25.5, 20.5, 8.6, 5), nil, "star excellence excellent distinction outstanding honor honour talent"},
		{"cap", "Graduation cap", "M24 9L45 19L24 29L3 19ZM11 23.5V34C11 37 17 40.5 24 40.5S37 37 37 34V23.5M45 19V32", nil, "graduate graduation degree diploma bachelor master course completion certificate foundation academic studium abschluss"},
		{"book", "Open book", "M24 13C19 8.5 12 7.5 5 8V37C12 36.5 19 37.5 24 42C29 37.5 36 36.5 43 37V8C36 7.5 29 8.5 24 13ZM24 13V42", nil, "book read reading literature literacy library history philosophy story lesen lecture"},
		{"pen", "Pen", "M6 42L9 31L32.5 7.5A5.6 5.6 0 0 1 40.5 15.5L17 39ZM27.5 12.5L35.5 20.5M9 31L17 39", nil, "write writing writer essay editor editing author journalism copywriting design drawing schreiben"},
		{"bulb", "Light bulb", "M18 34C18 29.5 10.5 27 10.5 18A13.5 13.5 0 0 1 37.5 18C37.5 27 30 29.5 30 34ZM18.5 39H29.5M21.5 44H26.5", nil, "idea innovation creativity creative thinking critical problem solving invention think"},
		{"puzzle", "Puzzle piece", "M8 14H17C15 8.5 17.5 5 21.5 5S28 8.5 26 14H35V23C40.5 21 44 23.5 44 27.5S40.5 34 35 32V42H8V32.5C13.5 34.5 17 31.5 17 27.8S13.5 21 8 23Z", nil, "puzzle integration integrate skills collaboration interdisciplinary inclusion"},
		{"presentation", "Presentation", "M4 7H44M8 7V31H40V7M24 31V36M15 44L24 36L33 44M15.5 24L21 18L26 22L33 14", nil, "present presentation teach teaching teacher trainer training pedagogy instruction workshop lecture facilitator coach unterricht"},
		{"speech", "Speech bubble", "M12 7H36a6 6 0 0 1 6 6V27a6 6 0 0 1-6 6H25L15 42V33H12a6 6 0 0 1-6-6V13a6 6 0 0 1 6-6ZM15 16.5H33M15 23.5H26", nil, "communication communicate speaking speech rhetoric negotiation feedback clear dialogue kommunikation"},
		{"chat", "Conversation", "M9 6H25a4 4 0 0 1 4 4V19a4 4 0 0 1-4 4H17L10.5 29V23H9a4 4 0 0 1-4-4V10a4 4 0 0 1 4-4ZM36 18H39a4 4 0 0 1 4 4V32a4 4 0 0 1-4 4H37.5V42.5L30.5 36H22a4 4 0 0 1-4-4V30", nil, "language languages english spanish french german chinese arabic translation interpreter conversation multilingual sprache deutsch"},
		{"flag", "Flag", "M11 44V6.5C20 2 27 11 39 6.5V26.5C27 31 20 22 11 26.5", nil, "milestone goal achievement pioneer ambassador civic citizenship start"},
		{"mountain", "Mountain", "M3 40.5L18.5 13L27.5 29L32 21.5L45 40.5ZM12.5 24L18 28L23 21.5" + ring(37, 11, 4.5), nil, "mountain outdoor outdoors hiking resilience challenge adventure climb geography expedition"},
		{"compass", "Compass", ring(24, 24, 19) + "M32 16L27.3 27.3L16 32L20.7 20.7Z", nil, "compass orientation guidance career ethics direction strategy navigation explorer discovery research methods"},
	}
}

func iconsOfScience() []icon {
	return []icon{
		{"chart", "Data chart", "M6 42H42M11 34.5V26M19.7 34.5V14M28.3 34.5V20.5M37 34.5V6", nil, "data analysis analytics statistics statistical chart visualisation visualization excel spreadsheet insight metrics economics"},
		{"code", "Code", "M15 13L4 24L15 35M33 13L44 24L33 35M28 8L20 40", nil, "code coding programming programmer software developer python java javascript web html app development informatik"},
		{"chip", "Chip", box(12, 12, 24, 24, 3) + box(19.5, 19.5, 9, 9, 1) + "M18 12V5M24 12V5M30 12V5M18 43V36M24 43V36M30 43V36M12 18H5M12 24H5M12 30H5M43 18H36M43 24H36M43 30H36", nil, "ai artificial intelligence machine learning computer computing digital hardware electronics robotics technology ict"},
		{"network", "Network", ring(24, 9.5, 5.5) + ring(9.5, 37, 5.5) + ring(38.5, 37, 5.5) + "M21.4 14.4L12.1 32.1M26.6 14.4L35.9 32.1M15 37H33", nil, "network networking systems cloud infrastructure blockchain community web3 connect"},
		{"gear", "Gear", gearPath(8), nil, "engineering engineer mechanical process operations automation manufacturing industry production machine maintenance"},
		{"flask", "Flask", "M17 5H31M20 5V18L8.3 37.2A4 4 0 0 0 11.7 43.3H36.3A4 4 0 0 0 39.7 37.2L28 18V5M14.3 29H33.7", nil, "chemistry science scientific laboratory lab experiment pharmacy biotech chemie"},
		{"atom", "Atom", "M4 24A20 8 0 1 0 44 24A20 8 0 1 0 4 24ZM14 6.7A20 8 60 1 0 34 41.3A20 8 60 1 0 14 6.7ZM34 6.7A20 8 120 1 0 14 41.3A20 8 120 1 0 34 6.7Z", []float64{24, 24}, "physics atom nuclear quantum stem research physik"},
		{"calculator", "Calculator", box(9, 4, 30, 40, 4) + "M16.5 13H31.5", []float64{16.5, 22, 24, 22, 31.5, 22, 16.5, 29, 24, 29, 31.5, 29, 16.5, 36, 24, 36, 31.5, 36}, "math maths mathematics algebra calculus accounting finance bookkeeping budget tax geometry mathematik"},
		{"magnifier", "Magnifier", ring(20, 20, 15) + "M31 31L43.5 43.5M13 20A7 7 0 0 1 20 13", nil, "search investigate audit quality inspection review information source evidence testing test"},
		{"rocket", "Rocket", "M24 3.5C32 10 34.5 19 33 32H15C13.5 19 16 10 24 3.5ZM14.5 21L7 29V38L15 32.5M33.5 21L41 29V38L33 32.5M19.5 38C19.5 41.5 24 45 24 45S28.5 41.5 28.5 38" + ring(24, 17.5, 4), nil, "startup entrepreneur entrepreneurship launch space aerospace founder rocket growth onboarding"},
		{"lightning", "Lightning", "M27.5 4L8 27.5H22L20 44L40 20H26Z", nil, "energy electric electrical electricity power fast agile sprint scrum hackathon"},
		{"globe", "Globe", ring(24, 24, 19.5) + "M24 4.5C13 15 13 33 24 43.5C35 33 35 15 24 4.5ZM4.5 24H43.5", nil, "global international world globe europe european intercultural geography travel tourism remote erasmus abroad"},
	}
}

func iconsOfWork() []icon {
	return []icon{
		{"people", "Team", ring(24, 15, 7.5) + "M10.5 41C10.5 32 16.5 28 24 28S37.5 32 37.5 41M35.5 8.5A6.7 6.7 0 0 1 37 21.2M41 28.5C44 30.5 45.5 34 45.5 38.5M12.5 8.5A6.7 6.7 0 0 0 11 21.2M7 28.5C4 30.5 2.5 34 2.5 38.5", nil, "team teamwork people leadership lead leader management manager group diversity human resources social youth mentor mentoring"},
		{"handshake", "Handshake", "M3 12L11.5 10L19 12.5M45 12L36.5 10L28.5 10.5C26.5 10.6 25 11.4 23.7 12.8L16.5 20.3C18.5 24.3 23 24 26.3 20.8L29 18.3L39.5 29.5C41.5 32.5 38 35.8 35.2 33.8C35.5 37.3 31.8 39 29.5 36.8C28.5 40 25 40.5 22.9 38.3L8 30.5H3M45 30.5H40M29.5 36.8L27 34.2M35.2 33.8L30.5 29", nil, "partner partnership customer service sales negotiation trust cooperation client volunteer volunteering"},
		{"briefcase", "Briefcase", box(4, 14, 40, 28, 4) + "M16.5 14V10a4 4 0 0 1 4-4H27.5a4 4 0 0 1 4 4V14M4 26.5H44M24 24V30", nil, "business administration employability job professional work workplace consulting project enterprise internship commerce"},
		{"target", "Target", ring(24, 24, 19.5) + ring(24, 24, 11), []float64{24, 24}, "target goal focus objective marketing okr precision archery aim planning"},
		{"megaphone", "Megaphone", "M5.5 19V29H12L36 39.5V8.5L12 19ZM13 29.5L16.5 42H23L19.5 32.5M42 19.5V28.5", nil, "marketing campaign advertising public relations advocacy media social promotion announce outreach"},
		{"scales", "Scales", "M24 5V43M15 43H33M9 12H39M9 12L3 29M9 12L15 29M3 29A6 6 0 0 0 15 29ZM39 12L33 29M39 12L45 29M33 29A6 6 0 0 0 45 29Z", nil, "law legal justice rights compliance ethics regulation court gdpr privacy recht jura"},
		{"bank", "Institution", "M24 5L43.5 17.5H4.5ZM6 42.5H42M11 24V36M19.7 24V36M28.3 24V36M37 24V36", nil, "government policy politics public sector bank banking museum heritage architecture university governance"},
		{"shield", "Shield", "M24 4L40.5 10V23C40.5 33 33.5 39.5 24 44C14.5 39.5 7.5 33 7.5 23V10ZM16.5 23.5L22 29L32 18.5", nil, "safety security cybersecurity cyber protection protect risk defence defense hazard fire safeguarding"},
		{"lock", "Lock", box(9, 20.5, 30, 23, 4) + "M15 20.5V14A9 9 0 0 1 33 14V20.5M24 32V36.5", []float64{24, 30.5}, "encryption confidential cryptography password data protection privacy access"},
		{"key", "Key", ring(15.5, 32.5, 10) + "M22.6 25.4L43 5M33.5 14.5L40 21M39 9L43.5 13.5", nil, "key keys keyboard unlock competence competency"},
		{"wrench", "Wrench", "M42.5 12L35 19.5L29.5 18.5L28.5 13L36 5.5A11.5 11.5 0 0 0 21.7 20.3L5.8 36.2A4.2 4.2 0 0 0 11.8 42.2L27.7 26.3A11.5 11.5 0 0 0 42.5 12Z", nil, "repair tool tools craft technician mechanic plumbing welding construction carpentry trade installation handwerk"},
		{"clock", "Clock", ring(24, 24, 19.5) + "M24 12.5V24L31.5 29", nil, "time punctual productivity planning schedule organisation organization hours attendance"},
		{"medal", "Medal", ring(24, 31, 13) + "M16 20.5L8 4.5H18.5L24 14.5L29.5 4.5H40L32 20.5" + starPath(24, 31.5, 5, 2.2, 5), nil, "medal winner competition olympiad award prize merit"},
		{"trophy", "Trophy", "M14 5.5H34V19.5A10 10 0 0 1 14 19.5ZM14 10H5.5V12.5A9.5 9.5 0 0 0 14.5 22M34 10H42.5V12.5A9.5 9.5 0 0 1 33.5 22M24 29.5V36M14.5 43H33.5M18 43C18 38.5 20 36 24 36S30 38.5 30 43", nil, "champion trophy contest tournament league victory gamification"},
	}
}

func iconsOfLife() []icon {
	return []icon{
		{"heart", "Heart", "M24 42C10 32 4.5 25 4.5 17A9.9 9.9 0 0 1 24 13A9.9 9.9 0 0 1 43.5 17C43.5 25 38 32 24 42Z", nil, "heart care caring empathy kindness wellbeing love compassion childcare support volunteer volunteering pflege"},
		{"stethoscope", "Stethoscope", "M12.5 5.5H8V17A9.7 9.7 0 0 0 27.4 17V5.5H22.9M17.7 26.7V33A10.5 10.5 0 0 0 38.7 33V28" + ring(38.7, 23, 5), nil, "health medical medicine nurse nursing doctor clinical hospital patient first aid cpr midwife"},
		{"leaf", "Leaf", "M13.5 35.5C4 22 16 7 41.5 6.5C42.5 31 27 44 13.5 35.5ZM6 43.5C12 33 19 26 29.5 18.5", nil, "sustainability sustainable environment environmental green ecology climate nature biology recycling organic umwelt"},
		{"sprout", "Sprout", "M24 43.5V22M24 28C24 18.5 17 13 5.5 13C5.5 23.5 13 28.5 24 28ZM24 22C24 12.5 30.5 6.5 42.5 6.5C42.5 17 36 22.5 24 22ZM14 43.5H34", nil, "garden gardening agriculture farming plant grow growth beginner starter mindset food forest"},
		{"music", "Music", "M16.5 37V10.5L40.5 6V32.5M16.5 19.5L40.5 15" + ring(11, 37, 5.5) + ring(35, 32.5, 5.5), nil, "music musical song choir orchestra piano guitar band audio composition concert musik"},
		{"microphone", "Microphone", "M24 4A7.5 7.5 0 0 1 31.5 11.5V21.5A7.5 7.5 0 0 1 16.5 21.5V11.5A7.5 7.5 0 0 1 24 4ZM8.5 21A15.5 15.5 0 0 0 39.5 21M24 36.5V44M16 44H32", nil, "podcast radio speaker public speaking voice debate singing interview moderation journalism"},
		{"palette", "Palette", "M24 4.5A19.5 19.5 0 1 0 24 43.5C29 43.5 28.8 39 27.5 36.5C25.8 33 28 30 31.5 30H36.5C41 30 43.5 27 43.5 23C43.5 12.5 34.5 4.5 24 4.5Z", []float64{13.5, 24, 18, 15, 28, 13.5, 35.5, 20}, "art arts painting paint artist graphic illustration visual colour design kunst fashion"},
		{"camera", "Camera", "M8 13.5H14L18 7.5H30L34 13.5H40A4 4 0 0 1 44 17.5V36.5A4 4 0 0 1 40 40.5H8A4 4 0 0 1 4 36.5V17.5A4 4 0 0 1 8 13.5Z" + ring(24, 26, 8.5), nil, "photo photography camera film video cinema image media production foto"},
		{"cutlery", "Cutlery", "M14 23V43.5M7 4.5V15A7 7 0 0 0 21 15V4.5M14 4.5V14M36 43.5V4.5C29.5 8.5 28 17.5 29 28H36", nil, "cook cooking culinary food nutrition hospitality restaurant kitchen chef gastronomy hygiene catering barista"},
		{"sport", "Sport", "M11 12V36M37 12V36M4.5 18V30M43.5 18V30M11 24H37", nil, "sport sports fitness gym athlete exercise coaching running swimming football strength training physical"},
		{"cloud", "Cloud", "M13.5 39A10.5 10.5 0 0 1 12 18.2A13 13 0 0 1 36.5 16.5A11.3 11.3 0 0 1 36 39Z", nil, "cloud aws azure kubernetes devops weather meteorology saas"},
		{"paw", "Paw", "M24 24C29 24 35.5 30.5 35.5 36C35.5 43 28.5 41 24 41S12.5 43 12.5 36C12.5 30.5 19 24 24 24Z" + ring(9.5, 22, 4) + ring(18, 11.5, 4.3) + ring(30, 11.5, 4.3) + ring(38.5, 22, 4), nil, "animal animals veterinary pet dog zoology wildlife"},
	}
}
