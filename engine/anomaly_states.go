package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// silence finds accounts in daily use that have asked for nothing for long, as
// often as there is more to know. It is over when the account asks again, or is
// suspended.
func (p *watchPass) silence(ctx context.Context) error {
	silent := map[string]use{}
	if p.counted && p.advanced {
		days, err := p.tx.GoneSilent(ctx, p.firstDay(), p.now-waterfall.Instant(p.rules.Silence/time.Microsecond))
		if err != nil {
			return err
		}
		for len(days) > 0 {
			n := slices.IndexFunc(days, func(d ledger.AccountDay) bool { return d.Account != days[0].Account })
			if n < 0 {
				n = len(days)
			}
			if u := lastUse(days[:n]); u.daily {
				silent[days[0].Account] = u
			}
			days = days[n:]
		}
	}
	standing := p.accounts(ledger.UsageStopped)
	if len(silent)+len(standing) == 0 {
		return nil
	}
	last, err := p.tx.LastUse(ctx, append(slices.Collect(maps.Keys(silent)), standing...))
	if err != nil {
		return err
	}
	for account, u := range silent {
		if at, active := last[account]; active && p.now-at >= p.rules.silenceOf(u) {
			p.raise(usageStopped(account, u, at, p.now))
		}
	}
	for _, account := range standing {
		if at, active := last[account]; !active || at > p.open[ledger.UsageStopped][account].Since {
			p.resolve(ledger.UsageStopped, account)
		}
	}
	return nil
}

// conflicts finds accounts that keep sending keys again with other requests.
func (p *watchPass) conflicts(ctx context.Context) error {
	counts, err := p.tx.Conflicts(ctx, p.now-spikeSpan)
	if err != nil {
		return err
	}
	still := map[string]bool{}
	for i := range counts {
		if counts[i].Conflicts >= p.rules.Conflicts {
			p.raise(keyConflicts(&counts[i]))
		}
		still[counts[i].Account] = counts[i].Conflicts*2 >= p.rules.Conflicts
	}
	for _, account := range p.accounts(ledger.KeyConflicts) {
		if !still[account] {
			p.resolve(ledger.KeyConflicts, account)
		}
	}
	return nil
}

// faults raises what reconciliations have found lately. One that ended a moment
// before the last pass may have been written after it.
func (p *watchPass) faults(ctx context.Context) error {
	p.result.ReconciledTo = max(p.tx.ReconciledTo, p.now)
	found, err := p.tx.Faults(ctx, p.tx.ReconciledTo-minuteSpan)
	if err != nil {
		return err
	}
	// The latest of each account tells the most.
	seen := map[bool]map[string]bool{false: {}, true: {}}
	for i := range slices.Backward(found) {
		if f := &found[i]; !seen[f.Counters][f.Account] {
			seen[f.Counters][f.Account] = true
			p.raise(reconciled(f))
		}
	}
	return nil
}

const (
	// repairLimit bounds the accounts whose counters one pass compares again,
	// and repairBudget the time that it takes for them.
	repairLimit  = 20
	repairBudget = 3 * time.Second
)

// repairs resolves what a later reconciliation of the account found right.
// Counters are also compared again here: a decision may have counted them anew.
func (p *watchPass) repairs(ctx context.Context) error {
	for _, kind := range []ledger.AnomalyKind{ledger.LedgerMismatch, ledger.CounterDrift} {
		since := map[string]waterfall.Instant{}
		for account, a := range p.open[kind] {
			since[account] = a.Since
		}
		if len(since) == 0 {
			continue
		}
		cleared, err := p.tx.Cleared(ctx, kind == ledger.CounterDrift, since)
		if err != nil {
			return err
		}
		for account := range cleared {
			p.resolve(kind, account)
		}
	}
	begun := time.Now()
	for i, account := range p.accounts(ledger.CounterDrift) {
		if i == repairLimit || time.Since(begun) > repairBudget {
			break
		}
		differs := false
		compared, err := p.engine.Drift(ctx, account, func(ledger.Mismatch) { differs = true })
		if err == nil && compared && !differs {
			p.resolve(ledger.CounterDrift, account)
		}
	}
	return nil
}

// staleLimit is how many accounts a pass raises STALE_HOLDS for: when nothing
// expires any more, the first of them say so.
const staleLimit = 100

// holds finds those that did not end when their time was up.
func (p *watchPass) holds(ctx context.Context) error {
	standing := p.accounts(ledger.StaleHolds)
	before := p.now - waterfall.Instant(p.rules.Overdue/time.Microsecond)
	found, err := p.tx.Overdue(ctx, before, max(0, staleLimit-len(standing)), standing)
	if err != nil {
		return err
	}
	overdue := map[string]bool{}
	for i := range found {
		overdue[found[i].Account] = true
		p.raise(staleHolds(&found[i], p.now))
	}
	for _, account := range standing {
		if !overdue[account] {
			p.resolve(ledger.StaleHolds, account)
		}
	}
	return nil
}
