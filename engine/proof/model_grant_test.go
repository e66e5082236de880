package proof_test

import (
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
	remaining  int64
	held       int64
	void, over bool
}

// give adds a grant.
func (m *model) give(n engine.NewGrant) *modelGrant {
	g := &modelGrant{NewGrant: n, effective: m.now, created: len(m.grants), issues: 1, remaining: n.Amount}
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

// advance brings the grants up to now: each anniversary issues again over what
// may roll over, and the end takes what is left.
func (m *model) advance() {
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
		rollover := int64(0)
		if g.RolloverLimit != nil {
			rollover = *g.RolloverLimit
		}
		g.remaining = min(g.remaining, rollover) + g.Amount
		g.issues++
		return true
	}
	return false
}

// anniversary is when the grant is next issued, counted from its first day: a
// day that a month lacks is its last one. It is zero of a grant that does not
// recur.
func (g *modelGrant) anniversary() time.Time {
	first := g.effective
	switch g.Recurrence {
	case waterfall.Day:
		return first.AddDate(0, 0, g.issues)
	case waterfall.Week:
		return first.AddDate(0, 0, 7*g.issues)
	case waterfall.Month:
		month := time.Date(first.Year(), first.Month()+time.Month(g.issues), 1, first.Hour(), first.Minute(), first.Second(), first.Nanosecond(), time.UTC)
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
		case !a.expires.Equal(b.expires) && (b.expires.IsZero() || !a.expires.IsZero() && a.expires.Before(b.expires)):
			return -1
		case !a.expires.Equal(b.expires):
			return 1
		}
		return a.created - b.created
	})
	return all
}

// put returns an amount to a grant; one that is no more loses it.
func (g *modelGrant) put(amount int64) {
	if !g.void && !g.over {
		g.remaining += amount
	}
}

// balance is what can be spent now, and what is held.
func (m *model) balance() (available, held int64) {
	for _, g := range m.grants {
		if g.Units {
			continue
		}
		held += g.held
		if m.open(g) {
			available += g.remaining
		}
	}
	return available, held
}
