package waterfall

import "time"

// NextIssueAt is when the grant is issued again; 0: never. One that expires on
// an anniversary is not issued then.
func (g *Grant) NextIssueAt() Instant {
	if g.Recurrence == NoPeriod {
		return 0
	}
	at := g.Recurrence.Anniversary(g.EffectiveAt, int(g.Issues))
	if g.ExpiresAt != 0 && at >= g.ExpiresAt {
		return 0
	}
	return at
}

// Due is when time next does something to the grant: it is issued again, or it
// expires. 0 means never.
func (g *Grant) Due() Instant {
	if at := g.NextIssueAt(); at != 0 {
		return at
	}
	return g.ExpiresAt
}

// Stays is what of an amount stays when the grant is renewed.
func (g *Grant) Stays(amount int64) int64 { return min(amount, max(0, g.RolloverLimit)) }

// maxRooms is how many renewals back a hold may have been made: more than a hold
// can be old in days.
const maxRooms = 40

// Renew issues the grant again. It returns what lapses of the issue before.
func (g *Grant) Renew() (lapses int64) {
	stays := g.Stays(g.Remaining)
	lapses = g.Remaining - stays
	g.Issues++
	g.Remaining = stays + g.Amount
	g.Opening = g.Remaining
	// The slice is made anew: others may hold the one before.
	rooms := g.Rooms[max(0, len(g.Rooms)+1-maxRooms):]
	if g.Held == 0 {
		g.Rooms = nil
	} else {
		g.Rooms = append(append(make([]int64, 0, len(rooms)+1), rooms...), max(0, g.RolloverLimit)-stays)
	}
	return lapses
}

// Return says what becomes of an amount that a hold returns which was made at a
// moment. It counts to the issue that it was drawn from: for each renewal since,
// to what was left over then. What finds no room there lapses; what stays is
// noted as left over, and is the caller's to add to what remains.
func (g *Grant) Return(amount int64, heldAt Instant) (lapses int64) {
	stays, first := amount, len(g.Rooms)
	for first > 0 {
		renewal := int(g.Issues) - 1 - (len(g.Rooms) - first)
		if g.Recurrence.Anniversary(g.EffectiveAt, renewal) <= heldAt {
			break
		}
		first--
		stays = min(stays, g.Rooms[first])
	}
	if first == len(g.Rooms) {
		return 0
	}
	rooms := append([]int64(nil), g.Rooms...)
	for i := first; i < len(rooms); i++ {
		// A room that had more to take than what stays in the end is behind one
		// that is full now: that nothing more passes is all that counts.
		rooms[i] -= stays
	}
	g.Rooms = rooms
	g.Opening = addSaturating(g.opening(), stays)
	return amount - stays
}

// Refunded notes an amount that comes back of what was drawn at a moment: it is
// no use less of an issue that it was not drawn from.
func (g *Grant) Refunded(amount int64, drawnAt Instant) {
	if g.Recurrence == NoPeriod || g.Issues < 2 || drawnAt >= g.Recurrence.Anniversary(g.EffectiveAt, int(g.Issues)-1) {
		return
	}
	g.Opening = addSaturating(g.opening(), amount)
}

// Loss is an amount that a grant loses at a moment.
type Loss struct {
	At     Instant
	Amount int64
}

// Losses are what is lost of what the grant has left now, if nothing is used,
// the soonest first: what may not stay at the next renewal, and the rest when the
// grant expires. At later renewals the issue in between is lost first. An Amount
// of 0 is no loss.
func (g *Grant) Losses() (renewal, expiry Loss) {
	left := g.Remaining
	if at := g.NextIssueAt(); at != 0 {
		renewal = Loss{at, left - g.Stays(left)}
		left -= renewal.Amount
	}
	if g.ExpiresAt != 0 {
		expiry = Loss{g.ExpiresAt, left}
	}
	return renewal, expiry
}

// Forward is the grant as it will be at a moment, if nothing is used: renewed
// as often as falls due by then. Whether it is open then is OpenAt's to say.
func (g *Grant) Forward(at Instant) Grant {
	next := *g
	if due := g.NextIssueAt(); due == 0 || due > at {
		return next
	}
	next.Renew()
	until := at
	if g.ExpiresAt != 0 {
		until = min(at, g.ExpiresAt-1)
	}
	more := g.Recurrence.anniversaries(g.EffectiveAt, until) - int64(next.Issues-1)
	if more <= 0 {
		return next
	}
	// What stays grows by an issue each time until the limit is reached.
	limit, stays := max(0, g.RolloverLimit), next.Remaining
	if more > 1 {
		if full := (limit - min(limit, stays)) / g.Amount; more-1 > full {
			stays = limit
		} else {
			stays += (more - 1) * g.Amount
		}
	}
	next.Issues += int32(more)
	next.Remaining = min(limit, stays) + g.Amount
	next.Opening, next.Rooms = next.Remaining, nil
	return next
}

// fullAt is the moment from which on renewals give the grant no more than they
// gave before; 0 where there is none.
func (g *Grant) fullAt() Instant {
	if g.NextIssueAt() == 0 {
		return 0
	}
	limit := max(0, g.RolloverLimit)
	more := (limit - g.Stays(g.Remaining) + g.Amount - 1) / g.Amount
	last := g.Recurrence.anniversaries(g.EffectiveAt, LastInstant)
	if g.ExpiresAt != 0 {
		last = g.Recurrence.anniversaries(g.EffectiveAt, min(LastInstant, g.ExpiresAt-1))
	}
	n := min(int64(g.Issues)+more, last)
	return g.Recurrence.Anniversary(g.EffectiveAt, int(n))
}

// LastInstant is the last moment of which the API can speak.
var LastInstant = InstantOf(time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))

// anniversaries counts the returns of a moment until another, inclusive: 0
// before the first.
func (p Period) anniversaries(first, until Instant) int64 {
	if until < first {
		return 0
	}
	const day = secondsPerDay * 1_000_000
	switch p {
	case Day:
		return int64(until-first) / day
	case Week:
		return int64(until-first) / (7 * day)
	}
	from, to := first.Time(), until.Time()
	n := int64(to.Year()-from.Year())*12 + int64(to.Month()-from.Month())
	if n > 0 && p.Anniversary(first, int(n)) > until {
		n--
	}
	return n
}
