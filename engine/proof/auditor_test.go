package proof_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// auditor holds a model of each account beside a simulation. It follows what is
// written to the database, in that order, and holds each event and each answer
// to what the model says.
type auditor struct {
	sim     *simulation
	mirrors map[string]*mirror
	asked   map[int]*asking // by number
	// entries are what was applied and not yet followed.
	entries []entry
}

// mirror is the model of one account, by the ids of the real one.
type mirror struct {
	*model
	plan      string
	version   *ledger.Plan
	decisions map[ledger.ID]*modelDecision
	lots      map[ledger.ID]*modelGrant
}

// entry is one event or audit entry of a transaction: what one request did.
type entry struct {
	tx      *simTx
	writes  *ledger.Writes
	account string
	id      ledger.ID
	event   *ledger.Event
	action  string
	at      waterfall.Instant
	asking  *asking // nil: the engine did it by itself
	place   int     // in the queue of the server that decided it
}

func newAuditor(s *simulation, accounts []string) *auditor {
	u := &auditor{sim: s, mirrors: map[string]*mirror{}, asked: map[int]*asking{}}
	for _, id := range accounts {
		u.mirrors[id] = &mirror{model: newModel(nil), plan: "long", decisions: map[ledger.ID]*modelDecision{}, lots: map[ledger.ID]*modelGrant{}}
	}
	return u
}

// expect makes a request known before it is sent.
func (u *auditor) expect(r *request) *asking {
	a := &asking{request: r}
	u.asked[r.n] = a
	return a
}

// begun: a server begins a batch, without what had been left by then.
func (u *auditor) begun(v *server) {
	u.sim.queued[v.n] = slices.DeleteFunc(u.sim.queued[v.n], func(a *asking) bool {
		a.places[v.n] = slices.DeleteFunc(a.places[v.n], func(p int) bool { return slices.Contains(a.left[v.n], p) })
		return len(a.places[v.n]) == 0
	})
}

// passed: a server has come to a place in its queue, and has nothing any more
// of what stood before. Of several that stand at that place it is through with
// one: their caller may have gone away, and a refused batch is done in halves.
func (u *auditor) passed(v *server, place int, through *asking) {
	u.sim.queued[v.n] = slices.DeleteFunc(u.sim.queued[v.n], func(a *asking) bool {
		a.places[v.n] = slices.DeleteFunc(a.places[v.n], func(p int) bool { return p < place || p == place && a == through })
		return len(a.places[v.n]) == 0
	})
}

// asking finds a request by its name.
func (u *auditor) asking(name string) *asking {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "request-"))
	if err != nil {
		return nil
	}
	return u.asked[n]
}

// applied takes over what a transaction wrote, in the order in which its
// requests were decided.
func (u *auditor) applied(tx *simTx, w *ledger.Writes) {
	var all []entry
	for i := range w.Events {
		e := &w.Events[i]
		all = append(all, entry{tx: tx, writes: w, account: e.Account, id: e.ID, event: e, at: e.At, asking: u.asking(e.Key)})
	}
	for i := range w.Audit {
		if e := &w.Audit[i]; e.Action != "refund" { // its event tells
			all = append(all, entry{tx: tx, writes: w, account: e.Account, id: e.ID, action: e.Action, at: e.At, asking: u.asking(e.Reason)})
		}
	}
	byID := func(a, b entry) int {
		return cmp.Or(strings.Compare(a.account, b.account), slices.Compare(a.id[:], b.id[:]))
	}
	slices.SortFunc(all, byID)
	for i := range all {
		e := &all[i]
		if tx.writes == nil && e.asking != nil { // of a late one nobody is answered
			places := e.asking.places[tx.server.n]
			if len(places) == 0 {
				u.sim.fail("%s, which it had answered before", e)
				return
			}
			e.place = places[0]
		}
		if i > 0 && all[i-1].account == e.account {
			e.place = max(e.place, all[i-1].place)
		}
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Or(a.place-b.place, byID(a, b)) })
	u.entries = append(u.entries, all...)
	// What the engine did before its requests: what was due is done first.
	for _, a := range w.Accounts {
		u.mirror(tx, a.ID, tx.now(a.ID))
	}
}

// mirror brings the model of an account to a moment and the catalog of a
// transaction.
func (u *auditor) mirror(tx *simTx, account string, at waterfall.Instant) *mirror {
	m := u.mirrors[account]
	m.now = at.Time()
	if newest := tx.catalog.Newest(m.plan); m.version != newest {
		m.version = newest
		m.follow(newest.Features)
	}
	for key, f := range tx.catalog.Features {
		m.setPrices(key, f)
	}
	m.advance()
	m.forget()
	return m
}

// rest follows all that was applied.
func (u *auditor) rest() {
	for _, e := range u.entries {
		u.follow(&e)
	}
	u.entries = u.entries[:0]
}

// before follows what was decided up to a place in the server's queue.
func (u *auditor) before(place int) {
	for len(u.entries) > 0 && u.entries[0].place <= place {
		u.follow(&u.entries[0])
		u.entries = u.entries[1:]
	}
}

// follow does to the model what a request did to the database.
func (u *auditor) follow(e *entry) {
	m := u.mirror(e.tx, e.account, e.at)
	if e.asking != nil {
		e.asking.decided = true
	}
	fault := ""
	if e.event != nil {
		fault = u.followEvent(m, e)
	} else {
		fault = u.followChange(m, e)
	}
	u.sim.note("  %s", e)
	if fault != "" {
		u.sim.fail("%s: %s", e, fault)
	}
}

func (e *entry) String() string {
	what := e.action
	if e.asking != nil {
		what += " by " + e.asking.name()
	}
	if e.event != nil {
		what = fmt.Sprintf("event of kind %d under %q: %s, granted %d, charged %d", e.event.Kind, e.event.Key, e.event.Status, e.event.Granted, e.event.Charged)
	}
	return fmt.Sprintf("%s of %s, decided by server %d", what, e.account, e.tx.server.n)
}

func (u *auditor) followEvent(m *mirror, e *entry) string {
	v := e.event
	if e.asking == nil && v.Kind != ledger.HoldExpired {
		return "nobody asked for it"
	}
	if v.PlanKey != m.plan || v.PlanVersion != m.version.Version {
		return fmt.Sprintf("decided by plan %s %d, in force is %s %d", v.PlanKey, v.PlanVersion, m.plan, m.version.Version)
	}
	if v.Kind == ledger.Authorized {
		return m.authorized(v, e.asking.authorize)
	}
	want := m.decisions[v.Decision]
	if want == nil {
		return "of a decision that is not there"
	}
	ok, granted := true, int64(0)
	switch v.Kind {
	case ledger.Settled:
		ok = want.settled < 0 && m.settle(want, v.Requested)
		granted = want.granted
	case ledger.Released:
		ok = m.release(want)
	case ledger.HoldExpired:
		ok = want.status == "EXPIRED" // as the model had it when the batch began
	case ledger.Refunded:
		left := want.left()
		ok = m.refund(want, e.asking.quantity)
		granted = left - want.left()
	}
	if !ok {
		return "the model refuses it: " + want.status
	}
	if v.Status.String() != want.status || v.Granted != granted || v.Kind == ledger.Settled && v.Charged != want.charged {
		return fmt.Sprintf("%s granted %d charged %d, the model says %s %d %d", v.Status, v.Granted, v.Charged, want.status, granted, want.charged)
	}
	return ""
}

// authorized holds a new decision to the model's.
func (m *mirror) authorized(e *ledger.Event, r engine.AuthorizeRequest) string {
	want := m.authorize(r.User, r.Feature, r.Quantity, r.AllowPartial, r.HoldSeconds)
	m.decisions[e.ID] = want
	if e.Status.String() != want.status || e.Reason.String() != want.reason || e.Granted != want.granted || e.Charged != want.charged ||
		!slices.Equal(stepsOf(e.Steps), want.steps) {
		return fmt.Sprintf("%s %s granted %d charged %d %v, the model says %s %s %d %d %v", e.Status, e.Reason, e.Granted, e.Charged, stepsOf(e.Steps),
			want.status, want.reason, want.granted, want.charged, want.steps)
	}
	return ""
}

func (u *auditor) followChange(m *mirror, e *entry) string {
	a := e.asking
	if a == nil {
		return "nobody asked for it"
	}
	switch e.action {
	case "createGrant":
		for i := range e.writes.NewGrants {
			if g := &e.writes.NewGrants[i]; g.Account == e.account && g.Key == a.name() {
				a.id = ledger.ID(g.ID)
				m.lots[a.id] = m.give(a.grant)
				return ""
			}
		}
		return "there is no grant"
	case "voidGrant":
		if !m.void(m.lots[a.about.id]) {
			return "the model refuses it"
		}
	case "setSpendCap":
		m.limit = -1
		if a.limit != nil {
			m.limit, m.period = a.limit.Limit, a.limit.Period
		}
	case "setAccountStatus":
		m.suspended = a.status == ledger.Suspended
	case "assignPlan":
		m.plan = a.plan
	}
	return ""
}

// close holds the whole database to the models, when all is over.
func (u *auditor) close() {
	for id, m := range u.mirrors {
		r := u.sim.db.accounts[id]
		check := book.NewChecker(id, func(f book.Fault) { u.sim.fail("the books: %+v", f) })
		for lot, g := range r.grants {
			source := map[waterfall.Kind]book.Counter{waterfall.Promotion: book.Promotions, waterfall.Entitlement: book.Contracts, waterfall.Credit: book.Purchases}
			check.Grant(lot, book.Terms{Units: g.Units, Source: source[g.Kind], Amount: g.Amount})
		}
		for i := range r.postings {
			check.Add(&r.postings[i])
		}
		for lot, g := range r.grants {
			check.Holds(lot, book.Stands{Remaining: g.Remaining, Held: g.Held, Issues: g.Issues})
		}
		check.End(r.Head)
		u.closeAccount(id, m, r)
	}
	for _, a := range u.asked {
		if r := u.sim.db.accounts[a.account]; a.kind == authorizes && r.decisions[a.id] == nil {
			u.sim.fail("%s was answered with %s, which is not in the database", a.name(), a.id)
		}
	}
}

func (u *auditor) closeAccount(id string, m *mirror, r *records) {
	if len(r.grants) != len(m.lots) || len(r.decisions) != len(m.decisions) || int(r.Events) != len(r.events) {
		u.sim.fail("%s has %d grants and %d decisions in %d events, the model %d and %d", id, len(r.grants), len(r.decisions), len(r.events), len(m.lots), len(m.decisions))
		return
	}
	for lot, g := range r.grants {
		// What is due and nobody asked for is not done yet.
		if want := m.lots[lot]; g.Remaining != want.remaining || g.Held != want.held {
			u.sim.fail("grant %s has %d and holds %d, the model says %d and %d", lot, g.Remaining, g.Held, want.remaining, want.held)
		}
	}
	open := 0
	for decision, d := range r.decisions {
		if fault := m.decisions[decision].differs(d); fault != "" {
			u.sim.fail("decision %s: %s", decision, fault)
		}
		if d.Now() == ledger.StatusHeld {
			open++
			if r.holds[decision] != d.HoldUntil {
				u.sim.fail("decision %s is held and not among the open holds", decision)
			}
		}
	}
	if open != len(r.holds) || r.locked != nil {
		u.sim.fail("%s: %d decisions are held, %d holds are open; locked: %v", id, open, len(r.holds), r.locked != nil)
	}
}
