package view

import (
	"context"
	"encoding/json"
	"strconv"

	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
)

// Decision shows a decision with all that followed.
type Decision struct {
	d    *ledger.Decision
	list *decisionList
}

// NewDecision shows a decision.
func NewDecision(from *Source, d *ledger.Decision) *Decision { return NewDecisions(from, d)[0] }

// ID is the decision's id.
func (d *Decision) ID() string { return d.d.ID.String() }

// Account is who pays.
func (d *Decision) Account(ctx context.Context) (*Account, error) {
	return d.list.account(ctx, d.d.Account)
}

// UserID is who acted.
func (d *Decision) UserID() string { return d.d.User }

// Feature is what was asked for.
func (d *Decision) Feature() *Feature { return d.list.from.Feature(d.d.Feature) }

// Status is where it stands now.
func (d *Decision) Status() ledger.Status { return d.d.Now() }

// Reason is why it was decided so.
func (d *Decision) Reason() waterfall.Reason { return d.d.Reason }

// Explanation is the decision in a sentence.
func (d *Decision) Explanation() string { return d.list.from.Engine.Explain(d.d) }

// Requested is how many units were asked for.
func (d *Decision) Requested() int64 { return d.d.Requested }

// Granted is how many units were granted in the end, before refunds.
func (d *Decision) Granted() int64 { return d.d.FinalGranted() }

// Charged is what they cost.
func (d *Decision) Charged() scalar.Credits { return scalar.Millionths(d.d.FinalCharged()) }

// SettledQuantity is what the settlement said was used.
func (d *Decision) SettledQuantity() *int64 {
	if n, ok := d.d.SettledQuantity(); ok {
		return &n
	}
	return nil
}

// Steps are the buckets that were looked at.
func (d *Decision) Steps() []DecisionStep { return Steps(d.d.Steps) }

// SettlementSteps are what settling took or gave back.
func (d *Decision) SettlementSteps() []DecisionStep { return Steps(d.d.SettlementSteps()) }

// Refunded is how many units were refunded.
func (d *Decision) Refunded() int64 {
	units, _ := d.d.RefundedSoFar()
	return units
}

// RefundedCredits is how many credits were refunded.
func (d *Decision) RefundedCredits() scalar.Credits {
	_, credits := d.d.RefundedSoFar()
	return scalar.Millionths(credits)
}

// Unfunded is settled usage that nothing could pay for.
func (d *Decision) Unfunded() int64 { return d.d.Unfunded() }

// RetryAt is when the same request would pass.
func (d *Decision) RetryAt() *waterfall.Instant { return Second(d.d.RetryAt) }

// HoldExpiresAt is when the hold ends by itself.
func (d *Decision) HoldExpiresAt() *waterfall.Instant {
	if d.d.Status == ledger.StatusDenied {
		return nil // a hold was asked for and not given
	}
	return optional(d.d.HoldUntil)
}

// IdempotencyKey is the client's key.
func (d *Decision) IdempotencyKey() string { return d.d.Key }

// Replayed tells that this repeats an earlier answer.
func (d *Decision) Replayed() bool { return d.d.Replayed }

// PlanKey is the plan that was in force.
func (d *Decision) PlanKey() string { return d.d.PlanKey }

// PlanVersion is its version.
func (d *Decision) PlanVersion() int { return int(d.d.PlanVersion) }

// CreatedAt is when it was decided.
func (d *Decision) CreatedAt() waterfall.Instant { return d.d.At }

// UpdatedAt is when it last changed.
func (d *Decision) UpdatedAt() waterfall.Instant { return d.d.UpdatedAt() }

// UsageEvent is the usage that was recorded, nil where there is none.
func (d *Decision) UsageEvent() *UsageEvent {
	if e := d.d.Funded(); e != nil {
		return &UsageEvent{d, e}
	}
	return nil
}

// MonetizationEvents are the costs of that usage, each at the index of its
// number.
func (d *Decision) MonetizationEvents(ctx context.Context) ([]MonetizationEvent, error) {
	e := d.d.Funded()
	if e == nil {
		return []MonetizationEvent{}, nil
	}
	parts, err := d.list.parts(ctx, d, e)
	costs := make([]MonetizationEvent, len(parts))
	for i := range parts {
		costs[i] = MonetizationEvent{&UsageEvent{d, e}, &parts[i]}
	}
	return costs, err
}

// BalanceUpdates are what it did to the account's grants. What was debited,
// and what of it was refunded, names the cost that it pays.
func (d *Decision) BalanceUpdates(ctx context.Context) ([]BalanceUpdate, error) {
	return d.list.postings(ctx, d)
}

// events are the decision itself and what followed.
func (d *Decision) events() []*ledger.Event {
	events := []*ledger.Event{&d.d.Event}
	for i := range d.d.Follow {
		events = append(events, &d.d.Follow[i])
	}
	return events
}

// Steps shows the steps of an event. What was given back is shown by its size;
// it has no reason of its own but that its bucket had funded it.
func Steps(steps []ledger.Step) []DecisionStep {
	shown := make([]DecisionStep, len(steps))
	for i := range steps {
		s := &steps[i]
		shown[i] = DecisionStep{
			Position: i + 1, Kind: s.Kind, BucketKey: s.Bucket, Available: s.Available,
			Taken: max(s.Taken, -s.Taken), Reason: max(s.Reason, waterfall.Funded), ResetsAt: Second(s.ResetsAt),
		}
	}
	return shown
}

// UsageEvent shows the event whose parts were paid for.
type UsageEvent struct {
	d *Decision
	e *ledger.Event
}

// ID is the event's id.
func (u *UsageEvent) ID() string { return u.e.ID.String() }

// Decision is what it belongs to.
func (u *UsageEvent) Decision() *Decision { return u.d }

// UserID is who acted.
func (u *UsageEvent) UserID() string { return u.d.UserID() }

// Feature is what was used.
func (u *UsageEvent) Feature() *Feature { return u.d.Feature() }

// Quantity is how many units were granted.
func (u *UsageEvent) Quantity() int64 { return u.e.Granted }

// IdempotencyKey is the key of the request that recorded it.
func (u *UsageEvent) IdempotencyKey() string { return u.e.Key }

// Metadata are the client's labels, which come with the decision.
func (u *UsageEvent) Metadata() json.RawMessage { return u.d.d.Metadata }

// OccurredAt is when it was recorded.
func (u *UsageEvent) OccurredAt() waterfall.Instant { return u.e.At }

// MonetizationEvent shows what one part of a usage event costs.
type MonetizationEvent struct {
	event *UsageEvent
	m     *ledger.Monetization
}

// ID is the event's id and the part's number.
func (m *MonetizationEvent) ID() string {
	return joined(m.m.Event.String(), strconv.Itoa(int(m.m.Part)))
}

// UsageEvent is what it is the cost of.
func (m *MonetizationEvent) UsageEvent() *UsageEvent { return m.event }

// Kind is the kind of the bucket that paid.
func (m *MonetizationEvent) Kind() waterfall.Kind { return m.m.Kind }

// Quantity is the units it pays for.
func (m *MonetizationEvent) Quantity() int64 { return m.m.Quantity }

// Credits is what they cost.
func (m *MonetizationEvent) Credits() scalar.Credits { return scalar.Millionths(m.m.Credits) }

// Price is what was charged, nil where nothing was.
func (m *MonetizationEvent) Price() *Price {
	return price(m.event.Feature().f.PriceOf(m.m.PriceVersion))
}

// IdempotencyKey is unique among all monetization events.
func (m *MonetizationEvent) IdempotencyKey() string { return m.ID() }

// CreatedAt is when it was recorded.
func (m *MonetizationEvent) CreatedAt() waterfall.Instant { return m.event.e.At }
