package engine

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Balance is an account's credits at a moment, in millionths.
type Balance struct {
	Available int64
	Held      int64
	// ExpiringSoon is what of Available is lost within 7 days if nothing is used.
	ExpiringSoon int64
	// NextExpiryAt is when the first of Available is lost; 0: never.
	NextExpiryAt waterfall.Instant
	// Sequence is that of the newest posting. What is due and not yet posted is
	// counted in.
	Sequence int64
	AsOf     waterfall.Instant
}

// soon is how far ahead Balance looks for what is lost.
const soon = waterfall.Instant(7 * 24 * 3600 * 1_000_000)

// Balances counts accounts' open grants in credits, of every kind. Accounts that
// do not exist are left out.
func (e *Engine) Balances(ctx context.Context, accounts []string) (map[string]*Balance, error) {
	found := make(map[string]*Balance, len(accounts))
	err := e.look(ctx, ledger.Looking{Accounts: accounts}, nil, func(a *account) { found[a.ID] = balanceOf(a, a.now) })
	return found, err
}

func balanceOf(a *account, now waterfall.Instant) *Balance {
	b := &Balance{Sequence: a.recorded, AsOf: now}
	for i := range a.lots {
		g := &a.lots[i]
		if g.Units {
			continue
		}
		b.Held += g.Held
		if !g.OpenAt(now) {
			continue
		}
		b.Available += g.Remaining
		renewal, expiry := g.Losses()
		b.lose(renewal, now)
		b.lose(expiry, now)
	}
	return b
}

// lose counts what a grant will lose.
func (b *Balance) lose(l waterfall.Loss, now waterfall.Instant) {
	if l.Amount == 0 {
		return
	}
	if l.At <= now+soon {
		b.ExpiringSoon += l.Amount
	}
	if b.NextExpiryAt == 0 || l.At < b.NextExpiryAt {
		b.NextExpiryAt = l.At
	}
}
