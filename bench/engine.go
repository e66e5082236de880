package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// rig is an engine in this process.
type rig struct {
	ledger *ledger.Ledger
	redis  *counters.Redis
	engine *engine.Engine
}

var byBench = engine.Change{Actor: "bench", Reason: "bench"}

func openRig(ctx context.Context, url, redisURL string, o engine.Options) (*rig, error) {
	l, err := ledger.Open(ctx, url, ledger.Options{})
	if err != nil {
		return nil, err
	}
	r, err := counters.OpenRedis(redisURL)
	if err != nil {
		l.Close()
		return nil, err
	}
	o.Messages = r
	e, err := engine.New(ctx, l, r, o)
	if err != nil {
		l.Close()
		_ = r.Close() // the error before is the one to tell
		return nil, err
	}
	return &rig{l, r, e}, nil
}

func (r *rig) close() {
	r.engine.Close()
	r.ledger.Close()
	_ = r.redis.Close() // nothing more is asked of it
}

// population is a set of accounts: prefix and number make an id.
type population struct {
	prefix string
	size   int
}

func (p population) id(i int) string {
	text := strconv.Itoa(i)
	return p.prefix + "-00000"[:6-min(len(text), 5)] + text
}

// The features: "window" is paid by wide windows, "credit" by credits alone.
const (
	byWindow = "window"
	byCredit = "credit"
)

// catalog publishes features, prices and plan.
func (r *rig) catalog(ctx context.Context) error {
	rules := []waterfall.Rules{}
	for _, f := range []string{byWindow, byCredit} {
		if _, err := r.engine.UpsertFeature(ctx, ledger.Feature{Key: f, Name: f, Unit: "unit", Divisible: true}, byBench); err != nil {
			return err
		}
		if _, err := r.engine.SetPrice(ctx, f, 1000, 1, nil, byBench); err != nil {
			return err
		}
		buckets := []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}
		if f == byWindow {
			buckets = append([]waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "limit",
				Windows: []waterfall.Window{{Limit: 1_000_000, Seconds: 5 * 3600}, {Limit: 10_000_000, Seconds: 7 * 86400}}}}, buckets...)
		}
		rules = append(rules, waterfall.Rules{Feature: f, Buckets: buckets})
	}
	_, err := r.engine.PublishPlan(ctx, "bench", "Bench", rules, byBench)
	return err
}

// seed makes accounts with more credits than they can spend.
func (r *rig) seed(ctx context.Context, p population) error {
	return each(p.size, 256, func(i int) error {
		id := p.id(i)
		if _, err := r.engine.CreateAccount(ctx, engine.NewAccount{ID: id, Name: id, Plan: "bench"}, byBench); err != nil {
			return err
		}
		_, err := r.engine.CreateGrant(ctx, engine.NewGrant{Account: id, Kind: waterfall.Credit, Amount: 1 << 50, Key: "seed"}, byBench)
		return err
	})
}

// mix is what is asked of a population.
type mix struct {
	population
	credits float64 // the share that credits pay
}

// next chooses an account and a feature.
func (m mix) next(random *rand.Rand) (account, feature string) {
	feature = byWindow
	if random.Float64() < m.credits {
		feature = byCredit
	}
	return m.id(random.IntN(m.size)), feature
}

// keys makes the idempotency keys of one caller in one run of a load: about a
// dozen characters, apart from those of all others.
func keys() func(n int) string {
	prefix := strconv.FormatUint(rand.Uint64()>>22, 36) + "-"
	return func(n int) string { return prefix + strconv.Itoa(n) }
}

// load asks the engine for a mix.
func (r *rig) load(m mix, callers int, d time.Duration, w watched) load {
	return load{callers: callers, duration: d, watched: w, caller: func(context.Context, int) (caller, error) {
		random, key := rand.New(rand.NewPCG(rand.Uint64(), 7)), keys()
		return func(ctx context.Context, n int) (int, error) {
			account, feature := m.next(random)
			return 1, r.authorize(ctx, account, feature, key(n))
		}, nil
	}}
}

// authorize asks for one unit, and is content with nothing less.
func (r *rig) authorize(ctx context.Context, account, feature, key string) error {
	d, err := r.engine.Authorize(ctx, engine.AuthorizeRequest{Account: account, User: "user-1", Feature: feature, Quantity: 1, Key: key})
	if err == nil && d.Granted != 1 {
		err = fmt.Errorf("%s was granted %d of %s", account, d.Granted, feature)
	}
	return err
}

// settle lets what the last measurement left behind end before the next.
func settle() {
	runtime.GC()
	time.Sleep(100 * time.Millisecond)
}
