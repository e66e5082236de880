package proof_test

import (
	"time"

	"spillway/ledger"
)

// setForModel is a price as it was set: what becomes of it follows from the
// time and from whether it was withdrawn.
type setForModel struct {
	modelPrice
	from      time.Time
	withdrawn bool
}

// toCome reports whether the price could still be withdrawn.
func (p *setForModel) toCome(now time.Time) bool { return !p.withdrawn && p.from.After(now) }

// priceNow looks at all prices that were ever set for a feature, in the order in
// which they were: the one counts that began last.
func (m *model) priceNow(feature string) modelPrice {
	var counts *setForModel
	for _, p := range m.prices[feature] {
		if !p.withdrawn && !p.from.After(m.now) && (counts == nil || !p.from.Before(counts.from)) {
			counts = p
		}
	}
	if counts == nil {
		return modelPrice{}
	}
	return counts.modelPrice
}

// setPrices tells the model all that was set for a feature.
func (m *model) setPrices(feature string, f *ledger.Feature) {
	m.prices[feature] = nil
	for _, p := range f.Prices {
		m.prices[feature] = append(m.prices[feature],
			&setForModel{modelPrice{int64(p.Version), p.Micros, p.Per}, p.EffectiveFrom.Time(), p.WithdrawnAt != 0})
	}
}
