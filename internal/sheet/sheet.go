package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/roundel/roundel/internal/fault"
)

// Options bounds what Read takes. Zero values mean the defaults.
type Options struct {
	MaxBytes int // of the file; 64 MiB
	MaxRows  int // without the header; 1,000,000
	MaxCell  int // bytes of one cell; 32,767, as in Excel
}

// maxColumns is the most columns a table may have.
const maxColumns = 500

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if o.MaxRows <= 0 {
		o.MaxRows = 1_000_000
	}
	if o.MaxCell <= 0 {
		o.MaxCell = 32_767
	}
	return o
}

// Table is a sheet with a header. Each row has as many cells as the header.
type Table struct {
	Header    []string
	Rows      [][]string
	Lines     []int    // for each row, its line or row number in the file, from 1
	Encoding  string   // "UTF-8", "UTF-16 LE", "UTF-16 BE", "Windows-1252" or "XLSX"
	Separator string   // ",", ";", "\t", "|"; "" in XLSX
	Notes     []string // whole sentences about what was mended or left out
}

// Read reads a CSV or XLSX file, told by its content and not its name. The
// first row with more than a title in it is the header; where it holds an
// e-mail address, the file has none and the columns are numbered. Empty rows
// and columns are left out, short rows filled up, and what deserves a look is
// said in Notes.
//
// It returns an Invalid fault with a sentence when the file is something else,
// is too large, or cannot be read.
func Read(file []byte, o Options) (*Table, error) {
	o = o.withDefaults()
	if len(file) > o.MaxBytes {
		return nil, fault.Invalidf("This file is larger than %s. Split it into several files.", megabytes(o.MaxBytes))
	}
	if len(bytes.TrimSpace(file)) == 0 {
		return nil, fault.Invalidf("This file is empty.")
	}
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		return readXLSX(file, o)
	}
	if err := refuseOthers(file); err != nil {
		return nil, err
	}
	return readCSV(file, o)
}

func megabytes(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d kB", max(1, n>>10))
	}
	return fmt.Sprintf("%d MB", n>>20)
}

// refuseOthers names files that are often taken for CSV.
func refuseOthers(file []byte) error {
	for _, k := range []struct{ magic, says string }{
		{"\x1f\x8b", "This file is compressed with gzip, whatever its name says. Unpack it and upload what is inside."},
		{"BZh", "This file is compressed with bzip2. Unpack it and upload what is inside."},
		{"\xfd7zXZ", "This file is compressed with xz. Unpack it and upload what is inside."},
		{"\x28\xb5\x2f\xfd", "This file is compressed with zstd. Unpack it and upload what is inside."},
		{"Rar!", "This is a RAR archive. Unpack it and upload what is inside."},
		{"7z\xbc\xaf", "This is a 7-Zip archive. Unpack it and upload what is inside."},
		{"\xd0\xcf\x11\xe0", "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without a password, or as CSV."},
		{"%PDF", "This is a PDF. Save the table as .xlsx or CSV and upload that."},
		{"\x89PNG", "This is a picture. Save the table as .xlsx or CSV and upload that."},
		{"\xff\xd8\xff", "This is a picture. Save the table as .xlsx or CSV and upload that."},
		{"GIF8", "This is a picture. Save the table as .xlsx or CSV and upload that."},
		{"{\\rtf", "This is a text document (RTF). Save the table as .xlsx or CSV and upload that."},
		{"SQLite format 3", "This is a database. Save the table as .xlsx or CSV and upload that."},
	} {
		if bytes.HasPrefix(file, []byte(k.magic)) {
			return fault.Invalidf("%s", k.says)
		}
	}
	head := strings.ToLower(string(bytes.TrimSpace(bytes.TrimPrefix(file[:min(len(file), 512)], []byte("\xef\xbb\xbf")))))
	switch {
	case strings.HasPrefix(head, "<"):
		return fault.Invalidf("This is a web page or XML, even if its name ends in .xls or .csv. Open it in your spreadsheet program and save it as .xlsx or CSV.")
	case isJSON(head):
		return fault.Invalidf("This is JSON. Save the table as .xlsx or CSV and upload that.")
	}
	return nil
}

// isJSON reports whether text begins as an object or a list in JSON does.
func isJSON(text string) bool {
	next := ""
	if text != "" {
		next = strings.TrimLeft(text[1:], " \t\r\n")
	}
	switch {
	case next == "":
		return false
	case text[0] == '{':
		return next[0] == '"' || next[0] == '}'
	}
	return text[0] == '[' && (next[0] == '{' || next[0] == '[' || next[0] == '"')
}

// rawRow is a row as the file has it.
type rawRow struct {
	line  int
	cells []string
}

func (r rawRow) filled() int {
	n := 0
	for _, c := range r.cells {
		if c != "" {
			n++
		}
	}
	return n
}

// clean removes what cannot be seen around the words of a cell.
func clean(cell string) string {
	return strings.TrimFunc(cell, func(r rune) bool {
		return unicode.IsSpace(r) || r == 0xfeff || r == 0x200b || r == 0x200e || r == 0x200f || r == 0x2060
	})
}

// build makes a table of rows without empty ones; it takes over their memory.
func build(rows []rawRow, o Options, notes []string) (*Table, error) {
	t := &Table{Notes: notes}
	rows = skipTitles(rows, t)
	if len(rows) == 0 {
		return nil, fault.Invalidf("This file has no cells with anything in them.")
	}
	var header []string
	if slices.ContainsFunc(rows[0].cells, looksLikeEmail) {
		t.note("The first row looks like data, not like names of columns, so the columns are numbered.")
	} else {
		header, rows = rows[0].cells, rows[1:]
	}
	if len(rows) > o.MaxRows {
		return nil, fault.Invalidf("This file has more than %d rows. Split it into several files.", o.MaxRows)
	}
	width := len(header)
	for _, r := range rows {
		width = max(width, len(r.cells))
	}
	keep := usedColumns(header, rows, width)
	t.nameColumns(header, keep)
	t.fill(rows, keep, len(header))
	return t, nil
}

func (t *Table) note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

// skipTitles leaves out up to three rows above the header that hold a title
// only.
func skipTitles(rows []rawRow, t *Table) []rawRow {
	for range 3 {
		if len(rows) < 2 || rows[0].filled() != 1 || rows[1].filled() < 3 || slices.ContainsFunc(rows[0].cells, looksLikeEmail) {
			break
		}
		t.note("Line %d was left out: it looks like a title above the table.", rows[0].line)
		rows = rows[1:]
	}
	return rows
}

func looksLikeEmail(cell string) bool {
	_, err := ParseEmail(cell)
	return err == nil
}

// usedColumns are those with a name or with anything below.
func usedColumns(header []string, rows []rawRow, width int) []int {
	used := make([]bool, width)
	left := width
	for _, r := range append([]rawRow{{cells: header}}, rows...) {
		for i, c := range r.cells {
			if c != "" && !used[i] {
				used[i] = true
				left--
			}
		}
		if left == 0 {
			break
		}
	}
	var keep []int
	for i, u := range used {
		if u {
			keep = append(keep, i)
		}
	}
	return keep
}

// nameColumns sets the header of the columns kept; every name is different and
// none is empty.
func (t *Table) nameColumns(header []string, keep []int) {
	taken := map[string]bool{}
	for _, i := range keep {
		name := ""
		if i < len(header) {
			name = strings.Join(strings.Fields(header[i]), " ")
		}
		if name == "" {
			name = fmt.Sprintf("Column %d", i+1)
		}
		unique := name
		for n := 2; taken[strings.ToLower(unique)]; n++ {
			unique = fmt.Sprintf("%s (%d)", name, n)
		}
		if unique != name {
			t.note("Two columns are called “%s”; the later one is shown as “%s”.", name, unique)
		}
		taken[strings.ToLower(unique)] = true
		t.Header = append(t.Header, unique)
	}
}

// fill sets the rows, each as wide as the header, and tells of ragged ones.
func (t *Table) fill(rows []rawRow, keep []int, named int) {
	t.Rows = make([][]string, len(rows))
	t.Lines = make([]int, len(rows))
	whole := len(keep) == named // no column is left out and none is without a name
	var short, long []int
	for n, r := range rows {
		t.Lines[n] = r.line
		if named > 0 && len(r.cells) < named {
			short = append(short, r.line)
		}
		if named > 0 && len(r.cells) > named {
			for _, c := range r.cells[named:] {
				if c != "" {
					long = append(long, r.line)
					break
				}
			}
		}
		if whole && len(r.cells) == named {
			t.Rows[n] = r.cells
			continue
		}
		cells := make([]string, len(keep))
		for k, i := range keep {
			if i < len(r.cells) {
				cells[k] = r.cells[i]
			}
		}
		t.Rows[n] = cells
	}
	if len(short) > 0 {
		t.note("%s fewer cells than there are columns; the missing ones are taken as empty.", linesHave(short))
	}
	if len(long) > 0 {
		t.note("%s more cells than there are columns; check whether a separator is missing its quotation marks.", linesHave(long))
	}
}

// linesHave begins a sentence about lines: "Line 7 has", "Lines 7, 8 and 12
// more have".
func linesHave(lines []int) string {
	if len(lines) == 1 {
		return fmt.Sprintf("Line %d has", lines[0])
	}
	const shown = 5
	var parts []string
	for _, l := range lines[:min(shown, len(lines))] {
		parts = append(parts, fmt.Sprint(l))
	}
	if len(lines) > shown {
		return fmt.Sprintf("Lines %s and %d more have", strings.Join(parts, ", "), len(lines)-shown)
	}
	return fmt.Sprintf("Lines %s and %s have", strings.Join(parts[:len(parts)-1], ", "), parts[len(parts)-1])
}
