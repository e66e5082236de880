package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// world is an engine on real stores with a clock of its own.
type world struct {
	*engine.Engine
	t      testing.TB
	ledger *ledger.Ledger
	redis  *counters.Redis
	url    string
	clock  *clock
	keys   atomic.Int64
	// prefix keeps the accounts of tests that share a Redis apart.
	prefix string
}

// clock is a time that a test moves, or that runs.
type clock struct {
	mu  sync.Mutex
	now time.Time
	// since is when it began to run; zero: it stands.
	since time.Time
	// until is where it stops; zero: nowhere.
	until time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.now
	}
	now := c.now.Add(time.Since(c.since))
	if !c.until.IsZero() && now.After(c.until) {
		return c.until
	}
	return now
}

// RunUntil lets it go on by itself up to a moment, however long the machine takes.
func (c *clock) RunUntil(until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.until = until; c.since.IsZero() {
		c.since = time.Now()
	}
}

// Run lets it go on by itself.
func (c *clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Now()
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// noon is when the tests begin: a Wednesday.
var noon = time.Date(2026, 3, 11, 12, 0, 0, 0, time.UTC)

var worlds atomic.Int64

func redisURL(t testing.TB) string {
	t.Helper()
	url := os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if url == "" {
		t.Fatal("SPILLWAY_TEST_REDIS_URL is not set; run: make test")
	}
	return url
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, redisURL(t))
}

func newWorldOn(t testing.TB, redis string) *world {
	t.Helper()
	w := &world{t: t, url: ledgertest.URL(t), clock: &clock{now: noon}, prefix: fmt.Sprintf("t%d-%d-", os.Getpid(), worlds.Add(1))}
	w.ledger = openLedger(t, w.url)
	var err error
	if w.redis, err = counters.OpenRedis(redis); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.redis.Close() })
	w.Engine = w.another(w.redis)
	w.catalog()
	return w
}

func openLedger(t testing.TB, url string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), url, ledgertest.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// another starts a further engine on the same stores, as another process would.
func (w *world) another(c engine.Counters) *engine.Engine {
	w.t.Helper()
	e, err := engine.New(context.Background(), w.ledger, c, engine.Options{Clock: w.clock.Now,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(e.Close)
	return e
}

var byTest = engine.Change{Actor: "tester", Reason: "test"}

// catalog publishes a plan "plus" with the feature "chat" (5 per minute, then a
// daily quota of 3, promotions, entitlements, credits at 0.5) and the
// indivisible feature "video" (credits at 2).
func (w *world) catalog() {
	w.t.Helper()
	ctx := context.Background()
	w.feature("chat", true)
	w.feature("video", false)
	must(w.SetPrice(ctx, "chat", 500_000, 1, nil, byTest))
	must(w.SetPrice(ctx, "video", 2_000_000, 1, nil, byTest))
	w.plan("plus",
		waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "minute", Windows: []waterfall.Window{{Limit: 5, Seconds: 60}}},
			{Kind: waterfall.FreeTier, Key: "daily", Scope: waterfall.PerAccount, Quota: 3, Period: waterfall.Day},
			{Kind: waterfall.Promotion, Key: "promo"}, {Kind: waterfall.Entitlement, Key: "contract"},
			{Kind: waterfall.Credit, Key: "credits"}}},
		waterfall.Rules{Feature: "video", Buckets: []waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "hour", Windows: []waterfall.Window{{Limit: 10, Seconds: 3600}}},
			{Kind: waterfall.Credit, Key: "credits"}}})
	w.plan("paid", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
}

func (w *world) feature(key string, divisible bool) {
	w.t.Helper()
	must(w.UpsertFeature(context.Background(), ledger.Feature{Key: key, Name: key, Unit: "unit", Divisible: divisible}, byTest))
}

func (w *world) plan(key string, rules ...waterfall.Rules) {
	w.t.Helper()
	must(w.PublishPlan(context.Background(), key, key, rules, byTest))
}

// account makes an account on a plan and returns its id.
func (w *world) account(name, plan string) string {
	w.t.Helper()
	id := w.prefix + name
	must(w.CreateAccount(context.Background(), engine.NewAccount{ID: id, Name: name, Plan: plan}, byTest))
	return id
}

func (w *world) key() string { return fmt.Sprint("key-", w.keys.Add(1)) }

// credits gives an account credits in millionths.
func (w *world) credits(account string, micros int64) *ledger.Grant {
	w.t.Helper()
	return w.grant(engine.NewGrant{Account: account, Kind: waterfall.Credit, Amount: micros})
}

func (w *world) grant(n engine.NewGrant) *ledger.Grant {
	w.t.Helper()
	if n.Key == "" {
		n.Key = w.key()
	}
	return must(w.CreateGrant(context.Background(), n, byTest))
}

// ask authorizes with a fresh key.
func (w *world) ask(account, feature string, quantity int64) *ledger.Decision {
	w.t.Helper()
	return w.request(engine.AuthorizeRequest{Account: account, User: "ann", Feature: feature, Quantity: quantity})
}

func (w *world) request(r engine.AuthorizeRequest) *ledger.Decision {
	w.t.Helper()
	if r.Key == "" {
		r.Key = w.key()
	}
	return must(w.Authorize(context.Background(), r))
}

func (w *world) balance(account string) *engine.Balance {
	w.t.Helper()
	return must(w.Balances(context.Background(), []string{account}))[account]
}

// must stops the test on an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// code is the code of an error, "" for nil.
func code(err error) engine.Code {
	var f *engine.Fault
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.Code
	}
	return engine.Code("no fault: " + err.Error())
}
