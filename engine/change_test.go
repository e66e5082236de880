package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// used is what the buckets of a user show as used, by key.
func (w *world) used(e *engine.Engine, account, user string) map[string]int64 {
	w.t.Helper()
	used := map[string]int64{}
	for _, s := range must(e.Buckets(context.Background(), engine.BucketQuery{Account: account, User: &user, Feature: "chat"})) {
		used[s.Bucket.Key] = s.View.Used
	}
	return used
}

// denied asks for more than there is and returns what each counter had left.
func (w *world) denied(e *engine.Engine, account, user string) map[string]int64 {
	w.t.Helper()
	d := must(e.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: user, Feature: "chat", Quantity: 10_000, Key: w.key()}))
	if d.Status != ledger.StatusDenied {
		w.t.Fatalf("%d were granted", d.Granted)
	}
	left := map[string]int64{}
	for _, s := range d.Steps {
		left[s.Bucket] = s.Available
	}
	return left
}

// TestCountersSurvivePlanChanges: yesterday ann took 4 from bucket a (her own)
// and 2 from b (pooled); today she took 4 and 1, bob 4 and 2. Then the plan
// changes, and the table says what counts under the new one.
func TestCountersSurvivePlanChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	limit := func(key string, scope waterfall.Scope, windows ...waterfall.Window) waterfall.Bucket {
		return waterfall.Bucket{Kind: waterfall.RateLimit, Key: key, Scope: scope, Windows: windows}
	}
	quota := func(key string, scope waterfall.Scope, n int64, p waterfall.Period) waterfall.Bucket {
		return waterfall.Bucket{Kind: waterfall.FreeTier, Key: key, Scope: scope, Quota: n, Period: p}
	}
	hours := func(n int64) waterfall.Window { return waterfall.Window{Limit: 100, Seconds: n * 3600} }
	const own, pooled = waterfall.PerUser, waterfall.PerAccount
	type used = map[string]int64
	before := []waterfall.Bucket{limit("a", own, waterfall.Window{Limit: 4, Seconds: 3600}), quota("b", pooled, 6, waterfall.Day)}
	for _, c := range []struct {
		name     string
		after    []waterfall.Bucket
		ann, bob used
	}{
		{"other limits", []waterfall.Bucket{limit("a", own, waterfall.Window{Limit: 2, Seconds: 3600}), quota("b", pooled, 7, waterfall.Day)},
			used{"a": 4, "b": 3}, used{"a": 4, "b": 3}},
		{"a longer window", []waterfall.Bucket{limit("a", own, hours(48)), quota("b", pooled, 6, waterfall.Day)},
			used{"a": 8, "b": 3}, used{"a": 4, "b": 3}},
		{"a further window", []waterfall.Bucket{limit("a", own, hours(1), hours(48)), quota("b", pooled, 6, waterfall.Day)},
			used{"a": 8, "b": 3}, used{"a": 4, "b": 3}},
		{"a shorter window", []waterfall.Bucket{limit("a", own, waterfall.Window{Limit: 9, Seconds: 5}), quota("b", pooled, 6, waterfall.Day)},
			used{"a": 0, "b": 3}, used{"a": 0, "b": 3}},
		{"a week instead of a day", []waterfall.Bucket{limit("a", own, hours(1)), quota("b", pooled, 6, waterfall.Week)},
			used{"a": 4, "b": 5}, used{"a": 4, "b": 5}},
		{"a limit becomes a quota", []waterfall.Bucket{quota("a", own, 9, waterfall.Day), quota("b", pooled, 6, waterfall.Day)},
			used{"a": 4, "b": 3}, used{"a": 4, "b": 3}},
		{"a quota becomes a limit", []waterfall.Bucket{limit("a", own, hours(1)), limit("b", pooled, hours(48))},
			used{"a": 4, "b": 5}, used{"a": 4, "b": 5}},
		{"both change kind and place", []waterfall.Bucket{limit("b", pooled, hours(1)), quota("a", own, 9, waterfall.Month)},
			used{"a": 8, "b": 3}, used{"a": 4, "b": 3}},
		{"another scope is another counter", []waterfall.Bucket{limit("a", pooled, hours(1)), quota("b", own, 6, waterfall.Day)},
			used{"a": 0, "b": 0}, used{"a": 0, "b": 0}},
		{"another key is another counter", []waterfall.Bucket{limit("c", own, hours(1)), quota("a", own, 6, waterfall.Day)},
			used{"a": 4, "c": 0}, used{"a": 4, "c": 0}},
		{"no counter is left", []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}, used{"credits": 0}, used{"credits": 0}},
	} {
		for _, way := range []string{"published", "assigned"} {
			key := w.key()
			w.clock.Set(noon.Add(-24 * time.Hour))
			w.plan(key, waterfall.Rules{Feature: "chat", Buckets: before})
			a := w.account(key, key)
			ask := func(user string, n int64) {
				if d := w.request(engine.AuthorizeRequest{Account: a, User: user, Feature: "chat", Quantity: n}); d.Granted != n {
					t.Fatalf("%s got %d", user, d.Granted)
				}
			}
			ask("ann", 6)
			w.clock.Set(noon)
			ask("ann", 5)
			ask("bob", 6)
			w.clock.Add(10 * time.Second)
			change := func(rules []waterfall.Bucket, to string) {
				if way == "published" {
					w.plan(key, waterfall.Rules{Feature: "chat", Buckets: rules})
					return
				}
				w.plan(to, waterfall.Rules{Feature: "chat", Buckets: rules})
				must(w.AssignPlan(context.Background(), a, to, byTest))
			}
			expect := func(when string, e *engine.Engine, rules []waterfall.Bucket, want map[string]used) {
				t.Helper()
				for user, want := range want {
					left := w.denied(e, a, user)
					for i, of := range []map[string]int64{w.used(w.Engine, a, user), left} {
						for _, b := range rules {
							expected := want[b.Key]
							if i == 1 && b.Kind.Counted() {
								most := b.Quota
								for _, window := range b.Windows {
									most = window.Limit
								}
								expected = max(0, most-expected)
							}
							if of[b.Key] != expected {
								t.Errorf("%s, %s, %s: %s has %d in bucket %s, want %d (look %d)", c.name, way, when, user, of[b.Key], b.Key, expected, i)
							}
						}
					}
				}
			}
			change(c.after, key+"-after")
			expect("after", w.Engine, c.after, map[string]used{"ann": c.ann, "bob": c.bob})
			// And back: what belongs to the old counters is still there.
			change(before, key+"-back")
			expect("back", w.Engine, before, map[string]used{"ann": {"a": 4, "b": 3}, "bob": {"a": 4, "b": 3}})
		}
	}
}

// TestAChangeIsInForceElsewhereWithinASecond: plans, prices and features that
// one process changes are in force in another.
func TestAChangeIsInForceElsewhereWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	other := w.another(w.redis)
	a := w.account("elsewhere", "paid")
	w.credits(a, 100_000_000)
	within := func(what string, so func() bool) {
		t.Helper()
		for begun := time.Now(); !so(); time.Sleep(10 * time.Millisecond) {
			if time.Since(begun) > time.Second {
				t.Fatalf("%s: not in force after a second", what)
			}
		}
	}
	ask := func() *ledger.Decision {
		return must(other.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
	}
	ask()
	must(w.SetPrice(ctx, "chat", 700_000, 1, nil, byTest))
	within("a price", func() bool { d := ask(); return d.Charged == 700_000 && d.PriceVersion == 2 })
	w.plan("paid", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.FreeTier, Key: "free", Quota: 1000, Period: waterfall.Day}}})
	within("a plan", func() bool { d := ask(); return d.Charged == 0 && d.PlanVersion == 2 })
	w.feature("new", true)
	within("a feature", func() bool {
		_, err := other.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "new", Quantity: 1, Key: w.key()})
		return err == nil
	})
	must(w.UpsertFeature(ctx, ledger.Feature{Key: "chat", Name: "chat", Unit: "unit", Divisible: false}, byTest))
	within("indivisibility", func() bool { return ask().Indivisible })
	// What is kept with the account is in force at once.
	w.plan("fresh", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.FreeTier, Key: "free", Quota: 7, Period: waterfall.Day}}})
	must(w.AssignPlan(ctx, a, "fresh", byTest))
	if d := ask(); d.PlanKey != "fresh" {
		t.Errorf("decided by %s, a plan that was assigned elsewhere", d.PlanKey)
	}
	must(w.SetAccountStatus(ctx, a, ledger.Suspended, byTest))
	if d := ask(); d.Reason != waterfall.AccountSuspended {
		t.Errorf("%s although it was suspended elsewhere", d.Reason)
	}
}

// TestAPriceIsKnownBeforeItIsInForce: what one process drew at a new price,
// another gives back at that price, before it has the new catalog.
func TestAPriceIsKnownBeforeItIsInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	other := w.another(w.redis)
	a := w.account("repriced", "paid")
	w.credits(a, 100_000_000)
	for _, c := range []struct {
		name string
		undo func(held, paid ledger.ID) (*ledger.Decision, error)
		back int64 // units of the two
	}{
		{"a refund", func(_, paid ledger.ID) (*ledger.Decision, error) {
			return other.Refund(ctx, engine.RefundRequest{Account: a, Decision: paid, Key: w.key(), Change: byTest})
		}, 2},
		{"a release", func(held, _ ledger.ID) (*ledger.Decision, error) {
			return other.Release(ctx, engine.ReleaseRequest{Account: a, Decision: held, Key: w.key()})
		}, 2},
		{"a settlement", func(held, _ ledger.ID) (*ledger.Decision, error) {
			return other.Settle(ctx, engine.SettleRequest{Account: a, Decision: held, Quantity: 1, Key: w.key()})
		}, 1},
	} {
		for price, tried := int64(1), 0; tried < 3; price++ {
			f := must(w.SetPrice(ctx, "chat", price*100_001, 1, nil, byTest))
			version := f.Prices[len(f.Prices)-1]
			paid, held := w.ask(a, "chat", 2), w.hold(a, "chat", 2, 60)
			if other.Catalog().Features["chat"].PriceOf(version.Version).Version == 0 {
				tried++ // it has not heard of the price yet
			}
			before := w.balance(a).Available
			must(c.undo(held.ID, paid.ID))
			if got := w.balance(a).Available - before; got != c.back*version.Micros {
				t.Fatalf("%s at a price of %d gave %d back", c.name, version.Micros, got)
			}
		}
	}
	w.verified()
}

// TestASpendCapCountsWhatWasSpentBefore: of the period, held and refunded
// credits as the rules say.
func TestASpendCapCountsWhatWasSpentBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("capped", "paid")
	w.credits(a, 1_000_000_000)
	w.ask(a, "chat", 6) // 3.0, on Wednesday
	w.clock.Set(noon.Add(-20 * 24 * time.Hour))
	if d := w.ask(a, "chat", 100); d.At.Time().Before(noon) { // 50.0; the clock fell back, and it counts on Wednesday
		t.Fatalf("decided at %s", d.At.Time())
	}
	friday := noon.Add(48 * time.Hour)
	w.clock.Set(friday)
	refunded := w.ask(a, "chat", 8) // 4.0
	n := int64(2)
	must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: refunded.ID, Quantity: &n, Key: w.key(), Change: byTest})) // -1.0
	w.hold(a, "chat", 4, 600)                                                                                                // 2.0 held
	released := w.hold(a, "chat", 30, 600)
	must(w.Release(ctx, engine.ReleaseRequest{Account: a, Decision: released.ID, Key: w.key()}))
	settled := w.hold(a, "chat", 10, 600)
	w.settle(settled, 1) // 0.5
	for _, c := range []struct {
		period waterfall.Period
		spent  int64
	}{{waterfall.Day, 5_500_000}, {waterfall.Week, 58_500_000}, {waterfall.Month, 58_500_000}} { // 4 − 1 + 2 + 0.5, and 53
		must(w.SetSpendCap(ctx, a, &ledger.Cap{Limit: c.spent + 500_000, Period: c.period}, byTest))
		for name, e := range map[string]*engine.Engine{"here": w.Engine, "elsewhere": w.another(w.redis), "without Redis": w.with(away{}, engine.Options{})} {
			if s := must(e.SpendCaps(ctx, []string{a}))[a]; s == nil || s.Spent != c.spent {
				t.Errorf("period %d, %s: %+v, want %d spent", c.period, name, s, c.spent)
			}
			p := must(e.Preview(ctx, engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 2}))
			if p.Reason != waterfall.SpendCapReached || p.MaxQuantity != 1 {
				t.Errorf("period %d, %s: 2 are %s, at most %d", c.period, name, p.Reason, p.MaxQuantity)
			}
		}
		if d := w.ask(a, "chat", 2); d.Reason != waterfall.SpendCapReached {
			t.Errorf("period %d: %s", c.period, d.Reason)
		}
		must(w.SetSpendCap(ctx, a, nil, byTest))
	}
	must(w.SetSpendCap(ctx, a, &ledger.Cap{Limit: 6_000_000, Period: waterfall.Day}, byTest))
	if d := w.ask(a, "chat", 1); d.Status != ledger.StatusAllowed {
		t.Errorf("%s", d.Reason)
	}
	w.verified()
	if d := w.ask(a, "chat", 1); d.Reason != waterfall.SpendCapReached || d.RetryAt != friday.Add(12*time.Hour).Unix() {
		t.Errorf("%s, again at %s", d.Reason, time.Unix(d.RetryAt, 0).UTC())
	}
}

// TestCeilingsCountAllUsers: what was granted to anybody, whatever paid, counts,
// and a refund does not make room.
func TestCeilingsCountAllUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan("ceiled", waterfall.Rules{Feature: "chat", Ceilings: []waterfall.Window{{Limit: 10, Seconds: 60}}, Buckets: []waterfall.Bucket{
		{Kind: waterfall.RateLimit, Key: "minute", Windows: []waterfall.Window{{Limit: 3, Seconds: 60}}}, {Kind: waterfall.Credit, Key: "credits"}}})
	engines := []*engine.Engine{w.Engine, w.another(w.redis), w.with(away{}, engine.Options{})}
	a := w.account("ceiled", "ceiled")
	w.credits(a, 100_000_000)
	ctx := context.Background()
	var last *ledger.Decision
	for i, c := range []struct {
		user    string
		n, want int64
	}{{"ann", 5, 5}, {"bob", 6, 0}, {"bob", 4, 4}, {"cy", 2, 0}, {"cy", 1, 1}, {"dan", 1, 0}} {
		w.clock.Add(time.Second)
		d := must(engines[i%3].Authorize(ctx, engine.AuthorizeRequest{Account: a, User: c.user, Feature: "chat", Quantity: c.n, Key: w.key()}))
		if d.Granted != c.want || (c.want == 0) != (d.Reason == waterfall.CeilingReached) {
			t.Errorf("%d: %s got %d: %s", i, c.user, d.Granted, d.Reason)
		}
		if c.want > 0 {
			last = d
		}
	}
	must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: last.ID, Key: w.key(), Change: byTest}))
	for _, e := range engines {
		d := must(e.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: "eve", Feature: "chat", Quantity: 1, Key: w.key()}))
		if d.Reason != waterfall.CeilingReached || d.RetryAt != noon.Unix()+61 {
			t.Errorf("after a refund: %s, again at %d", d.Reason, d.RetryAt-noon.Unix())
		}
	}
	w.clock.Set(noon.Add(61 * time.Second))
	if d := w.ask(a, "chat", 5); d.Granted != 5 {
		t.Errorf("when the first second is out of the window: %s", d.Reason)
	}
}

// TestWindowsComeBackOnlyWhileTheirSecondCounts: a refund or a settlement gives
// units back in the second in which they were taken.
func TestWindowsComeBackOnlyWhileTheirSecondCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	for name, undo := range map[string]func(d *ledger.Decision){
		"refund": func(d *ledger.Decision) {
			must(w.Refund(ctx, engine.RefundRequest{Account: d.Account, Decision: d.ID, Key: w.key(), Change: byTest}))
		},
		"settle with none": func(d *ledger.Decision) { w.settle(d, 0) },
		"release": func(d *ledger.Decision) {
			must(w.Release(ctx, engine.ReleaseRequest{Account: d.Account, Decision: d.ID, Key: w.key()}))
		},
	} {
		// 3 are taken at noon and undone later, 2 are taken 10 seconds after noon.
		for after, room := range map[time.Duration]int64{30 * time.Second: 3, 59 * time.Second: 3, 60 * time.Second: 3, 70 * time.Second: 5} {
			w.clock.Set(noon)
			a := w.account(w.key(), "plus")
			seconds := int64(600)
			if name == "refund" {
				seconds = 0
			}
			d := w.hold(a, "chat", 3, seconds)
			w.clock.Set(noon.Add(10 * time.Second))
			w.ask(a, "chat", 2)
			w.clock.Set(noon.Add(after))
			undo(d)
			for where, e := range map[string]*engine.Engine{"here": w.Engine, "elsewhere": w.with(away{}, engine.Options{})} {
				p := must(e.Preview(ctx, engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1}))
				if p.Steps[0].Available != room {
					t.Errorf("%s after %v, %s: room for %d, want %d", name, after, where, p.Steps[0].Available, room)
				}
			}
			if d := w.request(engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 9, AllowPartial: true}); d.Steps[0].Available != room {
				t.Errorf("%s after %v: %d were there to take, want %d", name, after, d.Steps[0].Available, room)
			}
		}
	}
}

// TestTimeNeverRunsBackwards: the clock of a process, or of another one, may
// jump back; decisions of an account go on ascending, and no window opens.
func TestTimeNeverRunsBackwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engines := []*engine.Engine{w.Engine, w.another(w.redis), w.with(away{}, engine.Options{Workers: 1})}
	a := w.account("clock", "plus")
	ctx := context.Background()
	var last *ledger.Decision
	var taken int64
	for i, jump := range []time.Duration{0, -time.Hour, time.Microsecond, -24 * time.Hour, 0, -365 * 24 * time.Hour, time.Second} {
		w.clock.Set(noon.Add(jump))
		d := must(engines[i%3].Authorize(ctx, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 2, AllowPartial: true, Key: w.key()}))
		if last != nil && (d.At <= last.At || d.ID.String() <= last.ID.String()) {
			t.Errorf("jump %d: decided at %d after %d, id %s after %s", i, d.At, last.At, d.ID, last.ID)
		}
		taken += d.Granted
		last = d
	}
	if taken != 8 { // 5 of the window and 3 of the quota
		t.Errorf("%d were granted", taken)
	}
	if p := must(engines[0].Preview(ctx, engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1})); p.AsOf <= last.At || p.Steps[0].Available != 0 {
		t.Errorf("a preview as of %d after %d has room for %d", p.AsOf, last.At, p.Steps[0].Available)
	}
}
