package sheet

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/fault"
)

func TestParseDate(t *testing.T) {
	for _, c := range []struct {
		in     string
		prefer Order
		want   string
	}{
		{"2026-03-01", NoOrder, "2026-03-01"}, {"2026-3-1", NoOrder, "2026-03-01"}, {"2026/03/01", NoOrder, "2026-03-01"},
		{"2026.03.01", NoOrder, "2026-03-01"}, {"20260301", NoOrder, "2026-03-01"}, {" 2026-03-01 ", MonthFirst, "2026-03-01"},
		{"1.3.2026", NoOrder, "2026-03-01"}, {"01.03.2026", MonthFirst, "2026-03-01"}, {"1. 3. 2026", NoOrder, "2026-03-01"}, {"1.3.26", NoOrder, "2026-03-01"},
		{"01/03/2026", DayFirst, "2026-03-01"}, {"01/03/2026", MonthFirst, "2026-01-03"}, {"1/3/26", DayFirst, "2026-03-01"},
		{"25/12/2026", NoOrder, "2026-12-25"}, {"12/25/2026", NoOrder, "2026-12-25"}, {"12/25/2026", DayFirst, "2026-12-25"},
		{"3/3/2026", NoOrder, "2026-03-03"}, {"01-03-2026", DayFirst, "2026-03-01"}, {"25-12-2026", NoOrder, "2026-12-25"}, {"1‑3‑2026", DayFirst, "2026-03-01"},
		{"1 March 2026", NoOrder, "2026-03-01"}, {"March 1, 2026", NoOrder, "2026-03-01"}, {"Mar 1, 2026", NoOrder, "2026-03-01"}, {"1-Mar-26", NoOrder, "2026-03-01"},
		{"1st of March 2026", NoOrder, "2026-03-01"}, {"Sunday, 1 March 2026", NoOrder, "2026-03-01"}, {"Sun Mar 01 2026", NoOrder, "2026-03-01"}, {"2026 March 1", NoOrder, "2026-03-01"},
		{"1. März 2026", NoOrder, "2026-03-01"}, {"1 févr. 2026", NoOrder, "2026-02-01"}, {"1er août 2026", NoOrder, "2026-08-01"}, {"1 de enero de 2026", NoOrder, "2026-01-01"},
		{"3 maggio 2026", NoOrder, "2026-05-03"}, {"SEPT 9 2026", NoOrder, "2026-09-09"}, {"9 mrt 2026", NoOrder, "2026-03-09"}, {"1. Mai 2026", NoOrder, "2026-05-01"},
		{"31 Dezember 1999", NoOrder, "1999-12-31"}, {"46082", NoOrder, "2026-03-01"}, {"46082.5", NoOrder, "2026-03-01T12:00"}, {"25569", NoOrder, "1970-01-01"},
		{"2026-03-01T14:30:00Z", NoOrder, "2026-03-01T14:30"}, {"2026-03-01T14:30:00+02:00", NoOrder, "2026-03-01T12:30"}, {"2026-03-01 14:30:15.123", NoOrder, "2026-03-01T14:30"},
		{"1/3/2026 2:30 PM", DayFirst, "2026-03-01T14:30"}, {"1.3.2026 12:05 am", NoOrder, "2026-03-01T00:05"}, {"1.3.2026, 14:30 Uhr", NoOrder, "2026-03-01T14:30"},
		{"٢٠٢٦-٠٣-٠١", NoOrder, "2026-03-01"}, {"29.2.2024", NoOrder, "2024-02-29"}, {"1.1.70", NoOrder, "1970-01-01"}, {"1.1.69", NoOrder, "2069-01-01"},
	} {
		got, err := ParseDate(c.in, c.prefer)
		layout := "2006-01-02"
		if strings.Contains(c.want, "T") {
			layout = "2006-01-02T15:04"
		}
		if err != nil || got.Format(layout) != c.want || got.Location() != time.UTC {
			t.Errorf("ParseDate(%q, %q) = %v, %v; want %s", c.in, c.prefer, got, err, c.want)
		}
	}
}

func TestParseDateRefuses(t *testing.T) {
	for in, says := range map[string]string{
		"": "no date", "  ": "no date", "01/03/2026": "1 March or 3 January", "2026-02-30": "calendar", "29.2.2026": "calendar", "3.13.2026": "calendar",
		"13/13/2026": "not a date", "March 2026": "whole date", "tomorrow": "not a date", "n/a": "not a date", "1 mark 2026": "not a date", "12": "not a date",
		"99999": "not a date", "1.3.1026": "1900", "00/00/2026": "calendar", "2026-03-01 25:00": "time of day", "2026-03-01 10:75": "time of day", "1/2/3/4": "not a date",
		"March 1 April 2 2026": "not a date", "1 March 2026 7": "not a date", "1772323200": "not a date", "=TODAY()": "not a date", "0000-00-00": "calendar",
	} {
		if got, err := ParseDate(in, NoOrder); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), says) {
			t.Errorf("ParseDate(%q) = %v, %v; want a sentence with %q", in, got, err, says)
		}
	}
}

func TestDecideOrder(t *testing.T) {
	for _, c := range []struct {
		values []string
		want   Order
		sure   bool
	}{
		{[]string{"01/03/2026", "25/12/2026", ""}, DayFirst, true},
		{[]string{"01/03/2026", "12/25/2026 10:00"}, MonthFirst, true},
		{[]string{"01/03/2026", "02/04/2026"}, NoOrder, false},
		{[]string{"25/12/2026", "12/25/2026"}, NoOrder, false},
		{[]string{"2026-03-01", "1.3.2026", "x", "3/3/2026"}, NoOrder, true},
		{nil, NoOrder, true},
	} {
		if got, sure := DecideOrder(c.values); got != c.want || sure != c.sure {
			t.Errorf("DecideOrder(%q) = %q, %v; want %q, %v", c.values, got, sure, c.want, c.sure)
		}
	}
}

// Every day, written in each way, is read as that day.
func TestDatesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 36_000).Draw(t, "day"))
		for _, c := range []struct {
			layout string
			order  Order
		}{
			{"2006-01-02", NoOrder}, {"2.1.2006", NoOrder}, {"02/01/2006", DayFirst}, {"1/2/2006", MonthFirst}, {"2 January 2006", NoOrder},
			{"Jan 2, 2006", NoOrder}, {"Monday, January 2, 2006", NoOrder}, {time.RFC3339, NoOrder}, {"20060102", NoOrder}, {"2-Jan-2006", NoOrder},
		} {
			got, err := ParseDate(day.Format(c.layout), c.order)
			if err != nil || !got.Equal(day) {
				t.Fatalf("%s is read as %v, %v", day.Format(c.layout), got, err)
			}
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-03-01", "01/03/2026", "1. März 2026", "46082.25", "Mar 1, 2026 2:30 pm", "٢٠٢٦"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s, DayFirst)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		if d.Year() < 1899 || d.Year() > 2201 {
			t.Fatalf("%q is read as %v", s, d)
		}
	})
}

func TestParseEmail(t *testing.T) {
	for in, want := range map[string]string{
		"ada@example.org": "ada@example.org", " Ada.Lovelace+x@Example.ORG ": "Ada.Lovelace+x@example.org", "mailto:ada@example.org": "ada@example.org",
		"Ada Lovelace <ada@example.org>": "ada@example.org", `"Lovelace, Ada" <ada@example.org>`: "ada@example.org", "\u200bada@example.org\u00a0": "ada@example.org",
		"o'neil@example.ie": "o'neil@example.ie", "x@bücher.example": "x@xn--bcher-kva.example", "a@b.co": "a@b.co", "ada@example.org.": "ada@example.org",
	} {
		if got, err := ParseEmail(in); err != nil || got != want {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, says := range map[string]string{
		"": "no e-mail", "ada": "no @", "ada@": "missing", "@example.org": "missing", "a@b@c.org": "more than one @", "a@x.org; b@x.org": "more than one e-mail",
		"a@x.org,b@x.org": "more than one e-mail", "ada @example.org": "space", "ada@example,org": "comma", "ada@localhost": "ending", "ada@127.0.0.1": "ending",
		"ada..x@example.org": "before the @", ".ada@example.org": "before the @", "ада@example.org": "before the @", "a\r\nBcc:x@example.org": "space",
		"a@-x-.org": "not a domain", "a@x..org": "not a domain", "Ada <ada>": "only the address", strings.Repeat("x", 70) + "@example.org": "before the @",
		"a@" + strings.Repeat("x", 500) + ".org": "too long", "ada@example.o": "ending", "n/a": "no @",
	} {
		if got, err := ParseEmail(in); fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), says) {
			t.Errorf("ParseEmail(%q) = %q, %v; want a sentence with %q", in, got, err, says)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("Ada <ada@example.org>")
	f.Add("x@bücher.example")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseEmail(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(got, " \r\n<>,;\"") || strings.Count(got, "@") != 1 {
			t.Fatalf("%q becomes %q", s, got)
		}
		if again, err := ParseEmail(got); err != nil || again != got {
			t.Fatalf("%q becomes %q, and that %q, %v", s, got, again, err)
		}
	})
}
