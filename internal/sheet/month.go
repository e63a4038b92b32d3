package sheet

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// months are beginnings of the names of months without accents, in English,
// German, French, Spanish, Italian, Portuguese, Dutch, Danish, Norwegian and
// Swedish. A beginning stands for one month only.
func months() [12]string {
	return [12]string{
		"jan janv ene gen jaenn jann",
		"feb fev fevr febb febr",
		"mar marz maer maerz mrz mars march mart maart mrt marzo marco",
		"apr avr abr",
		"may mai mei maj mayo mag maggio maio",
		"jun juin giu",
		"jul juil lug",
		"aug aou aout ago agos",
		"sep sept set",
		"oct okt ott out",
		"nov",
		"dec dez dic",
	}
}

// monthNames are whole names, so that "mark" or "decade" is no month.
const monthNames = ` january januar janvier enero gennaio janeiro januari janner jaenner
 february februar fevrier febrero febbraio fevereiro februari feber
 march marz maerz mars marzo marco maart
 april avril abril aprile
 may mai mayo maggio maio mei maj
 june juni juin junio giugno junho
 july juli juillet julio luglio julho
 august aout agosto augustus augusti
 september septembre septiembre setiembre settembre setembro
 october oktober octobre octubre ottobre outubro
 november novembre noviembre novembro
 december dezember decembre diciembre dicembre dezembro desember `

// monthOf returns the month that a word in small letters names, or 0.
func monthOf(word string) time.Month {
	word = unaccented(word)
	whole := strings.Contains(monthNames, " "+word+" ") || strings.Contains(monthNames, "\n "+word+" ") || strings.Contains(monthNames, " "+word+"\n")
	for i, short := range months() {
		for s := range strings.FieldsSeq(short) {
			if word == s || whole && strings.HasPrefix(word, s) {
				return time.Month(i + 1)
			}
		}
	}
	return 0
}

// unaccented drops accents: "février" becomes "fevrier".
func unaccented(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// fillers are words that may stand in a date.
var fillers = map[string]bool{
	"st": true, "nd": true, "rd": true, "th": true, "of": true, "the": true, "de": true, "del": true, "den": true, "der": true, "le": true,
	"er": true, "el": true, "do": true, "il": true, "on": true, "am": true,
}

// isWeekday reports whether a word in small letters names a day of the week.
func isWeekday(word string) bool {
	word = unaccented(word)
	for w := range strings.FieldsSeq(`monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
		montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
		lundi mardi mercredi jeudi vendredi samedi dimanche lunes martes miercoles jueves viernes sabado domingo
		lunedi martedi mercoledi giovedi venerdi sabato domenica maandag dinsdag woensdag donderdag vrijdag zaterdag zondag`) {
		if w == word {
			return true
		}
	}
	return false
}
