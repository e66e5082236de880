package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
)

// TestTheServerSummarizesWhatIsWritten, also where nobody reads: PostgreSQL's
// brin_summarize_range tells of a range of pages whether it had no summary, and
// writes it then, so each is asked about once.
func TestTheServerSummarizesWhatIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Close()
	c := w.connection()
	const ranges = 40 // of 32 pages, four rows on each; the first has its summary from the beginning
	for _, sql := range []string{
		`alter table usage_events set (autovacuum_enabled = false)`,
		`insert into usage_events (id, created_at, fingerprint, requested, granted, charged, plan_version, price_version, postings, kind, status,
				reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps)
			select gen_random_uuid(), now(), 1, 1, 1, 0, 1, 0, 0, 1, 1, 1, false, 'a', 'k' || n, 'u', 'f', 'p', repeat('x', 1700) from generate_series(1, 5200) n`,
	} {
		if _, err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	summary := func(n int) (wasThere bool) {
		var missing int
		if err := c.QueryRow(context.Background(), `select brin_summarize_range('usage_events_time', $1)`, n*32).Scan(&missing); err != nil {
			t.Fatal(err)
		}
		return missing == 0
	}
	if summary(1) {
		t.Fatal("there are summaries before: the test shows nothing")
	}
	w.with(w.redis, engine.Options{})
	for n := 2; !summary(n); n++ {
		if n == ranges-1 {
			t.Fatal("nobody summarized them")
		}
		time.Sleep(250 * time.Millisecond)
	}
}
