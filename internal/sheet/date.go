package sheet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/roundel/roundel/internal/fault"
)

// Order says what comes first in dates like 01/03/2026.
type Order string

// The orders. With the zero Order, a date that could be read both ways is an
// error.
const (
	NoOrder    Order = ""
	DayFirst   Order = "dmy" // 01/03/2026 is 1 March
	MonthFirst Order = "mdy" // 01/03/2026 is 3 January
)

var (
	isoDate    = regexp.MustCompile(`^(\d{4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,2})$`)
	plainDate  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	dottedDate = regexp.MustCompile(`^(\d{1,2})\s*\.\s*(\d{1,2})\s*\.\s*(\d{4}|\d{2})\.?$`)
	mixedDate  = regexp.MustCompile(`^(\d{1,2})\s*[-/]\s*(\d{1,2})\s*[-/]\s*(\d{4}|\d{2})$`)
	serialDate = regexp.MustCompile(`^\d{5}([.,]\d+)?$`)
	clockTail  = regexp.MustCompile(`(?i)[T\s,]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(am|pm|a\.m\.|p\.m\.)?\s*(?:uhr)?\s*(z|utc|gmt|[+-]\d{2}:?\d{2})?$`)
	wordOrYear = regexp.MustCompile(`\p{L}+|\d+`)
)

// ParseDate reads a date as people write it: 2026-03-01, 1.3.2026, 01/03/2026,
// 1 March 2026, Mar 1, 2026, 1. März 2026, Excel's day numbers (46082), each
// also with a time of day. Without a time the answer is midnight UTC.
//
// Prefer decides dates like 01/03/2026. With NoOrder such a date is an Invalid
// fault that names both readings. Other faults say what is wrong.
func ParseDate(s string, prefer Order) (time.Time, error) {
	text := asciiDigits(clean(s))
	if text == "" {
		return time.Time{}, fault.Invalidf("There is no date.")
	}
	day := text
	var tail []string
	if m := clockTail.FindStringSubmatchIndex(text); m != nil && m[0] > 0 {
		tail = clockTail.FindStringSubmatch(text)
		day = clean(text[:m[0]])
	}
	d, err := parseDay(day, s, prefer)
	if err != nil || tail == nil {
		return d, err
	}
	return addClock(d, tail, s)
}

func parseDay(day, s string, prefer Order) (time.Time, error) {
	if m := isoDate.FindStringSubmatch(day); m != nil {
		return makeDate(m[1], m[2], m[3], s)
	}
	if m := plainDate.FindStringSubmatch(day); m != nil {
		return makeDate(m[1], m[2], m[3], s)
	}
	if m := dottedDate.FindStringSubmatch(day); m != nil { // dots: the day comes first everywhere
		return makeDate(m[3], m[2], m[1], s)
	}
	if m := mixedDate.FindStringSubmatch(day); m != nil {
		return parseMixed(m, s, prefer)
	}
	if serialDate.MatchString(day) {
		n, err := strconv.ParseFloat(strings.Replace(day, ",", ".", 1), 64)
		if err == nil && n >= 20_000 && n < 80_000 { // 1954 to 2119
			return fromSerial(n), nil
		}
	}
	return parseWords(day, s)
}

// parseMixed reads dates whose order differs from country to country.
func parseMixed(m []string, s string, prefer Order) (time.Time, error) {
	a, b := number(m[1]), number(m[2])
	switch {
	case a > 12 && b > 12:
		return time.Time{}, notADate(s)
	case a > 12:
		return makeDate(m[3], m[2], m[1], s)
	case b > 12:
		return makeDate(m[3], m[1], m[2], s)
	case a == b || prefer == DayFirst:
		return makeDate(m[3], m[2], m[1], s)
	case prefer == MonthFirst:
		return makeDate(m[3], m[1], m[2], s)
	}
	x, err := makeDate(m[3], m[2], m[1], s)
	if err != nil {
		return x, err
	}
	y, err := makeDate(m[3], m[1], m[2], s)
	if err != nil {
		return y, err
	}
	return time.Time{}, fault.Invalidf("“%s” can be %s or %s. Say whether the day or the month comes first, or write it as %s.",
		clipped(s), x.Format("2 January"), y.Format("2 January"), x.Format(time.DateOnly))
}

// parseWords reads dates with the month in letters.
func parseWords(day, s string) (time.Time, error) {
	var month time.Month
	var numbers []string
	for _, w := range wordOrYear.FindAllString(strings.ToLower(day), -1) {
		if w[0] >= '0' && w[0] <= '9' {
			numbers = append(numbers, w)
			continue
		}
		if m := monthOf(w); m != 0 {
			if month != 0 && month != m {
				return time.Time{}, notADate(s)
			}
			month = m
		} else if !fillers[w] && !isWeekday(w) {
			return time.Time{}, notADate(s)
		}
	}
	if month == 0 || len(numbers) == 0 {
		return time.Time{}, notADate(s)
	}
	if len(numbers) != 2 {
		if len(numbers) == 1 {
			return time.Time{}, fault.Invalidf("“%s” is not a whole date: write day, month and year, for example 2026-03-01.", clipped(s))
		}
		return time.Time{}, notADate(s)
	}
	d, y := numbers[0], numbers[1]
	if len(d) == 4 && len(y) <= 2 {
		d, y = y, d
	}
	if len(d) > 2 || len(y) != 4 && len(y) != 2 {
		return time.Time{}, notADate(s)
	}
	return makeDate(y, strconv.Itoa(int(month)), d, s)
}

// makeDate checks that the day exists. Years of two digits lie between 1970
// and 2069.
func makeDate(year, month, day, s string) (time.Time, error) {
	y, m, d := number(year), number(month), number(day)
	if len(year) == 2 {
		if y += 1900; y < 1970 {
			y += 100
		}
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if m < 1 || m > 12 || t.Day() != d || t.Month() != time.Month(m) {
		return time.Time{}, fault.Invalidf("“%s” is not a day of the calendar. Write it like 2026-03-01.", clipped(s))
	}
	if y < 1900 || y > 2200 {
		return time.Time{}, fault.Invalidf("The year of “%s” is not between 1900 and 2200.", clipped(s))
	}
	return t, nil
}

func addClock(d time.Time, m []string, s string) (time.Time, error) {
	h, minute, second := number(m[1]), number(m[2]), number(m[3])
	if half := strings.ToLower(m[4]); half != "" {
		if h < 1 || h > 12 {
			return time.Time{}, notADate(s)
		}
		if h %= 12; half[0] == 'p' {
			h += 12
		}
	}
	if h > 24 || h == 24 && minute+second > 0 || minute > 59 || second > 60 {
		return time.Time{}, fault.Invalidf("The time of day of “%s” does not exist.", clipped(s))
	}
	t := d.Add(time.Duration(h)*time.Hour + time.Duration(minute)*time.Minute + time.Duration(second)*time.Second)
	if zone := m[5]; len(zone) > 3 {
		digits := strings.ReplaceAll(zone[1:], ":", "")
		off := time.Duration(number(digits[:2]))*time.Hour + time.Duration(number(digits[2:]))*time.Minute
		if zone[0] == '+' {
			off = -off
		}
		t = t.Add(off)
	}
	return t, nil
}

// fromSerial turns Excel's day numbers, counted from 30 December 1899, into
// times, to the second.
func fromSerial(n float64) time.Time {
	day := math.Trunc(n)
	seconds := math.Round((n - day) * 86_400)
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)).Add(time.Duration(seconds) * time.Second)
}

// DecideOrder looks at a whole column of dates and says what comes first in
// those like 01/03/2026: one 25/12/2026 among them decides for all. It reports
// false when the column has such dates and nothing decides, or when they
// contradict one another. A column that has none needs no order: NoOrder,
// true.
func DecideOrder(values []string) (Order, bool) {
	var day, month, open bool
	for _, v := range values {
		text := asciiDigits(clean(v))
		if m := clockTail.FindStringIndex(text); m != nil && m[0] > 0 {
			text = clean(text[:m[0]])
		}
		m := mixedDate.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		switch a, b := number(m[1]), number(m[2]); {
		case a > 12 && b <= 12:
			day = true
		case b > 12 && a <= 12:
			month = true
		case a != b:
			open = true
		}
	}
	switch {
	case day && month:
		return NoOrder, false
	case day:
		return DayFirst, true
	case month:
		return MonthFirst, true
	}
	return NoOrder, !open
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// asciiDigits writes the decimal digits of other scripts as 0 to 9.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		for _, zero := range []rune{0x0660, 0x06f0, 0x0966, 0x09e6, 0xff10} {
			if r >= zero && r <= zero+9 {
				return '0' + r - zero
			}
		}
		switch r {
		case 0x00a0, 0x202f, 0x2009:
			return ' '
		case 0x2010, 0x2011, 0x2013:
			return '-'
		}
		return r
	}, s)
}

func notADate(s string) error {
	return fault.Invalidf("“%s” is not a date we can read. Write it like 2026-03-01.", clipped(s))
}

// clipped shortens a cell for use in a sentence.
func clipped(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
