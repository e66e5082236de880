package view

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Source is where a view looks for what its record does not hold.
type Source struct {
	Engine *engine.Engine
	Ledger *ledger.Ledger
	// Now is the clock: which price is in force.
	Now func() time.Time
}

// StoreError is an error of a read from the ledger. Its text is for the log
// only.
type StoreError struct{ Err error }

func (e *StoreError) Error() string { return "a read from the ledger: " + e.Err.Error() }

func (e *StoreError) Unwrap() error { return e.Err }

// stored marks an error as one of the ledger.
func stored(err error) error {
	if err == nil {
		return nil
	}
	return &StoreError{err}
}

// now is the moment as of which everything is shown.
func (s *Source) now() waterfall.Instant { return waterfall.InstantOf(s.Now()) }

// Feature is a feature of the catalog. A record may be newer than this
// process's catalog, for a moment: then only the key is known.
func (s *Source) Feature(key string) *Feature {
	f := s.Engine.Catalog().Features[key]
	if f == nil {
		f = &ledger.Feature{Key: key, Name: key}
	}
	return &Feature{s, f}
}

// Account reads an account; nil where there is none.
func (s *Source) Account(ctx context.Context, id string) (*Account, error) {
	if !waterfall.ValidID(id) {
		return nil, nil
	}
	row, err := s.Ledger.Account(ctx, id)
	if row == nil || err != nil {
		return nil, stored(err)
	}
	return NewAccount(s, row), nil
}

// asked tells whether the client selected one of these fields below the field
// that is being answered.
func asked(ctx context.Context, names ...string) bool {
	for _, f := range graphql.CollectFieldsCtx(ctx, nil) {
		if slices.Contains(names, f.Name) {
			return true
		}
	}
	return false
}

// optional is nil for the value that stands for "none".
func optional[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// Second is the moment of a whole second, nil for 0.
func Second(s int64) *waterfall.Instant {
	if s == 0 {
		return nil
	}
	at := waterfall.AtSecond(s)
	return &at
}

// joined makes the id of a part from the id of the whole.
func joined(parts ...string) string { return strings.Join(parts, ":") }

// Decision reads a decision of an account; nil where there is none.
func (s *Source) Decision(ctx context.Context, account, id string) (*Decision, error) {
	parsed, err := ledger.ParseID(id)
	if err != nil || !waterfall.ValidID(account) {
		return nil, nil
	}
	d, err := s.Ledger.Decision(ctx, account, parsed)
	if d == nil || err != nil {
		return nil, stored(err)
	}
	current := []*ledger.Decision{d}
	if err := s.Engine.CurrentDecisions(ctx, current); err != nil {
		return nil, err
	}
	return NewDecision(s, current[0]), nil
}
