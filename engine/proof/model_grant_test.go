package proof_test

import (
	"math"
	"slices"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
)

// modelGrant is a grant as it was asked for, and what has become of it.
type modelGrant struct {
	engine.NewGrant
	effective  time.Time
	expires    time.Time // zero: never
	created    int       // the how-manieth of the account
	issues     int
	opening    int64   // what it had when it was last issued
	left       []int64 // what was left over at each renewal, before any of it lapsed
	remaining  int64
	held       int64
	void, over bool
}

// give adds a grant.
func (m *model) give(n engine.NewGrant) *modelGrant {
	g := &modelGrant{NewGrant: n, effective: m.now, created: len(m.grants), issues: 1, opening: n.Amount, remaining: n.Amount}
	if n.EffectiveAt != nil {
		g.effective = n.EffectiveAt.Time()
	}
	if n.ExpiresAt != nil {
		g.expires = n.ExpiresAt.Time()
	}
	m.grants = append(m.grants, g)
	m.advance() // it may begin in the past
	return g
}

// void takes back what remains of a grant, or refuses.
func (m *model) void(g *modelGrant) (ok bool) {
	if g.void || g.over {
		return false
	}
	g.void, g.remaining = true, 0
	return true
}

// advance brings the account up to now: prices begin; holds whose time is up end, each as of
// its moment; each anniversary issues a grant again over what may roll over, and
// the end takes what is left.
func (m *model) advance() {
	for feature := range m.prices {
		m.price[feature] = m.priceNow(feature)
	}
	now := m.now
	var due []*modelDecision
	m.holds = slices.DeleteFunc(m.holds, func(d *modelDecision) bool {
		if d.status == "HELD" && !now.Before(d.until) {
			due = append(due, d)
		}
		return d.status != "HELD"
	})
	slices.SortStableFunc(due, func(a, b *modelDecision) int { return a.until.Compare(b.until) })
	for _, d := range due {
		m.now = d.until
		m.renew()
		m.end(d, "EXPIRED")
	}
	m.now = now
	m.renew()
}

// renew brings the grants up to now.
func (m *model) renew() {
	for _, g := range m.grants {
		for m.due(g) {
		}
	}
}

// due does the next thing that time has done to a grant, if there is one.
func (m *model) due(g *modelGrant) bool {
	next := g.anniversary()
	ends := !g.expires.IsZero() && (next.IsZero() || !next.Before(g.expires))
	switch {
	case g.void || g.over:
		return false
	case ends && !g.expires.After(m.now):
		g.over, g.remaining = true, 0
		return true
	case !ends && !next.IsZero() && !next.After(m.now):
		g.left = append(g.left, g.remaining)
		g.remaining = min(g.remaining, g.rollover()) + g.Amount
		g.opening = g.remaining
		g.issues++
		return true
	}
	return false
}

func (g *modelGrant) rollover() int64 {
	if g.RolloverLimit == nil {
		return 0
	}
	return *g.RolloverLimit
}

// anniversary is when the grant is next issued; zero of one that does not recur.
func (g *modelGrant) anniversary() time.Time { return g.renewal(g.issues) }

// renewal is the n-th return of the grant's first day: a day that a month lacks
// is its last one.
func (g *modelGrant) renewal(n int) time.Time {
	first := g.effective
	switch g.Recurrence {
	case waterfall.Day:
		return first.AddDate(0, 0, n)
	case waterfall.Week:
		return first.AddDate(0, 0, 7*n)
	case waterfall.Month:
		month := time.Date(first.Year(), first.Month()+time.Month(n), 1, first.Hour(), first.Minute(), first.Second(), first.Nanosecond(), time.UTC)
		for day := first.Day(); ; day-- {
			if at := month.AddDate(0, 0, day-1); at.Month() == month.Month() {
				return at
			}
		}
	}
	return time.Time{}
}

// open tells whether the grant can be drawn on now.
func (m *model) open(g *modelGrant) bool {
	return !g.void && !g.over && !g.effective.After(m.now) && (g.expires.IsZero() || m.now.Before(g.expires))
}

// usable are the grants that may pay for a feature now, in spending order.
func (m *model) usable(kind waterfall.Kind, feature string) []*modelGrant {
	var all []*modelGrant
	for _, g := range m.grants {
		if g.Kind == kind && m.open(g) && (g.Features == nil || slices.Contains(g.Features, feature)) {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b *modelGrant) int {
		switch {
		case a.Priority != b.Priority:
			return int(a.Priority - b.Priority)
		}
		x, y := a.lost(), b.lost()
		switch {
		case x.Equal(y):
			return a.created - b.created
		case y.IsZero() || !x.IsZero() && x.Before(y):
			return -1
		}
		return 1
	})
	return all
}

// next is when the grant is issued again, zero: never.
func (g *modelGrant) next() time.Time {
	at := g.anniversary()
	if g.void || g.over || !g.expires.IsZero() && !at.Before(g.expires) {
		return time.Time{}
	}
	return at
}

// lost is when the spending order has what is left of the grant end.
func (g *modelGrant) lost() time.Time {
	if at := g.next(); !at.IsZero() && g.rollover() < g.Amount {
		return at
	}
	return g.expires
}

// put returns an amount that a hold made at a moment had taken; a grant that is
// no more loses it. It goes to the issue that it was taken from: to what was left
// over when that ended, and what may stay of it to what was left over next. It
// returns what the grant can give again.
func (g *modelGrant) put(amount int64, taken time.Time) (stays int64) {
	if g.void || g.over {
		return 0
	}
	for i := range g.left {
		if !g.renewal(i + 1).After(taken) {
			continue
		}
		before := min(g.left[i], g.rollover())
		g.left[i] += amount
		amount = min(g.left[i], g.rollover()) - before
	}
	if g.earlier(taken) {
		g.opening += amount
	}
	g.remaining += amount
	return amount
}

// refund returns an amount that was used: all of it can be used again.
func (g *modelGrant) refund(amount int64, taken time.Time) (stays int64) {
	if g.void || g.over {
		return 0
	}
	if g.earlier(taken) {
		g.opening += amount
	}
	g.remaining += amount
	return amount
}

// earlier tells whether the grant was issued again since a moment.
func (g *modelGrant) earlier(at time.Time) bool {
	return len(g.left) > 0 && g.renewal(len(g.left)).After(at)
}

// modelBalance is what can be spent now, what is held, and what is lost.
type modelBalance struct {
	available, held, soon int64
	next                  time.Time
}

func (m *model) balance() (b modelBalance) {
	for _, g := range m.grants {
		if g.Units {
			continue
		}
		b.held += g.held
		if m.open(g) {
			b.available += g.remaining
			m.losses(g, &b)
		}
	}
	return b
}

// losses follows what a grant has now through its renewals to its end, with
// nothing used: what may not stay is lost, the newest of it first.
func (m *model) losses(g *modelGrant, b *modelBalance) {
	old, total := g.remaining, g.remaining
	lose := func(at time.Time, amount int64) {
		if amount == 0 {
			return
		}
		if !at.After(m.now.Add(7 * 24 * time.Hour)) {
			b.soon += amount
		}
		if b.next.IsZero() || at.Before(b.next) {
			b.next = at
		}
	}
	if g.Recurrence != waterfall.NoPeriod {
		for n := g.issues; n < g.issues+400; n++ {
			at := g.renewal(n)
			if !g.expires.IsZero() && !at.Before(g.expires) {
				break
			}
			stays := min(total, g.rollover())
			lost := max(0, old-stays)
			lose(at, lost)
			old, total = old-lost, stays+g.Amount
		}
	}
	if !g.expires.IsZero() {
		lose(g.expires, old)
	}
}

// returns is the first second at which a window has more room than now, far away
// where it never has.
func (m *model) returns(w waterfall.Window, count func(*use) int64) int64 {
	room := func(at int64) int64 {
		left := w.Limit
		for _, u := range m.uses {
			if u.second > at-w.Seconds && u.second <= m.now.Unix() {
				left -= count(u)
			}
		}
		return max(0, left)
	}
	first, now := int64(math.MaxInt64), room(m.now.Unix())
	for _, u := range m.uses {
		if at := u.second + w.Seconds; at > m.now.Unix() && at < first && room(at) > now {
			first = at
		}
	}
	return first
}

// used is what was taken of a bucket, and its size, -1 where it has none. Of
// several windows with as little room it is of the one that gives back last.
func (m *model) used(b waterfall.Bucket, feature, user string) (used, limit int64) {
	count := func(u *use) int64 {
		if u.feature == feature && u.bucket == b.Key && (u.ofTheAccount || u.user == user) {
			return u.units
		}
		return 0
	}
	switch b.Kind {
	case waterfall.RateLimit:
		least, returns := int64(-1), int64(0)
		for _, w := range b.Windows {
			n := m.sum(m.now.Unix()-w.Seconds, count)
			room, back := max(0, w.Limit-n), m.returns(w, count)
			if least < 0 || room < least || room == least && back > returns {
				least, returns, used, limit = room, back, n, w.Limit
			}
		}
		return used, limit
	case waterfall.FreeTier:
		return m.sum(m.begin(b.Period)-1, count), b.Quota
	}
	var units, credits int64
	for _, g := range m.usable(b.Kind, feature) {
		if g.Units {
			units += max(0, g.opening-g.remaining)
		} else {
			credits += max(0, g.opening-g.remaining)
		}
	}
	return units + m.price[feature].affordable(credits), -1
}
