package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

func (w *world) hold(account, feature string, quantity int64, seconds int64) *ledger.Decision {
	w.t.Helper()
	return w.request(engine.AuthorizeRequest{Account: account, User: "ann", Feature: feature, Quantity: quantity, HoldSeconds: seconds})
}

func (w *world) settle(d *ledger.Decision, quantity int64) *ledger.Decision {
	w.t.Helper()
	return must(w.Settle(context.Background(), engine.SettleRequest{Account: d.Account, Decision: d.ID, Quantity: quantity, Key: w.key()}))
}

func TestSettleReturnsWhatWasNotUsed(t *testing.T) {
	w := newWorld(t)
	a := w.account("less", "plus")
	w.credits(a, 10_000_000)
	d := w.hold(a, "chat", 12, 600) // 5 + 3 + 4 in credits
	if b := w.balance(a); d.Status != ledger.StatusHeld || b.Available != 8_000_000 || b.Held != 2_000_000 {
		t.Fatalf("%s: available %d held %d", d.Status, b.Available, b.Held)
	}
	s := w.settle(d, 6)
	if s.Now() != ledger.StatusSettled || s.FinalGranted() != 6 || s.FinalCharged() != 0 || s.Unfunded() != 0 {
		t.Errorf("settled as %s granted %d charged %d", s.Now(), s.FinalGranted(), s.FinalCharged())
	}
	if b := w.balance(a); b.Available != 10_000_000 || b.Held != 0 {
		t.Errorf("available %d held %d", b.Available, b.Held)
	}
	// 5 of the window and 1 of the quota are used: 2 of the quota came back.
	if next := w.ask(a, "chat", 2); next.Charged != 0 {
		t.Errorf("the quota did not come back: %v", next.Steps)
	}
	if next := w.ask(a, "chat", 1); next.Charged != 500_000 {
		t.Errorf("more came back than was left: %v", next.Steps)
	}
}

func TestSettleBeyondTheHoldWalksOn(t *testing.T) {
	w := newWorld(t)
	a := w.account("more", "plus")
	w.credits(a, 1_200_000)
	d := w.hold(a, "chat", 9, 600) // 5 + 3 + 1 in credits
	s := w.settle(d, 12)           // 3 more: credits pay for 1
	if s.FinalGranted() != 10 || s.Unfunded() != 2 || s.FinalCharged() != 1_000_000 {
		t.Errorf("granted %d unfunded %d charged %d", s.FinalGranted(), s.Unfunded(), s.FinalCharged())
	}
	if text := w.Explain(s); text != "Settled: 12 used, 9 as reserved: 5 from the 1-minute limit, 3 from the daily free quota, 1 from credits (0.50); beyond that 1 from credits (0.50); 2 unfunded." {
		t.Errorf("the sentence tells only of the hold: %s", text)
	}
	if b := w.balance(a); b.Available != 200_000 || b.Held != 0 {
		t.Errorf("available %d held %d", b.Available, b.Held)
	}
	parts, postings, err := w.ledger.PartsOf(context.Background(), s.Funded())
	if err != nil || len(parts) != 3 || len(postings) != 2 {
		t.Fatalf("parts %v postings %v: %v", parts, postings, err)
	}
	if parts[2].Quantity != 2 || parts[2].Credits != 1_000_000 {
		t.Errorf("one part for the bucket and price, not %+v", parts[2])
	}
}

func TestSettleOfAnIndivisibleHoldStaysInItsBucket(t *testing.T) {
	w := newWorld(t)
	a := w.account("video", "plus")
	w.credits(a, 100_000_000)
	d := w.hold(a, "video", 8, 600)
	s := w.settle(d, 12)
	if s.FinalGranted() != 10 || s.Unfunded() != 2 || s.FinalCharged() != 0 {
		t.Errorf("granted %d unfunded %d charged %d", s.FinalGranted(), s.Unfunded(), s.FinalCharged())
	}
}

func TestAnExpiredHoldIsSettledByAFreshWalk(t *testing.T) {
	w := newWorld(t)
	a := w.account("late", "plus")
	w.credits(a, 10_000_000)
	d := w.hold(a, "chat", 10, 30)
	w.clock.Add(31 * time.Second)
	ref := ledger.EventRef{Account: a, ID: d.ID}
	if done := must(w.ExpireHold(context.Background(), ref)); !done {
		t.Fatal("the hold did not expire")
	}
	if done := must(w.ExpireHold(context.Background(), ref)); done {
		t.Error("it expired twice")
	}
	if b := w.balance(a); b.Available != 10_000_000 || b.Held != 0 {
		t.Errorf("available %d held %d", b.Available, b.Held)
	}
	s := w.settle(d, 9)
	if s.Now() != ledger.StatusSettled || s.FinalGranted() != 9 || s.FinalCharged() != 500_000 {
		t.Errorf("%s granted %d charged %d", s.Now(), s.FinalGranted(), s.FinalCharged())
	}
}

func TestSettleAndReleaseTwice(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("twice", "plus")
	d := w.hold(a, "chat", 4, 600)
	settled := w.settle(d, 3)
	if again := w.settle(d, 3); !again.Replayed || again.ID != settled.ID || again.FinalGranted() != 3 {
		t.Error("the same quantity under another key does not give the settled decision")
	}
	for name, err := range map[string]error{
		"settle with another quantity": second(w.Settle(ctx, engine.SettleRequest{Account: a, Decision: d.ID, Quantity: 2, Key: w.key()})),
		"release after settle":         second(w.Release(ctx, engine.ReleaseRequest{Account: a, Decision: d.ID, Key: w.key()})),
		"settle of no hold":            second(w.Settle(ctx, engine.SettleRequest{Account: a, Decision: w.ask(a, "chat", 1).ID, Quantity: 1, Key: w.key()})),
	} {
		if code(err) != engine.CodeConflict {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := w.hold(a, "chat", 1, 600)
	key := w.key()
	r := engine.ReleaseRequest{Account: a, Decision: other.ID, Key: key}
	first := must(w.Release(ctx, r))
	if again := must(w.Release(ctx, r)); first.Now() != ledger.StatusReleased || !again.Replayed || again.FinalGranted() != 0 {
		t.Errorf("release: %s, then replayed %v granted %d", first.Now(), again.Replayed, again.FinalGranted())
	}
	if _, err := w.Settle(ctx, engine.SettleRequest{Account: a, Decision: other.ID, Quantity: 1, Key: w.key()}); code(err) != engine.CodeConflict {
		t.Errorf("settle after release: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRefundGoesBackToWhereItWasDrawn(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("refund", "plus")
	w.credits(a, 10_000_000)
	d := w.ask(a, "chat", 10) // 5 + 3 + 2 in credits
	refund := func(n int64) (*ledger.Decision, error) {
		return w.Refund(ctx, engine.RefundRequest{Account: a, Decision: d.ID, Quantity: &n, Key: w.key(), Change: byTest})
	}
	r := must(refund(3)) // 2 credits units, 1 of the quota
	if units, credits := r.RefundedSoFar(); units != 3 || credits != 1_000_000 || r.FinalGranted() != 10 {
		t.Errorf("refunded %d units, %d", units, credits)
	}
	if b := w.balance(a); b.Available != 10_000_000 {
		t.Errorf("balance %d", b.Available)
	}
	if _, err := refund(8); code(err) != engine.CodeConflict {
		t.Errorf("more than is left: %v", err)
	}
	if next := w.ask(a, "chat", 1); next.Charged != 0 || next.Steps[1].Taken != 1 {
		t.Errorf("the quota did not come back: %+v", next.Steps)
	}
	rest := must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: d.ID, Key: w.key(), Change: byTest}))
	if units, _ := rest.RefundedSoFar(); units != 10 {
		t.Errorf("refunded %d in all", units)
	}
	if next := w.ask(a, "chat", 7); next.Charged != 0 || next.Granted != 7 {
		t.Errorf("the window did not come back: %+v", next.Steps)
	}
	if _, err := w.Refund(ctx, engine.RefundRequest{Account: a, Decision: d.ID, Key: w.key(), Change: byTest}); code(err) != engine.CodeConflict {
		t.Errorf("nothing was left to refund: %v", err)
	}
}

func TestAHeldPartOutlivesItsGrant(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("dead", "paid")
	expires := waterfall.InstantOf(noon.Add(time.Minute))
	w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 1_000_000, ExpiresAt: &expires})
	g := w.credits(a, 1_000_000)
	d := w.hold(a, "chat", 4, 600)
	w.clock.Add(2 * time.Minute)
	must(w.VoidGrant(ctx, a, ledger.ID(g.ID), byTest))
	s := w.settle(d, 3)
	if s.FinalCharged() != 1_500_000 {
		t.Errorf("charged %d", s.FinalCharged())
	}
	if b := w.balance(a); b.Available != 0 || b.Held != 0 {
		t.Errorf("available %d held %d", b.Available, b.Held)
	}
	found, err := w.ledger.BalanceUpdates(ctx, []string{a}, 10, 0)
	if newest := found[a].Rows[0]; err != nil || newest.Kind.String() != "VOID" || newest.Amount != -500_000 {
		t.Errorf("the newest posting is %+v: %v", newest, err)
	}
}
