package edge_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"spillway/ledger/ledgertest"
)

// TestUsageHoldsAnySum: what more users used than 64 bits count is told, and so is
// the sum of all of it, over every way that usage is asked for.
func TestUsageHoldsAnySum(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.event(t, time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), 1102, acme, "ann")
	const most = 1<<53 - 1
	ledgertest.Exec(t, w.database, `update monetization_events set quantity = $1, credits = 9223372036854775807`, int64(most))
	const total = "9925933578724572082"                                                                         // 1102 × (2^53 - 1)
	for _, fields := range []string{"quantity total credits", "... on UsagePoint { quantity total credits }"} { // as it writes itself, and as the executor does
		p := at[map[string]any](t, w.must(w.admin(), `query($a: ID!) { account(id: $a) { usage(from: "2026-02-01T00:00:00Z", to: "2026-02-02T00:00:00Z") {`+fields+`} } }`,
			vars{"a": acme}), "account", "usage", 0)
		if p["total"] != total || p["quantity"] != float64(most) || p["credits"] != "10164155984613962.939314" {
			t.Errorf("%v, expected a total of %s", p, total)
		}
	}
}

// TestANameThatThereIsNot: whatever names a feature or an account of which there
// is none is told so, with the field that names it.
func TestANameThatThereIsNot(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	account := func(inner string) string { return `{ account(id: "` + acme + `") { ` + inner + ` } }` }
	const day = `from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"`
	for name, c := range map[string]struct{ query, field string }{
		"usage":                      {account(`usage(feature: "nothing", ` + day + `) { total }`), "feature"},
		"buckets":                    {account(`buckets(feature: "nothing") { key }`), "feature"},
		"decisions":                  {account(`decisions(filter: {feature: "nothing"}) { edges { cursor } }`), "filter.feature"},
		"preview":                    {`{ preview(input: {accountId: "` + acme + `", userId: "ann", feature: "nothing"}) { status } }`, "input.feature"},
		"simulation":                 {`{ simulatePlan(accountId: "` + acme + `", ` + day + `, plan: {key: "p", name: "P", features: [{feature: "nothing", waterfall: []}]}) { decisions } }`, "plan.features.0.feature"},
		"simulation of nobody":       {`{ simulatePlan(accountId: "nobody", ` + day + `, plan: {key: "p", name: "P", features: []}) { decisions } }`, "accountId"},
		"audit log":                  {`{ auditLog(accountId: "nobody") { edges { cursor } } }`, "accountId"},
		"audit log of no id":         {`{ auditLog(accountId: "") { edges { cursor } } }`, "accountId"},
		"audit log of no text":       {`{ auditLog(accountId: "a\u0000") { edges { cursor } } }`, "accountId"},
		"reconciliations":            {`{ reconciliations(accountId: "nobody") { edges { cursor } } }`, "accountId"},
		"reconciliations of no text": {`{ reconciliations(accountId: "a b") { edges { cursor } } }`, "accountId"},
		"a feed":                     {`subscription { decisions(accountId: "` + acme + `", filter: {feature: "nothing"}) { cursor } }`, "filter.feature"},
		"a feed of all":              {`subscription { allDecisions(filter: {feature: "nothing"}) { cursor } }`, "filter.feature"},
		"buckets that are followed":  {`subscription { buckets(accountId: "` + acme + `", userId: "ann", feature: "nothing") { key } }`, "feature"},
	} {
		if strings.HasPrefix(c.query, "subscription") {
			for way, answer := range w.everyWay(w.admin(), c.query, acme) {
				if !strings.Contains(answer, `"NOT_FOUND"`) || !strings.Contains(answer, `"field":"`+c.field+`"`) {
					t.Errorf("%s by %s: %s", name, way, answer)
				}
			}
			continue
		}
		if a := w.ask(w.admin(), c.query, nil); a.code() != "NOT_FOUND" || a.field() != c.field {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	// What there is and has nothing is a list without anything.
	quiet := w.id("quiet")
	w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "Quiet", plan: "plus"}) { id } }`, vars{"id": quiet})
	if edges := at[[]any](t, w.must(w.admin(), `query($a: ID!) { reconciliations(accountId: $a) { edges { cursor } } }`, vars{"a": quiet}), "reconciliations", "edges"); len(edges) != 0 {
		t.Errorf("%d reconciliations", len(edges))
	}
}

// TestTheEpochIsAMoment: the first moment of 1970, and those before, are times like
// any other wherever a time is given.
func TestTheEpochIsAMoment(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "5")
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key()}})
	for _, moment := range []string{"1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z"} {
		data := w.must(w.admin(), `query($a: ID!, $m: DateTime!) { account(id: $a) {
			to: decisions(filter: {to: $m}) { edges { cursor } pageInfo { hasNextPage } }
			from: decisions(filter: {from: $m}) { edges { cursor } }
			balanceAt(at: $m) { available held sequence asOf }
			before: usage(from: "1969-12-31T00:00:00Z", to: "1970-01-02T00:00:00Z") { total } } }`, vars{"a": acme, "m": moment})
		if n := len(at[[]any](t, data, "account", "to", "edges")); n != 0 || at[bool](t, data, "account", "to", "pageInfo", "hasNextPage") {
			t.Errorf("to %s: %d decisions", moment, n)
		}
		if n := len(at[[]any](t, data, "account", "from", "edges")); n != 1 {
			t.Errorf("from %s: %d decisions", moment, n)
		}
		if b := at[map[string]any](t, data, "account", "balanceAt"); b["available"] != "0" || b["sequence"] != 0.0 {
			t.Errorf("the balance at %s: %v", moment, b)
		}
		a := w.ask(w.admin(), `mutation($a: ID!, $m: DateTime!, $k: String!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", expiresAt: $m, idempotencyKey: $k, reason: "r"}) { id } }`,
			vars{"a": acme, "m": moment, "k": w.key()})
		if a.code() != "BAD_USER_INPUT" || a.field() != "input.expiresAt" {
			t.Errorf("a grant that expires at %s: %s", moment, a.body)
		}
		g := w.must(w.admin(), `mutation($a: ID!, $m: DateTime!, $k: String!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", effectiveAt: $m, idempotencyKey: $k, reason: "r"}) { effectiveAt } }`,
			vars{"a": acme, "m": moment, "k": w.key()})
		if told, _ := time.Parse(time.RFC3339Nano, at[string](t, g, "createGrant", "effectiveAt")); told.Format(time.RFC3339Nano) != moment {
			t.Errorf("a grant from %s: %v", moment, g)
		}
		a = w.ask(w.admin(), `mutation($m: DateTime!) { setPrice(feature: "chat", credits: "7", effectiveFrom: $m, reason: "r") { key } }`, vars{"m": moment})
		if a.code() != "BAD_USER_INPUT" || a.field() != "effectiveFrom" {
			t.Errorf("a price from %s: %s", moment, a.body)
		}
	}
	s := w.must(w.admin(), `query($a: ID!) { simulatePlan(accountId: $a, from: "1970-01-01T00:00:00Z", to: "1970-01-02T00:00:00Z", plan: {key: "p", name: "P", features: []}) { decisions } }`, vars{"a": acme})
	if n := at[float64](t, s, "simulatePlan", "decisions"); n != 0 {
		t.Errorf("%v decisions in 1970", n)
	}
}

// TestTextThatReadsAsAnother: characters that turn the direction of text are
// refused wherever a person reads it, and what names something must be composed.
func TestTextThatReadsAsAnother(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	for _, c := range []string{"\u202a", "\u202e", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c"} {
		text := "a" + c + "b"
		for _, m := range []struct{ token, query, field string }{
			{w.service(), `mutation($a: ID!, $t: String!) { authorize(input: {accountId: $a, userId: "u", feature: "chat", idempotencyKey: $t}) { id } }`, "input.idempotencyKey"},
			{w.admin(), `mutation($a: ID!, $t: String!) { setAccountStatus(accountId: $a, status: ACTIVE, reason: $t) { id } }`, "reason"},
			{w.admin(), `mutation($a: ID!, $t: String!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", note: $t, idempotencyKey: "k", reason: "r"}) { id } }`, "input.note"},
			{w.admin(), `mutation($a: ID!, $t: String!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", reference: $t, idempotencyKey: "k", reason: "r"}) { id } }`, "input.reference"},
			{w.admin(), `mutation($t: String!) { createAccount(input: {id: "turned", name: $t, plan: "plus"}) { id } }`, "input.name"},
			{w.admin(), `mutation($t: String!) { upsertFeature(input: {key: "turned", name: "n", unit: $t, divisible: true}, reason: "r") { key } }`, "input.unit"},
			{w.admin(), `mutation($t: String!) { publishPlan(input: {key: "turned", name: $t, features: []}, reason: "r") { key } }`, "input.name"},
		} {
			if a := w.ask(m.token, m.query, vars{"a": acme, "t": text}); a.code() != "BAD_USER_INPUT" || a.field() != m.field || !strings.Contains(a.body, "direction") {
				t.Errorf("%+q as %s: %s", c, m.field, a.body)
			}
		}
	}
	for field, query := range map[string]string{
		"input.idempotencyKey": `mutation($a: ID!, $t: String!) { authorize(input: {accountId: $a, userId: "u", feature: "chat", idempotencyKey: $t}) { id } }`,
		"input.userId":         `mutation($a: ID!, $t: ID!) { authorize(input: {accountId: $a, userId: $t, feature: "chat", idempotencyKey: "k"}) { id } }`,
		"input.reference":      `mutation($a: ID!, $t: String!) { createGrant(input: {accountId: $a, kind: CREDIT, amount: "1", reference: $t, idempotencyKey: "k", reason: "r"}) { id } }`,
	} {
		token := w.admin()
		if strings.Contains(query, "authorize") {
			token = w.service()
		}
		if a := w.ask(token, query, vars{"a": acme, "t": "e\u0301"}); a.code() != "BAD_USER_INPUT" || a.field() != field || !strings.Contains(a.body, "NFC") {
			t.Errorf("%s: %s", field, a.body)
		}
		if a := w.ask(token, query, vars{"a": acme, "t": "\u00e9"}); a.code() != "" {
			t.Errorf("%s, composed: %s", field, a.body)
		}
	}
	// A user of before is still found.
	w.event(t, time.Now().Add(-time.Hour), 1, acme, "e\u0301")
	if n := len(at[[]any](t, w.must(w.admin(), `query($a: ID!) { account(id: $a) { decisions(filter: {userId: "e\u0301"}) { edges { cursor } } } }`, vars{"a": acme}), "account", "decisions", "edges")); n != 1 {
		t.Errorf("%d decisions of before", n)
	}
	if a := w.ask(token(claims{"sub": "e\u0301", "roles": []string{"admin"}}), `{ viewer { userId } }`, nil); a.code() != "UNAUTHENTICATED" {
		t.Errorf("a token for a user that there may not be: %s", a.body)
	}
}

// TestWhatFitsIsTold: a list that weighs too much names its weight, the bound, and
// a length that fits; with that it is answered, with one more it is not.
func TestWhatFitsIsTold(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	told := regexp.MustCompile(`the answer weighs (\d+) where at most (\d+) is possible: (\w+)\(first: (\d+)\) would fit`)
	const rich = `edges { cursor node { id userId status requested granted charged explanation createdAt account { id } feature { key name unit }
		steps { kind bucketKey available taken position reason resetsAt } settlementSteps { kind bucketKey available taken reason } balanceUpdates { id kind amount } } }`
	if a := w.ask(w.admin(), `query($a: ID!) { account(id: $a) { decisions(first: 200, filter: {kind: CREDIT, userId: "ann"}) { edges { cursor node {
		id userId status reason explanation requested granted charged refunded unfunded createdAt feature { key name } steps { kind taken } } } pageInfo { hasNextPage endCursor } } } }`,
		vars{"a": acme}); a.code() != "" {
		t.Errorf("a full page of a filter: %s", a.body)
	}
	for name, query := range map[string]string{
		"a filter":       `query($a: ID!, $n: Int! = 200) { account(id: $a) { list: decisions(first: $n, filter: {kind: CREDIT}) { ` + rich + ` } } }`,
		"no filter":      `query($a: ID!, $n: Int! = 200) { account(id: $a) { list: decisions(first: $n) { ` + rich + ` } } }`,
		"by a fragment":  `query($a: ID!, $n: Int! = 200) { account(id: $a) { ...F } } fragment F on Account { list: decisions(first: $n) { ` + rich + ` } }`,
		"the outer list": `query($n: Int! = 200) { list: accounts(first: $n, search: "a") { edges { node { grants(first: 15) { edges { node { id kind amount remaining } } } } } } }`,
		"two lists":      `query($a: ID!, $n: Int! = 200) { account(id: $a) { list: decisions(first: $n) { ` + rich + ` } balanceUpdates(first: 5) { edges { cursor } } } }`,
	} {
		a := w.ask(w.admin(), query, vars{"a": acme})
		m := told.FindStringSubmatch(a.body)
		if m == nil {
			t.Errorf("%s: %s", name, a.body)
			continue
		}
		fits, _ := strconv.Atoi(m[4])
		if weight, _ := strconv.Atoi(m[1]); weight <= 20_000 || m[2] != "20000" {
			t.Errorf("%s: %s", name, m[0])
		}
		if a := w.ask(w.admin(), query, vars{"a": acme, "n": fits}); a.code() != "" {
			t.Errorf("%s, %d: %.300s", name, fits, a.body)
		}
		if a := w.ask(w.admin(), query, vars{"a": acme, "n": fits + 1}); a.code() != "QUERY_TOO_COMPLEX" {
			t.Errorf("%s, %d: %.300s", name, fits+1, a.body)
		}
	}
	// Where no length fits, none is named.
	if a := w.ask(w.admin(), `{ `+repeat(2, `s%d: simulatePlan(accountId: "nobody", from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", plan: {key: "p", name: "P", features: []}) { changed(first: 3) { edges { cursor } } } `)+`}`, nil); a.code() != "QUERY_TOO_COMPLEX" || strings.Contains(a.body, "would fit") {
		t.Errorf("no length fits: %s", a.body)
	}
}
