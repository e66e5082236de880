package engine

import (
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Explain is the sentence that tells a person what was decided and why,
// and what became of it.
func (e *Engine) Explain(d *ledger.Decision) string {
	c := e.Catalog()
	t := waterfall.Telling{Standing: standings[d.Now()], Reason: d.Reason, Requested: d.Requested, AllowPartial: d.AllowPartial,
		Granted: d.Granted, CeilingRoom: d.CeilingRoom, CapRoom: d.CapRoom, Refusal: d.Refusal, At: d.At, HoldUntil: d.HoldUntil, RetryAt: d.RetryAt}
	t.Plan, t.Rules = planOf(c, &d.Event)
	if t.Standing == waterfall.ToldDenied {
		t.Price, _ = c.Price(d.Feature, d.PriceVersion)
	}
	var room [5]waterfall.ToldStep
	t.Steps = told(room[:0], t.Rules, d.Steps)
	if len(d.Follow) > 0 {
		t.After = newAftermath(c, d, t.Rules)
	}
	return waterfall.Explain(&t)
}

// explainPreview is the sentence of an answer that nothing recorded.
func explainPreview(a *account, in *waterfall.Input, r waterfall.Request, out *waterfall.Outcome, p *Preview) string {
	t := waterfall.Telling{Standing: waterfall.ToldAllowed, Reason: out.Reason, Plan: a.plan.Name, Rules: in.Rules, Price: in.Price,
		Requested: r.Quantity, AllowPartial: r.AllowPartial, Granted: out.Granted, Steps: told(nil, in.Rules, p.Steps),
		CeilingRoom: out.CeilingRoom, CapRoom: out.CapRoom, Refusal: out.Refusal, At: a.now, RetryAt: p.RetryAt}
	if !out.Allowed {
		t.Standing = waterfall.ToldDenied
	}
	return waterfall.Explain(&t)
}

var standings = [...]waterfall.Standing{
	ledger.StatusAllowed: waterfall.ToldAllowed, ledger.StatusDenied: waterfall.ToldDenied, ledger.StatusHeld: waterfall.ToldReserved,
	ledger.StatusSettled: waterfall.ToldSettled, ledger.StatusReleased: waterfall.ToldReleased, ledger.StatusExpired: waterfall.ToldExpired,
}

// planOf is the name of the plan that an event was decided by, and its rules.
func planOf(c *ledger.Catalog, e *ledger.Event) (name string, rules *waterfall.Rules) {
	if p := c.Plan(e.PlanKey, e.PlanVersion); p != nil {
		return p.Name, p.Rules(e.Feature)
	}
	return e.PlanKey, nil
}

// told appends recorded steps as they are told by rules.
func told(to []waterfall.ToldStep, rules *waterfall.Rules, steps []ledger.Step) []waterfall.ToldStep {
	for i := range steps {
		to = append(to, toldStep(rules, &steps[i]))
	}
	return to
}

func toldStep(rules *waterfall.Rules, s *ledger.Step) waterfall.ToldStep {
	t := waterfall.ToldStep{Rules: rules, Bucket: -1, Kind: s.Kind, Available: s.Available, Taken: s.Taken, Credits: s.Credits,
		Reason: s.Reason, Window: s.Window}
	if rules != nil {
		t.Bucket = slices.IndexFunc(rules.Buckets, func(b waterfall.Bucket) bool { return b.Key == s.Bucket && b.Kind == s.Kind })
	}
	return t
}
