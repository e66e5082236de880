package engine

import (
	"context"

	"spillway/ledger"
	"spillway/ledger/book"
)

// Change says who changes something, and why: it is kept in the audit log with
// the change.
type Change struct {
	Actor  string
	Reason string
}

func (c Change) validate() error { return validateText("reason", c.Reason, true) }

// audit writes an entry of the account's audit log with the batch.
func (b *batch) audit(a *account, c Change, action string, before, after any) error {
	entry := ledger.AuditEntry{Account: a.ID, ID: a.nextID(b.random()), Actor: c.Actor, Action: action, Reason: c.Reason, At: a.now}
	var err error
	if entry.Before, err = encode(before); err != nil {
		return err
	}
	if entry.After, err = encode(after); err != nil {
		return err
	}
	b.writes.Audit = append(b.writes.Audit, entry)
	return nil
}

// setting is an operation that changes an account's settings.
type setting struct {
	id     string
	action string
	change Change
	// set changes the account and tells whether anything is different.
	set func(b *batch, a *ledger.Account) (changed bool, err error)
}

func (o *setting) account() string                      { return o.id }
func (o *setting) want(*ledger.Want)                    {}
func (o *setting) counters(*ledger.Loaded) []counterRef { return nil }

func (o *setting) run(b *batch, a *account) (any, error) {
	before := a.Account
	changed, err := o.set(b, &a.Account)
	if err != nil {
		return nil, err
	}
	if changed {
		a.touched, a.settled = true, true
		plan, err := b.newestPlan(a.Plan)
		if err != nil {
			return nil, err
		}
		a.plan = plan
		if err := b.recount(a); err != nil {
			return nil, err
		}
		if err := b.audit(a, o.change, o.action, describeAccount(&before), describeAccount(&a.Account)); err != nil {
			return nil, err
		}
	}
	after := a.Account
	return &after, nil
}

// recount makes the counters fit the plan and cap that an account has got
// within a batch: its events so far, those of the batch included, are counted
// again.
func (b *batch) recount(a *account) error {
	if a.wantedShape() == a.shape {
		return nil
	}
	a.shape = a.wantedShape()
	if err := b.rebuild(a); err != nil {
		return err
	}
	for i := range b.writes.Events {
		e := &b.writes.Events[i]
		if e.Account != a.ID {
			continue
		}
		for j := range e.Steps {
			a.tally(e, &e.Steps[j])
		}
	}
	return nil
}

func (e *Engine) change(ctx context.Context, account, action string, c Change, set func(*batch, *ledger.Account) (bool, error)) (*ledger.Account, error) {
	if err := validateAccount(account); err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return do[*ledger.Account](ctx, e, &setting{account, action, c, set})
}

// SetAccountStatus suspends an account or makes it active.
func (e *Engine) SetAccountStatus(ctx context.Context, account string, status ledger.AccountStatus, c Change) (*ledger.Account, error) {
	return e.change(ctx, account, "setAccountStatus", c, func(_ *batch, a *ledger.Account) (bool, error) {
		changed := a.Status != status
		a.Status = status
		return changed, nil
	})
}

// AssignPlan puts an account on the newest version of a plan.
func (e *Engine) AssignPlan(ctx context.Context, account, plan string, c Change) (*ledger.Account, error) {
	if err := e.planExists(ctx, plan); err != nil {
		return nil, err
	}
	return e.change(ctx, account, "assignPlan", c, func(_ *batch, a *ledger.Account) (bool, error) {
		changed := a.Plan != plan
		a.Plan = plan
		return changed, nil
	})
}

// SetSpendCap limits the credits that an account spends in a period; nil lifts
// the limit. What was spent in the period before counts.
func (e *Engine) SetSpendCap(ctx context.Context, account string, limit *ledger.Cap, c Change) (*ledger.Account, error) {
	if limit != nil && (limit.Limit < 0 || limit.Limit > maxGrant) {
		return nil, badInput("limit", "must be 0 to %s", book.FormatCredits(maxGrant))
	}
	return e.change(ctx, account, "setSpendCap", c, func(_ *batch, a *ledger.Account) (bool, error) {
		same := (a.Cap == nil) == (limit == nil) && (limit == nil || *a.Cap == *limit)
		a.Cap = limit
		return !same, nil
	})
}
