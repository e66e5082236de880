package ledger

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzExport: a row comes back from both forms of an export as it was, whatever
// its texts hold.
func FuzzExport(f *testing.F) {
	f.Add("key", "ann", int64(1), int32(2), true, false)
	f.Add("a,\"b\"\n", " lead ", int64(-1<<63), int32(-1), false, true)
	f.Add("<&>\u2028", `\.`, int64(0), int32(0), true, true)
	f.Add("", "\t\u007f", int64(1), int32(1), false, false)
	f.Fuzz(func(t *testing.T, key, user string, n int64, m int32, allow, none bool) {
		if !utf8.ValidString(key) || !utf8.ValidString(user) || strings.ContainsRune(key+user, 0) {
			return // PostgreSQL holds no such text
		}
		names := []string{"idempotency_key", "user_id", "amount", "part", "allow_partial", "metadata"}
		values := []any{key, user, fmt.Sprint(n), m, allow, any(key)}
		if none {
			values[5] = nil
		}
		var lines, table bytes.Buffer
		w := bufio.NewWriter(&lines)
		sheet := csv.NewWriter(&table)
		for range 2 { // two rows, so that the end of the first matters
			if err := writeLine(w, names, values); err != nil {
				t.Fatal(err)
			}
			if err := sheet.Write(cells(values)); err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Flush()
		sheet.Flush()
		decoder := json.NewDecoder(&lines)
		decoder.UseNumber()
		rows := readCSV(table.String())
		for range 2 {
			row := map[string]any{}
			if err := decoder.Decode(&row); err != nil {
				t.Fatal(err)
			}
			for i, name := range names {
				want := values[i]
				if row[name] != want && fmt.Sprint(row[name]) != fmt.Sprint(want) {
					t.Errorf("%s is %q in NDJSON, was %q", name, row[name], want)
				}
			}
		}
		if len(rows) != 2 {
			t.Fatalf("%d rows in CSV: %q", len(rows), table.String())
		}
		for _, row := range rows {
			for i, want := range cells(values) {
				if len(row) != len(names) || row[i] != want {
					t.Fatalf("%q in CSV, was %q", row, cells(values))
				}
			}
		}
	})
}

// readCSV reads RFC 4180 to the letter, where encoding/csv takes carriage
// returns out of what is quoted.
func readCSV(text string) (rows [][]string) {
	var row []string
	for text != "" {
		var cell strings.Builder
		if text[0] == '"' {
			text = text[1:]
			for {
				at := strings.IndexByte(text, '"')
				cell.WriteString(text[:at])
				text = text[at+1:]
				if !strings.HasPrefix(text, `"`) {
					break
				}
				cell.WriteByte('"')
				text = text[1:]
			}
		} else {
			at := strings.IndexAny(text, ",\n")
			cell.WriteString(text[:at])
			text = text[at:]
		}
		row = append(row, cell.String())
		if text[0] == '\n' {
			rows, row = append(rows, row), nil
		}
		text = text[1:]
	}
	return rows
}
