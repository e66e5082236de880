package ledger

import (
	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// EventKind says what a usage event records. The values are stored; their
// order must not change.
type EventKind uint8

// The kinds of usage events: a decision, and what can follow it.
const (
	Authorized EventKind = iota + 1
	Settled
	Released
	HoldExpired
	Refunded
)

// Status is where a decision stands. The values are stored; their order must
// not change.
type Status uint8

// The statuses of the public contract.
const (
	StatusAllowed Status = iota + 1
	StatusDenied
	StatusHeld
	StatusSettled
	StatusReleased
	StatusExpired
)

var statusNames = [...]string{"", "ALLOWED", "DENIED", "HELD", "SETTLED", "RELEASED", "EXPIRED"}

// String is the status's name in the public contract.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "UNKNOWN"
}

// Event is one row of usage_events: a request answered, or what became of it
// later. It is written once and never changes.
type Event struct {
	Account string
	ID      ID
	Kind    EventKind
	// Decision is the event that this one follows; zero when it is itself the
	// decision.
	Decision    ID
	Key         string
	Fingerprint int64
	User        string
	Feature     string
	// Requested and Granted are units. Of a settlement they are what was used
	// and what of it was funded; of a refund what was given back.
	Requested    int64
	Granted      int64
	Charged      int64 // millionths of a credit
	AllowPartial bool
	Status       Status // after this event
	Reason       waterfall.Reason
	PlanKey      string
	PlanVersion  int32
	PriceVersion int32 // of the moment; 0: none
	Steps        []Step
	// Indivisible: the feature could not be split over buckets.
	Indivisible bool
	// CeilingRoom and CapRoom are as in waterfall.Outcome.
	CeilingRoom int64
	CapRoom     int64
	// Refusal is what a denial's sentence is made of; nil of any other event and
	// of one that was recorded before there were refusals.
	Refusal *waterfall.Refusal
	// Lost is what came back to grants and could not be spent again; nil: none.
	Lost      *waterfall.Lost
	HoldUntil waterfall.Instant // 0: no hold was asked for
	RetryAt   int64             // a second, 0: none or never
	Metadata  []byte            // JSON, nil: none
	// FirstSequence and Postings say where in the account's books its postings
	// are.
	FirstSequence int64
	Postings      int
	At            waterfall.Instant
}

// Step is one bucket in an event: a step of the waterfall, or, after a
// decision, what one of its parts gave back.
type Step struct {
	Kind   waterfall.Kind
	Bucket string
	Scope  waterfall.Scope
	// Available is what the bucket could give; of a part that gives back, what
	// was left of it.
	Available int64
	// Taken is signed: negative is given back.
	Taken int64
	// Credits is the charge in millionths, signed like Taken.
	Credits int64
	Reason  waterfall.Reason
	// Window is the index of the window with least room; -1: none.
	Window int
	// ResetsAt is a second, 0: none.
	ResetsAt int64
	// Second is the second in which counters count the units: the event's own,
	// or, of what is given back, that of the taking.
	Second int64
}

// Monetization is a monetization event: what one funded part of a usage event
// costs. It is a row of monetization_events, or told by a costless event.
type Monetization struct {
	Account string
	Event   ID
	Part    int32
	Kind    waterfall.Kind
	Bucket  string
	// Quantity is in units, Credits in millionths; Credits is
	// ceil(Quantity × price) at PriceVersion, or 0 when that is 0.
	Quantity     int64
	Credits      int64
	PriceVersion int32
}

// Decision is a request answered, with all that followed.
type Decision struct {
	Event
	// Follow holds the later events in the order in which they happened.
	Follow []Event
	// Replayed is set when the answer repeats an earlier one.
	Replayed bool
	// Parts and Books are set on an answer just given, and nil on one read
	// back: Ledger.Parts and Ledger.Postings load them.
	Parts []Monetization
	Books []book.Posting
}

// settlement is the event that settled the decision, or nil.
func (d *Decision) settlement() *Event {
	for i := range d.Follow {
		if d.Follow[i].Kind == Settled {
			return &d.Follow[i]
		}
	}
	return nil
}

// Now is the status after all that followed.
func (d *Decision) Now() Status {
	status := d.Status
	for i := range d.Follow {
		if d.Follow[i].Kind != Refunded {
			status = d.Follow[i].Status
		}
	}
	return status
}

// AsOf is the decision as it stands at a moment: a hold whose time is up is over,
// though nothing was written of it yet. Whether a grant had an end for what came
// back to it is not told here; see the engine's CurrentDecisions.
func (d *Decision) AsOf(now waterfall.Instant) *Decision {
	if d.HoldUntil == 0 || d.HoldUntil > now || d.Now() != StatusHeld {
		return d
	}
	over := *d
	back := make([]Step, 0, len(d.Steps))
	for i := len(d.Steps) - 1; i >= 0; i-- {
		if s := d.Steps[i]; s.Taken != 0 {
			s.Available, s.Taken, s.Credits, s.Reason, s.Window, s.ResetsAt = s.Taken, -s.Taken, -s.Credits, waterfall.ReasonNone, -1, 0
			back = append(back, s)
		}
	}
	over.Follow = append(d.Follow[:len(d.Follow):len(d.Follow)], Event{Account: d.Account, Kind: HoldExpired, Decision: d.ID, User: d.User,
		Feature: d.Feature, Requested: d.Granted, Status: StatusExpired, Reason: d.Reason, PlanKey: d.PlanKey, PlanVersion: d.PlanVersion, Steps: back,
		Indivisible: d.Indivisible, CeilingRoom: -1, CapRoom: -1, At: d.HoldUntil})
	return &over
}

// FinalGranted is what was granted in the end, before refunds: the settled
// quantity that was funded, 0 of a hold that was released or expired.
func (d *Decision) FinalGranted() int64 {
	if s := d.settlement(); s != nil {
		return s.Granted
	}
	if now := d.Now(); now == StatusReleased || now == StatusExpired {
		return 0
	}
	return d.Granted
}

// FinalCharged is what it cost in the end, before refunds, in millionths.
func (d *Decision) FinalCharged() int64 {
	if s := d.settlement(); s != nil {
		return s.Charged
	}
	if now := d.Now(); now == StatusReleased || now == StatusExpired {
		return 0
	}
	return d.Charged
}

// SettledQuantity is what the settlement said was used; ok is false where
// there was none.
func (d *Decision) SettledQuantity() (units int64, ok bool) {
	if s := d.settlement(); s != nil {
		return s.Requested, true
	}
	return 0, false
}

// Unfunded is the settled usage that nothing could pay for.
func (d *Decision) Unfunded() int64 {
	if s := d.settlement(); s != nil {
		return s.Requested - s.Granted
	}
	return 0
}

// RefundedSoFar sums the refunds: units and millionths.
func (d *Decision) RefundedSoFar() (units, credits int64) {
	for i := range d.Follow {
		if d.Follow[i].Kind == Refunded {
			units += d.Follow[i].Granted
			credits += d.Follow[i].Charged
		}
	}
	return units, credits
}

// UnitsFrom sums the units that came from buckets of a kind, net of what a
// settlement, a release, an expiry or refunds gave back: the steps of what
// follows a decision are signed.
func (d *Decision) UnitsFrom(kind waterfall.Kind) int64 {
	units := unitsFrom(d.Steps, kind)
	for i := range d.Follow {
		units += unitsFrom(d.Follow[i].Steps, kind)
	}
	return units
}

func unitsFrom(steps []Step, kind waterfall.Kind) (units int64) {
	for i := range steps {
		if steps[i].Kind == kind {
			units += steps[i].Taken
		}
	}
	return units
}

// UpdatedAt is when the decision last changed.
func (d *Decision) UpdatedAt() waterfall.Instant {
	if n := len(d.Follow); n > 0 {
		return d.Follow[n-1].At
	}
	return d.At
}

// SettlementSteps are the steps of the settlement, nil before it.
func (d *Decision) SettlementSteps() []Step {
	if s := d.settlement(); s != nil {
		return s.Steps
	}
	return nil
}

// Funded is the event whose parts were paid for: the decision itself, or its
// settlement; nil when nothing was used (denied, held, released, expired, or
// settled with nothing).
func (d *Decision) Funded() *Event {
	e := d.settlement()
	if e == nil && d.Status == StatusAllowed {
		e = &d.Event
	}
	if e == nil || e.Granted == 0 {
		return nil
	}
	return e
}
