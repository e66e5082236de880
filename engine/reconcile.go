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
	sample := []string{account}
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
	} else {
		var err error
		lately := e.now() - waterfall.Instant(24*3600*1_000_000)
		if sample, err = e.ledger.SampleAccounts(ctx, lately, driftSample); err != nil {
			return nil, storeFault(err)
		}
	}
	r := &ledger.Reconciliation{Account: account}
	err := e.reconcile(ctx, r, sample, func(report func(ledger.Mismatch)) (ledger.Summary, error) {
		return e.ledger.Verify(ctx, account, report)
	})
	if err != nil {
		return nil, storeFault(err)
	}
	return r, nil
}

// ReconcileNew does so for the accounts that have changed since it last ran, in
// whichever process. It returns nil when there are none, when another process
// is at it, or when the last one began less than the pause ago.
func (e *Engine) ReconcileNew(ctx context.Context, pause time.Duration) (*ledger.Reconciliation, error) {
	var r *ledger.Reconciliation
	_, err := e.ledger.NewAccounts(ctx, e.now(), pause, func(accounts []ledger.ChangedAccount) error {
		r = &ledger.Reconciliation{OnlyNew: true}
		sample := make([]string, min(len(accounts), driftSample))
		for i, at := range rand.Perm(len(accounts))[:len(sample)] {
			sample[i] = accounts[at].ID
		}
		return e.reconcile(ctx, r, sample, func(report func(ledger.Mismatch)) (ledger.Summary, error) {
			return e.ledger.VerifyAccounts(ctx, accounts, report)
		})
	})
	if err != nil {
		return nil, storeFault(err)
	}
	return r, nil
}

func (e *Engine) reconcile(ctx context.Context, r *ledger.Reconciliation, sample []string, verify func(func(ledger.Mismatch)) (ledger.Summary, error)) error {
	r.StartedAt = e.now()
	r.ID = e.newID(r.StartedAt)
	if err := e.ledger.BeginReconciliation(ctx, r); err != nil {
		return err
	}
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
