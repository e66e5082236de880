package view

import (
	"context"
	"errors"
	"sync"

	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
	"spillway/ledger/book"
)

var (
	errNoAccount = errors.New("a decision's account is missing")
	errNoGrant   = errors.New("a posting's grant is missing")
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

// CreatedAt is when it was created.
func (g *Grant) CreatedAt() waterfall.Instant { return g.g.CreatedAt }

// grantSet reads the grants of a list of postings in one statement, when the
// first of them is asked for.
type grantSet struct {
	from    *Source
	account string
	ids     []ledger.ID
	once    sync.Once
	found   map[book.ID]*Grant
	err     error
}

func (s *grantSet) want(id book.ID) {
	for _, known := range s.ids {
		if known == id {
			return
		}
	}
	s.ids = append(s.ids, id)
}

func (s *grantSet) get(ctx context.Context, id book.ID) (*Grant, error) {
	s.once.Do(func() {
		grants, err := s.from.Ledger.GrantsByID(ctx, s.account, s.ids)
		s.err = stored(err)
		s.found = make(map[book.ID]*Grant, len(grants))
		for i := range grants {
			s.found[grants[i].ID] = &Grant{s.from, &grants[i]}
		}
	})
	if g := s.found[id]; g != nil || s.err != nil {
		return g, s.err
	}
	return nil, &StoreError{errNoGrant}
}
