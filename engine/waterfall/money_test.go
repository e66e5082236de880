package waterfall

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCharge(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct {
		micros, per, units int64
		want               int64 // −1: does not fit
	}{
		{10, 1, 0, 0},
		{10, 1, 3, 30},
		{10, 3, 1, 4}, // 3.33 rounded up
		{10, 3, 3, 10},
		{10, 3, 4, 14},
		{1, 1000, 1, 1},
		{1, 1000, 1000, 1},
		{1, 1000, 1001, 2},
		{most, 1, 1, most},
		{most, 1, 2, -1},
		{most, 2, 2, most},
		{most, 2, 3, -1},
		{most, MaxQuantity, MaxQuantity, most},
		{most, most, MaxQuantity, MaxQuantity},
		{1 << 62, 1, 2, -1}, // 2^63, one too many
		{1 << 62, 1, 4, -1}, // 2^64
		// (2^65 − 1) ÷ 2 rounds up to 2^64, which is 0 in 64 bits.
		{145_295_143_558_111, 2, 253_921, -1},
		// ((2^63 − 1)·2 + 1) ÷ 2 rounds up to 2^63.
		{2_753_074_036_095, 2, 6_700_417, -1},
		{most, 1 << 20, 1<<20 + 1, -1},
	} {
		got, ok := Price{1, c.micros, c.per}.Charge(c.units)
		if !ok {
			got = -1
		}
		if got != c.want {
			t.Errorf("%d at %d for %d: %d, want %d", c.units, c.micros, c.per, got, c.want)
		}
	}
}

func TestAffordable(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct{ micros, per, credits, want int64 }{
		{10, 1, 0, 0}, {10, 1, 9, 0}, {10, 1, 10, 1}, {10, 1, 19, 1}, {10, 3, 10, 3}, {10, 3, 9, 2}, {10, 3, 4, 1}, {10, 3, 3, 0},
		{1, 1000, 1, 1000}, {most, 1, most, 1}, {most, 1, most - 1, 0}, {most, 2, most, 2},
		{1, 1, MaxQuantity - 1, MaxQuantity - 1}, {1, 1, MaxQuantity + 1, MaxQuantity}, {1, 1, most, MaxQuantity},
		{1, most, most, MaxQuantity}, {2, most, 2, MaxQuantity}, {most, most, MaxQuantity - 1, MaxQuantity - 1},
	} {
		if got := (Price{1, c.micros, c.per}).Affordable(c.credits); got != c.want {
			t.Errorf("%d at %d for %d buy %d, want %d", c.credits, c.micros, c.per, got, c.want)
		}
	}
}

// anyAmount is from 1 to 2^63−1, each length in bits alike.
func anyAmount(t *rapid.T, name string) int64 {
	bits := rapid.IntRange(1, 63).Draw(t, name+" bits")
	return rapid.Int64Range(1<<(bits-1), math.MaxInt64>>(63-bits)).Draw(t, name)
}

// Charge and Affordable are ceil and floor of exact rationals, and fit
// together: what is affordable costs at most what there was, one more more.
func TestMoneyIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Price{1, anyAmount(t, "micros"), anyAmount(t, "per")}
		w := &world{price: p}
		units := min(MaxQuantity, anyAmount(t, "units"))
		cost := w.cost(units)
		charge, ok := p.Charge(units)
		if ok != cost.IsInt64() || ok && charge != cost.Int64() {
			t.Fatalf("%d units of %+v cost %d %v, want %s", units, p, charge, ok, cost)
		}
		credits := anyAmount(t, "credits")
		n := p.Affordable(credits)
		if n < 0 || n > MaxQuantity || w.cost(n).Cmp(big.NewInt(credits)) > 0 {
			t.Fatalf("%d buy %d of %+v", credits, n, p)
		}
		if n < MaxQuantity && w.cost(n+1).Cmp(big.NewInt(credits)) <= 0 {
			t.Fatalf("%d buy more than %d of %+v", credits, n, p)
		}
	})
}

func TestAddSaturating(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range [][3]int64{{0, 0, 0}, {1, 2, 3}, {most, 0, most}, {most - 1, 1, most}, {most, 1, most}, {most, most, most}} {
		if got := addSaturating(c[0], c[1]); got != c[2] {
			t.Errorf("%d + %d = %d", c[0], c[1], got)
		}
	}
}

// With amounts of every size a decision keeps its sums: no draw is more than
// its grant has, and each charge is the rounded-up price.
func TestLargeAmountsKeepTheirSums(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := given(promotions, entitlements, credits, price(anyAmount(t, "micros"), anyAmount(t, "per")))
		for i := range rapid.IntRange(0, 5).Draw(t, "grants") {
			k := rapid.SampledFrom([]Kind{Promotion, Entitlement, Credit}).Draw(t, "kind")
			g := grant(string(rune('a'+i)), Grant{Kind: k, Amount: anyAmount(t, "amount"), Units: k != Credit && rapid.Bool().Draw(t, "units")}, nil)
			g(w)
		}
		if rapid.Bool().Draw(t, "capped") {
			w.cap = &SpendCap{Limit: anyAmount(t, "cap"), Period: Day}
		}
		req := Request{min(MaxQuantity, anyAmount(t, "quantity")), rapid.Bool().Draw(t, "partial")}
		in, out := w.at(0, req)
		checkSums(t, req, out)
		for _, p := range out.Parts {
			want := big.NewInt(p.Units)
			if p.Price.Version != 0 {
				want = w.cost(p.Units)
			}
			var drawn int64
			for _, d := range p.Draws {
				if d.Amount <= 0 || d.Amount > in.Grants[d.Grant].Remaining {
					t.Fatalf("%d drawn of %d", d.Amount, in.Grants[d.Grant].Remaining)
				}
				drawn += d.Amount
			}
			if drawn != want.Int64() || p.Price.Version != 0 && p.Credits != drawn {
				t.Fatalf("%s: a part of %d draws %d, costs %s", render(in, out), p.Units, drawn, want)
			}
		}
		if most := MaxQuantityNow(in, AtSecond(noon)); out.Allowed && out.Granted > most || out.Granted < min(req.Quantity, most) && (out.Allowed || req.AllowPartial) {
			t.Fatalf("%s, at most %d", render(in, out), most)
		}
	})
}
