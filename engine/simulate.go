package engine

import (
	"context"
	"math/big"
	"slices"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Simulation is what another plan would have decided.
type Simulation struct {
	Decisions    int64
	NewlyAllowed int64
	NewlyDenied  int64
	// CreditsBefore and CreditsAfter are what the decisions cost, before
	// refunds, really and in the simulation, in millionths.
	CreditsBefore big.Int
	CreditsAfter  big.Int
	// Changed are the decisions that would have been different, the oldest
	// first.
	Changed []SimulatedDecision
}

// SimulatedDecision is a real decision, and what it would have been.
type SimulatedDecision struct {
	Decision *ledger.Decision
	Status   ledger.Status
	Charged  int64
	Steps    []ledger.Step
}

// maxSimulated is the longest time that can be simulated.
const maxSimulated = 90 * 24 * time.Hour

// simulatedPlan is the key of the plan within a simulation.
const simulatedPlan = "simulated"

// SimulatePlan makes an account's real decisions of a time (from inclusive, to
// exclusive, at most 90 days) again under other rules, and changes nothing. It
// begins where the account stood: its grants by the postings, its counters by
// the usage until then. Then the same happens as did: requests, settlements
// with the same quantities, releases, refunds, grants, voids, changes of the
// cap. A hold that was really denied has no settlement: it counts as used
// whole. The rules must have passed ValidatePlan. Errors are *Fault.
func (e *Engine) SimulatePlan(ctx context.Context, account string, rules []waterfall.Rules, from, to waterfall.Instant) (*Simulation, error) {
	if err := validateAccount(account); err != nil {
		return nil, err
	}
	switch {
	case to <= from:
		return nil, badInput("to", "must be later than from")
	case to-from > waterfall.Instant(maxSimulated.Microseconds()):
		return nil, badInput("to", "must be at most 90 days later than from")
	}
	s, err := e.newSimulator(ctx, account, rules, from, to)
	if err != nil {
		return nil, storeFault(err)
	}
	if s == nil {
		return nil, notFound("accountId", "the account")
	}
	if err := s.run(); err != nil {
		return nil, storeFault(err)
	}
	return &s.result, nil
}

// simulator drives an engine of its own, with a store in memory and a clock
// that stands where the real events stood.
type simulator struct {
	ctx      context.Context
	ledger   *ledger.Ledger
	id       string
	from, to waterfall.Instant
	engine   *Engine
	store    *pastStore
	clock    waterfall.Instant

	grants  []ledger.Grant // created in the time, the oldest first
	changes []ledger.SettingsChange
	// real are the decisions of the time as they were at its end, by id, from
	// when they are made until nothing follows any more.
	real map[ledger.ID]*ledger.Decision
	// ids are the simulated decisions of the real ones.
	ids map[ledger.ID]ledger.ID
	// batch are requests of one moment: they are decided together, as they were.
	batch  []*item
	asked  []*ledger.Decision
	keep   bool
	result Simulation
}

func (e *Engine) newSimulator(ctx context.Context, account string, rules []waterfall.Rules, from, to waterfall.Instant) (*simulator, error) {
	store, err := pastStoreAt(ctx, e.ledger, account, simulatedPlan, from)
	if err != nil || store == nil {
		return nil, err
	}
	s := &simulator{ctx: ctx, ledger: e.ledger, id: account, from: from, to: to, store: store, clock: from,
		real: map[ledger.ID]*ledger.Decision{}, ids: map[ledger.ID]ledger.ID{}}
	s.engine = newEngine(store, noCounters{}, nil, Options{Clock: func() time.Time { return s.clock.Time() }, Workers: 1, States: 1})
	s.engine.catalog.Store(e.Catalog().WithPlan(simulatedPlan, rules))
	if s.changes, err = e.ledger.SettingsBetween(ctx, account, from, to); err != nil {
		return nil, err
	}
	past, err := e.ledger.PastAt(ctx, []string{account}, to-1)
	if err != nil {
		return nil, err
	}
	for _, g := range past[account].Grants {
		if g.CreatedAt >= from {
			s.grants = append(s.grants, g)
		}
	}
	slices.SortFunc(s.grants, func(a, b ledger.Grant) int { return slices.Compare(a.ID[:], b.ID[:]) })
	for len(s.changes) > 0 && s.changes[0].At < from {
		s.store.account.Status, s.store.account.Cap = s.changes[0].Status, s.changes[0].Cap
		s.changes = s.changes[1:]
	}
	for _, c := range s.changes {
		s.store.recounts = s.store.recounts || c.Void.IsZero()
	}
	return s, nil
}

// simulatedPage is how many events are read at a time.
const simulatedPage = 1000

// run makes everything happen in the order of the ids.
func (s *simulator) run() error {
	var after ledger.ID
	for {
		events, err := s.ledger.EventsBetween(s.ctx, s.id, after, s.from, s.to, simulatedPage)
		if err != nil {
			return err
		}
		if err := s.meet(events); err != nil {
			return err
		}
		for i := range events {
			if err := s.event(&events[i]); err != nil {
				return err
			}
		}
		if len(events) < simulatedPage {
			break
		}
		after = events[len(events)-1].ID
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.compareRest()
}

// meet reads the real decisions of a page, with what followed them.
func (s *simulator) meet(events []ledger.Event) error {
	var ids []ledger.ID
	for i := range events {
		if events[i].Kind == ledger.Authorized {
			ids = append(ids, events[i].ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	found, err := s.ledger.DecisionsOf(s.ctx, s.id, ids)
	for id, d := range found {
		s.real[id] = d
	}
	return err
}

// event lets one real event happen again.
func (s *simulator) event(e *ledger.Event) error {
	if err := s.before(e.ID); err != nil {
		return err
	}
	if e.Kind == ledger.Authorized {
		return s.authorize(e)
	}
	if err := s.flush(); err != nil {
		return err
	}
	s.clock, s.keep = e.At, true
	op, err := s.follow(e)
	if err != nil || op == nil {
		return err
	}
	return s.do(op)
}

// before lets the grants and changes happen that came before an id.
func (s *simulator) before(id ledger.ID) error {
	for {
		grant := len(s.grants) > 0 && earlierID(s.grants[0].ID, id)
		change := len(s.changes) > 0 && earlierID(s.changes[0].ID, id)
		if !grant && !change {
			return nil
		}
		if err := s.flush(); err != nil {
			return err
		}
		var op operation
		if grant && (!change || earlierID(s.grants[0].ID, s.changes[0].ID)) {
			op, s.clock, s.grants = &simulatedGrant{s.grants[0]}, s.grants[0].CreatedAt, s.grants[1:]
		} else {
			op, s.clock, s.changes = s.changeOp(&s.changes[0]), s.changes[0].At, s.changes[1:]
		}
		if err := s.do(op); err != nil {
			return err
		}
	}
}

func earlierID(a, b [16]byte) bool { return slices.Compare(a[:], b[:]) < 0 }

// changeOp is the operation of a change of the account's settings.
func (s *simulator) changeOp(c *ledger.SettingsChange) operation {
	by := Change{Actor: simulatedPlan, Reason: simulatedPlan}
	if !c.Void.IsZero() {
		return &voidGrant{id: s.id, grant: c.Void, change: by}
	}
	status, limit := c.Status, c.Cap
	return &setting{id: s.id, action: "set", change: by, set: func(_ *batch, a *ledger.Account) (bool, error) {
		changed := a.Status != status || (a.Cap == nil) != (limit == nil) || limit != nil && *a.Cap != *limit
		a.Status, a.Cap = status, limit
		return changed, nil
	}}
}

// authorize adds a request to those of its moment.
func (s *simulator) authorize(e *ledger.Event) error {
	d := asOf(s.real[e.ID], s.to)
	followed := len(d.Follow) > 0
	if len(s.batch) > 0 && (s.clock != e.At || len(s.batch) == maxBatch) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	r := AuthorizeRequest{Account: s.id, User: e.User, Feature: e.Feature, Quantity: e.Requested, AllowPartial: e.AllowPartial, Key: e.ID.String()}
	if e.HoldUntil != 0 && d.Status != ledger.StatusDenied {
		r.HoldSeconds = int64(e.HoldUntil-e.At) / 1_000_000
	}
	s.clock, s.keep = e.At, s.keep || followed
	s.batch = append(s.batch, &item{ctx: s.ctx, op: &authorize{AuthorizeRequest: r}, done: make(chan struct{})})
	s.asked = append(s.asked, d)
	return nil
}

// flush decides the requests of a moment, and compares those that nothing
// follows.
func (s *simulator) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	items, asked := s.batch, s.asked
	s.batch, s.asked = nil, nil
	if err := s.runBatch(items); err != nil {
		return err
	}
	for i, it := range items {
		if it.err != nil {
			return it.err
		}
		made := it.answer.(*ledger.Decision)
		if len(asked[i].Follow) > 0 {
			s.ids[asked[i].ID] = made.ID
			continue
		}
		s.compare(asked[i], made)
		delete(s.real, asked[i].ID)
	}
	s.keep = false
	return nil
}

func (s *simulator) runBatch(items []*item) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	s.store.keep = s.keep
	return s.engine.runBatch(items, func() {})
}

// do runs one operation. What it refuses did not fit any more: a hold that was
// not given cannot be released.
func (s *simulator) do(op operation) error {
	it := &item{ctx: s.ctx, op: op, done: make(chan struct{})}
	err := s.runBatch([]*item{it})
	s.keep = false
	return err
}

// follow is the operation that a later event of a decision asks for, nil where
// there is nothing to do: the decision was denied in the simulation.
func (s *simulator) follow(e *ledger.Event) (operation, error) {
	id := e.Decision
	if simulated, ok := s.ids[id]; ok {
		id = simulated
	}
	ref := ledger.EventRef{Account: s.id, ID: id}
	found, err := s.store.Decisions(s.ctx, []ledger.EventRef{ref})
	d := found[ref]
	if err != nil || d == nil || d.Status == ledger.StatusDenied {
		return nil, err
	}
	if s.store.decisions[id] == nil {
		s.store.decisions[id] = d // made before: it changes here, and only here
	}
	key := e.ID.String()
	switch e.Kind {
	case ledger.Settled:
		return &settle{SettleRequest: SettleRequest{Account: s.id, Decision: id, Quantity: e.Requested, Key: key}}, nil
	case ledger.Released:
		return &release{ReleaseRequest: ReleaseRequest{Account: s.id, Decision: id, Key: key}}, nil
	case ledger.HoldExpired:
		s.clock = max(s.clock, d.HoldUntil)
		return &expireHold{ref}, nil
	case ledger.Refunded:
		refunded, _ := d.RefundedSoFar()
		units := min(e.Granted, d.FinalGranted()-refunded)
		if units <= 0 {
			return nil, nil
		}
		by := Change{Actor: simulatedPlan, Reason: simulatedPlan}
		return &refund{RefundRequest: RefundRequest{Account: s.id, Decision: id, Quantity: &units, Key: key, Change: by}}, nil
	}
	return nil, nil
}

// compareRest compares the decisions that something followed, now that all has.
func (s *simulator) compareRest() error {
	for id, simulated := range s.ids {
		if d := s.store.decisions[simulated]; d != nil {
			s.compare(asOf(s.real[id], s.to), d)
		}
	}
	slices.SortFunc(s.result.Changed, func(a, b SimulatedDecision) int { return slices.Compare(a.Decision.ID[:], b.Decision.ID[:]) })
	return s.ctx.Err()
}

// compare counts a decision and lists it when it would have been different.
func (s *simulator) compare(real, made *ledger.Decision) {
	r := &s.result
	r.Decisions++
	r.CreditsBefore.Add(&r.CreditsBefore, big.NewInt(real.FinalCharged()))
	r.CreditsAfter.Add(&r.CreditsAfter, big.NewInt(made.FinalCharged()))
	was, is := real.Status != ledger.StatusDenied, made.Status != ledger.StatusDenied
	switch {
	case is && !was:
		r.NewlyAllowed++
	case was && !is:
		r.NewlyDenied++
	}
	if real.Now() != made.Now() || real.FinalCharged() != made.FinalCharged() || real.FinalGranted() != made.FinalGranted() ||
		!sameTakes(real.Steps, made.Steps) || !sameTakes(real.SettlementSteps(), made.SettlementSteps()) {
		r.Changed = append(r.Changed, SimulatedDecision{Decision: s.whole(real), Status: made.Now(), Charged: made.FinalCharged(), Steps: made.Steps})
	}
}

// whole is the real decision with all that followed, until today.
func (s *simulator) whole(d *ledger.Decision) *ledger.Decision {
	if full := s.real[d.ID]; full != nil {
		return full
	}
	return d
}

// sameTakes tells whether the same was taken from the same buckets.
func sameTakes(a, b []ledger.Step) bool {
	takes := func(steps []ledger.Step) map[string]int64 {
		all := map[string]int64{}
		for _, s := range steps {
			if s.Taken != 0 {
				all[s.Kind.String()+" "+s.Bucket] += s.Taken
			}
		}
		return all
	}
	x, y := takes(a), takes(b)
	if len(x) != len(y) {
		return false
	}
	for bucket, n := range x {
		if y[bucket] != n {
			return false
		}
	}
	return true
}

// simulatedGrant gives a grant that was really given, under its own id.
type simulatedGrant struct{ ledger.Grant }

func (o *simulatedGrant) account() string                      { return o.Account }
func (o *simulatedGrant) want(*ledger.Want)                    {}
func (o *simulatedGrant) counters(*ledger.Loaded) []counterRef { return nil }

func (o *simulatedGrant) run(b *batch, a *account) (any, error) {
	g := o.Grant
	g.Remaining, g.Held, g.Issues, g.Postings, g.Opening, g.Rooms = 0, 0, 0, 0, 0, nil
	g.VoidedAt, g.ExpiredAt, g.DueAt, g.Closed = 0, 0, 0, false
	a.tidy(&g)
	a.addGrants(g)
	lot := a.lot(g.ID)
	if err := b.begin(a, lot); err != nil {
		return nil, err
	}
	delete(a.changed, lot)
	a.touched = true
	b.writes.NewGrants = append(b.writes.NewGrants, ledger.Grant{Grant: a.lots[lot], Terms: a.terms[lot]})
	a.addGrants()
	return true, nil
}
