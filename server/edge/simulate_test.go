package edge_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const simulate = `query($a: ID!, $plan: PlanInput!, $from: DateTime!, $to: DateTime!, $first: Int!, $after: String) {
	simulatePlan(accountId: $a, plan: $plan, from: $from, to: $to) { decisions newlyAllowed newlyDenied creditsBefore creditsAfter
		changed(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
			edges { node { status charged steps { bucketKey taken } decision { id status charged account { name } } } } } } }`

// planOf is a plan that gives chat from these buckets.
func planOf(buckets ...vars) vars {
	return vars{"key": "other", "name": "Other", "features": []vars{{"feature": "chat", "waterfall": buckets}}}
}

func TestAPlanIsSimulated(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "1")
	from := time.Now().Add(-time.Second)
	var made []string
	for range 4 { // 2 and 2 of the window; 1 of it and 1 in credits; 1 credit short of 2 units: denied
		d := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 2, "idempotencyKey": w.key()}})
		made = append(made, at[string](t, d, "authorize", "id"))
	}
	run := func(first int, after any) map[string]any {
		return at[map[string]any](t, w.must(w.admin(), simulate, vars{"a": acme, "from": from, "to": time.Now().Add(time.Second), "first": first, "after": after,
			"plan": planOf(vars{"kind": "RATE_LIMIT", "key": "minute", "windows": []vars{{"limit": 3, "duration": "PT1M"}}}, vars{"kind": "CREDIT", "key": "credits"})}), "simulatePlan")
	}
	s := run(50, nil)
	if got := fmt.Sprint([]any{s["decisions"], s["newlyAllowed"], s["newlyDenied"], s["creditsBefore"], s["creditsAfter"]}); got != "[4 0 1 0.5 0.5]" {
		t.Errorf("%v", s)
	}
	var whole, pages []string
	for _, edge := range at[[]any](t, s, "changed", "edges") {
		whole = append(whole, at[string](t, edge, "node", "decision", "id"))
	}
	if !slices.Equal(whole, []string{made[2], made[1]}) { // the newest first
		t.Errorf("changed: %v of %v", whole, made)
	}
	newest := at[map[string]any](t, s, "changed", "edges", 0, "node")
	if newest["status"] != "DENIED" || newest["charged"] != "0" || at[string](t, newest, "decision", "status") != "ALLOWED" ||
		at[string](t, newest, "decision", "charged") != "0.5" || at[string](t, newest, "decision", "account", "name") != "acme" ||
		at[string](t, newest, "steps", 1, "bucketKey") != "credits" {
		t.Errorf("%v", newest)
	}
	for after, more := any(nil), true; more; {
		page := at[map[string]any](t, run(1, after), "changed")
		pages = append(pages, at[string](t, page, "edges", 0, "node", "decision", "id"))
		after, more = at[any](t, page, "pageInfo", "endCursor"), at[bool](t, page, "pageInfo", "hasNextPage")
	}
	if !slices.Equal(pages, whole) {
		t.Errorf("page by page %v, and at once %v", pages, whole)
	}
}

func TestASimulationNamesWhatIsWrong(t *testing.T) {
	w := newWorld(t, setup{})
	now := time.Now()
	good := planOf(vars{"kind": "CREDIT", "key": "credits"})
	for _, c := range []struct {
		name, account string
		plan          vars
		from          time.Time
		first         int
		code, field   string
	}{
		{"nobody's decisions", w.id("nobody"), good, now.Add(-time.Hour), 1, "NOT_FOUND", "accountId"},
		{"an account that cannot be", "no such account", good, now.Add(-time.Hour), 1, "NOT_FOUND", "accountId"},
		{"a plan without a window", w.id("acme"), planOf(vars{"kind": "RATE_LIMIT", "key": "minute"}), now.Add(-time.Hour), 1, "BAD_USER_INPUT", "plan.features.0.waterfall.0.windows"},
		{"a plan without a name", w.id("acme"), vars{"key": "other", "name": "", "features": []vars{}}, now.Add(-time.Hour), 1, "BAD_USER_INPUT", "plan.name"},
		{"91 days", w.id("acme"), good, now.AddDate(0, 0, -91), 1, "BAD_USER_INPUT", "to"},
		{"no time at all", w.id("acme"), good, now, 1, "BAD_USER_INPUT", "to"},
		{"a page of none", w.id("acme"), good, now.Add(-time.Hour), 0, "BAD_USER_INPUT", "first"},
	} {
		a := w.ask(w.admin(), simulate, vars{"a": c.account, "plan": c.plan, "from": c.from, "to": now, "first": c.first})
		if a.code() != c.code || a.field() != c.field {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
}
