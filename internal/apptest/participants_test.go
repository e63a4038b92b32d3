package apptest_test

import (
	"strings"
	"time"
)

// people are who took part in the course: names and addresses as they come.
var people = []struct{ name, email string }{
	{"Aoife Ní Bhriain", "aoife.nibhriain@mail.example"},
	{"Łukasz Wiśniewski", "l.wisniewski@mail.example"},
	{"María José Núñez Ibáñez", "mariajose@correo.example"},
	{"Nguyễn Thị Minh Khai", "minhkhai.nguyen@mail.example"},
	{"Jürgen Groß", "juergen.gross@post.example"},
	{"Søren Østergård", "SOREN@post.example"},
	{"Chloé Lefèvre", "chloe.lefevre@courriel.example"},
	{"Αλέξανδρος Παπαδόπουλος", "alex.p@mail.example"},
	{"Олена Шевченко", "olena.shevchenko@mail.example"},
	{"محمد الفاسي", "m.alfassi@mail.example"},
	{"יעל כהן", "yael.cohen@mail.example"},
	{"山田 花子", "hanako.yamada@mail.example"},
	{"김민준", "minjun.kim@mail.example"},
	{"Priya Venkataraman", "priya+courses@mail.example"},
	{"Oluwaseun Adébáyò", "seun.adebayo@mail.example"},
	{"Ana-Maria Ștefănescu", "ana.stefanescu@mail.example"},
	{"O’Connor, Siobhán", "siobhan.oconnor@mail.example"},
	{"Dvořák Jiří", "jiri.dvorak@post.example"},
	{"Özge Yıldırım", "ozge.yildirim@mail.example"},
	{"Bo Li", "b.li@mail.example"},
	{"Guðrún Jónsdóttir", "gudrun.jonsdottir@post.example"},
	{"Matthias van der Meer", "m.vandermeer@mail.example"},
	{"Inês Duarte", "ines.duarte(at)mail.example"}, // no address
	{"Tomasz Kowalski", "tomasz@mail.example"},     // an impossible date
	{"", "somebody.without.a.name@mail.example"},   // no name
}

// participants is the spreadsheet as an office saves it: semicolons, a byte
// order mark, local dates, a column that means nothing to us.
func participants() []byte {
	var b strings.Builder
	b.WriteString("\ufeffFull name;E-mail;Completed on;Grade;Evidence;Internal no.\r\n")
	day := time.Now().UTC().AddDate(0, 0, -40)
	for n, p := range people {
		date := day.AddDate(0, 0, n).Format("02.01.2006")
		if p.name == "Tomasz Kowalski" {
			date = "31.02.2026"
		}
		evidence := ""
		if n%4 == 0 {
			evidence = "https://northlight.example/work/" + string(rune('a'+n))
		}
		name := p.name
		if strings.ContainsAny(name, ",;") {
			name = `"` + name + `"`
		}
		b.WriteString(strings.Join([]string{name, p.email, date, "passed", evidence, "NL-0" + string(rune('0'+n%10))}, ";") + "\r\n")
	}
	return []byte(b.String())
}
