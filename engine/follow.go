package engine

import (
	"context"
	"reflect"
	"time"

	"spillway/engine/waterfall"
)

// FollowBalance delivers an account's balance now and after each change, those
// too that come with time: grants that begin or expire.
func (e *Engine) FollowBalance(ctx context.Context, id string, deliver func(*Balance) error) error {
	var last *Balance
	return e.follow(ctx, id, 0, func() (waterfall.Instant, error) {
		var b *Balance
		var next waterfall.Instant
		err := e.lookAt(ctx, id, nil, func(a *account) {
			b = balanceOf(a.lots, a.Head.Sequence, a.now)
			next = nextTurn(a.lots, a.now)
		})
		if err != nil {
			return 0, err
		}
		if last != nil && sameBalance(last, b) {
			return next, nil
		}
		last = b
		return next, deliver(b)
	})
}

// sameBalance compares all but the time.
func sameBalance(a, b *Balance) bool {
	x := *a
	x.AsOf = b.AsOf
	return x == *b
}

// nextTurn is when a grant next begins, expires, or comes within what Balance
// calls soon; 0 for never.
func nextTurn(lots []waterfall.Grant, now waterfall.Instant) waterfall.Instant {
	var next waterfall.Instant
	note := func(at waterfall.Instant) {
		if at > now && (next == 0 || at < next) {
			next = at
		}
	}
	for i := range lots {
		g := &lots[i]
		note(g.EffectiveAt)
		if g.ExpiresAt != 0 {
			note(g.ExpiresAt)
			note(g.ExpiresAt - soon)
		}
	}
	return next
}

// bucketPause is how long FollowBuckets waits at least between two answers.
const bucketPause = time.Second

// FollowBuckets delivers the buckets now and whenever they change, also as
// windows refill while nobody asks for anything; at most once a second.
func (e *Engine) FollowBuckets(ctx context.Context, q BucketQuery, deliver func([]BucketState) error) error {
	var last []BucketState
	return e.follow(ctx, q.Account, bucketPause, func() (waterfall.Instant, error) {
		states, err := e.Buckets(ctx, q)
		if err != nil {
			return 0, err
		}
		now := e.now()
		next := nextRefill(states, now)
		if turn, err := e.nextGrantTurn(ctx, q.Account); err == nil && turn != 0 && (next == 0 || turn < next) {
			next = turn
		}
		if last != nil && reflect.DeepEqual(last, states) {
			return next, nil
		}
		last = states
		return next, deliver(states)
	})
}

// nextRefill is the first second at which any window gives something back.
func nextRefill(states []BucketState, now waterfall.Instant) waterfall.Instant {
	var next waterfall.Instant
	note := func(second int64) {
		if at := waterfall.AtSecond(second); second != 0 && at > now && (next == 0 || at < next) {
			next = at
		}
	}
	for i := range states {
		note(states[i].View.NextRefill)
		note(states[i].View.Reset)
		for _, w := range states[i].View.Windows {
			note(w.NextRefill)
		}
	}
	return next
}

func (e *Engine) nextGrantTurn(ctx context.Context, id string) (next waterfall.Instant, err error) {
	err = e.lookAt(ctx, id, nil, func(a *account) { next = nextTurn(a.lots, a.now) })
	return next, err
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
