package ledger_test

import (
	"math"
	"strings"
	"testing"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestRowsArriveAsTheyWereWritten: each type of column, at its ends.
func TestRowsArriveAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	pool := ledgertest.New(t).WritePool()
	long := strings.Repeat("é", 40_000)
	for name, e := range map[string]ledger.Event{
		"empty": {},
		"least": {Fingerprint: math.MinInt64, PlanVersion: math.MinInt32, Postings: math.MinInt16, At: 1, HoldUntil: -1},
		"most":  {Fingerprint: math.MaxInt64, PlanVersion: math.MaxInt32, Postings: math.MaxInt16, At: waterfall.AtSecond(1 << 33), FirstSequence: 1, AllowPartial: true, Key: long},
	} {
		var fingerprint, first, at, until int64
		var version int32
		var postings int16
		var partial, none bool
		var key string
		err := pool.QueryRow(t.Context(), `select fingerprint, coalesce(first_sequence, 0), (extract(epoch from created_at) * 1000000)::bigint,
				coalesce((extract(epoch from hold_until) * 1000000)::bigint, 0), plan_version, postings, allow_partial, idempotency_key,
				decision_id is null and metadata is null and retry_at is null
			from unnest($1::event_row[])`, ledger.EventRows(e)).
			Scan(&fingerprint, &first, &at, &until, &version, &postings, &partial, &key, &none)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := ledger.Event{Fingerprint: fingerprint, PlanVersion: version, Postings: int(postings), At: waterfall.Instant(at),
			HoldUntil: waterfall.Instant(until), FirstSequence: first, AllowPartial: partial, Key: key}
		if got.Key != e.Key || got.Fingerprint != e.Fingerprint || got.At != e.At || got.HoldUntil != e.HoldUntil || got.Postings != e.Postings ||
			got.PlanVersion != e.PlanVersion || got.FirstSequence != e.FirstSequence || got.AllowPartial != e.AllowPartial || !none {
			t.Errorf("%s: %+v arrived as %+v", name, e, got)
		}
	}
}
