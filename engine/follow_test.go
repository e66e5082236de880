package engine_test

import (
	"context"
	"errors"
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
	soon := waterfall.InstantOf(noon.Add(2 * time.Minute))
	for name, c := range map[string]struct {
		feature string
		before  func(w *world, account string)
		happens func(w *world)
		during  time.Duration // how long the first look takes
		left    []int64
	}{
		"a plan that is published": {
			before: func(*world, string) {},
			happens: func(w *world) {
				w.plan("short", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
					{Kind: waterfall.RateLimit, Key: "windows", Windows: []waterfall.Window{{Limit: 9, Seconds: 60}}}}})
			},
			left: []int64{5, 9}},
		"a price to come": {
			feature: "video",
			before: func(w *world, account string) {
				w.credits(account, 12_000_000)
				must(w.SetPrice(context.Background(), "video", 3_000_000, 1, &soon, byTest))
			},
			happens: func(w *world) { w.clock.Set(soon.Time()) },
			left:    []int64{6, 4}},
		"the end of the spend cap's period": {
			feature: "video",
			before: func(w *world, account string) {
				w.credits(account, 12_000_000)
				must(w.SetSpendCap(context.Background(), account, &ledger.Cap{Limit: 4_000_000, Period: waterfall.Day}, byTest))
				w.ask(account, "video", 1)
			},
			happens: func(w *world) { w.clock.Set(noon.AddDate(0, 0, 1)) },
			left:    []int64{1, 2}},
		"a refill during the look": {
			before: func(w *world, account string) {
				w.ask(account, "chat", 2)
				w.clock.Set(noon.Add(59*time.Second + 900*time.Millisecond))
			},
			happens: func(*world) {},
			during:  200 * time.Millisecond,
			left:    []int64{3, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.plan("short",
				waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "windows", Windows: []waterfall.Window{{Limit: 5, Seconds: 60}}}}},
				waterfall.Rules{Feature: "video", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
			account, user := w.account("told", "short"), "ann"
			c.before(w, account)
			if c.during == 0 {
				w.clock.Add(time.Minute) // a look-out sees nothing of what was before
			}
			looks := 0
			e := w.with(turning{w.redis, func() {
				if looks++; looks == 1 {
					w.clock.Add(c.during)
				}
			}}, engine.Options{})
			feature := c.feature
			if feature == "" {
				feature = "chat"
			}
			ctx, end := context.WithTimeout(t.Context(), 6*time.Second)
			defer end()
			var left []int64
			err := e.FollowBuckets(ctx, engine.BucketQuery{Account: account, User: &user, Feature: feature}, func(states []engine.BucketState) error {
				if left = append(left, states[0].View.Remaining); len(left) == 1 {
					time.AfterFunc(100*time.Millisecond, func() { c.happens(w) })
				} else {
					end()
				}
				return nil
			})
			if !errors.Is(err, context.Canceled) || len(left) != 2 || left[0] != c.left[0] || left[1] != c.left[1] {
				t.Errorf("told %v: %v", left, err)
			}
		})
	}
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
