package waterfall

// Grant is a lot of units or credits that an account holds.
type Grant struct {
	ID   [16]byte
	Kind Kind
	// Units: the amounts are whole units of the one feature named. Otherwise
	// they are millionths of a credit.
	Units bool
	// Recurrence issues the grant again each period after EffectiveAt.
	Recurrence Period
	// Priority: low is spent first.
	Priority int32
	// Issues counts how often the grant was issued, the first time included.
	Issues int32
	// Features restricts the grant; nil means every feature.
	Features []string
	// Amount is what each issue gives.
	Amount    int64
	Remaining int64
	Held      int64
	// RolloverLimit is what may stay of the issue before; -1: not given, which
	// means 0.
	RolloverLimit int64
	// Opening is what the grant had when it was last issued: the amount and what
	// was left over, with what has come back to earlier issues since. 0: Amount.
	Opening int64
	// Rooms are how much more could have been left over at the newest renewals,
	// the oldest first: those at which something was held.
	Rooms []int64
	// EffectiveAt is inclusive, ExpiresAt exclusive; 0 means never.
	EffectiveAt Instant
	ExpiresAt   Instant
	CreatedAt   Instant
}

// OpenAt tells whether the grant may be drawn on at that moment, whatever is
// left in it.
func (g *Grant) OpenAt(at Instant) bool {
	return g.EffectiveAt <= at && (g.ExpiresAt == 0 || at < g.ExpiresAt)
}

// AppliesTo tells whether the grant may pay for the feature.
func (g *Grant) AppliesTo(feature string) bool {
	if g.Features == nil {
		return true
	}
	for _, f := range g.Features {
		if f == feature {
			return true
		}
	}
	return false
}

// Before is the order in which grants are spent: priority (low first), then
// when what is left would be lost (soonest first, never last), then age, ties
// by id.
func (g *Grant) Before(h *Grant) bool {
	if g.Priority != h.Priority {
		return g.Priority < h.Priority
	}
	if a, b := g.lapsesAt(), h.lapsesAt(); a != b {
		return b == 0 || a != 0 && a < b
	}
	if g.CreatedAt != h.CreatedAt {
		return g.CreatedAt < h.CreatedAt
	}
	return string(g.ID[:]) < string(h.ID[:])
}

// lapsesAt is when what is left of the grant ends as the spending order has it:
// when the grant expires, or is renewed where less may stay than an issue gives.
// 0 means never.
func (g *Grant) lapsesAt() Instant {
	if g.RolloverLimit < g.Amount {
		if at := g.NextIssueAt(); at != 0 {
			return at
		}
	}
	return g.ExpiresAt
}

// Used is what was taken from the newest issue or is held of it.
func (g *Grant) Used() int64 { return max(0, g.opening()-g.Remaining) }

func (g *Grant) opening() int64 {
	if g.Opening == 0 {
		return g.Amount
	}
	return g.Opening
}
