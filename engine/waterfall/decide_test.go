package waterfall

import (
	"testing"
	"time"
)

// example is one line of a table: a world, a request at noon, the answer as
// render writes it.
type example struct {
	name  string
	world *world
	req   Request
	want  string
}

func check(t *testing.T, examples []example) {
	t.Helper()
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			in, out := e.world.at(0, e.req)
			if got := render(in, out); got != e.want {
				t.Errorf("\n got %s\nwant %s", got, e.want)
			}
			if out.Allowed != (out.Reason == Funded || out.Reason == PartlyFunded) {
				t.Errorf("allowed is %v with %s", out.Allowed, out.Reason)
			}
			if !out.Allowed && (out.Granted != 0 || out.Charged != 0 || len(out.Parts) != 0) {
				t.Error("a denial takes something")
			}
		})
	}
}

const hour = time.Hour

func TestEachKindOfBucket(t *testing.T) {
	check(t, []example{
		{"a window with room", given(rate(per(5, hour)), used(2, 60)), ask(3), "FUNDED 3 | 3/3 FUNDED"},
		{"a window without room", given(rate(per(5, hour)), used(5, 60)), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"a window that is too small", given(rate(per(5, hour))), ask(6), "EXHAUSTED 0 | 0/5 PARTLY_FUNDED"},
		{"a window pooled per account counts alike", given(pooled(per(5, hour)), used(2, 60)), ask(3), "FUNDED 3 | 3/3 FUNDED"},
		{"a window overdrawn by an older plan", given(rate(per(5, hour)), used(9, 60)), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"a free quota with room", given(free(10, Day), used(4, 60)), ask(6), "FUNDED 6 | 6/6 FUNDED"},
		{"a free quota used up", given(free(10, Day), used(10, 60)), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"a free quota overdrawn by an older plan", given(free(10, Day), used(12, 60)), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"a promotion in units", given(promotions, units("a", Promotion, 5)), ask(4), "FUNDED 4 | 4/5 FUNDED 4u a:4"},
		{"a promotion in credits", given(promotions, money("a", Promotion, 50), price(10, 1)), ask(4), "FUNDED 4 for 40 | 4/5 FUNDED 4u=40 a:40"},
		{"an entitlement in units", given(entitlements, units("a", Entitlement, 5)), ask(5), "FUNDED 5 | 5/5 FUNDED 5u a:5"},
		{"an entitlement in credits", given(entitlements, money("a", Entitlement, 50), price(10, 1)), ask(5), "FUNDED 5 for 50 | 5/5 FUNDED 5u=50 a:50"},
		{"credits", given(credits, money("a", Credit, 50), price(10, 1)), ask(2), "FUNDED 2 for 20 | 2/5 FUNDED 2u=20 a:20"},
		{"credits not enough", given(credits, money("a", Credit, 50), price(10, 1)), ask(6), "INSUFFICIENT_CREDITS 0 | 0/5 PARTLY_FUNDED"},
		{"no grant of the kind", given(promotions, money("a", Credit, 50), price(10, 1)), ask(1), "EXHAUSTED 0 | 0/0 NOT_APPLICABLE"},
		{"a grant that is spent", given(promotions, units("a", Promotion, 5, left(0))), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"held is not remaining", given(promotions, units("a", Promotion, 5, left(2), func(g *Grant) { g.Held = 3 })), ask(3), "EXHAUSTED 0 | 0/2 PARTLY_FUNDED"},
		{"a waterfall without buckets", given(), ask(1), "EXHAUSTED 0"},
	})
}

func TestSpillingFromBucketToBucket(t *testing.T) {
	full := func(parts ...part) *world {
		return given(append([]part{
			rate(per(3, hour)), free(2, Day), promotions, entitlements, credits, price(10, 1),
			units("p", Promotion, 2), units("e", Entitlement, 2), money("c", Credit, 25)}, parts...)...)
	}
	check(t, []example{
		{"the first covers all, the others are not looked at", full(), ask(3), "FUNDED 3 | 3/3 FUNDED"},
		{"what it lacks spills over", full(), ask(4), "FUNDED 4 | 3/3 PARTLY_FUNDED | 1/2 FUNDED"},
		{"through all five", full(), ask(11), "FUNDED 11 for 20 | 3/3 PARTLY_FUNDED | 2/2 PARTLY_FUNDED | 2/2 PARTLY_FUNDED 2u p:2 | 2/2 PARTLY_FUNDED 2u e:2 | 2/2 FUNDED 2u=20 c:20"},
		{"one more than all: nothing is taken", full(), ask(12), "INSUFFICIENT_CREDITS 0 | 0/3 PARTLY_FUNDED | 0/2 PARTLY_FUNDED | 0/2 PARTLY_FUNDED | 0/2 PARTLY_FUNDED | 0/2 PARTLY_FUNDED"},
		{"one more than all, in part", full(), askPart(12), "PARTLY_FUNDED 11 for 20 | 3/3 PARTLY_FUNDED | 2/2 PARTLY_FUNDED | 2/2 PARTLY_FUNDED 2u p:2 | 2/2 PARTLY_FUNDED 2u e:2 | 2/2 PARTLY_FUNDED 2u=20 c:20"},
		{"an empty bucket on the way", given(rate(per(1, hour)), used(1, 5), free(1, Day)), ask(1), "FUNDED 1 | 0/0 EXHAUSTED | 1/1 FUNDED"},
		{"the plan's order counts, not the kind's", given(credits, rate(per(5, hour)), price(10, 1), money("c", Credit, 10)), ask(2), "FUNDED 2 for 10 | 1/1 PARTLY_FUNDED 1u=10 c:10 | 1/5 FUNDED"},
		{"two rate limits one after the other", given(rate(per(1, hour)), rate(per(2, hour)), used(1, 9)), ask(2), "FUNDED 2 | 1/1 PARTLY_FUNDED | 1/1 FUNDED"},
		{"two free quotas", given(free(1, Day), free(2, Month)), ask(3), "FUNDED 3 | 1/1 PARTLY_FUNDED | 2/2 FUNDED"},
	})
}

func TestSeveralWindows(t *testing.T) {
	codex := func(parts ...part) *world {
		return given(append([]part{rate(per(50, 5*hour), per(500, 7*24*hour))}, parts...)...)
	}
	check(t, []example{
		{"the least room counts: the short one", codex(used(40, 60)), ask(10), "FUNDED 10 | 10/10 FUNDED"},
		{"and not one more", codex(used(40, 60)), ask(11), "EXHAUSTED 0 | 0/10 PARTLY_FUNDED"},
		{"the least room counts: the long one", codex(used(495, 86_400)), ask(5), "FUNDED 5 | 5/5 FUNDED"},
		{"the long one is full", codex(used(500, 6*86_400)), ask(1), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
		{"what the short one forgot the long one counts", codex(used(30, 18_000), used(30, 17_999)), ask(20), "FUNDED 20 | 20/20 FUNDED"},
	})
	in, out := codex(used(495, 86_400)).at(0, ask(5))
	if w := out.Steps[0].Window; w != 1 {
		t.Errorf("the step names window %d of %v", w, in.Rules.Buckets[0].Windows)
	}
}

// A window of W seconds counts the seconds (t−W, t], whatever the fraction of
// the second in which it is asked.
func TestWindowsAreExactAtOneSecond(t *testing.T) {
	for _, c := range []struct {
		window, ago int64
		after       Instant
		want        Reason
	}{
		{60, 0, 0, Exhausted},
		{60, 59, 0, Exhausted},
		{60, 59, 999_999, Exhausted},
		{60, 60, 0, Funded},
		{60, 61, 0, Funded},
		{60, 60, 999_999, Funded},
		{60, 59, 1_000_000, Funded},
		{1, 0, 0, Exhausted},
		{1, 0, 999_999, Exhausted},
		{1, 0, 1_000_000, Funded},
		{366 * 86_400, 366*86_400 - 1, 999_999, Exhausted},
		{366 * 86_400, 366 * 86_400, 0, Funded},
	} {
		limit := Window{Limit: 1, Seconds: c.window}
		for name, w := range map[string]*world{
			"window":  given(rate(limit), used(1, c.ago)),
			"ceiling": given(free(9, Month), ceiling(limit), granted(1, c.ago)),
		} {
			want := c.want
			if name == "ceiling" && want == Exhausted {
				want = CeilingReached
			}
			if _, out := w.at(c.after, ask(1)); out.Reason != want {
				t.Errorf("%s of %d s, used %d s ago, asked at +%d µs: %s, want %s", name, c.window, c.ago, c.after, out.Reason, want)
			}
		}
	}
}

func TestFreeTierRefillsWithTheCalendar(t *testing.T) {
	for _, c := range []struct {
		period    Period
		used, now string
		want      Reason
	}{
		{Day, "2026-03-10T00:00:00Z", "2026-03-10T23:59:59Z", Exhausted},
		{Day, "2026-03-10T23:59:59Z", "2026-03-11T00:00:00Z", Funded},
		{Day, "2026-03-09T23:59:59Z", "2026-03-10T00:00:00Z", Funded},
		{Week, "2026-03-09T00:00:00Z", "2026-03-15T23:59:59Z", Exhausted}, // Monday to Sunday
		{Week, "2026-03-15T23:59:59Z", "2026-03-16T00:00:00Z", Funded},
		{Week, "2026-03-08T23:59:59Z", "2026-03-09T00:00:00Z", Funded},
		{Week, "2025-12-29T00:00:00Z", "2026-01-04T23:59:59Z", Exhausted}, // a week of two years
		{Week, "2025-12-31T12:00:00Z", "2026-01-05T00:00:00Z", Funded},
		{Month, "2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", Exhausted},
		{Month, "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z", Funded},
		{Month, "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", Funded},
		{Month, "2028-02-01T00:00:00Z", "2028-02-29T23:59:59Z", Exhausted}, // a leap year
		{Month, "2028-02-29T23:59:59Z", "2028-03-01T00:00:00Z", Funded},
		{Month, "2100-02-28T23:59:59Z", "2100-03-01T00:00:00Z", Funded}, // not a leap year
		{Month, "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", Funded},
	} {
		w := given(free(1, c.period))
		w.events = append(w.events, event{0, moment(c.used).Second(), 1})
		if out := Decide(w.input(), ask(1), moment(c.now)); out.Reason != c.want {
			t.Errorf("%d used at %s, asked at %s: %s, want %s", c.period, c.used, c.now, out.Reason, c.want)
		}
	}
}

func moment(s string) Instant {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return InstantOf(at)
}

func TestIndivisible(t *testing.T) {
	two := func(parts ...part) *world {
		return given(append([]part{indivisible, rate(per(2, hour)), promotions, credits, price(10, 1)}, parts...)...)
	}
	check(t, []example{
		{"the first bucket covers all", two(), ask(2), "FUNDED 2 | 2/2 FUNDED"},
		{"only a later one covers all", two(money("c", Credit, 40)), ask(3), "FUNDED 3 for 30 | 0/2 INDIVISIBLE | 0/0 NOT_APPLICABLE | 3/4 FUNDED 3u=30 c:30"},
		{"together they would", two(money("c", Credit, 20)), ask(3), "INDIVISIBLE 0 | 0/2 INDIVISIBLE | 0/0 NOT_APPLICABLE | 0/2 INDIVISIBLE"},
		{"not even together", two(money("c", Credit, 20)), ask(5), "INSUFFICIENT_CREDITS 0 | 0/2 INDIVISIBLE | 0/0 NOT_APPLICABLE | 0/2 INDIVISIBLE"},
		{"in part: the first that covers all", two(units("p", Promotion, 5), money("c", Credit, 90)), askPart(3), "FUNDED 3 | 0/2 INDIVISIBLE | 3/5 FUNDED 3u p:3"},
		{"in part: the one that gives most", two(units("p", Promotion, 1), money("c", Credit, 30)), askPart(9), "PARTLY_FUNDED 3 for 30 | 0/2 INDIVISIBLE | 0/1 INDIVISIBLE | 3/3 PARTLY_FUNDED 3u=30 c:30"},
		{"in part: most in the middle", two(units("p", Promotion, 3), money("c", Credit, 20)), askPart(9), "PARTLY_FUNDED 3 | 0/2 INDIVISIBLE | 3/3 PARTLY_FUNDED 3u p:3 | 0/2 INDIVISIBLE"},
		{"in part: ties go to the earlier", two(units("p", Promotion, 2), money("c", Credit, 20)), askPart(9), "PARTLY_FUNDED 2 | 2/2 PARTLY_FUNDED | 0/2 INDIVISIBLE | 0/2 INDIVISIBLE"},
		{"in part and nothing there", given(indivisible, rate(per(2, hour)), used(2, 5), promotions), askPart(1), "EXHAUSTED 0 | 0/0 EXHAUSTED | 0/0 NOT_APPLICABLE"},
		{"in part within a ceiling", two(units("p", Promotion, 5), ceiling(per(3, hour))), askPart(9), "PARTLY_FUNDED 3 | 0/2 INDIVISIBLE | 3/5 FUNDED 3u p:3"},
		{"units and credits of one bucket are one source", two(units("p", Promotion, 2), money("q", Promotion, 10)), ask(3), "FUNDED 3 for 10 | 0/2 INDIVISIBLE | 3/3 FUNDED 2u p:2 1u=10 q:10"},
	})
}

func TestCeilings(t *testing.T) {
	check(t, []example{
		{"room enough", given(rate(per(9, hour)), ceiling(per(5, 2*hour)), granted(2, 60)), ask(3), "FUNDED 3 | 3/9 FUNDED"},
		{"deny whatever could pay", given(rate(per(9, hour)), ceiling(per(5, 2*hour)), granted(2, 60)), ask(4), "CEILING_REACHED 0 | 0/9 CEILING_REACHED"},
		{"in part: up to their room", given(rate(per(9, hour)), ceiling(per(5, 2*hour)), granted(2, 60)), askPart(4), "PARTLY_FUNDED 3 | 3/9 FUNDED"},
		{"in part: none left", given(rate(per(9, hour)), ceiling(per(5, 2*hour)), granted(5, 60)), askPart(4), "CEILING_REACHED 0 | 0/9 CEILING_REACHED"},
		{"the least room of several counts", given(rate(per(9, hour)), ceiling(per(5, hour), per(8, 24*hour)), granted(6, 7200)), ask(3), "CEILING_REACHED 0 | 0/9 CEILING_REACHED"},
		{"they count what was granted, not the bucket's use", given(rate(per(9, hour)), used(6, 60), ceiling(per(5, hour))), ask(3), "FUNDED 3 | 3/3 FUNDED"},
		{"an empty bucket keeps its own reason", given(rate(per(1, hour)), used(1, 9), free(9, Day), ceiling(per(1, hour))), ask(2), "CEILING_REACHED 0 | 0/0 EXHAUSTED | 0/9 CEILING_REACHED"},
		{"room, but nothing funds it", given(rate(per(1, hour)), used(1, 9), ceiling(per(1, hour))), askPart(2), "EXHAUSTED 0 | 0/0 EXHAUSTED"},
	})
}

func TestSpendCap(t *testing.T) {
	capped := func(limit int64, parts ...part) *world {
		return given(append([]part{promotions, credits, price(10, 1), money("c", Credit, 90), spendCap(limit, Day)}, parts...)...)
	}
	check(t, []example{
		{"room enough", capped(30), ask(3), "FUNDED 3 for 30 | 0/0 NOT_APPLICABLE | 3/3 FUNDED 3u=30 c:30"},
		{"one unit too many", capped(39), ask(4), "SPEND_CAP_REACHED 0 | 0/0 NOT_APPLICABLE | 0/3 PARTLY_FUNDED"},
		{"in part: up to its room", capped(39), askPart(4), "PARTLY_FUNDED 3 for 30 | 0/0 NOT_APPLICABLE | 3/3 PARTLY_FUNDED 3u=30 c:30"},
		{"no room", capped(9), askPart(4), "SPEND_CAP_REACHED 0 | 0/0 NOT_APPLICABLE | 0/0 SPEND_CAP_REACHED"},
		{"a cap of 0", capped(0), ask(1), "SPEND_CAP_REACHED 0 | 0/0 NOT_APPLICABLE | 0/0 SPEND_CAP_REACHED"},
		{"spent this period counts", capped(30, spent(15, 12*3600)), ask(2), "SPEND_CAP_REACHED 0 | 0/0 NOT_APPLICABLE | 0/1 PARTLY_FUNDED"},
		{"spent before this period does not", capped(30, spent(15, 12*3600+1)), ask(3), "FUNDED 3 for 30 | 0/0 NOT_APPLICABLE | 3/3 FUNDED 3u=30 c:30"},
		{"spent above a cap set later", capped(30, spent(95, 60)), ask(1), "SPEND_CAP_REACHED 0 | 0/0 NOT_APPLICABLE | 0/0 SPEND_CAP_REACHED"},
		{"other kinds of credits are not limited", capped(0, money("p", Promotion, 20)), ask(2), "FUNDED 2 for 20 | 2/2 FUNDED 2u=20 p:20"},
		{"units are no credits, had a grant of this kind any", given(credits, price(10, 1), money("a", Credit, 50, priority(1)), units("b", Credit, 5), spendCap(20, Day)), ask(4), "FUNDED 4 for 20 | 4/7 FUNDED 2u=20 a:20 2u b:2"},
		{"a higher cap alone would not do", capped(30), ask(10), "INSUFFICIENT_CREDITS 0 | 0/0 NOT_APPLICABLE | 0/3 PARTLY_FUNDED"},
		{"more cap than credits", capped(1000), ask(10), "INSUFFICIENT_CREDITS 0 | 0/0 NOT_APPLICABLE | 0/9 PARTLY_FUNDED"},
		{"credits for less than a unit: not the cap's doing", given(credits, price(10, 1), money("c", Credit, 9), spendCap(5, Day)), ask(1), "INSUFFICIENT_CREDITS 0 | 0/0 INSUFFICIENT_CREDITS"},
	})
}

// Each line is denied by what its name says and by everything named in the
// lines below it: the first that holds is the reason.
func TestReasonsOfADenialInTheirOrder(t *testing.T) {
	base := []part{indivisible, rate(per(2, hour)), promotions, credits, price(10, 1), money("c", Credit, 60), spendCap(20, Day)}
	with := func(parts ...part) *world { return given(append(base[:len(base):len(base)], parts...)...) }
	check(t, []example{
		{"suspended", with(suspended, notInPlan, ceiling(per(1, hour))), ask(4), "ACCOUNT_SUSPENDED 0"},
		{"suspended, though it could be paid", with(suspended), ask(1), "ACCOUNT_SUSPENDED 0"},
		{"not in plan", with(notInPlan, ceiling(per(1, hour))), ask(4), "FEATURE_NOT_IN_PLAN 0"},
		{"ceiling", with(ceiling(per(3, hour))), ask(4), "CEILING_REACHED 0 | 0/2 CEILING_REACHED | 0/0 NOT_APPLICABLE | 0/2 CEILING_REACHED"},
		{"ceiling, though no bucket could give it", with(ceiling(per(3, hour))), ask(99), "CEILING_REACHED 0 | 0/2 CEILING_REACHED | 0/0 NOT_APPLICABLE | 0/2 CEILING_REACHED"},
		{"spend cap", with(), ask(4), "SPEND_CAP_REACHED 0 | 0/2 INDIVISIBLE | 0/0 NOT_APPLICABLE | 0/2 INDIVISIBLE"},
		{"indivisible", given(indivisible, rate(per(2, hour)), credits, price(10, 1), money("c", Credit, 20)), ask(4), "INDIVISIBLE 0 | 0/2 INDIVISIBLE | 0/2 INDIVISIBLE"},
		{"neither a cap nor division alone", with(money("d", Credit, 10)), ask(9), "INSUFFICIENT_CREDITS 0 | 0/2 INDIVISIBLE | 0/0 NOT_APPLICABLE | 0/2 INDIVISIBLE"},
		{"credits", given(indivisible, rate(per(2, hour)), credits, price(10, 1), money("c", Credit, 20)), ask(5), "INSUFFICIENT_CREDITS 0 | 0/2 INDIVISIBLE | 0/2 INDIVISIBLE"},
		{"credits, none of them held", given(rate(per(2, hour)), credits, price(10, 1)), ask(3), "INSUFFICIENT_CREDITS 0 | 0/2 PARTLY_FUNDED | 0/0 NOT_APPLICABLE"},
		{"exhausted", given(rate(per(2, hour)), promotions), ask(3), "EXHAUSTED 0 | 0/2 PARTLY_FUNDED | 0/0 NOT_APPLICABLE"},
	})
}

func TestDenialsWithoutStepsShowNoRooms(t *testing.T) {
	_, out := given(rate(per(2, hour)), ceiling(per(1, hour)), spendCap(5, Day), suspended).at(0, ask(1))
	if out.CeilingRoom != -1 || out.CapRoom != -1 {
		t.Errorf("rooms %d and %d of a walk that was not taken", out.CeilingRoom, out.CapRoom)
	}
	_, out = given(rate(per(2, hour)), ceiling(per(3, hour)), granted(1, 5), spendCap(5, Day), spent(2, 9)).at(0, ask(1))
	if out.CeilingRoom != 2 || out.CapRoom != 3 {
		t.Errorf("ceilings leave %d, cap %d, want 2 and 3", out.CeilingRoom, out.CapRoom)
	}
}
