package engine

import (
	"context"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// pastStore is a store in memory that begins where an account stood at a past
// moment. What it does not know, because it happened before, it reads from the
// ledger, as it was at that moment; it writes nothing there.
type pastStore struct {
	ledger  *ledger.Ledger
	from    waterfall.Instant
	account ledger.Account
	grants  map[ledger.ID]ledger.Grant
	// decisions are those of the simulation that something still follows, and
	// earlier ones that were asked for.
	decisions map[ledger.ID]*ledger.Decision
	funded    map[ledger.ID]funds
	// keep tells which decisions of the next commit to remember.
	keep bool
	// events of the simulation, kept only where counters may be made anew.
	recounts bool
	events   []ledger.Event
}

// pastStoreAt reads where an account stood just before a moment. It is nil when
// there is no such account.
func pastStoreAt(ctx context.Context, l *ledger.Ledger, id, plan string, from waterfall.Instant) (*pastStore, error) {
	row, err := l.Account(ctx, id)
	if err != nil || row == nil {
		return nil, err
	}
	all, err := l.PastAt(ctx, []string{id}, from-1)
	if err != nil {
		return nil, err
	}
	past := all[id]
	s := &pastStore{ledger: l, from: from, account: *row, grants: map[ledger.ID]ledger.Grant{},
		decisions: map[ledger.ID]*ledger.Decision{}, funded: map[ledger.ID]funds{}}
	s.account.Plan, s.account.Status, s.account.Cap, s.account.DecidedAt = plan, ledger.Active, nil, from-1
	s.account.Head.Sequence, s.account.Head.Balance, s.account.HoldDue = past.Sequence, 0, 0
	for _, g := range past.Grants {
		rewind(&g, from)
		if !g.Units {
			s.account.Head.Balance += g.Remaining
		}
		s.grants[ledger.ID(g.ID)] = g
	}
	return s, nil
}

// rewind brings the rest of a grant back to what it was before a moment.
func rewind(g *ledger.Grant, from waterfall.Instant) {
	if g.VoidedAt >= from {
		g.VoidedAt = 0
	}
	if g.ExpiredAt >= from {
		g.ExpiredAt = 0
	}
	g.DueAt = 0
	over := g.VoidedAt != 0 || g.ExpiredAt != 0
	if !over {
		g.SetDue()
	}
	g.Closed = g.Held == 0 && (over || g.Closed && g.Remaining == 0 && g.DueAt == 0)
}

// Begin reads what is wanted; there is nobody to lock out.
func (s *pastStore) Begin(ctx context.Context, want ledger.Want) (Tx, *ledger.Loaded, error) {
	row := s.account
	loaded := &ledger.Loaded{Accounts: map[string]*ledger.Account{row.ID: &row}, Grants: map[string][]ledger.Grant{}}
	if len(want.GrantsOf) > 0 {
		loaded.Grants[row.ID] = s.open()
	}
	var err error
	loaded.Decisions, err = s.Decisions(ctx, want.Decisions)
	return s, loaded, err
}

func (s *pastStore) open() (open []ledger.Grant) {
	for _, g := range s.grants {
		if !g.Closed {
			open = append(open, g)
		}
	}
	return open
}

// Decisions finds decisions of the simulation, and those made before it as they
// were then.
func (s *pastStore) Decisions(ctx context.Context, refs []ledger.EventRef) (map[ledger.EventRef]*ledger.Decision, error) {
	found := make(map[ledger.EventRef]*ledger.Decision, len(refs))
	for _, ref := range refs {
		d := s.decisions[ref.ID]
		if d == nil {
			var err error
			if d, err = s.ledger.Decision(ctx, ref.Account, ref.ID); err != nil {
				return nil, err
			}
			if d == nil || d.At >= s.from {
				continue
			}
			d = asOf(d, s.from)
		}
		found[ref] = d
	}
	return found, nil
}

// asOf is a decision without what followed from a moment on.
func asOf(d *ledger.Decision, until waterfall.Instant) *ledger.Decision {
	then := *d
	for n := len(then.Follow); n > 0 && then.Follow[n-1].At >= until; n-- {
		then.Follow = then.Follow[: n-1 : n-1]
	}
	return &then
}

// OpenGrants are the account's open grants.
func (s *pastStore) OpenGrants(context.Context, []string) (map[string][]ledger.Grant, error) {
	return map[string][]ledger.Grant{s.account.ID: s.open()}, nil
}

// GrantsByID are grants of the account, open or closed.
func (s *pastStore) GrantsByID(_ context.Context, _ string, ids []ledger.ID) ([]ledger.Grant, error) {
	var found []ledger.Grant
	for _, id := range ids {
		if g, ok := s.grants[id]; ok {
			found = append(found, g)
		}
	}
	return found, nil
}

// PartsOf are the parts of an event, simulated or made before.
func (s *pastStore) PartsOf(ctx context.Context, e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error) {
	if f, ok := s.funded[e.ID]; ok {
		return f.parts, f.postings, nil
	}
	return s.ledger.PartsOf(ctx, e)
}

// DueHolds are none: that a hold ends is one of the real events.
func (s *pastStore) DueHolds(context.Context, []ledger.Since) (map[string]ledger.DueHolds, error) {
	return nil, nil
}

// Audited is false: what is simulated is tried once.
func (s *pastStore) Audited(context.Context, string, []ledger.ID) (bool, error) { return false, nil }

// UsageSince reads the real events up to the moment, and the simulated ones
// behind it.
func (s *pastStore) UsageSince(ctx context.Context, since []ledger.Since, each func(*ledger.Event) error) error {
	from := since[0] // there is one account
	if err := s.ledger.UsageBetween(ctx, from.Account, from.At, s.from, each); err != nil {
		return err
	}
	for i := range s.events {
		if s.events[i].At < from.At {
			continue
		}
		if err := each(&s.events[i]); err != nil {
			return err
		}
	}
	return nil
}

// Commit takes the writes over.
func (s *pastStore) Commit(_ context.Context, w *ledger.Writes, meanwhile func()) error {
	meanwhile()
	for _, a := range w.Accounts {
		s.account = *a
	}
	for _, all := range [][]ledger.Grant{w.NewGrants, w.Lots} {
		for _, g := range all {
			s.grants[ledger.ID(g.ID)] = g
		}
	}
	for i := range w.Events {
		s.record(&w.Events[i], w)
	}
	return nil
}

func (s *pastStore) record(e *ledger.Event, w *ledger.Writes) {
	if s.recounts {
		s.events = append(s.events, *e)
	}
	id := e.ID
	if !e.Decision.IsZero() {
		id = e.Decision
	}
	switch d := s.decisions[id]; {
	case e.Decision.IsZero() && s.keep:
		s.decisions[id] = &ledger.Decision{Event: *e}
	case d != nil:
		s.decisions[id] = &ledger.Decision{Event: d.Event, Follow: append(d.Follow[:len(d.Follow):len(d.Follow)], *e)}
	default:
		return
	}
	var f funds
	for _, m := range w.Monetization {
		if m.Event == e.ID {
			f.parts = append(f.parts, m)
		}
	}
	for _, b := range w.Postings {
		if ledger.ID(b.Source) == e.ID {
			f.postings = append(f.postings, b)
		}
	}
	s.funded[e.ID] = f
}

// Rollback has nothing to undo.
func (s *pastStore) Rollback() {}

// noCounters holds nothing: the worker's own memory is enough for one account.
type noCounters struct{}

func (noCounters) Read(context.Context, []counters.Query) ([]counters.Snapshot, error) {
	return nil, counters.ErrAway
}

func (noCounters) Write(context.Context, []counters.Update) ([]bool, error) {
	return nil, counters.ErrAway
}

func (noCounters) Away() bool { return true }
