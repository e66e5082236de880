package engine_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// versions of a feature's price that stand: those that were not withdrawn.
func standing(f *ledger.Feature) (versions []int32) {
	for i := range f.Prices {
		if f.Prices[i].WithdrawnAt == 0 {
			versions = append(versions, f.Prices[i].Version)
		}
	}
	return versions
}

// charged is what a unit of chat costs an account on an engine, and by which
// version.
func charged(t *testing.T, e *engine.Engine, account, key string) (micros int64, version int32) {
	t.Helper()
	d := must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: key}))
	return d.Charged, d.PriceVersion
}

// TestSetPrice: the first column is what is sent; what stands already is left
// as it is, and everything else is a further version, whatever is set for later.
func TestSetPrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	later, last := waterfall.InstantOf(noon.Add(time.Hour)), waterfall.InstantOf(noon.Add(2*time.Hour))
	past := waterfall.InstantOf(noon.Add(-time.Second))
	set := func(micros int64, from *waterfall.Instant) func() (*ledger.Feature, error) {
		return func() (*ledger.Feature, error) { return w.SetPrice(ctx, "chat", micros, 1, from, byTest) }
	}
	withdraw := func(version int) func() (*ledger.Feature, error) {
		return func() (*ledger.Feature, error) { return w.WithdrawPrice(ctx, "chat", version, byTest) }
	}
	for _, c := range []struct {
		what     string
		do       func() (*ledger.Feature, error)
		versions int
		code     engine.Code
	}{
		{"what is in force", set(500_000, nil), 1, ""},
		{"a price to come", set(600_000, &later), 2, ""},
		{"the same again", set(600_000, &later), 2, ""},
		{"what is in force, before one to come", set(500_000, nil), 2, ""},
		{"another one now, before one to come", set(700_000, nil), 3, ""},
		{"that again", set(700_000, nil), 3, ""},
		{"the one to come, again", set(600_000, &later), 3, ""},
		{"one after that to come", set(800_000, &last), 4, ""},
		{"the earlier of two to come", set(600_000, &later), 4, ""},
		{"another one at its moment", set(650_000, &later), 5, ""},
		{"the one that it took the place of", set(600_000, &later), 6, ""},
		{"one in the past", set(1, &past), 6, engine.CodeBadInput},
		{"none of that version", withdraw(7), 6, engine.CodeNotFound},
		{"version 0", withdraw(0), 6, engine.CodeNotFound},
		{"the one in force, withdrawn", withdraw(3), 6, engine.CodeConflict},
		{"one that was in force, withdrawn", withdraw(1), 6, engine.CodeConflict},
		{"one to come, withdrawn", withdraw(4), 6, ""},
		{"withdrawn again", withdraw(4), 6, ""},
		{"the withdrawn one, sent again, is a new version", set(800_000, &last), 7, ""},
	} {
		f, err := c.do()
		if code(err) != c.code {
			t.Errorf("%s: %v", c.what, err)
		}
		if f == nil {
			f = w.Catalog().Features["chat"]
		}
		if len(f.Prices) != c.versions {
			t.Errorf("%s: %d versions, expected %d", c.what, len(f.Prices), c.versions)
		}
	}
	a := w.account("prices", "paid")
	w.credits(a, 100_000_000)
	for _, c := range []struct {
		at      time.Time
		micros  int64
		version int32
	}{
		{noon.Add(time.Minute), 700_000, 3}, {noon.Add(time.Hour - time.Microsecond), 700_000, 3}, {noon.Add(time.Hour + time.Second), 600_000, 6},
		{noon.Add(2*time.Hour + time.Second), 800_000, 7},
	} {
		w.clock.Set(c.at)
		if micros, version := charged(t, w.Engine, a, w.key()); micros != c.micros || version != c.version {
			t.Errorf("at %s: %d by version %d, expected %d by version %d", c.at.Format(time.TimeOnly), micros, version, c.micros, c.version)
		}
	}
	if _, err := w.WithdrawPrice(ctx, "chat", 7, byTest); code(err) != engine.CodeConflict {
		t.Errorf("one that has begun was withdrawn: %v", err)
	}
	if _, err := w.WithdrawPrice(ctx, "none", 1, byTest); code(err) != engine.CodeNotFound {
		t.Errorf("of no feature: %v", err)
	}
	if got := standing(w.Catalog().Features["chat"]); !slices.Equal(got, []int32{1, 2, 3, 5, 6, 7}) {
		t.Errorf("the versions %v stand", got)
	}
	w.verified()
}

// TestAWithdrawnPrice: however old the catalog of a process is, a withdrawal that was
// answered holds.
func TestAWithdrawnPrice(t *testing.T) {
	t.Parallel()
	at := waterfall.InstantOf(noon.Add(time.Hour))
	world := func(t *testing.T) (w *world, other *engine.Engine, account string) {
		t.Parallel()
		w = newWorld(t)
		w.account("withdrawn", "paid")
		account = w.prefix + "withdrawn"
		w.credits(account, 1_000_000_000)
		must(w.SetPrice(t.Context(), "chat", 900_000, 1, &at, byTest))
		return w, w.another(w.redis), account
	}
	t.Run("is charged by no process, from the moment at which it would have begun", func(t *testing.T) {
		w, other, account := world(t)
		w.clock.Set(noon.Add(time.Hour - time.Microsecond))
		must(w.WithdrawPrice(t.Context(), "chat", 2, byTest))
		w.clock.Set(noon.Add(time.Hour))
		for i, e := range []*engine.Engine{other, w.Engine} {
			if micros, version := charged(t, e, account, w.key()); micros != 500_000 || version != 1 {
				t.Errorf("process %d: %d by version %d", i, micros, version)
			}
		}
		p := must(other.Preview(t.Context(), engine.PreviewRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1}))
		if p.Charged != 500_000 {
			t.Errorf("the preview says %d", p.Charged)
		}
		w.verified()
	})
	t.Run("is charged for nothing beyond a hold either", func(t *testing.T) {
		w, other, account := world(t)
		d := w.hold(account, "chat", 1, 7200)
		must(w.WithdrawPrice(t.Context(), "chat", 2, byTest))
		w.clock.Set(noon.Add(time.Hour))
		settled := must(other.Settle(t.Context(), engine.SettleRequest{Account: account, Decision: d.ID, Quantity: 3, Key: w.key()}))
		if got := settled.FinalCharged(); got != 1_500_000 {
			t.Errorf("%d were charged", got)
		}
		w.verified()
	})
	t.Run("was not charged before: what somebody was charged cannot be withdrawn, whatever the clock says", func(t *testing.T) {
		w, other, account := world(t)
		w.clock.Set(noon.Add(time.Hour))
		if micros, version := charged(t, other, account, w.key()); micros != 900_000 || version != 2 {
			t.Errorf("%d by version %d", micros, version)
		}
		w.clock.Set(noon) // that of another process, which is slow
		if _, err := w.WithdrawPrice(t.Context(), "chat", 2, byTest); code(err) != engine.CodeConflict {
			t.Errorf("it was withdrawn: %v", err)
		}
		// And a price that is set at once counts, though by this clock it begins
		// before the other one.
		must(w.SetPrice(t.Context(), "chat", 100_000, 1, nil, byTest))
		w.clock.Set(noon.Add(2 * time.Hour))
		if micros, version := charged(t, w.Engine, account, w.key()); micros != 100_000 || version != 3 {
			t.Errorf("%d by version %d", micros, version)
		}
		w.verified()
	})
	t.Run("races with its beginning: either it stays and is charged, or it is charged by nobody", func(t *testing.T) {
		w, other, account := world(t)
		engines := []*engine.Engine{w.Engine, other, w.another(w.redis)}
		for round := range 8 {
			at := waterfall.InstantOf(w.clock.Now().Add(time.Hour))
			f := must(w.SetPrice(t.Context(), "chat", int64(1_000_000+round), 1, &at, byTest))
			version := int32(len(f.Prices))
			for _, e := range engines { // each has it scheduled, and none knows more
				for e.Catalog().Features["chat"].PriceOf(version).Version == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			w.clock.Set(at.Time().Add(-time.Nanosecond))
			var racing sync.WaitGroup
			var err error
			answers := make([]*ledger.Decision, len(engines))
			for i, e := range engines {
				racing.Go(func() {
					w.clock.Set(at.Time())
					answers[i] = must(e.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1,
						Key: fmt.Sprint("race ", round, " ", i)}))
				})
			}
			racing.Go(func() { _, err = engines[round%3].WithdrawPrice(context.Background(), "chat", int(version), byTest) })
			racing.Wait()
			if c := code(err); c != "" && c != engine.CodeConflict {
				t.Fatal(err)
			}
			for i, d := range answers {
				if withdrawn := err == nil; withdrawn == (d.PriceVersion == version) {
					t.Errorf("round %d, process %d: withdrawn %v, and charged by version %d", round, i, withdrawn, d.PriceVersion)
				}
			}
		}
		w.verified()
	})
}

// A version that is in the records and was withdrawn is found.
func TestAWithdrawnPriceInTheRecordsIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("forged", "paid")
	w.credits(a, 100_000_000)
	w.ask(a, "chat", 1)
	at := waterfall.InstantOf(noon.Add(time.Minute))
	must(w.SetPrice(t.Context(), "chat", 900_000, 1, &at, byTest))
	w.clock.Set(noon.Add(time.Hour))
	w.ask(a, "chat", 1)
	w.verified()
	ledgertest.Exec(t, w.url, `update price_outcomes set outcome = 2 where feature_key = 'chat' and version = 2`)
	found := false
	must(w.ledger.Verify(t.Context(), "", func(m ledger.Mismatch) { found = found || m.Check == "price.withdrawn" }))
	if !found {
		t.Error("a withdrawn price was charged, and verify says nothing")
	}
}

// TestABatchDecidesByOneCatalog: a price that has begun is read with the plans of
// its moment, also where they were published elsewhere.
func TestABatchDecidesByOneCatalog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another(w.redis)
	account := w.account("one-catalog", "paid")
	w.credits(account, 100_000_000)
	rules := []waterfall.Rules{{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}}}
	for version := int32(2); version < 12; version++ {
		begins := waterfall.InstantOf(w.clock.Now().Add(time.Minute))
		must(w.SetPrice(t.Context(), "chat", int64(version)*1000, 1, &begins, byTest))
		w.clock.Add(2 * time.Minute)
		must(other.PublishPlan(t.Context(), "paid", fmt.Sprint("Paid ", version), rules, byTest))
		if d := w.ask(account, "chat", 1); d.PlanVersion != version || d.Charged != int64(version)*1000 {
			t.Fatalf("decided by version %d of the plan for %d, in force is %d", d.PlanVersion, d.Charged, version)
		}
	}
}
