package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// watched is a world with two processes that watch it.
type watched struct {
	*world
	second *engine.Engine
	rules  engine.AnomalyRules
	id     string
	mend   func()
}

func newWatched(t *testing.T, plan string) *watched {
	t.Helper()
	w := &watched{world: newWorld(t), rules: engine.DefaultAnomalyRules()}
	w.second = w.another(w.redis)
	w.rules.Every = 0
	w.rules.SpikeSpend, w.rules.SpikeDenials, w.rules.Conflicts = 20_000_000, 5, 3
	w.id = w.account("watched", plan)
	w.credits(w.id, 10_000_000_000)
	return w
}

// look runs passes of both processes, a second apart, and returns all
// anomalies, the newest first.
func (w *watched) look() []ledger.Anomaly {
	w.t.Helper()
	for _, e := range []*engine.Engine{w.Engine, w.second, w.Engine} {
		w.clock.Add(time.Second)
		if err := e.WatchAnomalies(context.Background(), w.rules); err != nil {
			w.t.Fatal(err)
		}
	}
	all, more, err := w.ledger.Anomalies(context.Background(), nil, ledger.Page{First: 100})
	if err != nil || more {
		w.t.Fatalf("more %v: %v", more, err)
	}
	return all
}

// week lets eight days pass with something asked for on each, at noon and at
// six.
func (w *watched) week(ask func()) {
	w.t.Helper()
	for range 8 {
		ask()
		w.clock.Add(6 * time.Hour)
		ask()
		w.clock.Add(18 * time.Hour)
	}
}

func (w *watched) spend(units int64) {
	w.t.Helper()
	if d := w.ask(w.id, "chat", units); d.Charged != units*500_000 {
		w.t.Fatalf("charged %d", d.Charged)
	}
}

func (w *watched) deny(times int) {
	w.t.Helper()
	for range times {
		if d := w.ask(w.id, "video", 1); d.Status != ledger.StatusDenied {
			w.t.Fatal(d.Status)
		}
	}
}

// conflict uses a key again for something else.
func (w *watched) conflict(e *engine.Engine, times int) {
	w.t.Helper()
	r := engine.AuthorizeRequest{Account: w.id, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}
	w.request(r)
	for range times {
		r.Quantity++
		if _, err := e.Authorize(context.Background(), r); code(err) != engine.CodeIdempotencyConflict {
			w.t.Fatal(err)
		}
	}
}

func (w *watched) tamper(by int) {
	w.t.Helper()
	if n := ledgertest.Exec(w.t, w.url, `update balance_updates set created_at = created_at + make_interval(secs => $2) where sequence = 1 and account_id = $1`, w.id, by); n != 1 {
		w.t.Fatalf("%d rows changed", n)
	}
}

func (w *watched) reconcile(account string) {
	w.t.Helper()
	w.clock.Add(time.Second)
	must(w.Reconcile(context.Background(), account))
}

// drift changes a counter in Redis behind everybody's back, and back again.
func (w *watched) drift() (mend func()) {
	w.t.Helper()
	redis, key := w.redis.Client(), "spillway:{"+w.id+"}"
	set := func(name, value string) {
		if err := redis.HSet(context.Background(), key, name, value).Err(); err != nil {
			w.t.Fatal(err)
		}
	}
	for name, value := range redis.HGetAll(context.Background(), key).Val() {
		if strings.Contains(name, "daily") {
			set(name, value[:len(value)-1]+"\x7e")
			return func() { set(name, value) }
		}
	}
	w.t.Fatal("the counter is not there")
	return nil
}

// anomalyCase is a kind of anomaly: what comes before it, what brings it about,
// and what ends it.
type anomalyCase struct {
	kind               ledger.AnomalyKind
	plan               string
	before, cause, end func(*watched)
	observed, expected float64
	feature, message   string
}

var anomalyCases = []anomalyCase{
	{kind: ledger.SpendSpike, plan: "paid",
		before:   func(w *watched) { w.week(func() { w.spend(20) }) },
		cause:    func(w *watched) { w.spend(30); w.clock.Add(5 * time.Minute); w.spend(30) },
		end:      func(w *watched) { w.clock.Add(6 * time.Minute); w.spend(1); w.clock.Add(5 * time.Minute) },
		observed: 30, expected: 10, feature: "chat",
		message: "Account A spent 30 credits in ten minutes, mostly for chat; the busiest ten minutes of its usual day cost 10."},
	{kind: ledger.DenialSpike, plan: "paid",
		before:   func(w *watched) { w.week(func() { w.deny(2) }) },
		cause:    func(w *watched) { w.deny(3); w.clock.Add(time.Minute); w.deny(4) },
		end:      func(w *watched) { w.clock.Add(10 * time.Minute) },
		observed: 7, expected: 2, feature: "video",
		message: "Account A was denied 7 requests in ten minutes, mostly for video; the worst ten minutes of its usual day have 2."},
	{kind: ledger.UsageStopped, plan: "paid",
		before:   func(w *watched) { w.week(func() { w.spend(1) }); w.clock.Add(-18 * time.Hour) },
		cause:    func(w *watched) { w.clock.Add(26 * time.Hour); w.look(); w.clock.Add(16 * time.Hour) },
		end:      func(w *watched) { w.deny(1); w.look(); w.week(func() { w.spend(1) }); w.clock.Add(-18 * time.Hour) },
		observed: 42, expected: 18,
		message: "Account A was in use on each of seven days and has asked for nothing for 42 hours; its longest pause in those days was 18 hours."},
	{kind: ledger.KeyConflicts, plan: "paid",
		before:   func(*watched) {},
		cause:    func(w *watched) { w.conflict(w.Engine, 2); w.conflict(w.second, 1) },
		end:      func(w *watched) { w.clock.Add(11 * time.Minute) },
		observed: 3, message: "Account A sent 3 requests in ten minutes with idempotency keys that belong to other requests."},
	{kind: ledger.LedgerMismatch, plan: "paid",
		before:   func(w *watched) { w.spend(1) },
		cause:    func(w *watched) { w.tamper(1); w.reconcile("") },
		end:      func(w *watched) { w.tamper(-1); w.reconcile(w.id) },
		observed: 2, message: "The ledger of account A does not add up in 2 places; the reconciliation of 2026-03-11 12:00 UTC names them."},
	{kind: ledger.CounterDrift, plan: "plus",
		before:   func(w *watched) { w.ask(w.id, "chat", 7) },
		cause:    func(w *watched) { w.mend = w.drift(); w.reconcile(w.id) },
		end:      func(w *watched) { w.mend(); w.reconcile(w.id) },
		observed: 1, message: "Account A has 1 counter that did not equal its usage events; the reconciliation of 2026-03-11 12:00 UTC names them."},
	{kind: ledger.StaleHolds, plan: "paid",
		before: func(*watched) {},
		cause: func(w *watched) {
			w.hold(w.id, "chat", 1, 60)
			w.hold(w.id, "chat", 2, 90)
			w.clock.Add(3 * time.Minute)
		},
		end:      func(w *watched) { w.sweep() },
		observed: 2, message: "Account A has 2 holds that should have ended, the oldest 2 minutes ago."},
}

func (w *watched) sweep() {
	w.t.Helper()
	if done, _, err := w.Sweep(context.Background()); done == 0 || err != nil {
		w.t.Fatalf("swept %d: %v", done, err)
	}
}

func TestAnAnomalyOfEachKindComesAndGoes(t *testing.T) {
	if len(anomalyCases) != len(ledger.AnomalyKinds()) {
		t.Fatal("a kind has no case")
	}
	for _, c := range anomalyCases {
		t.Run(c.kind.String(), func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, c.plan)
			c.before(w)
			if all := w.look(); len(all) != 0 {
				t.Fatalf("before: %+v", all)
			}
			c.cause(w)
			all := w.look()
			if len(all) != 1 {
				t.Fatalf("raised: %+v", all)
			}
			first := all[0]
			if want := strings.ReplaceAll(c.message, "account A", "account "+w.id); first.Message != strings.ReplaceAll(want, "Account A", "Account "+w.id) {
				t.Errorf("message %q", first.Message)
			}
			if first.Kind != c.kind || first.Account != w.id || first.Feature != c.feature || first.Observed != c.observed ||
				first.Expected != c.expected || first.ResolvedAt != 0 || first.OpenedAt == 0 || first.ID.IsZero() {
				t.Errorf("raised: %+v", first)
			}
			c.end(w)
			all = w.look()
			if len(all) != 1 || all[0].ResolvedAt <= first.OpenedAt || all[0].ID != first.ID || all[0].Change <= first.Change {
				t.Fatalf("resolved: %+v", all)
			}
			w.clock.Add(time.Minute)
			c.cause(w)
			all = w.look()
			if len(all) != 2 || all[0].Kind != c.kind || all[0].ResolvedAt != 0 || all[0].Change <= all[1].Change || all[1].ID != first.ID {
				t.Fatalf("raised again: %+v", all)
			}
			w.counts(c.kind, 1, 2)
		})
	}
}

// counts checks the numbers for metrics: open as both processes see it, raised
// by both together.
func (w *watched) counts(kind ledger.AnomalyKind, open, raised int64) {
	w.t.Helper()
	one, two := w.AnomalyCounts(), w.second.AnomalyCounts()
	if one.Open[kind] != open || two.Open[kind] != open || one.Raised[kind]+two.Raised[kind] != raised {
		w.t.Errorf("%s counted as %+v and %+v", kind, one, two)
	}
}

func TestWhatIsUsualIsNoAnomaly(t *testing.T) {
	for _, c := range []struct {
		name string
		use  func(*watched)
	}{
		{"as much as on every day", func(w *watched) { w.week(func() { w.spend(80); w.deny(9) }); w.spend(80); w.deny(9) }},
		{"less than thrice the usual", func(w *watched) { w.week(func() { w.spend(20) }); w.spend(58) }},
		{"many times next to nothing", func(w *watched) { w.week(func() { w.spend(1); w.deny(1) }); w.spend(39); w.deny(4) }},
		{"spread over half an hour", func(w *watched) {
			w.week(func() { w.spend(20) })
			for range 3 {
				w.spend(50)
				w.clock.Add(11 * time.Minute)
			}
		}},
		{"a pause as long as every night's", func(w *watched) { w.week(func() { w.spend(1) }); w.look() }},
		{"silence after six days", func(w *watched) {
			for range 6 {
				w.spend(1)
				w.clock.Add(24 * time.Hour)
			}
			w.clock.Add(100 * time.Hour)
		}},
		{"silence of a suspended account", func(w *watched) {
			w.week(func() { w.spend(1) })
			must(w.SetAccountStatus(context.Background(), w.id, ledger.Suspended, byTest))
			w.look()
			w.clock.Add(100 * time.Hour)
		}},
		{"a hold that has just ended", func(w *watched) { w.hold(w.id, "chat", 1, 60); w.clock.Add(110 * time.Second) }},
		{"one conflict too few", func(w *watched) { w.conflict(w.Engine, 2) }},
		{"conflicts far apart", func(w *watched) {
			w.conflict(w.Engine, 2)
			w.look()
			w.clock.Add(12 * time.Minute)
			w.conflict(w.Engine, 2)
		}},
		{"a hold is no spending", func(w *watched) { w.hold(w.id, "chat", 200, 600) }},
		{"a clean reconciliation", func(w *watched) { w.spend(1); w.reconcile(w.id); w.reconcile("") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWatched(t, "paid")
			c.use(w)
			if all := w.look(); len(all) != 0 {
				t.Errorf("%+v", all)
			}
		})
	}
}

// An account that is silent on purpose is none of the admin's worries, and its
// silence is no news when it is active again.
func TestUsageThatStoppedIsOverWhenTheAccountIsSuspended(t *testing.T) {
	w := newWatched(t, "paid")
	w.week(func() { w.spend(1) })
	w.look()
	w.clock.Add(10 * time.Hour)
	if all := w.look(); len(all) != 1 || all[0].Kind != ledger.UsageStopped {
		t.Fatalf("%+v", all)
	}
	must(w.SetAccountStatus(context.Background(), w.id, ledger.Suspended, byTest))
	if all := w.look(); all[0].ResolvedAt == 0 {
		t.Fatalf("suspended: %+v", all)
	}
	must(w.SetAccountStatus(context.Background(), w.id, ledger.Active, byTest))
	w.clock.Add(time.Hour)
	if all := w.look(); len(all) != 1 || all[0].ResolvedAt == 0 {
		t.Errorf("active again: %+v", all)
	}
}

// A spike of some days becomes what is usual, and a watch that was away for
// long catches up before it says what is a spike.
func TestAWatchThatWasAwayCatchesUp(t *testing.T) {
	w := newWatched(t, "paid")
	w.week(func() { w.spend(20) })
	w.week(func() { w.spend(100) })
	w.spend(100)
	if all := w.look(); len(all) != 0 {
		t.Fatalf("the usual: %+v", all)
	}
	w.clock.Add(30 * 24 * time.Hour)
	w.look()
	w.spend(100)
	if all := w.look(); len(all) != 1 || all[0].Expected != 0 || all[0].Observed != 50 {
		t.Errorf("after a month: %+v", all)
	}
}

func TestCountersThatWereCountedAnewDriftNoMore(t *testing.T) {
	w := newWatched(t, "plus")
	w.ask(w.id, "chat", 7)
	mend := w.drift()
	w.reconcile(w.id)
	if all := w.look(); len(all) != 1 || all[0].Kind != ledger.CounterDrift || all[0].ResolvedAt != 0 {
		t.Fatalf("%+v", all)
	}
	mend()
	if all := w.look(); len(all) != 1 || all[0].ResolvedAt == 0 {
		t.Errorf("%+v", all)
	}
}

func TestOnlyAReconciliationOfTheAccountClearsIt(t *testing.T) {
	w := newWatched(t, "paid")
	other := w.account("other", "paid")
	w.spend(1)
	w.tamper(1)
	w.reconcile(w.id)
	w.look()
	for _, still := range []func(){func() { w.reconcile(other) }, func() { w.reconcile("") }, func() { w.reconcile(w.id) }} {
		still()
		if all := w.look(); len(all) != 1 || all[0].ResolvedAt != 0 {
			t.Fatalf("%+v", all)
		}
	}
	w.tamper(-1)
	w.reconcile(other)
	if all := w.look(); all[0].ResolvedAt != 0 {
		t.Fatalf("by another account's: %+v", all)
	}
	w.reconcile("")
	if all := w.look(); len(all) != 1 || all[0].ResolvedAt == 0 {
		t.Errorf("by everything: %+v", all)
	}
}

func TestAPassIsMadeByOneProcessWhenItIsDue(t *testing.T) {
	w := newWatched(t, "paid")
	ctx := context.Background()
	w.rules.Every = 15 * time.Second
	pass := func(e *engine.Engine) bool {
		t.Helper()
		before := w.newestChange()
		if err := e.WatchAnomalies(ctx, w.rules); err != nil {
			t.Fatal(err)
		}
		return w.newestChange() > before
	}
	if pass(w.Engine) {
		t.Fatal("raised from nothing")
	}
	w.conflict(w.Engine, 3)
	w.clock.Add(10 * time.Second)
	if pass(w.Engine) || pass(w.second) {
		t.Error("a pass too early")
	}
	w.clock.Add(10 * time.Second)
	begun, err := w.ledger.WatchAnomalies(ctx, waterfall.InstantOf(w.clock.Now()), func(*ledger.WatchTx) error {
		if pass(w.second) {
			t.Error("two at once")
		}
		return errors.New("broken off")
	})
	if begun || err == nil {
		t.Fatalf("begun %v: %v", begun, err)
	}
	if !pass(w.second) {
		t.Error("what was counted here is raised by no other process")
	}
}

func (w *watched) newestChange() int64 {
	w.t.Helper()
	return must(w.ledger.NewestAnomalyChange(context.Background()))
}

func TestAnomaliesAreListed(t *testing.T) {
	w := newWatched(t, "paid")
	ctx := context.Background()
	var ids []ledger.ID
	for range 3 {
		w.conflict(w.Engine, 3)
		ids = append(ids, w.look()[0].ID)
		w.clock.Add(12 * time.Minute)
		w.look()
	}
	w.conflict(w.Engine, 3)
	ids = append(ids, w.look()[0].ID)
	slices.Reverse(ids)
	yes, no := true, false
	for _, c := range []struct {
		open  *bool
		first int
		after *ledger.ID
		want  []ledger.ID
		more  bool
	}{
		{nil, 10, nil, ids, false}, {nil, 2, nil, ids[:2], true}, {nil, 2, &ids[1], ids[2:], false},
		{&yes, 1, nil, ids[:1], false}, {&yes, 1, &ids[0], nil, false},
		{&no, 2, nil, ids[1:3], true}, {&no, 2, &ids[2], ids[3:], false},
	} {
		page, more, err := w.ledger.Anomalies(ctx, c.open, ledger.Page{First: c.first, After: c.after})
		var got []ledger.ID
		for _, a := range page {
			got = append(got, a.ID)
		}
		if err != nil || more != c.more || !slices.Equal(got, c.want) {
			t.Errorf("open %v, %d after %v: %v more %v: %v", c.open, c.first, c.after, got, more, err)
		}
	}
}
