package sheet

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"github.com/roundel/roundel/internal/fault"
)

func mustRead(t testing.TB, file []byte) *Table {
	t.Helper()
	tab, err := Read(file, Options{})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return tab
}

func wantTable(t *testing.T, tab *Table, header []string, rows ...[]string) {
	t.Helper()
	if diff := cmp.Diff(header, tab.Header); diff != "" {
		t.Errorf("header: %s", diff)
	}
	if diff := cmp.Diff(rows, tab.Rows, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("rows: %s", diff)
	}
	if len(tab.Lines) != len(tab.Rows) {
		t.Errorf("%d line numbers for %d rows", len(tab.Lines), len(tab.Rows))
	}
}

func hasNote(tab *Table, says string) bool {
	return slices.ContainsFunc(tab.Notes, func(n string) bool { return strings.Contains(n, says) })
}

const sample = "Name,E-mail\nZoë Ångström,zoe@example.org\nÖzgür Şahin,oz@example.org\n"

func TestEncodings(t *testing.T) {
	western := "Name,E-mail\nZoë Ångström,zoe@example.org\nJürgen Groß – “J”,j@example.org\n"
	enc := func(e unicode.Endianness, b unicode.BOMPolicy) func(string) []byte {
		return func(s string) []byte {
			out, err := unicode.UTF16(e, b).NewEncoder().Bytes([]byte(s))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	for name, c := range map[string]struct {
		file     []byte
		encoding string
		text     string
	}{
		"UTF-8":                  {[]byte(sample), "UTF-8", sample},
		"UTF-8 with a mark":      {[]byte("\xef\xbb\xbf" + sample), "UTF-8", sample},
		"UTF-16 LE with a mark":  {enc(unicode.LittleEndian, unicode.UseBOM)(sample), "UTF-16 LE", sample},
		"UTF-16 BE with a mark":  {enc(unicode.BigEndian, unicode.UseBOM)(sample), "UTF-16 BE", sample},
		"UTF-16 LE without mark": {enc(unicode.LittleEndian, unicode.IgnoreBOM)(sample), "UTF-16 LE", sample},
		"UTF-16 BE without mark": {enc(unicode.BigEndian, unicode.IgnoreBOM)(sample), "UTF-16 BE", sample},
		"odd tail":               {append(enc(unicode.LittleEndian, unicode.UseBOM)(sample), '\n'), "UTF-16 LE", sample},
		"Windows-1252": {func() []byte {
			b, err := charmap.Windows1252.NewEncoder().Bytes([]byte(western))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}(), "Windows-1252", western},
	} {
		t.Run(name, func(t *testing.T) {
			tab := mustRead(t, c.file)
			want := mustRead(t, []byte(c.text))
			if tab.Encoding != c.encoding || !cmp.Equal(tab.Rows, want.Rows) || !cmp.Equal(tab.Header, want.Header) {
				t.Errorf("%s %q %q", tab.Encoding, tab.Header, tab.Rows)
			}
			if wantNote := c.encoding == "Windows-1252"; hasNote(tab, "Windows-1252") != wantNote {
				t.Errorf("notes: %q", tab.Notes)
			}
		})
	}
}

func TestSeparators(t *testing.T) {
	for _, sep := range []string{",", ";", "\t", "|"} {
		text := strings.ReplaceAll("name~email~note\nAda~ada@example.org~\"first, second; third | \t fourth\"\nBob~bob@example.org~1,5\n", "~", sep)
		if sep == "," {
			text = strings.Replace(text, "1,5", `"1,5"`, 1)
		}
		tab := mustRead(t, []byte(text))
		if tab.Separator != sep {
			t.Errorf("took %q for %q", tab.Separator, sep)
		}
		wantTable(t, tab, []string{"name", "email", "note"}, []string{"Ada", "ada@example.org", "first, second; third | \t fourth"}, []string{"Bob", "bob@example.org", "1,5"})
	}
	tab := mustRead(t, []byte("email\nada@example.org\nbob@example.org\n"))
	wantTable(t, tab, []string{"email"}, []string{"ada@example.org"}, []string{"bob@example.org"})
	tab = mustRead(t, []byte("\ufeffsep=;\r\na;b,c\r\n1;2\r\n"))
	wantTable(t, tab, []string{"a", "b,c"}, []string{"1", "2"})
	if tab.Lines[0] != 3 {
		t.Errorf("line %d, want 3", tab.Lines[0])
	}
	// Decimal commas do not make a comma the separator.
	tab = mustRead(t, []byte("name;score;weight\nAda;1,5;2,5\nBob;3,5;4,5\n"))
	if tab.Separator != ";" {
		t.Errorf("took %q", tab.Separator)
	}
}

func TestQuotesAndLineEnds(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want [][]string
	}{
		"quoted":            {"a,b\r\n\"x \"\"y\"\"\",\"1\n2\"\r\n", [][]string{{`x "y"`, "1\n2"}}},
		"inch":              {"a,b\n12\" disk,y\n", [][]string{{`12" disk`, "y"}}},
		"old Mac":           {"a,b\r1,2\r3,4", [][]string{{"1", "2"}, {"3", "4"}}},
		"empty lines":       {"\n\na,b\n\n1,2\n,\n  ,\t\n\n3,4\n\n", [][]string{{"1", "2"}, {"3", "4"}}},
		"spaces":            {" a , b\n\u00a01\u200b , \ufeff2\n", [][]string{{"1", "2"}}},
		"no line end":       {"a,b\n1,2", [][]string{{"1", "2"}}},
		"empty columns":     {"a,,b,\n1,,2,\n", [][]string{{"1", "2"}}},
		"quote not closed ": {"a,b\n1,\"2\n", [][]string{{"1", "2"}}},
	} {
		t.Run(name, func(t *testing.T) {
			wantTable(t, mustRead(t, []byte(c.text)), []string{"a", "b"}, c.want...)
		})
	}
}

func TestRaggedRows(t *testing.T) {
	tab := mustRead(t, []byte("a,b,c\n1,2\n1,2,3,,\n1,2,3,4\n\n1\n"))
	wantTable(t, tab, []string{"a", "b", "c", "Column 4"}, []string{"1", "2", "", ""}, []string{"1", "2", "3", ""}, []string{"1", "2", "3", "4"}, []string{"1", "", "", ""})
	if !hasNote(tab, "Lines 2 and 6 have fewer cells") || !hasNote(tab, "Line 4 has more cells") {
		t.Errorf("notes: %q", tab.Notes)
	}
	if diff := cmp.Diff([]int{2, 3, 4, 6}, tab.Lines); diff != "" {
		t.Error(diff)
	}
	if got := linesHave([]int{1, 2, 3, 4, 5, 6, 7}); got != "Lines 1, 2, 3, 4, 5 and 2 more have" {
		t.Error(got)
	}
}

func TestHeaders(t *testing.T) {
	tab := mustRead(t, []byte("Email,email, EMAIL ,\na,b,c,d\n"))
	wantTable(t, tab, []string{"Email", "email (2)", "EMAIL (3)", "Column 4"}, []string{"a", "b", "c", "d"})
	if !hasNote(tab, "Two columns are called") {
		t.Errorf("notes: %q", tab.Notes)
	}
	tab = mustRead(t, []byte("name,email\n"))
	wantTable(t, tab, []string{"name", "email"})
	tab = mustRead(t, []byte("Ada,ada@example.org\nBob,bob@example.org\n"))
	wantTable(t, tab, []string{"Column 1", "Column 2"}, []string{"Ada", "ada@example.org"}, []string{"Bob", "bob@example.org"})
	if !hasNote(tab, "numbered") {
		t.Errorf("notes: %q", tab.Notes)
	}
	tab = mustRead(t, []byte("Spring course 2026,,\n\nname,email,date\nAda,ada@example.org,1.3.2026\n"))
	wantTable(t, tab, []string{"name", "email", "date"}, []string{"Ada", "ada@example.org", "1.3.2026"})
	if !hasNote(tab, "title") || tab.Lines[0] != 4 {
		t.Errorf("notes: %q, line %d", tab.Notes, tab.Lines[0])
	}
}

func TestRefusals(t *testing.T) {
	huge := "name,email\nAda,\"" + strings.Repeat("x", 5<<20) + "\"\n"
	open := "name,email\nAda,ada@example.org\nBob,\"bob@example.org\n" + strings.Repeat("Eve,eve@example.org\n", 3000)
	for name, c := range map[string]struct{ file, says string }{
		"empty":                 {"", "empty"},
		"blank":                 {" \r\n\t\n", "empty"},
		"only separators":       {",,\n,,\n", "no cells"},
		"gzip named csv":        {"\x1f\x8b\x08\x00\x00\x00", "gzip"},
		"old Excel":             {"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"},
		"PDF":                   {"%PDF-1.4", "PDF"},
		"picture":               {"\x89PNG\r\n\x1a\n", "picture"},
		"web page as xls":       {"\ufeff <html><table>", "web page"},
		"JSON in lines":         {"{\n  \"people\": [\n", "JSON"},
		"list in JSON":          {"\ufeff[\n {\"email\": \"ada@example.org\"}\n]", "JSON"},
		"XML":                   {"<?xml version='1.0'?>", "web page or XML"},
		"JSON":                  {"[{\"a\":1}]", "JSON"},
		"zero bytes":            {"name,email\nA\x00da,ada@example.org\n", "zero bytes"},
		"UTF-32":                {"\xff\xfe\x00\x00a\x00\x00\x00", "UTF-32"},
		"cell of 5 MB":          {huge, "Cell 2 of the row that begins on line 2"},
		"quote not closed":      {open, "line 3"},
		"a thousand columns":    {strings.Repeat(",", 1000) + "\n", "columns"},
		"archive without table": {"PK\x03\x04", "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			tab, err := Read([]byte(c.file), Options{})
			if fault.KindOf(err) != fault.Invalid || !strings.Contains(fault.Message(err), c.says) {
				t.Errorf("got %v, %v; want a sentence with %q", tab, err, c.says)
			}
		})
	}
	if _, err := Read([]byte("a\n1\n2\n3\n"), Options{MaxRows: 2}); !strings.Contains(fault.Message(err), "more than 2 rows") {
		t.Errorf("three rows pass a limit of two: %v", err)
	}
	if tab, err := Read([]byte("a\n1\n2\n"), Options{MaxRows: 2}); err != nil || len(tab.Rows) != 2 {
		t.Errorf("two rows do not pass a limit of two: %v", err)
	}
	if _, err := Read([]byte("a\n1\n2\n3\n"), Options{MaxBytes: 4}); !strings.Contains(fault.Message(err), "larger than") {
		t.Errorf("8 bytes pass a limit of 4: %v", err)
	}
}

func TestManyRows(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("name;email;date\n")
	const n = 100_000
	for i := range n {
		fmt.Fprintf(&b, "Person %d;person%d@example.org;2026-03-01\n", i, i)
	}
	tab := mustRead(t, b.Bytes())
	if len(tab.Rows) != n || tab.Rows[n-1][1] != "person99999@example.org" || tab.Lines[n-1] != n+1 {
		t.Errorf("%d rows, the last %q on line %d", len(tab.Rows), tab.Rows[n-1], tab.Lines[n-1])
	}
}

func BenchmarkRead100kRows(b *testing.B) {
	text := []byte("name,email,date\n" + strings.Repeat("Ada Lovelace,ada@example.org,2026-03-01\n", 100_000))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Read(text, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// What WriteCSV writes, Read reads: cells are the same but for the apostrophe.
func TestWriteReadRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`[a-zäß,;|"' \n=+@.0-9-]{0,12}`)
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 3, 3), 1, 20).Draw(t, "rows")
		var b bytes.Buffer
		if err := WriteCSV(&b, []string{"one", "two", "three"}, rows); err != nil {
			t.Fatal(err)
		}
		tab, err := Read(b.Bytes(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := 0
		for _, r := range rows {
			if clean(r[0]+r[1]+r[2]) == "" {
				continue // left out
			}
			for k, c := range r {
				got := tab.Rows[at][k]
				if got != clean(neutral(c)) {
					t.Fatalf("%q becomes %q", c, got)
				}
				if got != "" && strings.ContainsRune("=@", []rune(got)[0]) {
					t.Fatalf("%q becomes the formula %q", c, got)
				}
			}
			at++
		}
	})
}

func TestFormulasAreDisarmed(t *testing.T) {
	for in, want := range map[string]string{
		`=HYPERLINK("http://evil.example","x")`: `'=HYPERLINK("http://evil.example","x")`,
		"+cmd|' /C calc'!A0":                    "'+cmd|' /C calc'!A0",
		"-2+3+cmd|' /C calc'!A0":                "'-2+3+cmd|' /C calc'!A0",
		"@SUM(A1)":                              "'@SUM(A1)",
		"\t=1":                                  "'\t'=1",
		"\r=1":                                  "'\r=1",
		"\n=1":                                  "'\n=1",
		"  =1":                                  "'  =1",
		"＝1":                                    "'＝1",
		"x;=1+1":                                "x;'=1+1",
		"-5":                                    "-5",
		"+1,5":                                  "+1,5",
		"-12.5%":                                "-12.5%",
		"plain":                                 "plain",
		"a=b":                                   "a=b",
		"":                                      "",
	} {
		if got := neutral(in); got != want {
			t.Errorf("neutral(%q) = %q, want %q", in, got, want)
		}
	}
	var b bytes.Buffer
	if err := WriteCSV(&b, []string{"=name"}, [][]string{{"=1"}, {"a,b"}}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "\ufeff'=name\r\n'=1\r\n\"a,b\"\r\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("sep=;\n\"a\"\"b\";c\r\n1;\"2\n3\""))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00\n\x001\x00"))
	f.Add([]byte("a\tb\n\xe9\xff\t1"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tab, err := Read(file, Options{MaxRows: 1000})
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("refused without a fault: %v", err)
			}
			return
		}
		if len(tab.Header) == 0 || len(tab.Rows) > 1000 || len(tab.Lines) != len(tab.Rows) {
			t.Fatalf("%d columns, %d rows, %d lines", len(tab.Header), len(tab.Rows), len(tab.Lines))
		}
		seen := map[string]bool{}
		for _, h := range tab.Header {
			if h == "" || seen[h] {
				t.Fatalf("header %q", tab.Header)
			}
			seen[h] = true
		}
		for _, r := range tab.Rows {
			if len(r) != len(tab.Header) {
				t.Fatalf("a row of %d cells under %d names", len(r), len(tab.Header))
			}
		}
	})
}
