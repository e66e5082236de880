package edge_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

const authorize = `mutation($in: AuthorizeInput!) { authorize(input: $in) {
	id status reason explanation requested granted charged replayed retryAt holdExpiresAt idempotencyKey planKey planVersion createdAt updatedAt
	settledQuantity refunded refundedCredits unfunded userId
	account { id name } feature { key price { credits per } }
	steps { position kind bucketKey available taken reason resetsAt }
	settlementSteps { position taken }
	usageEvent { id quantity metadata occurredAt decision { id } idempotencyKey }
	monetizationEvents { id kind quantity credits price { version credits } usageEvent { id } }
	balanceUpdates { sequence kind amount balanceAfter accountBalanceAfter counterAccount hash grant { id remaining } monetizationEvent { id } } } }`

func TestAuthorizeSpillsFromTheWindowIntoCredits(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	grant := w.credits(acme, "10")
	in := vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 8, "idempotencyKey": "first",
		"metadata": vars{"model": "small", "big": json.Number("12345678901234567890")}}
	d := at[map[string]any](t, w.must(w.service(), authorize, vars{"in": in}), "authorize")
	expect := func(want any, path ...any) {
		t.Helper()
		got, _ := json.Marshal(at[any](t, d, path...))
		expected, _ := json.Marshal(want)
		if string(got) != string(expected) {
			t.Errorf("%v: %s, expected %s", path, got, expected)
		}
	}
	expect("ALLOWED", "status")
	expect(8, "granted")
	expect("1.5", "charged")
	expect("acme", "account", "name")
	expect(false, "replayed")
	expect(5, "steps", 0, "taken")
	expect("PARTLY_FUNDED", "steps", 0, "reason")
	expect(3, "steps", 1, "taken")
	expect("CREDIT", "steps", 1, "kind")
	expect(8, "usageEvent", "quantity")
	expect(map[string]any{"big": json.Number("12345678901234567000"), "model": "small"}, "usageEvent", "metadata")
	expect("RATE_LIMIT", "monetizationEvents", 0, "kind")
	expect("0", "monetizationEvents", 0, "credits")
	expect(nil, "monetizationEvents", 0, "price")
	expect("1.5", "monetizationEvents", 1, "credits")
	expect("0.5", "monetizationEvents", 1, "price", "credits")
	expect("DEBIT", "balanceUpdates", 0, "kind")
	expect("-1.5", "balanceUpdates", 0, "amount")
	expect("8.5", "balanceUpdates", 0, "accountBalanceAfter")
	expect(grant, "balanceUpdates", 0, "grant", "id")
	expect(at[string](t, d, "monetizationEvents", 1, "id"), "balanceUpdates", 0, "monetizationEvent", "id")
	if _, err := time.Parse("2006-01-02T15:04:05.000000Z", at[string](t, d, "createdAt")); err != nil {
		t.Error(err)
	}

	again := at[map[string]any](t, w.must(w.service(), authorize, vars{"in": in}), "authorize")
	if again["id"] != d["id"] || again["replayed"] != true {
		t.Errorf("the same key: %v, replayed %v", again["id"], again["replayed"])
	}
	in["quantity"] = 9
	if a := w.ask(w.service(), authorize, vars{"in": in}); a.code() != "IDEMPOTENCY_CONFLICT" {
		t.Errorf("the same key for another request: %s", a.body)
	}
	// Read back, it is the same decision, part by part.
	read := at[map[string]any](t, w.must(w.user("ann", acme), `query($a: ID!, $id: ID!) { decision(accountId: $a, id: $id) { granted charged
		steps { taken } usageEvent { metadata } monetizationEvents { id } balanceUpdates { hash monetizationEvent { id } } } }`,
		vars{"a": acme, "id": d["id"]}), "decision")
	for _, path := range [][]any{{"granted"}, {"charged"}, {"steps", 1, "taken"}, {"monetizationEvents", 1, "id"}, {"balanceUpdates", 0, "hash"}, {"balanceUpdates", 0, "monetizationEvent", "id"}} {
		if at[any](t, read, path...) != at[any](t, d, path...) {
			t.Errorf("%v: %v was answered and %v is stored", path, at[any](t, d, path...), at[any](t, read, path...))
		}
	}
	raw := w.ask(w.user("ann", acme), `query($a: ID!, $id: ID!) { decision(accountId: $a, id: $id) { usageEvent { metadata } } }`, vars{"a": acme, "id": d["id"]})
	if !strings.Contains(raw.body, "12345678901234567890") {
		t.Errorf("the metadata lost digits: %s", raw.body)
	}
}

func TestTheRateLimitIsToldBesideTheAnswer(t *testing.T) {
	w := newWorld(t, setup{})
	ask := func(quantity int, feature string) *answer {
		return w.ask(w.service(), authorize, vars{"in": vars{"accountId": w.id("acme"), "userId": "ann", "feature": feature, "quantity": quantity, "idempotencyKey": w.key()}})
	}
	for _, c := range []struct {
		quantity  int
		remaining string
	}{{2, `"minute";r=3;t=60`}, {3, `"minute";r=0;t=60`}} {
		a := ask(c.quantity, "chat")
		if a.header.Get("RateLimit") != c.remaining || a.header.Get("RateLimit-Policy") != `"minute";q=5;w=60` {
			t.Errorf("%d: %v", c.quantity, a.header)
		}
	}
	if a := ask(1, "chat"); !strings.HasPrefix(a.header.Get("RateLimit"), `"minute";r=0;t=`) || at[string](t, a.Data, "authorize", "status") != "DENIED" {
		t.Errorf("%v %s", a.header, a.body)
	}
	if a := ask(1, "video"); a.header.Get("RateLimit") != "" {
		t.Errorf("no rate limit, and %v", a.header)
	}
	// A structured field holds integers of 15 digits.
	w.must(w.admin(), `mutation { publishPlan(reason: "test", input: {key: "plus", name: "Plus", features: [
		{feature: "chat", waterfall: [{kind: RATE_LIMIT, key: "endless", windows: [{limit: 9007199254740991, duration: "PT1M"}]}]}]}) { version } }`, nil)
	if a := ask(1, "chat"); a.header.Get("RateLimit") != `"endless";r=999999999999999;t=60` || a.header.Get("RateLimit-Policy") != `"endless";q=999999999999999;w=60` {
		t.Errorf("%v", a.header)
	}
}

// What the header says of a window is true of that window, whatever else the
// bucket, or the request, waits for.
func TestTheRateLimitIsThatOfOneWindow(t *testing.T) {
	w := newWorld(t, setup{})
	for key, c := range map[string]struct{ windows, ceilings, policy, state string }{
		"another that is back later": {`{limit: 90, duration: "P30D"}, {limit: 2, duration: "PT1M"}`, "", "q=2;w=60", `r=0;t=(60|[1-5]?\d)`},
		"two without room":           {`{limit: 2, duration: "PT1M"}, {limit: 2, duration: "PT1H"}`, "", "q=2;w=3600", `r=0;t=(3600|35\d\d)`},
		"two that leave something":   {`{limit: 3, duration: "PT1M"}, {limit: 3, duration: "PT1H"}`, "", "q=3;w=3600", `r=1;t=(3600|35\d\d)`},
		"the later with more room":   {`{limit: 3, duration: "PT1M"}, {limit: 3, duration: "PT1S"}, {limit: 4, duration: "P7D"}`, "", "q=3;w=60", `r=1;t=(60|[1-5]?\d)`},
		"a ceiling": {`{limit: 5, duration: "PT1M"}, {limit: 90, duration: "P1D"}`, `, ceilings: [{limit: 2, duration: "P1D"}]`,
			"q=5;w=60", `r=3;t=(60|[1-5]?\d)`},
	} {
		bucket := strings.ReplaceAll(key, " ", "_")
		w.must(w.admin(), `mutation { publishPlan(reason: "test", input: {key: "plus", name: "Plus", features: [{feature: "chat", waterfall: [
			{kind: RATE_LIMIT, key: "`+bucket+`", windows: [`+c.windows+`]}]`+c.ceilings+`}]}) { version } }`, nil)
		w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "one", plan: "plus"}) { id } }`, vars{"id": w.id(bucket)})
		var a *answer
		for range 2 {
			a = w.ask(w.service(), authorize, vars{"in": vars{"accountId": w.id(bucket), "userId": "ann", "feature": "chat", "quantity": 2, "idempotencyKey": w.key()}})
		}
		state := regexp.MustCompile(`^"` + bucket + `";` + c.state + `$`)
		if a.header.Get("RateLimit-Policy") != `"`+bucket+`";`+c.policy || !state.MatchString(a.header.Get("RateLimit")) {
			t.Errorf("%s: %v %s", key, a.header, a.body)
		}
	}
}

// Of several windows that refuse, the sentence and the header name the one whose
// refill comes last.
func TestARefusalNamesTheWindowThatKeepsOneWaiting(t *testing.T) {
	w := newWorld(t, setup{})
	for _, c := range []struct {
		name, windows, policy, state, sentence string
		asked                                  []int
	}{
		{"both used up", `{limit: 2, duration: "PT5H"}, {limit: 2, duration: "P7D"}`, "q=2;w=604800", `r=0;t=(6047\d\d|604800)`,
			"Denied: not enough for 1: the 7-day limit of 2 is used up. Possible again on ", []int{2, 1}},
		{"one and two left", `{limit: 5, duration: "PT5H"}, {limit: 6, duration: "P7D"}`, "q=6;w=604800", `r=2;t=(6047\d\d|604800)`,
			"Denied: not enough for 3 (1 fits): 2 of 6 left in the 7-day limit (1 right now). Possible again on ", []int{4, 3}},
	} {
		bucket := strings.ReplaceAll(c.name, " ", "_")
		w.must(w.admin(), `mutation { publishPlan(reason: "test", input: {key: "plus", name: "Plus", features: [{feature: "chat", waterfall: [
			{kind: RATE_LIMIT, key: "`+bucket+`", windows: [`+c.windows+`]}]}]}) { version } }`, nil)
		w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "one", plan: "plus"}) { id } }`, vars{"id": w.id(bucket)})
		var a *answer
		for _, n := range c.asked {
			a = w.ask(w.service(), authorize, vars{"in": vars{"accountId": w.id(bucket), "userId": "ann", "feature": "chat", "quantity": n, "idempotencyKey": w.key()}})
		}
		state := regexp.MustCompile(`^"` + bucket + `";(` + c.state + `)$`)
		if a.header.Get("RateLimit-Policy") != `"`+bucket+`";`+c.policy || !state.MatchString(a.header.Get("RateLimit")) ||
			!strings.HasPrefix(at[string](t, a.Data, "authorize", "explanation"), c.sentence) {
			t.Errorf("%s: %v %s", c.name, a.header, a.body)
		}
	}
}

// What a repeated key gets is the first decision, and not how the limits stand.
func TestTheRateLimitOfAnotherTimeIsNotTold(t *testing.T) {
	w := newWorld(t, setup{})
	in := vars{"in": vars{"accountId": w.id("acme"), "userId": "ann", "feature": "chat", "idempotencyKey": "once"}}
	if first := w.ask(w.service(), authorize, in); first.header.Get("RateLimit") == "" {
		t.Errorf("%v %s", first.header, first.body)
	}
	again := w.ask(w.service(), authorize, in)
	if at[any](t, again.Data, "authorize", "replayed") != true || again.header.Get("RateLimit") != "" || again.header.Get("RateLimit-Policy") != "" {
		t.Errorf("%v %s", again.header, again.body)
	}
}

// Errors name what is wrong, and repeat no value: it may be a secret in the
// wrong place.
func TestErrorsRepeatNoValue(t *testing.T) {
	w := newWorld(t, setup{})
	const secret = "s3cret"
	for _, c := range []struct {
		query     string
		variables vars
	}{
		{`{ viewer { userId } } ` + secret, nil},
		{`{ viewer { userId "` + secret + `" } }`, nil},
		{`{ "` + secret + `" }`, nil},
		{`{ accounts(first: "` + secret + `") { edges { cursor } } }`, nil},
		{`{ accounts(search: [{a: "` + secret + `"}]) { edges { cursor } } }`, nil},
		{`mutation { setAccountStatus(accountId: "a", status: ` + secret + `, reason: "r") { id } }`, nil},
		{`mutation { setAccountStatus(accountId: "a", status: "` + secret + `", reason: "r") { id } }`, nil},
		{`mutation($s: AccountStatus!) { setAccountStatus(accountId: "a", status: $s, reason: "r") { id } }`, vars{"s": secret}},
		{`mutation($s: AccountStatus!) { setAccountStatus(accountId: "a", status: $s, reason: "r") { id } }`, vars{"s": vars{"a": secret}}},
		{`mutation($in: AuthorizeInput!) { authorize(input: $in) { id } }`, vars{"in": secret}},
		{`mutation($in: AuthorizeInput!) { authorize(input: $in) { id } }`, vars{"in": vars{"accountId": []string{secret}, "userId": "u", "feature": "f", "idempotencyKey": "k"}}},
		{`query($at: DateTime!) { account(id: "` + w.id("acme") + `") { balanceAt(at: $at) { available } } }`, vars{"at": secret}},
		{`mutation($c: Credits!) { setPrice(feature: "chat", credits: $c, reason: "r") { key } }`, vars{"c": secret}},
	} {
		a := w.ask(w.admin(), c.query, c.variables)
		if a.code() != "BAD_USER_INPUT" || strings.Contains(a.body, secret) {
			t.Errorf("%s: %s", c.query, a.body)
		}
	}
	// Nor one that they have made of it.
	for _, n := range []json.Number{"1.5", "1000000000000000000000000000000"} {
		a := w.ask(w.admin(), `query($n: Int!) { accounts(first: $n) { edges { cursor } } }`, vars{"n": n})
		if a.field() != "first" || a.Errors[0].Message != "first: must be of the type Int" {
			t.Errorf("%s: %s", n, a.body)
		}
	}
}

func TestADenialIsData(t *testing.T) {
	w := newWorld(t, setup{})
	d := at[map[string]any](t, w.must(w.service(), authorize, vars{"in": vars{
		"accountId": w.id("acme"), "userId": "ann", "feature": "chat", "quantity": 6, "idempotencyKey": "k"}}), "authorize")
	if d["status"] != "DENIED" || d["reason"] != "INSUFFICIENT_CREDITS" || d["granted"] != 0.0 || d["usageEvent"] != nil {
		t.Errorf("%v", d)
	}
	if len(at[[]any](t, d, "balanceUpdates")) != 0 || len(at[[]any](t, d, "monetizationEvents")) != 0 {
		t.Errorf("a denial took something: %v", d)
	}
}

func TestAHoldIsSettledReleasedRefunded(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "100")
	hold := func(key string) string {
		d := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "video", "quantity": 50,
			"idempotencyKey": key, "holdFor": "PT10M"}})
		if at[string](t, d, "authorize", "status") != "HELD" || at[any](t, d, "authorize", "holdExpiresAt") == nil {
			t.Errorf("%v", d)
		}
		return at[string](t, d, "authorize", "id")
	}
	first, second := hold("a"), hold("b")
	settled := w.must(w.service(), `mutation($in: SettleInput!) { settle(input: $in) { status granted charged settledQuantity unfunded settlementSteps { taken }
		balanceUpdates { kind } usageEvent { quantity idempotencyKey } } }`,
		vars{"in": vars{"accountId": acme, "decisionId": first, "quantity": 20, "idempotencyKey": "settle-a"}})
	if s := at[map[string]any](t, settled, "settle"); s["status"] != "SETTLED" || s["granted"] != 20.0 || s["charged"] != "4" || s["settledQuantity"] != 20.0 {
		t.Errorf("%v", s)
	}
	released := w.must(w.service(), `mutation($in: ReleaseInput!) { release(input: $in) { status granted } }`,
		vars{"in": vars{"accountId": acme, "decisionId": second, "idempotencyKey": "release-b"}})
	if at[string](t, released, "release", "status") != "RELEASED" {
		t.Errorf("%v", released)
	}
	refunded := w.must(w.admin(), `mutation($a: ID!, $d: ID!) { refund(accountId: $a, decisionId: $d, quantity: 5, idempotencyKey: "refund-a", reason: "test") {
		refunded refundedCredits balanceUpdates { kind monetizationEvent { id } } } }`, vars{"a": acme, "d": first})
	if r := at[map[string]any](t, refunded, "refund"); r["refunded"] != 5.0 || r["refundedCredits"] != "1" {
		t.Errorf("%v", r)
	}
	updates := at[[]any](t, refunded, "refund", "balanceUpdates")
	last := updates[len(updates)-1].(map[string]any)
	if last["kind"] != "REFUND" || last["monetizationEvent"] == nil {
		t.Errorf("the refund names no cost: %v", updates)
	}
	account := w.must(w.user("ann", acme), `query($a: ID!) { account(id: $a) { balance { available held sequence } balanceUpdates(first: 3) { pageInfo { hasNextPage endCursor }
		edges { cursor node { sequence kind grant { amount } monetizationEvent { id usageEvent { decision { id } } } } } } } }`, vars{"a": acme})
	if b := at[map[string]any](t, account, "account", "balance"); b["available"] != "97" || b["held"] != "0" {
		t.Errorf("%v", b)
	}
	edge := at[map[string]any](t, account, "account", "balanceUpdates", "edges", 0, "node")
	if edge["kind"] != "REFUND" || at[string](t, edge, "monetizationEvent", "usageEvent", "decision", "id") != first {
		t.Errorf("%v", edge)
	}
}

func TestABatchAnswersItemByItem(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	item := func(change vars) vars {
		in := vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key()}
		for k, v := range change {
			in[k] = v
		}
		return in
	}
	for _, c := range []struct {
		change      vars
		code, field string
	}{
		{vars{}, "", ""},
		{vars{"quantity": 0}, "BAD_USER_INPUT", "quantity"},
		{vars{"quantity": -1}, "BAD_USER_INPUT", "quantity"},
		{vars{"quantity": 1 << 53}, "BAD_USER_INPUT", "quantity"},
		{vars{"quantity": json.Number("1" + strings.Repeat("0", 40))}, "BAD_USER_INPUT", "quantity"},
		{vars{"idempotencyKey": ""}, "BAD_USER_INPUT", "idempotencyKey"},
		{vars{"idempotencyKey": strings.Repeat("é", 256)}, "BAD_USER_INPUT", "idempotencyKey"},
		{vars{"idempotencyKey": strings.Repeat("é", 255)}, "", ""},
		{vars{"accountId": "nobody"}, "NOT_FOUND", "accountId"},
		{vars{"accountId": "no body"}, "NOT_FOUND", "accountId"},
		{vars{"feature": "nothing"}, "NOT_FOUND", "feature"},
		{vars{"holdFor": "PT0S"}, "BAD_USER_INPUT", "holdFor"},
		{vars{"holdFor": "P8D"}, "BAD_USER_INPUT", "holdFor"},
		{vars{"metadata": []int{1}}, "BAD_USER_INPUT", "metadata"},
		{vars{"metadata": vars{"a": strings.Repeat("x", 4096)}}, "BAD_USER_INPUT", "metadata"},
	} {
		data := w.must(w.service(), `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { decision { status } error { code field retryable message } } }`,
			vars{"in": []vars{item(nil), item(c.change)}})
		if at[string](t, data, "authorizeBatch", 0, "decision", "status") == "" {
			t.Error("the neighbour was not decided")
		}
		failed, _ := at[any](t, data, "authorizeBatch", 1, "error").(map[string]any)
		if c.code == "" {
			if failed != nil {
				t.Errorf("%v: %v", c.change, failed)
			}
			continue
		}
		if failed == nil || failed["code"] != c.code || failed["field"] != "inputs.1."+c.field || failed["retryable"] != false {
			t.Errorf("%v: %v", c.change, failed)
		}
	}
	same := item(nil)
	data := w.must(w.service(), `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { decision { id } } }`, vars{"in": []vars{same, same}})
	if at[string](t, data, "authorizeBatch", 0, "decision", "id") != at[string](t, data, "authorizeBatch", 1, "decision", "id") {
		t.Error("one key made two decisions")
	}
	if a := w.ask(w.service(), `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { decision { id } } }`, vars{"in": []vars{item(nil), item(vars{"quantity": "1"})}}); a.code() != "BAD_USER_INPUT" || a.field() != "inputs.1.quantity" {
		t.Errorf("a value of the wrong type: %s", a.body)
	}
}

// Every bad input is named by its path, whether it comes as a variable or
// stands in the document.
func TestEveryBadInputIsNamed(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	type ask struct {
		name, query string
		variables   vars
		code, field string
	}
	with := func(change vars) vars {
		in := vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": "k"}
		for k, v := range change {
			if v == "absent" {
				delete(in, k)
			} else {
				in[k] = v
			}
		}
		return vars{"in": in}
	}
	const send = `mutation($in: AuthorizeInput!) { authorize(input: $in) { id } }`
	inline := func(part string) string {
		return fmt.Sprintf(`mutation { authorize(input: {accountId: %q, userId: "ann", feature: "chat", idempotencyKey: "k", %s}) { id } }`, acme, part)
	}
	plan := func(features string) string {
		return `mutation { publishPlan(reason: "test", input: {key: "p", name: "P", features: [` + features + `]}) { version } }`
	}
	for _, c := range []ask{
		{"quantity 0", send, with(vars{"quantity": 0}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity -1", send, with(vars{"quantity": -1}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity 1.5", send, with(vars{"quantity": 1.5}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity 2^53", send, with(vars{"quantity": 1 << 53}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity 10^40", send, with(vars{"quantity": json.Number("1" + strings.Repeat("0", 40))}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity of a string", send, with(vars{"quantity": "1"}), "BAD_USER_INPUT", "input.quantity"},
		{"quantity null", send, with(vars{"quantity": nil}), "BAD_USER_INPUT", "input.quantity"},
		{"literal quantity 0", inline("quantity: 0"), nil, "BAD_USER_INPUT", "input.quantity"},
		{"literal quantity 1.5", inline("quantity: 1.5"), nil, "BAD_USER_INPUT", "input.quantity"},
		{"literal quantity 2^63", inline("quantity: 9223372036854775808"), nil, "BAD_USER_INPUT", "input.quantity"},
		{"literal quantity 1e999", inline("quantity: 1e999"), nil, "BAD_USER_INPUT", "input.quantity"},
		{"literal quantity of a string", inline(`quantity: "1"`), nil, "BAD_USER_INPUT", "input.quantity"},
		{"literal metadata beyond 64 bits", inline(`metadata: {a: [9223372036854775808]}`), nil, "BAD_USER_INPUT", "input.metadata.a.0"},
		{"key empty", send, with(vars{"idempotencyKey": ""}), "BAD_USER_INPUT", "input.idempotencyKey"},
		{"key of 256", send, with(vars{"idempotencyKey": strings.Repeat("k", 256)}), "BAD_USER_INPUT", "input.idempotencyKey"},
		{"key with a control character", send, with(vars{"idempotencyKey": "a\nb"}), "BAD_USER_INPUT", "input.idempotencyKey"},
		{"key of a number", send, with(vars{"idempotencyKey": 5}), "BAD_USER_INPUT", "input.idempotencyKey"},
		{"key missing", send, with(vars{"idempotencyKey": "absent"}), "BAD_USER_INPUT", "input.idempotencyKey"},
		{"literal key of a number", `mutation { authorize(input: {accountId: "a", userId: "u", feature: "chat", idempotencyKey: 5}) { id } }`, nil, "BAD_USER_INPUT", "input.idempotencyKey"},
		{"literal key missing", `mutation { authorize(input: {accountId: "a", userId: "u", feature: "chat"}) { id } }`, nil, "BAD_USER_INPUT", "input.idempotencyKey"},
		{"input missing", `mutation { authorize { id } }`, nil, "BAD_USER_INPUT", "input"},
		{"variable in a literal", `mutation($n: Quantity!) { authorize(input: {accountId: "a", userId: "u", feature: "chat", idempotencyKey: "k", quantity: $n}) { id } }`, vars{"n": "1"}, "BAD_USER_INPUT", "input.quantity"},
		{"variable missing", send, nil, "BAD_USER_INPUT", "input"},
		{"literal field unknown", inline(`colour: "red"`), nil, "BAD_USER_INPUT", "input.colour"},
		{"argument unknown", `{ account(id: "a", colour: "red") { id } }`, nil, "BAD_USER_INPUT", "colour"},
		{"a field that names no input", `{ viewer }`, nil, "BAD_USER_INPUT", ""},
		{"field unknown", send, with(vars{"colour": "red"}), "BAD_USER_INPUT", "input.colour"},
		{"user empty", send, with(vars{"userId": ""}), "BAD_USER_INPUT", "input.userId"},
		{"partial of a string", send, with(vars{"allowPartial": "yes"}), "BAD_USER_INPUT", "input.allowPartial"},
		{"account unknown", send, with(vars{"accountId": "nobody"}), "NOT_FOUND", "input.accountId"},
		{"account malformed", send, with(vars{"accountId": "no body"}), "NOT_FOUND", "input.accountId"},
		{"feature unknown", send, with(vars{"feature": "nothing"}), "NOT_FOUND", "input.feature"},
		{"metadata above 4 KB", send, with(vars{"metadata": vars{"a": strings.Repeat("x", 4096)}}), "BAD_USER_INPUT", "input.metadata"},
		{"metadata of a list", send, with(vars{"metadata": []string{"a"}}), "BAD_USER_INPUT", "input.metadata"},
		{"metadata with U+0000", send, with(vars{"metadata": vars{"a": "\x00"}}), "BAD_USER_INPUT", "input.metadata"},
		{"hold of a month", send, with(vars{"holdFor": "P1M"}), "BAD_USER_INPUT", "input.holdFor"},
		{"hold of nothing", send, with(vars{"holdFor": "PT0S"}), "BAD_USER_INPUT", "input.holdFor"},
		{"hold of a number", send, with(vars{"holdFor": 60}), "BAD_USER_INPUT", "input.holdFor"},
		{"credits of a number", `mutation { setPrice(feature: "chat", credits: 1, reason: "r") { key } }`, nil, "BAD_USER_INPUT", "credits"},
		{"credits of a float variable", `mutation($c: Credits!) { setPrice(feature: "chat", credits: $c, reason: "r") { key } }`, vars{"c": 1.5}, "BAD_USER_INPUT", "credits"},
		{"credits 0", `mutation { setPrice(feature: "chat", credits: "0", reason: "r") { key } }`, nil, "BAD_USER_INPUT", "credits"},
		{"credits beyond all", `mutation { setPrice(feature: "chat", credits: "99999999999999999999", reason: "r") { key } }`, nil, "BAD_USER_INPUT", "credits"},
		{"credits with 7 digits", `mutation { setPrice(feature: "chat", credits: "0.0000001", reason: "r") { key } }`, nil, "BAD_USER_INPUT", "credits"},
		{"reason empty", `mutation { setPrice(feature: "chat", credits: "1", reason: "") { key } }`, nil, "BAD_USER_INPUT", "reason"},
		{"status in small letters", `mutation($s: AccountStatus!) { setAccountStatus(accountId: "a", status: $s, reason: "r") { id } }`, vars{"s": "active"}, "BAD_USER_INPUT", "status"},
		{"grant of 1.5 units", `mutation($in: GrantInput!) { createGrant(input: $in) { id } }`, vars{"in": vars{"accountId": acme, "kind": "PROMOTION", "amount": "1.5",
			"denomination": "UNITS", "features": []string{"chat"}, "idempotencyKey": "g", "reason": "r"}}, "BAD_USER_INPUT", "input.amount"},
		{"grant of an unknown feature", `mutation($in: GrantInput!) { createGrant(input: $in) { id } }`, vars{"in": vars{"accountId": acme, "kind": "PROMOTION", "amount": "1",
			"features": []string{"nothing"}, "idempotencyKey": "g", "reason": "r"}}, "NOT_FOUND", "input.features.0"},
		{"grant of a known and an unknown feature", `mutation($in: GrantInput!) { createGrant(input: $in) { id } }`, vars{"in": vars{"accountId": acme, "kind": "PROMOTION", "amount": "1",
			"features": []string{"nothing", "chat"}, "idempotencyKey": "g", "reason": "r"}}, "NOT_FOUND", "input.features.0"},
		{"plan with an unknown feature", plan(`{feature: "nothing", waterfall: []}`), nil, "NOT_FOUND", "input.features.0.feature"},
		{"plan with an empty window", plan(`{feature: "chat", waterfall: [{kind: RATE_LIMIT, key: "m", windows: []}]}`), nil, "BAD_USER_INPUT", "input.features.0.waterfall.0.windows"},
		{"plan with a window of nothing", plan(`{feature: "chat", waterfall: [{kind: RATE_LIMIT, key: "m", windows: [{limit: 5, duration: "PT0S"}]}]}`), nil, "BAD_USER_INPUT", "input.features.0.waterfall.0.windows.0.duration"},
		{"plan with a bucket key twice", plan(`{feature: "chat", waterfall: [{kind: PROMOTION, key: "m"}, {kind: CREDIT, key: "m"}]}`), nil, "BAD_USER_INPUT", "input.features.0.waterfall.1.key"},
		{"plan unknown", `mutation { assignPlan(accountId: "` + acme + `", plan: "nothing", reason: "r") { id } }`, nil, "NOT_FOUND", "plan"},
		{"decision malformed", `mutation { settle(input: {accountId: "` + acme + `", decisionId: "x", quantity: 1, idempotencyKey: "k"}) { id } }`, nil, "NOT_FOUND", "input.decisionId"},
		{"first 0", `query { account(id: "` + acme + `") { decisions(first: 0) { edges { cursor } } } }`, nil, "BAD_USER_INPUT", "first"},
		{"first 201", `query { account(id: "` + acme + `") { grants(first: 201) { edges { cursor } } } }`, nil, "BAD_USER_INPUT", "first"},
		{"a cursor that is none", `query { account(id: "` + acme + `") { decisions(after: "x") { edges { cursor } } } }`, nil, "BAD_USER_INPUT", "after"},
		{"a time without an offset", `query { account(id: "` + acme + `") { usage(from: "2026-01-01", to: "2026-01-02T00:00:00Z") { start } } }`, nil, "BAD_USER_INPUT", "from"},
		{"usage backwards", `query { account(id: "` + acme + `") { usage(from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z") { start } } }`, nil, "BAD_USER_INPUT", "to"},
		{"search with U+0000", `query($s: String) { accounts(search: $s) { edges { cursor } } }`, vars{"s": "a\x00"}, "BAD_USER_INPUT", "search"},
		{"usage of no feature", `query($f: String) { account(id: "` + acme + `") { usage(feature: $f, from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z") { start } } }`, vars{"f": "\x00"}, "BAD_USER_INPUT", "feature"},
		{"buckets of no feature", `query { account(id: "` + acme + `") { buckets(feature: "") { key } } }`, nil, "BAD_USER_INPUT", "feature"},
		{"decisions of no feature", `query { account(id: "` + acme + `") { decisions(filter: {feature: ""}) { edges { cursor } } } }`, nil, "BAD_USER_INPUT", "filter.feature"},
		{"decisions of nobody", `query($u: ID) { account(id: "` + acme + `") { decisions(filter: {userId: $u}) { edges { cursor } } } }`, vars{"u": "a\x00"}, "BAD_USER_INPUT", "filter.userId"},
		{"preview 0", `query { preview(input: {accountId: "` + acme + `", userId: "ann", feature: "chat", quantity: 0}) { status } }`, nil, "BAD_USER_INPUT", "input.quantity"},
	} {
		a := w.ask(w.admin(), c.query, c.variables)
		if a.code() != c.code || len(a.Errors) == 0 || a.field() != c.field {
			t.Errorf("%s: expected %s at %s, got %s", c.name, c.code, c.field, a.body)
			continue
		}
		extensions := a.Errors[0].Extensions
		if extensions["retryable"] != false || extensions["requestId"] != a.header.Get("X-Request-Id") {
			t.Errorf("%s: %v", c.name, extensions)
		}
	}
	// An account that no id can name is not found, as one that does not exist.
	for _, list := range []string{"auditLog", "reconciliations"} {
		for _, id := range []string{"", "a\x00", "no body", "nobody"} {
			if a := w.ask(w.admin(), `query($a: ID) { `+list+`(accountId: $a) { edges { cursor } } }`, vars{"a": id}); a.code() != "NOT_FOUND" || a.field() != "accountId" {
				t.Errorf("%s of the account %q: %s", list, id, a.body)
			}
		}
	}
	// Nothing of all that was stored, and the key is free.
	if d := w.must(w.service(), authorize, with(nil)); at[bool](t, d, "authorize", "replayed") {
		t.Error("the key was used up")
	}
	if w.log.Len() > 0 {
		t.Errorf("bad input was logged as a fault: %s", w.log)
	}
}
