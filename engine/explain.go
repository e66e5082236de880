package engine

import (
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Explain is the sentence that tells a person what was decided and why,
// and what became of it.
func (e *Engine) Explain(d *ledger.Decision) string {
	var rules *waterfall.Rules
	if p := e.Catalog().Plan(d.PlanKey, d.PlanVersion); p != nil {
		rules = p.Rules(d.Feature)
	}
	return explain(rules, waterfall.Telling{Allowed: d.Status != ledger.StatusDenied, Reason: d.Reason, Requested: d.Requested,
		Granted: d.Granted, RetryAt: d.RetryAt, After: aftermath(d)}, d.Steps)
}

// aftermath is what became of a decision since it was made.
func aftermath(d *ledger.Decision) waterfall.Aftermath {
	a := waterfall.Aftermath{Released: d.Now() == ledger.StatusReleased, Expired: d.Now() == ledger.StatusExpired,
		Unfunded: d.Unfunded(), Charged: d.FinalCharged()}
	a.Used, a.Settled = d.SettledQuantity()
	a.Refunded, a.RefundedCredits = d.RefundedSoFar()
	return a
}

// explain adds the rules and the recorded steps to what is told.
func explain(rules *waterfall.Rules, t waterfall.Telling, steps []ledger.Step) string {
	t.Rules = rules
	if rules != nil {
		for _, s := range steps {
			i := slices.IndexFunc(rules.Buckets, func(b waterfall.Bucket) bool { return b.Key == s.Bucket })
			if i < 0 {
				continue
			}
			t.Steps = append(t.Steps, waterfall.Step{Bucket: i, Available: s.Available, Taken: s.Taken, Reason: s.Reason, Window: s.Window})
			t.Credits = append(t.Credits, s.Credits)
		}
	}
	return waterfall.Explain(t)
}
