package engine_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

func TestReconcileKeepsWhatItFound(t *testing.T) {
	s := newScene(t)
	ctx := context.Background()
	clean := must(s.Reconcile(ctx, s.id))
	if clean.Mismatches != 0 || clean.Accounts != 1 || clean.UsageEvents != 7 || clean.BalanceUpdates == 0 || clean.Replayed == 0 || clean.FinishedAt == 0 {
		t.Errorf("%+v", clean)
	}
	ledgertest.Exec(t, s.url, `update balance_updates set amount = amount - 1 where sequence = 4 and account_id = $1`, s.id)
	s.clock.Add(time.Second)
	whole := must(s.Reconcile(ctx, ""))
	if whole.Mismatches == 0 || whole.Account != "" {
		t.Errorf("%+v", whole)
	}
	kept, more, err := s.ledger.Reconciliations(ctx, "", ledger.Page{First: 10})
	if err != nil || more || len(kept) != 2 || kept[0].ID != whole.ID || kept[1].ID != clean.ID {
		t.Fatalf("%+v, more %v: %v", kept, more, err)
	}
	if len(kept[0].Found) != int(whole.Mismatches) || kept[0].Found[0] != whole.Found[0] || kept[0].Found[0].Account != s.id || len(kept[1].Found) != 0 {
		t.Errorf("kept %+v, found %+v", kept[0].Found, whole.Found)
	}
	own, _, err := s.ledger.Reconciliations(ctx, s.id, ledger.Page{First: 10})
	if err != nil || len(own) != 1 || own[0].ID != clean.ID || own[0].StartedAt != clean.StartedAt || own[0].FinishedAt != clean.FinishedAt {
		t.Errorf("of the account: %+v: %v", own, err)
	}
	page, more, err := s.ledger.Reconciliations(ctx, "", ledger.Page{First: 1, After: &whole.ID})
	if err != nil || more || len(page) != 1 || page[0].ID != clean.ID {
		t.Errorf("the page behind the first: %+v, more %v: %v", page, more, err)
	}
	if _, err := s.Reconcile(ctx, "nobody"); code(err) != engine.CodeNotFound {
		t.Errorf("an account that does not exist: %v", err)
	}
}

// A plan may give a scope to the buckets that draw on grants, where it means
// nothing; steps keep it for counters alone.
func TestTheScopeOfWhatDrawsOnGrantsIsNoMismatch(t *testing.T) {
	w := newWorld(t)
	w.plan("scoped", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
		{Kind: waterfall.Promotion, Key: "promo", Scope: waterfall.PerAccount},
		{Kind: waterfall.Credit, Key: "credits", Scope: waterfall.PerAccount}}})
	a := w.account("a", "scoped")
	w.credits(a, 2_000_000)
	w.ask(a, "chat", 3)
	w.ask(a, "chat", 1000)
	if found := w.mismatches(a); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

func TestReconcileNewLooksAtWhatChanged(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a, b := w.account("a", "plus"), w.account("b", "plus")
	w.ask(a, "chat", 1)
	w.credits(b, 1_000_000)
	w.clock.Add(5 * time.Minute)
	if r := must(w.ReconcileNew(ctx, 0)); r == nil || r.Accounts != 2 || r.Mismatches != 0 || !r.OnlyNew {
		t.Fatalf("at first: %+v", r)
	}
	w.clock.Add(5 * time.Minute)
	if r := must(w.ReconcileNew(ctx, 0)); r != nil {
		t.Errorf("nothing changed: %+v", r)
	}
	w.ask(b, "chat", 1)
	w.clock.Add(5 * time.Minute)
	if r := must(w.ReconcileNew(ctx, 0)); r == nil || r.Accounts != 1 || r.UsageEvents != 1 || r.BalanceUpdates != 1 {
		t.Errorf("only b changed: %+v", r)
	}
}

func TestALargeAccountIsReconciledOnceADay(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	small, large := w.account("small", "plus"), w.account("large", "plus")
	w.ask(small, "chat", 1)
	if r := must(w.ReconcileNew(ctx, 0)); r == nil || r.Accounts != 1 {
		t.Fatalf("at first: %+v", r)
	}
	// Its row claims so many records; that there are not is found when it is looked at.
	w.ask(large, "chat", 1)
	ledgertest.Exec(t, w.url, `update accounts set events = 3000000 where account_id = $1`, large)
	w.clock.Add(5 * time.Minute)
	w.ask(small, "chat", 1)
	if r := must(w.ReconcileNew(ctx, 0)); r == nil || r.Accounts != 1 || r.Mismatches != 0 {
		t.Errorf("on the same day: %+v", r)
	}
	w.clock.Add(24 * time.Hour)
	if r := must(w.ReconcileNew(ctx, 0)); r == nil || r.Accounts != 2 || r.Mismatches != 1 || r.Found[0].Account != large {
		t.Errorf("on the next day: %+v", r)
	}
}

func TestOneProcessAtATimeReconcilesWhatIsNew(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	w.ask(w.account("a", "plus"), "chat", 1)
	w.clock.Add(5 * time.Minute)
	second := w.another(w.redis)
	begun, err := w.ledger.NewAccounts(ctx, waterfall.InstantOf(w.clock.Now()), 0, func([]ledger.ChangedAccount) error {
		if r := must(second.ReconcileNew(ctx, 0)); r != nil {
			t.Errorf("a second one ran: %+v", r)
		}
		return nil
	})
	if !begun || err != nil {
		t.Fatalf("begun %v: %v", begun, err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	ran := 0
	for _, e := range []*engine.Engine{w.Engine, second} {
		wait.Go(func() {
			if r := must(e.ReconcileNew(ctx, time.Minute)); r != nil {
				mu.Lock()
				defer mu.Unlock()
				ran++
			}
		})
	}
	wait.Wait()
	if ran != 1 {
		t.Errorf("%d processes reconciled within the same minute", ran)
	}
}

func TestDriftOfACounterIsFound(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	a := w.account("drift", "plus")
	w.ask(a, "chat", 7)
	w.settle(w.hold(a, "video", 4, 60), 1)
	r := must(w.Reconcile(ctx, a))
	if r.Mismatches != 0 {
		t.Fatalf("%+v", r.Found)
	}
	if compared, err := w.Drift(ctx, a, func(ledger.Mismatch) {}); !compared || err != nil {
		t.Fatalf("not compared: %v", err)
	}
	key := "spillway:{" + a + "}"
	redis := w.redis.Client()
	fields := redis.HGetAll(ctx, key).Val()
	if len(fields) < 5 { // version, shape, minute, daily, hour
		t.Fatalf("the store holds %q", fields)
	}
	for name, value := range fields {
		if len(name) == 1 {
			continue
		}
		for _, change := range []func() error{
			func() error { return redis.HDel(ctx, key, name).Err() },
			func() error { return redis.HSet(ctx, key, name, value[:len(value)-1]+"\x7e").Err() },
		} {
			if err := change(); err != nil {
				t.Fatal(err)
			}
			r := must(w.Reconcile(ctx, a))
			if r.Mismatches != 1 || r.Found[0].Check != "counters" || r.Found[0].Reference != "counter:"+strings.ReplaceAll(name, "\x00", "/") {
				t.Errorf("%q: %+v", name, r.Found)
			}
			redis.HSet(ctx, key, name, value)
		}
	}
	// A copy of another version says nothing: a decision would not use it.
	redis.HSet(ctx, key, "v", strings.Repeat("x", 16))
	if compared, err := w.Drift(ctx, a, func(m ledger.Mismatch) { t.Errorf("%+v", m) }); compared || err != nil {
		t.Errorf("compared %v: %v", compared, err)
	}
}
