package ledger

import (
	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// AccountStatus is whether an account may spend. The values are stored.
type AccountStatus uint8

// The statuses of an account.
const (
	Active AccountStatus = iota + 1
	Suspended
)

// String is the status's name in the public contract.
func (s AccountStatus) String() string {
	if s == Suspended {
		return "SUSPENDED"
	}
	return "ACTIVE"
}

// Account is one row of accounts: the settings of who pays, and the heads of
// its books.
type Account struct {
	ID     string
	Name   string
	Status AccountStatus
	Plan   string
	// Cap is the account's own limit on credits per period; nil: none.
	Cap *Cap
	// Version is fresh with every write.
	Version ID
	// DecidedAt is the time of the newest write: no later one is earlier.
	DecidedAt waterfall.Instant
	Head      book.Head
	// HoldDue is a moment before which no open hold ends; 0: none is open.
	HoldDue waterfall.Instant
	// Events counts the account's usage events: what else would tell that a
	// refusal was taken away?
	Events    int64
	CreatedAt waterfall.Instant
}

// Cap is a spend cap as it is set: millionths of a credit per calendar period.
type Cap struct {
	Limit  int64
	Period waterfall.Period
}

// Grant is one row of grants: the lot itself and its terms.
type Grant struct {
	waterfall.Grant
	Terms
}

// Terms are what a grant carries beside what the waterfall asks of it.
type Terms struct {
	Account string
	// VoidedAt and ExpiredAt are when the VOID or the EXPIRY was posted; 0:
	// not yet.
	VoidedAt  waterfall.Instant
	ExpiredAt waterfall.Instant
	// DueAt is when the grant next expires or is issued again; 0: never.
	DueAt waterfall.Instant
	// Postings counts the postings that the grant is itself the source of.
	Postings int32
	// Closed: nothing can be drawn from it any more and nothing is held.
	Closed      bool
	Key         string
	Fingerprint int64
	Reference   string
	Note        string
}

// AuditEntry is one row of audit_log. Before and After are JSON, nil: none.
type AuditEntry struct {
	Account string // "" for what belongs to no account
	ID      ID
	Actor   string
	Action  string
	Reason  string
	Before  []byte
	After   []byte
	At      waterfall.Instant
}

// SetDue sets when the grant next expires or is issued again.
func (g *Grant) SetDue() {
	if g.DueAt = g.Due(); g.VoidedAt != 0 || g.ExpiredAt != 0 {
		g.DueAt = 0
	}
}

// ComesAgainAt is when the grant is issued again; 0: never, or no more.
func (g *Grant) ComesAgainAt() waterfall.Instant {
	if g.VoidedAt != 0 || g.ExpiredAt != 0 {
		return 0
	}
	return g.NextIssueAt()
}
