package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// fields are all that is read of an account, by the name of the field.
type fields map[string]string

// set keeps a value as text; a list of nothing is nothing.
func (t fields) set(name string, v any) {
	if t[name] = string(must(json.Marshal(v))); t[name] == "[]" {
		t[name] = "null"
	}
}

// differs lists the fields that two readings tell differently.
func (t fields) differs(other fields) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if t[name] != other[name] {
			names = append(names, name)
		}
	}
	return names
}

// tell reads every field of an account, a feature's price, and of a decision
// where there is one. What only says when and how far was read is left out.
func (w *world) tell(account string, hold *ledger.Decision) fields {
	w.t.Helper()
	ctx, t, user := context.Background(), fields{}, "ann"
	b := w.balance(account)
	at := must(w.BalancesAt(ctx, []string{account}, b.AsOf))[account]
	b.Sequence, b.AsOf, at.Sequence, at.AsOf = 0, 0, 0, 0
	t.set("balance", b)
	t.set("balanceAt", at)
	t.set("buckets", must(w.Buckets(ctx, engine.BucketQuery{Account: account, User: &user})))
	t.set("pooled buckets", must(w.Buckets(ctx, engine.BucketQuery{Account: account})))
	t.set("grants", w.grants(account, ledger.GrantFilter{}))
	t.set("spent grants", w.grants(account, ledger.GrantFilter{IncludeSpent: true}))
	t.set("spend cap", must(w.SpendCaps(ctx, []string{account}))[account])
	for _, quantity := range []int64{1, 4, 40} {
		p := must(w.Preview(ctx, engine.PreviewRequest{Account: account, User: user, Feature: "chat", Quantity: quantity}))
		p.AsOf = 0
		t.set(fmt.Sprint("preview of ", quantity), p)
	}
	previews := must(w.Previews(ctx, []string{account}, user))[account]
	for _, p := range previews {
		p.AsOf = 0
	}
	t.set("previews", previews)
	now := w.in(0)
	t.set("price", w.Catalog().Features["chat"].PriceAt(now).Price)
	for s := ledger.StatusAllowed; s <= ledger.StatusExpired; s++ {
		f := ledger.DecisionFilter{Status: []ledger.Status{s}, Now: now}
		var ids []ledger.ID
		for _, d := range must(w.ledger.Decisions(ctx, []string{account}, f, ledger.Page{First: 50}))[account].Rows {
			ids = append(ids, d.ID)
		}
		t.set(s.String()+" decisions", ids)
	}
	if hold != nil {
		current := []*ledger.Decision{must(w.ledger.Decision(ctx, account, hold.ID))}
		must(0, w.CurrentDecisions(ctx, current))
		d := current[0]
		refunded, _ := d.RefundedSoFar()
		t.set("decision", []any{d.Now().String(), d.FinalGranted(), d.FinalCharged(), d.Unfunded(), refunded})
		t.set("explanation", w.Explain(d))
		for k := waterfall.RateLimit; k <= waterfall.Credit; k++ {
			t.set("units of "+k.String(), d.UnitsFrom(k))
		}
	}
	return t
}

// followed keeps the newest that a subscription delivered.
type followed struct {
	mu     sync.Mutex
	newest string
}

func (f *followed) deliver(v any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.newest = string(must(json.Marshal(v)))
}

// becomes waits until the newest is as expected.
func (f *followed) becomes(t *testing.T, what, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		newest := f.newest
		f.mu.Unlock()
		if newest == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the newest %s told is\n%s\nwhat is read\n%s", what, newest, want)
		}
	}
}

// Whatever is due at a moment counts for every read from that moment on, with no
// batch and no sweep in between, and the next batch writes down the same.
func TestNothingDueIsLate(t *testing.T) {
	t.Parallel()
	midnight := noon.Add(12 * time.Hour)
	for _, c := range []struct {
		name string
		// prepare brings an account to where something is due at a moment; hold is
		// the decision that this is about, if any.
		prepare func(w *world, account string) (at time.Time, hold *ledger.Decision)
		// changes are fields that the moment must change.
		changes []string
	}{
		{"a grant expires", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 10 * oneCredit, ExpiresAt: ptr(w.in(time.Hour))})
			w.credits(a, 2*oneCredit)
			return noon.Add(time.Hour), nil
		}, []string{"balance", "balanceAt", "buckets", "pooled buckets", "grants", "preview of 40", "previews"}},
		{"a grant is renewed", func(w *world, a string) (time.Time, *ledger.Decision) {
			n := w.recurring(a, waterfall.Day)
			n.Amount, n.RolloverLimit = 10*oneCredit, ptr[int64](3*oneCredit)
			w.grant(n)
			w.ask(a, "chat", 18) // 5 of credits
			return noon.Add(oneDay), nil
		}, []string{"balance", "balanceAt", "buckets", "grants", "preview of 40", "previews"}},
		{"a spent grant is renewed for the third time", func(w *world, a string) (time.Time, *ledger.Decision) {
			n := w.recurring(a, waterfall.Day)
			n.Amount = 2 * oneCredit
			w.grant(n)
			w.clock.Add(2 * oneDay)
			w.ask(a, "chat", 12)
			return noon.Add(3 * oneDay), nil
		}, []string{"balance", "balanceAt", "grants", "preview of 4"}},
		{"a grant begins", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.grant(engine.NewGrant{Account: a, Kind: waterfall.Promotion, Amount: 10 * oneCredit, EffectiveAt: ptr(w.in(time.Hour))})
			return noon.Add(time.Hour), nil
		}, []string{"balance", "balanceAt", "buckets", "preview of 40", "previews"}},
		{"a hold ends", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.credits(a, 3*oneCredit)
			d := w.hold(a, "chat", 14, 30)
			return d.HoldUntil.Time(), d
		}, []string{"balance", "balanceAt", "buckets", "grants", "preview of 1", "HELD decisions", "EXPIRED decisions", "decision", "explanation", "units of CREDIT"}},
		{"a hold ends whose grant was renewed", func(w *world, a string) (time.Time, *ledger.Decision) {
			n := w.recurring(a, waterfall.Day)
			n.Amount, n.RolloverLimit = 3*oneCredit, ptr(int64(oneCredit))
			w.grant(n)
			d := w.hold(a, "chat", 12, 24*3600+1800) // 2 of 3 credits
			return d.HoldUntil.Time(), d
		}, []string{"balance", "decision", "explanation"}},
		{"a hold ends as its grant is renewed", func(w *world, a string) (time.Time, *ledger.Decision) {
			n := w.recurring(a, waterfall.Day)
			n.Amount = 3 * oneCredit
			w.grant(n)
			d := w.hold(a, "chat", 12, 24*3600)
			w.clock.Add(23 * time.Hour)
			w.credits(a, oneCredit)
			return d.HoldUntil.Time(), d
		}, []string{"balance", "grants", "decision"}},
		{"a hold ends as its grant expires", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 3 * oneCredit, ExpiresAt: ptr(w.in(time.Hour))})
			d := w.hold(a, "chat", 12, 3600)
			return d.HoldUntil.Time(), d
		}, []string{"balance", "grants", "decision"}},
		{"a price takes effect", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.credits(a, 10*oneCredit)
			from := noon.Add(time.Hour)
			must(w.SetPrice(context.Background(), "chat", oneCredit, 1, ptr(waterfall.InstantOf(from)), byTest))
			return from, nil
		}, []string{"price", "buckets", "preview of 40", "previews"}},
		{"the cap's period ends", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.credits(a, 10*oneCredit)
			must(w.SetSpendCap(context.Background(), a, &ledger.Cap{Limit: 2 * oneCredit, Period: waterfall.Day}, byTest))
			w.ask(a, "chat", 12)
			return midnight, nil
		}, []string{"spend cap", "buckets", "preview of 4", "previews"}},
		{"the period of a free tier ends", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.ask(a, "chat", 8)
			return midnight, nil
		}, []string{"buckets", "pooled buckets"}},
		{"a window's second passes", func(w *world, a string) (time.Time, *ledger.Decision) {
			w.ask(a, "chat", 8)
			return noon.Add(time.Minute), nil
		}, []string{"buckets", "preview of 4", "previews"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.account("due", "plus")
			at, hold := c.prepare(w, a)
			w.clock.Set(at.Add(-50 * time.Millisecond))
			before := w.tell(a, hold)
			balance, buckets := w.subscribe(t, a)
			w.clock.RunUntil(at.Add(3 * time.Millisecond))
			for w.clock.Now().Before(at.Add(3 * time.Millisecond)) {
				time.Sleep(time.Millisecond)
			}
			read := w.tell(a, hold)
			balance.becomes(t, "balance", read["balance"])
			buckets.becomes(t, "buckets", read["buckets"])
			changed := before.differs(read)
			for _, name := range c.changes {
				if !slices.Contains(changed, name) {
					t.Errorf("%s is as before the moment: %s", name, read[name])
				}
			}
			must(0, w.AdvanceAccount(context.Background(), a))
			written := w.tell(a, hold)
			for _, name := range read.differs(written) {
				t.Errorf("%s was told as\n%s\nand is written as\n%s", name, read[name], written[name])
			}
			var preview engine.Preview
			must(0, json.Unmarshal([]byte(read["preview of 4"]), &preview))
			if d := w.ask(a, "chat", 4); d.Status != preview.Status || d.Charged != preview.Charged || d.RetryAt != preview.RetryAt || !reflect.DeepEqual(d.Steps, preview.Steps) {
				t.Errorf("decided %s %+v, previewed %s %+v", d.Status, d.Steps, preview.Status, preview.Steps)
			}
		})
	}
}

// subscribe follows an account's balance and buckets, as far as they were told
// before anything else happens.
func (w *world) subscribe(t *testing.T, account string) (balance, buckets *followed) {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	balance, buckets = &followed{}, &followed{}
	var all sync.WaitGroup
	t.Cleanup(func() { end(); all.Wait() })
	user := "ann"
	all.Go(func() {
		err := w.FollowBalance(ctx, account, func(b *engine.Balance) error {
			told := *b
			told.Sequence, told.AsOf = 0, 0
			balance.deliver(&told)
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the balance ended with %v", err)
		}
	})
	all.Go(func() {
		err := w.FollowBuckets(ctx, engine.BucketQuery{Account: account, User: &user}, func(states []engine.BucketState) error {
			buckets.deliver(states)
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the buckets ended with %v", err)
		}
	})
	read := w.tell(account, nil)
	balance.becomes(t, "balance", read["balance"])
	buckets.becomes(t, "buckets", read["buckets"])
	return balance, buckets
}
