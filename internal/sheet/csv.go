package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/roundel/roundel/internal/fault"
)

func readCSV(file []byte, o Options) (*Table, error) {
	text, name, notes, err := decode(file)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte("\r"), []byte("\n")) // as old Macs end lines
	}
	separator, body, skipped := separatorOf(text)
	rows, err := records(body, separator, skipped, o)
	if err != nil {
		return nil, err
	}
	t, err := build(rows, o, notes)
	if err != nil {
		return nil, err
	}
	t.Encoding, t.Separator = name, string(separator)
	return t, nil
}

// decode returns the text in UTF-8 and the name of the encoding it was in.
func decode(file []byte) (text []byte, name string, notes []string, err error) {
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		file = file[3:]
	case bytes.HasPrefix(file, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(file, []byte("\x00\x00\xfe\xff")):
		return nil, "", nil, fault.Invalidf("This file is in UTF-32, which spreadsheet programs hardly know. Save it as CSV in UTF-8.")
	case bytes.HasPrefix(file, []byte("\xff\xfe")):
		return fromUTF16(file[2:], unicode.LittleEndian, "UTF-16 LE")
	case bytes.HasPrefix(file, []byte("\xfe\xff")):
		return fromUTF16(file[2:], unicode.BigEndian, "UTF-16 BE")
	}
	if bytes.IndexByte(file, 0) >= 0 {
		// Without a mark, UTF-16 shows by where its zero bytes are.
		var even, odd int
		head := file[:min(len(file), 4096)]
		for i, c := range head {
			if c == 0 && i%2 == 0 {
				even++
			} else if c == 0 {
				odd++
			}
		}
		switch most := len(head) / 5; {
		case odd > most && even*20 < odd:
			return fromUTF16(file, unicode.LittleEndian, "UTF-16 LE")
		case even > most && odd*20 < even:
			return fromUTF16(file, unicode.BigEndian, "UTF-16 BE")
		}
		return nil, "", nil, fault.Invalidf("This file is not text: it has zero bytes in it. Save the table as .xlsx or CSV and upload that.")
	}
	if utf8.Valid(file) {
		return file, "UTF-8", nil, nil
	}
	text, err = charmap.Windows1252.NewDecoder().Bytes(file)
	if err != nil {
		return nil, "", nil, fault.Wrap(fault.Invalid, err, "The letters of this file cannot be read. Save it as CSV in UTF-8.")
	}
	note := "The file is not in UTF-8; its letters were read as Windows-1252. Check names with accents."
	if bytes.Contains(text, []byte("\ufffd")) {
		note = "The file is not in UTF-8 and some letters could not be read; they show as �. Save it as CSV in UTF-8 if names look wrong."
	}
	return text, "Windows-1252", []string{note}, nil
}

func fromUTF16(b []byte, e unicode.Endianness, name string) ([]byte, string, []string, error) {
	var d encoding.Encoding = unicode.UTF16(e, unicode.IgnoreBOM)
	text, err := d.NewDecoder().Bytes(b[:len(b)&^1])
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		return nil, "", nil, fault.Invalidf("This file looks like UTF-16 but does not read as such. Save it as CSV in UTF-8.")
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), name, nil, nil
}

// separators are tried in this order; the earlier wins a tie.
const separators = ",;\t|"

// separatorOf finds what stands between cells: what a first line "sep=;" says,
// or what cuts the first rows most evenly. It returns the text behind that
// line, and how many lines that skips.
func separatorOf(text []byte) (separator rune, body []byte, skipped int) {
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	if s, ok := strings.CutPrefix(strings.ToLower(strings.Trim(string(first), "\r\" ")), "sep="); ok && len(s) == 1 && strings.Contains(separators, s) {
		return rune(s[0]), rest, 1
	}
	head := text[:min(len(text), 64<<10)]
	whole := len(head) == len(text)
	best, most := ',', 0.0
	for _, s := range separators {
		if score := evenness(head, s, whole); score > most {
			best, most = s, score
		}
	}
	return best, text, 0
}

// evenness says how evenly a separator cuts rows: which share of them has the
// commonest number of cells, and, less important, how many that is.
func evenness(head []byte, separator rune, whole bool) float64 {
	r := reader(head, separator)
	counts := map[int]int{}
	rows := 0
	last := 0
	for rows < 100 {
		rec, err := r.Read()
		if err != nil {
			break
		}
		if len(rec) == 1 && clean(rec[0]) == "" {
			continue
		}
		last = len(rec)
		counts[last]++
		rows++
	}
	if !whole && rows > 1 && rows < 100 { // the last row is cut off
		counts[last]--
		rows--
	}
	common := 0
	for n, c := range counts {
		if c > counts[common] || c == counts[common] && n > common {
			common = n
		}
	}
	if common < 2 || rows == 0 {
		return 0
	}
	return float64(counts[common])/float64(rows) + float64(min(common, 50))/200
}

func reader(text []byte, separator rune) *csv.Reader {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = separator
	r.FieldsPerRecord = -1
	r.LazyQuotes = true // 12" within a cell is no mistake
	return r
}

// records reads the rows that have anything in them.
func records(text []byte, separator rune, skipped int, o Options) ([]rawRow, error) {
	r := reader(text, separator)
	var rows []rawRow
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			var p *csv.ParseError
			if errors.As(err, &p) {
				return nil, fault.Wrap(fault.Invalid, err, "Line "+strconv.Itoa(p.Line+skipped)+" cannot be read as CSV. Check its quotation marks.")
			}
			return nil, fault.Wrap(fault.Invalid, err, "This file cannot be read as CSV.")
		}
		line, _ := r.FieldPos(0)
		line += skipped
		if err := checkRow(rec, line, o); err != nil {
			return nil, err
		}
		empty := true
		for i, c := range rec {
			rec[i] = clean(c)
			empty = empty && rec[i] == ""
		}
		if empty {
			continue
		}
		if len(rows) > o.MaxRows {
			return nil, fault.Invalidf("This file has more than %d rows. Split it into several files.", o.MaxRows)
		}
		rows = append(rows, rawRow{line, rec})
	}
}

func checkRow(cells []string, line int, o Options) error {
	if len(cells) > maxColumns {
		return fault.Invalidf("Line %d has %d cells; at most %d columns can be read.", line, len(cells), maxColumns)
	}
	for i, c := range cells {
		if len(c) > o.MaxCell {
			return fault.Invalidf("Cell %d of the row that begins on line %d is longer than %s. Perhaps a quotation mark is not closed; else shorten the cell.", i+1, line, megabytes(o.MaxCell))
		}
	}
	return nil
}
