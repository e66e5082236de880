package edge_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"spillway/graph/caller"
)

// breached asks as a user whom every check of the API takes for an admin: when
// the request has been let in as that of a user, the caller becomes one.
func (w *world) breached(t *testing.T, account, query string, variables vars) string {
	t.Helper()
	c := &caller.Caller{User: "ann", Account: account, Roles: []caller.Role{caller.User}}
	ctx := caller.With(t.Context(), c)
	op, errs := w.api.CreateOperationContext(ctx, &graphql.RawParams{Query: query, Variables: variables})
	if errs != nil {
		t.Fatal(errs)
	}
	next, ctx := w.api.DispatchOperation(ctx, op)
	c.Roles = []caller.Role{caller.Admin}
	response := next(ctx)
	return fmt.Sprint(string(response.Data), response.Errors)
}

// Where the checks of the API fail, the database still has nothing of other
// accounts for a user.
func TestBehindTheChecksStandsTheDatabase(t *testing.T) {
	w := newWorld(t, setup{})
	acme, umbrella := w.id("acme"), w.id("umbrella")
	decisions := map[string]string{}
	for _, account := range []string{acme, umbrella} {
		w.credits(account, "10")
		data := w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": "bob", "feature": "chat", "quantity": 7, "idempotencyKey": w.key()}})
		decisions[account] = at[string](t, data, "authorize", "id")
	}
	for name, c := range map[string]struct {
		query string
		own   string // what stands in the answer about the own account
		other string // and in that about another
	}{
		"the account": {`query($a: ID!, $d: ID!) { account(id: $a) { id balance { available } grants { edges { node { remaining } } }
			decisions { edges { node { granted } } } balanceUpdates { edges { node { amount } } } buckets(userId: "bob") { key used } } decision(accountId: $a, id: $d) { granted } }`,
			`"granted":7`, `{"account":null,"decision":null}`},
		"its past": {`query($a: ID!) { account(id: $a) { balanceAt(at: "` + time.Now().UTC().Add(-time.Hour).Format(time.RFC3339) + `") { available } usage(from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { quantity } } }`,
			`{"account":{`, `{"account":null}`},
		"its forecast": {`query($a: ID!) { account(id: $a) { forecast(days: 1) { points { available } } } }`,
			`"available":"9"`, `{"account":null}`},
		"a preview": {`query($a: ID!) { preview(input: {accountId: $a, userId: "bob", feature: "chat", quantity: 1}) { status } }`,
			`"status":"ALLOWED"`, `the account was not found`},
		"the balance, live": {`subscription($a: ID!) { balance(accountId: $a) { available } }`,
			`"available":"9"`, `the account was not found`},
		"the decisions, live": {`subscription($a: ID!) { decisions(accountId: $a, after: "") { node { granted } } }`,
			`"granted":7`, `the account was not found`},
	} {
		t.Run(name, func(t *testing.T) {
			for account, want := range map[string]string{acme: c.own, umbrella: c.other} {
				variables := vars{"a": account}
				if strings.Contains(c.query, "$d") {
					variables["d"] = decisions[account]
				}
				if got := w.breached(t, acme, c.query, variables); !strings.Contains(got, want) {
					t.Errorf("%s of %s: %s, expected %s", name, account, got, want)
				}
			}
		})
	}
	if list := w.breached(t, acme, `{ accounts { edges { node { id } } } }`, nil); !strings.Contains(list, acme) || strings.Contains(list, umbrella) {
		t.Errorf("the list of accounts: %s", list)
	}
	for _, closed := range []string{"auditLog { edges { cursor } }", "reconciliations { edges { cursor } }", "anomalies { edges { cursor } }"} {
		if got := w.breached(t, acme, "{ "+closed+" }", nil); !strings.Contains(got, "an internal error") {
			t.Errorf("%s: %s", closed, got)
		}
	}
}
