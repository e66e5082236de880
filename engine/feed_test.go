package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/server/stores"
)

// reader follows a feed and keeps what it saw.
type reader struct {
	mu     sync.Mutex
	events []ledger.ID
	at     []time.Time
	end    context.CancelFunc
	done   chan struct{}
}

// reading starts a reader of an account's feed, or of all accounts' where it is
// "", behind a cursor; nil is from now on.
func reading(t *testing.T, e *engine.Engine, account string, after *ledger.ID) *reader {
	ctx, end := context.WithCancel(context.Background())
	r := &reader{end: end, done: make(chan struct{})}
	follow := e.FollowAllDecisions
	if account != "" {
		follow = func(ctx context.Context, f ledger.DecisionFilter, after *ledger.ID, deliver func(ledger.FeedItem) error) error {
			return e.FollowDecisions(ctx, account, f, after, deliver)
		}
	}
	go func() {
		defer close(r.done)
		err := follow(ctx, ledger.DecisionFilter{}, after, func(item ledger.FeedItem) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events, r.at = append(r.events, item.Event), append(r.at, time.Now())
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a feed ended with %v", err)
		}
	}()
	t.Cleanup(r.stop)
	return r
}

func (r *reader) stop() { r.end(); <-r.done }

func (r *reader) seen() []ledger.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// await waits until a reader has seen n events, and returns them.
func (r *reader) await(t *testing.T, n int, within time.Duration) []ledger.ID {
	t.Helper()
	for end := time.Now().Add(within); len(r.seen()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d of %d events came within %v", len(r.seen()), n, within)
		}
	}
	return r.seen()
}

// connection is one of the test's own.
func (w *world) connection() *pgx.Conn {
	w.t.Helper()
	c, err := pgx.Connect(context.Background(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// eventsOf are the ids of an account's events, or of all accounts', as they
// stand.
func (w *world) eventsOf(account string) []ledger.ID {
	w.t.Helper()
	rows, err := w.connection().Query(context.Background(), `select id from usage_events where $1 in ('', account_id) order by id`, account)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	var ids []ledger.ID
	for rows.Next() {
		var id ledger.ID
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// TestAFeedGoesOnOverProcesses: what one process decides, the readers of another
// are told, each event once and in order; also those who break off anywhere and
// go on in a third process, or in the first one after it was started again.
func TestAFeedGoesOnOverProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Run()
	messages := engine.Options{Messages: w.redis}
	processes := []*engine.Engine{w.with(w.redis, messages), w.with(w.redis, messages), w.with(w.redis, messages)}
	account := w.account("followed", "paid")
	w.credits(account, 1_000_000_000)
	whole := reading(t, processes[2], account, &ledger.ID{})
	var broken []ledger.ID // by a reader that moves on after every few events
	r := rand.New(rand.NewPCG(3, 4))
	cursor := &ledger.ID{}
	for round := range 12 {
		moved := reading(t, processes[round%len(processes)], account, cursor)
		made := 1 + r.IntN(6)
		for n := range made {
			d, err := processes[n%2].Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: w.key(), HoldSeconds: 60})
			if err == nil && n%2 == 0 {
				_, err = processes[(n+1)%2].Settle(context.Background(), engine.SettleRequest{Account: account, Decision: d.ID, Quantity: 1, Key: w.key()})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if r.IntN(2) == 0 {
			moved.await(t, 1, 5*time.Second)
		}
		moved.stop() // in the middle, or before it saw any
		if seen := moved.seen(); len(seen) > 0 {
			broken = append(broken, seen...)
			cursor = &seen[len(seen)-1]
		}
		if round == 6 { // the process ends, and begins again
			processes[1].Close()
			processes[1] = w.with(w.redis, messages)
		}
	}
	want := w.eventsOf(account)
	last := reading(t, processes[1], account, cursor)
	broken = append(broken, last.await(t, len(want)-len(broken), 5*time.Second)...)
	for name, got := range map[string][]ledger.ID{"one that stayed": whole.await(t, len(want), 5*time.Second), "one that moved": broken} {
		if !slices.Equal(got, want) {
			t.Errorf("%s saw %d events, there are %d:\n%v\n%v", name, len(got), len(want), got, want)
		}
	}
}

// TestAllDecisionsComeInOneOrder: readers of all accounts see every event once, in
// the same order, while several processes decide on many accounts at once, whose
// transactions do not commit in that order.
func TestAllDecisionsComeInOneOrder(t *testing.T) {
	w := newWorld(t)
	w.clock.Run()
	messages := engine.Options{Messages: w.redis}
	processes := []*engine.Engine{w.with(w.redis, messages), w.with(w.redis, messages)}
	accounts := make([]string, 8)
	for i := range accounts {
		accounts[i] = w.account(fmt.Sprint("of-all-", i), "plus")
	}
	readers := []*reader{reading(t, processes[0], "", &ledger.ID{}), reading(t, processes[1], "", &ledger.ID{})}
	var callers sync.WaitGroup
	for caller := range 16 {
		callers.Go(func() {
			for n := range 12 {
				if _, err := processes[caller%2].Authorize(context.Background(), engine.AuthorizeRequest{Account: accounts[(caller*5+n)%len(accounts)], User: "ann", Feature: "chat",
					Quantity: 1, Key: fmt.Sprint("c", caller, "-", n)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// A transaction that lasts: what commits behind it has to wait, and is told
	// when it has ended.
	slow, err := w.connection().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Exec(t.Context(), "select pg_current_xact_id()"); err != nil {
		t.Fatal(err)
	}
	callers.Wait()
	middle := readers[0].seen()
	if err := slow.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := w.eventsOf("")
	for i, r := range readers {
		if got := r.await(t, len(want), 5*time.Second); !slices.Equal(got, want) {
			t.Errorf("reader %d saw %d events in another order than the %d that there are", i, len(got), len(want))
		}
	}
	if len(middle) == len(want) {
		t.Error("nothing waited for the transaction under way: the test shows nothing")
	}
	// From any cursor on it is the rest.
	for _, from := range []int{0, 1, len(want) / 2, len(want) - 1} {
		r := reading(t, processes[from%2], "", &want[from])
		if got := r.await(t, len(want)-from-1, 5*time.Second); !slices.Equal(got, want[from+1:]) {
			t.Errorf("behind event %d: %d events, there are %d", from, len(got), len(want)-from-1)
		}
	}
}

// TestReadersOfAllDoNotMeet: one that does not take what it is given keeps the
// others of its process from nothing and misses nothing, and one who sees a
// single account is given nothing of what is read for the others.
func TestReadersOfAllDoNotMeet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Run()
	e := w.with(w.redis, engine.Options{})
	own, other := w.account("own", "plus"), w.account("other", "plus")
	begun := ledger.FirstID(waterfall.InstantOf(w.clock.Now())) // before any of them
	quick := reading(t, e, "", &begun)
	follow := func(ctx context.Context, deliver func(ledger.FeedItem) error) (ended chan error) {
		ended = make(chan error, 1)
		go func() { ended <- e.FollowAllDecisions(ctx, ledger.DecisionFilter{}, &begun, deliver) }()
		return ended
	}
	ctx, end := context.WithCancel(t.Context())
	given, taken := make(chan ledger.FeedItem), make(chan ledger.FeedItem, 100)
	slow := follow(ctx, func(item ledger.FeedItem) error {
		select {
		case given <- item:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	walled := follow(ledger.Only(ctx, own), func(item ledger.FeedItem) error {
		taken <- item
		return nil
	})
	const rounds = 20
	for range rounds {
		w.decide(e, own)
		w.decide(e, other)
	}
	want := w.eventsOf("")
	if got := quick.await(t, 2*rounds, 10*time.Second); !slices.Equal(got, want) {
		t.Errorf("the quick one saw %d events, there are %d", len(got), len(want))
	}
	for i, id := range want {
		if item := next(t, given); item.Event != id {
			t.Fatalf("the slow one is given another event as number %d", i)
		}
	}
	for i, id := range w.eventsOf(own) {
		if item := next(t, taken); item.Event != id || item.Decision.Account != own {
			t.Fatalf("who sees one account is given as number %d one of %s", i, item.Decision.Account)
		}
	}
	end()
	if a, b := <-slow, <-walled; !errors.Is(a, context.Canceled) || !errors.Is(b, context.Canceled) || len(taken) > 0 {
		t.Errorf("they ended with %v and %v, and %d more events", a, b, len(taken))
	}
}

// next is what is delivered next.
func next(t *testing.T, delivered <-chan ledger.FeedItem) ledger.FeedItem {
	t.Helper()
	select {
	case item := <-delivered:
		return item
	case <-time.After(10 * time.Second):
		t.Fatal("nothing more is delivered")
		return ledger.FeedItem{}
	}
}

// decide has an engine decide something for an account.
func (w *world) decide(e *engine.Engine, account string) {
	w.t.Helper()
	must(e.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
}

// losing loses every message but each third.
type losing struct {
	engine.Messages
	n int
}

func (l *losing) Publish(ctx context.Context, accounts []string) error {
	if l.n++; l.n%3 > 0 {
		return nil
	}
	return l.Messages.Publish(ctx, accounts)
}

// TestALostMessageOnlyDelays, by some seconds.
func TestALostMessageOnlyDelays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.Run()
	deaf, lossy := w.with(w.redis, engine.Options{}), w.with(w.redis, engine.Options{Messages: &losing{Messages: w.redis}})
	account := w.account("delayed", "plus")
	for name, follower := range map[string]*engine.Engine{"no messages at all": deaf, "most are lost": w.with(w.redis, engine.Options{Messages: w.redis})} {
		t.Run(name, func(t *testing.T) {
			before := len(w.eventsOf(account))
			r := reading(t, follower, account, &ledger.ID{})
			for range 5 {
				must(lossy.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
				time.Sleep(20 * time.Millisecond)
			}
			if got, want := r.await(t, before+5, 6*time.Second), w.eventsOf(account); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// redisLostWhileFollowed: while Redis is away, and after it is back, readers of
// another process are told everything, some seconds later.
func redisLostWhileFollowed(t *testing.T, s *stores.Stores) {
	w := newWorldOfStores(t, s)
	w.clock.Run()
	here, there := w.with(w.redis, engine.Options{Messages: w.redis}), w.with(w.redis, engine.Options{Messages: w.redis})
	account := w.account("followed", "plus")
	r := reading(t, there, account, &ledger.ID{})
	decide := func() {
		for range 3 {
			must(here.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
		}
	}
	decide()
	r.await(t, 3, 6*time.Second)
	check(t, s.Redis.Kill())
	decide()
	r.await(t, 6, 6*time.Second)
	check(t, s.Redis.Start(context.Background()))
	decide()
	if got, want := r.await(t, 9, 6*time.Second), w.eventsOf(account); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestBucketsAreToldAsWindowsRefill: at most once a second however much happens,
// and when a window refills while nobody asks for anything.
func TestBucketsAreToldAsWindowsRefill(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.plan("short", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "seconds", Windows: []waterfall.Window{{Limit: 50, Seconds: 2}}}}})
	w.clock.Run()
	e := w.with(w.redis, engine.Options{Messages: w.redis})
	account, user := w.account("refilled", "short"), "ann"
	type told struct {
		at   time.Time
		left int64
		view waterfall.BucketView
	}
	var mu sync.Mutex
	var all []told
	ctx, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- e.FollowBuckets(ctx, engine.BucketQuery{Account: account, User: &user}, func(states []engine.BucketState) error {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, told{time.Now(), states[0].View.Remaining, states[0].View})
			return nil
		})
	}()
	begun := time.Now()
	for range 40 {
		must(e.Authorize(ctx, engine.AuthorizeRequest{Account: account, User: user, Feature: "chat", Quantity: 1, Key: w.key()}))
		time.Sleep(20 * time.Millisecond)
	}
	refilled := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(all) > 1 && all[len(all)-1].left == 50
	}
	for limit := time.Now().Add(8 * time.Second); !refilled() && time.Now().Before(limit); {
		time.Sleep(20 * time.Millisecond)
	}
	end()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !refilled() {
		t.Errorf("the window never refilled: %v", all)
	}
	low := int64(50)
	for i, one := range all {
		low = min(low, one.left)
		if i > 0 && one.at.Sub(all[i-1].at) < 990*time.Millisecond {
			t.Errorf("told again after %v", one.at.Sub(all[i-1].at))
		}
		// As much may be left as before, where one came back and one was taken.
		if i > 0 && reflect.DeepEqual(one.view, all[i-1].view) {
			t.Errorf("told %+v twice", one.view)
		}
	}
	if most := int(time.Since(begun).Seconds()) + 2; len(all) > most || low == 50 {
		t.Errorf("told %d times, at most %d expected; the least left was %d", len(all), most, low)
	}
}

// TestTheBalanceIsToldAsTimePasses: a grant that takes effect, and one that
// expires, change it with nobody's doing.
func TestTheBalanceIsToldAsTimePasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.with(w.redis, engine.Options{Messages: w.redis})
	account := w.account("patient", "paid")
	begun := w.clock.Now()
	now := waterfall.InstantOf(begun)
	from, to := now+200_000, now+400_000
	w.credits(account, 1_000_000)
	w.grant(engine.NewGrant{Account: account, Kind: waterfall.Credit, Amount: 5_000_000, EffectiveAt: &from, ExpiresAt: &to})
	ctx, end := context.WithTimeout(context.Background(), 30*time.Second)
	defer end()
	var available []int64
	err := e.FollowBalance(ctx, account, func(b *engine.Balance) error {
		if n := len(available); n == 0 || available[n-1] != b.Available {
			available = append(available, b.Available)
		}
		switch len(available) {
		case 1: // the clock goes no further than what is to be told next
			w.clock.RunUntil(begun.Add(300 * time.Millisecond))
		case 2:
			w.clock.RunUntil(begun.Add(time.Second))
		case 3:
			end()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || !slices.Equal(available, []int64{1_000_000, 6_000_000, 1_000_000}) {
		t.Errorf("%v: %v", available, err)
	}
}

// TestACommitReachesItsReadersSoon: in another process, with many of them.
func TestACommitReachesItsReadersSoon(t *testing.T) {
	w := newWorld(t)
	w.clock.Run()
	messages := engine.Options{Messages: w.redis}
	here, there := w.with(w.redis, messages), w.with(w.redis, messages)
	const accounts, readersOfEach, rounds = 20, 10, 25
	ids := make([]string, accounts)
	var readers []*reader
	for i := range ids {
		ids[i] = w.account(fmt.Sprint("soon-", i), "plus")
		for range readersOfEach {
			readers = append(readers, reading(t, there, ids[i], &ledger.ID{}))
		}
	}
	committed := make([][]time.Time, accounts)
	for range rounds { // 200 decisions a second
		begun := time.Now()
		var group sync.WaitGroup
		for i := range ids {
			group.Go(func() {
				must(here.Authorize(context.Background(), engine.AuthorizeRequest{Account: ids[i], User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
				committed[i] = append(committed[i], time.Now())
			})
		}
		group.Wait()
		time.Sleep(max(0, 100*time.Millisecond-time.Since(begun)))
	}
	var took []time.Duration
	for i, r := range readers {
		r.await(t, rounds, 10*time.Second)
		r.stop()
		for n, at := range r.at {
			took = append(took, at.Sub(committed[i/readersOfEach][n]))
		}
	}
	slices.Sort(took)
	median, late := took[len(took)/2], took[len(took)*99/100]
	t.Logf("%d readers: median %v, 99 of 100 within %v", len(readers), median, late)
	// Without the messages it would be the look-out's interval, two seconds.
	if median > time.Second {
		t.Errorf("the median is %v: no message carried the news", median)
	}
}
