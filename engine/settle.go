package engine

import (
	"context"
	"fmt"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// SettleRequest ends a hold with what was really used, 0 … MaxQuantity units.
type SettleRequest struct {
	Account  string
	Decision ledger.ID
	Quantity int64
	Key      string
}

// Settle charges what was used and returns the rest to where it came from. What
// goes beyond the hold, or comes after it expired, walks the waterfall now; what
// that cannot fund is recorded as unfunded. Errors are *Fault; CONFLICT when the
// decision was no hold, was released, or was settled with another quantity.
func (e *Engine) Settle(ctx context.Context, r SettleRequest) (*ledger.Decision, error) {
	if err := validateAccount(r.Account); err != nil {
		return nil, err
	}
	if r.Quantity < 0 || r.Quantity > waterfall.MaxQuantity {
		return nil, badInput("quantity", "must be a whole number from 0 to 9007199254740991")
	}
	if err := validateKey("idempotencyKey", r.Key); err != nil {
		return nil, err
	}
	return do[*ledger.Decision](ctx, e, &settle{SettleRequest: r,
		fingerprint: fingerprint("settle", r.Decision.String(), fmt.Sprint(r.Quantity))})
}

type settle struct {
	SettleRequest
	fingerprint int64
	tried       attempts
}

func (o *settle) account() string { return o.Account }

func (o *settle) want(w *ledger.Want) {
	w.Keys = append(w.Keys, ledger.KeyRef{Account: o.Account, Key: o.Key})
	w.Decisions = append(w.Decisions, ledger.EventRef{Account: o.Account, ID: o.Decision})
}

func (o *settle) counters(loaded *ledger.Loaded) []counterRef {
	return counterOf(loaded, o.Account, o.Decision)
}

func (o *settle) run(b *batch, a *account) (any, error) {
	earlier, err := b.earlier(a, o.Key, ledger.Settled, o.fingerprint, o.tried)
	if err != nil || earlier != nil {
		return earlier, err
	}
	d, err := b.target(a, o.Decision)
	if err != nil {
		return nil, err
	}
	if settled, ok := d.SettledQuantity(); ok {
		if settled != o.Quantity {
			return nil, conflict("the hold was settled with %d", settled)
		}
		again := *d
		again.Replayed = true
		return &again, nil
	}
	switch now := d.Now(); {
	case d.HoldUntil == 0 || now == ledger.StatusDenied:
		return nil, conflict("the decision is no hold")
	case now == ledger.StatusReleased:
		return nil, conflict("the hold was released")
	}
	return b.settle(a, d, o)
}

// settlement is a settlement in the making.
type settlement struct {
	b     *batch
	a     *account
	d     *ledger.Decision
	event *ledger.Event
	// held is what was reserved, kept what of it is used, back what goes back.
	held []waterfall.Taken
	kept []waterfall.Taken
	back []waterfall.Returned
}

func (b *batch) settle(a *account, d *ledger.Decision, o *settle) (*ledger.Decision, error) {
	s := &settlement{b: b, a: a, d: d}
	var reserved int64
	if d.Now() == ledger.StatusHeld {
		layers, err := b.layers(a, d)
		if err != nil {
			return nil, err
		}
		s.held, s.kept, reserved = layers, copyLayers(layers), d.Granted
		b.writes.HoldsEnd = append(b.writes.HoldsEnd, ledger.EventRef{Account: a.ID, ID: d.ID})
	}
	s.event = b.follow(a, d, ledger.Settled, ledger.StatusSettled, o.Key, o.fingerprint)
	o.tried = append(o.tried, s.event.ID)
	s.event.Requested, s.event.Reason = o.Quantity, waterfall.Funded
	s.back = waterfall.GiveBack(s.kept, max(0, reserved-o.Quantity))
	s.recordKept()
	s.event.Granted = min(reserved, o.Quantity)
	if o.Quantity > reserved {
		s.walkFurther(o.Quantity - reserved)
	}
	if err := s.post(); err != nil {
		return nil, err
	}
	return b.finish(a, d, s.event), nil
}

// recordKept writes a step for each part of the hold: what it had reserved, and
// what of that goes back.
func (s *settlement) recordKept() {
	returned := undoSteps(s.d, s.held, s.back)
	for _, c := range standing(s.d) {
		if c.units == 0 {
			continue
		}
		step := c.step
		step.Available, step.Window = c.units, -1
		for _, r := range returned {
			if r.Kind == step.Kind && r.Bucket == step.Bucket && r.Scope == step.Scope && r.Second == step.Second {
				step.Taken += r.Taken
				step.Credits += r.Credits
			}
		}
		s.event.Steps = append(s.event.Steps, step)
	}
}

// walkFurther funds what goes beyond the hold, as much as the waterfall gives
// at this moment, and adds it to what is kept.
func (s *settlement) walkFurther(units int64) {
	feature := s.b.catalog.Features[s.d.Feature]
	price := feature.PriceAt(s.a.now).Price
	rules := s.rules(s.a.plan.Rules(s.d.Feature))
	in := s.a.input(rules, price, s.d.Feature, s.d.User)
	out := waterfall.Decide(in, waterfall.Request{Quantity: units, AllowPartial: true}, s.a.now)
	s.event.PriceVersion, s.event.CeilingRoom, s.event.CapRoom = price.Version, out.CeilingRoom, out.CapRoom
	s.event.Granted += out.Granted
	if out.Granted < units {
		s.event.Reason = waterfall.PartlyFunded
		if s.event.Granted == 0 {
			s.event.Reason = out.Reason
		}
	}
	if rules == nil {
		return
	}
	s.event.Indivisible = !rules.Divisible
	steps := stepsOf(rules, out, s.a.now)
	for _, p := range out.Parts {
		steps[p.Step].Credits += s.merge(&steps[p.Step], &p) - p.Credits
	}
	s.event.Steps = append(s.event.Steps, steps...)
}

// rules are those that the further walk goes by: an indivisible feature stays
// with the one bucket that its hold drew on.
func (s *settlement) rules(r *waterfall.Rules) *waterfall.Rules {
	if r == nil || r.Divisible || len(s.held) == 0 {
		return r
	}
	only := *r
	only.Buckets = nil
	for _, b := range r.Buckets {
		if b.Key == s.held[0].Bucket && b.Kind == s.held[0].Kind {
			only.Buckets = append(only.Buckets, b)
		}
	}
	return &only
}

// merge adds a part to what is kept: one part for each bucket and price, whose
// charge is the rounded-up price of all its units. It returns what the part
// really adds to the charge.
func (s *settlement) merge(step *ledger.Step, p *waterfall.Part) int64 {
	draws := make([]waterfall.TakenDraw, len(p.Draws))
	for i, d := range p.Draws {
		draws[i] = waterfall.TakenDraw{Grant: s.a.lots[d.Grant].ID, Amount: d.Amount}
	}
	for i := range s.kept {
		k := &s.kept[i]
		if k.Kind != step.Kind || k.Bucket != step.Bucket || k.Price != p.Price {
			continue
		}
		added := p.Credits
		if p.Price.Version != 0 {
			whole, _ := p.Price.Charge(k.Units + p.Units) // fits: both charges fit and it is no more than their sum
			added = whole - k.Credits
			trimDraws(draws, p.Credits-added)
		}
		k.Units += p.Units
		k.Credits += added
		for _, d := range draws {
			k.Draws = addDraw(k.Draws, d)
		}
		return added
	}
	s.kept = append(s.kept, waterfall.Taken{Kind: step.Kind, Bucket: step.Bucket, Scope: step.Scope, Units: p.Units,
		Credits: p.Credits, Price: p.Price, Draws: draws})
	return p.Credits
}

// trimDraws takes what rounding once instead of twice saves off the last draws.
func trimDraws(draws []waterfall.TakenDraw, saved int64) {
	for i := len(draws) - 1; i >= 0 && saved > 0; i-- {
		n := min(saved, draws[i].Amount)
		draws[i].Amount -= n
		saved -= n
	}
}

// post writes HOLD_RELEASE of all, then the monetization events and DEBITs of
// what is kept.
func (s *settlement) post() error {
	b, a, e := s.b, s.a, s.event
	first, posted, paid, ordinal := a.Head.Sequence+1, len(b.writes.Postings), len(b.writes.Monetization), int32(0)
	if err := b.unhold(a, s.held, e.ID, &ordinal); err != nil {
		return err
	}
	part := int32(0)
	for i := range s.kept {
		k := &s.kept[i]
		if k.Units == 0 {
			continue
		}
		for _, draw := range k.Draws {
			if draw.Amount == 0 {
				continue
			}
			err := a.post(&b.writes, a.lot(draw.Grant), book.Posting{Kind: book.Debit, Counter: book.Revenue, Amount: -draw.Amount,
				Source: e.ID, Ordinal: ordinal, Part: part})
			if err != nil {
				return err
			}
			ordinal++
		}
		b.writes.Monetization = append(b.writes.Monetization, ledger.Monetization{Account: a.ID, Event: e.ID, Part: part,
			Kind: k.Kind, Bucket: k.Bucket, Quantity: k.Units, Credits: k.Credits, PriceVersion: k.Price.Version})
		e.Charged += k.Credits
		part++
	}
	if err := b.lapse(a, s.d, s.held, s.back, &ordinal, e.ID); err != nil {
		return err
	}
	b.booked(e, first, posted)
	b.funded[e.ID] = funds{b.writes.Monetization[paid:len(b.writes.Monetization):len(b.writes.Monetization)],
		b.writes.Postings[posted:len(b.writes.Postings):len(b.writes.Postings)]}
	return nil
}

// addDraw adds a draw to those of the same grant.
func addDraw(draws []waterfall.TakenDraw, d waterfall.TakenDraw) []waterfall.TakenDraw {
	for i := range draws {
		if draws[i].Grant == d.Grant {
			draws[i].Amount += d.Amount
			return draws
		}
	}
	return append(draws, d)
}
