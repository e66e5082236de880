package waterfall

import (
	"testing"
	"time"
)

// The values are stored and their names are the public contract: neither may
// move.
func TestNamesAndStoredValues(t *testing.T) {
	for value, name := range []string{"", "RATE_LIMIT", "FREE_TIER", "PROMOTION", "ENTITLEMENT", "CREDIT", "UNKNOWN"} {
		if got := Kind(value).String(); got != name {
			t.Errorf("kind %d is %s, want %s", value, got, name)
		}
	}
	for value, name := range []string{"", "FUNDED", "PARTLY_FUNDED", "EXHAUSTED", "NOT_APPLICABLE", "INDIVISIBLE", "CEILING_REACHED",
		"SPEND_CAP_REACHED", "INSUFFICIENT_CREDITS", "FEATURE_NOT_IN_PLAN", "ACCOUNT_SUSPENDED", "UNKNOWN"} {
		if got := Reason(value).String(); got != name {
			t.Errorf("reason %d is %s, want %s", value, got, name)
		}
	}
	kinds := [...]Kind{RateLimit, FreeTier, Promotion, Entitlement, Credit}
	for i, k := range kinds {
		if int(k) != i+1 || k.Counted() != (i < 2) {
			t.Errorf("kind %s has the value %d, counted %v", k, k, k.Counted())
		}
	}
	if PerUser != 0 || PerAccount != 1 || NoPeriod != 0 || Day != 1 || Week != 2 || Month != 3 {
		t.Error("a scope or a period has another value")
	}
	if Funded != 1 || AccountSuspended != 10 {
		t.Error("a reason has another value")
	}
	if MaxQuantity != 9_007_199_254_740_991 {
		t.Error("the largest quantity is not 2^53−1")
	}
}

// The steps of a decision say when each counter will be full again, with what
// the decision itself took.
func TestStepsSayWhenTheyReset(t *testing.T) {
	const full = 0
	for _, c := range []struct {
		name  string
		world *world
		req   Request
		want  int64 // seconds after noon
	}{
		{"untouched and untaken", given(rate(per(2, hour))), ask(3), full},
		{"used, untaken", given(rate(per(2, hour)), used(1, 600)), ask(3), 3000},
		{"the longer of two windows", given(rate(per(2, hour), per(9, 2*hour)), used(1, 600)), ask(3), 6600},
		{"what only the longer window remembers", given(rate(per(2, hour), per(9, 2*hour)), used(1, 4000)), ask(3), 3200},
		{"taken now", given(rate(per(2, hour), per(9, 2*hour)), used(1, 600)), ask(1), 7200},
		{"a quota untouched", given(free(2, Day)), ask(3), full},
		{"a quota used", given(free(2, Day), used(1, 600)), ask(3), 12 * 3600},
		{"a quota taken now", given(free(2, Day)), ask(2), 12 * 3600},
		{"grants never reset", given(promotions, units("p", Promotion, 2, until(9))), ask(2), full},
	} {
		_, out := c.world.at(0, c.req)
		if got := afterNoon(out.Steps[0].ResetsAt); got != c.want {
			t.Errorf("%s: %d s, want %d s", c.name, got, c.want)
		}
	}
}

// The horizon of a counter is the longest that any of its limits looks back.
func TestHorizon(t *testing.T) {
	for _, c := range []struct {
		world *world
		want  int64
	}{
		{given(), 0},
		{given(promotions, credits), 0},
		{given(rate(per(1, time.Minute), per(1, 2*hour)), rate(per(1, hour))), 7200},
		{given(free(1, Day)), 86_400},
		{given(free(1, Week), rate(per(1, hour))), 7 * 86_400},
		{given(free(1, Month)), 31 * 86_400},
		{given(rate(per(1, hour)), ceiling(per(1, time.Minute), per(1, 3*hour))), 10_800},
	} {
		if got := c.world.rules.Horizon(); got != c.want {
			t.Errorf("%+v: %d s, want %d s", c.world.rules, got, c.want)
		}
	}
}
