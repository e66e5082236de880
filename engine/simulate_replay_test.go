package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// TestSimulationIsAReplay: two accounts are asked the same at the same moments, on
// two plans. To simulate the one's time on the other's plan tells what the other
// was answered, and on its own plan what it was answered itself.
func TestSimulationIsAReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.historyPlans()
	changed := 0
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 31))
		one, other := w.account(fmt.Sprint("one-", seed), "long"), w.account(fmt.Sprint("other-", seed), "short")
		for _, id := range []string{one, other} {
			w.credits(id, 9_000_000)
		}
		w.clock.Add(time.Second)
		from := w.clock.Now()
		var was, is []*ledger.Decision
		for range 40 {
			w.clock.Add([]time.Duration{time.Second, 4 * time.Second, time.Minute, 2 * time.Hour, 20 * time.Hour}[r.IntN(5)])
			q := engine.AuthorizeRequest{Account: one, User: []string{"ann", "bob"}[r.IntN(2)], Feature: []string{"text", "text", "image"}[r.IntN(3)],
				Quantity: 1 + r.Int64N(8), AllowPartial: r.IntN(3) == 0}
			was = append(was, w.request(q))
			q.Account = other
			is = append(is, w.request(q))
		}
		w.clock.Add(time.Second)
		for plan, want := range map[string][]*ledger.Decision{"long": was, "short": is} {
			changed += holdReplay(t, fmt.Sprintf("seed %d on %s", seed, plan), w.simulate(one, w.rulesOf(plan), from, w.clock.Now()), was, want)
		}
	}
	if changed == 0 {
		t.Error("both plans decide the same")
	}
}

// holdReplay holds a simulation of decisions to what another account was answered.
func holdReplay(t *testing.T, name string, s *engine.Simulation, was, want []*ledger.Decision) (changed int) {
	t.Helper()
	simulated := map[ledger.ID]*engine.SimulatedDecision{}
	for i := range s.Changed {
		simulated[s.Changed[i].Decision.ID] = &s.Changed[i]
	}
	var before, after, allowed, denied int64
	for i, d := range was {
		w := want[i]
		before, after = before+d.Charged, after+w.Charged
		switch dead, deadThen := d.Status == ledger.StatusDenied, w.Status == ledger.StatusDenied; {
		case dead && !deadThen:
			allowed++
		case deadThen && !dead:
			denied++
		}
		got := &engine.SimulatedDecision{Status: d.Status, Charged: d.Charged, Steps: d.Steps}
		if c := simulated[d.ID]; c != nil {
			got = c
			changed++
		}
		if got.Status != w.Status || got.Charged != w.Charged || takenFrom(got.Steps) != takenFrom(w.Steps) {
			t.Errorf("%s: decision %d: %s, %d, %s; the other account: %s, %d, %s", name, i, got.Status, got.Charged, takenFrom(got.Steps), w.Status, w.Charged, takenFrom(w.Steps))
		}
	}
	if s.Decisions != int64(len(was)) || s.NewlyAllowed != allowed || s.NewlyDenied != denied || s.CreditsBefore.Int64() != before || s.CreditsAfter.Int64() != after || changed != len(s.Changed) {
		t.Errorf("%s: %d decisions, %d newly allowed, %d denied, credits %d and %d; want %d, %d, %d, %d and %d", name, s.Decisions, s.NewlyAllowed, s.NewlyDenied,
			&s.CreditsBefore, &s.CreditsAfter, len(was), allowed, denied, before, after)
	}
	return changed
}

// takenFrom tells what was taken from which bucket.
func takenFrom(steps []ledger.Step) string {
	text := ""
	for _, s := range steps {
		if s.Taken != 0 {
			text += fmt.Sprint(s.Bucket, " ", s.Taken, " ")
		}
	}
	return text
}
