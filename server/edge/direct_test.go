package edge_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"spillway/graph/caller"
)

// What product services send all day goes around the executor; whatever is
// unusual or wrong does not, and both ways answer alike, byte for byte.
func TestTheDirectWayAnswersAsTheExecutorDoes(t *testing.T) {
	w := newWorld(t, setup{})
	acme, other := w.id("acme"), w.id("umbrella")
	w.credits(acme, "3")
	document := `mutation Go($in: AuthorizeInput!) { d: authorize(input: $in) { ` + plainDecision + ` } }`
	usual := `"accountId":"` + acme + `","userId":"ann","feature":"chat","idempotencyKey":"KEY"`
	// The document must have been sent before to be known.
	w.must(w.service(), document, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": "first"}})
	ctx := caller.With(t.Context(), &caller.Caller{User: "product", Roles: []caller.Role{caller.Service}})
	for _, c := range []struct {
		name, in string
		direct   bool
	}{
		{"usual", usual, true},
		{"a quantity", usual + `,"quantity":2`, true},
		{"escapes", `"accountId":"` + acme + `","userId":"\u0061\"ü\n","feature":"chat","idempotencyKey":"KEY"`, true},
		{"partial", usual + `,"quantity":500,"allowPartial":true`, true},
		{"held", usual + `,"quantity":1,"holdFor":"PT1M","allowPartial":false`, true},
		{"denied", usual + `,"quantity":100000`, true},
		{"a key that turns the text", `"accountId":"` + acme + `","userId":"ann","feature":"chat","idempotencyKey":"KEY\u202e"`, true},
		{"a user of an accent by itself", `"accountId":"` + acme + `","userId":"e\u0301","feature":"chat","idempotencyKey":"KEY"`, true},
		{"labels", usual + `,"metadata":{"b":1.50,"a":[null,12345678901234567890,"<&>"]}`, true},
		{"no quantity", usual + `,"quantity":0`, true},
		{"a negative quantity", usual + `,"quantity":-1`, true},
		{"no such account", `"accountId":"` + w.id("nobody") + `","userId":"ann","feature":"chat","idempotencyKey":"KEY"`, true},
		{"no key", `"accountId":"` + other + `","userId":"ann","feature":"chat","idempotencyKey":""`, true},
		{"no hold", usual + `,"holdFor":"PT0S"`, true},
		{"the quantity as text", usual + `,"quantity":"1"`, false},
		{"half a unit", usual + `,"quantity":1.5`, false},
		{"too many units", usual + `,"quantity":99999999999999999999`, false},
		{"null", usual + `,"quantity":null`, false},
		{"null for what is optional", usual + `,"holdFor":null`, false},
		{"null labels", usual + `,"metadata":null`, false},
		{"a hold that is none", usual + `,"holdFor":"soon"`, false},
		{"another field", usual + `,"more":1`, false},
		{"a field twice", usual + `,"userId":"bob"`, false},
		{"no user", `"accountId":"` + acme + `","feature":"chat","idempotencyKey":"KEY"`, false},
		{"a number for an id", `"accountId":"` + acme + `","userId":7,"feature":"chat","idempotencyKey":"KEY"`, false},
		{"half a character", `"accountId":"` + acme + `","userId":"\ud800","feature":"chat","idempotencyKey":"KEY"`, false},
	} {
		text, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		body := `{"query":` + string(text) + `,"operationName":"Go","variables":{"in":{` + strings.Replace(c.in, "KEY", "key "+c.name, 1) + `}}`
		send := func(more string) *answer {
			return w.post(w.service(), body+more, map[string]string{"X-Request-Id": "r"})
		}
		send("}") // both below are replays where it is decided
		if _, direct := w.api.Direct(ctx, []byte(body+"}"), &bytes.Buffer{}); direct != c.direct {
			t.Errorf("%s: direct %v, expected %v", c.name, direct, c.direct)
		}
		one, two := send("}"), send(`,"extensions":{}}`)
		if one.body != two.body || one.status != two.status {
			t.Errorf("%s:\n%s\nand by the executor\n%s", c.name, one.body, two.body)
		}
	}
}

// A document or a caller for whom it is not.
func TestWhatIsNotDirect(t *testing.T) {
	w := newWorld(t, setup{})
	input := `{"in":{"accountId":"` + w.id("acme") + `","userId":"ann","feature":"chat","idempotencyKey":"k"}}`
	service, user := []caller.Role{caller.Service}, []caller.Role{caller.User}
	const usual = `mutation($in: AuthorizeInput!) { authorize(input: $in) { id } }`
	for _, c := range []struct {
		document string
		roles    []caller.Role
		more     string
		direct   bool
	}{
		{usual, service, "", true},
		{usual, user, "", false},
		{usual, nil, "", false},
		{usual, service, `,"operationName":null`, true},
		{usual, service, `,"operationName":"Other"`, false},
		{usual, service, `,"extensions":{}`, false},
		{usual, service, `,"query":"{ viewer { userId } }"`, false},
		{usual, service, `} {`, false},
		{`mutation($in: AuthorizeInput!) { authorize(input: $in) { id account { id } } }`, service, "", false},
		{`mutation($in: AuthorizeInput!) { authorize(input: $in) @include(if: true) { id } }`, service, "", false},
		{`mutation($in: AuthorizeInput!) { authorize(input: $in) { ...F } } fragment F on Decision { id }`, service, "", false},
		{`mutation($in: AuthorizeInput = {accountId: "a", userId: "b", feature: "c", idempotencyKey: "d"}) { authorize(input: $in) { id } }`, service, "", false},
		{`mutation($in: PreviewInput!) { __typename }`, service, "", false},
		{`mutation { authorize(input: {accountId: "a", userId: "b", feature: "c", idempotencyKey: "d"}) { id } }`, service, "", false},
	} {
		w.ask(w.service(), c.document, nil) // so that it is known
		text, err := json.Marshal(c.document)
		if err != nil {
			t.Fatal(err)
		}
		ctx := caller.With(t.Context(), &caller.Caller{User: "someone", Roles: c.roles})
		body := `{"query":` + string(text) + `,"variables":` + input + c.more + `}`
		if _, direct := w.api.Direct(ctx, []byte(body), &bytes.Buffer{}); direct != c.direct {
			t.Errorf("%v: direct %v, expected %v: %s", c.roles, direct, c.direct, body)
		}
	}
}

// A hold whose time is up is over both ways, and by whichever it is asked first.
func TestTheDirectWayEndsAHoldInTime(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "3")
	const document = `mutation($in: AuthorizeInput!) { authorize(input: $in) { ` + plainDecision + ` } }`
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	bodies, end := map[string]string{}, time.Time{}
	for _, first := range []string{"directly", "by the executor"} {
		in := vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": first, "holdFor": "PT1S"}
		w.must(w.service(), document, vars{"in": in})
		variables, err := json.Marshal(vars{"in": in})
		if err != nil {
			t.Fatal(err)
		}
		bodies[first], end = `{"query":`+string(text)+`,"variables":`+string(variables), time.Now().Add(time.Second)
	}
	time.Sleep(time.Until(end) + 3*time.Millisecond)
	for first, body := range bodies {
		endings := []string{"}", `,"extensions":{}}`}
		if first == "by the executor" {
			slices.Reverse(endings)
		}
		header := map[string]string{"X-Request-Id": "r"}
		one, two := w.post(w.service(), body+endings[0], header), w.post(w.service(), body+endings[1], header)
		if one.body != two.body || !strings.Contains(one.body, `"EXPIRED"`) {
			t.Errorf("asked first %s:\n%s\nthen the other way\n%s", first, one.body, two.body)
		}
	}
}
