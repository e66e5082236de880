package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/ledger/ledgertest"
)

// blocked runs work while the row of an account is locked by somebody else.
func (w *world) blocked(account string, work func()) {
	w.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, "begin"); err != nil {
		w.t.Fatal(err)
	}
	if _, err := c.Exec(ctx, "select from accounts where account_id = $1 for update", account); err != nil {
		w.t.Fatal(err)
	}
	work()
	if _, err := c.Exec(ctx, "rollback"); err != nil {
		w.t.Fatal(err)
	}
}

// awaitLocked waits until a transaction of the engine waits for a lock.
func (w *world) awaitLocked() {
	w.t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var yes bool
		err := c.QueryRow(ctx, `select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())`).Scan(&yes)
		if err != nil {
			w.t.Fatal(err)
		}
		if yes {
			return
		}
	}
	w.t.Fatal("nobody waits for the lock")
}

// awaitWaiting waits until so many operations wait in an engine's queue.
func (w *world) awaitWaiting(e *engine.Engine, n int) {
	w.t.Helper()
	for end := time.Now().Add(30 * time.Second); e.Waiting() < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%d operations wait in the queue, %d are expected", e.Waiting(), n)
		}
	}
}

// together sends requests so that they become one batch: the only worker of
// the engine waits for the gate's row while they queue up.
func (w *world) together(gate string, requests []engine.AuthorizeRequest) []engine.Answer {
	w.t.Helper()
	var answers []engine.Answer
	var group sync.WaitGroup
	w.blocked(gate, func() {
		group.Go(func() { w.ask(gate, "chat", 1) })
		w.awaitLocked()
		group.Go(func() { answers = w.AuthorizeBatch(context.Background(), requests) })
		w.awaitWaiting(w.Engine, len(requests))
	})
	group.Wait()
	return answers
}

// TestOneBadItemFailsAlone: rows that somebody tampered with make the database
// refuse, or the engine stumble over, one account. Its neighbors in the same
// batch are answered, and so is the account itself once the row is mended.
func TestOneBadItemFailsAlone(t *testing.T) {
	t.Parallel()
	const neighbors, place = 12, 7
	w := newWorld(t)
	w.Engine = w.with(w.redis, engine.Options{Workers: 1})
	fresh := `with v as (update accounts set version = gen_random_uuid() where account_id = 'BAD') `
	for name, tamper := range map[string]struct{ spoil, mend string }{
		"a posting under the next sequence": {
			`insert into balance_updates select 2, grant_id, source_id, 0, 0, 0, created_at, ordinal, kind, counter_account, part, account_id, hash
				from balance_updates where account_id = 'BAD' and sequence = 1`,
			`delete from balance_updates where account_id = 'BAD' and sequence = 2`},
		"a constraint of the database": {
			`alter table grants add constraint tampered check (account_id <> 'BAD' or remaining = amount)`,
			`alter table grants drop constraint tampered`},
		"a plan that does not exist": {
			`update accounts set plan_key = 'gone', version = gen_random_uuid() where account_id = 'BAD'`,
			`update accounts set plan_key = 'plus', version = gen_random_uuid() where account_id = 'BAD'`},
		"an event that cannot be read": {
			fresh + `update usage_events set steps = steps || ';#' where account_id = 'BAD'`,
			fresh + `update usage_events set steps = rtrim(steps, ';#') where account_id = 'BAD'`},
		"a balance that does not cover its grants": {
			`update accounts set balance = 5, version = gen_random_uuid() where account_id = 'BAD'`,
			`update accounts set balance = 50000000, version = gen_random_uuid() where account_id = 'BAD'`},
	} {
		t.Run(name, func(t *testing.T) {
			w.prefix = w.key() + "-"
			gate, bad := w.account("gate", "plus"), ""
			var requests []engine.AuthorizeRequest
			for i := range neighbors + 1 {
				id := w.account(fmt.Sprint("n", i), "plus")
				if i == place {
					bad = id
				}
				w.credits(id, 50_000_000)
				w.ask(id, "chat", 8) // the window and the quota are used up: credits pay from here on
				requests = append(requests, engine.AuthorizeRequest{Account: id, User: "ann", Feature: "chat", Quantity: 2, Key: "k"})
			}
			ledgertest.Exec(t, w.url, strings.ReplaceAll(tamper.spoil, "BAD", bad))
			for i, answer := range w.together(gate, requests) {
				if i == place {
					if code(answer.Err) != engine.CodeInternal {
						t.Errorf("the bad one: %v %+v", answer.Err, answer.Decision)
					}
				} else if answer.Err != nil || answer.Decision.Charged != 1_000_000 {
					t.Errorf("neighbor %d: %v", i, answer.Err)
				}
			}
			ledgertest.Exec(t, w.url, strings.ReplaceAll(tamper.mend, "BAD", bad))
			// Nothing was kept of the attempt: the same key is free, and the state
			// is read anew.
			d, err := w.Authorize(context.Background(), requests[place])
			if err != nil || d.Replayed || d.Charged != 1_000_000 || w.balance(bad).Available != 49_000_000 {
				t.Errorf("after mending: %v %+v", err, d)
			}
		})
	}
	w.verified()
}
