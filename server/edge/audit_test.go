package edge_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// audited is one mutation of an admin with every argument that it has, and every
// field of each input.
type audited struct {
	mutation string
	answers  string // what to select
	input    vars
	// elsewhere says where an entry keeps what it does not keep by the name of
	// the argument: a path in the entry.
	elsewhere map[string]string
}

// unaudited are the mutations of admins that leave no entry, and why.
var unaudited = map[string]string{"reconcile": "it changes nothing, and is kept as a Reconciliation"}

// TestEveryAuditEntryIsWhole goes over all mutations of the schema that only
// admins may use: each must be here with all that can be given to it, and its
// entry must hold all of that. A new argument or input field makes it fail until
// the entry holds it too.
func TestEveryAuditEntryIsWhole(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.must(w.admin(), `mutation { publishPlan(reason: "r", input: {key: "other", name: "Other", features: []}) { key } }`, nil)
	w.credits(acme, "100")
	decision := at[string](t, w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat",
		"quantity": 9, "idempotencyKey": w.key()}}), "authorize", "id")
	later := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	end := time.Now().Add(2000 * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
	grant := vars{"accountId": acme, "kind": "ENTITLEMENT", "features": []any{"chat"}, "denomination": "UNITS", "amount": "70", "priority": 3,
		"effectiveAt": later, "expiresAt": end, "reference": "order 7", "note": "as agreed", "recurrence": "WEEK", "rolloverLimit": "11",
		"idempotencyKey": w.key(), "reason": "why createGrant"}
	plan := vars{"key": "audited", "name": "Audited", "features": []any{vars{"feature": "chat", "waterfall": []any{
		vars{"kind": "RATE_LIMIT", "key": "limit", "scope": "ACCOUNT", "windows": []any{vars{"limit": 5, "duration": "PT5H"}, vars{"limit": 50, "duration": "P7D"}}},
		vars{"kind": "FREE_TIER", "key": "free", "scope": "USER", "quota": 12, "period": "MONTH"},
	}, "ceilings": []any{vars{"limit": 1000, "duration": "P1D"}}}}}
	again := func(in vars, name string, value any) vars {
		other := maps.Clone(in)
		other[name] = value
		return other
	}
	all := []audited{
		{"createAccount", "id", vars{"input": vars{"id": w.id("audited"), "name": "Audited", "plan": "plus", "reason": "why createAccount"}}, nil},
		{"setAccountStatus", "id", vars{"accountId": acme, "status": "SUSPENDED", "reason": "why setAccountStatus"}, nil},
		{"assignPlan", "id", vars{"accountId": acme, "plan": "other", "reason": "why assignPlan"}, nil},
		{"setSpendCap", "id", vars{"accountId": acme, "limit": "12.5", "period": "WEEK", "reason": "why setSpendCap"},
			map[string]string{"limit": "after.spendCap", "period": "after.spendCapPeriod"}},
		{"setSpendCap", "id", vars{"accountId": acme, "limit": "13.5", "period": "DAY", "reason": "why again"},
			map[string]string{"limit": "after.spendCap", "period": "after.spendCapPeriod"}},
		{"createGrant", "id", vars{"input": grant}, nil},
		{"voidGrant", "id", vars{"accountId": acme, "grantId": "", "reason": "why voidGrant"}, map[string]string{"grantId": "after.id"}},
		{"refund", "id", vars{"accountId": acme, "decisionId": decision, "quantity": 3, "idempotencyKey": w.key(), "reason": "why refund"}, nil},
		{"upsertFeature", "key", vars{"input": vars{"key": "image", "name": "Image", "unit": "picture", "divisible": false}, "reason": "why upsertFeature"}, nil},
		{"upsertFeature", "key", vars{"input": vars{"key": "image", "name": "Images", "unit": "picture", "divisible": true}, "reason": "why again"}, nil},
		{"setPrice", "key", vars{"feature": "image", "credits": "2.5", "per": 4, "effectiveFrom": later, "reason": "why setPrice"}, nil},
		{"setPrice", "key", vars{"feature": "chat", "credits": "3.5", "per": 5, "effectiveFrom": later, "reason": "why again"}, nil},
		{"withdrawPrice", "key", vars{"feature": "chat", "version": 2, "reason": "why withdrawPrice"}, nil},
		{"publishPlan", "key", vars{"input": plan, "expectedVersion": 0, "reason": "why publishPlan"}, map[string]string{"expectedVersion": "before.version"}},
		{"publishPlan", "key", vars{"input": again(plan, "name", "Renamed"), "expectedVersion": 1, "reason": "why again"},
			map[string]string{"expectedVersion": "before.version"}},
	}
	tested := map[string]bool{}
	for _, c := range all {
		tested[c.mutation] = true
		field := w.api.Schema().Mutation.Fields.ForName(c.mutation)
		if field == nil {
			t.Fatalf("%s is not in the schema", c.mutation)
		}
		if c.mutation == "voidGrant" {
			c.input["grantId"] = w.newestGrant(acme)
		}
		c.complete(t, w.api.Schema(), field)
		w.must(w.admin(), c.document(field), c.input)
		c.check(t, w.newestEntry())
	}
	for _, field := range w.api.Schema().Mutation.Fields {
		roles := field.Directives.ForName("access").Arguments.ForName("roles").Value.String()
		if !strings.Contains(roles, "SERVICE") && !tested[field.Name] && unaudited[field.Name] == "" {
			t.Errorf("%s: nobody holds its audit entry to its input", field.Name)
		}
	}
}

// document asks for the mutation with all of its arguments as variables.
func (c *audited) document(field *ast.FieldDefinition) string {
	var declared, given []string
	for _, a := range field.Arguments {
		declared = append(declared, "$"+a.Name+": "+a.Type.String())
		given = append(given, a.Name+": $"+a.Name)
	}
	return fmt.Sprintf("mutation(%s) { %s(%s) { %s } }", strings.Join(declared, ", "), c.mutation, strings.Join(given, ", "), c.answers)
}

// complete holds the values to the schema: each argument has one, and each field
// of each input, of a list in one of its items at least.
func (c *audited) complete(t *testing.T, schema *ast.Schema, field *ast.FieldDefinition) {
	t.Helper()
	for _, a := range field.Arguments {
		if c.input[a.Name] == nil {
			t.Errorf("%s: the argument %s has no value here", c.mutation, a.Name)
		}
		for _, path := range missing(schema, a.Type, []any{c.input[a.Name]}) {
			t.Errorf("%s: %s%s has no value here", c.mutation, a.Name, path)
		}
	}
}

// missing are the paths of the input fields of a type that none of the values has.
func missing(schema *ast.Schema, of *ast.Type, values []any) (paths []string) {
	if of.Elem != nil {
		var items []any
		for _, v := range values {
			if list, ok := v.([]any); ok {
				items = append(items, list...)
			}
		}
		return missing(schema, of.Elem, items)
	}
	def := schema.Types[of.NamedType]
	if def.Kind != ast.InputObject {
		return nil
	}
	for _, f := range def.Fields {
		var inner []any
		for _, v := range values {
			if object, ok := v.(vars); ok && object[f.Name] != nil {
				inner = append(inner, object[f.Name])
			}
		}
		if len(inner) == 0 {
			paths = append(paths, "."+f.Name)
			continue
		}
		for _, path := range missing(schema, f.Type, inner) {
			paths = append(paths, "."+f.Name+path)
		}
	}
	return paths
}

// check holds an entry to what was sent.
func (c *audited) check(t *testing.T, entry map[string]any) {
	t.Helper()
	if entry["action"] != c.mutation || entry["actor"] != "root" {
		t.Fatalf("%s: the newest entry is %v", c.mutation, entry)
	}
	after, _ := entry["after"].(map[string]any)
	before, changed := entry["before"].(map[string]any)
	if changed && !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
		t.Errorf("%s: before and after differ in shape: %v and %v", c.mutation, before, after)
	}
	given := maps.Clone(c.input)
	if input, ok := given["input"].(vars); ok {
		delete(given, "input")
		maps.Copy(given, input)
	}
	for name, value := range given {
		var kept any
		switch where, moved := c.elsewhere[name]; {
		case name == "reason":
			kept = entry["reason"]
		case name == "accountId":
			kept = entry["accountId"]
		case where == "before.version" && !changed:
			kept = 0 // there was no version
		case moved:
			of, field, _ := strings.Cut(where, ".")
			kept = entry[of].(map[string]any)[field]
		default:
			kept = after[name]
		}
		if !holds(kept, value) {
			t.Errorf("%s: %s was %v, and the entry holds %v", c.mutation, name, value, kept)
		}
	}
}

// holds reports whether a value of an entry holds all of what was given.
func holds(kept, given any) bool {
	switch given := given.(type) {
	case vars:
		object, ok := kept.(map[string]any)
		for name, value := range given {
			ok = ok && holds(object[name], value)
		}
		return ok
	case []any:
		list, ok := kept.([]any)
		ok = ok && len(list) == len(given)
		for i := range given {
			ok = ok && holds(list[i], given[i])
		}
		return ok
	}
	return fmt.Sprint(kept) == fmt.Sprint(given)
}

func (w *world) newestEntry() map[string]any {
	w.t.Helper()
	data := w.must(w.admin(), `{ auditLog(first: 1) { edges { node { actor action accountId reason before after } } } }`, nil)
	return at[map[string]any](w.t, data, "auditLog", "edges", 0, "node")
}

func (w *world) newestGrant(account string) string {
	w.t.Helper()
	data := w.must(w.admin(), `query($a: ID!) { account(id: $a) { grants(first: 1) { edges { node { id } } } } }`, vars{"a": account})
	return at[string](w.t, data, "account", "grants", "edges", 0, "node", "id")
}

// TestAuditDiffs: an entry says what changed and nothing else.
func TestAuditDiffs(t *testing.T) {
	w := newWorld(t, setup{})
	publish := func(quota int, more vars) {
		t.Helper()
		in := vars{"in": vars{"key": "diff", "name": "Diff", "features": []any{vars{"feature": "chat", "waterfall": []any{
			vars{"kind": "FREE_TIER", "key": "free", "quota": quota, "period": "DAY"}}},
			vars{"feature": "video", "waterfall": []any{vars{"kind": "CREDIT", "key": "credits"}}}}}}
		maps.Copy(in, more)
		w.must(w.admin(), `mutation($in: PlanInput!, $v: Int) { publishPlan(input: $in, expectedVersion: $v, reason: "r") { version } }`, in)
	}
	publish(10, nil)
	publish(20, nil)
	publish(10, vars{"v": 2}) // what version 1 was
	entry := w.newestEntry()
	before, after := entry["before"].(map[string]any), entry["after"].(map[string]any)
	if holds(before["version"], 3) || !holds(before["version"], 2) || !holds(after["version"], 3) {
		t.Errorf("from version %v to %v", before["version"], after["version"])
	}
	delete(before, "version")
	delete(after, "version")
	one, other := before["features"].([]any)[0].(map[string]any)["waterfall"].([]any)[0].(map[string]any), after["features"].([]any)[0].(map[string]any)["waterfall"].([]any)[0].(map[string]any)
	if !holds(one["quota"], 20) || !holds(other["quota"], 10) {
		t.Errorf("the quota went from %v to %v", one["quota"], other["quota"])
	}
	one["quota"] = other["quota"]
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("more differs than the quota:\n%v\n%v", before, after)
	}
	w.must(w.admin(), `mutation { upsertFeature(input: {key: "fence", name: "Fence", unit: "post"}, reason: "behind it nothing may come") { key } }`, nil)
	publish(10, nil)
	publish(10, vars{"v": 2})
	if entry := w.newestEntry(); entry["action"] != "upsertFeature" {
		t.Errorf("publishing what stands left an entry: %v", entry)
	}
}
