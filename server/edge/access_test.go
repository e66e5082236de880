package edge_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"spillway/graph"
	"spillway/server/edge"
)

// asks is how the matrix asks each root field of an account, which is $a. The
// test fails for a root field that is not here.
var asks = map[string]string{
	"Query.viewer":              `query { viewer { userId account { id name balance { available } } } }`,
	"Query.account":             `query($a: ID!) { account(id: $a) { id name status plan { key } balance { available } buckets { key used } decisions { edges { node { id } } } grants { edges { node { id } } } balanceUpdates { edges { node { id } } } balanceAt(at: "2026-01-01T00:00:00Z") { available } usage(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { quantity } forecast(days: 1) { runsOutAt perDay points { available } } spendCap { limit } } }`,
	"Query.accounts":            `query { accounts { edges { node { name } } } }`,
	"Query.decision":            `query($a: ID!) { decision(accountId: $a, id: "01890a5d-ac96-774b-bcce-b302099a8057") { id } }`,
	"Query.preview":             `query($a: ID!) { preview(input: {accountId: $a, userId: "ann", feature: "chat"}) { status explanation steps { available } } }`,
	"Query.features":            `query { features { key } }`,
	"Query.plans":               `query { plans { key } }`,
	"Query.plan":                `query { plan(key: "plus") { key } }`,
	"Query.auditLog":            `query($a: ID!) { auditLog(accountId: $a) { edges { node { id } } } }`,
	"Query.reconciliations":     `query($a: ID!) { reconciliations(accountId: $a) { edges { node { id } } } }`,
	"Query.simulatePlan":        `query($a: ID!) { simulatePlan(accountId: $a, plan: {key: "p", name: "P", features: []}, from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { decisions } }`,
	"Query.anomalies":           `query { anomalies { edges { node { id } } } }`,
	"Subscription.anomalies":    `subscription { anomalies { kind } }`,
	"Mutation.reconcile":        `mutation($a: ID!) { reconcile(accountId: $a) { mismatches { check } } }`,
	"Subscription.decisions":    `subscription($a: ID!) { decisions(accountId: $a, after: "") { node { userId } } }`,
	"Subscription.balance":      `subscription($a: ID!) { balance(accountId: $a) { available } }`,
	"Subscription.buckets":      `subscription($a: ID!) { buckets(accountId: $a, userId: "ann") { key } }`,
	"Subscription.allDecisions": `subscription { allDecisions(after: "") { node { userId } } }`,
	"Mutation.authorize":        `mutation($a: ID!) { authorize(input: {accountId: $a, userId: "ann", feature: "chat", idempotencyKey: "matrix"}) { status } }`,
	"Mutation.authorizeBatch":   `mutation($a: ID!) { authorizeBatch(inputs: [{accountId: $a, userId: "ann", feature: "chat", idempotencyKey: "matrix"}]) { error { code } } }`,
	"Mutation.settle":           `mutation($a: ID!) { settle(input: {accountId: $a, decisionId: "01890a5d-ac96-774b-bcce-b302099a8057", quantity: 1, idempotencyKey: "m"}) { id } }`,
	"Mutation.release":          `mutation($a: ID!) { release(input: {accountId: $a, decisionId: "01890a5d-ac96-774b-bcce-b302099a8057", idempotencyKey: "m"}) { id } }`,
	"Mutation.refund":           `mutation($a: ID!) { refund(accountId: $a, decisionId: "01890a5d-ac96-774b-bcce-b302099a8057", idempotencyKey: "m", reason: "r") { id } }`,
	"Mutation.createAccount":    `mutation($a: ID!) { createAccount(input: {id: $a, name: "other", plan: "none"}) { id } }`,
	"Mutation.setAccountStatus": `mutation($a: ID!) { setAccountStatus(accountId: $a, status: ACTIVE, reason: "r") { id } }`,
	"Mutation.assignPlan":       `mutation($a: ID!) { assignPlan(accountId: $a, plan: "plus", reason: "r") { id } }`,
	"Mutation.setSpendCap":      `mutation($a: ID!) { setSpendCap(accountId: $a, limit: "5", reason: "r") { id } }`,
	"Mutation.upsertFeature":    `mutation { upsertFeature(input: {key: "chat", name: "Chat", unit: "message"}, reason: "r") { key } }`,
	"Mutation.setPrice":         `mutation { setPrice(feature: "chat", credits: "0.5", reason: "r") { key } }`,
	"Mutation.withdrawPrice":    `mutation { withdrawPrice(feature: "chat", version: 99, reason: "r") { key } }`,
	"Mutation.publishPlan":      `mutation { publishPlan(input: {key: "matrix", name: "M", features: []}, reason: "r") { key } }`,
	"Mutation.createGrant":      `mutation($a: ID!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", idempotencyKey: "m", reason: "r"}) { kind } }`,
	"Mutation.voidGrant":        `mutation($a: ID!) { voidGrant(accountId: $a, grantId: "01890a5d-ac96-774b-bcce-b302099a8057", reason: "r") { id } }`,
}

// userFields and serviceFields are what the contract lets them use; admins may
// use all.
var (
	userFields = []string{"Query.viewer", "Query.account", "Query.decision", "Query.preview", "Query.features", "Query.plans", "Query.plan",
		"Subscription.decisions", "Subscription.balance", "Subscription.buckets"}
	serviceFields = append([]string{"Mutation.authorize", "Mutation.authorizeBatch", "Mutation.settle", "Mutation.release"}, userFields[:7]...)
)

var requestIDs = regexp.MustCompile(`"requestId":"[^"]*"`)

// everyWay sends a request by each transport and returns the answers without
// their request ids.
func (w *world) everyWay(token, query, account string) map[string]string {
	w.t.Helper()
	variables := vars{}
	if strings.Contains(query, "$a") {
		variables["a"] = account
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		w.t.Fatal(err)
	}
	answers := map[string]string{"SSE": w.follow(token, string(body)).next()}
	if !strings.HasPrefix(query, "subscription") {
		answers["POST"] = w.post(token, string(body), nil).body
	}
	if token != "" {
		s := w.connect(token)
		s.hear()
		s.say(`{"id":"1","type":"subscribe","payload":` + string(body) + `}`)
		answers["socket"] = string(s.hear().Payload)
		_ = s.Close()
	}
	for way := range answers {
		// An answer is compared as its errors and its data.
		answers[way] = requestIDs.ReplaceAllString(answers[way], "")
	}
	return answers
}

func TestWhoSeesWhat(t *testing.T) {
	var api *graph.API
	w := newWorld(t, setup{closed: true, config: func(c *edge.Config) { api = c.API }})
	own, other, missing := w.id("acme"), w.id("umbrella"), w.id("nobody")
	w.credits(own, "5")
	w.credits(other, "7")
	for _, account := range []string{own, other} { // something to follow
		w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": "ann", "feature": "chat", "idempotencyKey": "first"}})
	}
	w.noticing()
	schema := api.Schema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			name := root.Name + "." + field.Name
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			query := asks[name]
			if query == "" {
				t.Errorf("%s is not in the matrix", name)
				continue
			}
			for _, c := range []struct {
				role, token string
				allowed     bool
			}{
				{"user", w.user("ann", own), slices.Contains(userFields, name)},
				{"service", w.service(), slices.Contains(serviceFields, name)},
				{"admin", w.admin(), true},
				{"nobody", "", false},
			} {
				row{w, name, query, c.role, c.token, c.allowed, own, other, missing}.check()
			}
		}
	}
}

// row is a root field and who asks it.
type row struct {
	*world
	name, query, role, token string
	allowed                  bool
	own, other, missing      string
}

func (r row) check() {
	r.t.Helper()
	onOwn := r.everyWay(r.token, r.query, r.own)
	for way, answer := range onOwn {
		forbidden := strings.Contains(answer, `"FORBIDDEN"`) || strings.Contains(answer, `"UNAUTHENTICATED"`)
		if forbidden == r.allowed {
			r.t.Errorf("%s by %s over %s: %s", r.name, r.role, way, answer)
		}
		if r.role == "nobody" && !strings.Contains(answer, `"UNAUTHENTICATED"`) {
			r.t.Errorf("%s by nobody over %s: %s", r.name, way, answer)
		}
	}
	if r.role != "user" && r.role != "nobody" {
		return
	}
	onOther, onMissing := r.everyWay(r.token, r.query, r.other), r.everyWay(r.token, r.query, r.missing)
	malformed := r.everyWay(r.token, r.query, "no such account")
	for way, answer := range onOther {
		if answer != onMissing[way] || answer != malformed[way] {
			r.t.Errorf("%s by %s over %s: another account %s, none %s, malformed %s", r.name, r.role, way, answer, onMissing[way], malformed[way])
		}
		if strings.Contains(answer, "umbrella") {
			r.t.Errorf("%s by %s over %s tells of another account: %s", r.name, r.role, way, answer)
		}
	}
}

// Two roles allow what each of them does, and no more: no service may follow an
// account, and a user only their own.
func TestTwoRolesAllowNoMoreThanEach(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	own, other := w.id("acme"), w.id("umbrella")
	for _, account := range []string{own, other} { // something to follow
		w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": "ann", "feature": "chat", "idempotencyKey": "first"}})
	}
	both := token(claims{"sub": "ann", "account": own, "roles": []string{"service", "user"}})
	for _, name := range []string{"Subscription.decisions", "Subscription.balance", "Subscription.buckets"} {
		for way, answer := range w.everyWay(both, asks[name], own) {
			if strings.Contains(answer, `"errors"`) || !strings.Contains(answer, `"data"`) {
				t.Errorf("%s of their own account over %s: %s", name, way, answer)
			}
		}
		for way, answer := range w.everyWay(both, asks[name], other) {
			if !strings.Contains(answer, `"NOT_FOUND"`) {
				t.Errorf("%s of another account over %s: %s", name, way, answer)
			}
		}
	}
	for way, answer := range w.everyWay(both, asks["Query.account"], other) {
		if !strings.Contains(answer, "umbrella") {
			t.Errorf("another account, as a service, over %s: %s", way, answer)
		}
	}
}

// What a user is told of an account that is not theirs is what an admin is
// told of one that does not exist.
func TestAnotherAccountIsLikeNone(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	for name, query := range asks {
		if !slices.Contains(userFields, name) || !strings.Contains(query, "$a") {
			continue
		}
		foreign := w.everyWay(w.user("ann", w.id("acme")), query, w.id("umbrella"))
		none := w.everyWay(w.admin(), query, w.id("nobody"))
		for way := range none {
			if foreign[way] != none[way] {
				t.Errorf("%s over %s: %s and %s", name, way, foreign[way], none[way])
			}
		}
	}
}

// A token that is not accepted, for whatever reason, is like none.
func TestABadTokenIsLikeNone(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	const query = `{"query":"{ viewer { userId } }"}`
	none := requestIDs.ReplaceAllString(w.post("", query, nil).body, "")
	if !strings.Contains(none, `"code":"UNAUTHENTICATED"`) {
		t.Fatal(none)
	}
	good := w.admin()
	for name, authorization := range map[string]string{
		"altered": "Bearer " + good[:len(good)-4] + "AAAA", "no scheme": good, "basic": "Basic " + good, "empty": "Bearer ", "two": "Bearer " + good + " " + good,
		"ended": "Bearer " + token(claims{"sub": "root", "roles": []string{"admin"}, "exp": 1}), "no roles": "Bearer " + token(claims{"sub": "root"}),
		"long": "Bearer " + strings.Repeat("x", 9<<10), "another audience": "Bearer " + token(claims{"sub": "root", "roles": []string{"admin"}, "aud": "other"}),
	} {
		a := w.post("", query, map[string]string{"Authorization": authorization})
		if got := requestIDs.ReplaceAllString(a.body, ""); got != none {
			t.Errorf("%s: %s", name, got)
		}
	}
}
