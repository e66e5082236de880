package view

import (
	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// Grant shows a grant.
type Grant struct {
	from *Source
	g    *ledger.Grant
}

// NewGrant shows a grant.
func NewGrant(from *Source, g *ledger.Grant) *Grant { return &Grant{from, g} }

// amount is an amount in the denomination of a grant.
func amount(units bool, n int64) scalar.Credits {
	if units {
		return scalar.Units(n)
	}
	return scalar.Millionths(n)
}

// ID is the grant's id.
func (g *Grant) ID() string { return ledger.ID(g.g.ID).String() }

// Kind is what kind of bucket draws on it.
func (g *Grant) Kind() waterfall.Kind { return g.g.Kind }

// Features are those that it may pay for, nil: every one.
func (g *Grant) Features() []Feature {
	if g.g.Features == nil {
		return nil
	}
	features := make([]Feature, len(g.g.Features))
	for i, key := range g.g.Features {
		features[i] = *g.from.Feature(key)
	}
	return features
}

// Denomination is what it counts in.
func (g *Grant) Denomination() Denomination {
	if g.g.Units {
		return DenominationUnits
	}
	return DenominationCredits
}

// Amount is how much was given.
func (g *Grant) Amount() scalar.Credits { return amount(g.g.Units, g.g.Amount) }

// Remaining is how much is left, without what is held.
func (g *Grant) Remaining() scalar.Credits { return amount(g.g.Units, g.g.Remaining) }

// Held is how much is reserved.
func (g *Grant) Held() scalar.Credits { return amount(g.g.Units, g.g.Held) }

// Priority is its place among grants: low first.
func (g *Grant) Priority() int { return int(g.g.Priority) }

// EffectiveAt is from when it may be spent.
func (g *Grant) EffectiveAt() waterfall.Instant { return g.g.EffectiveAt }

// ExpiresAt is until when.
func (g *Grant) ExpiresAt() *waterfall.Instant { return optional(g.g.ExpiresAt) }

// VoidedAt is when an admin took it back.
func (g *Grant) VoidedAt() *waterfall.Instant { return optional(g.g.VoidedAt) }

// Reference is where it came from.
func (g *Grant) Reference() *string { return optional(g.g.Reference) }

// Note is what users are told.
func (g *Grant) Note() *string { return optional(g.g.Note) }

// Recurrence is how often it is issued again.
func (g *Grant) Recurrence() *waterfall.Period { return optional(g.g.Recurrence) }

// RolloverLimit is how much of the old issue may stay.
func (g *Grant) RolloverLimit() *scalar.Credits {
	if g.g.RolloverLimit < 0 {
		return nil
	}
	c := amount(g.g.Units, g.g.RolloverLimit)
	return &c
}

// NextIssueAt is when it is issued again, nil: never, or no more.
func (g *Grant) NextIssueAt() *waterfall.Instant { return optional(g.g.ComesAgainAt()) }

// CreatedAt is when it was created.
func (g *Grant) CreatedAt() waterfall.Instant { return g.g.CreatedAt }
