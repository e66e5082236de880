package edge_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"spillway/ledger/ledgertest"
)

// edgeOf is an edge of the feed of decisions, with its cursor.
type edgeOf struct {
	Data struct {
		Decisions struct {
			Cursor string
			Node   struct{ ID, Status, IdempotencyKey string }
		}
	}
}

func decisions(account, after string) string {
	argument := ""
	if after != "none" {
		argument = fmt.Sprintf(`, after: %q`, after)
	}
	body, _ := json.Marshal(map[string]string{"query": fmt.Sprintf(`subscription { decisions(accountId: %q%s) { cursor node { id status idempotencyKey } } }`, account, argument)})
	return string(body)
}

func (e *events) edge() edgeOf {
	e.t.Helper()
	var edge edgeOf
	if text := e.next(); json.Unmarshal([]byte(text), &edge) != nil || edge.Data.Decisions.Cursor == "" {
		e.t.Fatalf("no edge but %s", text)
	}
	return edge
}

// A feed that breaks off anywhere goes on behind its last cursor: no edge is
// lost and none comes twice, whether a decision was made before or after.
func TestAFeedGoesOnBehindItsCursor(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "100")
	var keys []string
	decide := func(n int) {
		for range n {
			key := w.key()
			keys = append(keys, key)
			w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "video", "idempotencyKey": key}})
		}
	}
	decide(3)
	var seen []string
	cursor := ""
	ann := w.user("ann", acme)
	for read := range 4 {
		feed := w.follow(ann, decisions(acme, cursor))
		decide(2)
		for range read + 1 {
			edge := feed.edge()
			cursor = edge.Data.Decisions.Cursor
			seen = append(seen, edge.Data.Decisions.Node.IdempotencyKey)
		}
		_ = feed.response.Body.Close()
	}
	feed := w.follow(ann, decisions(acme, cursor))
	for len(seen) < len(keys) {
		seen = append(seen, feed.edge().Data.Decisions.Node.IdempotencyKey)
	}
	if strings.Join(seen, " ") != strings.Join(keys, " ") {
		t.Errorf("%v were made and %v were told", keys, seen)
	}
	// The list knows the same cursors.
	list := w.must(ann, `query($a: ID!, $c: String!) { account(id: $a) { decisions(first: 1, after: $c) { edges { node { idempotencyKey } } } } }`, vars{"a": acme, "c": cursor})
	told := at[string](t, list, "account", "decisions", "edges", 0, "node", "idempotencyKey")
	if last := seen[9]; told != seen[8] {
		t.Errorf("behind %s the list has %s", last, told)
	}
}

func TestALaterChangeIsAFurtherEdge(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "100")
	feed := w.follow(w.admin(), decisions(acme, ""))
	d := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "video", "idempotencyKey": "k", "holdFor": "PT1M"}})
	id := at[string](t, d, "authorize", "id")
	held := feed.edge()
	w.must(w.service(), `mutation($in: SettleInput!) { settle(input: $in) { id } }`, vars{"in": vars{"accountId": acme, "decisionId": id, "quantity": 1, "idempotencyKey": "s"}})
	settled := feed.edge()
	if held.Data.Decisions.Node.ID != id || settled.Data.Decisions.Node.ID != id || held.Data.Decisions.Cursor == settled.Data.Decisions.Cursor || settled.Data.Decisions.Node.Status != "SETTLED" {
		t.Errorf("%+v, %+v", held, settled)
	}
}

func TestBalanceAndBucketsAreTold(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	ask := func(query string) *events {
		body, _ := json.Marshal(map[string]string{"query": query})
		return w.follow(w.user("ann", acme), string(body))
	}
	balance := ask(fmt.Sprintf(`subscription { balance(accountId: %q) { available sequence } }`, acme))
	if got := balance.next(); got != `{"data":{"balance":{"available":"0","sequence":0}}}` {
		t.Error(got)
	}
	w.credits(acme, "7.5")
	if got := balance.next(); got != `{"data":{"balance":{"available":"7.5","sequence":1}}}` {
		t.Error(got)
	}
	buckets := ask(fmt.Sprintf(`subscription { buckets(accountId: %q, userId: "ann", feature: "chat") { key remaining } }`, acme))
	if got := buckets.next(); got != `{"data":{"buckets":[{"key":"minute","remaining":5},{"key":"credits","remaining":15}]}}` {
		t.Error(got)
	}
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 2, "idempotencyKey": "k"}})
	if got := buckets.next(); got != `{"data":{"buckets":[{"key":"minute","remaining":3},{"key":"credits","remaining":15}]}}` {
		t.Error(got)
	}
}

func TestASubscriptionEndsWithItsToken(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	short := token(claims{"sub": "ann", "account": acme, "roles": []string{"user"}, "exp": time.Now().Unix() + 2})
	feed := w.follow(short, decisions(acme, "none"))
	s := w.connect(short)
	s.hear()
	for i := range 9 { // one that ends before the socket does would be among them
		s.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":%s}`, i, decisions(acme, "none")))
	}
	begun := time.Now()
	if got := feed.next(); !strings.Contains(got, `"code":"UNAUTHENTICATED"`) {
		t.Error(got)
	}
	if got := feed.event(); got != "event: complete\ndata: \n" {
		t.Errorf("%q", got)
	}
	if got := feed.event(); got != "" {
		t.Errorf("the stream goes on with %q", got)
	}
	code := s.endsAfter(func(m heard) {
		if m.Type == "complete" {
			t.Error("a subscription was completed, which is no reason to sign in again")
		}
	})
	if code != 4401 || time.Since(begun) > 5*time.Second {
		t.Errorf("%d after %v", code, time.Since(begun))
	}
}

func TestAUserHasTenSubscriptions(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	ann := w.user("ann", acme)
	s := w.connect(ann)
	s.hear()
	balance := fmt.Sprintf(`{"query":"subscription { balance(accountId: \"%s\") { available } }"}`, acme)
	for i := range 10 {
		s.say(fmt.Sprintf(`{"id":"%d","type":"subscribe","payload":%s}`, i, balance))
		if m := s.hear(); m.Type != "next" {
			t.Fatalf("%+v", m)
		}
	}
	if got := w.follow(ann, balance).next(); !strings.Contains(got, `"code":"RATE_LIMITED"`) || !strings.Contains(got, `"retryable":true`) {
		t.Error(got)
	}
	s.say(`{"id":"x","type":"subscribe","payload":` + balance + `}`)
	if m := s.hear(); m.Type != "error" || !strings.Contains(string(m.Payload), `"code":"RATE_LIMITED"`) {
		t.Errorf("%+v %s", m, m.Payload)
	}
	if got := w.follow(w.user("bob", acme), balance).next(); strings.Contains(got, "errors") {
		t.Errorf("another user: %s", got)
	}
	umbrella := w.id("umbrella")
	if got := w.follow(w.user("ann", umbrella), strings.Replace(balance, acme, umbrella, 1)).next(); strings.Contains(got, "errors") {
		t.Errorf("a user of the same name in another account: %s", got)
	}
	s.say(`{"id":"3","type":"complete"}`)
	deadline := time.Now().Add(5 * time.Second)
	for strings.Contains(w.follow(ann, balance).next(), "errors") {
		if time.Now().After(deadline) {
			t.Fatal("a seat does not become free")
		}
	}
}

// A reader that does not read is closed with a code of its own, and goes on behind
// its last cursor; the others notice nothing.
func TestASlowReaderIsClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	acme := w.id("acme")
	ann := w.user("ann", acme)
	inputs := make([]vars, 900)
	for i := range inputs {
		inputs[i] = vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key(), "metadata": vars{"text": strings.Repeat("x", 700)}}
	}
	for range 6 {
		for i := range inputs {
			inputs[i]["idempotencyKey"] = w.key()
		}
		w.must(w.service(), `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { error { code } } }`, vars{"in": inputs})
	}
	s := w.connect(ann)
	s.hear()
	query := strings.Replace(decisions(acme, ""), "idempotencyKey", "explanation steps { position kind bucketKey available taken reason resetsAt } feature { key name unit price { credits per version effectiveFrom } } createdAt updatedAt planKey", 1)
	s.say(`{"id":"1","type":"subscribe","payload":` + query + `}`)
	begun := time.Now()
	newest := w.must(w.admin(), `query($a: ID!) { account(id: $a) { decisions(first: 1) { edges { cursor } } } }`, vars{"a": acme})
	other := w.follow(w.admin(), decisions(acme, at[string](t, newest, "account", "decisions", "edges", 0, "cursor")))
	// Until the server gives the slow one up: its subscription ends, and the
	// socket is still to be closed.
	running := func() int {
		_, metrics := get(t, w.url+"/metrics")
		n, err := strconv.Atoi(regexp.MustCompile(`(?m)^spillway_subscriptions (\d+)$`).FindStringSubmatch(metrics)[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for most := running(); running() == most && time.Since(begun) < 40*time.Second; {
		asked := time.Now()
		w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "bob", "feature": "chat", "idempotencyKey": w.key()}})
		if other.edge(); time.Since(asked) > time.Second*slack {
			t.Errorf("another reader waited for %v", time.Since(asked))
		}
		time.Sleep(300 * time.Millisecond)
	}
	seen, cursor := map[string]bool{}, ""
	note := func(payload []byte) {
		var edge edgeOf
		if err := json.Unmarshal(payload, &edge); err != nil {
			t.Fatal(err)
		}
		if cursor = edge.Data.Decisions.Cursor; seen[cursor] {
			t.Errorf("%s comes twice", cursor)
		}
		seen[cursor] = true
	}
	code := s.endsAfter(func(m heard) { note(m.Payload) })
	if code != 4413 || len(seen) == 0 {
		t.Errorf("%d after %d edges", code, len(seen))
	}
	made := 0
	for after, more := any(nil), true; more; {
		page := at[map[string]any](t, w.must(ann, `query($a: ID!, $after: String) { account(id: $a) { decisions(first: 200, after: $after) { edges { cursor } pageInfo { endCursor hasNextPage } } } }`,
			vars{"a": acme, "after": after}), "account", "decisions")
		made += len(at[[]any](t, page, "edges"))
		after, more = at[any](t, page, "pageInfo", "endCursor"), at[bool](t, page, "pageInfo", "hasNextPage")
	}
	for again := w.follow(ann, decisions(acme, cursor)); len(seen) < made; {
		note([]byte(again.next()))
	}
}

// A feed that a fault ends tells it: `complete` alone would be the last word.
func TestAFaultOfAFeedIsTold(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "10")
	body, _ := json.Marshal(map[string]string{"query": fmt.Sprintf(`subscription { buckets(accountId: %q, userId: "ann") { key } }`, acme)})
	feed := w.follow(w.user("ann", acme), string(body))
	feed.next()
	ledgertest.Exec(t, w.database, `update accounts set plan_key = 'nowhere' where account_id = $1`, acme)
	// A change of the catalog makes every feed look again.
	w.must(w.admin(), `mutation { upsertFeature(input: {key: "new", name: "New", unit: "page"}, reason: "test") { key } }`, nil)
	if told := feed.next(); !strings.Contains(told, `"code":"INTERNAL"`) {
		t.Errorf("told %s", told)
	}
	if last := feed.event(); !strings.Contains(last, "complete") {
		t.Errorf("at last %s", last)
	}
}
