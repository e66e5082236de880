package engine

import (
	"context"
	"math/rand/v2"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// driftSample is how many accounts of a reconciliation have their counters
// compared.
const driftSample = 200

// Reconcile verifies the records of an account, or of all where account is "",
// compares the counters of some of them, and keeps the result. Errors are
// *Fault; NOT_FOUND when there is no such account.
func (e *Engine) Reconcile(ctx context.Context, account string) (*ledger.Reconciliation, error) {
	begun, err := e.BeginReconciliation(ctx, account)
	if err != nil {
		return nil, err
	}
	return e.FinishReconciliation(ctx, *begun)
}

// BeginReconciliation records that one begins, which FinishReconciliation has to
// end: for whoever cannot wait until then. Errors are those of Reconcile.
func (e *Engine) BeginReconciliation(ctx context.Context, account string) (*ledger.Reconciliation, error) {
	if account != "" {
		if err := validateAccount(account); err != nil {
			return nil, err
		}
		switch a, err := e.ledger.Account(ctx, account); {
		case err != nil:
			return nil, storeFault(err)
		case a == nil:
			return nil, notFound("accountId", "the account")
		}
	}
	r := &ledger.Reconciliation{Account: account}
	if err := e.begin(ctx, r); err != nil {
		return nil, storeFault(err)
	}
	return r, nil
}

// FinishReconciliation verifies what one that has begun is about, and keeps what
// it found. Errors are *Fault.
func (e *Engine) FinishReconciliation(ctx context.Context, begun ledger.Reconciliation) (*ledger.Reconciliation, error) {
	sample := []string{begun.Account}
	if begun.Account == "" {
		var err error
		lately := e.now() - waterfall.Instant(24*3600*1_000_000)
		if sample, err = e.ledger.SampleAccounts(ctx, lately, driftSample); err != nil {
			return nil, storeFault(err)
		}
	}
	err := e.finish(ctx, &begun, sample, func(report func(ledger.Mismatch)) (ledger.Summary, error) {
		return e.ledger.Verify(ctx, begun.Account, report)
	})
	if err != nil {
		return nil, storeFault(err)
	}
	return &begun, nil
}

// ReconcileNew does so for the accounts that have changed since it last ran, in
// whichever process. It returns nil when there are none, when another process
// is at it, or when the last one began less than the pause ago.
func (e *Engine) ReconcileNew(ctx context.Context, pause time.Duration) (*ledger.Reconciliation, error) {
	var r *ledger.Reconciliation
	// Before the accounts are listed: what the mark leaves out is for the next one.
	decided := min(e.now(), e.decided.unless(batchLag))
	_, err := e.ledger.NewAccounts(ctx, e.now(), pause, func(accounts []ledger.ChangedAccount) error {
		r = &ledger.Reconciliation{OnlyNew: true, DecidedTo: decided}
		sample := make([]string, min(len(accounts), driftSample))
		for i, at := range rand.Perm(len(accounts))[:len(sample)] {
			sample[i] = accounts[at].ID
		}
		if err := e.begin(ctx, r); err != nil {
			return err
		}
		return e.finish(ctx, r, sample, func(report func(ledger.Mismatch)) (ledger.Summary, error) {
			return e.ledger.VerifyAccounts(ctx, accounts, report)
		})
	})
	if err != nil {
		return nil, storeFault(err)
	}
	return r, nil
}

func (e *Engine) begin(ctx context.Context, r *ledger.Reconciliation) error {
	r.StartedAt = e.now()
	r.ID = e.newID(r.StartedAt)
	return e.ledger.BeginReconciliation(ctx, r)
}

// finish runs what verifies, compares the counters of a sample of accounts, and
// keeps the result.
func (e *Engine) finish(ctx context.Context, r *ledger.Reconciliation, sample []string, verify func(func(ledger.Mismatch)) (ledger.Summary, error)) error {
	sum, err := verify(r.Note)
	if err != nil {
		return err
	}
	r.Summary = sum
	for _, account := range sample {
		if _, err := e.Drift(ctx, account, r.Note); err != nil {
			return err
		}
	}
	r.FinishedAt = max(e.now(), r.StartedAt)
	return e.ledger.EndReconciliation(ctx, r)
}
