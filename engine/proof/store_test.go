package proof_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// memory is a store of record within the process: the tables of the ledger, the
// locks on accounts and the constraints that the database would hold. It is
// used by one goroutine at a time, so that who finds an account locked is
// refused; to wait is the business of whoever calls.
type memory struct {
	accounts map[string]*records
	catalog  atomic.Pointer[ledger.Catalog]
}

// records are all rows of one account.
type records struct {
	ledger.Account
	locked    *memoryTx
	events    []ledger.Event
	keys      map[string]int // places in events
	places    map[ledger.ID]int
	decisions map[ledger.ID]*ledger.Decision
	grants    map[ledger.ID]*ledger.Grant
	granted   map[string]ledger.ID
	parts     map[ledger.ID][]ledger.Monetization
	postings  []ledger.PostingRow
	holds     map[ledger.ID]waterfall.Instant
	audit     []ledger.ID
}

func newMemory(catalog *ledger.Catalog) *memory {
	m := &memory{accounts: map[string]*records{}}
	m.catalog.Store(catalog)
	return m
}

func (m *memory) create(a ledger.Account) {
	m.accounts[a.ID] = &records{Account: a, keys: map[string]int{}, places: map[ledger.ID]int{}, decisions: map[ledger.ID]*ledger.Decision{},
		grants: map[ledger.ID]*ledger.Grant{}, granted: map[string]ledger.ID{}, parts: map[ledger.ID][]ledger.Monetization{},
		holds: map[ledger.ID]waterfall.Instant{}}
}

// CatalogVersion and LoadCatalog tell the catalog in force.
func (m *memory) CatalogVersion(context.Context) (int64, error) { return m.catalog.Load().Version, nil }

func (m *memory) LoadCatalog(context.Context) (*ledger.Catalog, error) { return m.catalog.Load(), nil }

// BeginPrices makes a catalog in which the prices of up to a moment have begun.
func (m *memory) BeginPrices(_ context.Context, at waterfall.Instant) error {
	for {
		old := m.catalog.Load()
		if old.NextPrice() > at {
			return nil
		}
		features := withOwnPrices(old.Features)
		for _, f := range features {
			for i := range f.Prices {
				if p := &f.Prices[i]; p.Waiting() && p.EffectiveFrom <= at {
					p.Begun = true
				}
			}
		}
		if m.catalog.CompareAndSwap(old, ledger.NewCatalog(old.Version+1, features, withOwnVersions(old.Plans))) {
			return nil
		}
	}
}

// withOwnPrices copies features, for a catalog in which their prices differ.
func withOwnPrices(features map[string]*ledger.Feature) map[string]*ledger.Feature {
	own := make(map[string]*ledger.Feature, len(features))
	for key, f := range features {
		next := *f
		next.Prices = slices.Clone(f.Prices)
		own[key] = &next
	}
	return own
}

// withOwnVersions copies plans: a catalog prepares those that it is given.
func withOwnVersions(plans map[string][]*ledger.Plan) map[string][]*ledger.Plan {
	own := make(map[string][]*ledger.Plan, len(plans))
	for key, all := range plans {
		for _, p := range all {
			own[key] = append(own[key], &ledger.Plan{Key: key, Version: p.Version, Features: slices.Clone(p.Features), PublishedAt: p.PublishedAt})
		}
	}
	return own
}

var errLocked = errors.New("memory: an account is locked")

// locked tells whether any of the accounts is.
func (m *memory) locked(accounts []string) bool {
	return slices.ContainsFunc(accounts, func(id string) bool {
		r := m.accounts[id]
		return r != nil && r.locked != nil
	})
}

// Begin locks accounts and reads what is wanted.
func (m *memory) Begin(ctx context.Context, want ledger.Want) (engine.Tx, *ledger.Loaded, error) {
	if m.locked(want.Accounts) {
		return nil, nil, errLocked
	}
	tx := &memoryTx{memory: m}
	loaded := &ledger.Loaded{Accounts: map[string]*ledger.Account{}, Earlier: map[ledger.KeyRef]*ledger.Event{},
		Grants: map[string][]ledger.Grant{}, Granted: map[ledger.KeyRef]*ledger.Grant{}}
	for _, id := range want.Accounts {
		if r := m.accounts[id]; r != nil {
			r.locked = tx
			tx.locks = append(tx.locks, r)
			row := r.Account
			loaded.Accounts[id] = &row
		}
	}
	for _, ref := range want.Keys {
		if r := m.accounts[ref.Account]; r != nil {
			if at, ok := r.keys[ref.Key]; ok {
				e := r.events[at]
				loaded.Earlier[ref] = &e
			}
		}
	}
	for _, ref := range want.GrantKeys {
		if r := m.accounts[ref.Account]; r != nil {
			if id, ok := r.granted[ref.Key]; ok {
				g := *r.grants[id]
				loaded.Granted[ref] = &g
			}
		}
	}
	loaded.Grants, _ = tx.OpenGrants(ctx, want.GrantsOf)
	loaded.Decisions, _ = tx.Decisions(ctx, want.Decisions)
	return tx, loaded, nil
}

// memoryTx is a transaction on a memory: the locks that it holds.
type memoryTx struct {
	memory *memory
	locks  []*records
}

// Decisions reads decisions with what followed them.
func (tx *memoryTx) Decisions(_ context.Context, refs []ledger.EventRef) (map[ledger.EventRef]*ledger.Decision, error) {
	found := map[ledger.EventRef]*ledger.Decision{}
	for _, ref := range refs {
		if r := tx.memory.accounts[ref.Account]; r != nil && r.decisions[ref.ID] != nil {
			d := *r.decisions[ref.ID]
			d.Follow = slices.Clone(d.Follow)
			found[ref] = &d
		}
	}
	return found, nil
}

// OpenGrants reads the grants that are not closed.
func (tx *memoryTx) OpenGrants(_ context.Context, accounts []string) (map[string][]ledger.Grant, error) {
	found := map[string][]ledger.Grant{}
	for _, id := range accounts {
		if r := tx.memory.accounts[id]; r != nil {
			for _, g := range r.grants {
				if !g.Closed {
					found[id] = append(found[id], *g)
				}
			}
		}
	}
	return found, nil
}

// GrantsByID reads grants, open or closed.
func (tx *memoryTx) GrantsByID(_ context.Context, account string, ids []ledger.ID) (found []ledger.Grant, err error) {
	for _, id := range ids {
		if g := tx.memory.accounts[account].grants[id]; g != nil {
			found = append(found, *g)
		}
	}
	return found, nil
}

// PartsOf reads the parts and the postings of an event.
func (tx *memoryTx) PartsOf(_ context.Context, e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error) {
	r := tx.memory.accounts[e.Account]
	if e.Postings == 0 {
		return slices.Clone(r.parts[e.ID]), nil, nil
	}
	from := e.FirstSequence - 1
	return slices.Clone(r.parts[e.ID]), slices.Clone(r.postings[from : from+int64(e.Postings)]), nil
}

// DueHolds reads the open holds that end until a moment, and when the next one
// does.
func (tx *memoryTx) DueHolds(ctx context.Context, until []ledger.Since) (map[string]ledger.DueHolds, error) {
	due := map[string]ledger.DueHolds{}
	for _, u := range until {
		r, of := tx.memory.accounts[u.Account], ledger.DueHolds{}
		for id, at := range r.holds {
			if at > u.At {
				if of.Next == 0 || at < of.Next {
					of.Next = at
				}
				continue
			}
			d := *r.decisions[id]
			_, postings, _ := tx.PartsOf(ctx, &d.Event)
			of.Holds = append(of.Holds, ledger.DueHold{Decision: &d, Postings: postings})
		}
		slices.SortFunc(of.Holds, func(a, b ledger.DueHold) int {
			return cmp.Or(cmp.Compare(a.Decision.HoldUntil, b.Decision.HoldUntil), slices.Compare(a.Decision.ID[:], b.Decision.ID[:]))
		})
		due[u.Account] = of
	}
	return due, nil
}

// Audited looks entries up in the audit log.
func (tx *memoryTx) Audited(_ context.Context, account string, entries []ledger.ID) (bool, error) {
	written := tx.memory.accounts[account].audit
	return slices.ContainsFunc(entries, func(id ledger.ID) bool { return slices.Contains(written, id) }), nil
}

// UsageSince reads the events that counters count.
func (tx *memoryTx) UsageSince(_ context.Context, since []ledger.Since, each func(*ledger.Event) error) error {
	for _, s := range since {
		first := ledger.FirstID(s.At)
		for _, e := range tx.memory.accounts[s.Account].events {
			if slices.Compare(e.ID[:], first[:]) < 0 || e.Granted == 0 && e.Decision.IsZero() {
				continue
			}
			if err := each(&e); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rollback lets go of the locks.
func (tx *memoryTx) Rollback() {
	for _, r := range tx.locks {
		r.locked = nil
	}
	tx.locks = nil
}

// Commit writes everything, or, where a constraint forbids it, nothing.
func (tx *memoryTx) Commit(_ context.Context, w *ledger.Writes, meanwhile func()) error {
	defer tx.Rollback()
	meanwhile()
	if err := tx.check(w); err != nil {
		return err
	}
	m := tx.memory
	for i := range w.Events {
		m.accounts[w.Events[i].Account].record(w.Events[i])
	}
	for _, p := range w.Monetization {
		r := m.accounts[p.Account]
		r.parts[p.Event] = append(r.parts[p.Event], p)
	}
	for _, p := range w.Postings {
		r := m.accounts[p.Account]
		r.postings = append(r.postings, p)
	}
	for _, g := range w.NewGrants {
		m.accounts[g.Account].granted[g.Key] = ledger.ID(g.ID)
	}
	for _, g := range slices.Concat(w.NewGrants, w.Lots) {
		m.accounts[g.Account].grants[ledger.ID(g.ID)] = &g
	}
	for _, e := range w.Audit {
		m.accounts[e.Account].audit = append(m.accounts[e.Account].audit, e.ID)
	}
	for _, h := range w.HoldsOpen {
		m.accounts[h.Account].holds[h.ID] = h.ExpiresAt
	}
	for _, h := range w.HoldsEnd {
		delete(m.accounts[h.Account].holds, h.ID)
	}
	for _, a := range w.Accounts {
		m.accounts[a.ID].head(a)
	}
	for _, a := range w.Settings {
		r := m.accounts[a.ID]
		r.Status, r.Plan, r.Cap = a.Status, a.Plan, a.Cap
	}
	return nil
}

// head takes over what every write changes of an account.
func (r *records) head(a *ledger.Account) {
	r.Version, r.DecidedAt, r.Head, r.Events, r.HoldDue = a.Version, a.DecidedAt, a.Head, a.Events, a.HoldDue
}

func (r *records) record(e ledger.Event) {
	e.Steps = append([]ledger.Step{}, e.Steps...) // read back it is never nil
	r.keys[e.Key], r.places[e.ID] = len(r.events), len(r.events)
	r.events = append(r.events, e)
	if e.Decision.IsZero() {
		r.decisions[e.ID] = &ledger.Decision{Event: e}
		return
	}
	d := r.decisions[e.Decision]
	d.Follow = append(d.Follow, e)
}

// check holds the writes to the locks, the keys and the constraints of the
// tables.
func (tx *memoryTx) check(w *ledger.Writes) error {
	for _, a := range w.Accounts {
		if r := tx.memory.accounts[a.ID]; r == nil || r.locked != tx {
			return fmt.Errorf("memory: account %s is written without its lock", a.ID)
		}
	}
	keys := map[ledger.KeyRef]bool{}
	for i := range w.Events {
		e := &w.Events[i]
		r, ref := tx.memory.accounts[e.Account], ledger.KeyRef{Account: e.Account, Key: e.Key}
		_, used := r.keys[e.Key]
		_, known := r.places[e.ID]
		if used || known || keys[ref] {
			return fmt.Errorf("memory: the key %q of account %s, or the id %s, is used", e.Key, e.Account, e.ID)
		}
		keys[ref] = true
	}
	next := map[string]int64{}
	for i := range w.Postings {
		p := &w.Postings[i]
		if next[p.Account] == 0 {
			next[p.Account] = int64(len(tx.memory.accounts[p.Account].postings)) + 1
		}
		if p.Sequence != next[p.Account] || p.BalanceAfter < 0 || p.AccountBalanceAfter < 0 || p.Amount == 0 || p.Kind == 0 || p.Kind > book.Adjustment {
			return fmt.Errorf("memory: posting %d of account %s is refused: %+v", p.Sequence, p.Account, *p)
		}
		next[p.Account]++
	}
	for _, g := range slices.Concat(w.NewGrants, w.Lots) {
		if g.Remaining < 0 || g.Held < 0 {
			return fmt.Errorf("memory: grant %s of account %s would be negative", ledger.ID(g.ID), g.Account)
		}
	}
	for _, g := range w.NewGrants {
		if _, used := tx.memory.accounts[g.Account].granted[g.Key]; used {
			return fmt.Errorf("memory: the grant key %q of account %s is used", g.Key, g.Account)
		}
	}
	return nil
}
