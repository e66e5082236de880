package engine

import (
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/failpoint"
)

// counterRef names the counters of one user and feature.
type counterRef struct{ feature, user string }

// load begins the transaction and brings the state of each account up to what
// it is under the locks. What the worker still knows is read again only if the
// version in the locked row says otherwise.
func (b *batch) load() error {
	b.asked = b.want()
	read := b.prefetch(b.asked.GrantsOf)
	tx, loaded, err := b.engine.store.Begin(b.ctx, b.asked)
	ahead := read()
	if err != nil {
		return err
	}
	b.tx, b.loaded = tx, loaded
	b.reach(failpoint.Begun)
	if err := b.arrange(ahead); err != nil {
		tx.Rollback()
		return err
	}
	return nil
}

// want collects what Begin is to lock and read.
func (b *batch) want() ledger.Want {
	var w ledger.Want
	for _, it := range b.items {
		w.Accounts = append(w.Accounts, it.op.account())
		it.op.want(&w)
	}
	slices.Sort(w.Accounts)
	w.Accounts = slices.Compact(w.Accounts)
	b.known = b.engine.states.take(w.Accounts)
	for _, id := range w.Accounts {
		if b.readsAhead(id) {
			w.GrantsOf = append(w.GrantsOf, id)
		}
	}
	return w
}

// readsAhead tells whether to read an account beside the locking of it: what
// the worker does not know, or what has probably changed behind its back.
func (b *batch) readsAhead(id string) bool {
	a, known := b.known[id]
	return !known || a.contested
}

// prefetch reads, beside PostgreSQL, the counters of the accounts that are read
// ahead. What their plan will be is not known, so it asks for the counters that
// any plan keeps for the feature.
func (b *batch) prefetch(unknown []string) (wait func() map[string]*prefetched) {
	if len(unknown) == 0 || b.engine.counters.Away() {
		return func() map[string]*prefetched { return nil }
	}
	refs := make(map[string][]counterRef, len(unknown))
	for _, it := range b.items {
		if id := it.op.account(); b.readsAhead(id) {
			refs[id] = append(refs[id], it.op.counters(nil)...)
		}
	}
	queries := make([]counters.Query, len(unknown))
	for i, id := range unknown {
		queries[i] = counters.Query{Account: id, Fields: b.engine.possibleFields(b.catalog, refs[id])}
	}
	var group errgroup.Group
	found := make(map[string]*prefetched, len(unknown))
	group.Go(func() error {
		snapshots, err := b.engine.counters.Read(b.ctx, queries)
		for i := range snapshots {
			found[queries[i].Account] = &prefetched{queries[i].Fields, snapshots[i]}
		}
		return err
	})
	return func() map[string]*prefetched {
		_ = group.Wait() // what could not be read is read again, or rebuilt
		return found
	}
}

// aloneAgain is how many batches in a row must find an account unchanged for it
// to be read no longer ahead: as many as cost what one misjudged batch costs.
const aloneAgain = 4

// prefetched is an answer of the counter store.
type prefetched struct {
	fields []counters.Field
	counters.Snapshot
}

// arrange makes the state of each locked account.
func (b *batch) arrange(ahead map[string]*prefetched) error {
	if err := b.knowPlans(); err != nil {
		return err
	}
	if err := b.adopt(); err != nil {
		return err
	}
	now := b.engine.decisionTime(b.loaded.Clock)
	for _, a := range b.order {
		a.open(now)
	}
	if err := b.beginPrices(); err != nil {
		return err
	}
	if err := b.takePlans(); err != nil {
		return err
	}
	if err := b.loadDue(); err != nil {
		return err
	}
	if err := b.loadCounters(ahead); err != nil {
		return err
	}
	for _, a := range b.order {
		if err := b.advance(a); err != nil {
			return err
		}
	}
	return nil
}

// adopt takes over the states that are still as the worker knows them, and
// makes new ones of the accounts that are new to it or changed behind its back.
func (b *batch) adopt() error {
	var changed []string
	for _, id := range b.asked.Accounts {
		row := b.loaded.Accounts[id]
		if row == nil {
			continue // there is no such account
		}
		a, known := b.known[id]
		if known && a.Version == row.Version {
			if a.alone++; a.alone == aloneAgain {
				a.contested = false
			}
		} else {
			a = &account{Account: *row, contested: known}
			if grants, read := b.grantsOf(id); read {
				a.setGrants(grants)
			} else {
				changed = append(changed, id)
			}
		}
		b.accounts[id] = a
		b.order = append(b.order, a)
	}
	if len(changed) == 0 {
		return nil
	}
	grants, err := b.tx.OpenGrants(b.ctx, changed)
	if err != nil {
		return err
	}
	for _, id := range changed {
		b.accounts[id].setGrants(grants[id])
	}
	return nil
}

// grantsOf are the grants that Begin read of an account; read is false when it
// was not asked to.
func (b *batch) grantsOf(id string) (grants []ledger.Grant, read bool) {
	_, read = slices.BinarySearch(b.asked.GrantsOf, id)
	return b.loaded.Grants[id], read
}

// knowPlans brings the catalog up to date where it lacks the version of a plan,
// and perhaps its feature, by which a decision was made elsewhere a moment ago.
func (b *batch) knowPlans() error {
	for _, d := range b.loaded.Decisions {
		if b.catalog.Plan(d.PlanKey, d.PlanVersion) == nil {
			return b.refresh()
		}
	}
	return nil
}

// takePlans gives each account the plan in force. A batch decides by one catalog:
// where a plan made it read that again, the accounts before it begin anew.
func (b *batch) takePlans() error {
	for catalog := (*ledger.Catalog)(nil); catalog != b.catalog; {
		catalog = b.catalog
		for _, a := range b.order {
			plan, err := b.newestPlan(a.Plan)
			if err != nil {
				return err
			}
			a.plan = plan
		}
	}
	return nil
}

// newestPlan is the plan in force. A plan that is not in the catalog yet was
// published elsewhere a moment ago.
func (b *batch) newestPlan(key string) (*ledger.Plan, error) {
	if p := b.catalog.Newest(key); p != nil {
		return p, nil
	}
	if err := b.refresh(); err != nil {
		return nil, err
	}
	if p := b.catalog.Newest(key); p != nil {
		return p, nil
	}
	return nil, noPlan(key)
}

// refresh gives the batch the catalog as it is now.
func (b *batch) refresh() error {
	catalog, err := b.engine.refresh(b.ctx)
	if err == nil {
		b.catalog = catalog
	}
	return err
}

// noPlan is the fault of an account whose row names a plan that was never
// published.
func noPlan(key string) error {
	return fmt.Errorf("engine: the plan %q of an account does not exist", key)
}

// loadCounters makes known what the operations ask: from memory, from what was
// read ahead, from the counter store once more under the lock, or at last from
// the usage events.
func (b *batch) loadCounters(ahead map[string]*prefetched) error {
	missing := map[*account][]counters.Field{}
	need := func(a *account, ref counterRef) {
		for _, f := range a.needed(nil, ref.feature, ref.user) {
			if !a.knows(f) {
				missing[a] = append(missing[a], f)
			}
		}
	}
	for _, it := range b.items {
		a := b.accounts[it.op.account()]
		if a == nil {
			continue
		}
		if shape := a.wantedShape(); a.shape != shape {
			// An account without usage has counted nothing, whatever is asked.
			a.fields, a.complete, a.held, a.shape = map[counters.Field]*waterfall.Series{}, a.Events == 0, false, shape
		}
		if p := ahead[a.ID]; p != nil {
			a.take(p)
			delete(ahead, a.ID)
		}
		for _, ref := range it.op.counters(b.loaded) {
			need(a, ref)
		}
	}
	for _, a := range b.order {
		for i := range a.due {
			need(a, dueCounter(&a.due[i]))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return b.readMissing(missing)
}

// take adds what the store held, if it is of this version and shape.
func (a *account) take(p *prefetched) bool {
	if p.Version != a.Version || p.Shape != a.shape {
		return false
	}
	for i, f := range p.fields {
		if !a.knows(f) {
			a.fields[f] = p.Fields[i]
		}
	}
	a.held = true
	return true
}

func (b *batch) readMissing(missing map[*account][]counters.Field) error {
	stale := make([]*account, 0, len(missing))
	queries := make([]counters.Query, 0, len(missing))
	for _, a := range b.order {
		if fields := missing[a]; fields != nil {
			stale = append(stale, a)
			queries = append(queries, counters.Query{Account: a.ID, Fields: fields})
		}
	}
	snapshots, err := b.engine.counters.Read(b.ctx, queries)
	var lost []*account
	for i, a := range stale {
		if err != nil || !a.take(&prefetched{queries[i].Fields, snapshots[i]}) {
			lost = append(lost, a)
		}
	}
	return b.rebuild(lost...)
}

// rebuild counts the usage events of accounts again: the truth, whatever the
// counter store holds.
func (b *batch) rebuild(accounts ...*account) error {
	if len(accounts) == 0 {
		return nil
	}
	b.engine.stats.rebuilds.Add(int64(len(accounts)))
	return recount(accounts, func(since []ledger.Since, each func(*ledger.Event) error) error {
		return b.tx.UsageSince(b.ctx, since, each)
	})
}

// recount makes the counters of accounts from usage events.
func recount(accounts []*account, usage ledger.UsageReader) error {
	byID := make(map[string]*account, len(accounts))
	since, touched := make([]ledger.Since, len(accounts)), make([]bool, len(accounts))
	for i, a := range accounts {
		a.fields, a.complete, a.held = map[counters.Field]*waterfall.Series{}, true, false
		byID[a.ID], touched[i] = a, a.touched
		since[i] = ledger.Since{Account: a.ID, At: a.now - waterfall.Instant((a.horizon()+1)*1_000_000)}
	}
	err := usage(since, func(e *ledger.Event) error {
		for i := range e.Steps {
			byID[e.Account].tally(e, &e.Steps[i])
		}
		return nil
	})
	for i, a := range accounts {
		a.dirty, a.touched = nil, touched[i]
	}
	return err
}
