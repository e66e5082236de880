package view

import (
	"context"
	"encoding/hex"
	"strconv"
	"sync"

	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
	"spillway/ledger/book"
)

// BalanceUpdate shows a posting.
type BalanceUpdate struct {
	from   *Source
	p      *book.Posting
	grants *grantSet
	// cost is what it pays, where its decision is known; else costs finds it.
	cost  *MonetizationEvent
	costs *costSet
}

// ID is the account's id and the sequence number.
func (u *BalanceUpdate) ID() string { return joined(u.p.Account, strconv.FormatInt(u.p.Sequence, 10)) }

// Sequence counts from 1 without a gap.
func (u *BalanceUpdate) Sequence() int64 { return u.p.Sequence }

// Kind is what it does.
func (u *BalanceUpdate) Kind() book.Kind { return u.p.Kind }

// Grant is what changed.
func (u *BalanceUpdate) Grant(ctx context.Context) (*Grant, error) {
	return u.grants.get(ctx, u.p.Grant)
}

// CounterAccount is the other side.
func (u *BalanceUpdate) CounterAccount() book.Counter { return u.p.Counter }

// Amount is what it did to the grant.
func (u *BalanceUpdate) Amount() scalar.Credits { return amount(u.p.Units, u.p.Amount) }

// BalanceAfter is what the grant has left.
func (u *BalanceUpdate) BalanceAfter() scalar.Credits { return amount(u.p.Units, u.p.BalanceAfter) }

// AccountBalanceAfter is what the account has left.
func (u *BalanceUpdate) AccountBalanceAfter() scalar.Credits {
	return scalar.Millionths(u.p.AccountBalanceAfter)
}

// MonetizationEvent is the cost that it pays, or gives back.
func (u *BalanceUpdate) MonetizationEvent(ctx context.Context) (*MonetizationEvent, error) {
	if u.cost != nil || u.costs == nil || !u.pays() {
		return u.cost, nil
	}
	return u.costs.get(ctx, u.p)
}

// pays tells whether it belongs to a cost.
func (u *BalanceUpdate) pays() bool {
	return (u.p.Kind == book.Debit || u.p.Kind == book.Refund) && u.p.Part >= 0
}

// IdempotencyKey names its source and its number there, which is written once.
func (u *BalanceUpdate) IdempotencyKey() string {
	return joined(ledger.ID(u.p.Source).String(), strconv.Itoa(int(u.p.Ordinal)))
}

// Hash binds it to the one before.
func (u *BalanceUpdate) Hash() string { return hex.EncodeToString(u.p.Hash[:]) }

// CreatedAt is when it was recorded.
func (u *BalanceUpdate) CreatedAt() waterfall.Instant { return waterfall.Instant(u.p.At) }

// costSet finds the costs of a list of postings. Each decision is read once.
type costSet struct {
	from    *Source
	account string
	mu      sync.Mutex
	known   map[book.ID][]MonetizationEvent // by the source of the posting
}

func (s *costSet) get(ctx context.Context, p *book.Posting) (*MonetizationEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	costs, ok := s.known[p.Source]
	if !ok {
		var err error
		if costs, err = s.read(ctx, p.Source); err != nil {
			return nil, err
		}
		if s.known == nil {
			s.known = map[book.ID][]MonetizationEvent{}
		}
		s.known[p.Source] = costs
	}
	if int(p.Part) >= len(costs) {
		return nil, nil
	}
	return &costs[p.Part], nil
}

func (s *costSet) read(ctx context.Context, source book.ID) ([]MonetizationEvent, error) {
	e, err := s.from.Ledger.Event(ctx, s.account, source)
	if e == nil || err != nil {
		return nil, stored(err)
	}
	id := e.Decision
	if id.IsZero() {
		id = e.ID
	}
	d, err := s.from.Ledger.Decision(ctx, s.account, id)
	if d == nil || err != nil {
		return nil, stored(err)
	}
	return NewDecision(s.from, d).MonetizationEvents(ctx)
}
