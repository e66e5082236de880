package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// paidBy lists the decisions of an account of which a kind gave something, as
// the list and as the feed from the beginning tell them.
func (w *world) paidBy(account string, kind waterfall.Kind) (listed, fed []ledger.ID) {
	w.t.Helper()
	f := ledger.DecisionFilter{Kind: kind}
	for _, d := range must(w.ledger.Decisions(context.Background(), []string{account}, f, ledger.Page{First: 200}))[account].Rows {
		listed = append(listed, d.ID)
	}
	slices.Reverse(listed)
	ctx, end := context.WithTimeout(context.Background(), 10*time.Second)
	defer end()
	last := must(w.ledger.NewestEvent(ctx, account))
	_ = w.FollowDecisions(ctx, account, ledger.DecisionFilter{}, &ledger.ID{}, func(item ledger.FeedItem) error {
		if f.Matches(item.Decision) && !slices.Contains(fed, item.Decision.ID) {
			fed = append(fed, item.Decision.ID)
		}
		if item.Event == last {
			end()
		}
		return nil
	})
	return listed, fed
}

// TestDecisionsOfAKind: a decision is listed under the kinds that gave it
// something in the end.
func TestDecisionsOfAKind(t *testing.T) {
	w := newWorld(t)
	a := w.account("kinds", "plus")
	w.credits(a, 100_000_000)
	// What the window of 5 and the quota of 3 do not give comes from credits.
	above := w.hold(a, "chat", 3, 600)
	above = w.settle(above, 12)                    // 3 + 2 of the window, 3 of the quota, 4 in credits
	back := w.settle(w.hold(a, "chat", 2, 600), 0) // all went back
	w.clock.Add(2 * time.Minute)                   // the window is free again
	some := w.ask(a, "chat", 8)                    // 5 of the window, 3 in credits
	must(w.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: some.ID, Quantity: units(3), Key: w.key(), Change: byTest}))
	w.clock.Add(2 * time.Minute)
	kept := w.ask(a, "chat", 7) // 5 of the window, 2 in credits
	must(w.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: kept.ID, Quantity: units(1), Key: w.key(), Change: byTest}))
	held := w.hold(a, "chat", 1, 600)
	for kind, want := range map[waterfall.Kind][]*ledger.Decision{
		waterfall.RateLimit: {above, some, kept}, waterfall.FreeTier: {above}, waterfall.Promotion: nil,
		waterfall.Credit: {above, kept, held},
	} {
		var ids []ledger.ID
		for _, d := range want {
			ids = append(ids, d.ID)
		}
		if listed, fed := w.paidBy(a, kind); !slices.Equal(listed, ids) || !slices.Equal(fed, ids) {
			t.Errorf("%s: listed %v, fed %v, expected %v", kind, listed, fed, ids)
		}
	}
	if now := must(w.ledger.Decision(context.Background(), a, back.ID)); now.UnitsFrom(waterfall.Credit) != 0 {
		t.Errorf("a settlement with nothing keeps %d", now.UnitsFrom(waterfall.Credit))
	}
}

func units(n int64) *int64 { return &n }

// TestAKeyThatBecomesAnotherKind: what a bucket gave before its key was given to
// another kind goes back to the kind that gave it.
func TestAKeyThatBecomesAnotherKind(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.plan("turns", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
		{Kind: waterfall.RateLimit, Key: "one", Windows: []waterfall.Window{{Limit: 5, Seconds: 60}}}}})
	a := w.account("turned", "turns")
	w.credits(a, 100_000_000)
	d := w.hold(a, "chat", 5, 600)
	w.plan("turns", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "one"}}})
	d = w.settle(d, 8)
	if d.FinalGranted() != 8 || d.FinalCharged() != 1_500_000 {
		t.Fatalf("granted %d, charged %d", d.FinalGranted(), d.FinalCharged())
	}
	d = must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: d.ID, Quantity: units(4), Key: w.key(), Change: byTest}))
	if window, credits := d.UnitsFrom(waterfall.RateLimit), d.UnitsFrom(waterfall.Credit); window != 4 || credits != 0 {
		t.Errorf("the window keeps %d and credits %d, expected 4 and 0", window, credits)
	}
	if listed, _ := w.paidBy(a, waterfall.Credit); len(listed) != 0 {
		t.Errorf("listed under credits that went back: %v", listed)
	}
}

// TestTheSumsOfAKindAreTheChart: what the list of a kind adds up to, and went
// back, is what usage tells of the kind.
func TestTheSumsOfAKindAreTheChart(t *testing.T) {
	w := newWorld(t)
	a := w.account("sums", "plus")
	w.credits(a, 100_000_000)
	from := waterfall.InstantOf(w.clock.Now())
	for i := range int64(20) {
		w.clock.Add(13 * time.Second)
		switch d := w.hold(a, "chat", 1+i%4, 600); i % 4 {
		case 0:
			w.settle(d, 0)
		case 1:
			w.settle(d, 9)
		default:
			w.settle(d, 1)
		}
	}
	used := must(w.ledger.Usage(context.Background(), []string{a}, "", from, from+waterfall.Instant(time.Hour/time.Microsecond), []waterfall.Instant{0}))[a]
	for _, kind := range []waterfall.Kind{waterfall.RateLimit, waterfall.FreeTier, waterfall.Credit} {
		var listed int64
		for _, d := range must(w.ledger.Decisions(context.Background(), []string{a}, ledger.DecisionFilter{Kind: kind}, ledger.Page{First: 200}))[a].Rows {
			listed += d.UnitsFrom(kind)
		}
		i := slices.IndexFunc(used, func(p ledger.UsagePoint) bool { return p.Kind == kind })
		if i < 0 || listed == 0 || used[i].Quantity.Int64() != listed {
			t.Errorf("%s: the list adds up to %d, the chart is %+v", kind, listed, used)
		}
	}
}

// TestABoundOfTheEpoch: the first moment of 1970 is a bound like any other.
func TestABoundOfTheEpoch(t *testing.T) {
	w := newWorld(t)
	a := w.account("epoch", "plus")
	w.ask(a, "chat", 1)
	epoch, before := waterfall.Instant(0), waterfall.Instant(-1)
	for name, c := range map[string]struct {
		f    ledger.DecisionFilter
		want int
	}{
		"to the epoch": {ledger.DecisionFilter{To: &epoch}, 0}, "from the epoch": {ledger.DecisionFilter{From: &epoch}, 1},
		"to before it": {ledger.DecisionFilter{To: &before}, 0}, "from before it": {ledger.DecisionFilter{From: &before}, 1}, "no bound": {ledger.DecisionFilter{}, 1},
	} {
		page := must(w.ledger.Decisions(context.Background(), []string{a}, c.f, ledger.Page{First: 10}))[a]
		if len(page.Rows) != c.want || page.More {
			t.Errorf("%s: %d listed, expected %d", name, len(page.Rows), c.want)
		}
		if d := must(w.ledger.Decisions(context.Background(), []string{a}, ledger.DecisionFilter{}, ledger.Page{First: 1}))[a].Rows[0]; c.f.Matches(d) != (c.want == 1) {
			t.Errorf("%s: the feed passes %t", name, c.f.Matches(d))
		}
	}
}
