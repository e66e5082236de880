package proof_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// server is an engine of the simulation, with its way to the stores: each call
// waits until the simulation lets it go on, with or without a fault.
type server struct {
	*engine.Engine
	sim  *simulation
	n    int
	skew time.Duration
	// dead servers reach nothing any more. A paused one is let go on later.
	dead   bool
	paused int
	tx     *simTx
	stop   context.CancelFunc
}

// call is a call of a store that waits.
type call struct {
	server *server
	to     target
	// accounts that must not be locked by others.
	accounts []string
	// proceed does it, or fails with a fault.
	proceed func(fault)
	done    chan struct{}
}

// target is what a call is for: the order of calls that wait at once.
type target int

const (
	toBegin target = iota
	toCommit
	toReadCounters
	toWriteCounters
)

func (t target) String() string {
	return [...]string{"BEGIN", "COMMIT", "counters read", "counters written"}[t]
}

// errCut is a connection that broke.
var errCut = fmt.Errorf("the simulation cut the connection: %w", io.ErrUnexpectedEOF)

var errRefused = errors.New("the simulated database refuses the statement")

func (s *simulation) newServer(n int) *server {
	v := &server{sim: s, n: n}
	ctx, stop := context.WithCancel(context.Background())
	v.stop = stop
	random := rand.New(rand.NewPCG(s.seed, uint64(s.started)))
	s.started++
	v.Engine = must(engine.NewOn(ctx, v, s.db, v, engine.Options{Workers: 1, States: 8, Random: random.Uint64,
		Clock: v.now}))
	return v
}

// now is the server's time. A batch asks for it once, when it holds its locks.
func (v *server) now() time.Time {
	now := v.sim.clock.Now().Add(v.skew)
	if v.tx != nil {
		v.tx.asked = waterfall.InstantOf(now)
	}
	return now
}

// wait queues a call until the simulation proceeds with it.
func (v *server) wait(to target, accounts []string, proceed func(fault)) {
	c := &call{server: v, to: to, accounts: accounts, proceed: proceed, done: make(chan struct{})}
	v.sim.mu.Lock()
	if v.dead {
		v.sim.mu.Unlock()
		proceed(died)
		return
	}
	v.sim.waiting = append(v.sim.waiting, c)
	v.sim.mu.Unlock()
	<-c.done
}

// Begin locks accounts and reads.
func (v *server) Begin(ctx context.Context, want ledger.Want) (engine.Tx, *ledger.Loaded, error) {
	var loaded *ledger.Loaded
	v.sim.auditor.begun(v)
	tx := &simTx{server: v, catalog: v.Catalog()}
	err := errCut
	v.wait(toBegin, want.Accounts, func(f fault) {
		if f != none {
			return
		}
		var inner engine.Tx
		inner, loaded, err = v.sim.db.Begin(ctx, want)
		if err != nil {
			return
		}
		tx.memoryTx = inner.(*memoryTx)
		tx.after = map[string]waterfall.Instant{}
		for id, a := range loaded.Accounts {
			tx.after[id] = a.DecidedAt
		}
		v.tx = tx
	})
	if err != nil {
		return nil, nil, err
	}
	return tx, loaded, nil
}

// simTx is a transaction over a connection that may break.
type simTx struct {
	*memoryTx
	server *server
	// What its batch decides by: the catalog, the server's time, and what each
	// account has seen.
	catalog *ledger.Catalog
	asked   waterfall.Instant
	after   map[string]waterfall.Instant
	cut     bool
	writes  *ledger.Writes
}

// now is the moment at which it decides on an account.
func (tx *simTx) now(account string) waterfall.Instant { return max(tx.asked, tx.after[account]+1) }

// broken tells a read that there is no connection any more.
func (tx *simTx) broken() error {
	if !tx.cut && tx.server.sim.happens(cutRead) {
		tx.end()
	}
	if tx.cut || tx.server.dead {
		return errCut
	}
	return nil
}

// end is what the database does with a transaction whose connection is gone.
func (tx *simTx) end() {
	tx.cut = true
	tx.memoryTx.Rollback()
}

func (tx *simTx) Decisions(ctx context.Context, refs []ledger.EventRef) (map[ledger.EventRef]*ledger.Decision, error) {
	if err := tx.broken(); err != nil {
		return nil, err
	}
	return tx.memoryTx.Decisions(ctx, refs)
}

func (tx *simTx) OpenGrants(ctx context.Context, accounts []string) (map[string][]ledger.Grant, error) {
	if err := tx.broken(); err != nil {
		return nil, err
	}
	return tx.memoryTx.OpenGrants(ctx, accounts)
}

func (tx *simTx) GrantsByID(ctx context.Context, account string, ids []ledger.ID) ([]ledger.Grant, error) {
	if err := tx.broken(); err != nil {
		return nil, err
	}
	return tx.memoryTx.GrantsByID(ctx, account, ids)
}

func (tx *simTx) PartsOf(ctx context.Context, e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error) {
	if err := tx.broken(); err != nil {
		return nil, nil, err
	}
	return tx.memoryTx.PartsOf(ctx, e)
}

func (tx *simTx) Audited(ctx context.Context, account string, entries []ledger.ID) (bool, error) {
	if err := tx.broken(); err != nil {
		return false, err
	}
	return tx.memoryTx.Audited(ctx, account, entries)
}

func (tx *simTx) UsageSince(ctx context.Context, since []ledger.Since, each func(*ledger.Event) error) error {
	if err := tx.broken(); err != nil {
		return err
	}
	return tx.memoryTx.UsageSince(ctx, since, each)
}

// Rollback ends the transaction, unless its COMMIT is still under way.
func (tx *simTx) Rollback() {
	if tx.writes == nil {
		tx.memoryTx.Rollback()
	}
}

// Commit sends the writes. They are copied, as on the way to a database: a late
// transaction is applied long after the engine has gone on.
func (tx *simTx) Commit(_ context.Context, w *ledger.Writes, meanwhile func()) (err error) {
	meanwhile()
	sent := *w
	sent.Accounts, sent.Settings = copies(w.Accounts), copies(w.Settings)
	sent.Events, sent.Postings = slices.Clone(w.Events), slices.Clone(w.Postings)
	tx.server.wait(toCommit, nil, func(f fault) {
		switch {
		case tx.cut || f == commitNeverArrives || f == died:
			tx.end()
			err = &ledger.UnknownOutcomeError{Cause: errCut}
		case f == commitRefused:
			tx.memoryTx.Rollback()
			err = errRefused
		case f == commitAnswerLost:
			_ = tx.server.sim.apply(tx, &sent) // a refusal fails the simulation
			err = &ledger.UnknownOutcomeError{Cause: errCut}
		case f == commitLate:
			tx.writes = &sent
			tx.server.sim.late = append(tx.server.sim.late, tx)
			err = &ledger.UnknownOutcomeError{Cause: errCut}
		default:
			err = tx.server.sim.apply(tx, &sent)
		}
	})
	return err
}

func copies(all []*ledger.Account) []*ledger.Account {
	own := make([]*ledger.Account, len(all))
	for i, a := range all {
		row := *a
		own[i] = &row
	}
	return own
}

// Read asks the counter store.
func (v *server) Read(ctx context.Context, queries []counters.Query) (found []counters.Snapshot, err error) {
	err = counters.ErrAway
	v.wait(toReadCounters, nil, func(f fault) {
		if f == none && v.sim.redisAway.Load() == 0 {
			found, err = v.sim.redis.Read(ctx, queries)
		}
	})
	return found, err
}

// Write tells the counter store. Of a late write the engine hears nothing.
func (v *server) Write(ctx context.Context, updates []counters.Update) (held []bool, err error) {
	err = counters.ErrAway
	v.wait(toWriteCounters, nil, func(f fault) {
		switch {
		case v.sim.redisAway.Load() > 0 || f == counterWriteLost || f == died:
		case f == counterWriteLate:
			v.sim.lateWrites = append(v.sim.lateWrites, packed(updates))
		case f == counterAnswerLost:
			_, _ = v.sim.redis.Write(ctx, updates)
		default:
			held, err = v.sim.redis.Write(ctx, updates)
		}
	})
	return held, err
}

// packed are updates as they are on the way: what the engine does to its
// series afterwards does not change them.
func packed(updates []counters.Update) []counters.Update {
	own := slices.Clone(updates)
	for i := range own {
		own[i].Fields = map[counters.Field]*waterfall.Series{}
		for f, s := range updates[i].Fields {
			c := &waterfall.Series{}
			for j := range s.Len() {
				c.Add(s.At(j))
			}
			own[i].Fields[f] = c
		}
	}
	return own
}

// Away tells what the engine was last told.
func (v *server) Away() bool { return v.sim.redisAway.Load() > 0 }
