package proof_test

import (
	"context"
	"errors"
	"fmt"
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

// stack is an engine on a real PostgreSQL and Redis, with a clock that the test
// moves.
type stack struct {
	*engine.Engine
	t      testing.TB
	ledger *ledger.Ledger
	redis  *counters.Redis
	clock  *clock
	keys   atomic.Int64
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// beginning is when the tests begin.
var beginning = time.Date(2027, 11, 29, 12, 0, 0, 0, time.UTC)

func newStack(t testing.TB) *stack {
	t.Helper()
	ctx := context.Background()
	s := &stack{t: t, clock: &clock{now: beginning}}
	var err error
	if s.ledger, err = ledger.Open(ctx, ledgertest.URL(t), ledgertest.Options()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.ledger.Close)
	url := os.Getenv("SPILLWAY_TEST_REDIS_URL")
	if url == "" {
		t.Fatal("SPILLWAY_TEST_REDIS_URL is not set; run: make test")
	}
	if s.redis, err = counters.OpenRedis(url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.redis.Close() })
	s.Engine = s.another()
	return s
}

// another starts a further engine on the same stores, as another process would.
func (s *stack) another() *engine.Engine {
	s.t.Helper()
	e := must(engine.New(context.Background(), s.ledger, s.redis, engine.Options{Clock: s.clock.Now}))
	s.t.Cleanup(e.Close)
	return e
}

var byTest = engine.Change{Actor: "tester", Reason: "test"}

// feature adds a feature, or leaves it as it is.
func (s *stack) feature(key string, divisible bool) {
	s.t.Helper()
	must(s.UpsertFeature(context.Background(), ledger.Feature{Key: key, Name: key, Unit: "unit", Divisible: divisible}, byTest))
}

// publish puts the plans of a catalog in force.
func (s *stack) publish(plans map[string][]waterfall.Rules) {
	s.t.Helper()
	for key, rules := range plans {
		must(s.PublishPlan(context.Background(), key, key, rules, byTest))
	}
}

// account makes an account on a plan and returns its id, which no other test
// run on the same Redis has.
func (s *stack) account(name, plan string) string {
	s.t.Helper()
	id := fmt.Sprintf("proof%d-%s", os.Getpid(), name)
	must(s.CreateAccount(context.Background(), engine.NewAccount{ID: id, Name: name, Plan: plan}, byTest))
	return id
}

func (s *stack) key() string { return fmt.Sprint("key-", s.keys.Add(1)) }

// mismatches verifies the books of an account and returns what is wrong.
func (s *stack) mismatches(account string) (found []ledger.Mismatch) {
	s.t.Helper()
	_, err := s.ledger.Verify(context.Background(), account, func(m ledger.Mismatch) { found = append(found, m) })
	if err != nil {
		s.t.Fatal(err)
	}
	return found
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
