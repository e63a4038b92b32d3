package sheet

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/roundel/roundel/internal/fault"
)

// workbook makes an XLSX file.
func workbook(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(t testing.TB, f *excelize.File, sheet string, rows ...[]any) {
	t.Helper()
	for i, r := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprint("A", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestXLSX(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	file := workbook(t, func(f *excelize.File) {
		set(t, f, "Sheet1",
			[]any{"Name", "E-mail", "Date", "Number", "Share", "Sum", "When", "Yes"},
			[]any{"Zoë", "zoe@example.org", 46082, 1234567890123, 0.95, nil, 46082.5, true},
			[]any{},
			[]any{"Özgür", "oz@example.org", "1.3.2026", 46082, "x"})
		for cell, format := range map[string]string{"C2": "dd.mm.yyyy", "E2": "0%", "G2": "m/d/yy h:mm"} {
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Sheet1", cell, cell, style); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.SetCellFormula("Sheet1", "F2", "SUM(1,2)"); err != nil {
			t.Fatal(err)
		}
	})
	tab := mustRead(t, file)
	wantTable(t, tab, []string{"Name", "E-mail", "Date", "Number", "Share", "Sum", "When", "Yes"},
		[]string{"Zoë", "zoe@example.org", "2026-03-01", "1234567890123", "95%", "", "2026-03-01 12:00:00", "TRUE"},
		[]string{"Özgür", "oz@example.org", "1.3.2026", "46082", "x", "", "", ""})
	if tab.Encoding != "XLSX" || tab.Lines[1] != 4 {
		t.Errorf("%s, line %d", tab.Encoding, tab.Lines[1])
	}
	for _, cell := range []string{tab.Rows[0][2], tab.Rows[1][2], tab.Rows[1][3]} {
		if d, err := ParseDate(cell, NoOrder); err != nil || !d.Equal(day) {
			t.Errorf("%q is read as %v, %v", cell, d, err)
		}
	}
}

// Excel's own short date format differs from country to country.
func TestXLSXShortDates(t *testing.T) {
	file := workbook(t, func(f *excelize.File) {
		set(t, f, "Sheet1", []any{"date", "b", "c"}, []any{46082, 1, 2})
		for _, id := range []int{14} {
			style, err := f.NewStyle(&excelize.Style{NumFmt: id})
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellStyle("Sheet1", "A2", "A2", style); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got := mustRead(t, file).Rows[0][0]; got != "2026-03-01" {
		t.Errorf("got %q", got)
	}
}

func TestXLSXSheets(t *testing.T) {
	file := workbook(t, func(f *excelize.File) {
		for _, s := range []string{"Hidden", "People", "More"} {
			if _, err := f.NewSheet(s); err != nil {
				t.Fatal(err)
			}
		}
		set(t, f, "Hidden", []any{"x"}, []any{"secret"})
		set(t, f, "People", []any{"name"}, []any{"Ada"})
		if err := f.SetSheetVisible("Hidden", false); err != nil {
			t.Fatal(err)
		}
	})
	tab := mustRead(t, file)
	wantTable(t, tab, []string{"name"}, []string{"Ada"})
	if !hasNote(tab, "“People”") {
		t.Errorf("notes: %q", tab.Notes)
	}
}

func TestXLSXManyRows(t *testing.T) {
	const n = 20_000
	file := workbook(t, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			t.Fatal(err)
		}
		for i := range n + 1 {
			if err := w.SetRow(fmt.Sprint("A", i+1), []any{"name", "email", fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	})
	if tab := mustRead(t, file); len(tab.Rows) != n {
		t.Errorf("%d rows", len(tab.Rows))
	}
	if _, err := Read(file, Options{MaxRows: 100}); !strings.Contains(fault.Message(err), "more than 100 rows") {
		t.Errorf("a limit of 100 rows: %v", err)
	}
}

// archive makes a ZIP of names and contents.
func archive(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(entries[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSXRefusals(t *testing.T) {
	bomb := archive(t, "xl/workbook.xml", "<x/>", "xl/worksheets/sheet1.xml", strings.Repeat(" ", 40<<20))
	var many []string
	for i := range maxZipEntries + 1 {
		many = append(many, fmt.Sprint(i), "")
	}
	good := workbook(t, func(f *excelize.File) { set(t, f, "Sheet1", []any{"a"}, []any{"b"}) })
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"unpacks to too much": {bomb, "unpacks to more"},
		"lies about its size": {lie(bomb), "damaged"},
		"many entries":        {archive(t, many...), "archive"},
		"no workbook":         {archive(t, "people.csv", "a,b"), "without a spreadsheet"},
		"OpenDocument":        {archive(t, "mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), "OpenDocument"},
		"Numbers":             {archive(t, "Index/Document.iwa", "x"), "Numbers"},
		"Word":                {archive(t, "word/document.xml", "<x/>"), "Word"},
		"xlsb":                {archive(t, "xl/workbook.bin", "x"), "binary"},
		"nonsense inside":     {archive(t, "xl/workbook.xml", "<<<"), ""},
		"cut off":             {good[:len(good)/2], "damaged"},
		"empty workbook":      {workbook(t, func(*excelize.File) {}), "no cells"},
	} {
		t.Run(name, func(t *testing.T) {
			tab, err := Read(c.file, Options{})
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), c.says) {
				t.Errorf("got %v, %v; want a sentence with %q", tab, err, c.says)
			}
		})
	}
	big := workbook(t, func(f *excelize.File) { set(t, f, "Sheet1", []any{"a", "b"}, []any{strings.Repeat("x", 30_000), "y"}) })
	if _, err := Read(big, Options{MaxCell: 20_000}); !strings.Contains(fault.Message(err), "Cell 1 of the row") {
		t.Errorf("a large cell passes: %v", err)
	}
}

// lie makes a ZIP's directory claim 100 bytes for its largest entry.
func lie(file []byte) []byte {
	out := bytes.Clone(file)
	size := []byte{0, 0, 0x80, 2} // 40 MiB, little endian
	for i := bytes.Index(out, size); i >= 0; i = bytes.Index(out, size) {
		copy(out[i:], []byte{100, 0, 0, 0})
	}
	return out
}

func FuzzXLSX(f *testing.F) {
	f.Add(workbook(f, func(x *excelize.File) { set(f, x, "Sheet1", []any{"name", "date"}, []any{"Ada", 46082}) }))
	f.Fuzz(func(t *testing.T, file []byte) {
		if !bytes.HasPrefix(file, []byte("PK\x03\x04")) {
			return
		}
		if _, err := Read(file, Options{}); err != nil && fault.KindOf(err) != fault.Invalid {
			t.Fatalf("refused without a fault: %v", err)
		}
	})
}
