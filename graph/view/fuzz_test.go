package view

import (
	"testing"

	"spillway/ledger"
)

// FuzzCursors: a cursor is read by the one list that writes it, or refused.
// What is read means the same when it is written again.
func FuzzCursors(f *testing.F) {
	for _, s := range []string{"", "AA", "ZAGTVh-zoHq8ze8BI0ViXqs", "ZwGTVh-zoHq8ze8BI0ViXqs", "YjE", "Yi0x", "YjAx", "YQAF3KLg9wAAYWNjdA", "YQ", "====", "YjE\n", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		readers := 0
		for _, k := range []cursorKind{ofDecisions, ofGrants, ofReconciliations, ofAnomalies, ofAuditLog, ofSimulation} {
			if id, err := k.parseID(&s); err == nil {
				readers++
				written := k.idCursor(*id)
				if again, err := k.parseID(&written); err != nil || *again != *id {
					t.Errorf("%q names %s, written %q", s, id, written)
				}
			}
		}
		if id, err := ParseFeedCursor(&s); err == nil && (s == "") != (*id == ledger.ID{}) && s == "" {
			t.Errorf("%q begins at %s", s, id)
		}
		if n, err := parseSequenceCursor(&s); err == nil {
			readers++
			written := sequenceCursor(n)
			if again, err := parseSequenceCursor(&written); err != nil || again != n || n < 1 {
				t.Errorf("%q is %d, written %q", s, n, written)
			}
		}
		if p, err := parseAccountCursor(&s); err == nil {
			readers++
			written := accountCursor(*p)
			if again, err := parseAccountCursor(&written); err != nil || *again != *p {
				t.Errorf("%q is %+v, written %q", s, p, written)
			}
		}
		if readers > 1 {
			t.Errorf("%q is a cursor of %d lists", s, readers)
		}
	})
}
