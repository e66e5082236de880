package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// crowdOf runs calls at once, in turn on two processes, and returns how many
// said yes.
func (w *world) crowdOf(calls int, call func(e *engine.Engine, i int) (bool, error)) int64 {
	w.t.Helper()
	engines := []*engine.Engine{w.Engine, w.another(w.redis)}
	var yes atomic.Int64
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			ok, err := call(engines[i%2], i)
			if err != nil {
				w.t.Error(err)
			}
			if ok {
				yes.Add(1)
			}
		})
	}
	group.Wait()
	return yes.Load()
}

func TestConcurrentCallsNeverSpendMoreThanTheCap(t *testing.T) {
	w := newWorld(t)
	a := w.account("capped", "paid")
	w.credits(a, 1_000_000_000)
	must(w.SetSpendCap(context.Background(), a, &ledger.Cap{Limit: 30*500_000 + 499_999, Period: waterfall.Day}, byTest))
	allowed := w.crowdOf(100, func(e *engine.Engine, i int) (bool, error) {
		r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: fmt.Sprint("k", i)}
		if i%3 == 0 { // holds count like charges
			r.HoldSeconds = 600
		}
		d, err := e.Authorize(context.Background(), r)
		return err == nil && d.Granted == 1, err
	})
	if s := must(w.SpendCaps(context.Background(), []string{a}))[a]; allowed != 30 || s.Spent != 30*500_000 {
		t.Errorf("%d of 100 were allowed within a cap for 30, which says %+v", allowed, s)
	}
	w.verified()
}

func TestConcurrentRefundsNeverGiveBackMoreThanWasDrawn(t *testing.T) {
	w := newWorld(t)
	a := w.account("refunds", "paid")
	w.credits(a, 10_000_000)
	d := w.ask(a, "chat", 20)
	one := int64(1)
	refunded := w.crowdOf(60, func(e *engine.Engine, i int) (bool, error) {
		_, err := e.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: d.ID, Quantity: &one, Key: fmt.Sprint("r", i), Change: byTest})
		if code(err) == engine.CodeConflict {
			return false, nil
		}
		return err == nil, err
	})
	if b := w.balance(a); refunded != 20 || b.Available != 10_000_000 {
		t.Errorf("%d refunds of 20 drawn, %d is there of 10000000", refunded, b.Available)
	}
	w.verified()
}

// What is due happens once, however many processes look for it at once.
func TestConcurrentSweepsDoEachThingOnce(t *testing.T) {
	w := newWorld(t)
	const accounts = 12
	expires := waterfall.InstantOf(w.clock.Now().Add(time.Minute))
	for i := range accounts {
		a := w.account(fmt.Sprint("due-", i), "paid")
		w.credits(a, 10_000_000)
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Promotion, Amount: 1_000_000, ExpiresAt: &expires})
		for range 3 {
			w.hold(a, "chat", 1, 60)
		}
	}
	w.clock.Add(2 * time.Minute)
	w.crowdOf(8, func(e *engine.Engine, _ int) (bool, error) {
		_, _, err := e.Sweep(context.Background())
		return true, err
	})
	if n := ledgertest.Count(t, w.url, `select count(*) from usage_events where kind = 4`); n != 3*accounts {
		t.Errorf("%d expiries of %d holds", n, 3*accounts)
	}
	if n := ledgertest.Count(t, w.url, `select count(*) from balance_updates where kind = 6`); n != accounts {
		t.Errorf("%d EXPIRY postings of %d grants", n, accounts)
	}
	w.verified()
}

// TestAnAnswerThatIsRepeatedTellsHowItStandsNow, also where what came in between
// is of the same batch.
func TestAnAnswerThatIsRepeatedTellsHowItStandsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Engine = w.with(w.redis, engine.Options{Workers: 1})
	gate, a := w.account("gate", "plus"), w.account("again", "plus")
	d := w.ask(a, "chat", 5)
	var group sync.WaitGroup
	answers := make([]*ledger.Decision, 3)
	w.blocked(gate, func() {
		group.Go(func() { w.ask(gate, "chat", 1) })
		w.awaitLocked()
		for i, key := range []string{"first", "second", "first"} {
			units := int64(1 + i%2)
			group.Go(func() {
				answers[i] = must(w.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: d.ID, Quantity: &units, Key: key, Change: byTest}))
			})
			w.awaitWaiting(w.Engine, i+1) // they arrive in this order
		}
	})
	group.Wait()
	if units, _ := answers[2].RefundedSoFar(); units != 3 || !answers[2].Replayed || answers[0].Replayed {
		t.Errorf("%d units are refunded, the answer says %d (repeated: %v)", 3, units, answers[2].Replayed)
	}
}
