package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// rulesOf are the rules of a plan in force, as a client would send them.
func (w *world) rulesOf(plan string) []waterfall.Rules {
	return append([]waterfall.Rules(nil), w.Catalog().Newest(plan).Features...)
}

func (w *world) simulate(account string, rules []waterfall.Rules, from, to time.Time) *engine.Simulation {
	w.t.Helper()
	s, err := w.SimulatePlan(context.Background(), account, rules, waterfall.InstantOf(from), waterfall.InstantOf(to))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// The same plan decides the same, whatever happened: holds, refunds, grants
// that come and go, caps; from the beginning, and from the middle.
func TestTheSamePlanSimulatesTheSame(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	for seed := range uint64(3) {
		h := newHistory(w, fmt.Sprint("same-", seed), 80+seed)
		h.onePlan = true
		begin := w.clock.Now()
		h.steps(70)
		w.clock.Add(time.Second)
		middle := w.clock.Now()
		h.steps(70)
		end := w.clock.Now().Add(time.Hour)
		if end.Sub(begin) > 89*24*time.Hour {
			begin = end.Add(-89 * 24 * time.Hour)
		}
		before := must(w.ledger.Account(context.Background(), h.id))
		for _, from := range []time.Time{begin, middle} {
			s := w.simulate(h.id, w.rulesOf("long"), from, end)
			if len(s.Changed) > 0 || s.NewlyAllowed+s.NewlyDenied != 0 || s.CreditsBefore.Cmp(&s.CreditsAfter) != 0 || s.Decisions == 0 {
				t.Errorf("seed %d from %s: %d decisions, credits %d and %d", seed, from, s.Decisions, &s.CreditsBefore, &s.CreditsAfter)
			}
			for _, c := range s.Changed[:min(3, len(s.Changed))] {
				t.Errorf("  %s at %s: %s granted %d charged %d %v, simulated %s charged %d %v", c.Decision.ID, c.Decision.At.Time(), c.Decision.Now(),
					c.Decision.FinalGranted(), c.Decision.FinalCharged(), c.Decision.Steps, c.Status, c.Charged, c.Steps)
			}
		}
		if after := must(w.ledger.Account(context.Background(), h.id)); *before != *after && before.Version != after.Version {
			t.Error("the simulation touched the account")
		}
		if found := w.mismatches(h.id); len(found) > 0 {
			t.Errorf("afterwards: %+v", found)
		}
	}
}

func TestSimulationOfOtherPlans(t *testing.T) {
	w := newWorld(t)
	a := w.account("what-if", "plus")
	w.credits(a, 2_000_000)
	from := w.clock.Now()
	first := w.ask(a, "chat", 5) // the window
	w.clock.Add(time.Second)
	second := w.ask(a, "chat", 5) // 3 of the quota, 2 in credits: 1.00
	w.clock.Add(time.Second)
	third := w.ask(a, "chat", 4) // 2 more credits are not enough: denied
	w.clock.Add(time.Second)
	held := w.hold(a, "video", 6, 60) // the window
	w.clock.Add(time.Second)
	w.settle(held, 2)
	w.clock.Add(time.Second)
	to := w.clock.Now()
	if third.Status != ledger.StatusDenied {
		t.Fatalf("%s", third.Status)
	}
	window := func(limit int64) []waterfall.Rules {
		rules := w.rulesOf("plus")
		rules[0].Buckets = append([]waterfall.Bucket(nil), rules[0].Buckets...)
		rules[0].Buckets[0].Windows = []waterfall.Window{{Limit: limit, Seconds: 60}}
		return rules
	}
	type want struct {
		decisions, allowed, denied, before, after int64
		changed                                   []ledger.ID
	}
	for _, c := range []struct {
		name  string
		rules []waterfall.Rules
		want
	}{
		{"the same", w.rulesOf("plus"), want{4, 0, 0, 1_000_000, 1_000_000, nil}},
		{"a larger window", window(20), want{4, 1, 0, 1_000_000, 0, []ledger.ID{second.ID, third.ID}}},
		{"a smaller window", window(1), want{4, 0, 1, 1_000_000, 500_000, []ledger.ID{first.ID, second.ID}}},
		{"nothing but credits for one feature", []waterfall.Rules{{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}}},
			want{4, 1, 3, 1_000_000, 2_000_000, []ledger.ID{first.ID, second.ID, third.ID, held.ID}}},
	} {
		s := w.simulate(a, c.rules, from, to)
		got := want{s.Decisions, s.NewlyAllowed, s.NewlyDenied, s.CreditsBefore.Int64(), s.CreditsAfter.Int64(), nil}
		for _, d := range s.Changed {
			got.changed = append(got.changed, d.Decision.ID)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
			for _, d := range s.Changed {
				t.Logf("  %d of %s: %s %d %v", d.Decision.Requested, d.Decision.Feature, d.Status, d.Charged, d.Steps)
			}
		}
	}
	// What came before the time counts, as it was.
	if s := w.simulate(a, window(20), waterfall.Instant(third.At).Time(), to); s.Decisions != 2 || s.NewlyAllowed != 1 || s.CreditsBefore.Sign() != 0 {
		t.Errorf("from the third on: %+v", s)
	}
}

func TestSimulationRefusesWhatItCannotDo(t *testing.T) {
	w := newWorld(t)
	a := w.account("limits", "plus")
	now := waterfall.InstantOf(w.clock.Now())
	day := waterfall.Instant(24 * time.Hour / time.Microsecond)
	for _, c := range []struct {
		account  string
		from, to waterfall.Instant
		code     engine.Code
	}{
		{a, now - 90*day, now, ""}, {a, now - 90*day - 1, now, engine.CodeBadInput}, {a, now, now, engine.CodeBadInput},
		{"nobody", now - day, now, engine.CodeNotFound}, {"no body", now - day, now, engine.CodeNotFound},
	} {
		if _, err := w.SimulatePlan(context.Background(), c.account, w.rulesOf("plus"), c.from, c.to); code(err) != c.code {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
