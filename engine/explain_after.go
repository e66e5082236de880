package engine

import (
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// aftermath gathers what became of a decision from the events that followed it.
type aftermath struct {
	waterfall.Aftermath
	catalog *ledger.Catalog
	d       *ledger.Decision
	rules   *waterfall.Rules // that the decision was made by
}

func newAftermath(c *ledger.Catalog, d *ledger.Decision, rules *waterfall.Rules) *waterfall.Aftermath {
	a := &aftermath{catalog: c, d: d, rules: rules}
	a.Final, a.Reserved = d.FinalGranted(), d.Granted
	for i := range d.Follow {
		switch e := &d.Follow[i]; e.Kind {
		case ledger.Released, ledger.HoldExpired:
			a.Back, a.Lost, a.Reserved = a.returned(nil, e), lostOf(e), 0
		case ledger.Settled:
			a.settle(e)
		case ledger.Refunded:
			a.refund(e)
		}
	}
	return &a.Aftermath
}

// settle tells apart what of the hold was used, what went back, and what was
// taken beyond it.
func (a *aftermath) settle(e *ledger.Event) {
	a.Used, a.Unfunded = e.Requested, e.Requested-e.Granted
	a.Back, a.Lost = a.returned(nil, e), lostOf(e)
	_, rules := planOf(a.catalog, e)
	for i := range e.Steps {
		s := &e.Steps[i]
		if s.Reason != waterfall.ReasonNone {
			a.Further = append(a.Further, toldStep(rules, s))
			continue
		}
		kept := a.origin(s)
		kept.Taken, kept.Credits = s.Available+s.Taken, kept.Credits+s.Credits
		a.Kept = append(a.Kept, kept)
	}
}

func (a *aftermath) refund(e *ledger.Event) {
	if a.Refunds == 0 {
		a.RefundLost = lostOf(e)
	} else {
		a.RefundLost = a.RefundLost.Add(lostOf(e))
	}
	a.Refunds++
	a.Refunded += e.Granted
	a.RefundedTo = a.returned(a.RefundedTo, e)
}

// origin is the step that took what another one gives back. Its name is that of
// the window that gave.
func (a *aftermath) origin(s *ledger.Step) waterfall.ToldStep {
	for i := range a.d.Steps {
		if o := &a.d.Steps[i]; o.Bucket == s.Bucket && o.Taken > 0 {
			return toldStep(a.rules, o)
		}
	}
	for i := range a.d.Follow {
		for j := range a.d.Follow[i].Steps {
			if o := &a.d.Follow[i].Steps[j]; o.Bucket == s.Bucket && o.Taken > 0 {
				_, rules := planOf(a.catalog, &a.d.Follow[i])
				return toldStep(rules, o)
			}
		}
	}
	return toldStep(a.rules, s)
}

// returned adds what an event gave back, summed by bucket, those apart that no
// window counted any more.
func (a *aftermath) returned(to []waterfall.ToldStep, e *ledger.Event) []waterfall.ToldStep {
	plan := a.catalog.Plan(e.PlanKey, e.PlanVersion)
	for i := range e.Steps {
		s := &e.Steps[i]
		if s.Taken >= 0 && s.Credits >= 0 || s.Reason != waterfall.ReasonNone {
			continue
		}
		back := a.origin(s)
		back.Taken, back.Credits = -s.Taken, -s.Credits
		if s.Kind.Counted() && plan != nil {
			back.Gone = !counts(plan.Rules(e.Feature), s, e.At.Second())
		}
		same := slices.IndexFunc(to, func(t waterfall.ToldStep) bool {
			return t.Kind == back.Kind && t.Rules == back.Rules && t.Bucket == back.Bucket && t.Gone == back.Gone
		})
		if same < 0 {
			to = append(to, back)
			continue
		}
		to[same].Taken += back.Taken
		to[same].Credits += back.Credits
	}
	return to
}

// counts tells whether a counter of the rules still saw a step at a second.
func counts(r *waterfall.Rules, s *ledger.Step, at int64) bool {
	if r == nil {
		return false
	}
	b := bucketOf(r, s)
	return b != nil && b.Counts(s.Second, at)
}

func lostOf(e *ledger.Event) waterfall.Lost {
	if e.Lost == nil {
		return waterfall.Lost{}
	}
	return *e.Lost
}

// lost sums what postings of one event took out of grants again because it came
// back too late; nil for nothing.
func (a *account) lost(postings []book.Posting) *waterfall.Lost {
	var l waterfall.Lost
	var returned, gone waterfall.Amount
	for i := range postings {
		p := &postings[i]
		to := &returned
		switch p.Kind {
		case book.Void:
			to = &l.Voided
		case book.Expiry:
			to = &l.Lapsed
			if lot := a.lot(p.Grant); lot >= 0 && a.terms[lot].ExpiredAt != 0 {
				to = &l.Expired
			}
		}
		amount := p.Amount
		if to != &returned {
			amount = -amount
			addAmount(&gone, p.Units, amount)
		}
		addAmount(to, p.Units, amount)
	}
	if gone == (waterfall.Amount{}) {
		return nil
	}
	l.Whole = gone == returned
	return &l
}

func addAmount(a *waterfall.Amount, units bool, n int64) {
	if units {
		a.Units += n
	} else {
		a.Credits += n
	}
}
