package engine_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
	"spillway/ledger/ledgertest"
)

// TestUsageAddsUpWithTheLedger: over any time, what usage tells of credits, net
// of refunds, is what the DEBIT and REFUND postings of that time sum to, and each
// of the two sides by itself; units too, bucket by bucket.
func TestUsageAddsUpWithTheLedger(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	ctx := context.Background()
	for _, seed := range []uint64{3, 12, 27} {
		h := newHistory(w, fmt.Sprint("net", seed), seed)
		h.steps(300)
		var first, last waterfall.Instant
		for _, d := range h.decisions {
			if first == 0 || d.At < first {
				first = d.At
			}
			last = max(last, d.At)
		}
		end := waterfall.InstantOf(w.clock.Now().Add(time.Hour))
		refunds := 0
		for _, cut := range []struct{ from, to waterfall.Instant }{{0, end}, {first, last}, {first, (first + last) / 2}, {(first + last) / 2, end}} {
			spent, back := summed(t, w, h.id, cut.from, cut.to)
			var credits, refunded, units, unitsBack big.Int
			starts := []waterfall.Instant{cut.from, (cut.from + cut.to) / 2}
			for _, p := range must(w.ledger.Usage(ctx, []string{h.id}, "", cut.from, cut.to, starts))[h.id] {
				credits.Add(&credits, p.Credits)
				refunded.Add(&refunded, p.RefundedCredits)
				units.Add(&units, p.Quantity)
				unitsBack.Add(&unitsBack, p.Refunded)
			}
			if credits.Int64() != spent || refunded.Int64() != back {
				t.Errorf("%s: usage tells %v and %v back, the postings %d and %d", h.id, &credits, &refunded, spent, back)
			}
			if cut.from == 0 {
				used, returned := unitsOf(t, w, h)
				if units.Int64() != used || unitsBack.Int64() != returned {
					t.Errorf("%s: usage tells %v units and %v back, the decisions %d and %d", h.id, &units, &unitsBack, used, returned)
				}
				refunds += int(returned)
			}
		}
		if refunds == 0 {
			t.Errorf("seed %d: no refund: the test shows nothing", seed)
		}
	}
}

// summed is what the DEBIT and REFUND postings of a time sum to, in credits.
func summed(t *testing.T, w *world, account string, from, to waterfall.Instant) (spent, back int64) {
	t.Helper()
	const sums = `select coalesce(sum(b.amount), 0)::bigint from balance_updates b join grants g on g.account_id = b.account_id and g.id = b.grant_id
		where b.account_id = $1 and not g.units and b.created_at >= $2 and b.created_at < $3 and b.kind = $4`
	return -ledgertest.Count(t, w.url, sums, account, from.Time(), to.Time(), book.Debit),
		ledgertest.Count(t, w.url, sums, account, from.Time(), to.Time(), book.Refund)
}

// unitsOf is what the decisions say by themselves.
func unitsOf(t *testing.T, w *world, h *history) (used, returned int64) {
	t.Helper()
	for _, answer := range h.decisions {
		d := must(w.ledger.Decision(context.Background(), h.id, answer.ID))
		if e := d.Funded(); e != nil {
			parts, _, err := w.ledger.PartsOf(context.Background(), e)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range parts {
				used += m.Quantity
			}
		}
		back, _ := d.RefundedSoFar()
		returned += back
	}
	return used, returned
}

// TestAReconciliationTellsOfHowManyAccounts there were, at any moment.
func TestAReconciliationTellsOfHowManyAccounts(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	ctx := context.Background()
	before := waterfall.InstantOf(w.clock.Now()) - 1
	var made []waterfall.Instant
	for i := range 5 {
		w.clock.Add(time.Second)
		a := newHistory(w, fmt.Sprint("counted", i), 5)
		row := must(w.ledger.Account(ctx, a.id))
		made = append(made, row.CreatedAt)
	}
	asked := append([]waterfall.Instant{made[3], before, made[3], made[0], made[4] + 1_000_000}, made...)
	counts := must(w.ledger.AccountsAt(ctx, asked))
	for _, at := range asked {
		if want := ledgertest.Count(t, w.url, `select count(*) from accounts where created_at <= $1`, at.Time()); counts[at] != want {
			t.Errorf("at %v: %d, there were %d", at.Time(), counts[at], want)
		}
	}
	if none := must(w.ledger.AccountsAt(ctx, nil)); len(none) != 0 {
		t.Errorf("of no moments: %v", none)
	}
}
