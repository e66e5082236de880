package edge_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// statements counts what the server asks of PostgreSQL for requests, on the wire.
type statements struct{ n atomic.Int64 }

func (s *statements) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &countedConn{Conn: c, count: &s.n, startup: true, idle: map[string]bool{}}, err
}

// countedConn reads along in the messages to the server, whose first has no
// type: Bind gives a prepared statement its values, Query is one in plain text.
type countedConn struct {
	net.Conn
	count   *atomic.Int64
	startup bool
	message []byte // the next one, not yet complete
	// idle are the prepared statements that the server runs for no request.
	idle map[string]bool
}

// forNoRequest are parts of the statements that the server runs by itself: looks
// whether the catalog changed, summaries of what is new, and what a connection
// begins with and goes on with.
var forNoRequest = []string{"catalog_version", "summarize_times", "set role", "pg_type", "discard plans"}

func isForNoRequest(text []byte) bool {
	return slices.ContainsFunc(forNoRequest, func(part string) bool { return bytes.Contains(text, []byte(part)) })
}

func (c *countedConn) Write(b []byte) (int, error) {
	c.message = append(c.message, b...)
	for {
		head := 5
		if c.startup {
			head = 4
		}
		if len(c.message) < head {
			break
		}
		size := head - 4 + int(binary.BigEndian.Uint32(c.message[head-4:]))
		if len(c.message) < size {
			break
		}
		if !c.startup {
			c.look(c.message[0], c.message[head:size])
		}
		c.message, c.startup = c.message[size:], false
	}
	return c.Conn.Write(b)
}

func (c *countedConn) look(kind byte, body []byte) {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, _, _ := bytes.Cut(rest, []byte{0})
	switch {
	case kind == 'P': // its name, its text
		c.idle[string(first)] = isForNoRequest(second)
	case kind == 'B' && !c.idle[string(second)], kind == 'Q' && !isForNoRequest(first):
		c.count.Add(1)
	}
}

// asking is how many statements a query takes: the least of some tries, as the
// first one may have to look again for what changed since.
func (s *statements) asking(w *world, query string, variables vars) (least int64) {
	w.t.Helper()
	least = 1 << 62
	for range 4 {
		before := s.n.Load()
		w.must(w.admin(), query, variables)
		least = min(least, s.n.Load()-before)
	}
	return least
}

// busy gives many accounts a history of each kind: windows, credits, holds
// settled and released, refunds, a cap; and acme a long one.
func busy(w *world, accounts int) {
	w.t.Helper()
	for i := range accounts {
		account := w.id(fmt.Sprint("busy-", i))
		w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "busy", plan: "plus"}) { id } }`, vars{"id": account})
		w.history(account, 1)
		w.must(w.admin(), `mutation($a: ID!) { setSpendCap(accountId: $a, limit: "100", reason: "test") { id } }`, vars{"a": account})
	}
	w.history(w.id("acme"), accounts)
}

// history lets an account ask n times for each of: what a window pays, what
// credits pay and is refunded in part, a hold that is settled.
func (w *world) history(account string, n int) {
	w.t.Helper()
	for range n {
		w.credits(account, "50")
		w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": w.key(), "feature": "chat", "quantity": 6, "idempotencyKey": w.key()}})
		d := w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": "ann", "feature": "video", "quantity": 10, "idempotencyKey": w.key()}})
		w.must(w.admin(), `mutation($a: ID!, $d: ID!, $k: String!) { refund(accountId: $a, decisionId: $d, quantity: 5, idempotencyKey: $k, reason: "test") { id } }`,
			vars{"a": account, "d": at[string](w.t, d, "authorize", "id"), "k": w.key()})
		h := w.must(w.service(), authorize, vars{"in": vars{"accountId": account, "userId": "ann", "feature": "video", "quantity": 10, "idempotencyKey": w.key(), "holdFor": "PT1H"}})
		w.must(w.service(), `mutation($in: SettleInput!) { settle(input: $in) { id } }`,
			vars{"in": vars{"accountId": account, "decisionId": at[string](w.t, h, "authorize", "id"), "quantity": 5, "idempotencyKey": w.key()}})
	}
}

// A list costs the same number of statements whether it holds 2 or 50, with all
// that a client may ask of each element.
func TestNestedReadsDoNotMultiply(t *testing.T) {
	var count statements
	w := newWorld(t, setup{ledger: ledger.Options{DialFunc: count.dial}})
	from := time.Now().Add(-time.Minute)
	busy(w, 60) // so that a search fills the page, and need not look further
	ledgertest.Exec(t, w.database, `with made as (insert into reconciliations (account_id, id, started_at, finished_at, scope, mismatches)
		select 'a' || i, gen_random_uuid(), now(), now(), 1, 1 from generate_series(1, 50) i returning account_id, id)
		insert into mismatches select account_id, id, 0, account_id, 'chain', 'a', 'b', '' from made`)
	const links = `id account { name plan { key } } feature { price { credits } } usageEvent { quantity decision { id } }
		monetizationEvents { price { credits } usageEvent { decision { id } } }
		balanceUpdates { kind grant { remaining } monetizationEvent { credits usageEvent { decision { account { status } } } } }`
	for _, c := range []struct {
		name, query string
		most        int64
	}{
		{"decisions", `query($n: Int!) { account(id: "` + w.id("acme") + `") { decisions(first: $n) { edges { node { ` + links + ` } } } } }`, 10},
		{"decisions by status", `query($n: Int!) { account(id: "` + w.id("acme") + `") { decisions(first: $n, filter: {status: [SETTLED]}) { edges { node { ` + links + ` } } } } }`, 10},
		{"balance updates", `query($n: Int!) { account(id: "` + w.id("acme") + `") { balanceUpdates(first: $n) { edges { node { kind grant { remaining }
			monetizationEvent { credits usageEvent { decision { id account { name } monetizationEvents { quantity } balanceUpdates { grant { amount } } } } } } } } } }`, 10},
		{"what accounts hold", `query($n: Int!) { accounts(first: $n, search: "busy") { edges { node { balance { available } balanceAt(at: "2030-01-01T00:00:00Z") { available }
			spendCap { spent } buckets(userId: "ann") { remaining } grants(first: 2) { edges { node { remaining } } } } } } }`, 30},
		{"what accounts will have", `query($n: Int!) { accounts(first: $n, search: "busy") { edges { node { forecast(days: 1) { runsOutAt } } } } }`, 10},
		{"what accounts did", `query($n: Int!) { accounts(first: $n, search: "busy") { edges { node { name
			decisions(first: 2) { edges { node { ` + links + ` } } } balanceUpdates(first: 2) { edges { node { grant { amount } monetizationEvent { quantity } } } }
			} } } }`, 20},
		{"what accounts used", `query($n: Int!) { accounts(first: $n, search: "busy") { edges { node {
			usage(from: "` + from.UTC().Format(time.RFC3339) + `", to: "` + from.Add(time.Hour).UTC().Format(time.RFC3339) + `", interval: HOUR) { quantity } } } } }`, 5},
		{"reconciliations", `query($n: Int!) { reconciliations(first: $n) { edges { node { mismatches { check } } } } }`, 3},
		{"a simulation", `query($n: Int!) { simulatePlan(accountId: "` + w.id("acme") + `", plan: {key: "p", name: "P", features: []},
			from: "` + from.UTC().Format(time.RFC3339) + `", to: "` + from.Add(time.Hour).UTC().Format(time.RFC3339) + `") {
			changed(first: $n) { edges { node { decision { ` + links + ` } } } } } }`, 30},
	} {
		few, many := count.asking(w, c.query, vars{"n": 2}), count.asking(w, c.query, vars{"n": 50})
		t.Logf("%s: %d statements for 2, %d for 50", c.name, few, many)
		if few != many || many > c.most {
			t.Errorf("%s: %d statements for 2, %d for 50, at most %d expected", c.name, few, many, c.most)
		}
	}
}

// What hangs together is found from either end: a decision by its usage event,
// its costs and what these did to the balance, and the other way round.
func TestTheDatasetsAreLinkedBothWays(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.history(acme, 1)
	data := w.must(w.user("ann", acme), `query($a: ID!) { account(id: $a) {
		decisions { edges { node { id status usageEvent { id decision { id } } monetizationEvents { id usageEvent { id decision { id } } }
			balanceUpdates { id kind monetizationEvent { id usageEvent { id decision { id } } } } } } }
		balanceUpdates { edges { node { id kind monetizationEvent { id usageEvent { id decision { id } } } } } } } }`, vars{"a": acme})
	below := map[string]string{} // a balance update's id: what it pays, as its decision tells
	for _, edge := range at[[]any](t, data, "account", "decisions", "edges") {
		d := at[map[string]any](t, edge, "node")
		event := at[string](t, d, "usageEvent", "id")
		if at[string](t, d, "usageEvent", "decision", "id") != d["id"] {
			t.Errorf("%v: its usage event leads elsewhere", d)
		}
		var costs []string
		for _, m := range at[[]any](t, d, "monetizationEvents") {
			costs = append(costs, at[string](t, m, "id"))
			if at[string](t, m, "usageEvent", "id") != event || at[string](t, m, "usageEvent", "decision", "id") != d["id"] {
				t.Errorf("%v: its cost leads elsewhere", d)
			}
		}
		if len(costs) == 0 {
			t.Errorf("%v costs nothing", d)
		}
		for _, u := range at[[]any](t, d, "balanceUpdates") {
			if u := u.(map[string]any); u["monetizationEvent"] != nil {
				below[u["id"].(string)] = at[string](t, u, "monetizationEvent", "id")
				if !slices.Contains(costs, at[string](t, u, "monetizationEvent", "id")) || at[string](t, u, "monetizationEvent", "usageEvent", "decision", "id") != d["id"] {
					t.Errorf("%v: its balance update pays something else", d)
				}
			} else if kind := u["kind"]; kind == "DEBIT" || kind == "REFUND" {
				t.Errorf("a %s pays nothing: %v", kind, u)
			}
		}
	}
	paid := 0
	for _, edge := range at[[]any](t, data, "account", "balanceUpdates", "edges") {
		u := at[map[string]any](t, edge, "node")
		if u["monetizationEvent"] == nil {
			continue
		}
		paid++
		if got := at[string](t, u, "monetizationEvent", "id"); got != below[u["id"].(string)] {
			t.Errorf("%v pays %s in the list, and %s below its decision", u["id"], got, below[u["id"].(string)])
		}
	}
	if paid != len(below) || paid != 4 { // the credits of a chat, of a video, of a settled video; a refund
		t.Errorf("%d balance updates pay something in the list, %d below decisions", paid, len(below))
	}
}
