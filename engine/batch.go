package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/failpoint"
)

// batch is one transaction over some operations.
type batch struct {
	engine *Engine
	ctx    context.Context
	items  []*item
	// sent is called when all that is to be written is sent, and COMMIT is not.
	sent     func()
	catalog  *ledger.Catalog
	asked    ledger.Want
	tx       Tx
	loaded   *ledger.Loaded
	known    map[string]*account // taken out of the states
	accounts map[string]*account
	order    []*account
	writes   ledger.Writes
	// made are the decisions of this batch's events by their keys: the same key
	// twice in one batch is one decision.
	made map[ledger.KeyRef]*ledger.Decision
	// current are the decisions as they are now, with what this batch did.
	current map[ledger.EventRef]*ledger.Decision
	// funded are the parts of the events that this batch funded.
	funded map[ledger.ID]funds
}

// batchTimeout bounds the work of a batch before its commit.
const batchTimeout = 10 * time.Second

// runBatch answers all items, or returns an error and answers none. The error
// says what to do: see Engine.attempt.
func (e *Engine) runBatch(items []*item, sent func()) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("engine: %v\n%s", fault, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	b := &batch{engine: e, ctx: ctx, items: items, sent: sent, catalog: e.Catalog(),
		accounts: make(map[string]*account, len(items)), made: make(map[ledger.KeyRef]*ledger.Decision, len(items)),
		current: make(map[ledger.EventRef]*ledger.Decision, len(items)), funded: make(map[ledger.ID]funds, len(items)),
		writes: ledger.Writes{Events: make([]ledger.Event, 0, len(items)), Monetization: make([]ledger.Monetization, 0, len(items))}}
	b.reach(failpoint.Taken)
	if err = b.load(); err != nil {
		return err
	}
	defer b.tx.Rollback()
	b.reach(failpoint.Loaded)
	answers, err := b.decide()
	if err != nil {
		return err
	}
	b.reach(failpoint.Decided)
	if err = b.record(); err != nil {
		return err
	}
	b.reach(failpoint.Remembered)
	// From here on nothing fails: everything is durable.
	for i, it := range items {
		it.finish(answers[i].value, answers[i].err)
	}
	b.reach(failpoint.Answered)
	return nil
}

type outcome struct {
	value any
	err   error
}

// decide runs the operations in the order of their arrival.
func (b *batch) decide() ([]outcome, error) {
	answers := make([]outcome, len(b.items))
	for i, it := range b.items {
		a := b.accounts[it.op.account()]
		if a == nil {
			answers[i].err = notFound("accountId", "the account")
			continue
		}
		value, err := it.op.run(b, a)
		if _, refused := errors.AsType[*Fault](err); err != nil && !refused {
			return nil, err
		}
		answers[i] = outcome{value, err}
	}
	return answers, nil
}

// record writes the counters and then the transaction. Where nothing changed
// it writes nothing.
func (b *batch) record() error {
	var touched []*account
	for _, a := range b.order {
		if a.touched {
			touched = append(touched, a)
		}
	}
	if len(touched) == 0 {
		// What was stored is answered behind a COMMIT too. It waits for a synchronous
		// standby, and so for all that was written before it, the stored one included.
		if err := b.tx.Commit(b.ctx, &b.writes, b.sent); err != nil {
			return err
		}
		b.keep()
		return nil
	}
	written, updates := make([]*account, 0, len(touched)), make([]counters.Update, 0, len(touched))
	for _, a := range touched {
		before := a.Version
		a.close(a.nextID(b.random()))
		b.writes.Accounts = append(b.writes.Accounts, &a.Account)
		if a.settled {
			b.writes.Settings = append(b.writes.Settings, &a.Account)
		}
		for lot := range a.changed {
			b.writes.Lots = append(b.writes.Lots, ledger.Grant{Grant: a.lots[lot], Terms: a.terms[lot]})
		}
		if u := a.update(before); a.alone >= sureAlone && entries(u.Fields) > largeUpdate {
			a.held = false
		} else {
			written, updates = append(written, a), append(updates, u)
		}
	}
	err := b.tx.Commit(b.ctx, &b.writes, func() {
		b.sent()
		b.writeCounters(written, updates)
		b.reach(failpoint.CountersWritten)
	})
	if err != nil {
		return err
	}
	b.keep()
	ids := make([]string, len(touched))
	for i, a := range touched {
		ids[i] = a.ID
	}
	b.engine.announce(ids)
	return nil
}

// writeCounters writes before the commit, while the database takes in what is to
// be committed: a version that never commits never matches, while a late write
// would only make other processes rebuild.
func (b *batch) writeCounters(written []*account, updates []counters.Update) {
	if len(updates) == 0 {
		return
	}
	held, err := b.engine.counters.Write(b.ctx, updates)
	for i, a := range written {
		a.held = err == nil && held[i]
	}
}

// Writing thousands of entries for each batch costs more than all else that it
// does. Nobody else asks for them while this process alone decides on the
// account: whoever begins to finds an older version and counts the usage again.
const (
	largeUpdate = 4096 // entries
	sureAlone   = 16   // batches
)

func entries(fields map[counters.Field]*waterfall.Series) int {
	n := 0
	for _, s := range fields {
		n += s.Len()
	}
	return n
}

// update is what the counter store must learn of the account.
func (a *account) update(before ledger.ID) counters.Update {
	u := counters.Update{Account: a.ID, Expected: before, Version: a.Version, Shape: a.shape, Fields: a.dirty}
	if !a.held && a.complete {
		u.Replace, u.Fields = true, a.fields
	}
	return u
}

// keep remembers the states for the next batch.
func (b *batch) keep() {
	for _, a := range b.order {
		a.dropClosed()
		a.prune()
		a.dirty, a.changed = nil, nil
	}
	b.engine.states.keep(b.order)
}
