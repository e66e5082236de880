package book

import (
	"math/big"
	"math/bits"
)

// Charged tells whether credits, in millionths, are the price of units at
// micros millionths for every per units, rounded up to a millionth: the
// smallest whole number that is not below units × micros ÷ per. It divides
// nothing: it compares products in 128 bits.
func Charged(units, micros, per, credits int64) bool {
	if units < 0 || micros < 0 || per <= 0 || credits < 0 {
		return false
	}
	hi, lo := bits.Mul64(uint64(units), uint64(micros))
	topHi, topLo := bits.Mul64(uint64(credits), uint64(per))
	if topHi < hi || topHi == hi && topLo < lo {
		return false // less than the price
	}
	if credits == 0 {
		return true
	}
	lowHi, lowLo := bits.Mul64(uint64(credits-1), uint64(per))
	return lowHi < hi || lowHi == hi && lowLo < lo
}

// ChargeText is what units cost, as Charged understands it, for a message.
func ChargeText(units, micros, per int64) string {
	if per <= 0 {
		return "no-price"
	}
	n := new(big.Int).Mul(big.NewInt(units), big.NewInt(micros))
	q, rest := n.QuoRem(n, big.NewInt(per), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.String()
}
