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

// aged is a database of some age.
type aged struct {
	population
	url string
}

// measureGrowth makes many decisions in a database, and measures it beside one
// in which few were made.
func (b *bench) measureGrowth(ctx context.Context) error {
	total := b.growth
	if b.quick && total == 0 {
		total = 2000
	}
	if total == 0 {
		return nil
	}
	young, err := b.plant(ctx, "young")
	if err != nil {
		return err
	}
	old, err := b.plant(ctx, "grown")
	if err != nil {
		return err
	}
	began := time.Now()
	if err := b.grow(ctx, old.url, old.population, total, 6*24*time.Hour); err != nil {
		return err
	}
	b.report.add(row{What: "making " + thousands(int64(total)) + " decisions, batches in process", Value: time.Since(began).Seconds(), Unit: "s", AtMost: 600})
	at := " after " + thousands(int64(total)) + " decisions"
	for _, compare := range []func(context.Context, aged, aged, string) error{b.compareRates, b.compareReads} {
		if err := compare(ctx, young, old, at); err != nil {
			return err
		}
	}
	if err := b.coldAfter(ctx, old, at); err != nil {
		return err
	}
	if err := b.weigh(ctx, old.url, at); err != nil {
		return err
	}
	proved, err := b.prove(ctx, old.url, at[1:])
	if err != nil {
		return err
	}
	b.addProved(proved, at)
	return nil
}

// plant makes a database with its accounts, of which some have enough of a past
// to fill a page.
func (b *bench) plant(ctx context.Context, name string) (aged, error) {
	a := aged{population: population{name, b.accounts}}
	var err error
	if a.url, err = database(ctx, b.admin, name); err != nil {
		return a, err
	}
	r, err := openRig(ctx, a.url, b.redis, engine.Options{})
	if err != nil {
		return a, err
	}
	err = errors.Join(r.catalog(ctx), r.seed(ctx, a.population))
	r.close()
	if err != nil {
		return a, err
	}
	return a, b.grow(ctx, a.url, b.readers(a), b.readers(a).size*400, 0)
}

// readers are the accounts that are read from.
func (b *bench) readers(a aged) population { return population{a.prefix, min(100, a.size)} }

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

// compareRates lets an engine work on each of them in turn: a machine that gets
// slower meanwhile does not look like a database that does.
func (b *bench) compareRates(ctx context.Context, young, old aged, at string) error {
	var loads [2]func(context.Context) (measure, error)
	for i, a := range []aged{young, old} {
		r, err := b.warm(ctx, a)
		if err != nil {
			return err
		}
		defer r.close()
		loads[i] = func(ctx context.Context) (measure, error) {
			settle()
			return r.load(usual(a.population), b.callers, b.short, b.stores).run(ctx)
		}
	}
	few, many, err := alternate(ctx, b.rounds, loads[0], loads[1])
	if err != nil {
		return err
	}
	rate := many.row("engine in process"+at, perSecond, few, "empty")
	rate.AtLeast = 0.85
	b.report.add(rate)
	return nil
}

// warm opens an engine, and brings counters and caches to where a running
// system has them.
func (b *bench) warm(ctx context.Context, a aged) (*rig, error) {
	if err := tidy(ctx, a.url); err != nil {
		return nil, err
	}
	r, err := openRig(ctx, a.url, b.redis, engine.Options{})
	if err != nil {
		return nil, err
	}
	if _, err := r.load(usual(a.population), b.callers, b.long, nil).run(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// compareReads looks at each page of both in turn, on one connection each.
func (b *bench) compareReads(ctx context.Context, young, old aged, at string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var conns [2]*connection
	for i, a := range []aged{young, old} {
		s, err := serve(ctx, b.program, a.url, b.redis)
		if err != nil {
			return err
		}
		defer s.stop()
		admin, err := token("reader", "admin")
		if err != nil {
			return err
		}
		if conns[i], err = dial(ctx, s.address, admin); err != nil {
			return err
		}
	}
	for _, page := range readings {
		var took [2][]time.Duration
		for n := range 5 * b.readers(old).size {
			for i, a := range []aged{young, old} {
				began := time.Now()
				if _, err := conns[i].query(ctx, page.document, map[string]any{"a": a.id(n % b.readers(a).size)}); err != nil {
					return fmt.Errorf("%s: %w", page.name, err)
				}
				took[i] = append(took[i], time.Since(began))
			}
		}
		few, many := summary(took[0]).p50, summary(took[1]).p50
		b.report.add(row{What: page.name + at, Value: many, Unit: "ms", Floor: "empty", Ratio: many / few, AtMost: 1.2})
	}
	return nil
}

// coldAfter is what cold says of the grown database.
func (b *bench) coldAfter(ctx context.Context, old aged, at string) error {
	r, err := b.warm(ctx, old)
	if err != nil {
		return err
	}
	defer r.close()
	return b.cold(ctx, r, old.url, old.population, at)
}
