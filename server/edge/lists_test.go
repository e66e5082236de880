package edge_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// list is a list of the API: how to ask for a page of it, and how something new
// comes into it.
type list struct {
	name string
	// query takes $first and $after; path leads to the connection.
	query string
	path  []any
	grow  func(i int)
}

// lists are all of them, with something in each.
func (w *world) lists() []list {
	acme := w.id("acme")
	w.history(acme, 6)
	for i := range 15 {
		w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "Listed", plan: "plus"}) { id } }`, vars{"id": w.id(fmt.Sprint("listed-", i*10))})
		w.must(w.admin(), `mutation($a: ID!) { reconcile(accountId: $a) { id } }`, vars{"a": acme})
	}
	anomaly := func(i int) {
		ledgertest.Exec(w.t, w.database, `insert into anomalies (account_id, id, change, opened_at, since, observed, expected, kind, feature, message)
			select 'a' || $1::text, $2, coalesce(max(change), 0) + 1, now(), now(), 1, 0, 4, '', 'Noticed.' from anomalies`,
			fmt.Sprint(i), ledger.NewID(waterfall.InstantOf(time.Now()), uint64(i)))
	}
	for i := range 15 {
		anomaly(i)
	}
	decide := func(int) {
		w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key()}})
	}
	grant := func(int) { w.credits(acme, "1") }
	account := func(i int) {
		w.must(w.admin(), `mutation($id: ID!) { createAccount(input: {id: $id, name: "Listed later", plan: "plus"}) { id } }`, vars{"id": w.id(fmt.Sprint("listed-", i*10+5))})
	}
	below := func(field, arguments string) (string, []any) {
		return `query($first: Int!, $after: String) { account(id: "` + acme + `") { list: ` + field + `(first: $first, after: $after` + arguments +
			`) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }`, []any{"account", "list"}
	}
	root := func(field, arguments string) (string, []any) {
		return `query($first: Int!, $after: String) { list: ` + field + `(first: $first, after: $after` + arguments +
			`) { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`, []any{"list"}
	}
	var all []list
	add := func(name string, grow func(int), query string, path []any) {
		all = append(all, list{name: name, query: query, path: path, grow: grow})
	}
	for name, arguments := range map[string]string{
		"all": "", "of a user": `, filter: {userId: "ann"}`, "of a feature": `, filter: {feature: "chat"}`,
		"settled": `, filter: {status: [SETTLED, DENIED]}`, "from credits": `, filter: {kind: CREDIT}`, "of a time": `, filter: {from: "2020-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z"}`,
	} {
		query, path := below("decisions", arguments)
		add("decisions, "+name, decide, query, path)
	}
	query, path := below("grants", "")
	add("grants", grant, query, path)
	query, path = below("grants", ", kind: CREDIT, includeSpent: true")
	add("grants of a kind", grant, query, path)
	query, path = below("balanceUpdates", "")
	add("balance updates", grant, query, path)
	query, path = root("accounts", "")
	add("accounts", account, query, path)
	query, path = root("accounts", `, search: "`+w.id("listed")+`"`)
	add("accounts by id", account, query, path)
	query, path = root("accounts", `, search: "LIST"`)
	add("accounts by name", account, query, path)
	query, path = root("auditLog", "")
	add("audit log", grant, query, path)
	query, path = root("auditLog", `, accountId: "`+acme+`"`)
	add("audit log of an account", grant, query, path)
	query, path = root("reconciliations", "")
	add("reconciliations", func(int) {
		w.must(w.admin(), `mutation($a: ID!) { reconcile(accountId: $a) { id } }`, vars{"a": acme})
	}, query, path)
	query, path = root("anomalies", "")
	add("anomalies", func(i int) { anomaly(100 + i) }, query, path)
	query, path = root("anomalies", ", open: true")
	add("open anomalies", func(i int) { anomaly(200 + i) }, query, path)
	return all
}

// page reads one.
func (w *world) page(l *list, first int, after any) (ids []string, info map[string]any) {
	w.t.Helper()
	connection := at[map[string]any](w.t, w.must(w.admin(), l.query, vars{"first": first, "after": after}), l.path...)
	info = at[map[string]any](w.t, connection, "pageInfo")
	edges := at[[]any](w.t, connection, "edges")
	for _, e := range edges {
		ids = append(ids, at[string](w.t, e, "node", "id"))
	}
	if len(edges) > 0 && (info["startCursor"] != at[any](w.t, edges, 0, "cursor") || info["endCursor"] != at[any](w.t, edges, len(edges)-1, "cursor")) ||
		info["hasPreviousPage"] != (after != nil) {
		w.t.Errorf("%s: %v of %d edges", l.name, info, len(edges))
	}
	return ids, info
}

// Page by page a list is what it is at once, also while more comes into it:
// none is left out, and none comes twice.
func TestAListIsStableWhileItGrows(t *testing.T) {
	w := newWorld(t, setup{})
	for _, l := range w.lists() {
		whole, info := w.page(&l, 200, nil)
		if len(whole) < 6 || info["hasNextPage"] != false {
			t.Errorf("%s: %d at once, %v", l.name, len(whole), info)
		}
		var paged []string
		for i, after, more := 0, any(nil), true; more; i++ {
			ids, info := w.page(&l, 4, after)
			if len(ids) > 4 || i > 50 {
				t.Fatalf("%s: page %d holds %d", l.name, i, len(ids))
			}
			paged = append(paged, ids...)
			after, more = info["endCursor"], info["hasNextPage"].(bool)
			l.grow(i)
		}
		if twice := slices.Compact(slices.Sorted(slices.Values(paged))); len(twice) != len(paged) {
			t.Errorf("%s: %d of %d come twice", l.name, len(paged)-len(twice), len(paged))
		}
		old := slices.DeleteFunc(paged, func(id string) bool { return !slices.Contains(whole, id) })
		if !slices.Equal(old, whole) {
			t.Errorf("%s: page by page\n%v, and at once\n%v", l.name, old, whole)
		}
	}
}

func TestAPageHasItsLimits(t *testing.T) {
	w := newWorld(t, setup{})
	for _, l := range w.lists() {
		for first, good := range map[int]bool{-1: false, 0: false, 1: true, 200: true, 201: false} {
			a := w.ask(w.admin(), l.query, vars{"first": first})
			if (a.code() == "") != good || !good && (a.code() != "BAD_USER_INPUT" || a.field() != "first") {
				t.Errorf("%s: first %d: %s", l.name, first, a.body)
			}
		}
		for _, after := range []string{"", "?", "no cursor"} {
			if a := w.ask(w.admin(), l.query, vars{"first": 1, "after": after}); a.code() != "BAD_USER_INPUT" || a.field() != "after" {
				t.Errorf("%s: after %q: %s", l.name, after, a.body)
			}
		}
	}
}

// Each filter passes what matches, and nothing else.
func TestEveryFilterOfDecisions(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.history(acme, 3)
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "quantity": 5000, "idempotencyKey": w.key()}})
	list := func(filter vars) (found []map[string]any) {
		t.Helper()
		data := w.must(w.admin(), `query($a: ID!, $f: DecisionFilter) { account(id: $a) { decisions(filter: $f, first: 200) { edges {
			node { id userId status createdAt feature { key } steps { kind taken } } } } } }`, vars{"a": acme, "f": filter})
		for _, e := range at[[]any](t, data, "account", "decisions", "edges") {
			found = append(found, at[map[string]any](t, e, "node"))
		}
		return found
	}
	all := list(vars{})
	if len(all) != 10 || !slices.IsSortedFunc(all, func(a, b map[string]any) int { return -compare(a["createdAt"], b["createdAt"]) }) {
		t.Fatalf("not all, or not the newest first: %v", all)
	}
	took := func(d map[string]any, kind string) bool {
		return slices.ContainsFunc(d["steps"].([]any), func(s any) bool { return at[string](t, s, "kind") == kind && at[float64](t, s, "taken") > 0 })
	}
	from, to := all[7]["createdAt"], all[3]["createdAt"]
	for _, c := range []struct {
		filter vars
		passes func(d map[string]any) bool
	}{
		{vars{"userId": "ann"}, func(d map[string]any) bool { return d["userId"] == "ann" }},
		{vars{"userId": "nobody"}, func(map[string]any) bool { return false }},
		{vars{"feature": "chat"}, func(d map[string]any) bool { return at[string](t, d, "feature", "key") == "chat" }},
		{vars{"status": []string{"SETTLED"}}, func(d map[string]any) bool { return d["status"] == "SETTLED" }},
		{vars{"status": []string{"DENIED", "ALLOWED"}}, func(d map[string]any) bool { return d["status"] == "DENIED" || d["status"] == "ALLOWED" }},
		{vars{"status": []string{}}, func(map[string]any) bool { return true }},
		{vars{"kind": "RATE_LIMIT"}, func(d map[string]any) bool { return took(d, "RATE_LIMIT") }},
		{vars{"kind": "CREDIT"}, func(d map[string]any) bool { return took(d, "CREDIT") }},
		// What a time that was never set looks like, and the last there can be.
		{vars{"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}, func(map[string]any) bool { return true }},
		{vars{"to": "0001-01-01T00:00:00Z"}, func(map[string]any) bool { return false }},
		{vars{"from": from, "to": to}, func(d map[string]any) bool {
			return compare(d["createdAt"], from) >= 0 && compare(d["createdAt"], to) < 0
		}},
		{vars{"userId": "ann", "feature": "video", "status": []string{"ALLOWED"}, "kind": "CREDIT", "from": from, "to": nil}, func(d map[string]any) bool {
			return d["userId"] == "ann" && at[string](t, d, "feature", "key") == "video" && d["status"] == "ALLOWED" && took(d, "CREDIT") && compare(d["createdAt"], from) >= 0
		}},
	} {
		var want []string
		for _, d := range all {
			if c.passes(d) {
				want = append(want, d["id"].(string))
			}
		}
		var got []string
		for _, d := range list(c.filter) {
			got = append(got, d["id"].(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %v, want %v", c.filter, got, want)
		}
	}
}

// compare compares times as the API writes them.
func compare(a, b any) int { return slices.Compare([]byte(fmt.Sprint(a)), []byte(fmt.Sprint(b))) }

// Where a filter passes next to nothing a page gives up after a while, says so,
// and the list goes on behind it.
func TestAFilterThatPassesLittleIsFollowed(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "rare", "feature": "chat", "idempotencyKey": w.key()}})
	w.event(t, time.Now().Add(time.Second), 12_000, acme, "common")
	found, pages := 0, 0
	for after, more := any(nil), true; more; pages++ {
		page := at[map[string]any](t, w.must(w.admin(), `query($a: ID!, $after: String) { account(id: $a) { decisions(filter: {userId: "rare"}, after: $after) {
			edges { node { id } } pageInfo { hasNextPage endCursor } } } }`, vars{"a": acme, "after": after}), "account", "decisions")
		found += len(at[[]any](t, page, "edges"))
		after, more = at[any](t, page, "pageInfo", "endCursor"), at[bool](t, page, "pageInfo", "hasNextPage")
	}
	if found != 1 || pages != 7 {
		t.Errorf("%d found on %d pages", found, pages)
	}
}

// event writes n events of one unit of chat from credits into the records, from
// a moment on, a millisecond apart.
func (w *world) event(t *testing.T, from time.Time, n int, account, user string) {
	t.Helper()
	ids, times := make([]ledger.ID, n), make([]time.Time, n)
	for i := range ids {
		times[i] = from.Add(time.Duration(i) * time.Millisecond)
		ids[i] = ledger.NewID(waterfall.InstantOf(times[i]), uint64(w.keys.Add(1))<<2)
	}
	c, err := pgx.Connect(t.Context(), w.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	if _, err := c.Exec(t.Context(), `with made as (insert into usage_events (id, created_at, fingerprint, requested, granted, charged, plan_version, price_version, postings, kind,
				status, reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps)
			select id, at, 1, 1, 1, 500000, 1, 1, 1, 1, 1, 1, false, $3, id::text, $4, 'chat', 'plus', '' from unnest($1::uuid[], $2::timestamptz[]) k(id, at) returning account_id, id)
		insert into monetization_events (usage_event_id, quantity, credits, price_version, part, kind, account_id, bucket)
			select id, 1, 500000, 1, 0, 5, account_id, 'credits' from made`, ids, times, account, user); err != nil {
		t.Fatal(err)
	}
}

// A search finds accounts by words of their id or their name, each once, the
// newest first.
func TestAccountsAreFoundByIDOrName(t *testing.T) {
	w := newWorld(t, setup{})
	for _, a := range [][2]string{{"north-1", "Alder"}, {"north-2", "North Sea"}, {"south-1", "NORTHERN"}, {"south-2", "Ärger"}, {"south-3", "50% off_"}} {
		w.must(w.admin(), `mutation($id: ID!, $name: String!) { createAccount(input: {id: $id, name: $name, plan: "plus"}) { id } }`, vars{"id": a[0], "name": a[1]})
	}
	for search, want := range map[string][]string{
		"north": {"south-1", "north-2", "north-1"}, "North": {"south-1", "north-2", "north-1"}, "north-1": {"north-1"}, "ald": {"north-1"}, "sea": {"north-2"}, "arger": {"south-2"},
		"ÄRG": {"south-2"}, "50%": {"south-3"}, "_": nil, "%": nil, "nobody": nil,
	} {
		var got []string
		for _, e := range at[[]any](t, w.must(w.admin(), `query($s: String) { accounts(search: $s) { edges { node { id } } } }`, vars{"s": search}), "accounts", "edges") {
			got = append(got, at[string](t, e, "node", "id"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", search, got, want)
		}
	}
	var newest []string
	for _, e := range at[[]any](t, w.must(w.admin(), `{ accounts { edges { node { createdAt } } } }`, nil), "accounts", "edges") {
		newest = append(newest, at[string](t, e, "node", "createdAt"))
	}
	if len(newest) != 7 || !slices.IsSortedFunc(newest, func(a, b string) int { return compare(b, a) }) {
		t.Errorf("not all, or not the newest first: %v", newest)
	}
}

// Cursors are of one list: that of another is refused, and not read as a place
// that it does not mean.
func TestACursorIsOfOneList(t *testing.T) {
	w := newWorld(t, setup{})
	lists := w.lists()
	cursor := func(l *list) any { _, info := w.page(l, 1, nil); return info["endCursor"] }
	// The same entries in another choice of them have the same cursors.
	kind := func(l *list) string { return strings.Fields(strings.Replace(l.name, "open ", "", 1))[0] }
	for i := range lists {
		after := cursor(&lists[i])
		for j := range lists {
			a := w.ask(w.admin(), lists[j].query, vars{"first": 1, "after": after})
			same := strings.TrimSuffix(kind(&lists[i]), ",") == strings.TrimSuffix(kind(&lists[j]), ",")
			if same && a.code() != "" || !same && (a.code() != "BAD_USER_INPUT" || a.field() != "after") {
				t.Errorf("a cursor of %s, behind which %s are asked: %s", lists[i].name, lists[j].name, a.body)
			}
		}
	}
}

// Usage counts by UTC minutes, hours, days and months, whatever offset the times
// are given in, and intervals without usage are told too.
func TestUsageByInterval(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	for moment, n := range map[string]int{
		"2026-01-31T23:59:59.990Z": 5, // within ten milliseconds before midnight and the new month
		"2026-02-01T00:00:00Z":     7,
		"2026-02-01T00:02:30Z":     1,
		"2026-02-03T12:00:00Z":     2,
	} {
		at, err := time.Parse(time.RFC3339Nano, moment)
		if err != nil {
			t.Fatal(err)
		}
		w.event(t, at, n, acme, "ann")
	}
	usage := func(from, to, interval, feature string) string {
		t.Helper()
		a := w.ask(w.admin(), `query($a: ID!, $from: DateTime!, $to: DateTime!, $i: UsageInterval!, $f: String) { account(id: $a) {
			usage(from: $from, to: $to, interval: $i, feature: $f) { start feature kind quantity credits } } }`,
			vars{"a": acme, "from": from, "to": to, "i": interval, "f": map[bool]any{true: nil, false: feature}[feature == ""]})
		if a.code() != "" {
			return strings.TrimSuffix(a.code()+" "+a.field(), " ")
		}
		told := ""
		for _, p := range at[[]any](t, a.Data, "account", "usage") {
			p := p.(map[string]any)
			if p["quantity"] == 0.0 && p["kind"] != "CREDIT" {
				told += fmt.Sprint(p["start"].(string)[5:16], " ", p["feature"], " ", p["kind"], " ")
				continue
			}
			if p["kind"] != "CREDIT" || p["credits"] != fmt.Sprint(p["quantity"].(float64)/2) {
				t.Errorf("%v", p)
			}
			told += fmt.Sprint(p["start"].(string)[5:16], "=", p["quantity"], " ")
		}
		return told
	}
	for _, c := range []struct{ from, to, interval, want string }{
		{"2026-01-31T23:58:00Z", "2026-02-01T00:04:00Z", "MINUTE", "01-31T23:58=0 01-31T23:59=5 02-01T00:00=7 02-01T00:01=0 02-01T00:02=1 02-01T00:03=0 "},
		{"2026-01-31T22:00:00Z", "2026-02-01T02:00:00Z", "HOUR", "01-31T22:00=0 01-31T23:00=5 02-01T00:00=8 02-01T01:00=0 "},
		{"2026-01-31T00:00:00Z", "2026-02-05T00:00:00Z", "DAY", "01-31T00:00=5 02-01T00:00=8 02-02T00:00=0 02-03T00:00=2 02-04T00:00=0 "},
		{"2025-12-31T23:00:00Z", "2026-03-01T00:00:01Z", "MONTH", "12-01T00:00=0 01-01T00:00=5 02-01T00:00=10 03-01T00:00=0 "},
		// from is inclusive and to exclusive, to the microsecond, and the first
		// interval is shown whole.
		{"2026-01-31T23:59:59.992Z", "2026-02-01T00:00:00.003Z", "DAY", "01-31T00:00=3 02-01T00:00=3 "},
		// The same times, told elsewhere.
		{"2026-02-01T05:28:00+05:30", "2026-01-31T16:04:00-08:00", "MINUTE", "01-31T23:58=0 01-31T23:59=5 02-01T00:00=7 02-01T00:01=0 02-01T00:02=1 02-01T00:03=0 "},
		// Where nothing at all was used, every bucket of the plan says so.
		{"2027-01-01T00:00:00Z", "2027-01-03T00:00:00Z", "DAY", "01-01T00:00 chat RATE_LIMIT 01-01T00:00=0 01-01T00:00=0 01-02T00:00 chat RATE_LIMIT 01-02T00:00=0 01-02T00:00=0 "},
		{"2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z", "MINUTE", "QUERY_TOO_COMPLEX"},
		{"2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "DAY", "BAD_USER_INPUT to"},
	} {
		if got := usage(c.from, c.to, c.interval, ""); got != c.want {
			t.Errorf("%s to %s by %s:\n%s, want\n%s", c.from, c.to, c.interval, got, c.want)
		}
	}
	if chat, video := usage("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "DAY", "chat"), usage("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "DAY", "video"); chat != "02-01T00:00=8 " || video != "02-01T00:00=0 " {
		t.Errorf("chat %q, video %q", chat, video)
	}
	if other := usage("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "DAY", "nothing"); other != "NOT_FOUND feature" {
		t.Errorf("a feature that there is not: %q", other)
	}
}

// An account that is found by a decision knows its plan as one that is asked for
// by its id: where nothing was used, usage tells of the plan's buckets.
func TestUsageOfADecisionsAccount(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	made := w.must(w.service(), authorize, vars{"in": vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key()}})
	const usage = `usage(from: "2020-01-01T00:00:00Z", to: "2020-01-02T00:00:00Z") { feature kind quantity }`
	data := w.must(w.admin(), `query($a: ID!, $d: ID!) {
		account(id: $a) { `+usage+` decisions { edges { node { account { `+usage+` } } } } }
		decision(accountId: $a, id: $d) { account { `+usage+` } } }`, vars{"a": acme, "d": at[string](t, made, "authorize", "id")})
	want := at[[]any](t, data, "account", "usage")
	if len(want) == 0 {
		t.Fatal("nothing is told of the plan's buckets")
	}
	for _, path := range [][]any{{"decision", "account", "usage"}, {"account", "decisions", "edges", 0, "node", "account", "usage"}} {
		if got := at[[]any](t, data, path...); !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %v, want %v", path, got, want)
		}
	}
}
