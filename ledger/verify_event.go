package ledger

import (
	"fmt"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// batchSpan is how far the ids of one batch may run ahead of its time: they
// follow each other by a microsecond.
const batchSpan = 10_000

// event checks one usage event with its parts and postings, makes its decision
// again, and then lets it happen.
func (p *proof) event(e *Event) {
	p.changesBefore(e.ID)
	p.state.reach(e.At)
	p.ownBefore(e)
	p.gather(e)
	p.checkEvent(e)
	switch e.Kind {
	case Authorized:
		p.checkAuthorized(e)
	case Settled:
		p.checkSettled(e)
	case Released, HoldExpired:
		p.checkEnded(e)
	case Refunded:
		p.checkRefunded(e)
	default:
		p.fault("event.kind", atEvent(e.ID), "1..5", int(e.Kind))
	}
	for i := range p.ownPostings {
		p.post(&p.ownPostings[i])
	}
	p.state.count(e)
	p.last = max(p.last, e.At)
}

// gather takes the parts and the postings that belong to an event off their
// streams. The parts of a costless event are told by it, and none are stored.
func (p *proof) gather(e *Event) {
	p.ownParts, p.ownPostings = p.ownParts[:0], p.ownPostings[:0]
	p.orphans(e.ID)
	for m := p.parts.peek(); m != nil && m.Account == p.id && m.Event == e.ID; m = p.parts.peek() {
		p.ownParts = append(p.ownParts, *m)
		p.parts.take()
	}
	if e.Costless() {
		p.noParts(e)
		p.ownParts = appendCostless(p.ownParts[:0], e)
		p.sum.MonetizationEvents += int64(len(p.ownParts))
	}
	end := e.FirstSequence + int64(e.Postings)
	for b := p.postings.peek(); b != nil && b.Account == p.id && e.Postings > 0 && b.Sequence < end; b = p.postings.peek() {
		p.ownPostings = append(p.ownPostings, *b)
		p.postings.take()
	}
}

// checkEvent holds for every kind: the request is the one that was
// fingerprinted, the id and the time belong together, and the postings between
// the numbers that the event names are its own.
func (p *proof) checkEvent(e *Event) {
	at := atEvent(e.ID)
	if !eventPrint(e) {
		p.fault("event.fingerprint", at, "as-it-was-asked", "another-request")
	}
	if made := e.ID.At(); made < e.At || made > e.At+batchSpan {
		p.fault("event.created_at", at, int64(made), int64(e.At))
	}
	if e.At < p.last {
		p.fault("event.created_at", at, fmt.Sprint("not-before-", int64(p.last)), int64(e.At))
	}
	if (e.Postings == 0) != (e.FirstSequence == 0) || len(p.ownPostings) != e.Postings {
		p.fault("event.postings", at, e.Postings, len(p.ownPostings))
	}
	for i := range p.ownPostings {
		b := &p.ownPostings[i]
		if ID(b.Source) != e.ID {
			p.fault("source", atSequence(b.Sequence), at, atEvent(b.Source))
		}
		if int(b.Ordinal) != i {
			p.fault("ordinal", atSequence(b.Sequence), i, b.Ordinal)
		}
		if waterfall.Instant(b.At) != e.At {
			p.fault("time", atSequence(b.Sequence), int64(e.At), b.At)
		}
		if l := p.lots[ID(b.Grant)]; l != nil {
			b.Units = l.Units
		}
	}
	for i := range p.ownParts {
		p.checkPart(e, i)
	}
}

// checkPart holds one monetization event to the price and to its postings.
func (p *proof) checkPart(e *Event, i int) {
	m, at := &p.ownParts[i], atEvent(e.ID)
	if int(m.Part) != i {
		p.fault("monetization.part", at, i, m.Part)
	}
	price := p.price(e, m.PriceVersion)
	if !book.Charged(m.Quantity, price.Micros, max(1, price.Per), m.Credits) {
		p.fault("charge", at, book.ChargeText(m.Quantity, price.Micros, max(1, price.Per)), m.Credits)
	}
	// What the grants gave for it, in their denomination.
	var drawn, want int64
	for j := range p.ownPostings {
		b := &p.ownPostings[j]
		if b.Kind != book.Debit || b.Part != m.Part {
			continue
		}
		drawn -= b.Amount
		l := p.lots[ID(b.Grant)]
		if l != nil && (l.Kind != m.Kind || l.Units != (m.PriceVersion == 0)) {
			p.fault("draw", atSequence(b.Sequence), fmt.Sprintf("%s:%d", m.Kind, m.PriceVersion), fmt.Sprintf("%s:units=%v", l.Kind, l.Units))
		}
	}
	switch {
	case m.PriceVersion != 0:
		want = m.Credits
	case !m.Kind.Counted():
		want = m.Quantity
	}
	if drawn != want {
		p.fault("monetization.postings", at, want, drawn)
	}
}

// price is a version of the price of an event's feature, zero for none. It must
// have been in effect, and never withdrawn.
func (p *proof) price(e *Event, version int32) waterfall.Price {
	if version == 0 {
		return waterfall.Price{}
	}
	if f := p.catalog.Features[e.Feature]; f != nil {
		for i := range f.Prices {
			if v := &f.Prices[i]; v.Version == version {
				if v.EffectiveFrom > e.At {
					p.fault("price.effective_from", atEvent(e.ID), fmt.Sprint("not-after-", int64(e.At)), int64(v.EffectiveFrom))
				}
				if v.WithdrawnAt != 0 {
					p.fault("price.withdrawn", atEvent(e.ID), "a-price-that-stands", fmt.Sprintf("version:%d", version))
				}
				return v.Price
			}
		}
	}
	p.fault("price", atEvent(e.ID), fmt.Sprintf("version:%d", version), "none")
	return waterfall.Price{}
}

// sums are what the steps of an event say.
type sums struct{ taken, credits int64 }

func (p *proof) sumSteps(e *Event) (s sums) {
	for i := range e.Steps {
		s.taken += e.Steps[i].Taken
		s.credits += e.Steps[i].Credits
	}
	return s
}

// sumParts holds the parts of a funded event to what it granted and charged.
func (p *proof) sumParts(e *Event) {
	var units, credits int64
	for i := range p.ownParts {
		units += p.ownParts[i].Quantity
		credits += p.ownParts[i].Credits
	}
	if units != e.Granted {
		p.fault("monetization.quantity", atEvent(e.ID), e.Granted, units)
	}
	if credits != e.Charged {
		p.fault("monetization.credits", atEvent(e.ID), e.Charged, credits)
	}
}

// noParts is for events of which no parts are stored.
func (p *proof) noParts(e *Event) {
	if n := len(p.ownParts); n > 0 {
		p.fault("monetization", atEvent(e.ID), 0, n)
	}
}

// only names postings of other kinds than an event of this kind writes.
func (p *proof) only(e *Event, kinds ...book.Kind) {
	for i := range p.ownPostings {
		b := &p.ownPostings[i]
		found := false
		for _, k := range kinds {
			found = found || b.Kind == k
		}
		if !found {
			p.fault("kind", atSequence(b.Sequence), fmt.Sprintf("one-of-%s", e.Status), b.Kind)
		}
		if e.Kind == Refunded && (b.Kind == book.Expiry || b.Kind == book.Void) && b.BalanceAfter != 0 {
			p.fault("return", atSequence(b.Sequence), 0, b.BalanceAfter)
		}
	}
}

func (p *proof) checkAuthorized(e *Event) {
	at := atEvent(e.ID)
	p.dueBefore(e)
	if !e.Decision.IsZero() {
		p.fault("event.decision", at, "none", atEvent(e.Decision))
	}
	s := p.sumSteps(e)
	if s.taken != e.Granted {
		p.fault("event.granted", at, s.taken, e.Granted)
	}
	if s.credits != e.Charged {
		p.fault("event.charged", at, s.credits, e.Charged)
	}
	for i := range e.Steps {
		if s := &e.Steps[i]; s.Taken < 0 || s.Taken > s.Available {
			p.fault("step.taken", at, fmt.Sprintf("0..%d", s.Available), s.Taken)
		}
	}
	status := StatusAllowed
	switch {
	case e.Granted == 0:
		status = StatusDenied
	case e.HoldUntil != 0:
		status = StatusHeld
	}
	if e.Status != status {
		p.fault("event.status", at, status, e.Status)
	}
	switch status {
	case StatusAllowed:
		p.only(e, book.Debit)
		p.sumParts(e)
	case StatusHeld:
		p.only(e, book.Hold)
		p.noParts(e)
		p.openHold(e)
	default:
		p.only(e)
		p.noParts(e)
	}
	p.replayAuthorized(e)
}

// openHold remembers what a hold reserves, and holds it to what its steps say.
func (p *proof) openHold(e *Event) {
	h := &openHold{made: e.At, until: e.HoldUntil, granted: e.Granted, charged: e.Charged, steps: e.Steps}
	var credits int64
	for i := range p.ownPostings {
		b := &p.ownPostings[i]
		h.draws = addTo(h.draws, ID(b.Grant), -b.Amount)
		if !b.Units {
			credits -= b.Amount
		}
	}
	if credits != e.Charged {
		p.fault("hold.postings", atEvent(e.ID), e.Charged, credits)
	}
	p.holds[e.ID] = h
	if p.nextEnd == 0 || h.until < p.nextEnd {
		p.nextEnd = h.until
	}
}

func addTo(draws []draw, grant ID, amount int64) []draw {
	for i := range draws {
		if draws[i].grant == grant {
			draws[i].amount += amount
			return draws
		}
	}
	return append(draws, draw{grant, amount})
}

// endHold takes a hold off the open ones and holds the HOLD_RELEASE postings of
// its end to the HOLD postings of its beginning, grant by grant. It is nil when
// the decision holds nothing: it was no hold, or has ended.
func (p *proof) endHold(e *Event) *openHold {
	h := p.holds[e.Decision]
	delete(p.holds, e.Decision)
	var left []draw
	if h != nil {
		left = append(left, h.draws...)
	}
	for i := range p.ownPostings {
		if b := &p.ownPostings[i]; b.Kind == book.HoldRelease {
			left = addTo(left, ID(b.Grant), -b.Amount)
		}
	}
	for _, d := range left {
		if d.amount != 0 {
			p.fault("hold.release", atEvent(e.ID), 0, d.amount)
		}
	}
	if h != nil {
		p.lapses(e, h)
	}
	return h
}

// lapses holds what the end of a hold posts out of its grants again to what finds
// no room there: in one that has ended all that is left, in one that was issued
// again since what would not have stayed then.
func (p *proof) lapses(e *Event, h *openHold) {
	at := e.At
	if e.Kind == HoldExpired && !p.state.earlier {
		at = h.until // it ended as of then
	}
	for _, d := range h.draws {
		l := p.lots[d.grant]
		if l == nil {
			continue
		}
		left, used, found := l.now.Remaining, int64(0), int64(0)
		for i := range p.ownPostings {
			b := &p.ownPostings[i]
			switch {
			case ID(b.Grant) != d.grant:
			case b.Kind == book.Expiry || b.Kind == book.Void:
				found -= b.Amount
			default:
				left += b.Amount
				if b.Kind == book.Debit {
					used -= b.Amount
				}
			}
		}
		var expected int64
		switch returned := max(0, d.amount-used); {
		case l.void || l.ExpiresAt != 0 && l.ExpiresAt <= at:
			expected = left
		case !p.state.earlier:
			expected = l.now.Return(returned, h.made)
		}
		if expected != found {
			p.fault("return", atEvent(e.ID), expected, found)
		}
	}
}

// dueBefore names an open hold whose time was up when something was decided.
func (p *proof) dueBefore(e *Event) {
	if p.state.earlier || p.nextEnd == 0 || p.nextEnd > e.At {
		return
	}
	p.nextEnd = 0
	for id, h := range p.holds {
		if h.until <= e.At {
			p.fault("hold.due", atEvent(id), "ended-before-"+e.ID.String(), "open")
		}
		if p.nextEnd == 0 || h.until < p.nextEnd {
			p.nextEnd = h.until
		}
	}
}

// checkEnded is for a hold that was released or has expired: all goes back.
func (p *proof) checkEnded(e *Event) {
	at := atEvent(e.ID)
	p.only(e, book.HoldRelease, book.Expiry, book.Void)
	p.noParts(e)
	h := p.endHold(e)
	if h == nil {
		p.fault("hold.end", at, "an-open-hold", "none")
		return
	}
	status := StatusReleased
	if e.Kind == HoldExpired {
		status = StatusExpired
		if e.At < h.until {
			p.fault("hold.expiry", at, fmt.Sprint("not-before-", int64(h.until)), int64(e.At))
		}
	}
	s := p.sumSteps(e)
	for _, c := range [...]struct {
		check          string
		expected, have int64
	}{
		{"event.requested", h.granted, e.Requested}, {"event.granted", 0, e.Granted}, {"event.charged", 0, e.Charged},
		{"event.status", int64(status), int64(e.Status)}, {"step.taken", -h.granted, s.taken}, {"step.credits", -h.charged, s.credits},
	} {
		if c.expected != c.have {
			p.fault(c.check, at, c.expected, c.have)
		}
	}
}

// checkSettled is for the end of a hold with what was really used.
func (p *proof) checkSettled(e *Event) {
	at := atEvent(e.ID)
	p.only(e, book.HoldRelease, book.Debit, book.Expiry, book.Void)
	h := p.endHold(e)
	if h == nil {
		// It expired before, and the whole quantity walked: followed proves it.
		h, p.late[e.Decision] = &openHold{}, true
	}
	if e.Status != StatusSettled {
		p.fault("event.status", at, StatusSettled, e.Status)
	}
	p.sumParts(e)
	kept := p.checkKept(e, h)
	s := p.sumSteps(e)
	if h.charged+s.credits != e.Charged {
		p.fault("event.charged", at, h.charged+s.credits, e.Charged)
	}
	if h.granted+s.taken != e.Granted {
		p.fault("event.granted", at, h.granted+s.taken, e.Granted)
	}
	p.replaySettled(e, h, kept)
}

// checkKept holds the first steps of a settlement to those of the hold: what
// was not used goes back, last drawn first. It returns how many they are.
func (p *proof) checkKept(e *Event, h *openHold) int {
	back := h.granted - min(h.granted, e.Requested)
	want := make([]int64, len(h.steps))
	for i := len(h.steps) - 1; i >= 0; i-- {
		want[i] = -min(back, h.steps[i].Taken)
		back += want[i]
	}
	n := 0
	for i := range h.steps {
		s := &h.steps[i]
		if s.Taken == 0 {
			continue
		}
		if n >= len(e.Steps) || e.Steps[n].Bucket != s.Bucket || e.Steps[n].Kind != s.Kind || e.Steps[n].Second != s.Second {
			p.fault("step.kept", atEvent(e.ID), s.Bucket, "another")
			return n
		}
		if k := &e.Steps[n]; k.Available != s.Taken || k.Taken != want[i] {
			p.fault("step.kept", atEvent(e.ID), fmt.Sprintf("%s:%d,%d", s.Bucket, s.Taken, want[i]), fmt.Sprintf("%s:%d,%d", s.Bucket, k.Available, k.Taken))
		}
		n++
	}
	return n
}

// checkRefunded is what a refund says by itself; verify_follow.go compares it
// with what it reverses.
func (p *proof) checkRefunded(e *Event) {
	at := atEvent(e.ID)
	p.only(e, book.Refund, book.Expiry, book.Void)
	p.noParts(e)
	s := p.sumSteps(e)
	var credits int64
	for i := range p.ownPostings {
		b := &p.ownPostings[i]
		if b.Kind != book.Refund {
			continue
		}
		if !b.Units {
			credits += b.Amount
		}
		if l := p.lots[ID(b.Grant)]; l != nil && !p.state.earlier {
			l.now.Refunded(b.Amount, e.Decision.At())
		}
	}
	for _, c := range [...]struct {
		check          string
		expected, have int64
	}{
		{"event.granted", -s.taken, e.Granted}, {"event.requested", e.Granted, e.Requested},
		{"event.charged", -s.credits, e.Charged}, {"refund.postings", e.Charged, credits},
	} {
		if c.expected != c.have {
			p.fault(c.check, at, c.expected, c.have)
		}
	}
}
