package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// counting counts the accounts that are written to a store of counters.
type counting struct {
	engine.Counters
	reads, writes atomic.Int64
}

func (c *counting) Read(ctx context.Context, queries []counters.Query) ([]counters.Snapshot, error) {
	c.reads.Add(int64(len(queries)))
	return c.Counters.Read(ctx, queries)
}

func (c *counting) Write(ctx context.Context, updates []counters.Update) ([]bool, error) {
	c.writes.Add(int64(len(updates)))
	return c.Counters.Write(ctx, updates)
}

// past repeats the account's only usage once in each of the last seconds.
func (w *world) past(account string, seconds int) {
	w.t.Helper()
	var ids []string
	var times []time.Time
	for n := seconds; n > 0; n-- {
		at := w.clock.Now().Add(-time.Duration(n) * time.Second)
		ids, times = append(ids, ledger.NewID(waterfall.InstantOf(at), uint64(n)).String()), append(times, at)
	}
	// The steps hold what was taken; the second is that of the row.
	n := ledgertest.Exec(w.t, w.url, `insert into usage_events select (jsonb_populate_record(u, jsonb_build_object(
		'id', p.id, 'created_at', p.at, 'idempotency_key', p.id))).* from usage_events u, unnest($2::text[]::uuid[], $3::timestamptz[]) p (id, at)
		where u.account_id = $1`, account, ids, times)
	if n != int64(seconds) {
		w.t.Fatalf("%d events of the past", n)
	}
}

// Counters of thousands of entries are not written for each batch while one
// worker alone decides on the account; a second process finds out by the
// version, counts again, and from then on both write and read.
func TestLargeCountersAreWrittenOnlyWhereSomebodyReadsThem(t *testing.T) {
	w := newWorld(t)
	const before, limit = 5000, 5100
	w.plan("long", waterfall.Rules{Feature: "chat", Buckets: []waterfall.Bucket{
		{Kind: waterfall.RateLimit, Key: "day", Windows: []waterfall.Window{{Limit: limit, Seconds: 86400}}}}})
	a := w.account("large", "long")
	first, second := &counting{Counters: w.redis}, &counting{Counters: w.redis}
	w.ask(a, "chat", 1) // what the past repeats
	w.past(a, before)
	w.clock.Add(time.Second)
	one := w.with(first, engine.Options{Workers: 1})
	spent := int64(before + 1)
	ask := func(e *engine.Engine) {
		t.Helper()
		w.clock.Add(time.Second)
		d := must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
		if d.Status != ledger.StatusAllowed || d.Steps[0].Available != limit-spent {
			t.Fatalf("after %d: %v with %d available", spent, d.Status, d.Steps[0].Available)
		}
		spent++
	}
	// The counters that Redis holds do not know of the past that was put in.
	ledgertest.Exec(t, w.url, `update accounts set version = gen_random_uuid() where account_id = $1`, a)
	for range 20 {
		ask(one)
	}
	sure := first.writes.Load()
	for range 10 {
		ask(one)
	}
	if n := first.writes.Load(); sure == 0 || n != sure {
		t.Errorf("%d writes until it was sure to be alone, then %d", sure, n-sure)
	}

	two := w.with(second, engine.Options{Workers: 1})
	ask(two)
	if two.Rebuilds() != 1 {
		t.Errorf("%d rebuilds in the second process", two.Rebuilds())
	}
	ask(one)
	rebuilt, written := one.Rebuilds(), first.writes.Load()
	for range 5 {
		ask(two)
		ask(one)
	}
	if one.Rebuilds() != rebuilt || two.Rebuilds() != 1 || first.writes.Load() != written+5 {
		t.Errorf("with two processes: %d and %d rebuilds, %d writes of 5", one.Rebuilds()-rebuilt, two.Rebuilds()-1, first.writes.Load()-written)
	}
}

// Where another process decides on an account too, its state is read beside the
// locking and not in a second round.
func TestAContestedAccountIsReadAhead(t *testing.T) {
	w := newWorld(t)
	w.windowed()
	a := w.account("contested", "windows")
	c := &counting{Counters: w.redis}
	one, two := w.with(c, engine.Options{Workers: 1}), w.with(w.redis, engine.Options{Workers: 1})
	ask := func(e *engine.Engine) (reads int64) {
		w.clock.Add(time.Minute)
		before := c.reads.Load()
		must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
		return c.reads.Load() - before
	}
	ask(one)
	for range 3 {
		ask(two)
		if n := ask(one); n != 1 {
			t.Errorf("%d reads after the other process", n)
		}
	}
	var reads []int64
	for range 6 {
		reads = append(reads, ask(one))
	}
	if reads[0] != 1 || reads[5] != 0 {
		t.Errorf("alone again it reads %v", reads)
	}
}

// Nothing is counted again for an account that was never asked.
func TestANewAccountIsNotCountedAgain(t *testing.T) {
	w := newWorld(t)
	w.windowed()
	e := w.with(w.redis, engine.Options{Workers: 1})
	var accounts []string
	for i := range 5 {
		accounts = append(accounts, w.account(fmt.Sprint("new", i), "windows"))
	}
	ask := func(e *engine.Engine) {
		w.clock.Add(time.Second)
		for _, a := range accounts {
			must(e.Authorize(t.Context(), engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
		}
	}
	ask(e)
	if n := e.Rebuilds(); n != 0 {
		t.Errorf("%d rebuilds", n)
	}
	// What it then wrote counts elsewhere too.
	two := w.with(w.redis, engine.Options{Workers: 1})
	ask(two)
	if n := two.Rebuilds(); n != 0 {
		t.Errorf("%d rebuilds in another process", n)
	}
	// And without Redis it is counted from the usage.
	three := w.with(away{}, engine.Options{Workers: 1})
	ask(three)
	if n := three.Rebuilds(); n != int64(len(accounts)) {
		t.Errorf("%d rebuilds without Redis", n)
	}
}
