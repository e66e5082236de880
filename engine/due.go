package engine

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// loadDue reads the holds whose time is up, where the account's row says that
// there may be one, and notes when the next one ends.
func (b *batch) loadDue() error {
	var until []ledger.Since
	for _, a := range b.order {
		if a.HoldDue != 0 && a.HoldDue <= a.now {
			until = append(until, ledger.Since{Account: a.ID, At: a.now})
		}
	}
	if len(until) == 0 {
		return nil
	}
	due, err := b.tx.DueHolds(b.ctx, until)
	if err != nil {
		return err
	}
	for _, u := range until {
		a := b.accounts[u.Account]
		a.due, a.HoldDue = due[u.Account].Holds, due[u.Account].Next
	}
	return nil
}

// opened notes a hold that ends at a moment.
func (a *account) opened(until waterfall.Instant) {
	if a.HoldDue == 0 || until < a.HoldDue {
		a.HoldDue = until
	}
}

// dueCounter names the counters that a due hold gives back to.
func dueCounter(h *ledger.DueHold) counterRef { return counterRef{h.Decision.Feature, h.Decision.User} }

// advance brings the account up to the batch's time before anything is decided:
// holds whose time is up end, and grants are issued again or expire, each as of
// its moment and in the order of these.
func (b *batch) advance(a *account) error {
	if err := b.endDue(a); err != nil {
		return err
	}
	renewed, err := b.renewUntil(a, a.now)
	if renewed {
		a.addGrants() // a renewal moves a grant in the spending order
	}
	return err
}

// endDue ends the holds whose time is up, each when the grants have come up to
// its end.
func (b *batch) endDue(a *account) error {
	for i := range a.due {
		d := a.due[i].Decision
		if _, err := b.renewUntil(a, d.HoldUntil); err != nil {
			return err
		}
		b.funded[d.ID] = funds{nil, a.due[i].Postings}
		ended, err := b.expire(a, d)
		if err != nil {
			return err
		}
		if b.tx == nil {
			a.ended = append(a.ended, ended)
		}
	}
	if len(a.due) > 0 {
		a.due = nil
		a.addGrants()
	}
	return nil
}

// renewUntil does everything that the account's grants are due for until a
// moment, and tells whether that was anything.
func (b *batch) renewUntil(a *account, until waterfall.Instant) (renewed bool, err error) {
	for lot := range a.terms {
		done, err := b.catchUp(a, lot, until)
		if renewed = renewed || done; err != nil {
			return renewed, err
		}
	}
	return renewed, nil
}

// unwritten is a batch whose writes nobody writes, for an account that is only
// looked at.
func (e *Engine) unwritten(ctx context.Context, a *account) *batch {
	b := &batch{engine: e, ctx: ctx, catalog: e.Catalog()}
	if len(a.due) > 0 {
		b.made, b.current = map[ledger.KeyRef]*ledger.Decision{}, map[ledger.EventRef]*ledger.Decision{}
		b.funded = map[ledger.ID]funds{}
	}
	return b
}

// comeDue brings an account that is only looked at to where the next batch will
// bring it first of all.
func (e *Engine) comeDue(ctx context.Context, a *account) error {
	return e.unwritten(ctx, a).advance(a)
}
