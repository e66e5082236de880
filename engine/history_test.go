package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// history makes a long legal history of one account on the real engine: every
// kind of operation, in random order, with a clock that moves by microseconds,
// seconds and days.
type history struct {
	*world
	random    *rand.Rand
	id        string
	decisions []*ledger.Decision
	grants    []ledger.ID
	// onePlan leaves the account with the plan that it began with.
	onePlan bool
	// done counts what was answered without an error, by operation.
	done map[string]int
}

// historyPlans are two plans over the same features, with windows, quotas,
// ceilings and pools, divisible and not.
func (w *world) historyPlans() {
	w.t.Helper()
	w.feature("text", true)
	w.feature("image", false)
	must(w.SetPrice(context.Background(), "text", 333_333, 1, nil, byTest))
	must(w.SetPrice(context.Background(), "image", 1_000_000, 3, nil, byTest))
	pools := []waterfall.Bucket{{Kind: waterfall.Promotion, Key: "promo"}, {Kind: waterfall.Entitlement, Key: "contract"}, {Kind: waterfall.Credit, Key: "credits"}}
	w.plan("long",
		waterfall.Rules{Feature: "text", Buckets: append([]waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "burst", Windows: []waterfall.Window{{Limit: 4, Seconds: 10}, {Limit: 9, Seconds: 3600}}},
			{Kind: waterfall.FreeTier, Key: "free", Scope: waterfall.PerAccount, Quota: 6, Period: waterfall.Day}}, pools...),
			Ceilings: []waterfall.Window{{Limit: 60, Seconds: 86_400}}},
		waterfall.Rules{Feature: "image", Buckets: append([]waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "hour", Scope: waterfall.PerAccount, Windows: []waterfall.Window{{Limit: 6, Seconds: 3600}}}}, pools...)})
	w.plan("short",
		waterfall.Rules{Feature: "text", Buckets: []waterfall.Bucket{
			{Kind: waterfall.FreeTier, Key: "free", Scope: waterfall.PerAccount, Quota: 3, Period: waterfall.Week},
			{Kind: waterfall.Credit, Key: "credits"}}})
}

func newHistory(w *world, name string, seed uint64) *history {
	w.t.Helper()
	return &history{world: w, random: rand.New(rand.NewPCG(seed, 7)), id: w.account(name, "long"), done: map[string]int{}}
}

// steps makes n operations.
func (h *history) steps(n int) {
	h.t.Helper()
	for range n {
		h.step()
	}
}

func (h *history) step() {
	h.t.Helper()
	ctx := context.Background()
	if h.random.IntN(3) > 0 {
		h.pass()
	}
	name, err := "", error(nil)
	switch n := h.random.IntN(100); {
	case n < 45:
		name = "authorize"
		err = h.authorize(ctx)
	case n < 60:
		name = "settle"
		if d := h.hold(); d != nil {
			_, err = h.Settle(ctx, engine.SettleRequest{Account: h.id, Decision: d.ID, Quantity: h.random.Int64N(2*d.Requested + 1), Key: h.key()})
		}
	case n < 64:
		name = "release"
		if d := h.hold(); d != nil {
			_, err = h.Release(ctx, engine.ReleaseRequest{Account: h.id, Decision: d.ID, Key: h.key()})
		}
	case n < 74:
		name = "refund"
		if d := h.decision(); d != nil {
			r := engine.RefundRequest{Account: h.id, Decision: d.ID, Key: h.key(), Change: byTest}
			if h.random.IntN(3) > 0 {
				q := 1 + h.random.Int64N(d.Requested)
				r.Quantity = &q
			}
			_, err = h.Refund(ctx, r)
		}
	case n < 86:
		name = "grant"
		err = h.give(ctx)
	case n < 89 && len(h.grants) > 0:
		name = "void"
		_, err = h.VoidGrant(ctx, h.id, h.grants[h.random.IntN(len(h.grants))], byTest)
	case n < 93:
		name = "expire"
		for _, d := range h.decisions[max(0, len(h.decisions)-20):] {
			if done, _ := h.ExpireHold(ctx, ledger.EventRef{Account: h.id, ID: d.ID}); done {
				h.done["expired"]++
			}
		}
		err = h.AdvanceAccount(ctx, h.id)
	case n < 96:
		name = "cap"
		var limit *ledger.Cap
		if h.random.IntN(3) > 0 {
			limit = &ledger.Cap{Limit: h.random.Int64N(5_000_000), Period: waterfall.Period(1 + h.random.IntN(3))}
		}
		_, err = h.SetSpendCap(ctx, h.id, limit, byTest)
	case n < 98:
		name = "plan"
		if h.onePlan {
			return
		}
		_, err = h.AssignPlan(ctx, h.id, []string{"long", "long", "short"}[h.random.IntN(3)], byTest)
	case n < 99:
		name = "status"
		_, err = h.SetAccountStatus(ctx, h.id, ledger.Suspended, byTest)
		if err == nil && h.random.IntN(2) == 0 {
			h.ask(h.id, "text", 1)
		}
		must(h.SetAccountStatus(ctx, h.id, ledger.Active, byTest))
	default:
		name = "price"
		h.clock.Add(time.Millisecond) // a batch counts ahead of a clock that stands
		_, err = h.SetPrice(ctx, "text", 1+h.random.Int64N(1_000_000), 1+h.random.Int64N(3), nil, byTest)
	}
	h.answered(name, err)
}

// answered counts an operation; a fault that is no answer stops the test.
func (h *history) answered(name string, err error) {
	h.t.Helper()
	switch code(err) {
	case "":
		h.done[name]++
	case engine.CodeConflict:
		h.done[name+" refused"]++
	default:
		h.t.Fatalf("%s: %v", name, err)
	}
}

// pass moves the clock.
func (h *history) pass() {
	spans := []time.Duration{time.Microsecond, 300 * time.Millisecond, time.Second, 5 * time.Second, time.Minute, 20 * time.Minute, time.Hour, 9 * time.Hour, 40 * time.Hour}
	h.clock.Add(spans[min(h.random.IntN(len(spans)), h.random.IntN(len(spans)))])
}

// hold is mostly a late hold, and now and then any decision.
func (h *history) hold() *ledger.Decision {
	for i := len(h.decisions) - 1; i >= 0 && h.random.IntN(8) > 0; i-- {
		if d := h.decisions[i]; d.Status == ledger.StatusHeld && h.random.IntN(3) > 0 {
			return d
		}
	}
	return h.decision()
}

func (h *history) decision() *ledger.Decision {
	if len(h.decisions) == 0 {
		return nil
	}
	// Mostly a late one.
	n := len(h.decisions)
	return h.decisions[n-1-min(n-1, int(h.random.ExpFloat64()*4))]
}

func (h *history) authorize(ctx context.Context) error {
	var requests []engine.AuthorizeRequest
	for range 1 + h.random.IntN(3) {
		r := engine.AuthorizeRequest{Account: h.id, User: fmt.Sprint("user-", h.random.IntN(2)), Feature: []string{"text", "text", "image"}[h.random.IntN(3)],
			Quantity: 1 + h.random.Int64N(9), Key: h.key(), AllowPartial: h.random.IntN(4) == 0}
		if h.random.IntN(3) == 0 {
			r.HoldSeconds = 1 + h.random.Int64N(7200)
		}
		requests = append(requests, r)
	}
	for _, a := range h.AuthorizeBatch(ctx, requests) {
		if a.Err != nil {
			return a.Err
		}
		h.done[a.Decision.Status.String()]++
		h.done[a.Decision.Reason.String()]++
		h.decisions = append(h.decisions, a.Decision)
	}
	return nil
}

func (h *history) give(ctx context.Context) error {
	now := waterfall.InstantOf(h.clock.Now())
	after := func(d time.Duration) *waterfall.Instant {
		at := now + waterfall.Instant(d.Microseconds())
		return &at
	}
	n := engine.NewGrant{Account: h.id, Kind: waterfall.Kind(3 + h.random.IntN(3)), Amount: 1 + h.random.Int64N(6_000_000), Key: h.key(),
		Priority: int32(h.random.IntN(3)), Note: "for the test"}
	if n.Kind != waterfall.Credit && h.random.IntN(2) == 0 {
		n.Units, n.Amount = true, 1+h.random.Int64N(12)
		n.Features = []string{[]string{"text", "image"}[h.random.IntN(2)]}
	} else if h.random.IntN(3) == 0 {
		n.Features = []string{"text", "image"}[:1+h.random.IntN(2)]
	}
	if h.random.IntN(3) == 0 {
		n.EffectiveAt = after(time.Duration(h.random.Int64N(int64(30 * time.Hour))))
	}
	if h.random.IntN(2) == 0 {
		n.ExpiresAt = after(time.Duration(int64(30*time.Hour) + h.random.Int64N(int64(300*time.Hour))))
	}
	if h.random.IntN(4) == 0 {
		n.Recurrence = waterfall.Period(1 + h.random.IntN(3))
		if h.random.IntN(2) == 0 {
			limit := h.random.Int64N(n.Amount + 1)
			n.RolloverLimit = &limit
		}
	}
	g, err := h.CreateGrant(ctx, n, byTest)
	if err == nil {
		h.grants = append(h.grants, ledger.ID(g.ID))
	}
	return err
}

// mismatches verifies one account, or all, and returns what was found.
func (w *world) mismatches(account string) []ledger.Mismatch {
	w.t.Helper()
	var found []ledger.Mismatch
	_, err := w.ledger.Verify(context.Background(), account, func(m ledger.Mismatch) { found = append(found, m) })
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestALegalHistoryVerifies(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	for seed := range uint64(6) {
		h := newHistory(w, fmt.Sprint("legal-", seed), seed)
		h.steps(250)
		if found := w.mismatches(h.id); len(found) > 0 {
			for _, m := range found[:min(8, len(found))] {
				t.Errorf("seed %d: %+v", seed, m)
			}
		}
		t.Log(h.done)
	}
}
