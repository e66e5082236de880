package engine

import (
	"context"
	"reflect"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// FollowBalance delivers an account's balance now and after each change, those
// too that come with time: grants that begin, renew or expire, holds that end.
func (e *Engine) FollowBalance(ctx context.Context, id string, deliver func(*Balance) error) error {
	var last *Balance
	return e.follow(ctx, id, 0, func() (waterfall.Instant, error) {
		var b *Balance
		var next turn
		err := e.lookAt(ctx, id, nil, func(a *account) {
			b = balanceOf(a, a.now)
			next.after = a.now
			next.noteGrants(a)
		})
		if err != nil {
			return 0, err
		}
		if last != nil && sameBalance(last, b) {
			return next.at, nil
		}
		last = b
		return next.at, deliver(b)
	})
}

// sameBalance compares all but the time.
func sameBalance(a, b *Balance) bool {
	x := *a
	x.AsOf = b.AsOf
	return x == *b
}

// turn is the earliest of the moments after another one that were noted; 0:
// none.
type turn struct{ after, at waterfall.Instant }

func (t *turn) note(at waterfall.Instant) {
	if at > t.after && (t.at == 0 || at < t.at) {
		t.at = at
	}
}

// noteGrants notes when grants begin, are issued again, expire, or come within
// what Balance calls soon, and when the next hold ends.
func (t *turn) noteGrants(a *account) {
	t.note(a.HoldDue)
	for i := range a.lots {
		g := &a.lots[i]
		t.note(g.EffectiveAt)
		for _, at := range [...]waterfall.Instant{g.NextIssueAt(), g.ExpiresAt} {
			t.note(at)
			t.note(at - soon)
		}
	}
}

// noteRefills notes the seconds at which windows and quotas give something back.
func (t *turn) noteRefills(states []BucketState) {
	for i := range states {
		v := &states[i].View
		t.note(waterfall.AtSecond(v.NextRefill))
		t.note(waterfall.AtSecond(v.Reset))
		for _, w := range v.Windows {
			t.note(waterfall.AtSecond(w.NextRefill))
		}
	}
}

// notePools notes what changes the pools of an account with time: its grants,
// the period of its spend cap, and prices to come.
func (t *turn) notePools(a *account, catalog *ledger.Catalog) {
	t.noteGrants(a)
	if a.Cap != nil {
		t.note(waterfall.AtSecond(a.Cap.Period.End(t.after.Second())))
	}
	for i := range a.plan.Features {
		if f := catalog.Features[a.plan.Features[i].Feature]; f != nil {
			for i := range f.Prices {
				if f.Prices[i].WithdrawnAt == 0 {
					t.note(f.Prices[i].EffectiveFrom)
				}
			}
		}
	}
}

// bucketPause is how long FollowBuckets waits at least between two answers.
const bucketPause = time.Second

// FollowBuckets delivers the buckets now and whenever they change, also as
// windows refill while nobody asks for anything; at most once a second.
func (e *Engine) FollowBuckets(ctx context.Context, q BucketQuery, deliver func([]BucketState) error) error {
	var last []BucketState
	return e.follow(ctx, q.Account, bucketPause, func() (waterfall.Instant, error) {
		next := turn{after: e.now()} // what happens during the look is looked at again
		states, err := e.Buckets(ctx, q)
		if err != nil {
			return 0, err
		}
		next.noteRefills(states)
		err = e.lookAt(ctx, q.Account, nil, func(a *account) { next.notePools(a, e.Catalog()) })
		if err != nil {
			return 0, err
		}
		if last != nil && reflect.DeepEqual(last, states) {
			return next.at, nil
		}
		last = states
		return next.at, deliver(states)
	})
}

// follow calls show now, after each change of the account, and at the moment
// that show names, with at least a pause in between, until ctx ends or show
// fails with anything but a store's fault.
func (e *Engine) follow(ctx context.Context, id string, pause time.Duration, show func() (waterfall.Instant, error)) error {
	if err := validateAccount(id); err != nil {
		return err
	}
	wake, stop := e.hub.watch(id)
	defer stop()
	for {
		next, err := show()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case isUnavailable(err):
			if !e.pauseAfter(ctx, err) {
				return ctx.Err()
			}
			continue
		case err != nil:
			return err
		}
		if !e.sleep(ctx, pause, nil) {
			return ctx.Err()
		}
		until := time.Hour
		if next != 0 {
			until = min(until, max(time.Millisecond, time.Duration(next-e.now())*time.Microsecond))
		}
		if !e.sleep(ctx, until, wake) {
			return ctx.Err()
		}
	}
}

// sleep waits for a time or a wake-up; false when ctx ended.
func (e *Engine) sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
	case <-wake:
	}
	return true
}
