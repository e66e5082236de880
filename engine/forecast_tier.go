package engine

import (
	"math"

	"spillway/engine/waterfall"
)

// tier is the free tier of a month, as a forecast counts it: in millionths of a
// credit, at the price of the moment of the forecast. What a tier of a day or a week
// gives is no credits of any week, and so is not in the pace; a tier of a month that
// was used up comes back on the way.
type tier struct {
	// quota is what each month begins with, left what this one has.
	quota, left int64
}

// monthlyTiers are the free tiers of the account's features that come before all
// grants and belong to the whole account. What a user's own tier gives depends on
// who asks, which nobody knows.
func (e *Engine) monthlyTiers(a *account) map[string]tier {
	tiers := map[string]tier{}
	second := a.now.Second()
	for i := range a.plan.Features {
		r := &a.plan.Features[i]
		price := e.priceNow(a, r.Feature)
		var sum tier
		for j := range r.Buckets {
			b := &r.Buckets[j]
			if !b.Kind.Counted() {
				break // grants pay first for what comes behind them
			}
			if b.Kind != waterfall.FreeTier || b.Period != waterfall.Month || b.CounterScope() != waterfall.PerAccount {
				continue
			}
			used := a.known(counterField(b, r.Feature, "")).Sum(b.Period.Start(second)-1, second)
			sum.quota = saturated(sum.quota, worth(price, b.Quota))
			sum.left = saturated(sum.left, worth(price, max(0, b.Quota-used)))
		}
		if sum.quota > 0 {
			tiers[r.Feature] = sum
		}
	}
	return tiers
}

// worth is what units would cost.
func worth(price waterfall.Price, units int64) int64 {
	if price.Version == 0 {
		return 0
	}
	micros, ok := price.Charge(units)
	if !ok {
		return math.MaxInt64
	}
	return micros
}

// cover takes from the tier what it covers of an amount, and returns the rest.
func (t *tier) cover(micros int64) int64 {
	covered := min(micros, t.left)
	t.left -= covered
	return micros - covered
}
