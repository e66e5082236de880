package waterfall

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestValidatePlan(t *testing.T) {
	window := Window{Limit: 1, Seconds: 1}
	plan := func(buckets ...Bucket) []Rules { return []Rules{{Feature: "e"}, {Feature: "f", Buckets: buckets}} }
	limit := func(windows ...Window) []Rules { return plan(Bucket{Kind: RateLimit, Key: "r", Windows: windows}) }
	many := func(n int, b Bucket) []Rules {
		var buckets []Bucket
		for i := range n {
			b.Key = strings.Repeat("x", i+1)
			buckets = append(buckets, b)
		}
		return plan(buckets...)
	}
	rateLimit := Bucket{Kind: RateLimit, Key: "r", Windows: []Window{window}}
	quota := Bucket{Kind: FreeTier, Key: "q", Quota: 5, Period: Day}
	credit := Bucket{Kind: Credit, Key: "c"}
	for _, c := range []struct {
		name  string
		plan  []Rules
		field string // "" where the plan is valid
	}{
		{"no features", nil, ""},
		{"a feature without buckets", plan(), ""},
		{"all kinds", plan(rateLimit, quota, Bucket{Kind: Promotion, Key: "p"}, Bucket{Kind: Entitlement, Key: "e"}, credit), ""},
		{"a feature twice", []Rules{{Feature: "f"}, {Feature: "e"}, {Feature: "f"}}, "2.feature"},
		{"the same key in two features", []Rules{{Feature: "e", Buckets: []Bucket{credit}}, {Feature: "f", Buckets: []Bucket{credit}}}, ""},
		{"a key twice", plan(rateLimit, quota, Bucket{Kind: Credit, Key: "r"}), "1.waterfall.2.key"},
		{"an empty key", plan(Bucket{Kind: Credit}), "1.waterfall.0.key"},
		{"a key with a space", plan(rateLimit, Bucket{Kind: Credit, Key: "a b"}), "1.waterfall.1.key"},
		{"two rate limits, two quotas", plan(rateLimit, Bucket{Kind: RateLimit, Key: "s", Windows: []Window{window}}, quota, Bucket{Kind: FreeTier, Key: "t", Quota: 1, Period: Month}), ""},
		{"two promotions", plan(Bucket{Kind: Promotion, Key: "a"}, Bucket{Kind: Promotion, Key: "b"}), "1.waterfall.1.kind"},
		{"two entitlements", plan(Bucket{Kind: Entitlement, Key: "a"}, Bucket{Kind: Entitlement, Key: "b"}), "1.waterfall.1.kind"},
		{"two credits", plan(credit, rateLimit, Bucket{Kind: Credit, Key: "d"}), "1.waterfall.2.kind"},
		{"no kind", plan(Bucket{Key: "a"}), "1.waterfall.0.kind"},
		{"an unknown kind", plan(Bucket{Kind: 6, Key: "a"}), "1.waterfall.0.kind"},

		{"the longest window, the highest limit", limit(Window{MaxQuantity, 366 * 86_400}), ""},
		{"no window", limit(), "1.waterfall.0.windows"},
		{"a window of 0 s", limit(window, Window{1, 0}), "1.waterfall.0.windows.1.duration"},
		{"a window above 366 days", limit(Window{1, 366*86_400 + 1}), "1.waterfall.0.windows.0.duration"},
		{"a window backwards", limit(Window{1, -1}), "1.waterfall.0.windows.0.duration"},
		{"a limit of 0", limit(Window{0, 1}), "1.waterfall.0.windows.0.limit"},
		{"a limit above 2^53−1", limit(Window{MaxQuantity + 1, 1}), "1.waterfall.0.windows.0.limit"},
		{"8 windows", limit(repeated(window, 8)...), ""},
		{"9 windows", limit(repeated(window, 9)...), "1.waterfall.0.windows"},
		{"windows of a quota", plan(Bucket{Kind: FreeTier, Key: "q", Quota: 5, Period: Day, Windows: []Window{window}}), "1.waterfall.0.windows"},
		{"windows of credits", plan(Bucket{Kind: Credit, Key: "c", Windows: []Window{window}}), "1.waterfall.0.windows"},

		{"the highest quota", plan(Bucket{Kind: FreeTier, Key: "q", Quota: MaxQuantity, Period: Week}), ""},
		{"a quota of 0", plan(Bucket{Kind: FreeTier, Key: "q", Period: Day}), "1.waterfall.0.quota"},
		{"a negative quota", plan(Bucket{Kind: FreeTier, Key: "q", Quota: -1, Period: Day}), "1.waterfall.0.quota"},
		{"a quota above 2^53−1", plan(Bucket{Kind: FreeTier, Key: "q", Quota: MaxQuantity + 1, Period: Day}), "1.waterfall.0.quota"},
		{"a quota without a period", plan(Bucket{Kind: FreeTier, Key: "q", Quota: 1}), "1.waterfall.0.period"},
		{"a quota of an unknown period", plan(Bucket{Kind: FreeTier, Key: "q", Quota: 1, Period: 4}), "1.waterfall.0.period"},
		{"a quota of a rate limit", plan(Bucket{Kind: RateLimit, Key: "r", Windows: []Window{window}, Quota: 1}), "1.waterfall.0.quota"},
		{"a period of credits", plan(Bucket{Kind: Credit, Key: "c", Period: Day}), "1.waterfall.0.period"},

		{"a ceiling", []Rules{{Feature: "f", Ceilings: []Window{window}}}, ""},
		{"a ceiling of 0", []Rules{{Feature: "f", Ceilings: []Window{window, {0, 1}}}}, "0.ceilings.1.limit"},
		{"a ceiling of 0 s", []Rules{{Feature: "f", Ceilings: []Window{{1, 0}}}}, "0.ceilings.0.duration"},
		{"9 ceilings", []Rules{{Feature: "f", Ceilings: repeated(window, 9)}}, "0.ceilings"},

		{"16 buckets", many(16, rateLimit), ""},
		{"17 buckets", many(17, rateLimit), "1.waterfall"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := ValidatePlan(c.plan)
			var wrong *FieldError
			switch {
			case c.field == "" && err != nil:
				t.Errorf("a valid plan: %v", err)
			case c.field != "" && (!errors.As(err, &wrong) || wrong.Field != c.field):
				t.Errorf("%v, want a fault of %s", err, c.field)
			case c.field != "" && (wrong.Problem == "" || err.Error() != wrong.Field+": "+wrong.Problem):
				t.Errorf("%q says nothing", err)
			}
		})
	}
}

func repeated(w Window, n int) []Window {
	windows := make([]Window, n)
	for i := range windows {
		windows[i] = w
	}
	return windows
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"a": true, "Z9": true, "codex.cloud_task": true, "a:b@c/d-e": true, strings.Repeat("x", 128): true,
		"": false, strings.Repeat("x", 129): false, "a b": false, "ä": false, "a\x00": false, "a\n": false, "a+b": false,
		"`": false, "{": false, "[": false, "a,b": false, ";": false,
	} {
		if got := ValidID(id); got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
}

// anyPlan is a plan whose every setting is near a bound.
func anyPlan(t *rapid.T) []Rules {
	var plan []Rules
	number := rapid.SampledFrom([]int64{-1, 0, 1, 2, 5, MaxWindowSeconds, MaxWindowSeconds + 1, MaxQuantity, MaxQuantity + 1})
	windows := func() []Window {
		var windows []Window
		for range small(t, "windows", 0, 2) {
			windows = append(windows, Window{number.Draw(t, "limit"), number.Draw(t, "seconds")})
		}
		return windows
	}
	for range small(t, "features", 0, 2) {
		f := Rules{Feature: rapid.SampledFrom([]string{"e", "f", "g"}).Draw(t, "feature"), Divisible: rapid.Bool().Draw(t, "divisible"), Ceilings: windows()}
		for range small(t, "buckets", 0, 3) {
			b := Bucket{Kind: Kind(small(t, "kind", 0, 6)), Key: rapid.SampledFrom([]string{"a", "b", "c", "d", ""}).Draw(t, "key")}
			if b.Kind == RateLimit || small(t, "odd", 0, 9) == 0 {
				b.Windows = windows()
			}
			if b.Kind == FreeTier || small(t, "odd", 0, 9) == 0 {
				b.Quota, b.Period = number.Draw(t, "quota"), Period(small(t, "period", 0, 4))
			}
			f.Buckets = append(f.Buckets, b)
		}
		plan = append(plan, f)
	}
	return plan
}

// sound says in one breath what makes a plan valid.
func sound(plan []Rules) bool {
	windows := func(windows []Window) bool {
		ok := len(windows) <= 8
		for _, w := range windows {
			ok = ok && w.Limit > 0 && w.Limit < 1<<53 && w.Seconds > 0 && w.Seconds <= 366*24*3600
		}
		return ok
	}
	ok, features := true, map[string]int{}
	for _, f := range plan {
		features[f.Feature]++
		ok = ok && features[f.Feature] == 1 && windows(f.Ceilings) && len(f.Buckets) <= 16
		keys, pools := map[string]int{}, map[Kind]int{}
		for _, b := range f.Buckets {
			keys[b.Key]++
			pools[b.Kind]++
			counter := b.Kind == RateLimit && len(b.Windows) > 0 && b.Quota == 0 && b.Period == 0 ||
				b.Kind == FreeTier && b.Windows == nil && b.Quota > 0 && b.Quota < 1<<53 && b.Period > 0 && b.Period < 4
			pool := b.Kind > FreeTier && b.Kind <= Credit && b.Windows == nil && b.Quota == 0 && b.Period == 0 && pools[b.Kind] == 1
			ok = ok && b.Key != "" && keys[b.Key] == 1 && windows(b.Windows) && (counter || pool)
		}
	}
	return ok
}

// validPlansDecide: a plan is valid just when it is sound, and a valid one can
// be decided on, shown and told of.
func validPlansDecide(t *rapid.T) {
	plan := anyPlan(t)
	err := ValidatePlan(plan)
	if (err == nil) != sound(plan) {
		t.Fatalf("%v of %+v", err, plan)
	}
	if err != nil {
		return
	}
	for i := range plan {
		w := given(price(1, 1), units("p", Promotion, 3), money("c", Credit, 9))
		w.rules = plan[i]
		in := w.input()
		out := Decide(in, ask(MaxQuantity), AtSecond(noon))
		Explain(toldOf(in, out, ask(MaxQuantity), AtSecond(noon)))
		viewAll(in, AtSecond(noon))
		RetryAt(in, ask(1), AtSecond(noon))
		if most := MaxQuantityNow(in, AtSecond(noon)); out.Allowed && most != MaxQuantity || most < 0 {
			t.Fatalf("%d at most, %s", most, render(in, out))
		}
	}
}

func TestValidPlansDecide(t *testing.T) { rapid.Check(t, validPlansDecide) }

func FuzzValidatePlan(f *testing.F) {
	f.Add([]byte{8, 7, 6, 5, 4, 3, 2, 1})
	f.Fuzz(rapid.MakeFuzz(validPlansDecide))
}
