package ledger_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// unsummarized writes n rows into each table that is looked into by time, a
// millisecond apart from 2026-01-01 on, with no VACUUM to come.
func unsummarized(t *testing.T, url string, n int) {
	t.Helper()
	const at = `timestamptz '2026-01-01' + n * interval '1 ms'`
	ledgertest.Exec(t, url, `alter table usage_events set (autovacuum_enabled = false)`)
	ledgertest.Exec(t, url, `alter table balance_updates set (autovacuum_enabled = false)`)
	for _, sql := range []string{
		`insert into usage_events (id, created_at, fingerprint, requested, granted, charged, plan_version, price_version, postings, kind, status,
				reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps)
			select ('019b76da-a800-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ` + at + `, 1, 2, 1, 3, 1, 1, 1, 1, 1, 1, false, 'a' || n % 100, 'k' || n, 'u', 'f', 'p', ''
			from generate_series(1, $1::int) n`,
		`insert into balance_updates (sequence, grant_id, source_id, amount, balance_after, account_balance_after, created_at, ordinal, kind, counter_account, account_id, hash)
			select n, gen_random_uuid(), gen_random_uuid(), 1, 1, 1, ` + at + `, 0, 1, 1, 'a' || n % 100, decode(repeat('00', 32), 'hex') from generate_series(1, $1::int) n`,
	} {
		ledgertest.Exec(t, url, sql, n)
	}
}

// TestTheNewestRowsAreFoundByTheirTime: with most rows written since the last
// VACUUM, what is asked for the last tenth of a second of them reads them all,
// and after Summarize about as many as it finds.
func TestTheNewestRowsAreFoundByTheirTime(t *testing.T) {
	t.Parallel()
	const written = 50_000
	url := ledgertest.URL(t)
	unsummarized(t, url, written)
	l := ledgertest.Open(t, url)
	s := prepare(t, l.ReadPool(), ledger.TimeStatements)
	const late, end, none = "timestamptz '2026-01-01 00:00:49.9'", "timestamptz '2026-01-01 00:01'", "'ffffffff-0000-7000-8000-000000000000'"
	read := map[string]func() float64{
		"feed of all": func() float64 {
			return readBy(s.explain("analyze, timing off", "feed of all", "'00000000-0000-0000-0000-000000000000', "+late+", "+end+", "+none+", 200"))
		},
		"changed since": func() float64 {
			return readBy(s.explain("analyze, timing off", "changed since", late+", "+none))
		},
	}
	for name, rows := range read {
		if n := rows(); n < written {
			t.Errorf("%s reads only %v rows before: the test shows nothing", name, n)
		}
	}
	// Several processes do it at once.
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() { summarize(t, l, ledger.Summarized{}) })
	}
	group.Wait()
	// The last range of each table is not whole, and may be all that is read.
	for name, rows := range read {
		if n := rows(); n > written/10 {
			t.Errorf("%s reads %v rows afterwards", name, n)
		}
	}
}

// summarize calls Summarize until it gets no further.
func summarize(t *testing.T, l *ledger.Ledger, from ledger.Summarized) ledger.Summarized {
	t.Helper()
	for {
		done, err := l.Summarize(t.Context(), from)
		if err != nil {
			t.Error(err)
			return done
		}
		if done == from {
			return done
		}
		from = done
	}
}

// TestSummariesMakeWayForVacuum: where another session has the lock that VACUUM
// takes, the table is left for later, soon, and the other one is not.
func TestSummariesMakeWayForVacuum(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	unsummarized(t, url, 5000)
	l := ledgertest.Open(t, url)
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	vacuum, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := vacuum.Exec(t.Context(), "lock table usage_events in share update exclusive mode"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	done, err := l.Summarize(t.Context(), ledger.Summarized{})
	if err != nil || done.UsageEvents != 0 || done.BalanceUpdates == 0 || time.Since(began) > 5*time.Second {
		t.Errorf("%+v after %v: %v", done, time.Since(began), err)
	}
	if err := vacuum.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := summarize(t, l, done)
	if all.UsageEvents == 0 || all.UsageEvents%32 != 0 {
		t.Errorf("afterwards it gets to %+v", all)
	}
	// Of a table that was restored from an older copy it does not believe more.
	if again := summarize(t, l, ledger.Summarized{UsageEvents: 1 << 31, BalanceUpdates: 1 << 31}); again != all {
		t.Errorf("%+v, there is %+v", again, all)
	}
	// An empty one, as a distributed table is here, is no fault.
	if none := summarize(t, ledgertest.New(t), ledger.Summarized{}); none != (ledger.Summarized{}) {
		t.Errorf("%+v of nothing", none)
	}
}

// TestOnlySummariesAreWrittenAsTheOwner, and only by the server's role.
func TestOnlySummariesAreWrittenAsTheOwner(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	if all := rows(t, url, `select proname::text from pg_proc where pronamespace = 'public'::regnamespace and prosecdef`); !slices.Equal(all, []string{"summarize_times"}) {
		t.Errorf("as the owner run %v", all)
	}
	if may := rows(t, url, `select rolname::text from pg_roles where rolname ~ '^spillway_' and has_function_privilege(rolname, 'summarize_times(text, bigint)', 'execute')`); !slices.Equal(may, []string{"spillway_app"}) {
		t.Errorf("%v may", may)
	}
}
