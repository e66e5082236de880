package engine_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// turning lets time pass while the counters are read.
type turning struct {
	engine.Counters
	pass func()
}

func (c turning) Read(ctx context.Context, queries []counters.Query) ([]counters.Snapshot, error) {
	c.pass()
	return c.Counters.Read(ctx, queries)
}

// TestBucketsAreToldWhateverChangesThem: what changes nothing in the account's
// own records is told too, though no message and no look-out speaks of it.
func TestBucketsAreToldWhateverChangesThem(t *testing.T) {
	t.Parallel()
	later := noon.Add(2 * time.Minute)
	for name, c := range map[string]struct {
		feature string
		before  func(w *world, account string)
		at      time.Time
		early   time.Duration // how long before that it is followed
		during  time.Duration // how long the first look takes
		happens func(w *world)
		left    []int64
	}{
		"a plan that is published": {feature: "chat", before: func(*world, string) {}, at: later,
			happens: func(w *world) { w.plan("short", short(9)...) },
			left:    []int64{5, 9}},
		"a price to come": {feature: "video", at: later, early: time.Second,
			before: func(w *world, account string) {
				w.credits(account, 12_000_000)
				from := waterfall.InstantOf(later)
				must(w.SetPrice(context.Background(), "video", 3_000_000, 1, &from, byTest))
			},
			happens: func(w *world) { w.clock.Add(time.Second) },
			left:    []int64{6, 4}},
		"the end of the spend cap's period": {feature: "video", at: noon.Add(12 * time.Hour), early: time.Second,
			before: func(w *world, account string) {
				w.credits(account, 12_000_000)
				must(w.SetSpendCap(context.Background(), account, &ledger.Cap{Limit: 4_000_000, Period: waterfall.Day}, byTest))
				w.ask(account, "video", 1)
			},
			happens: func(w *world) { w.clock.Add(time.Second) },
			left:    []int64{1, 2}},
		"a refill during the look": {feature: "chat", at: noon.Add(time.Minute), early: 100 * time.Millisecond, during: 200 * time.Millisecond,
			before:  func(w *world, account string) { w.ask(account, "chat", 2) },
			happens: func(*world) {},
			left:    []int64{3, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan("short", short(5)...)
			account, user := w.account("told", "short"), "ann"
			c.before(w, account)
			w.clock.Set(c.at.Add(-c.early)) // so late that a look-out sees nothing of it
			looks := 0
			e := w.with(turning{w.redis, func() {
				if looks++; looks == 1 {
					w.clock.Add(c.during)
				}
			}}, engine.Options{})
			ctx, end := context.WithTimeout(t.Context(), 8*time.Second)
			defer end()
			var left []int64
			err := e.FollowBuckets(ctx, engine.BucketQuery{Account: account, User: &user, Feature: c.feature}, func(states []engine.BucketState) error {
				if left = append(left, states[0].View.Remaining); len(left) == 1 {
					time.AfterFunc(100*time.Millisecond, func() { c.happens(w) })
				} else {
					end()
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) || !slices.Equal(left, c.left) {
				t.Errorf("told %v: %v", left, err)
			}
		})
	}
}

// short is a plan of one window of so many units, and of credits.
func short(limit int64) []waterfall.Rules {
	return []waterfall.Rules{
		{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "windows", Windows: []waterfall.Window{{Limit: limit, Seconds: 60}}}}},
		{Feature: "video", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}}}
}

// TestAProcessThatStoodStillLooksFurther: what happened while it did, and longer
// ago than a look-out sees, reaches its readers.
func TestAProcessThatStoodStillLooksFurther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := w.account("stood", "plus")
	r := reading(t, w.with(w.redis, engine.Options{}), account, &ledger.ID{})
	time.Sleep(100 * time.Millisecond) // it has read what there is, and waits
	w.ask(account, "chat", 1)
	w.clock.Add(time.Minute)
	r.await(t, 1, 6*time.Second)
}
