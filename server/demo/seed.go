package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// historyDays is how far back the demo's history begins.
const historyDays = 14

// clock is the time of the engine that makes the history.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// Seed makes the demo data where there are none yet. A seeding that was cut off
// is carried on: every step has its own key or name, and changes nothing when
// it comes again. now is the time at which the history ends.
func Seed(ctx context.Context, l *ledger.Ledger, now time.Time) error {
	last, err := l.Account(ctx, stories[len(stories)-1].id)
	if err != nil {
		return err
	}
	if last != nil && last.Status == ledger.Suspended {
		return nil // the last thing that seeding does
	}
	c := &clock{now: now.AddDate(0, 0, -historyDays)}
	e, err := engine.New(ctx, l, counters.NewMemory(), engine.Options{Clock: c.Now, Workers: 2})
	if err != nil {
		return err
	}
	defer e.Close()
	if err := seedCatalog(ctx, e, waterfall.InstantOf(now.AddDate(0, 1, 0).Truncate(24*time.Hour))); err != nil {
		return err
	}
	if err := seedAccounts(ctx, e); err != nil {
		return err
	}
	if err := seedHistory(ctx, e, c, now); err != nil {
		return err
	}
	_, err = e.SetAccountStatus(ctx, stories[len(stories)-1].id, ledger.Suspended,
		engine.Change{Actor: "demo", Reason: "chargeback under review"})
	return err
}

// seedHistory lets two weeks pass, and then the last hour.
func seedHistory(ctx context.Context, e *engine.Engine, c *clock, now time.Time) error {
	// A fixed seed: the history is the same wherever it is made.
	random := rand.New(rand.NewPCG(2026, 11))
	for ago := historyDays - 1; ago >= 1; ago-- {
		morning := now.AddDate(0, 0, -ago).Truncate(24 * time.Hour).Add(8 * time.Hour)
		c.set(morning.Add(-time.Hour))
		if err := seedGrants(ctx, e, ago, now); err != nil {
			return err
		}
		busy := 0.5 + random.Float64()
		for slot := range 8 {
			c.set(morning.Add(time.Duration(slot) * 90 * time.Minute))
			if err := spend(ctx, e, fmt.Sprintf("d%d-%d", ago, slot), func(s *story) []ask { return share(s.daily, slot, busy) }); err != nil {
				return err
			}
		}
	}
	for slot := range 6 {
		c.set(now.Add(time.Duration(slot-6) * 9 * time.Minute))
		if err := spend(ctx, e, fmt.Sprintf("now-%d", slot), func(s *story) []ask { return sixth(s.lately, slot) }); err != nil {
			return err
		}
	}
	return nil
}

// share is the part of a day's requests that falls into one of eight slots.
func share(day []ask, slot int, busy float64) []ask {
	var some []ask
	for _, a := range day {
		times := int(float64(a.times) * busy)
		a.times = times*(slot+1)/8 - times*slot/8
		some = append(some, a)
	}
	return some
}

func sixth(all []ask, slot int) []ask {
	var some []ask
	for _, a := range all {
		a.times = a.times*(slot+1)/6 - a.times*slot/6
		some = append(some, a)
	}
	return some
}

// spend authorizes what each story asks at this moment, as one batch.
func spend(ctx context.Context, e *engine.Engine, moment string, asks func(*story) []ask) error {
	var requests []engine.AuthorizeRequest
	for i := range stories {
		for j, a := range asks(&stories[i]) {
			for n := range a.times {
				requests = append(requests, engine.AuthorizeRequest{Account: stories[i].id, User: a.user, Feature: a.feature,
					Quantity: a.quantity, Key: fmt.Sprintf("demo %s %d.%d", moment, j, n)})
			}
		}
	}
	for _, answer := range e.AuthorizeBatch(ctx, requests) {
		if answer.Err != nil {
			return fmt.Errorf("history: %w", answer.Err)
		}
	}
	return nil
}
