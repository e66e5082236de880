package ledger

import (
	"fmt"
	"reflect"
	"strings"

	"spillway/engine/waterfall"
)

// ruleKey names the rules that a decision was made by. Whether a feature may be
// divided is its own and may change: the event tells what it was.
type ruleKey struct {
	plan, feature string
	version       int32
	divisible     bool
}

// ruleSet are rules with room for the counters of their buckets.
type ruleSet struct {
	*waterfall.Rules
	used []*waterfall.Series
}

// rulesOf finds the rules of an event's plan version; known is false when that
// version does not exist, and the rules are nil when the feature is not in it.
func (p *proof) rulesOf(e *Event, divisible bool) (rules *ruleSet, known bool) {
	key := ruleKey{e.PlanKey, e.Feature, e.PlanVersion, divisible}
	if set, ok := p.rules[key]; ok {
		return set, true
	}
	var plan *Plan
	for _, version := range p.catalog.Plans[e.PlanKey] {
		if version.Version == e.PlanVersion {
			plan = version
		}
	}
	if plan == nil {
		p.fault("plan", atEvent(e.ID), fmt.Sprintf("%s:%d", e.PlanKey, e.PlanVersion), "none")
		return nil, false
	}
	var set *ruleSet
	if r := plan.Rules(e.Feature); r != nil {
		own := *r
		own.Divisible = divisible
		set = &ruleSet{&own, make([]*waterfall.Series, len(own.Buckets))}
	}
	p.rules[key] = set
	return set, true
}

// input is the state that an event met.
func (p *proof) input(e *Event, set *ruleSet) *waterfall.Input {
	in := &waterfall.Input{Suspended: p.settings.status == Suspended, Price: p.price(e, e.PriceVersion), Grants: p.state.open}
	if c := p.settings.cap; c != nil {
		in.Cap = &waterfall.SpendCap{Limit: c.Limit, Period: c.Period, Spent: &p.state.spend}
	}
	if set == nil {
		return in
	}
	in.Rules, in.Used = set.Rules, set.used
	for i := range set.Buckets {
		b := &set.Buckets[i]
		if !b.Kind.Counted() {
			continue
		}
		user := e.User
		if b.Scope == waterfall.PerAccount {
			user = ""
		}
		in.Used[i] = p.state.counters[counterRef{user, e.Feature, b.Key}]
	}
	if len(set.Ceilings) > 0 {
		in.Granted = p.state.counters[counterRef{"", e.Feature, ceilingBucket}]
	}
	return in
}

// replayAuthorized makes a decision again and compares all that was recorded of
// it.
func (p *proof) replayAuthorized(e *Event) {
	if p.state.large {
		return
	}
	set, known := p.rulesOf(e, !e.Indivisible)
	if !known {
		return
	}
	p.sum.Replayed++
	in := p.input(e, set)
	request := waterfall.Request{Quantity: e.Requested, AllowPartial: e.AllowPartial}
	out := waterfall.Decide(in, request, e.At)
	var retryAt int64
	if !out.Allowed {
		retryAt = waterfall.RetryAt(in, request, e.At)
	}
	p.sameReason(e, out.Reason)
	p.same(e, "replay.granted", out.Granted, e.Granted)
	p.same(e, "replay.charged", out.Charged, e.Charged)
	p.same(e, "replay.ceilingRoom", out.CeilingRoom, e.CeilingRoom)
	p.same(e, "replay.capRoom", out.CapRoom, e.CapRoom)
	p.same(e, "replay.retryAt", retryAt, e.RetryAt)
	p.sameSteps(e, in, out, e.Steps, true)
	p.sameRefusal(e, out.Refusal)
	p.sameParts(e, in, out)
}

// replaySettled makes the further walk of a settlement again: what went beyond
// the hold. kept is how many of the steps belong to the hold.
func (p *proof) replaySettled(e *Event, h *openHold, kept int) {
	reserved := min(h.granted, e.Requested)
	further := e.Steps[kept:]
	if e.Requested <= h.granted {
		p.sameReason(e, waterfall.Funded)
		p.same(e, "replay.granted", reserved, e.Granted)
		p.same(e, "replay.steps", 0, int64(len(further)))
		return
	}
	if p.state.large {
		return
	}
	set, known := p.rulesOf(e, !e.Indivisible)
	if !known {
		return
	}
	p.sum.Replayed++
	if set != nil && e.Indivisible && kept > 0 {
		set = onlyBucket(set, &e.Steps[0])
	}
	units := e.Requested - h.granted
	in := p.input(e, set)
	out := waterfall.Decide(in, waterfall.Request{Quantity: units, AllowPartial: true}, e.At)
	reason := waterfall.Funded
	switch granted := h.granted + out.Granted; {
	case granted == 0:
		reason = out.Reason
	case out.Granted < units:
		reason = waterfall.PartlyFunded
	}
	p.sameReason(e, reason)
	p.same(e, "replay.granted", h.granted+out.Granted, e.Granted)
	p.same(e, "replay.ceilingRoom", out.CeilingRoom, e.CeilingRoom)
	p.same(e, "replay.capRoom", out.CapRoom, e.CapRoom)
	p.sameSteps(e, in, out, further, false)
}

// onlyBucket are the rules that leave an indivisible feature with the bucket
// that its hold drew on.
func onlyBucket(set *ruleSet, s *Step) *ruleSet {
	only := *set.Rules
	only.Buckets = nil
	for _, b := range set.Buckets {
		if b.Key == s.Bucket && b.Kind == s.Kind {
			only.Buckets = append(only.Buckets, b)
		}
	}
	return &ruleSet{&only, make([]*waterfall.Series, len(only.Buckets))}
}

// same reports what the replay gives and the record does not.
func (p *proof) same(e *Event, check string, expected, found int64) {
	if expected != found {
		p.fault(check, atEvent(e.ID), expected, found)
	}
}

func (p *proof) sameReason(e *Event, expected waterfall.Reason) {
	if expected != e.Reason {
		p.fault("replay.reason", atEvent(e.ID), expected, e.Reason)
	}
}

// sameSteps compares steps. Of a settlement the credits are not compared: its
// parts are charged together with those of the hold.
func (p *proof) sameSteps(e *Event, in *waterfall.Input, out *waterfall.Outcome, steps []Step, credits bool) {
	if len(out.Steps) != len(steps) {
		p.fault("replay.steps", atEvent(e.ID), len(out.Steps), len(steps))
		return
	}
	for i := range steps {
		b, want, s := &in.Rules.Buckets[out.Steps[i].Bucket], &out.Steps[i], &steps[i]
		same := b.Kind == s.Kind && b.Key == s.Bucket && b.CounterScope() == s.Scope && want.Available == s.Available && want.Taken == s.Taken &&
			(want.Window == s.Window || e.Refusal == nil && waterfall.FirstWithLeastRoom(in, out.Steps[i].Bucket, e.At) == s.Window) && want.ResetsAt == s.ResetsAt && emptyAlike(b, want, s) && s.Second == e.At.Second()
		charge := s.Credits
		if credits {
			charge = 0
			for _, part := range out.Parts {
				if part.Step == i {
					charge += part.Credits
				}
			}
		}
		if !same || charge != s.Credits {
			expected := Step{Kind: b.Kind, Bucket: b.Key, Scope: b.CounterScope(), Available: want.Available, Taken: want.Taken, Reason: want.Reason,
				Window: want.Window, ResetsAt: want.ResetsAt, Credits: charge, Second: e.At.Second()}
			p.fault("replay.step", atEvent(e.ID), stepText(&expected, e), stepText(s, e))
		}
	}
}

// sameRefusal compares what a denial is explained with. Those recorded before
// there were refusals have none.
func (p *proof) sameRefusal(e *Event, want *waterfall.Refusal) {
	if e.Refusal == nil {
		return
	}
	if want == nil || !reflect.DeepEqual(want, e.Refusal) {
		expected := Event{At: e.At, Steps: e.Steps, Refusal: want}
		p.fault("replay.refusal", atEvent(e.ID), refusalText(&expected), refusalText(e))
	}
}

func refusalText(e *Event) string {
	if e.Refusal == nil || len(e.Refusal.Sources) != len(e.Steps) {
		return "none"
	}
	return string(appendRefusal(nil, e))
}

// emptyAlike compares why a step gave what it gave. An empty pool is EXHAUSTED
// as long as the engine keeps the spent grants in sight, which it need not.
func emptyAlike(b *waterfall.Bucket, want *waterfall.Step, s *Step) bool {
	empty := func(r waterfall.Reason) bool { return r == waterfall.Exhausted || r == waterfall.NotApplicable }
	return want.Reason == s.Reason || !b.Kind.Counted() && s.Available == 0 && empty(want.Reason) && empty(s.Reason)
}

func stepText(s *Step, e *Event) string { return string(appendStep(nil, s, e.At.Second())) }

// sameParts compares what each part was paid with: the monetization events of
// what was used, and the draws of grants in their order.
func (p *proof) sameParts(e *Event, in *waterfall.Input, out *waterfall.Outcome) {
	var want, found strings.Builder
	next := 0
	for i, part := range out.Parts {
		if e.Status == StatusAllowed && i < len(p.ownParts) {
			m, b := &p.ownParts[i], &in.Rules.Buckets[out.Steps[part.Step].Bucket]
			if m.Kind != b.Kind || m.Bucket != b.Key || m.Quantity != part.Units || m.Credits != part.Credits || m.PriceVersion != part.Price.Version {
				p.fault("replay.part", atEvent(e.ID), fmt.Sprintf("%s:%d:%d:%d", b.Key, part.Units, part.Credits, part.Price.Version),
					fmt.Sprintf("%s:%d:%d:%d", m.Bucket, m.Quantity, m.Credits, m.PriceVersion))
			}
		}
		for _, d := range part.Draws {
			if next < len(p.ownPostings) {
				b := &p.ownPostings[next]
				if b.Grant == in.Grants[d.Grant].ID && b.Amount == -d.Amount && int(b.Part) == i {
					next++
					continue
				}
			}
			fmt.Fprintf(&want, "%d:%s:%d;", i, ID(in.Grants[d.Grant].ID), -d.Amount)
			if next < len(p.ownPostings) {
				b := &p.ownPostings[next]
				fmt.Fprintf(&found, "%d:%s:%d;", b.Part, ID(b.Grant), b.Amount)
				next++
			}
		}
	}
	for ; next < len(p.ownPostings); next++ {
		b := &p.ownPostings[next]
		fmt.Fprintf(&found, "%d:%s:%d;", b.Part, ID(b.Grant), b.Amount)
	}
	if want.Len()+found.Len() > 0 {
		p.fault("replay.draws", atEvent(e.ID), want.String(), found.String())
	}
}
