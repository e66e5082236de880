package edge_test

import (
	"reflect"
	"testing"
	"time"
)

const previewFields = `feature { key } status reason charged maxQuantity oneByOne included retryAt steps { bucketKey available taken }`

func TestStanding(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.credits(acme, "10")
	w.must(w.admin(), `mutation($in: GrantInput!) { createGrant(input: $in) { id } }`, vars{"in": vars{"accountId": acme, "kind": "CREDIT", "amount": "7",
		"features": []string{"video"}, "recurrence": "MONTH", "idempotencyKey": w.key(), "reason": "test"}})
	allowed := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 3, "idempotencyKey": w.key()}})
	if at[string](t, allowed, "authorize", "status") != "ALLOWED" {
		t.Fatal("nothing was used")
	}

	t.Run("previews are the preview of each feature", func(t *testing.T) {
		all := at[[]any](t, w.must(w.user("ann", acme), `query($a: ID!) { account(id: $a) { previews { `+previewFields+` } } }`, vars{"a": acme}), "account", "previews")
		if len(all) != 2 {
			t.Fatalf("%d previews of two features", len(all))
		}
		for i, feature := range []string{"chat", "video"} {
			one := w.must(w.admin(), `query($in: PreviewInput!) { preview(input: $in) { `+previewFields+` } }`, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": feature}})
			if want := at[map[string]any](t, one, "preview"); !reflect.DeepEqual(all[i], want) {
				t.Errorf("%s:\n%v\nand by itself\n%v", feature, all[i], want)
			}
		}
		chat, video := all[0].(map[string]any), all[1].(map[string]any)
		if chat["included"] != 2.0 || chat["oneByOne"] != 22.0 || video["included"] != 0.0 || video["oneByOne"] != 85.0 {
			t.Errorf("chat %v, video %v", chat, video)
		}
	})
	t.Run("previews need a user", func(t *testing.T) {
		query := `query($a: ID!) { account(id: $a) { previews { status } } }`
		if a := w.ask(w.admin(), query, vars{"a": acme}); a.code() != "BAD_USER_INPUT" || a.field() != "userId" {
			t.Error(a.body)
		}
	})
	t.Run("a bucket tells units and credits apart, and when it is issued again", func(t *testing.T) {
		data := w.must(w.admin(), `query($a: ID!) { account(id: $a) { buckets(userId: "ann") { feature { key } kind remaining included includedUsed credits creditsUsed renewsAt } } }`, vars{"a": acme})
		buckets := at[[]any](t, data, "account", "buckets")
		minute, chat, video := buckets[0].(map[string]any), buckets[1].(map[string]any), buckets[2].(map[string]any)
		if minute["included"] != 2.0 || minute["includedUsed"] != 3.0 || minute["credits"] != nil || minute["renewsAt"] != nil {
			t.Errorf("%v", minute)
		}
		if chat["included"] != 0.0 || chat["credits"] != "10" || chat["creditsUsed"] != "0" || chat["remaining"] != 20.0 || chat["renewsAt"] != nil {
			t.Errorf("%v", chat)
		}
		renews, err := time.Parse(time.RFC3339, at[string](t, video, "renewsAt"))
		if video["credits"] != "17" || err != nil || renews.Before(time.Now().Add(27*24*time.Hour)) || renews.After(time.Now().Add(32*24*time.Hour)) {
			t.Errorf("%v", video)
		}
	})
	t.Run("spent is net of refunds, and of that time alone", func(t *testing.T) {
		spent := func(from, to time.Time) string {
			data := w.must(w.admin(), `query($a: ID!, $from: DateTime!, $to: DateTime!) { account(id: $a) { spent(from: $from, to: $to) } }`,
				vars{"a": acme, "from": from, "to": to})
			return at[string](t, data, "account", "spent")
		}
		began := time.Now().Add(-time.Hour)
		paid := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 6, "idempotencyKey": w.key()}})
		if got := spent(began, time.Now().Add(time.Hour)); got != "2" {
			t.Errorf("spent %s, and 4 of 6 messages cost 0.5 each", got)
		}
		held := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "video", "quantity": 5, "holdFor": "PT1M", "idempotencyKey": w.key()}})
		w.must(w.admin(), `mutation($a: ID!, $d: ID!) { refund(accountId: $a, decisionId: $d, quantity: 1, idempotencyKey: "r", reason: "test") { id } }`,
			vars{"a": acme, "d": at[string](t, paid, "authorize", "id")})
		if got := spent(began, time.Now().Add(time.Hour)); got != "1.5" {
			t.Errorf("spent %s after a refund of 0.5 and beside a hold", got)
		}
		w.must(w.service(), `mutation($in: SettleInput!) { settle(input: $in) { status } }`, vars{"in": vars{"accountId": acme,
			"decisionId": at[string](t, held, "authorize", "id"), "quantity": 5, "idempotencyKey": w.key()}})
		if got := spent(began, time.Now().Add(time.Hour)); got != "2.5" {
			t.Errorf("spent %s after a settlement of 1", got)
		}
		if got := spent(began.Add(-time.Hour), began); got != "0" {
			t.Errorf("spent %s before anything was", got)
		}
		if a := w.ask(w.admin(), `query($a: ID!, $t: DateTime!) { account(id: $a) { spent(from: $t, to: $t) } }`, vars{"a": acme, "t": began}); a.field() != "to" {
			t.Error(a.body)
		}
	})
}
