package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"spillway/engine"
	"spillway/ledger"
)

// verified replays the books of the whole database: every charge, posting and
// link must add up, whatever the test did to the stores.
func (w *world) verified() {
	w.t.Helper()
	shown := 0
	done, err := w.ledger.Verify(context.Background(), "", func(m ledger.Mismatch) {
		if shown++; shown <= 5 {
			w.t.Errorf("the books do not add up: %+v", m)
		}
	})
	if err != nil || done.Accounts == 0 {
		w.t.Errorf("verified %+v: %v", done, err)
	}
}

// TestLocksAreTakenInOrder: two processes work on the same accounts in batches
// that name them in any order, and never wait for each other in a circle.
func TestLocksAreTakenInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	engines := []*engine.Engine{w.Engine, w.another(w.redis), w.with(away{}, engine.Options{Workers: 2})}
	var accounts []string
	for i := range 40 {
		accounts = append(accounts, w.account(fmt.Sprint("o", i), "paid"))
		w.credits(accounts[i], 1_000_000_000)
	}
	var group sync.WaitGroup
	for i, e := range engines {
		for j := range 3 {
			group.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), uint64(j)))
				for n := range 8 {
					var requests []engine.AuthorizeRequest
					for _, k := range r.Perm(len(accounts)) {
						requests = append(requests, engine.AuthorizeRequest{Account: accounts[k], User: "ann", Feature: "chat", Quantity: 1,
							Key: fmt.Sprint(i, "-", j, "-", n)})
					}
					for _, answer := range e.AuthorizeBatch(context.Background(), requests) {
						if answer.Err != nil {
							t.Error(answer.Err)
						}
					}
				}
			})
		}
	}
	group.Wait()
	for _, e := range engines {
		e.Close()
	}
	w.ledger.Close() // a backend reports its numbers when it ends, at the latest
	c, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	var deadlocks int64
	if err := c.QueryRow(t.Context(), "select deadlocks from pg_stat_database where datname = current_database()").Scan(&deadlocks); err != nil || deadlocks > 0 {
		t.Errorf("%d deadlocks: %v", deadlocks, err)
	}
}
