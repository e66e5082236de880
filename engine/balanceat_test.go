package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
)

// A balance that was answered once is the answer about that moment for ever.
func TestBalanceAtIsWhatBalanceAnsweredThen(t *testing.T) {
	w := newWorld(t)
	w.historyPlans()
	ctx := context.Background()
	for seed := range uint64(2) {
		h := newHistory(w, fmt.Sprint("past-", seed), 40+seed)
		type moment struct {
			clock time.Time
			engine.Balance
		}
		var moments []moment
		for range 90 {
			h.step()
			w.clock.Add(time.Second) // beyond what the batch counted ahead
			moments = append(moments, moment{w.clock.Now(), *w.balance(h.id)})
			w.clock.Add(time.Second)
		}
		w.clock.Add(100 * 24 * time.Hour)
		must(true, w.AdvanceAccount(ctx, h.id))
		held := 0
		for _, m := range moments {
			if got := must(w.BalancesAt(ctx, []string{h.id}, m.AsOf))[h.id]; *got != m.Balance {
				t.Errorf("seed %d, at %s: answered %+v, now %+v", seed, m.clock, m.Balance, *got)
			}
			if m.Held > 0 {
				held++
			}
		}
		if held == 0 {
			t.Errorf("seed %d: nothing was ever held", seed)
		}
	}
}

func TestBalanceAtTheEdges(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("edges", "paid")
	begin := waterfall.InstantOf(w.clock.Now())
	w.clock.Add(time.Hour)
	later := waterfall.InstantOf(w.clock.Now().Add(time.Hour))
	w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 2_000_000, EffectiveAt: &later})
	w.credits(a, 3_000_000)
	w.clock.Add(4 * time.Hour)
	for _, c := range []struct {
		name                string
		at                  waterfall.Instant
		available, sequence int64
	}{
		{"before anything", begin, 0, 0},
		{"before the account", begin - waterfall.Instant(time.Hour/time.Microsecond), 0, 0},
		{"the moment before it takes effect", later - 1, 3_000_000, 2},
		{"the moment it takes effect", later, 5_000_000, 2},
	} {
		if b := must(w.BalancesAt(ctx, []string{a}, c.at))[a]; b.Available != c.available || b.Sequence != c.sequence || b.AsOf != c.at {
			t.Errorf("%s: %+v", c.name, b)
		}
	}
	if found, err := w.BalancesAt(ctx, []string{"nobody"}, begin); err != nil || len(found) > 0 {
		t.Errorf("nobody: %v", err)
	}
}
