package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// proof is the verification of one account, from its first record to its last.
type proof struct {
	*verifier
	id       string
	row      *Account // nil: there is none
	books    *book.Checker
	lots     map[ID]*lot
	settings settings
	state    *replay
	holds    map[ID]*openHold
	// nextEnd is a moment before which none of the open holds ends.
	nextEnd waterfall.Instant
	// late are the decisions that were settled when nothing was held any more.
	late map[ID]bool
	// last is the time of the newest event so far, and events their number.
	last   waterfall.Instant
	events int64
}

// openHold is what a hold reserves until something ends it.
type openHold struct {
	made    waterfall.Instant
	until   waterfall.Instant
	granted int64
	charged int64
	steps   []Step
	draws   []draw
}

// draw is an amount of a grant.
type draw struct {
	grant  ID
	amount int64
}

// settings are those of the account, as the audit log tells them.
type settings struct {
	created bool
	status  AccountStatus
	plan    string
	cap     *Cap
}

func (v *verifier) verifyAccount(ctx context.Context, tx pgx.Tx, id string) error {
	p := &proof{verifier: v, id: id, lots: map[ID]*lot{}, holds: map[ID]*openHold{}, late: map[ID]bool{}, settings: settings{status: Active}}
	p.state = newReplay(v.spans, v.since)
	p.books = book.NewChecker(id, p.bookFault)
	if a := v.accounts.peek(); a != nil && a.ID == id {
		row := *a
		p.row = &row
		v.accounts.take()
	}
	for g := v.grants.peek(); g != nil && g.Account == id; g = v.grants.peek() {
		p.grant(g)
		v.grants.take()
	}
	for e := v.events.peek(); e != nil && e.Account == id; e = v.events.peek() {
		event := *e
		v.events.take()
		p.events++
		p.event(&event)
	}
	p.finish()
	return p.followed(ctx, tx)
}

// failed tells that a stream broke: what seems to be missing then is not.
func (v *verifier) failed() bool {
	return v.accounts.err != nil || v.grants.err != nil || v.changes.err != nil || v.events.err != nil || v.parts.err != nil ||
		v.postings.err != nil || v.holds.err != nil || v.follow.err != nil
}

func (p *proof) fault(check string, at place, expected, found any) {
	if !p.failed() {
		p.report(Mismatch{Account: p.id, Check: check, Expected: textOf(expected), Found: textOf(found), Reference: at.String()})
	}
}

// textOf is never empty.
func textOf(v any) string {
	if s := fmt.Sprint(v); s != "" {
		return s
	}
	return "none"
}

// bookFault passes on what the books' own checker names.
func (p *proof) bookFault(f book.Fault) {
	at := place{}
	switch {
	case f.Sequence != 0:
		at = atSequence(f.Sequence)
	case f.Grant != (book.ID{}):
		at = atGrant(f.Grant)
	}
	p.fault(f.Check, at, f.Expected, f.Found)
}

// place is where something is at fault; the zero value is the account as a
// whole. Its text is made only when there is a fault.
type place struct {
	what   string
	id     ID
	number int64
}

func (p place) String() string {
	switch p.what {
	case "":
		return ""
	case "sequence":
		return fmt.Sprint("sequence:", p.number)
	}
	return p.what + ":" + p.id.String()
}

func atSequence(n int64) place { return place{what: "sequence", number: n} }
func atEvent(id ID) place      { return place{what: "event", id: id} }
func atGrant(id ID) place      { return place{what: "grant", id: id} }

// lot is a grant with what its postings so far add up to.
type lot struct {
	Grant
	now     waterfall.Grant
	renewed waterfall.Instant // when it was last issued again
	own     int32             // postings that the grant is itself the source of
	void    bool              // by the audit log
	place   int               // among the open lots of the replay, -1: not there
}

func (p *proof) grant(g *Grant) {
	if !grantPrint(g) {
		p.fault("grant.fingerprint", atGrant(g.ID), "as-it-was-created", "other-terms")
	}
	l := &lot{Grant: *g, place: -1}
	l.Key, l.Reference, l.Note = "", "", ""
	l.now = l.Grant.Grant
	l.now.Remaining, l.now.Held, l.now.Issues, l.now.Opening, l.now.Rooms = 0, 0, 0, 0, nil
	p.lots[g.ID] = l
	p.books.Grant(g.ID, book.Terms{Units: g.Units, Source: sourceOf(g.Kind), Amount: g.Amount})
}

func sourceOf(k waterfall.Kind) book.Counter {
	switch k {
	case waterfall.Promotion:
		return book.Promotions
	case waterfall.Entitlement:
		return book.Contracts
	}
	return book.Purchases
}

// changesBefore applies the audit log up to an id: an account's ids ascend over
// all that happens to it, so that the order is exact.
func (p *proof) changesBefore(id ID) {
	for c := p.changes.peek(); c != nil && c.Account == p.id && string(c.ID[:]) < string(id[:]); c = p.changes.peek() {
		p.change(c)
		p.changes.take()
	}
}

func (p *proof) change(c *AuditEntry) {
	switch c.Action {
	case "createAccount", "setAccountStatus", "assignPlan", "setSpendCap", "voidGrant":
	default:
		return
	}
	after, err := readChange(c.After)
	switch {
	case err != nil:
		p.fault("audit", place{what: "audit", id: c.ID}, "json", "unreadable")
	case c.Action != "voidGrant":
		s := settings{created: p.settings.created || c.Action == "createAccount", plan: after.Plan}
		s.status, s.cap = after.settings()
		p.settings = s
	default:
		if id, err := ParseID(after.ID); err == nil && p.lots[id] != nil {
			p.lots[id].void = true
			p.state.void(p.lots[id])
		}
	}
}

// post checks a posting and carries it into its grant.
func (p *proof) post(b *book.Posting) {
	l := p.lots[ID(b.Grant)]
	if l != nil {
		b.Units = l.Units
	}
	p.books.Add(b)
	if l != nil {
		p.state.post(l, b)
	}
}

// own takes a posting that no event claims: it must be what happened to a grant
// by itself.
func (p *proof) own(b *book.Posting) {
	l := p.lots[ID(b.Grant)]
	if b.Source != b.Grant || l == nil {
		p.fault("source", atSequence(b.Sequence), "an-event-that-names-it", atEvent(b.Source))
		p.post(b)
		return
	}
	if b.Ordinal != l.own {
		p.fault("ordinal", atSequence(b.Sequence), l.own, b.Ordinal)
	}
	if b.Part != book.NoPart {
		p.fault("part", atSequence(b.Sequence), book.NoPart, b.Part)
	}
	l.own = b.Ordinal + 1
	at := waterfall.Instant(b.At)
	switch b.Kind {
	case book.Grant:
		p.issue(l, b, at)
	case book.Expiry:
		if l.Recurrence == waterfall.NoPeriod && (l.ExpiresAt == 0 || at < l.ExpiresAt) {
			p.fault("expiry", atSequence(b.Sequence), "not-before-expiresAt", at.Time().Format("2006-01-02T15:04:05.000000Z"))
		}
	case book.Void:
		if l.VoidedAt == 0 || b.BalanceAfter != 0 {
			p.fault("void", atSequence(b.Sequence), "all-of-a-void-grant", b.BalanceAfter)
		}
	default:
		p.fault("kind", atSequence(b.Sequence), "GRANT,EXPIRY,VOID", b.Kind)
	}
	p.post(b)
}

// issue checks a GRANT: the first at the beginning, each later one at its
// anniversary and over no more than may roll over.
func (p *proof) issue(l *lot, b *book.Posting, at waterfall.Instant) {
	if l.now.Issues == 0 {
		if at != l.CreatedAt {
			p.fault("issue.time", atSequence(b.Sequence), int64(l.CreatedAt), b.At)
		}
		return
	}
	if l.Recurrence == waterfall.NoPeriod || at < l.Recurrence.Anniversary(l.EffectiveAt, int(l.now.Issues)) {
		p.fault("issue.time", atSequence(b.Sequence), "an-anniversary", at.Time().Format("2006-01-02T15:04:05.000000Z"))
	}
	if limit := max(0, l.RolloverLimit); l.now.Remaining > limit {
		p.fault("rollover", atSequence(b.Sequence), fmt.Sprint("at-most-", limit), l.now.Remaining)
	}
}

// ownBefore applies the postings of grants themselves that happened before an
// event, so that it meets the state that it was decided on.
func (p *proof) ownBefore(e *Event) {
	for b := p.postings.peek(); b != nil && b.Account == p.id; b = p.postings.peek() {
		if e.Postings > 0 {
			if b.Sequence >= e.FirstSequence {
				return
			}
		} else if !p.happenedBefore(b, e) {
			return
		}
		p.own(b)
		p.postings.take()
	}
}

// happenedBefore orders a posting of a grant itself and an event without
// postings. In one batch, which has one time, what is due comes first; a new
// grant has an id to compare; a void stands in the audit log.
func (p *proof) happenedBefore(b *book.Posting, e *Event) bool {
	if at := waterfall.Instant(b.At); at != e.At {
		return at < e.At
	}
	l := p.lots[ID(b.Grant)]
	switch {
	case l == nil || b.Source != b.Grant:
		return false
	case b.Kind == book.Void:
		return l.void
	case b.Kind == book.Grant && l.now.Issues == 0:
		return string(l.ID[:]) < string(e.ID[:])
	}
	return true
}

// finish takes what is left behind the last event, and compares what the
// account's rows say with what its records add up to.
func (p *proof) finish() {
	end := ID{}
	for i := range end {
		end[i] = 0xff
	}
	p.changesBefore(end)
	for b := p.postings.peek(); b != nil && b.Account == p.id; b = p.postings.peek() {
		p.own(b)
		p.postings.take()
	}
	p.orphans(end)
	p.finishHolds()
	for _, l := range p.lots {
		p.finishGrant(l)
	}
	if p.row == nil {
		p.fault("account", place{}, "an-account", "none")
		return
	}
	p.books.End(p.row.Head)
	if p.events != p.row.Events {
		p.fault("account.events", place{}, p.events, p.row.Events)
	}
	p.finishSettings()
}

// orphans names the monetization events below an id that no event claims.
func (p *proof) orphans(below ID) {
	for m := p.parts.peek(); m != nil && m.Account == p.id && string(m.Event[:]) < string(below[:]); m = p.parts.peek() {
		p.fault("monetization.event", atEvent(m.Event), "an-event", "none")
		p.parts.take()
	}
}

func (p *proof) finishHolds() {
	for h := p.verifier.holds.peek(); h != nil && h.Account == p.id; h = p.verifier.holds.peek() {
		open := p.holds[h.ID]
		switch {
		case open == nil:
			p.fault("hold", atEvent(h.ID), "no-open-hold", "one")
		case open.until != h.ExpiresAt:
			p.fault("hold.expires_at", atEvent(h.ID), int64(open.until), int64(h.ExpiresAt))
		case p.row != nil && (p.row.HoldDue == 0 || p.row.HoldDue > h.ExpiresAt):
			p.fault("account.hold_due", atEvent(h.ID), fmt.Sprint("at-most-", int64(h.ExpiresAt)), int64(p.row.HoldDue))
		}
		delete(p.holds, h.ID)
		p.verifier.holds.take()
	}
	for id := range p.holds {
		p.fault("hold", atEvent(id), "an-open-hold", "none")
	}
}

func (p *proof) finishGrant(l *lot) {
	at := atGrant(l.ID)
	p.books.Holds(l.ID, book.Stands{Remaining: l.Remaining, Held: l.Held, Issues: l.Issues})
	if l.own != l.Postings {
		p.fault("grant.postings", at, l.own, l.Postings)
	}
	if l.void != (l.VoidedAt != 0) {
		p.fault("grant.voided_at", at, l.void, l.VoidedAt != 0)
	}
	if over := l.VoidedAt != 0 || l.ExpiredAt != 0; over && l.Remaining != 0 {
		p.fault("grant.closed", at, 0, l.Remaining)
	}
	if l.Closed && (l.Remaining != 0 || l.Held != 0) {
		p.fault("grant.closed", at, 0, fmt.Sprintf("%d,%d", l.Remaining, l.Held))
	}
	if (l.Opening != 0 || l.renewed >= p.since) && l.Opening != l.now.Opening {
		p.fault("grant.opening", at, l.now.Opening, l.Opening)
	}
	if l.CreatedAt >= p.since && !slices.Equal(l.Rooms, l.now.Rooms) {
		p.fault("grant.rooms", at, l.now.Rooms, l.Rooms)
	}
	due := l.Grant
	if due.SetDue(); due.DueAt != l.DueAt {
		p.fault("grant.due_at", at, int64(due.DueAt), int64(l.DueAt))
	}
}

func (p *proof) finishSettings() {
	s := p.settings
	if !s.created {
		p.fault("account.created", place{}, "an-audit-entry", "none")
		return
	}
	if s.status != p.row.Status {
		p.fault("account.status", place{}, s.status, p.row.Status)
	}
	if s.plan != p.row.Plan {
		p.fault("account.plan", place{}, s.plan, p.row.Plan)
	}
	if was, is := capText(s.cap), capText(p.row.Cap); was != is {
		p.fault("account.spend_cap", place{}, was, is)
	}
	if p.row.DecidedAt < p.last {
		p.fault("account.decided_at", place{}, fmt.Sprint("not-before-", int64(p.last)), int64(p.row.DecidedAt))
	}
}

func capText(c *Cap) string {
	if c == nil {
		return "none"
	}
	return fmt.Sprintf("%d/%d", c.Limit, c.Period)
}
