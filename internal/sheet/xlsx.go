package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/roundel/roundel/internal/fault"
)

// The limits of an XLSX file when unpacked. Real sheets shrink by a factor of
// five to thirty.
const (
	maxUnzipped    = 256 << 20
	maxUnzipRatio  = 100
	maxZipEntries  = 2_000
	minUnzipBudget = 4 << 20 // small files may shrink more
)

// readXLSX reads the first sheet that is shown and has anything in it.
func readXLSX(file []byte, o Options) (t *Table, err error) {
	if err := checkZip(file); err != nil {
		return nil, err
	}
	defer func() {
		// The XLSX library is large and meets files of any program here.
		if p := recover(); p != nil {
			t, err = nil, fault.Wrap(fault.Invalid, fmt.Errorf("excelize: %v", p), damagedXLSX)
		}
	}()
	opts := excelize.Options{UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxUnzipped, ShortDatePattern: shortDate}
	f, err := excelize.OpenReader(bytes.NewReader(file), opts)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, damagedXLSX)
	}
	defer f.Close()
	var notes []string
	var rows []rawRow
	var read string
	for _, name := range f.GetSheetList() {
		if visible, err := f.GetSheetVisible(name); err != nil || !visible {
			continue
		}
		if read != "" {
			notes = append(notes, fmt.Sprintf("Only the sheet “%s” was read; the file has others.", read))
			break
		}
		if rows, err = sheetRows(f, name, o); err != nil {
			return nil, err
		}
		if len(rows) > 0 {
			read = name
		}
	}
	if t, err = build(rows, o, notes); err != nil {
		return nil, err
	}
	t.Encoding = "XLSX"
	return t, nil
}

const damagedXLSX = "This Excel file is damaged or of a kind we cannot read. Save it again as .xlsx, or as CSV."

// checkZip refuses other archives and those that unpack to too much. It unpacks
// everything once, because the sizes that an archive declares may be false.
func checkZip(file []byte) error {
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return fault.Wrap(fault.Invalid, err, damagedXLSX)
	}
	if len(z.File) > maxZipEntries {
		return fault.Invalidf("This archive has more than %d files in it. Upload a single .xlsx or CSV file.", maxZipEntries)
	}
	budget := min(int64(maxUnzipped), max(int64(minUnzipBudget), maxUnzipRatio*int64(len(file))))
	workbook := false
	for _, e := range z.File {
		switch name := strings.ToLower(strings.TrimPrefix(e.Name, "/")); {
		case name == "xl/workbook.xml":
			workbook = true
		case name == "content.xml" || name == "mimetype":
			return fault.Invalidf("This is an OpenDocument file. Save it as .xlsx or CSV and upload that.")
		case strings.HasPrefix(name, "index/") && strings.HasSuffix(name, ".iwa"):
			return fault.Invalidf("This is a Numbers file. Export it as .xlsx or CSV and upload that.")
		case name == "xl/workbook.bin":
			return fault.Invalidf("This is a binary Excel file (.xlsb). Save it as .xlsx or CSV and upload that.")
		case name == "word/document.xml":
			return fault.Invalidf("This is a Word document. Save the table as .xlsx or CSV and upload that.")
		}
		n, err := unpackedSize(e, budget)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, damagedXLSX)
		}
		if budget -= n; budget < 0 {
			return fault.Invalidf("This file unpacks to more than can be read. Split it into several files, or save it as CSV.")
		}
	}
	if !workbook {
		return fault.Invalidf("This is a ZIP archive without a spreadsheet in it. Unpack it and upload a .xlsx or CSV file.")
	}
	return nil
}

// unpackedSize unpacks an entry into nothing; it stops beyond limit.
func unpackedSize(e *zip.File, limit int64) (int64, error) {
	r, err := e.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(r, limit+1))
	if n > limit {
		return n, nil
	}
	return n, err
}

// sheetRows reads a sheet's rows as values: dates as 2026-03-01, numbers in
// full, whatever the cells are formatted to show.
func sheetRows(f *excelize.File, name string, o Options) ([]rawRow, error) {
	var rows []rawRow
	numbers := false
	err := eachRow(f, name, true, func(line int, cells []string) error {
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if err := checkRow(cells, line, o); err != nil {
			return err
		}
		for i, c := range cells {
			cells[i] = clean(c)
			numbers = numbers || isNumber(cells[i])
		}
		if r := (rawRow{line, cells}); r.filled() > 0 {
			if len(rows) > o.MaxRows {
				return fault.Invalidf("This file has more than %d rows. Split it into several files.", o.MaxRows)
			}
			rows = append(rows, r)
		}
		return nil
	})
	if err != nil || !numbers {
		return rows, err
	}
	// Some numbers may be dates; only what they show tells.
	props, err := f.GetWorkbookProps()
	mac := err == nil && props.Date1904 != nil && *props.Date1904
	next := 0
	return rows, eachRow(f, name, false, func(line int, looks []string) error {
		if next < len(rows) && rows[next].line == line {
			cells := rows[next].cells
			for i := range min(len(cells), len(looks)) {
				cells[i] = cellValue(cells[i], clean(looks[i]), mac)
			}
			next++
		}
		return nil
	})
}

// eachRow calls visit for each row of a sheet, with its values or with what
// they show.
func eachRow(f *excelize.File, name string, raw bool, visit func(line int, cells []string) error) error {
	rows, err := f.Rows(name)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, damagedXLSX)
	}
	defer rows.Close()
	for line := 1; rows.Next(); line++ {
		cells, err := rows.Columns(excelize.Options{RawCellValue: raw, ShortDatePattern: shortDate})
		if err != nil {
			return fault.Wrap(fault.Invalid, err, damagedXLSX)
		}
		if err := visit(line, cells); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return fault.Wrap(fault.Invalid, err, damagedXLSX)
	}
	return nil
}

// shortDate is how Excel's short date is shown, which differs from country to
// country.
const shortDate = "yyyy-mm-dd"

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return s != "" && err == nil
}

// cellValue returns what a cell means: raw is its value, look what it shows. A
// number that shows as the date it counts is that date.
func cellValue(raw, look string, mac bool) string {
	if raw == look {
		return raw
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return look // a text with a prefix, true and false
	}
	if strings.HasSuffix(look, "%") || look == "TRUE" || look == "FALSE" {
		return look
	}
	if n < 1 || n >= 2_958_466 { // up to the year 9999
		return raw
	}
	serial := n
	if mac {
		serial += 1462
	}
	when := fromSerial(serial)
	for _, order := range []Order{DayFirst, MonthFirst} {
		if d, err := ParseDate(look, order); err == nil && sameDay(d, when) {
			if frac := n - math.Trunc(n); frac > 1e-9 {
				return when.Format("2006-01-02 15:04:05")
			}
			return when.Format(time.DateOnly)
		}
	}
	return raw
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}
