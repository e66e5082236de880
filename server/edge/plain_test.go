package edge_test

import (
	"strings"
	"testing"
)

// The fields of a decision that are values write themselves, unless a directive
// or the like hands them to the executor: both must write the same text.
const plainDecision = `__typename id userId feature { key name unit divisible __typename } status reason explanation requested granted charged settledQuantity
	settlementSteps { position kind bucketKey available taken reason resetsAt } refunded refundedCredits unfunded
	nth: steps { position kind bucketKey available taken reason resetsAt __typename } retryAt holdExpiresAt idempotencyKey replayed planKey planVersion createdAt updatedAt`

func TestDecisionsWriteThemselvesAsTheExecutorWouldWriteThem(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "10")
	ask := func(more vars) string {
		t.Helper()
		in := vars{"accountId": acme, "userId": `ann "a" <ü>`, "feature": "chat", "quantity": 7, "idempotencyKey": w.key()}
		for name, value := range more {
			in[name] = value
		}
		return at[string](t, w.must(w.service(), `mutation($in: AuthorizeInput!) { authorize(input: $in) { id } }`, vars{"in": in}), "authorize", "id")
	}
	held, refunded := ask(vars{"holdFor": "PT1H"}), ask(vars{"quantity": 1})
	w.must(w.service(), `mutation($a: ID!, $d: ID!, $k: String!) { settle(input: {accountId: $a, decisionId: $d, quantity: 2, idempotencyKey: $k}) { id } }`,
		vars{"a": acme, "d": held, "k": w.key()})
	w.must(w.admin(), `mutation($a: ID!, $d: ID!, $k: String!) { refund(accountId: $a, decisionId: $d, quantity: 1, idempotencyKey: $k, reason: "test") { id } }`,
		vars{"a": acme, "d": refunded, "k": w.key()})
	for name, id := range map[string]string{"allowed": ask(nil), "denied": ask(vars{"quantity": 1000}), "too large": ask(vars{"feature": "video", "quantity": 1001}),
		"partly": ask(vars{"quantity": 50, "allowPartial": true}), "held": ask(vars{"holdFor": "PT1H", "quantity": 1}), "settled": held, "refunded": refunded} {
		document := `query($a: ID!, $d: ID!) { decision(accountId: $a, id: $d) { ` + plainDecision + ` } }`
		sent := vars{"a": acme, "d": id}
		plain := w.ask(w.admin(), document, sent)
		executed := w.ask(w.admin(), strings.Replace(document, "settledQuantity", "settledQuantity @include(if: true)", 1), sent)
		inside := w.ask(w.admin(), strings.ReplaceAll(document, "bucketKey", "bucketKey @include(if: true)"), sent)
		if !strings.Contains(plain.body, id) || plain.body != executed.body || plain.body != inside.body {
			t.Errorf("%s:\n%s\nand by the executor\n%s\n%s", name, plain.body, executed.body, inside.body)
		}
	}
}

func TestABatchWritesItselfAsTheExecutorWouldWriteIt(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	inputs := []vars{{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 1, "idempotencyKey": "a"},
		{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 0, "idempotencyKey": "b"},
		{"accountId": w.id("nobody"), "userId": "ann", "feature": "chat", "quantity": 1, "idempotencyKey": "c"}}
	document := `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { __typename decision { ` + plainDecision + ` } error { code message retryable field } } }`
	w.must(w.service(), document, vars{"in": inputs}) // both below are replays
	plain := w.ask(w.service(), document, vars{"in": inputs})
	executed := w.ask(w.service(), strings.Replace(document, "error {", "error @include(if: true) {", 1), vars{"in": inputs})
	if strings.Count(plain.body, `"BAD_USER_INPUT"`) != 1 || plain.body != executed.body {
		t.Errorf("%s\nand by the executor\n%s", plain.body, executed.body)
	}
	if empty := w.ask(w.service(), document, vars{"in": []vars{}}); !strings.Contains(empty.body, `"authorizeBatch":[]`) {
		t.Errorf("no requests: %s", empty.body)
	}
}
