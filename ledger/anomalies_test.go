package ledger_test

import (
	"strings"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestTheWatchReadsByIndex: what a pass costs depends on what happened lately,
// and a page of anomalies costs the same however many there are.
func TestTheWatchReadsByIndex(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	c := connect(t, url)
	seed(t, c, 200)
	for _, fill := range []string{
		`insert into anomalies select 'a' || n % 100, ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, n, timestamptz '2026-01-01' + n * interval '1 s',
			case when n % 50 > 0 then timestamptz '2026-02-01' end, timestamptz '2026-01-01' + n * interval '1 s', 1, 1, 1 + n / 100 % 7, '', '' from generate_series(1, 20000) n
			on conflict do nothing`,
		`insert into holds select gen_random_uuid(), timestamptz '2026-01-01' + n * interval '1 s', 'a' || n % 100 from generate_series(1, 20000) n`,
		`insert into account_days select 'a' || n % 1000, date '2026-01-01' + n / 1000, 1, 1, 1 from generate_series(0, 10999) n`,
		`insert into reconciliations select case n % 10 when 0 then 'a' || n % 100 else '' end, ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
			timestamptz '2026-01-01' + n * interval '1 s', timestamptz '2026-01-01' + n * interval '1 s', 1, 1, 1, 1, 1, n % 2 from generate_series(1, 20000) n`,
		`insert into mismatches select account_id, id, 0, 'a1', 'chain', '', '', '' from reconciliations where mismatches > 0`,
		`analyze`,
	} {
		if _, err := c.Exec(t.Context(), fill); err != nil {
			t.Fatalf("%s: %v", fill, err)
		}
	}
	conditions := map[string]map[string]string{
		"paces":        {"usage_events": "created_at"},
		"days counted": {"usage_events": "created_at"},
		"last use":     {"usage_events": "account_id", "accounts": "account_id"},
		"overdue":      {"holds": "expires_at account_id"},
		"cleared":      {"reconciliations": "account_id", "mismatches": "account_id reconciliation_id"},
		"faults":       {"reconciliations": "id", "mismatches": "reconciliation_id", "anomalies": "account_id"},
		"days":         {"account_days": "account_id"},
		"all":          {"anomalies": "id"}, "open": {"anomalies": "id"}, "resolved": {"anomalies": "id"},
	}
	for name, sql := range ledger.WatchStatements {
		found := map[string]string{}
		explain(t, l.ReadPool(), sql).walk(func(n *node) {
			if n.Type == "Seq Scan" || (n.Type == "Sort" && len(conditions[name]) == 1 && conditions[name]["anomalies"] != "") {
				t.Errorf("%s: a %s of %s", name, n.Type, n.Relation)
			}
			if strings.Contains(n.Type, "Index") {
				found[n.Relation] += n.Cond
			}
		})
		for table, columns := range conditions[name] {
			for _, column := range strings.Fields(columns) {
				if !strings.Contains(found[table], column) {
					t.Errorf("%s: %s by %q without %s", name, table, found[table], column)
				}
			}
		}
		if len(conditions[name]) == 0 {
			t.Errorf("nothing is said of %q", name)
		}
	}
}

// TestAPassTakesOneProcessor: many processes of the database at once would be
// noticed by whoever waits for a decision.
func TestAPassTakesOneProcessor(t *testing.T) {
	t.Parallel()
	l := ledgertest.Open(t, ledgertest.URL(t))
	workers := ""
	begun, err := l.WatchAnomalies(t.Context(), waterfall.InstantOf(time.Now()), func(w *ledger.WatchTx) (err error) {
		workers, err = w.Setting(t.Context(), "max_parallel_workers_per_gather")
		return err
	})
	if err != nil || !begun || workers != "0" {
		t.Errorf("a pass, begun: %t, %v, has %q parallel workers", begun, err, workers)
	}
}
