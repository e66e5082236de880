package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// large is the largest grant, and largePrice the price of which 2^20 units cost
// as much. Eight of them are more than 64 bits can count.
const (
	large      = 1 << 60
	largePrice = 1 << 40
	largeUnits = 1 << 20
)

// newLargeWorld is a world with a plan "large" whose feature "vast" costs so much.
func newLargeWorld(t *testing.T) *world {
	w := newWorld(t)
	w.feature("vast", true)
	must(w.SetPrice(context.Background(), "vast", largePrice, 1, nil, byTest))
	w.plan("large", waterfall.Rules{Feature: "vast", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
	return w
}

func (w *world) refund(d *ledger.Decision) (*ledger.Decision, error) {
	return w.Refund(context.Background(), engine.RefundRequest{Account: d.Account, Decision: d.ID, Key: w.key(), Change: byTest})
}

// refusedRefund refunds what must be refused, and holds it to changing nothing.
func (w *world) refusedRefund(d *ledger.Decision) {
	w.t.Helper()
	before := *w.balance(d.Account)
	_, err := w.refund(d)
	fault, ok := errors.AsType[*engine.Fault](err)
	if !ok || fault.Code != engine.CodeConflict || !strings.Contains(fault.Message, "more than the account can hold") {
		w.t.Errorf("refunded: %v", err)
	}
	if after := *w.balance(d.Account); after.Available != before.Available || after.Sequence != before.Sequence {
		w.t.Errorf("the balance was %+v, and is %+v", before, after)
	}
}

// What comes back to an account is added up in 64 bits, as its grants are. A
// refund for which there is no room is refused, says so, and can be made when
// there is; nothing that falls due by itself finds no room.
func TestWhatComesBackFindsRoom(t *testing.T) {
	t.Parallel()
	w := newLargeWorld(t)
	ctx := context.Background()

	t.Run("a refund beside full grants", func(t *testing.T) {
		a := w.account("full", "large")
		w.credits(a, large)
		d := w.ask(a, "vast", largeUnits)
		for range 7 { // the first takes the place of the spent one
			w.credits(a, large)
		}
		w.refusedRefund(d)
		w.ask(a, "vast", largeUnits)
		if _, err := w.refund(d); err != nil {
			t.Error(err)
		}
		if b := w.balance(a); b.Available != 7*large {
			t.Errorf("%+v", b)
		}
	})
	t.Run("a refund that an issue to come leaves no room for", func(t *testing.T) {
		a := w.account("due", "large")
		first := w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: large})
		d := w.ask(a, "vast", largeUnits)
		must(w.VoidGrant(ctx, a, ledger.ID(w.credits(a, 1).ID), byTest)) // closes the first
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: large, Priority: -1, Recurrence: waterfall.Day})
		for range 5 {
			w.credits(a, large)
		}
		w.ask(a, "vast", largeUnits) // of today's issue
		w.refusedRefund(d)
		w.clock.Add(24*time.Hour + time.Second)
		must(true, w.AdvanceAccount(ctx, a))
		if b := w.balance(a); b.Available != 6*large {
			t.Errorf("%+v beside %x", b, first.ID)
		}
	})
	t.Run("refunds of issues long renewed", func(t *testing.T) {
		a := w.account("issues", "large")
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: large, Recurrence: waterfall.Day})
		var spent []*ledger.Decision
		for range 9 {
			spent = append(spent, w.ask(a, "vast", largeUnits))
			w.clock.Add(24*time.Hour + time.Second)
		}
		refused := 0
		for _, d := range spent {
			if _, err := w.refund(d); code(err) == engine.CodeConflict {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if b := w.balance(a); refused == 0 || b.Available != int64(10-refused)*large {
			t.Errorf("%d refused: %+v", refused, b)
		}
	})
	t.Run("a hold that ends after the grant was renewed", func(t *testing.T) {
		a := w.account("held", "large")
		daily := engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: large, Priority: -1, Recurrence: waterfall.Day, Key: w.key()}
		must(w.CreateGrant(ctx, daily, byTest))
		w.hold(a, "vast", largeUnits, 3*86_400)
		full := 0
		for ; full < 8; full++ {
			_, err := w.CreateGrant(ctx, engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: large - 1, Key: w.key()}, byTest)
			if code(err) == engine.CodeBadInput {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for range 4 { // renewed thrice, then the hold's time is up
			w.clock.Add(24*time.Hour + time.Second)
			must(true, w.AdvanceAccount(ctx, a))
		}
		if b := w.balance(a); full < 5 || b.Available != large+int64(full)*(large-1) || b.Held != 0 {
			t.Errorf("%d beside: %+v", full, b)
		}
	})
	t.Run("a refund into a grant that has ended", func(t *testing.T) {
		a := w.account("ended", "large")
		lot := w.credits(a, large)
		d := w.ask(a, "vast", largeUnits)
		must(w.VoidGrant(ctx, a, ledger.ID(lot.ID), byTest))
		for range 7 {
			w.credits(a, large)
		}
		w.refusedRefund(d)
		w.ask(a, "vast", largeUnits)
		if _, err := w.refund(d); err != nil {
			t.Error(err)
		}
		if b := w.balance(a); b.Available != 6*large {
			t.Errorf("%+v", b)
		}
	})
	w.verified()
}

// The API speaks of the years 1 to 9999: what a grant would tell beyond is
// refused when it is given.
func TestARecurringGrantStaysWithinTheCalendar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("late", "paid")
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		what          string
		every         waterfall.Period
		from, expires time.Time
		code          engine.Code
	}{
		{"a month from December 9999", waterfall.Month, time.Date(9999, 12, 1, 0, 0, 0, 0, time.UTC), time.Time{}, engine.CodeBadInput},
		{"a month from November 9999", waterfall.Month, time.Date(9999, 11, 30, 0, 0, 0, 0, time.UTC), time.Time{}, ""},
		{"a month that expires within it", waterfall.Month, time.Date(9999, 12, 1, 0, 0, 0, 0, time.UTC), end, ""},
		{"a week from the last one", waterfall.Week, time.Date(9999, 12, 25, 0, 0, 0, 0, time.UTC), time.Time{}, engine.CodeBadInput},
		{"a day from the last one", waterfall.Day, end, time.Time{}, engine.CodeBadInput},
		{"a day from the one before", waterfall.Day, end.AddDate(0, 0, -1), time.Time{}, ""},
		{"once, at the end", waterfall.NoPeriod, end, time.Time{}, ""},
	} {
		n := engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 1, Key: w.key(), Recurrence: c.every, EffectiveAt: ptr(waterfall.InstantOf(c.from))}
		if !c.expires.IsZero() {
			n.ExpiresAt = ptr(waterfall.InstantOf(c.expires))
		}
		g, err := w.CreateGrant(context.Background(), n, byTest)
		if code(err) != c.code {
			t.Errorf("%s: %v", c.what, err)
		}
		if fault, ok := errors.AsType[*engine.Fault](err); ok && !strings.Contains(fault.Message, "effectiveAt") && fault.Field != "effectiveAt" {
			t.Errorf("%s: names %q: %s", c.what, fault.Field, fault.Message)
		}
		if err == nil && g.NextIssueAt() > waterfall.InstantOf(end) {
			t.Errorf("%s: comes again at %s", c.what, g.NextIssueAt().Time())
		}
	}
	must(w.Forecasts(context.Background(), []string{a}, 400))
	w.ask(a, "chat", 1)
	w.verified()
}
