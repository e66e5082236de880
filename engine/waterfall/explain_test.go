package waterfall

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// telling is a decision as it would be recorded.
func telling(w *world, after Instant, req Request) Telling {
	in, out := w.at(after, req)
	t := Telling{Rules: in.Rules, Allowed: out.Allowed, Reason: out.Reason, Requested: req.Quantity, Granted: out.Granted,
		Steps: out.Steps, Credits: make([]int64, len(out.Steps))}
	for _, p := range out.Parts {
		t.Credits[p.Step] += p.Credits
	}
	if !out.Allowed {
		t.RetryAt = RetryAt(in, req, AtSecond(noon)+after)
	}
	return t
}

func TestExplain(t *testing.T) {
	fiveHours := rate(per(50, 5*hour), per(500, 7*24*hour))
	paid := func(parts ...part) *world {
		return given(append([]part{rate(per(3, 5*hour)), credits, price(1_250_000, 1), money("c", Credit, 10_000_000)}, parts...)...)
	}
	for _, c := range []struct {
		world *world
		req   Request
		want  string
	}{
		{paid(), ask(5), "Allowed: 3 from the 5-hour limit, 2 from credits (2.50)."},
		{paid(), ask(3), "Allowed: 3 from the 5-hour limit."},
		{paid(), askPart(99), "Allowed in part: 11 of 99, 3 from the 5-hour limit, 8 from credits (10.00)."},
		{given(fiveHours, used(495, 86_400)), ask(2), "Allowed: 2 from the 7-day limit."},
		{given(free(5, Day)), ask(2), "Allowed: 2 from the daily free quota."},
		{given(free(5, Week)), ask(2), "Allowed: 2 from the weekly free quota."},
		{given(free(5, Month)), ask(2), "Allowed: 2 from the monthly free quota."},
		{given(promotions, units("p", Promotion, 5)), ask(2), "Allowed: 2 from promotions."},
		{given(entitlements, units("e", Entitlement, 5)), ask(2), "Allowed: 2 from the entitlement."},
		{given(promotions, price(1, 3), units("p", Promotion, 1), money("q", Promotion, 9)), ask(2), "Allowed: 2 from promotions (0.000001)."},
		{given(credits, price(1_234_560, 1), money("c", Credit, 9_000_000)), ask(1), "Allowed: 1 from credits (1.23456)."},
		{given(rate(per(3, 90*time.Second))), ask(1), "Allowed: 1 from the 90-second limit."},
		{given(rate(per(3, 90*time.Minute))), ask(1), "Allowed: 1 from the 90-minute limit."},

		{given(fiveHours, suspended), ask(1), "Denied: the account is suspended."},
		{given(fiveHours, notInPlan), ask(1), "Denied: the plan does not include this feature."},
		{given(fiveHours, ceiling(per(3, hour)), granted(1, 600)), ask(3), "Denied: 3 would go over a fixed ceiling of the plan, which nothing can pay for. Possible again at 2026-03-10 12:50:00 UTC."},
		{given(credits, price(10, 1), money("c", Credit, 90), spendCap(20, Day), spent(20, 60)), ask(1), "Denied: the account's own spend cap is reached. Possible again at 2026-03-11 00:00:00 UTC."},
		{given(indivisible, rate(per(2, hour)), free(2, Day)), ask(4), "Denied: no single source covers all 4, and this feature may not be split."},
		{given(fiveHours, used(50, 60)), ask(1), "Denied: the 5-hour limit is used up. Possible again at 2026-03-10 16:59:00 UTC."},
		{given(fiveHours, used(50, 60), free(3, Day), used(3, 60)), ask(1), "Denied: the 5-hour limit and the daily free quota are used up. Possible again at 2026-03-10 16:59:00 UTC."},
		{given(rate(per(1, hour)), used(1, 0), free(3, Day), used(3, 60), entitlements, units("e", Entitlement, 1, left(0))), ask(1), "Denied: the 1-hour limit, the daily free quota and the entitlement are used up. Possible again at 2026-03-10 13:00:00 UTC."},
		{given(promotions, units("p", Promotion, 5, left(0))), ask(1), "Denied: promotions are used up."},
		{given(fiveHours, used(48, 60), free(3, Day)), ask(9), "Denied: 9 asked, but only 2 in the 5-hour limit and 3 in the daily free quota left. Possible again at 2026-03-10 16:59:00 UTC."},
		{given(promotions), ask(1), "Denied: nothing is left."},
		{given(credits, price(10, 1)), ask(1), "Denied: there are not enough credits."},
		{given(credits, price(10, 1), money("c", Credit, 9)), ask(1), "Denied: there are not enough credits."},
		{given(promotions, units("p", Promotion, 5, left(0)), credits, price(10, 1), money("c", Credit, 9, left(0))), ask(1), "Denied: promotions are used up, and there are not enough credits."},
		{given(rate(per(2, hour)), credits, price(10, 1)), ask(3), "Denied: 3 asked, but only 2 in the 1-hour limit left, and there are not enough credits."},
		{paid(), ask(99), "Denied: 99 asked, but only 3 in the 5-hour limit and 8 in credits left."},
	} {
		if got := Explain(telling(c.world, 0, c.req)); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

func TestTheSentenceGoesOnWithWhatBecameOfADecision(t *testing.T) {
	w := given(rate(per(3, 5*hour)), credits, price(1_250_000, 1), money("c", Credit, 10_000_000))
	const held = "Allowed: 3 from the 5-hour limit, 2 from credits (2.50)"
	for _, c := range []struct {
		after Aftermath
		want  string
	}{
		{Aftermath{}, held + "."},
		{Aftermath{Released: true}, held + "; released."},
		{Aftermath{Expired: true}, held + "; the hold expired."},
		{Aftermath{Settled: true}, held + "; nothing was used."},
		{Aftermath{Settled: true, Used: 3}, held + "; 3 used."},
		{Aftermath{Settled: true, Used: 9, Unfunded: 2, Charged: 5_000_000}, held + "; 9 used (5.00), 2 of it unfunded."},
		{Aftermath{Refunded: 1}, held + "; 1 refunded."},
		{Aftermath{Settled: true, Used: 4, Charged: 1_250_000, Refunded: 1, RefundedCredits: 1_250_000}, held + "; 4 used (1.25); 1 refunded (1.25)."},
	} {
		told := telling(w, 0, ask(5))
		told.After = c.after
		if got := Explain(told); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
	if got := Explain(Telling{Allowed: true, Granted: 5, Requested: 5}); got != "Allowed: 5." {
		t.Errorf("without the plan: %s", got)
	}
}

// A sentence tells of every bucket that gave, and is a sentence.
func TestEveryDecisionHasASentence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, req := anyWorld(t, AtSecond(noon)), anyRequest(t)
		told := telling(w, 0, req)
		text := Explain(told)
		gave := 0
		for _, s := range told.Steps {
			if s.Taken > 0 {
				gave++
			}
		}
		start := map[bool]string{true: "Allowed", false: "Denied: "}[told.Allowed]
		if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, ".") || strings.Count(text, " from ") != gave {
			t.Fatalf("%q of %+v", text, told.Steps)
		}
		if retry := strings.Contains(text, " UTC."); retry != (told.RetryAt != 0) {
			t.Fatalf("%q, possible again at %d", text, told.RetryAt)
		}
	})
}
