package waterfall

import (
	"math"
	"testing"
)

func TestGrantsAreSpentInTheirOrder(t *testing.T) {
	drawn := func(grants ...part) *world { return given(append(grants, promotions)...) }
	u := func(name string, traits ...trait) part { return units(name, Promotion, 2, traits...) }
	check(t, []example{
		{"low priority first", drawn(u("a", priority(200)), u("b", priority(-5)), u("c")), ask(5), "FUNDED 5 | 5/6 FUNDED 5u b:2 c:2 a:1"},
		{"then the soonest expiry, never last", drawn(u("a"), u("b", until(9*oneSecond)), u("c", until(5*oneSecond))), ask(5), "FUNDED 5 | 5/6 FUNDED 5u c:2 b:2 a:1"},
		{"an expiry sooner by a microsecond", drawn(u("a", until(9_000_001)), u("b", until(9_000_000))), ask(3), "FUNDED 3 | 3/4 FUNDED 3u b:2 a:1"},
		{"then the oldest", drawn(u("a", born(-1)), u("b", born(-3)), u("c", born(-2))), ask(5), "FUNDED 5 | 5/6 FUNDED 5u b:2 c:2 a:1"},
		{"ties by id", drawn(u("b"), u("c"), u("a")), ask(5), "FUNDED 5 | 5/6 FUNDED 5u a:2 b:2 c:1"},
		{"priority outweighs expiry, expiry age", drawn(u("a", priority(1)), u("b", until(oneSecond), born(-1)), u("c", until(oneSecond), born(-9))), ask(5), "FUNDED 5 | 5/6 FUNDED 5u a:2 c:2 b:1"},
		{"a spent one is passed over", drawn(u("a", left(0)), u("b")), ask(1), "FUNDED 1 | 1/2 FUNDED 1u b:1"},
	})
}

func TestWhichGrantsCount(t *testing.T) {
	one := func(traits ...trait) *world { return given(promotions, units("a", Promotion, 2, traits...)) }
	const yes, no = "FUNDED 1 | 1/2 FUNDED 1u a:1", "EXHAUSTED 0 | 0/0 NOT_APPLICABLE"
	check(t, []example{
		{"for every feature", one(), ask(1), yes},
		{"for this feature", one(only("f")), ask(1), yes},
		{"for this feature among others", one(only("e", "f")), ask(1), yes},
		{"for another feature", one(only("e")), ask(1), no},
		{"for no feature at all", one(func(g *Grant) { g.Features = []string{} }), ask(1), no},
		{"effective just now", one(since(0)), ask(1), yes},
		{"effective a microsecond later", one(since(1)), ask(1), no},
		{"expires a microsecond later", one(until(1)), ask(1), yes},
		{"expires just now", one(until(0)), ask(1), no},
		{"expired", one(until(-1)), ask(1), no},
		{"of another kind", given(promotions, units("a", Entitlement, 2)), ask(1), no},
		{"credits without a price", given(credits, money("a", Credit, 500)), ask(1), "INSUFFICIENT_CREDITS 0 | 0/0 NOT_APPLICABLE"},
		{"promotional credits without a price", given(promotions, money("a", Promotion, 500)), ask(1), no},
		{"units need no price", given(promotions, money("a", Promotion, 500), units("b", Promotion, 2)), ask(2), "FUNDED 2 | 2/2 FUNDED 2u b:2"},
	})
}

func TestUnitsAndCreditsMixed(t *testing.T) {
	mixed := func(grants ...part) *world { return given(append(grants, promotions, price(10, 1))...) }
	u := func(name string, n int64, p int32) part { return units(name, Promotion, n, priority(p)) }
	m := func(name string, n int64, p int32) part { return money(name, Promotion, n, priority(p)) }
	check(t, []example{
		{"units first", mixed(u("a", 2, 1), m("b", 50, 2)), ask(3), "FUNDED 3 for 10 | 3/7 FUNDED 2u a:2 1u=10 b:10"},
		{"credits first", mixed(m("a", 20, 1), u("b", 5, 2)), ask(3), "FUNDED 3 for 20 | 3/7 FUNDED 2u=20 a:20 1u b:1"},
		{"credits, units, credits are two parts", mixed(m("a", 20, 1), u("b", 2, 2), m("c", 50, 3)), ask(6), "FUNDED 6 for 40 | 6/9 FUNDED 4u=40 a:20 c:20 2u b:2"},
		{"one unit paid by two grants", mixed(m("a", 4, 1), m("b", 6, 2)), ask(1), "FUNDED 1 for 10 | 1/1 FUNDED 1u=10 a:4 b:6"},
		{"one unit paid by three, across a unit grant", mixed(m("a", 4, 1), u("b", 1, 2), m("c", 3, 3), m("d", 5, 4)), ask(2), "FUNDED 2 for 10 | 2/2 FUNDED 1u b:1 1u=10 a:4 c:3 d:3"},
		{"a rest below one unit stays where it is", mixed(m("a", 14, 1), u("b", 2, 2)), ask(3), "FUNDED 3 for 10 | 3/3 FUNDED 1u=10 a:10 2u b:2"},
		{"rests too small even together", mixed(m("a", 4, 1), m("b", 5, 2)), ask(1), "EXHAUSTED 0 | 0/0 INSUFFICIENT_CREDITS"},
		{"a part drawn from each of three", mixed(m("a", 15, 1), m("b", 15, 2), m("c", 15, 3)), ask(4), "FUNDED 4 for 40 | 4/4 FUNDED 4u=40 a:15 b:15 c:10"},
	})
}

func TestPriceIsRoundedUpOncePerBucket(t *testing.T) {
	third := func(parts ...part) *world {
		return given(append(parts, promotions, entitlements, credits, price(1, 3))...)
	}
	check(t, []example{
		{"a third of a millionth", third(money("c", Credit, 9)), ask(1), "FUNDED 1 for 1 | 0/0 NOT_APPLICABLE | 0/0 NOT_APPLICABLE | 1/27 FUNDED 1u=1 c:1"},
		{"three thirds", third(money("c", Credit, 9)), ask(3), "FUNDED 3 for 1 | 0/0 NOT_APPLICABLE | 0/0 NOT_APPLICABLE | 3/27 FUNDED 3u=1 c:1"},
		{"four thirds", third(money("c", Credit, 9)), ask(4), "FUNDED 4 for 2 | 0/0 NOT_APPLICABLE | 0/0 NOT_APPLICABLE | 4/27 FUNDED 4u=2 c:2"},
		{"once over several grants", third(money("a", Credit, 1), money("b", Credit, 1)), ask(4), "FUNDED 4 for 2 | 0/0 NOT_APPLICABLE | 0/0 NOT_APPLICABLE | 4/6 FUNDED 4u=2 a:1 b:1"},
		{"once in each bucket", third(money("p", Promotion, 1), money("e", Entitlement, 1), money("c", Credit, 1)), ask(7), "FUNDED 7 for 3 | 3/3 PARTLY_FUNDED 3u=1 p:1 | 3/3 PARTLY_FUNDED 3u=1 e:1 | 1/3 FUNDED 1u=1 c:1"},
		{"floor of what is affordable", given(credits, price(7, 2), money("c", Credit, 20)), ask(5), "FUNDED 5 for 18 | 5/5 FUNDED 5u=18 c:18"},
		{"and not one more", given(credits, price(7, 2), money("c", Credit, 20)), ask(6), "INSUFFICIENT_CREDITS 0 | 0/5 PARTLY_FUNDED"},
	})
}

func TestPricesBeyond64Bits(t *testing.T) {
	const most = math.MaxInt64
	check(t, []example{
		{"too dear for one unit", given(credits, price(most, 1), money("c", Credit, most-1)), ask(1), "INSUFFICIENT_CREDITS 0 | 0/0 INSUFFICIENT_CREDITS"},
		{"just affordable", given(credits, price(most, 1), money("c", Credit, most)), ask(1), "FUNDED 1 for 9223372036854775807 | 1/1 FUNDED 1u=9223372036854775807 c:9223372036854775807"},
		{"a quantity whose price is 116 bits", given(credits, price(most, 1), money("c", Credit, most)), ask(MaxQuantity), "INSUFFICIENT_CREDITS 0 | 0/1 PARTLY_FUNDED"},
		{"the cheapest and the most", given(credits, price(1, most), money("c", Credit, most)), ask(MaxQuantity), "FUNDED 9007199254740991 for 1 | 9007199254740991/9007199254740991 FUNDED 9007199254740991u=1 c:1"},
		{"several grants above 64 bits", given(credits, price(most, 1), money("a", Credit, most), money("b", Credit, most)), ask(1), "FUNDED 1 for 9223372036854775807 | 1/1 FUNDED 1u=9223372036854775807 a:9223372036854775807"},
		{"units above 2^53 are shown as 2^53−1", given(promotions, units("a", Promotion, most), units("b", Promotion, most)), ask(MaxQuantity), "FUNDED 9007199254740991 | 9007199254740991/9007199254740991 FUNDED 9007199254740991u a:9007199254740991"},
		{"units and credits together too", given(promotions, price(1, 1), units("a", Promotion, MaxQuantity), money("b", Promotion, most)), ask(1), "FUNDED 1 | 1/9007199254740991 FUNDED 1u a:1"},
	})
}
