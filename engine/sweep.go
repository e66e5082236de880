package engine

import (
	"context"
	"errors"
)

// sweepLimit is how much of each kind a sweep takes on at once.
const sweepLimit = 1000

// Sweep writes down what is due and nobody asks for: that holds ended, and that
// grants were issued or expired. It counts before, for every read and for the
// account's next batch. Any process may call it at any time: under the account's lock
// each thing happens once. It returns how many
// accounts were brought up to now; a full sweep may have
// left some for the next.
func (e *Engine) Sweep(ctx context.Context) (done int, full bool, err error) {
	holds, err := e.ledger.DueHolds(ctx, e.now(), sweepLimit)
	if err != nil {
		return 0, false, err
	}
	accounts, err := e.ledger.DueAccounts(ctx, e.now(), sweepLimit)
	if err != nil {
		return 0, false, err
	}
	ops := make([]operation, 0, len(holds)+len(accounts))
	seen := map[string]bool{}
	due := func(account string) {
		if !seen[account] {
			seen[account] = true
			ops = append(ops, advanceAccount(account))
		}
	}
	for _, ref := range holds {
		due(ref.Account)
	}
	for _, id := range accounts {
		due(id)
	}
	for _, it := range e.submit(ctx, ops...) {
		if it.err != nil {
			err = errors.Join(err, it.err)
			continue
		}
		done++
	}
	return done, len(holds) == sweepLimit || len(accounts) == sweepLimit, err
}
