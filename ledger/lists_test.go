package ledger_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// crowd fills each table that is listed with 100,000 rows and more: of events,
// grants and postings they are all of the account 'hot', in the order of n.
func crowd(t *testing.T, c *pgx.Conn) {
	t.Helper()
	const id = `('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid`
	const at = `timestamptz '2026-01-01' + n * interval '1 s'`
	for _, sql := range []string{
		`insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			select 'acct-' || lpad(n::text, 6, '0'), 'Name ' || n % 1000, 1, 'p', gen_random_uuid(), now(), ` + at + ` from generate_series(1, 100000) n`,
		`insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at, sequence)
			values ('hot', 'Hot', 1, 'p', gen_random_uuid(), now(), now(), 100000)`,
		// One in ten follows an earlier one.
		`insert into usage_events (id, decision_id, created_at, fingerprint, requested, granted, charged, plan_version, price_version, postings, kind, status,
				reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps)
			select ` + id + `, case when n % 10 = 0 then ('01900000-0000-7000-8000-' || lpad((n - 5)::text, 12, '0'))::uuid end, ` + at + `, 1, 2, 1, 3, 1, 1, 1, 1, 1, 1, false,
				'hot', 'k' || n, 'u', 'f', 'p', '' from generate_series(1, 100000) n`,
		`insert into monetization_events (usage_event_id, quantity, credits, part, kind, account_id, bucket)
			select ` + id + `, 1, 1, 0, 5, 'hot', 'c' from generate_series(1, 100000) n`,
		`insert into grants (id, remaining, held, amount, effective_at, created_at, fingerprint, priority, issues, postings, kind, units, closed, account_id, idempotency_key)
			select ` + id + `, 0, 0, 1, now(), now(), 1, 1, 1, 1, 3 + n % 3, false, n % 1000 > 0, 'hot', 'k' || n from generate_series(1, 100000) n`,
		`insert into balance_updates (sequence, grant_id, source_id, amount, balance_after, account_balance_after, created_at, ordinal, kind, counter_account, account_id, hash)
			select n, ` + id + `, ` + id + `, 1, 1, 1, ` + at + `, 0, 1, 1, 'hot', decode(repeat('00', 32), 'hex') from generate_series(1, 100000) n`,
		`insert into audit_log select ` + id + `, ` + at + `, case when n % 2 = 0 then 'hot' else 'acct-' || n % 100 end, 'a', 'b', 'c' from generate_series(1, 100000) n`,
		`insert into reconciliations (account_id, id, started_at, finished_at, scope, mismatches)
			select case n % 2 when 0 then 'hot' else '' end, ` + id + `, ` + at + `, ` + at + `, 1, 1 from generate_series(1, 100000) n`,
		`insert into mismatches select account_id, id, 0, 'hot', 'chain', '', '', '' from reconciliations`,
		`insert into anomalies select 'acct-' || n, ` + id + `, n, ` + at + `, case when n % 2 > 0 then ` + at + ` end, ` + at + `, 1, 1, 1, '', '' from generate_series(1, 100000) n`,
	} {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// readBy is how many rows the scans of a plan looked at.
func readBy(plan *node) (rows float64) {
	plan.walk(func(n *node) {
		if strings.Contains(n.Type, "Scan") && n.Relation != "" {
			rows += n.Loops * (n.Rows + n.Filtered + n.Rechecked)
		}
	})
	return rows
}

// TestAPageCostsTheSameHoweverMuchThereIs: it reads about as many rows as it
// holds, at the beginning of a list, in its middle and at its end, before the
// database knows how full its tables are and after.
func TestAPageCostsTheSameHoweverMuchThereIs(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	c := connect(t, url)
	const first = 50
	id := func(n int) string { return fmt.Sprintf("'01900000-0000-7000-8000-%012d'", n) }
	each := func(form string) (all []string) { // a page below, from each of these places
		for _, n := range []int{100_001, 50_000, 30} {
			all = append(all, fmt.Sprintf(form, id(n), first+1))
		}
		return all
	}
	ids := func(from int) string {
		all := make([]string, first)
		for i := range all {
			all[i] = strings.Trim(id(from+i), "'")
		}
		return "'{" + strings.Join(all, ",") + "}'"
	}
	hots := "array_fill('hot'::text, array[" + fmt.Sprint(first) + "])"
	middle, last := "timestamptz '2026-01-01' + interval '50000 s', 'acct-050000'", "timestamptz '2026-01-01' + interval '30 s', 'acct-000030'"
	asked := map[string][]string{
		"newest accounts":         {"null, '', 51", middle + ", 51", last + ", 51"},
		"accounts":                {"'{acct-000001,acct-050000,hot}'"},
		"decisions":               each("'{hot}', array[%s::uuid], '00000000-0000-0000-0000-000000000000', %d, '', '', null, ''"),
		"followers":               {hots + ", " + ids(49_900)},
		"parts":                   {hots + ", " + ids(49_900)},
		"decision ids":            {hots + ", " + ids(49_900)},
		"grants by id":            {hots + ", " + ids(49_900)},
		"postings":                {"'{hot,hot}', '{1,70000}', '{25,25}'"},
		"grants":                  each("'{hot}', array[%s::uuid], %d"),
		"unspent grants":          each("'{hot}', array[%s::uuid], %d"),
		"balance updates":         {"'{hot}', 100001, 51", "'{hot}', 50000, 51", "'{hot}', 30, 51"},
		"audit log":               each("%s, %d"),
		"audit log of one":        each("%s, %d, 'hot'"),
		"reconciliations":         each("%s, %d"),
		"reconciliations of one":  each("%s, %d, 'hot'"),
		"mismatches":              {hots + ", " + ids(49_900)},
		"anomalies":               each("%s, %d"),
		"open anomalies":          each("%s, %d"),
		"resolved anomalies":      each("%s, %d"),
		"the newest of a moment":  {"'{hot}', timestamptz '2026-01-01' + interval '50000 s'"},
		"usage":                   {"'{hot}', " + id(1000) + ", " + id(1051) + ", '', '{2026-01-01, 2026-07-01}', '2026-01-01', '2027-01-01'"},
		"what happened to grants": {"'{hot}', '{70000}', '{70050}', 3, 4, 1"},
	}
	for name := range ledger.ListStatements {
		if asked[name] == nil {
			t.Errorf("nothing is asked of %q", name)
		}
	}
	// What who sees one account may read: the wall must not hide its indexes.
	own := maps.Clone(ledger.ListStatements)
	for name := range own {
		if strings.Contains(name, "audit") || strings.Contains(name, "reconciliations") || strings.Contains(name, "anomalies") || name == "mismatches" {
			delete(own, name)
		}
	}
	look := func(when string, s *session, statements map[string]string) {
		for name := range statements {
			for i, arguments := range asked[name] {
				plan := s.explain("analyze, timing off", name, arguments)
				plan.walk(func(n *node) {
					if n.Type == "Seq Scan" || strings.Contains(n.Type, "Sort") && n.Loops*n.Rows > 4*first {
						t.Errorf("%s, place %d, %s: a %s of %s, %v rows", name, i, when, n.Type, n.Relation, n.Rows)
					}
				})
				if rows := readBy(plan); rows > 4*first {
					t.Errorf("%s, place %d, %s: %v rows are read for a page of %d", name, i, when, rows, first)
				}
			}
		}
	}
	vacuum := func(sql string) {
		t.Helper()
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	vacuum("vacuum")
	old := prepare(t, l.ReadPool(), ledger.ListStatements)
	look("on empty tables", old, ledger.ListStatements)
	crowd(t, c)
	old.dropPlans() // as the pool does with those of a while ago
	look("before the tables were analyzed", old, ledger.ListStatements)
	vacuum("vacuum analyze")
	look("after", old, ledger.ListStatements)
	look("behind the wall", prepareAs(ledger.Only(t.Context(), "hot"), t, l.OwnPool(), own), own)
}
