package engine

import (
	"context"

	"spillway/engine/waterfall"
)

// BalanceAt is what Balance would have answered at a moment: the postings up to
// it, over the grants that were effective and unexpired then. Of a moment still
// to come it is what stands now, over the grants that will be. Errors are
// *Fault.
func (e *Engine) BalanceAt(ctx context.Context, account string, at waterfall.Instant) (*Balance, error) {
	if err := validateAccount(account); err != nil {
		return nil, err
	}
	past, err := e.ledger.PastAt(ctx, account, at)
	switch {
	case err != nil:
		return nil, storeFault(err)
	case past == nil:
		return nil, notFound("accountId", "the account")
	}
	lots := make([]waterfall.Grant, len(past.Grants))
	for i := range past.Grants {
		lots[i] = past.Grants[i].Grant
	}
	return balanceOf(lots, past.Sequence, at), nil
}
