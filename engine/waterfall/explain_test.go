package waterfall

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// telling is a decision as it would be recorded.
func telling(w *world, after Instant, req Request) *Telling {
	in, out := w.at(after, req)
	return toldOf(in, out, req, AtSecond(noon)+after)
}

func toldOf(in *Input, out *Outcome, req Request, now Instant) *Telling {
	t := &Telling{Standing: ToldAllowed, Plan: "Plus", Rules: in.Rules, Price: in.Price, Reason: out.Reason, Requested: req.Quantity,
		AllowPartial: req.AllowPartial, Granted: out.Granted, CeilingRoom: out.CeilingRoom, CapRoom: out.CapRoom, Refusal: out.Refusal, At: now}
	for _, s := range out.Steps {
		t.Steps = append(t.Steps, ToldStep{Rules: in.Rules, Bucket: s.Bucket, Kind: in.Rules.Buckets[s.Bucket].Kind, Available: s.Available,
			Taken: s.Taken, Reason: s.Reason, Window: s.Window})
	}
	for _, p := range out.Parts {
		t.Steps[p.Step].Credits += p.Credits
	}
	if !out.Allowed {
		t.Standing = ToldDenied
		t.RetryAt = RetryAt(in, req, now)
	}
	return t
}

func TestExplain(t *testing.T) {
	const day = 24 * hour
	fiveHours := rate(per(50, 5*hour), per(500, 7*day))
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

		{given(free(2_000, Day), credits, price(1_250_000, 1), money("c", Credit, 9_000_000_000)), ask(3_234), "Allowed: 2,000 from the daily free quota, 1,234 from credits (1,542.50)."},
		{given(ceiling(per(4, hour)), fiveHours), askPart(9), "Allowed in part: 4 of 9, 4 from the 5-hour limit; the account's ceiling leaves no more."},
		{given(rate(per(9, hour)), pooled(per(9, hour))), ask(12), "Allowed: 9 from your own 1-hour limit, 3 from the account's 1-hour limit."},
		{given(rate(per(2, 5*hour), per(2, 7*day))), ask(2), "Allowed: 2 from the 7-day limit."},

		{given(fiveHours, suspended), ask(1), "Denied: the account is suspended."},
		{given(fiveHours, notInPlan), ask(1), "Denied: the plan Plus does not include this feature."},

		// Of several windows that refuse, the one whose refill comes last.
		{given(rate(per(2, 5*hour), per(2, 7*day)), used(2, 60)), ask(1), "Denied: not enough for 1: the 7-day limit of 2 is used up. Possible again on Mar 17, 11:59 UTC."},
		{given(rate(per(3, 5*hour), per(9, 7*day)), used(3, 2*86_400), used(3, 86_400), used(3, 60)), ask(1), "Denied: not enough for 1: the 7-day limit of 9 is used up. Possible again on Mar 15, 12:00 UTC."},
		{given(rate(per(5, 5*hour), per(6, 7*day)), used(4, 60)), ask(3), "Denied: not enough for 3 (1 fits): 2 of 6 left in the 7-day limit (1 right now). Possible again on Mar 17, 11:59 UTC."},
		{given(rate(per(4, 5*hour), per(6, 7*day)), used(4, 60)), ask(3), "Denied: not enough for 3: 2 of 6 left in the 7-day limit (none right now). Possible again on Mar 17, 11:59 UTC."},
		{given(rate(per(6, 5*hour), per(7, 7*day)), used(1, 7*86_400-7200), used(3, 3600)), ask(4), "Denied: not enough for 4 (3 fit): 3 of 6 left in the 5-hour limit. Possible again at 16:00 UTC."},
		{given(rate(per(4, 5*hour), per(9, 7*day)), used(3, 60), used(5, 86_400)), ask(5), "Denied: not enough for 5 (1 fits): 1 of 4 left in the 5-hour limit."},
		{given(rate(per(3, 5*hour), per(4, 7*day)), used(3, 60), free(3, Day), used(1, 60)), ask(4), "Denied: not enough for 4 (2 fit): 1 of 4 left in the 7-day limit (none right now), 2 of 3 left in the daily free quota. Possible again on Mar 11, 00:00 UTC."},
		{given(fiveHours, used(50, 61)), askPart(1), "Denied: not enough for 1: the 5-hour limit of 50 is used up. Possible again at 16:58:59 UTC."},

		{given(fiveHours, used(50, 60), free(3, Day), used(3, 60)), ask(1), "Denied: not enough for 1: the 5-hour limit of 50 and the daily free quota of 3 are used up. Possible again at 16:59 UTC."},
		{given(rate(per(1, hour)), used(1, 0), free(3, Day), used(3, 60), entitlements, units("e", Entitlement, 1, left(0))), ask(1), "Denied: not enough for 1: the 1-hour limit of 1, the daily free quota of 3 and the entitlement are used up. Possible again at 13:00 UTC."},
		{given(rate(per(1, hour)), used(1, 0), pooled(per(2, hour)), used(2, 0)), ask(1), "Denied: not enough for 1: your own 1-hour limit of 1 and the account's 1-hour limit of 2 are used up. Possible again at 13:00 UTC."},
		{given(rate(per(1, hour)), used(1, 0), rate(per(2, hour)), used(2, 0)), ask(1), "Denied: not enough for 1: the 1-hour limit (b0) of 1 and the 1-hour limit (b1) of 2 are used up. Possible again at 13:00 UTC."},
		{given(promotions, units("p", Promotion, 5, left(0))), ask(1), "Denied: not enough for 1: promotions are used up."},
		{given(fiveHours, used(48, 60), free(3, Day)), ask(9), "Denied: not enough for 9 (5 fit): 2 of 50 left in the 5-hour limit, 3 of 3 left in the daily free quota. Possible again at 16:59 UTC."},
		{given(promotions), ask(1), "Denied: not enough for 1: no source has anything left."},

		{given(credits, price(10, 1)), ask(1), "Denied: not enough for 1: no credits are left."},
		{given(credits, price(1_250_000, 1), money("c", Credit, 200_000)), ask(1), "Denied: not enough for 1: 0.20 credits left, less than one costs (1.25)."},
		{given(rate(per(16, 5*hour)), promotions, units("p", Promotion, 4), credits, price(50_000, 1), money("c", Credit, 65_200_000)), ask(2_000),
			"Denied: not enough for 2,000 (1,324 fit): 16 of 16 left in the 5-hour limit, 4 from promotions, 1,304 from credits (65.20 at 0.05 each)."},
		{given(promotions, units("p", Promotion, 5, left(0)), credits, price(5_000_000, 1_000), money("c", Credit, 1_000_000)), ask(300), "Denied: not enough for 300 (200 fit): 200 from credits (1.00 at 5.00 per 1,000); promotions are used up."},
		{given(rate(per(2, hour)), credits, price(10, 1)), ask(3), "Denied: not enough for 3 (2 fit): 2 of 2 left in the 1-hour limit; no credits are left."},
		{given(promotions, price(100_000, 1), money("p", Promotion, 1_000_000), units("u", Promotion, 2)), ask(13), "Denied: not enough for 13 (12 fit): 12 from promotions (1.00 credits at 0.10 each)."},

		// Credits that are there and cannot pay.
		{given(credits, money("c", Credit, 100_000_000)), ask(1), "Denied: not enough for 1: this feature has no price, so that 100.00 credits cannot pay for it."},
		{given(credits), ask(1), "Denied: not enough for 1: this feature has no price, so that credits cannot pay for it."},
		{given(credits, price(10, 1), money("c", Credit, 100_000_000, only("e"))), ask(1), "Denied: not enough for 1: 100.00 credits are for other features only."},
		{given(credits, price(1_000_000, 1), money("c", Credit, 100_000_000, only("e")), money("d", Credit, 5_000_000)), ask(6), "Denied: not enough for 6 (5 fit): 5 from credits (5.00 at 1.00 each); 100.00 credits are for other features only."},
		{given(promotions, entitlements, units("p", Promotion, 9, only("e")), units("e", Entitlement, 9, only("e"))), ask(1), "Denied: not enough for 1: what promotions give is for other features only; what the entitlement gives is for other features only."},
		{given(promotions, money("p", Promotion, 2_000_000), entitlements, money("e", Entitlement, 3_000_000, only("e"))), ask(1), "Denied: not enough for 1: this feature has no price, so that 2.00 promotional credits cannot pay for it; 3.00 credits of the entitlement are for other features only."},
		{given(credits, price(10, 1), money("c", Credit, 100_000_000, since(12*3600*oneSecond))), ask(1), "Denied: not enough for 1: 100.00 credits can be used only from Mar 11, 00:00 UTC."},
		{given(promotions, units("p", Promotion, 5, since(60*oneSecond)), units("q", Promotion, 1, since(90*oneSecond))), ask(1), "Denied: not enough for 1: 6 from promotions can be used only from 12:01 UTC."},
		{given(credits, price(10, 1), money("c", Credit, 100_000_000, until(0)), money("d", Credit, 0)), ask(1), "Denied: not enough for 1: no credits are left."},

		// Ceilings are the account's.
		{given(ceiling(per(5, 7*day)), granted(5, 600), fiveHours), ask(1), "Denied: not enough for 1: the account's ceiling of 5 per 7 days leaves 0, and nothing can pay for more. Possible again on Mar 17, 11:50 UTC."},
		{given(ceiling(per(3, hour)), granted(1, 600), fiveHours), ask(3), "Denied: not enough for 3 (2 fit): the account's ceiling of 3 per hour leaves 2, and nothing can pay for more. Possible again at 12:50 UTC."},
		{given(ceiling(per(5, hour)), fiveHours), ask(6), "Denied: not enough for 6 (5 fit): the account's ceiling of 5 per hour leaves 5, and nothing can pay for more. It never has room for 6."},
		{given(ceiling(per(5, hour)), granted(2, 600), fiveHours), ask(6), "Denied: not enough for 6 (3 fit): the account's ceiling of 5 per hour leaves 3, and nothing can pay for more. It never has room for 6; more comes back at 12:50 UTC."},
		{given(ceiling(per(3, hour), per(9, day)), granted(3, 600), granted(4, 7200), fiveHours), ask(3), "Denied: not enough for 3: the account's ceiling of 9 per day leaves 2, and nothing can pay for more. Possible again on Mar 11, 10:00 UTC."},
		{given(ceiling(per(3, hour)), granted(1, 600), promotions, units("p", Promotion, 9, until(60*oneSecond))), ask(3), "Denied: not enough for 3 (2 fit): the account's ceiling of 3 per hour leaves 2, and nothing can pay for more. It has room for 3 again at 12:50 UTC."},
		{given(ceiling(per(3, 90*time.Second)), granted(3, 60), fiveHours), askPart(9), "Denied: not enough for 9: the account's ceiling of 3 per 90 seconds leaves 0, and nothing can pay for more. Possible again at 12:00:30 UTC."},

		{given(credits, price(1_000_000, 1), money("c", Credit, 90_000_000), spendCap(5_000_000, Month)), ask(6), "Denied: not enough for 6 (5 fit): the account's spend cap of 5.00 a month leaves 5.00 (0.00 spent) until it resets on Apr 1, 00:00 UTC."},
		{given(free(2, Day), credits, price(10, 1), money("c", Credit, 90), spendCap(20, Day), spent(20, 60)), ask(3), "Denied: not enough for 3 (2 fit): the account's spend cap of 0.00002 a day leaves 0.00 (0.00002 spent) until it resets on Mar 11, 00:00 UTC. Possible again on Mar 11, 00:00 UTC."},
		{given(credits, price(1_000_000, 1), money("c", Credit, 9_000_000), spendCap(5_000_000, Week), spent(1_000_000, 60)), ask(10), "Denied: not enough for 10 (4 fit): 4 from credits (4.00 within the spend cap, of 9.00 at 1.00 each)."},
		{given(credits, price(1_000_000, 1), money("c", Credit, 9_000_000), spendCap(5_000_000, Week), spent(4_500_000, 60)), ask(10), "Denied: not enough for 10: the spend cap leaves 0.50 of 9.00 credits, less than one costs (1.00)."},

		{given(indivisible, rate(per(2, hour)), free(3, Day)), ask(4), "Denied: no single source covers all 4, and this feature is never split: the most is 3 from the daily free quota."},
		{given(indivisible, rate(per(2, hour)), credits, price(1_000_000, 1), money("c", Credit, 1_500_000)), ask(3), "Denied: no single source covers all 3, and this feature is never split: the most is 2 from the 1-hour limit."},
		{given(indivisible, rate(per(2, hour), per(3, day)), used(2, 60), free(1, Day)), ask(2), "Denied: not enough for 2 (1 fits): 1 of 3 left in the 1-day limit (none right now), 1 of 1 left in the daily free quota. Possible again on Mar 11, 11:59 UTC."},
	} {
		if got := Explain(telling(c.world, 0, c.req)); got != c.want {
			t.Errorf("\n got %s\nwant %s", got, c.want)
		}
	}
}

// what was decided may not be what stands.
func TestTheSentenceOfAHold(t *testing.T) {
	w := given(rate(per(3, 5*hour)), credits, price(1_250_000, 1), money("c", Credit, 10_000_000))
	step := func(bucket int, taken, credits int64) ToldStep {
		return ToldStep{Rules: &w.rules, Bucket: bucket, Kind: w.rules.Buckets[bucket].Kind, Taken: taken, Credits: credits}
	}
	window := func(n int64) ToldStep { return step(0, n, 0) }
	money := func(n, micros int64) ToldStep { return step(1, n, micros) }
	list := func(s ...ToldStep) []ToldStep { return s }
	gone := window(3)
	gone.Gone = true
	const allowed, all = "Allowed: 3 from the 5-hour limit, 2 from credits (2.50)", "5 went back: 3 to the 5-hour limit, 2 to credits (2.50)"
	held := list(window(3), money(2, 2_500_000))
	for _, c := range []struct {
		standing Standing
		after    *Aftermath
		want     string
	}{
		{ToldAllowed, nil, allowed},
		{ToldReserved, nil, "Reserved until 16:02 UTC: 3 from the 5-hour limit, 2 from credits (2.50)"},
		{ToldReleased, &Aftermath{Back: held}, "Released: " + all + "; nothing was charged"},
		{ToldExpired, nil, "Expired at 16:02 UTC: " + all + "; nothing was charged"},
		{ToldExpired, &Aftermath{Back: list(gone, money(2, 2_500_000)), Lost: Lost{Voided: Amount{Credits: 2_500_000}, Whole: true}},
			"Expired at 16:02 UTC: 5 went back: 3 to the 5-hour limit (counted no longer), 2 to credits (2.50); nothing of it can be spent again, because the grant has ended (voided); nothing was charged"},
		{ToldSettled, &Aftermath{Reserved: 5, Kept: list(window(0), money(0, 0)), Back: held}, "Settled: 0 of 5 used; " + all},
		{ToldSettled, &Aftermath{Reserved: 5, Used: 2, Kept: list(window(2), money(0, 0)), Back: list(window(1), money(2, 2_500_000))},
			"Settled: 2 of 5 used, 2 from the 5-hour limit; 3 went back: 1 to the 5-hour limit, 2 to credits (2.50)"},
		{ToldSettled, &Aftermath{Reserved: 5, Used: 5, Kept: held}, "Settled: 5 of 5 used, 3 from the 5-hour limit, 2 from credits (2.50)"},
		{ToldSettled, &Aftermath{Reserved: 5, Used: 4, Kept: list(window(3), money(1, 1_250_000)), Back: list(money(1, 1_250_000)), Lost: Lost{Expired: Amount{Credits: 1_250_000}, Whole: true}},
			"Settled: 4 of 5 used, 3 from the 5-hour limit, 1 from credits (1.25); 1 went back: 1 to credits (1.25); nothing of it can be spent again, because the grant has ended (expired)"},
		{ToldSettled, &Aftermath{Reserved: 5, Used: 9, Unfunded: 2, Kept: held, Further: list(window(0), money(2, 2_500_000))},
			"Settled: 9 used, 5 as reserved: 3 from the 5-hour limit, 2 from credits (2.50); beyond that 2 from credits (2.50); 2 unfunded"},
		{ToldSettled, &Aftermath{Used: 2, Unfunded: 1, Further: list(window(0), money(1, 1_250_000))}, "Settled: 2 used after the hold had expired, 1 from credits (1.25); 1 unfunded"},
		{ToldAllowed, &Aftermath{Refunds: 1, Refunded: 1, Final: 5, RefundedTo: list(money(1, 1_250_000))}, allowed + "; 1 of 5 refunded: 1 to credits (1.25)"},
		{ToldAllowed, &Aftermath{Refunds: 2, Refunded: 5, Final: 5, RefundedTo: list(money(2, 2_500_000), window(3)), RefundLost: Lost{Expired: Amount{Credits: 2_000_000, Units: 1}, Lapsed: Amount{Units: 1_200}}},
			allowed + "; all 5 refunded in 2 refunds: 2 to credits (2.50), 3 to the 5-hour limit; 2.00 and 1 unit of it cannot be spent again, because the grant has ended (expired); 1,200 units of it cannot be spent again, because the grant was renewed meanwhile"},
		// The window got its units back; only the grant's are lost.
		{ToldAllowed, &Aftermath{Refunds: 1, Refunded: 5, Final: 5, RefundedTo: list(money(2, 2_500_000), window(3)), RefundLost: Lost{Expired: Amount{Credits: 2_500_000}, Whole: true}},
			allowed + "; all 5 refunded: 2 to credits (2.50), 3 to the 5-hour limit; 2.50 of it cannot be spent again, because the grant has ended (expired)"},
		{ToldSettled, &Aftermath{Reserved: 5, Used: 5, Kept: held, Refunds: 1, Refunded: 2, Final: 5, RefundedTo: list(money(2, 2_500_000)), RefundLost: Lost{Voided: Amount{Credits: 2_500_000}, Whole: true}},
			"Settled: 5 of 5 used, 3 from the 5-hour limit, 2 from credits (2.50); 2 of 5 refunded: 2 to credits (2.50); nothing of it can be spent again, because the grant has ended (voided)"},
	} {
		told := telling(w, 0, ask(5))
		told.Standing, told.After, told.HoldUntil = c.standing, c.after, AtSecond(noon+4*3600+120)
		if got := Explain(told); got != c.want+"." {
			t.Errorf("\n got %s\nwant %s.", got, c.want)
		}
	}
	part := telling(w, 0, askPart(99))
	part.Standing, part.HoldUntil = ToldReserved, AtSecond(noon+300*86_400+1)
	if got := Explain(part); got != "Reserved in part until Jan 4, 2027, 12:00:01 UTC: 11 of 99, 3 from the 5-hour limit, 8 from credits (10.00)." {
		t.Error(got)
	}
	if got := Explain(&Telling{Standing: ToldAllowed, Granted: 5, Requested: 5}); got != "Allowed: 5." {
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
		start := map[bool]string{true: "Allowed", false: "Denied: "}[told.Standing == ToldAllowed]
		if !strings.HasPrefix(text, start) || !strings.HasSuffix(text, ".") || gave > 0 && strings.Count(text, " from ") != gave {
			t.Fatalf("%q of %+v", text, told.Steps)
		}
		if retry := strings.Contains(text, " Possible again"); retry != (told.RetryAt != 0) {
			t.Fatalf("%q, possible again at %d", text, told.RetryAt)
		}
	})
}
