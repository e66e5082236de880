package scalar

import (
	"encoding/json"
	"math/big"
	"regexp"
	"testing"
)

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]{1,6})?$`)

// FuzzCredits: what is read is a decimal, is worth what it says, and comes back
// as it was written.
func FuzzCredits(f *testing.F) {
	for _, s := range []string{"", "0", "-0", "12.5", "0.000001", "-0.1", ".5", "5.", "1.0000001", "+1", "1e3", " 1", "007.10", "9223372036854.775807",
		"9223372036854.775808", "-9223372036854.775808", "18446744073709551615", "18446744073709551616.999999", "٣", "1_000", "--1", "1.-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCredits(s)
		if (err == nil) != decimal.MatchString(s) {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		// Of an amount beyond 64 bits the nearest one is taken.
		worth, _ := new(big.Rat).SetString(s)
		worth.Mul(worth, big.NewRat(perUnit, 1))
		if got := c.Millionths(); got != nearest(worth.Num()) {
			t.Errorf("%q is %d millionths", s, got)
		}
		again, err := ParseCredits(c.String())
		if err != nil || again.String() != c.String() || again.Millionths() != c.Millionths() {
			t.Errorf("%q is written %q and read %q: %v", s, c, again, err)
		}
	})
}

// nearest is a number, or the end of 64 bits that lies on its side: the positive
// one is taken for both, so that a sign changes nothing else.
func nearest(n *big.Int) int64 {
	limit := big.NewInt(1<<63 - 1)
	switch {
	case n.CmpAbs(limit) <= 0:
		return n.Int64()
	case n.Sign() < 0:
		return -limit.Int64()
	}
	return limit.Int64()
}

var duration = regexp.MustCompile(`^P(?:([0-9]+)W|(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?)$`)

// FuzzDuration: what is read is a duration of ISO 8601 without months and
// years, is as long as its parts, and comes back as long.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"", "P", "PT", "P1D", "PT5H", "P7D", "P2W", "P1WT1H", "P1DT2H3M4S", "PT0S", "PT1.5S", "P1M", "P1Y", "-PT1S", "PT1H1H", "PT1S1M",
		"P9223372036854775807D", "PT9223372036854775808S", "PT99999999999999999999M", "pt1s", "P1DT", "PT 1S"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seconds, err := ParseDuration(s)
		parts := duration.FindStringSubmatch(s)
		fine := parts != nil && s[len(s)-1] != 'P' && s[len(s)-1] != 'T'
		if (err == nil) != fine {
			t.Fatalf("%q: %v", s, err)
		}
		if err != nil {
			return
		}
		sum := new(big.Int)
		for i, unit := range []int64{week, day, hour, minute, 1} {
			if n, ok := new(big.Int).SetString(parts[i+1], 10); ok {
				sum.Add(sum, n.Mul(n, big.NewInt(unit)))
			}
		}
		if seconds != nearest(sum) {
			t.Errorf("%q is %d seconds, and not %s", s, seconds, sum)
		}
		if again, err := ParseDuration(FormatDuration(seconds)); err != nil || again != seconds {
			t.Errorf("%d is written %s and read %d: %v", seconds, FormatDuration(seconds), again, err)
		}
	})
}

var integral = regexp.MustCompile(`^-?[0-9]+$`)

// FuzzQuantity: a number of JSON that is an integer is read as it is, up to the
// ends of 64 bits.
func FuzzQuantity(f *testing.F) {
	for _, s := range []string{"0", "-1", "9007199254740991", "9007199254740993", "9223372036854775808", "-9223372036854775809", "1.0", "1e2", "", "0x1", "+1", "01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := UnmarshalQuantity(json.Number(s))
		want, ok := new(big.Int).SetString(s, 10)
		ok = ok && integral.MatchString(s)
		if (err == nil) != ok {
			t.Fatalf("%q: %v", s, err)
		}
		if ok && want.IsInt64() && n != want.Int64() {
			t.Errorf("%q is read as %d", s, n)
		}
		if ok && !want.IsInt64() && (n > 0) != (want.Sign() > 0) {
			t.Errorf("%q is read as %d", s, n)
		}
	})
}
