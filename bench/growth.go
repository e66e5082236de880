package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"spillway/engine"
)

// reading is a page that people look at.
type reading struct{ name, document string }

var readings = []reading{
	{"page of 50 decisions", `query($a: ID!) { account(id: $a) { decisions(first: 50) { edges { cursor node { id status reason granted charged createdAt } } pageInfo { hasNextPage endCursor } } } }`},
	{"page of 50 balance updates", `query($a: ID!) { account(id: $a) { balanceUpdates(first: 50) { edges { cursor node { id sequence kind amount balanceAfter hash createdAt } } pageInfo { hasNextPage endCursor } } } }`},
	{"balance", `query($a: ID!) { account(id: $a) { balance { available held expiringSoon nextExpiryAt sequence asOf } } }`},
	{"buckets", `query($a: ID!) { account(id: $a) { buckets(userId: "user-1") { kind key used remaining windows { limit used remaining resetsAt } nextRefillAt } } }`},
}

// snapshot is how fast a database of some age is.
type snapshot struct {
	rate  runs
	reads map[string]float64 // median in milliseconds
}

// measureGrowth measures a database before and after many decisions were made
// in it.
func (b *bench) measureGrowth(ctx context.Context) error {
	total := b.growth
	if b.quick && total == 0 {
		total = 2000
	}
	if total == 0 {
		return nil
	}
	url, err := database(ctx, b.admin, "growth")
	if err != nil {
		return err
	}
	p := population{"grown", b.accounts}
	if err := b.plant(ctx, url, p); err != nil {
		return err
	}
	young, err := b.snapshot(ctx, url, p)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.grow(ctx, url, p, total, 6*24*time.Hour); err != nil {
		return err
	}
	b.report.add(row{What: "making " + thousands(int64(total)) + " decisions, batches in process", Value: time.Since(began).Seconds(), Unit: "s", AtMost: 600})
	old, err := b.snapshot(ctx, url, p)
	if err != nil {
		return err
	}
	at := " after " + thousands(int64(total)) + " decisions"
	b.compare(young, old, at)
	if err := b.coldAfter(ctx, url, p, at); err != nil {
		return err
	}
	if err := b.weigh(ctx, url, at); err != nil {
		return err
	}
	proved, err := b.prove(ctx, url, at[1:])
	if err != nil {
		return err
	}
	b.addProved(proved, at)
	return nil
}

// plant makes the accounts, of which some have enough of a past to fill a page.
func (b *bench) plant(ctx context.Context, url string, p population) error {
	r, err := openRig(ctx, url, b.redis, engine.Options{})
	if err != nil {
		return err
	}
	err = errors.Join(r.catalog(ctx), r.seed(ctx, p))
	r.close()
	if err != nil {
		return err
	}
	readers := population{p.prefix, b.readers()}
	return b.grow(ctx, url, readers, readers.size*400, 0)
}

// readers is how many accounts are read from.
func (b *bench) readers() int { return min(100, b.accounts) }

// grow makes decisions of the usual mix in batches, spread over the time up to
// now. What spreads them is a clock that goes on with what is made; no account
// may have seen a later time.
func (b *bench) grow(ctx context.Context, url string, p population, total int, over time.Duration) error {
	const together = 80 // of one account
	var made atomic.Int64
	from := time.Now().Add(-over)
	clock := func() time.Time {
		return from.Add(time.Duration(float64(over) * min(1, float64(made.Load())/float64(total))))
	}
	if over == 0 {
		clock = nil
	}
	r, err := openRig(ctx, url, b.redis, engine.Options{Clock: clock})
	if err != nil {
		return err
	}
	defer r.close()
	batches := total / together
	return each(batches, 48, func(i int) error {
		account, key := p.id(i%p.size), keys()
		requests := make([]engine.AuthorizeRequest, together)
		for j := range requests {
			requests[j] = engine.AuthorizeRequest{Account: account, User: "user-1", Feature: byWindow, Quantity: 1, Key: key(j)}
			if j%5 == 0 {
				requests[j].Feature = byCredit
			}
		}
		for _, a := range r.engine.AuthorizeBatch(ctx, requests) {
			if a.Err != nil {
				return a.Err
			}
		}
		if n := made.Add(together); n%(1<<20) < together {
			fmt.Fprintf(os.Stderr, "bench: %s decisions made\n", thousands(n))
		}
		return nil
	})
}

// snapshot measures the rate of the engine, and the pages of a server.
func (b *bench) snapshot(ctx context.Context, url string, p population) (s snapshot, err error) {
	if err := tidy(ctx, url); err != nil {
		return s, err
	}
	r, err := openRig(ctx, url, b.redis, engine.Options{})
	if err != nil {
		return s, err
	}
	defer r.close()
	// A first run brings counters and caches to where a running system has them.
	for range b.rounds + 1 {
		settle()
		m, err := r.load(usual(p), b.callers, b.short, b.stores).run(ctx)
		if err != nil {
			return s, err
		}
		s.rate = append(s.rate, m)
	}
	s.rate = s.rate[1:]
	s.reads, err = b.read(ctx, url, p)
	return s, err
}

// read looks at each page on one connection and returns the medians.
func (b *bench) read(ctx context.Context, url string, p population) (map[string]float64, error) {
	s, err := serve(ctx, b.program, url, b.redis)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	admin, err := token("reader", "admin")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := dial(ctx, s.address, admin)
	if err != nil {
		return nil, err
	}
	readers := population{p.prefix, b.readers()}
	found := map[string]float64{}
	for _, page := range readings {
		var all []time.Duration
		for n := range 5 * readers.size {
			began := time.Now()
			if _, err := conn.query(ctx, page.document, map[string]any{"a": readers.id(n % readers.size)}); err != nil {
				return nil, fmt.Errorf("%s: %w", page.name, err)
			}
			all = append(all, time.Since(began))
		}
		found[page.name] = summary(all).p50
	}
	return found, nil
}

func (b *bench) compare(young, old snapshot, at string) {
	rate := old.rate.row("engine in process"+at, perSecond, young.rate, "empty")
	rate.AtLeast = 0.85
	b.report.add(rate)
	for _, page := range readings {
		b.report.add(row{What: page.name + at, Value: old.reads[page.name], Unit: "ms",
			Floor: "empty", Ratio: old.reads[page.name] / young.reads[page.name], AtMost: 1.2})
	}
}

// coldAfter is what cold says of the grown database.
func (b *bench) coldAfter(ctx context.Context, url string, p population, at string) error {
	r, err := openRig(ctx, url, b.redis, engine.Options{})
	if err != nil {
		return err
	}
	defer r.close()
	if _, err := r.load(usual(p), b.callers, b.short, nil).run(ctx); err != nil {
		return err
	}
	return b.cold(ctx, r, url, p, at)
}
