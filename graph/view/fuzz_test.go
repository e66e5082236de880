package view

import (
	"testing"

	"spillway/ledger"
)

// FuzzCursors: a cursor is read by the one list that writes it, or refused.
// What is read means the same when it is written again.
func FuzzCursors(f *testing.F) {
	for _, s := range []string{"", "AA", "AZNWH7OgerzN7wEjRWeJqw", "MQ", "LTE", "MDE", "YWNjdA", "ImFjY3Q", "Ig", "====", "AZNWH7OgerzN7wEjRWeJq", "\x00", "MQ\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseIDCursor(&s); err == nil {
			written := IDCursor(*id)
			if again, err := ParseIDCursor(&written); err != nil || *again != *id {
				t.Errorf("%q names %s, written %q", s, id, written)
			}
		}
		if id, err := ParseFeedCursor(&s); err == nil && (s == "") != (*id == ledger.ID{}) && s == "" {
			t.Errorf("%q begins at %s", s, id)
		}
		if n, err := parseSequenceCursor(&s); err == nil {
			written := sequenceCursor(n)
			if again, err := parseSequenceCursor(&written); err != nil || again != n || n < 1 {
				t.Errorf("%q is %d, written %q", s, n, written)
			}
		}
		if p, err := parseAccountCursor(&s); err == nil {
			written := accountCursor(*p)
			if again, err := parseAccountCursor(&written); err != nil || *again != *p {
				t.Errorf("%q is %+v, written %q", s, p, written)
			}
		}
	})
}
