package engine

import (
	"context"
	"errors"
)

// sweepLimit is how much of each kind a sweep takes on at once.
const sweepLimit = 1000

// Sweep does what is due and nobody asks for: it expires holds, and issues and
// expires grants. Any process may call it at any time: under the account's lock
// each thing happens once. It returns how much was done; a full sweep may have
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
	for _, ref := range holds {
		ops = append(ops, &expireHold{ref})
	}
	seen := map[string]bool{}
	for _, id := range accounts {
		if !seen[id] {
			seen[id] = true
			ops = append(ops, advanceGrants(id))
		}
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
