package engine

import (
	"context"

	"spillway/engine/waterfall"
)

// BalancesAt are what Balances would have answered at a moment: the postings up
// to it, over the grants that were effective and unexpired then. Of a moment
// still to come it is what stands now, over the grants that will be. Accounts
// that do not exist are left out. Errors are *Fault.
func (e *Engine) BalancesAt(ctx context.Context, accounts []string, at waterfall.Instant) (map[string]*Balance, error) {
	past, err := e.ledger.PastAt(ctx, accounts, at)
	if err != nil {
		return nil, storeFault(err)
	}
	found := make(map[string]*Balance, len(past))
	for account, p := range past {
		lots := make([]waterfall.Grant, len(p.Grants))
		for i := range p.Grants {
			lots[i] = p.Grants[i].Grant
		}
		found[account] = balanceOf(lots, p.Sequence, at)
	}
	return found, nil
}
