package waterfall

import (
	"math"
	"math/bits"
)

// Affordable is how many units some credits pay for: floor(micros × per ÷
// price), at most MaxQuantity. micros must not be negative.
func (p Price) Affordable(micros int64) int64 {
	hi, lo := bits.Mul64(uint64(micros), uint64(p.Per))
	if hi >= uint64(p.Micros) {
		return MaxQuantity
	}
	q, _ := bits.Div64(hi, lo, uint64(p.Micros))
	return int64(min(q, uint64(MaxQuantity)))
}

// Charge is what units cost in millionths of a credit, rounded up: ceil(units
// × price ÷ per). ok is false when it does not fit into 63 bits.
func (p Price) Charge(units int64) (micros int64, ok bool) {
	hi, lo := bits.Mul64(uint64(units), uint64(p.Micros))
	if hi >= uint64(p.Per) {
		return 0, false
	}
	q, rest := bits.Div64(hi, lo, uint64(p.Per))
	// Asked before it is rounded up, which could run over 64 bits.
	if q > math.MaxInt64 || q == math.MaxInt64 && rest > 0 {
		return 0, false
	}
	if rest > 0 {
		q++
	}
	return int64(q), true
}

// addSaturating adds two amounts that are not negative and stops at the
// largest integer.
func addSaturating(a, b int64) int64 {
	if s := a + b; s >= a {
		return s
	}
	return math.MaxInt64
}
