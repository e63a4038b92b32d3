package backup

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// rawText is a text that is not UTF-8, which JSON strings cannot hold.
type rawText struct {
	Bytes []byte `json:"bytes"`
}

// appendRow adds a row to a part: a JSON list and a line feed. BYTEA is base64.
func appendRow(out *bytes.Buffer, l Layout, values []any) error {
	for i, v := range values {
		sep := byte(',')
		if i == 0 {
			sep = '['
		}
		out.WriteByte(sep)
		if err := appendValue(out, l.Types[i], v); err != nil {
			return fmt.Errorf("%s.%s: %w", l.Name, l.Columns[i], err)
		}
	}
	out.WriteString("]\n")
	return nil
}

func appendValue(out *bytes.Buffer, kind string, v any) error {
	var scratch [24]byte
	switch v := v.(type) {
	case nil:
		out.WriteString("null")
		return nil
	case int64:
		switch kind {
		case "BIGINT":
			out.Write(strconv.AppendInt(scratch[:0], v, 10))
			return nil
		case "BOOLEAN": // as SQLite may give it
			out.WriteString(strconv.FormatBool(v != 0))
			return nil
		}
	case bool:
		if kind == "BOOLEAN" {
			out.WriteString(strconv.FormatBool(v))
			return nil
		}
	case []byte:
		switch kind {
		case "BYTEA":
			out.WriteByte('"')
			out.Write(base64.StdEncoding.AppendEncode(out.AvailableBuffer(), v))
			out.WriteByte('"')
			return nil
		case "TEXT":
			return appendText(out, string(v))
		}
	case string:
		if kind == "TEXT" {
			return appendText(out, v)
		}
	}
	return fmt.Errorf("a %T does not fit into a %s", v, kind)
}

func appendText(out *bytes.Buffer, s string) error {
	var v any = s
	if !utf8.ValidString(s) {
		v = rawText{[]byte(s)}
	}
	text, err := json.Marshal(v)
	out.Write(text)
	return err
}

// readRows reads the rows of a part, as values for the columns.
func readRows(part []byte, l Layout) ([][]any, error) {
	rows := make([][]any, 0, bytes.Count(part, []byte{'\n'}))
	for n := 1; len(part) > 0; n++ {
		line, rest, ended := bytes.Cut(part, []byte{'\n'})
		if !ended {
			return nil, errors.New("a row is cut off")
		}
		part = rest
		var fields []json.RawMessage
		if err := json.Unmarshal(line, &fields); err != nil {
			return nil, fmt.Errorf("row %d cannot be read: %w", n, err)
		}
		if len(fields) != len(l.Columns) {
			return nil, fmt.Errorf("row %d has %d values for %d columns", n, len(fields), len(l.Columns))
		}
		row := make([]any, len(fields))
		for i, f := range fields {
			var err error
			if row[i], err = readValue(f, l.Types[i]); err != nil {
				return nil, fmt.Errorf("row %d, column %s: %w", n, l.Columns[i], err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func readValue(text json.RawMessage, kind string) (any, error) {
	if string(text) == "null" {
		return nil, nil //nolint:nilnil // NULL is a value
	}
	switch kind {
	case "BIGINT":
		return strconv.ParseInt(string(text), 10, 64)
	case "BOOLEAN":
		return strconv.ParseBool(string(text))
	case "BYTEA":
		var b []byte
		err := json.Unmarshal(text, &b)
		if b == nil {
			b = []byte{}
		}
		return b, err
	case "TEXT":
		if len(text) > 0 && text[0] == '{' {
			var raw rawText
			err := json.Unmarshal(text, &raw)
			return string(raw.Bytes), err
		}
		var s string
		err := json.Unmarshal(text, &s)
		return s, err
	}
	return nil, fmt.Errorf("the type %s is not known", kind)
}
