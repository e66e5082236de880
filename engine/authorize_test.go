package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

func TestARequestSpillsFromBucketToBucket(t *testing.T) {
	w := newWorld(t)
	a := w.account("spill", "plus")
	w.grant(engine.NewGrant{Account: a, Kind: waterfall.Promotion, Units: true, Amount: 2, Features: []string{"chat"}})
	w.grant(engine.NewGrant{Account: a, Kind: waterfall.Entitlement, Amount: 600_000})
	w.credits(a, 10_000_000)

	d := w.ask(a, "chat", 13)
	if d.Status != ledger.StatusAllowed || d.Granted != 13 || d.Charged != 1_500_000 {
		t.Fatalf("got %s %s granted %d charged %d", d.Status, d.Reason, d.Granted, d.Charged)
	}
	taken := map[string]int64{}
	for _, s := range d.Steps {
		taken[s.Bucket] = s.Taken
	}
	for bucket, n := range map[string]int64{"minute": 5, "daily": 3, "promo": 2, "contract": 1, "credits": 2} {
		if taken[bucket] != n {
			t.Errorf("%s gave %d, want %d", bucket, taken[bucket], n)
		}
	}
	want := "Allowed: 5 from the 1-minute limit, 3 from the daily free quota, 2 from promotions, 1 from the entitlement (0.50), 2 from credits (1.00)."
	if got := w.Explain(d); got != want {
		t.Errorf("explained as %q", got)
	}
	if b := w.balance(a); b.Available != 100_000+9_000_000 {
		t.Errorf("balance %d", b.Available)
	}
	stored := must(w.ledger.Decision(context.Background(), a, d.ID))
	if fmt.Sprint(stored.Steps) != fmt.Sprint(d.Steps) || stored.At != d.At || stored.PlanVersion != 1 || stored.PriceVersion != 1 {
		t.Errorf("stored as %+v, answered %+v", stored.Event, d.Event)
	}
}

func TestADenialTakesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.account("poor", "plus")
	w.credits(a, 400_000)
	d := w.ask(a, "chat", 9)
	if d.Status != ledger.StatusDenied || d.Reason != waterfall.InsufficientCredits || d.Granted != 0 {
		t.Fatalf("got %s %s", d.Status, d.Reason)
	}
	if at := time.Unix(d.RetryAt, 0).UTC(); !at.IsZero() && d.RetryAt != 0 {
		t.Errorf("9 units never fit into 5 + 3, yet it may be retried at %s", at)
	}
	if again := w.ask(a, "chat", 8); again.Status != ledger.StatusAllowed {
		t.Errorf("the denial took something: then %s", again.Reason)
	}
}

func TestWindowsAreExactAtOneSecond(t *testing.T) {
	w := newWorld(t)
	a := w.account("edge", "plus")
	w.ask(a, "chat", 8)
	d := w.ask(a, "chat", 5)
	if d.Status != ledger.StatusDenied || d.RetryAt != noon.Unix()+60 {
		t.Fatalf("got %s, retry at %d", d.Status, d.RetryAt-noon.Unix())
	}
	w.clock.Set(noon.Add(60*time.Second - time.Microsecond))
	if d := w.ask(a, "chat", 1); d.Status != ledger.StatusDenied {
		t.Errorf("a microsecond early: %s", d.Status)
	}
	w.clock.Set(noon.Add(60 * time.Second))
	if d := w.ask(a, "chat", 5); d.Status != ledger.StatusAllowed {
		t.Errorf("on the second: %s %s", d.Status, d.Reason)
	}
}

func TestTheSameKeyGivesTheSameDecision(t *testing.T) {
	w := newWorld(t)
	a := w.account("keys", "plus")
	ctx := context.Background()
	r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 2, Key: "k", Metadata: []byte(`{"n":1}`)}
	first := w.request(r)
	r.Metadata = []byte(`{"n":2}`)
	again := w.request(r)
	if again.ID != first.ID || !again.Replayed || first.Replayed || string(again.Metadata) != `{"n":1}` {
		t.Errorf("first %v, then %v replayed %v with %s", first.ID, again.ID, again.Replayed, again.Metadata)
	}
	for name, other := range map[string]engine.AuthorizeRequest{
		"quantity": {Account: a, User: "ann", Feature: "chat", Quantity: 3, Key: "k"},
		"user":     {Account: a, User: "bob", Feature: "chat", Quantity: 2, Key: "k"},
		"feature":  {Account: a, User: "ann", Feature: "video", Quantity: 2, Key: "k"},
		"partial":  {Account: a, User: "ann", Feature: "chat", Quantity: 2, Key: "k", AllowPartial: true},
		"hold":     {Account: a, User: "ann", Feature: "chat", Quantity: 2, Key: "k", HoldSeconds: 60},
	} {
		if _, err := w.Authorize(ctx, other); code(err) != engine.CodeIdempotencyConflict {
			t.Errorf("another %s under the key: %v", name, err)
		}
	}
	if _, err := w.Settle(ctx, engine.SettleRequest{Account: a, Decision: first.ID, Quantity: 1, Key: "k"}); code(err) != engine.CodeIdempotencyConflict {
		t.Errorf("settle under the key: %v", err)
	}
}

func TestSixtyFourCallsWithOneKeyAreOneDecision(t *testing.T) {
	w := newWorld(t)
	a := w.account("crowd", "paid")
	w.credits(a, 100_000_000)
	other := w.another(w.redis)
	ids := make([]ledger.ID, 64)
	var group sync.WaitGroup
	for i := range ids {
		e := w.Engine
		if i%2 == 1 {
			e = other
		}
		group.Go(func() {
			d, err := e.Authorize(context.Background(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: "one"})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = d.ID
		})
	}
	group.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("two decisions: %s and %s", ids[0], id)
		}
	}
	if b := w.balance(a); b.Available != 99_500_000 {
		t.Errorf("charged more than once: %d left", b.Available)
	}
}

func TestConcurrentCallsNeverSpendMoreThanThereIs(t *testing.T) {
	w := newWorld(t)
	const calls, affordable = 200, 70
	a := w.account("race", "paid")
	w.credits(a, affordable*500_000+499_999)
	engines := []*engine.Engine{w.Engine, w.another(w.redis)}
	var mu sync.Mutex
	allowed := 0
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			d, err := engines[i%2].Authorize(context.Background(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: fmt.Sprint("k", i)})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if d.Status == ledger.StatusAllowed {
				allowed++
			}
		})
	}
	group.Wait()
	if b := w.balance(a); allowed != affordable || b.Available != 499_999 {
		t.Errorf("%d of %d were allowed, %d is left", allowed, calls, b.Available)
	}
}

func TestABatchAnswersEachItemByItself(t *testing.T) {
	w := newWorld(t)
	a := w.account("batch", "plus")
	item := func(key, account, feature string, n int64) engine.AuthorizeRequest {
		return engine.AuthorizeRequest{Account: account, User: "ann", Feature: feature, Quantity: n, Key: key}
	}
	answers := w.AuthorizeBatch(context.Background(), []engine.AuthorizeRequest{
		item("1", a, "chat", 1), item("1", a, "chat", 1), item("1", a, "chat", 2), item("2", "nobody", "chat", 1),
		item("3", a, "nothing", 1), item("4", a, "chat", 0), item("5", a, "chat", 100), item("", a, "chat", 1),
	})
	want := []string{"ALLOWED", "ALLOWED", "IDEMPOTENCY_CONFLICT", "NOT_FOUND accountId", "NOT_FOUND feature",
		"BAD_USER_INPUT quantity", "DENIED", "BAD_USER_INPUT idempotencyKey"}
	for i, answer := range answers {
		got := ""
		if answer.Err != nil {
			var f *engine.Fault
			if !errors.As(answer.Err, &f) {
				t.Fatalf("item %d: %v", i, answer.Err)
			}
			got = string(f.Code)
			if f.Field != "" && f.Code != engine.CodeIdempotencyConflict {
				got += " " + f.Field
			}
		} else {
			got = answer.Decision.Status.String()
		}
		if got != want[i] {
			t.Errorf("item %d: %s, want %s", i, got, want[i])
		}
	}
	if answers[0].Decision.ID != answers[1].Decision.ID || !answers[1].Decision.Replayed {
		t.Error("the same key twice in a batch is not one decision")
	}
}
