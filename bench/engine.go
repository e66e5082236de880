package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// rig is an engine on a fresh database with accounts to load it.
type rig struct {
	ledger *ledger.Ledger
	redis  *counters.Redis
	engine *engine.Engine
	run    string // keeps the keys of runs apart
}

var byBench = engine.Change{Actor: "bench", Reason: "bench"}

// features: "window" is paid by wide windows, "credit" by credits alone.
func openRig(ctx context.Context, url, redisURL string) (*rig, error) {
	l, err := ledger.Open(ctx, url, ledger.Options{})
	if err != nil {
		return nil, err
	}
	r, err := counters.OpenRedis(redisURL)
	if err != nil {
		return nil, err
	}
	e, err := engine.New(ctx, l, r, engine.Options{})
	if err != nil {
		return nil, err
	}
	return &rig{l, r, e, strconv.FormatInt(time.Now().UnixNano(), 36)}, nil
}

func (r *rig) close() {
	r.engine.Close()
	r.ledger.Close()
	_ = r.redis.Close()
}

func (r *rig) seed(ctx context.Context, accounts int) error {
	rules := []waterfall.Rules{}
	for _, f := range []string{"window", "credit"} {
		if _, err := r.engine.UpsertFeature(ctx, ledger.Feature{Key: f, Name: f, Unit: "unit", Divisible: true}, byBench); err != nil {
			return err
		}
		if _, err := r.engine.SetPrice(ctx, f, 1000, 1, nil, byBench); err != nil {
			return err
		}
		buckets := []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}
		if f == "window" {
			buckets = append([]waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "limit",
				Windows: []waterfall.Window{{Limit: 1_000_000, Seconds: 5 * 3600}, {Limit: 10_000_000, Seconds: 7 * 86400}}}}, buckets...)
		}
		rules = append(rules, waterfall.Rules{Feature: f, Buckets: buckets})
	}
	if _, err := r.engine.PublishPlan(ctx, "bench", "Bench", rules, byBench); err != nil {
		return err
	}
	return parallel(accounts, 32, func(i int) error {
		id := accountID(i)
		if _, err := r.engine.CreateAccount(ctx, engine.NewAccount{ID: id, Name: id, Plan: "bench"}, byBench); err != nil {
			return err
		}
		_, err := r.engine.CreateGrant(ctx, engine.NewGrant{Account: id, Kind: waterfall.Credit, Amount: 1 << 50, Key: "seed"}, byBench)
		return err
	})
}

func accountID(i int) string { return fmt.Sprintf("bench-%05d", i) }

// load is a mix of requests.
type load struct {
	accounts int
	credits  float64 // share that is paid in credits
	callers  int
	duration time.Duration
}

// result of a load.
type result struct {
	rate     float64
	p50, p99 time.Duration
}

// hammer keeps callers busy with Authorize for a while.
func (r *rig) hammer(ctx context.Context, l load) (result, error) {
	var made, failed atomic.Int64
	var first atomic.Pointer[error]
	latencies := make([][]time.Duration, l.callers)
	deadline := time.Now().Add(l.duration)
	begin := time.Now()
	var group sync.WaitGroup
	for c := range l.callers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(c), 7))
			for n := 0; time.Now().Before(deadline); n++ {
				feature := "window"
				if random.Float64() < l.credits {
					feature = "credit"
				}
				at := time.Now()
				_, err := r.engine.Authorize(ctx, engine.AuthorizeRequest{Account: accountID(random.IntN(l.accounts)), User: "user-1",
					Feature: feature, Quantity: 1, Key: fmt.Sprint(r.run, "-", c, "-", n)})
				if err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, &err)
					continue
				}
				latencies[c] = append(latencies[c], time.Since(at))
				made.Add(1)
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	if e := first.Load(); e != nil {
		return result{}, fmt.Errorf("%d calls failed, the first: %w", failed.Load(), *e)
	}
	all := slices.Concat(latencies...)
	slices.Sort(all)
	r.run += "+"
	return result{float64(made.Load()) / took.Seconds(), all[len(all)/2], all[len(all)*99/100]}, nil
}

func parallel(n, workers int, do func(int) error) error {
	var next atomic.Int64
	errs := make(chan error, workers)
	for range workers {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					errs <- nil
					return
				}
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	var err error
	for range workers {
		if e := <-errs; e != nil {
			err = e
		}
	}
	return err
}
