package engine

import (
	"context"

	"spillway/engine/counters"
	"spillway/ledger"
)

// Store is the truth that batches are decided on: the ledger in PostgreSQL, or
// one in memory for simulation.
type Store interface {
	// Begin locks accounts and reads what is wanted; see ledger.Begin.
	Begin(ctx context.Context, want ledger.Want) (Tx, *ledger.Loaded, error)
}

// Tx is the transaction of one batch; see ledger.Tx.
type Tx interface {
	Decisions(ctx context.Context, refs []ledger.EventRef) (map[ledger.EventRef]*ledger.Decision, error)
	OpenGrants(ctx context.Context, accounts []string) (map[string][]ledger.Grant, error)
	GrantsByID(ctx context.Context, account string, ids []ledger.ID) ([]ledger.Grant, error)
	PartsOf(ctx context.Context, e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error)
	DueHolds(ctx context.Context, until []ledger.Since) (map[string]ledger.DueHolds, error)
	UsageSince(ctx context.Context, since []ledger.Since, each func(*ledger.Event) error) error
	Audited(ctx context.Context, account string, entries []ledger.ID) (bool, error)
	Commit(ctx context.Context, w *ledger.Writes, meanwhile func()) error
	Rollback()
}

// Counters is the cache of window counters: Redis, or one in memory.
type Counters interface {
	Read(ctx context.Context, queries []counters.Query) ([]counters.Snapshot, error)
	Write(ctx context.Context, updates []counters.Update) ([]bool, error)
	Away() bool
}

// postgres is the Store of a ledger.
type postgres struct{ *ledger.Ledger }

func (p postgres) Begin(ctx context.Context, want ledger.Want) (Tx, *ledger.Loaded, error) {
	tx, loaded, err := p.Ledger.Begin(ctx, want)
	if err != nil {
		return nil, nil, err
	}
	return tx, loaded, nil
}
