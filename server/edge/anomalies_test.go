package edge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger/ledgertest"
)

// noticing lets a new anomaly be there every so often until the test ends, so
// that whoever follows them is told something.
func (w *world) noticing() {
	stop, done := make(chan struct{}), make(chan struct{})
	w.t.Cleanup(func() { close(stop); <-done })
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			ledgertest.Exec(w.t, w.database, `insert into anomalies (account_id, id, change, opened_at, since, observed, expected, kind, feature, message)
				select 'noticed-' || $1::text, gen_random_uuid(), coalesce(max(change), 0) + 1, now(), now(), 1, 0, 4, '', 'Noticed.' from anomalies`, fmt.Sprint(n))
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	}()
}

// untilBegun returns once a feed of anomalies has begun, and has told all that
// was made to find that out: without a cursor it tells what comes from then on.
// The anomalies made for it are over, and stay in the list.
func (w *world) untilBegun(feed *events) {
	w.t.Helper()
	stop, last := make(chan struct{}), make(chan string)
	go func() {
		for n := 1; ; n++ {
			id := fmt.Sprint("begun-", n)
			ledgertest.Exec(w.t, w.database, `insert into anomalies (account_id, id, change, opened_at, since, resolved_at, observed, expected, kind, feature, message)
				select $1, gen_random_uuid(), coalesce(max(change), 0) + 1, now(), now(), now(), 1, 0, 4, '', 'Begun.' from anomalies`, id)
			select {
			case <-stop:
				last <- id
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	told := feed.next()
	close(stop)
	for id := <-last; !strings.Contains(told, `"accountId":"`+id+`"`); told = feed.next() {
	}
}

// An anomaly is told as it opens and as it is resolved, and stands in the list.
func TestAnAnomalyIsTold(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	rules := engine.DefaultAnomalyRules()
	rules.Every = 0
	feed := w.follow(w.admin(), `{"query":"subscription { anomalies { id kind accountId feature message observed expected openedAt resolvedAt } }"}`)
	w.untilBegun(feed)
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": "k"}})
	for range rules.Conflicts {
		w.ask(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "bob", "feature": "chat", "idempotencyKey": "k"}})
	}
	if err := w.engine.WatchAnomalies(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	opened := feed.next()
	if !strings.Contains(opened, `"kind":"KEY_CONFLICTS","accountId":"`+acme+`","feature":null`) || !strings.Contains(opened, `"observed":10,`) ||
		!strings.Contains(opened, `"resolvedAt":null`) {
		t.Error(opened)
	}
	list := func(arguments string) []any {
		t.Helper()
		all := at[[]any](t, w.must(w.admin(), `{ anomalies`+arguments+` { edges { cursor node { kind accountId resolvedAt } } pageInfo { hasNextPage endCursor } } }`, nil), "anomalies", "edges")
		return slices.DeleteFunc(all, func(edge any) bool { return strings.HasPrefix(at[string](t, edge, "node", "accountId"), "begun-") })
	}
	if open := list("(open: true)"); len(open) != 1 || at[string](t, open, 0, "node", "accountId") != acme || len(list("")) != 1 || len(list("(open: false)")) != 0 {
		t.Errorf("%v of %v are open, %v are over", open, list(""), list("(open: false)"))
	}
	// It is over when nothing stands in the last ten minutes any more.
	ledgertest.Exec(t, w.database, `update key_conflicts set minute = minute - interval '1 hour'`)
	if err := w.engine.WatchAnomalies(t.Context(), rules); err != nil {
		t.Fatal(err)
	}
	if resolved := feed.next(); strings.Contains(resolved, `"resolvedAt":null`) || !strings.Contains(resolved, `"kind":"KEY_CONFLICTS"`) {
		t.Error(resolved)
	}
	if open, over := list("(open: true)"), list("(open: false)"); len(open) != 0 || len(over) != 1 {
		t.Errorf("%v are open, %v are over", open, over)
	}
	if a := w.ask(w.admin(), `{ anomalies(first: 201) { edges { cursor } } }`, nil); a.code() != "BAD_USER_INPUT" || a.field() != "first" {
		t.Error(a.body)
	}
}

// The balance of a moment is what was answered then.
func TestTheBalanceOfAMoment(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	ann := w.user("ann", acme)
	balance := func() map[string]any {
		return at[map[string]any](t, w.must(ann, `query($a: ID!) { account(id: $a) { balance { available held expiringSoon nextExpiryAt sequence asOf } } }`, vars{"a": acme}), "account", "balance")
	}
	told := []map[string]any{balance()}
	for range 3 {
		w.credits(acme, "2.5")
		told = append(told, balance())
	}
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "video", "quantity": 10, "idempotencyKey": "k", "holdFor": "PT1M"}})
	told = append(told, balance())
	if at[string](t, told[4], "available") != "5.5" || at[string](t, told[4], "held") != "2" {
		t.Fatalf("%v", told[4])
	}
	for _, then := range told {
		data := w.must(ann, `query($a: ID!, $at: DateTime!) { account(id: $a) { balanceAt(at: $at) { available held expiringSoon nextExpiryAt sequence asOf } } }`,
			vars{"a": acme, "at": then["asOf"]})
		if got := at[map[string]any](t, data, "account", "balanceAt"); fmt.Sprint(got) != fmt.Sprint(then) {
			t.Errorf("%v was answered at %v, and now %v", then, then["asOf"], got)
		}
	}
}
