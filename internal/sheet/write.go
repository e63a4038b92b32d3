package sheet

import (
	"encoding/csv"
	"io"
	"regexp"
	"strings"
)

var (
	plainNumber = regexp.MustCompile(`^[+-]?\d+([.,]\d+)?%?$`)
	innerStart  = regexp.MustCompile(`([;\t|])([=+\-@])`)
)

// WriteCSV writes a table as CSV in UTF-8 with a byte order mark, without which
// Excel garbles accents. Cells that a spreadsheet program would take for a
// formula get an apostrophe in front.
func WriteCSV(w io.Writer, header []string, rows [][]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	return AppendCSV(w, append([][]string{header}, rows...))
}

// AppendCSV writes more rows behind what WriteCSV wrote.
func AppendCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, from := range rows {
		cells := make([]string, len(from))
		for k, c := range from {
			cells[k] = neutral(c)
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// Neutral returns a cell so that no spreadsheet program takes it for a formula,
// as WriteCSV writes it.
func Neutral(cell string) string { return neutral(cell) }

// neutral disarms a cell. Where the semicolon is the local separator, programs
// cut cells at it whatever stands around, so a formula must not begin there
// either.
func neutral(cell string) string {
	cell = innerStart.ReplaceAllString(cell, "$1'$2")
	if plainNumber.MatchString(cell) {
		return cell
	}
	if strings.HasPrefix(cell, "\t") || strings.HasPrefix(cell, "\r") {
		return "'" + cell
	}
	if t := clean(cell); t != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(t)[0]) {
		return "'" + cell
	}
	return cell
}
