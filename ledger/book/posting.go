package book

import (
	"errors"
	"math"
)

// ID is a 16 byte identifier, a UUID.
type ID = [16]byte

// Kind is what a posting does. The values are stored; their order must not
// change.
type Kind uint8

// The kinds of postings.
const (
	Grant Kind = iota + 1
	Debit
	Hold
	HoldRelease
	Refund
	Expiry
	Void
	Adjustment
)

var kindNames = [...]string{"", "GRANT", "DEBIT", "HOLD", "HOLD_RELEASE", "REFUND", "EXPIRY", "VOID", "ADJUSTMENT"}

// String is the kind's name in the public contract.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "UNKNOWN"
}

// Counter is the other side of a posting. The values are stored; their order
// must not change.
type Counter uint8

// The counter accounts.
const (
	Purchases Counter = iota + 1
	Promotions
	Contracts
	Revenue
	Held
	Expired
	Voided
	Adjustments
)

var counterNames = [...]string{"", "PURCHASES", "PROMOTIONS", "CONTRACTS", "REVENUE", "HELD", "EXPIRED", "VOIDED", "ADJUSTMENTS"}

// String is the counter account's name in the public contract.
func (c Counter) String() string {
	if int(c) < len(counterNames) {
		return counterNames[c]
	}
	return "UNKNOWN"
}

// NoPart marks a posting that belongs to no monetization event.
const NoPart = -1

// Posting is one balance update. Amounts are in the grant's denomination:
// millionths of a credit, or whole units where Units is set.
type Posting struct {
	Account  string
	Sequence int64
	Grant    ID
	Units    bool
	Kind     Kind
	Counter  Counter
	// Amount is signed: what the posting did to the grant.
	Amount int64
	// BalanceAfter is what the grant has left.
	BalanceAfter int64
	// AccountBalanceAfter is the sum of all credit postings of the account, in
	// millionths.
	AccountBalanceAfter int64
	// Source is the usage event that caused it, or the grant itself; Ordinal
	// numbers the postings of one source.
	Source  ID
	Ordinal int32
	// Part is the number of the monetization event within the usage event, or
	// NoPart.
	Part int32
	// At is in microseconds since 1970 UTC.
	At   int64
	Hash [32]byte
}

// Head is where the books of one account stand. The zero value is an account
// without postings.
type Head struct {
	Sequence int64
	// Balance is in millionths of a credit.
	Balance int64
	Chain   [32]byte
}

// Faults of a posting. They mean a defect in the caller, never bad input.
var (
	ErrOverflow = errors.New("book: an amount left 64 bits")
	ErrNegative = errors.New("book: a balance would become negative")
)

// Post completes the next posting of the account: it numbers it, adds it up,
// and binds it to the chain. p holds all but Sequence, BalanceAfter,
// AccountBalanceAfter and Hash; left is what the grant had before. On an error
// the head stays as it was.
func (h *Head) Post(p Posting, left int64) (Posting, error) {
	after, ok := add(left, p.Amount)
	if !ok {
		return Posting{}, ErrOverflow
	}
	balance := h.Balance
	if !p.Units {
		if balance, ok = add(balance, p.Amount); !ok {
			return Posting{}, ErrOverflow
		}
	}
	if after < 0 || balance < 0 {
		return Posting{}, ErrNegative
	}
	p.Sequence, p.BalanceAfter, p.AccountBalanceAfter = h.Sequence+1, after, balance
	p.Hash = p.Sum(h.Chain)
	h.Sequence, h.Balance, h.Chain = p.Sequence, balance, p.Hash
	return p, nil
}

func add(a, b int64) (int64, bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}
