package engine

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// BalancesAt are what Balances would have answered at a moment: the postings up
// to it, and what was due by then, over the grants that were effective and
// unexpired. Of a moment still to come it is what will be if nothing is used.
// Accounts that do not exist are left out. Errors are *Fault.
func (e *Engine) BalancesAt(ctx context.Context, accounts []string, at waterfall.Instant) (map[string]*Balance, error) {
	past, err := e.ledger.PastAt(ctx, accounts, at)
	if err != nil {
		return nil, storeFault(err)
	}
	found := make(map[string]*Balance, len(past))
	for id, p := range past {
		// A plan without features: no counter sees what ends here.
		a := &account{Account: ledger.Account{ID: id}, plan: &ledger.Plan{}, recorded: p.Sequence, due: p.Due}
		for i := range p.Grants {
			rewind(&p.Grants[i], at+1)
		}
		a.setGrants(p.Grants)
		for i := range a.lots {
			if !a.lots[i].Units {
				a.Head.Balance += a.lots[i].Remaining
			}
		}
		a.now = at
		if err := e.unwritten(ctx, a).endDue(a); err != nil {
			return nil, internal(err)
		}
		for i := range a.lots {
			// In one step: the moment may be thousands of renewals ahead.
			if a.terms[i].VoidedAt == 0 && a.terms[i].ExpiredAt == 0 {
				a.lots[i] = a.lots[i].Forward(at)
			}
		}
		found[id] = balanceOf(a, at)
	}
	return found, nil
}
