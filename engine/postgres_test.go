package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
	"spillway/server/stores"
)

// ownStores starts a PostgreSQL and a Redis that a test may stop.
func ownStores(t *testing.T) *stores.Stores {
	t.Helper()
	s, err := stores.Start(t.Context(), stores.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := ledger.Migrate(t.Context(), s.DatabaseURL); err != nil {
		t.Fatal(err)
	}
	return s
}

// newWorldOfStores is a world on stores of its own.
func newWorldOfStores(t *testing.T, s *stores.Stores) *world {
	t.Helper()
	w := &world{t: t, url: s.DatabaseURL, clock: &clock{now: noon}, prefix: fmt.Sprintf("own%d-", worlds.Add(1))}
	w.ledger = openLedger(t, w.url)
	var err error
	if w.redis, err = counters.OpenRedis(s.RedisURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.redis.Close() })
	w.Engine = w.another(w.redis)
	w.catalog()
	return w
}

// load is a crowd of callers that spend credits, and remembers every answer.
type load struct {
	w        *world
	accounts []string
	stop     atomic.Bool
	group    sync.WaitGroup

	mu          sync.Mutex
	acked       map[ledger.KeyRef]*ledger.Decision
	unavailable int
	// unknown are the keys whose outcome the caller was not told.
	unknown []ledger.KeyRef
}

// crowd starts callers, each with keys of its own.
func (w *world) crowd(callers int) *load {
	l := &load{w: w, acked: map[ledger.KeyRef]*ledger.Decision{}}
	for i := range 6 {
		l.accounts = append(l.accounts, w.account(fmt.Sprint("crowd", i), "paid"))
		w.credits(l.accounts[i], 1_000_000_000)
	}
	for i := range callers {
		l.group.Go(func() {
			for n := 0; !l.stop.Load(); n++ {
				l.call(ledger.KeyRef{Account: l.accounts[(i+n)%len(l.accounts)], Key: fmt.Sprint("caller ", i, " call ", n)})
			}
		})
	}
	return l
}

func (l *load) call(ref ledger.KeyRef) {
	d, err := l.w.Authorize(context.Background(), engine.AuthorizeRequest{Account: ref.Account, User: "ann", Feature: "chat", Quantity: 1, Key: ref.Key})
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err == nil:
		l.acked[ref] = d
	case code(err) == engine.CodeUnavailable:
		l.unavailable++
		l.unknown = append(l.unknown, ref)
	default:
		l.w.t.Errorf("%v", err)
	}
}

// count is how many calls were answered.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// awaitMore waits until further calls were answered, and returns how long that
// took.
func (l *load) awaitMore(n int, limit time.Duration) time.Duration {
	l.w.t.Helper()
	begun, from := time.Now(), l.count()
	for l.count() < from+n {
		if time.Since(begun) > limit {
			l.w.t.Fatalf("only %d calls were answered within %v", l.count()-from, limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begun)
}

// silent tells whether nobody was answered for a while.
func (l *load) silent() bool {
	before := l.count()
	time.Sleep(300 * time.Millisecond)
	return l.count() == before
}

// finish ends the crowd and holds every answer against the database: what was
// acknowledged is there as it was told; what was not is there whole or not at
// all, and its key tells; nothing was charged that has no decision.
func (l *load) finish() {
	t := l.w.t
	t.Helper()
	l.stop.Store(true)
	l.group.Wait()
	ctx := context.Background()
	charged := map[string]int64{}
	for ref, d := range l.acked {
		stored, err := l.w.ledger.Decision(ctx, ref.Account, d.ID)
		if err != nil || stored == nil {
			t.Fatalf("the decision %s that was acknowledged is not there: %v", d.ID, err)
		}
		if stored.Key != ref.Key || stored.Status != d.Status || stored.Charged != d.Charged || d.Replayed {
			t.Errorf("acknowledged %+v, stored %+v", d.Event, stored.Event)
		}
		charged[ref.Account] += d.Charged
	}
	for _, ref := range l.unknown {
		d, err := l.w.Authorize(ctx, engine.AuthorizeRequest{Account: ref.Account, User: "ann", Feature: "chat", Quantity: 1, Key: ref.Key})
		if err != nil {
			t.Fatal(err)
		}
		charged[ref.Account] += d.Charged
	}
	for _, a := range l.accounts {
		if b := l.w.balance(a); b.Available != 1_000_000_000-charged[a] {
			t.Errorf("%s: %d is left after decisions for %d", a, b.Available, charged[a])
		}
	}
	l.w.verified()
	t.Logf("%d answered, %d times unavailable", len(l.acked), l.unavailable)
}

// TestPostgresAway: without the truth nothing is decided, and all works again
// by itself.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	s := ownStores(t)
	w := newWorldOfStores(t, s)
	ctx := context.Background()
	a := w.account("away", "plus")
	w.credits(a, 10_000_000)
	for name, stop := range map[string]func() error{
		"killed": s.Postgres.Kill, "stopped at once": s.Postgres.StopImmediate, "stopped in order": s.Postgres.StopFast,
	} {
		crowd := w.crowd(8)
		crowd.awaitMore(50, 20*time.Second)
		before := w.balance(a)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		// A backend may outlive its killed postmaster for as long as it has
		// something to do, and answer.
		for begun := time.Now(); !crowd.silent() || second(w.Balances(ctx, []string{a})) == nil; {
			if time.Since(begun) > 10*time.Second {
				t.Fatalf("%s: it still answers", name)
			}
		}
		r := engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 9, Key: "away " + name}
		limited, cancel := context.WithTimeout(ctx, 3*time.Second)
		begun := time.Now()
		calls := map[string]error{
			"authorize":   second(w.Authorize(limited, r)),
			"settle":      second(w.Settle(limited, engine.SettleRequest{Account: a, Decision: ledger.ID{1}, Quantity: 1, Key: "s " + name})),
			"createGrant": second(w.CreateGrant(limited, engine.NewGrant{Account: a, Kind: 5, Amount: 1, Key: "g " + name}, byTest)),
			"preview":     second(w.Preview(limited, engine.PreviewRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1})),
			"balance":     second(w.Balances(limited, []string{a})),
			"buckets":     second(w.Buckets(limited, engine.BucketQuery{Account: a})),
			"publishPlan": second(w.PublishPlan(limited, "new", "new "+name, nil, byTest)),
			"newAccount":  second(w.CreateAccount(limited, engine.NewAccount{ID: "new", Name: "n", Plan: "plus"}, byTest)),
			"suspend":     second(w.SetAccountStatus(limited, a, ledger.Suspended, byTest)),
		}
		cancel()
		for call, err := range calls {
			var f *engine.Fault
			if !errors.As(err, &f) || f.Code != engine.CodeUnavailable || !f.Retryable() {
				t.Errorf("%s: %s gives %v", name, call, err)
			}
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: it took %v to say so", name, took)
		}
		if err := s.Postgres.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if took := crowd.awaitMore(20, 20*time.Second); took > 5*time.Second {
			t.Errorf("%s: it took %v to work again", name, took)
		}
		crowd.finish()
		if after := w.balance(a); after.Sequence != before.Sequence || after.Available != before.Available {
			t.Errorf("%s: something was decided while it was away: %+v, then %+v", name, before, after)
		}
		if d, err := w.Authorize(ctx, r); err != nil || d.Replayed {
			t.Errorf("%s: the key was used up: %v", name, err)
		}
		w.clock.Add(48 * time.Hour)
		w.prefix += "x"
	}
}

// TestAFeedMayBeginWhilePostgresIsAway: it waits, as one does that was there
// before, and does not end as if there were nothing more to tell.
func TestAFeedMayBeginWhilePostgresIsAway(t *testing.T) {
	t.Parallel()
	s := ownStores(t)
	w := newWorldOfStores(t, s)
	a := w.account("early", "plus")
	check(t, s.Postgres.StopFast())
	w.clock.Run() // which a reader of all accounts goes by
	r, all := reading(t, w.Engine, a, nil), reading(t, w.Engine, "", nil)
	anomalies := make(chan error, 1)
	go func() { anomalies <- w.FollowAnomalies(t.Context(), func(*ledger.Anomaly) error { return nil }) }()
	time.Sleep(100 * time.Millisecond) // it has asked by now
	check(t, s.Postgres.Start(t.Context()))
	for end := time.Now().Add(20 * time.Second); len(r.seen()) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it tells nothing")
		}
		// Until it knows where it begins, what is decided came before.
		_, _ = w.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()})
	}
	want := w.eventsOf("")
	if got := all.await(t, len(want), 5*time.Second); !slices.Equal(got, want) {
		t.Errorf("a reader of all accounts saw %d events, there are %d", len(got), len(want))
	}
	select {
	case err := <-anomalies:
		t.Errorf("that of anomalies ended: %v", err)
	default:
	}
}

// TestBackendsThatEndInTheMiddle: connections that the database ends under load
// cost nothing but time.
func TestBackendsThatEndInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	crowd := w.crowd(16)
	for range 12 {
		crowd.awaitMore(15, 20*time.Second)
		ledgertest.Exec(t, w.url, `select pg_terminate_backend(pid) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and query ilike '%unnest%'`)
	}
	crowd.finish()
}
