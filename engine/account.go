package engine

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// account is the state of one account while a batch decides on it, and what
// is remembered of it afterwards, valid as long as its version is the one in
// the database. It belongs to the batch that has taken it out of the states.
type account struct {
	ledger.Account
	plan *ledger.Plan

	// lots and terms are the open grants, side by side, in spending order.
	lots  []waterfall.Grant
	terms []ledger.Terms

	// fields are the counters that are known. When complete, a field that is
	// absent is zero; else it is not known.
	fields   map[counters.Field]*waterfall.Series
	complete bool
	shape    string
	// held tells that the counter store is believed to hold them at this version.
	held bool
	// pruned is how many were left when those without effect were last dropped.
	pruned int

	// alone counts the batches in a row that found the account as this process
	// had left it. contested: lately one did not, since another process decides
	// on it too.
	alone     int
	contested bool

	// recorded is the sequence of the newest posting when it was read, and spent
	// are sums of the closed grants that stand: where it is only looked at.
	recorded int64
	spent    []waterfall.Grant

	// due are the holds whose time was up when the batch began.
	due []ledger.DueHold
	// ended are those as they have ended, where it is only looked at.
	ended []*ledger.Decision

	// What the present batch did to it.
	now     waterfall.Instant
	ids     int64
	dirty   map[counters.Field]*waterfall.Series
	changed map[int]bool // lots
	touched bool
	settled bool // status, plan or cap changed
}

// open prepares the state for a batch at a moment.
func (a *account) open(now waterfall.Instant) {
	// Strictly later than all that the account has seen, so that ids ascend.
	a.now = max(now, a.DecidedAt+1)
	a.ids = 0
	a.dirty, a.changed, a.touched, a.settled, a.due = nil, nil, false, false, nil
}

// nextID makes the next id of the account: ids of one batch follow each other
// by a microsecond.
func (a *account) nextID(random uint64) ledger.ID {
	id := ledger.NewID(a.now+waterfall.Instant(a.ids), random)
	a.ids++
	a.touched = true
	return id
}

// close ends the batch: the account gets its new version and time.
func (a *account) close(version ledger.ID) {
	a.Version = version
	a.DecidedAt = a.now + waterfall.Instant(a.ids)
}

// setGrants takes over grants as they were read.
func (a *account) setGrants(grants []ledger.Grant) {
	sort.Slice(grants, func(i, j int) bool { return grants[i].Before(&grants[j].Grant) })
	a.lots, a.terms = make([]waterfall.Grant, len(grants)), make([]ledger.Terms, len(grants))
	for i, g := range grants {
		a.lots[i], a.terms[i] = g.Grant, g.Terms
	}
}

// addGrants puts further grants in their place.
func (a *account) addGrants(more ...ledger.Grant) {
	all := make([]ledger.Grant, 0, len(a.lots)+len(more))
	changed := map[[16]byte]bool{}
	for i := range a.lots {
		all = append(all, ledger.Grant{Grant: a.lots[i], Terms: a.terms[i]})
		if a.changed[i] {
			changed[a.lots[i].ID] = true
		}
	}
	a.setGrants(append(all, more...))
	a.changed = nil
	for i := range a.lots {
		if changed[a.lots[i].ID] {
			a.mark(i)
		}
	}
}

// openLots are the lots as the waterfall sees them, at the same places: one that
// this batch closed, or had to look up, counts no more than one that the next
// batch does not read at all, and neither does a void one that is still held.
func (a *account) openLots() []waterfall.Grant {
	if !slices.ContainsFunc(a.terms, isHidden) {
		return a.lots
	}
	lots := slices.Clone(a.lots)
	for i := range lots {
		if isHidden(a.terms[i]) {
			lots[i].EffectiveAt = math.MaxInt64
		}
	}
	return lots
}

func isHidden(t ledger.Terms) bool { return t.Closed || t.VoidedAt != 0 }

func isClosed(t ledger.Terms) bool { return t.Closed }

// dropClosed forgets the lots that can never be drawn on again.
func (a *account) dropClosed() {
	if !slices.ContainsFunc(a.terms, isClosed) {
		return
	}
	lots, terms := a.lots, a.terms
	a.lots, a.terms = nil, nil
	for i := range lots {
		if !terms[i].Closed {
			a.lots, a.terms = append(a.lots, lots[i]), append(a.terms, terms[i])
		}
	}
}

// lot is the index of a grant, -1 when it is not among the open ones.
func (a *account) lot(id [16]byte) int {
	for i := range a.lots {
		if a.lots[i].ID == id {
			return i
		}
	}
	return -1
}

func (a *account) mark(lot int) {
	if a.changed == nil {
		a.changed = map[int]bool{}
	}
	a.changed[lot] = true
	a.touched = true
}

// post writes the next posting of the account and carries it into the lot.
func (a *account) post(w *ledger.Writes, lot int, p book.Posting) error {
	g := &a.lots[lot]
	p.Account, p.Grant, p.Units, p.At = a.ID, g.ID, g.Units, int64(a.now)
	done, err := a.Head.Post(p, g.Remaining)
	if err != nil {
		return err
	}
	g.Remaining = done.BalanceAfter
	a.mark(lot)
	w.Postings = append(w.Postings, done)
	return nil
}

// counterField is the field of a bucket for a user.
func counterField(b *waterfall.Bucket, feature, user string) counters.Field {
	if b.Scope == waterfall.PerAccount {
		user = ""
	}
	return counters.Field{User: user, Feature: feature, Bucket: b.Key}
}

func ceilingField(feature string) counters.Field {
	return counters.Field{Feature: feature, Bucket: counters.Ceiling}
}

var spendField = counters.Field{Bucket: counters.Spend}

// needed lists the counters that a request of a user for a feature asks.
func (a *account) needed(fields []counters.Field, feature, user string) []counters.Field {
	if a.Cap != nil {
		fields = append(fields, spendField)
	}
	r := a.plan.Rules(feature)
	if r == nil {
		return fields
	}
	for i := range r.Buckets {
		if r.Buckets[i].Kind.Counted() {
			fields = append(fields, counterField(&r.Buckets[i], feature, user))
		}
	}
	if len(r.Ceilings) > 0 {
		fields = append(fields, ceilingField(feature))
	}
	return fields
}

// knows tells whether a counter is known.
func (a *account) knows(f counters.Field) bool {
	if a.complete {
		return true
	}
	_, ok := a.fields[f]
	return ok
}

// known is a counter to read. To decide on one that is not known would give
// away what a window forbids, so it is a defect that stops the batch.
func (a *account) known(f counters.Field) *waterfall.Series {
	if !a.knows(f) {
		panic(fmt.Sprintf("the counter %q of account %s was not loaded", f, a.ID))
	}
	return a.fields[f]
}

// series is a counter to write to.
func (a *account) series(f counters.Field) *waterfall.Series {
	s := a.fields[f]
	if s == nil {
		s = &waterfall.Series{}
		a.fields[f] = s
	}
	return s
}

// count adds to a counter, or takes back what a second counted when amount is
// negative, and forgets what no window can see any more.
func (a *account) count(f counters.Field, second, amount, horizon int64) {
	if amount == 0 {
		return
	}
	s := a.series(f)
	if amount < 0 {
		s.Undo(second, -amount)
	} else {
		s.Add(second, amount)
	}
	s.Trim(a.now.Second() - horizon)
	if a.dirty == nil {
		a.dirty = make(map[counters.Field]*waterfall.Series, 4)
	}
	a.dirty[f] = s
	a.touched = true
}

// fewFields is how many counters are kept without a look at what they still say.
const fewFields = 4096

// prune forgets the counters in which nothing can be seen any more: those of the
// users who came once. It looks when there are twice as many as it left, so that
// its cost is spread; a counter that is asked for after all is read again.
func (a *account) prune() {
	if len(a.fields) < max(fewFields, 2*a.pruned) {
		return
	}
	now := a.now.Second()
	for f, s := range a.fields {
		if s.Sum(now-a.horizonOf(f), now) == 0 {
			delete(a.fields, f)
		}
	}
	a.pruned = len(a.fields)
}

// tally counts one step of an event in all counters that see it: the bucket's
// own, the ceilings, and the spend.
func (a *account) tally(e *ledger.Event, s *ledger.Step) {
	r := a.plan.Rules(e.Feature)
	if r != nil {
		if b := bucketOf(r, s); b != nil && b.Kind.Counted() {
			user := e.User
			if s.Scope == waterfall.PerAccount {
				user = ""
			}
			second := s.Second
			if b.Kind == waterfall.FreeTier {
				second = waterfall.Day.Start(second)
			}
			a.count(counters.Field{User: user, Feature: e.Feature, Bucket: b.Key}, second, s.Taken, b.Horizon())
		}
		// Ceilings count what was granted; a refund does not change that.
		if len(r.Ceilings) > 0 && e.Kind != ledger.Refunded {
			a.count(ceilingField(e.Feature), s.Second, s.Taken, r.Horizon())
		}
	}
	if a.Cap != nil && s.Kind == waterfall.Credit {
		a.count(spendField, waterfall.Day.Start(s.Second), s.Credits, waterfall.Month.Longest())
	}
}

// bucketOf finds the bucket whose counter a step belongs to: the same key, kept
// for the same scope.
func bucketOf(r *waterfall.Rules, s *ledger.Step) *waterfall.Bucket {
	if !s.Kind.Counted() {
		return nil
	}
	for i := range r.Buckets {
		if r.Buckets[i].Key == s.Bucket && r.Buckets[i].Scope == s.Scope {
			return &r.Buckets[i]
		}
	}
	return nil
}

// input is what the waterfall is shown of the account.
func (a *account) input(r *waterfall.Rules, price waterfall.Price, feature, user string) *waterfall.Input {
	in := &waterfall.Input{Rules: r, Suspended: a.Status == ledger.Suspended, Price: price, Grants: a.openLots()}
	if a.Cap != nil {
		in.Cap = &waterfall.SpendCap{Limit: a.Cap.Limit, Period: a.Cap.Period, Spent: a.known(spendField)}
	}
	if r == nil {
		return in
	}
	in.Used = make([]*waterfall.Series, len(r.Buckets))
	for i := range r.Buckets {
		if r.Buckets[i].Kind.Counted() {
			in.Used[i] = a.known(counterField(&r.Buckets[i], feature, user))
		}
	}
	if len(r.Ceilings) > 0 {
		in.Granted = a.known(ceilingField(feature))
	}
	return in
}

// wantedShape is the shape that the account's counters must be kept for.
func (a *account) wantedShape() string {
	shape := a.plan.Shape()
	if a.Cap != nil {
		shape += "$"
	}
	return shape
}

// horizon is how many seconds back the account's counters look.
func (a *account) horizon() int64 {
	h := a.plan.Horizon()
	if a.Cap != nil {
		h = max(h, waterfall.Month.Longest())
	}
	return h
}
