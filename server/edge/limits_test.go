package edge_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

func repeat(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// doubling is a chain of fragments, each of which uses the next one twice.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "fragment F%d on Query { ...F%d ... on Query { ...F%d } } ", i, i+1, i+1)
	}
	return b.String()
}

func TestWhatADocumentMayAskFor(t *testing.T) {
	w := newWorld(t, setup{})
	acme := w.id("acme")
	account := func(inner string) string { return fmt.Sprintf(`{ account(id: %q) { %s } }`, acme, inner) }
	deep := func(n int) string {
		return account(strings.Repeat("decisions { edges { node { account { ", n) + "id" + strings.Repeat(" } } } }", n))
	}
	for _, c := range []struct {
		name, query string
		refused     bool
	}{
		{"as deep as is useful", deep(2), false},
		{"too deep", deep(4), true},
		{"10 root fields", "{" + repeat(10, "a%d: viewer { userId } ") + "}", false},
		{"11 root fields", "{" + repeat(11, "a%d: viewer { userId } ") + "}", true},
		{"11 root fields by fragments", "{" + repeat(11, "...F%d ") + "} " + repeat(11, "fragment F%[1]d on Query { a%[1]d: viewer { userId } } "), true},
		{"2 mutations at once", `mutation { a: setAccountStatus(accountId: "x", status: ACTIVE, reason: "r") { id } b: setAccountStatus(accountId: "x", status: ACTIVE, reason: "r") { id } }`, true},
		{"30 aliases", account(repeat(3, "a%d: id") + repeat(10, " b%d: name") + repeat(10, " c%d: status") + repeat(7, " d%d: createdAt")), false},
		{"40 aliases", account(repeat(10, "a%d: id ") + repeat(10, " b%d: name") + repeat(10, " c%d: status") + repeat(10, " d%d: createdAt")), true},
		{"a field 10 times", account(strings.Repeat("id ", 10)), false},
		{"a field 11 times", account(strings.Repeat("id ", 11)), true},
		{"a field many times by fragments", account("...F ...F ...F") + " fragment F on Account { " + strings.Repeat("name ", 11) + " }", true},
		{"a page of 200", account("decisions(first: 200) { edges { node { id status } } }"), false},
		{"pages of pages", account("decisions(first: 200) { edges { node { account { decisions(first: 200) { edges { node { id } } } } } } }"), true},
		{"accounts with all they have", `{ accounts(first: 200) { edges { node { grants(first: 200) { edges { node { id } } } } } } }`, true},
		{"many directives", "{ viewer { userId " + strings.Repeat("@skip(if: false) ", 60) + "} }", true},
		{"many operations", repeat(11, "query A%d { __typename } "), true},
		{"fragments that double", "{ ...F0 } " + doubling(20) + "fragment F20 on Query { viewer { userId } }", true},
		{"fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", true},
		{"tokens without end", "{" + strings.Repeat(" viewer { userId }", 1500) + "}", true},
	} {
		a := w.ask(w.admin(), c.query, nil)
		if refused := a.Data == nil && (a.code() == "QUERY_TOO_COMPLEX" || c.name == "fragments in a circle" && a.code() == "BAD_USER_INPUT"); refused != c.refused {
			t.Errorf("%s: %.300s", c.name, a.body)
		}
	}
	if a := w.ask(w.admin(), `query($n: Int!) { accounts(first: $n) { edges { node { grants(first: $n) { edges { node { id } } } } } } }`, vars{"n": 200}); a.code() != "QUERY_TOO_COMPLEX" {
		t.Errorf("lengths by variable: %s", a.body)
	}
}

// A document of 8 KB that is as expensive as it can be is refused quickly.
func TestHostileDocumentsAreCheap(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	fill := func(s string) string { return s[:min(len(s), 8<<10)] }
	for name, query := range map[string]string{
		"overlapping fields":  "{" + strings.Repeat("viewer{account{plan{features{feature{key}}}}}", 150) + "}",
		"overlapping, nested": strings.Repeat("{viewer", 1) + strings.Repeat("{account ...on Account", 300) + "{id}" + strings.Repeat("}", 301),
		"inline fragments":    "{" + strings.Repeat("...on Query{", 650) + "__typename" + strings.Repeat("}", 651),
		"unknown fields":      "{" + repeat(1000, "f%d ") + "}",
		"many spreads":        "{" + strings.Repeat("...A ", 800) + "} fragment A on Query{" + strings.Repeat("...B ", 700) + "} fragment B on Query{__typename}",
		"deep lists":          "{plan(key:" + strings.Repeat("[", 7000) + ")}",
		"deep objects":        "{plan(key:" + strings.Repeat("{a:", 2500) + "1" + strings.Repeat("}", 2500) + "){key}}",
		"deep selections":     strings.Repeat("{a", 4000),
		"many variables":      "query(" + repeat(600, "$v%d:Int ") + "){__typename}",
		"many arguments":      "{plan(" + repeat(800, "a%d:1 ") + "){key}}",
		"a long string":       `{plan(key:"` + strings.Repeat("x", 8000) + `"){key}}`,
		"many directives":     "{__typename" + strings.Repeat("@a", 4000) + "}",
		"many comments":       strings.Repeat("#\n", 4000) + "{__typename}",
		"many fragments":      "{__typename}" + repeat(250, "fragment F%d on Query{__typename}"),
		"deep introspection":  "{__schema{types" + strings.Repeat("{fields{type", 300) + "{name}" + strings.Repeat("}}", 300) + "}}",
	} {
		for _, token := range []string{"", w.admin()} { // admins are told what they might have meant
			before := cpu(t)
			a := w.ask(token, fill(query), nil)
			if took := cpu(t) - before; took > 50*time.Millisecond*slack {
				t.Errorf("%s took %v", name, took)
			}
			if a.status >= 500 {
				t.Errorf("%s: %.200s", name, a.body)
			}
		}
	}
}

// cpu is what this process, the server and its client, has used of the
// processors.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// A user who asks their own busy account for as much as one document may is
// refused, or answered at no more cost.
func TestTheDearestAnswersAreCheap(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	acme := w.id("acme")
	w.credits(acme, "10000")
	inputs := make([]vars, 300)
	for i := range inputs {
		inputs[i] = vars{"accountId": acme, "userId": "ann", "feature": "chat", "idempotencyKey": w.key()}
	}
	w.event(t, time.Now().Add(-24*time.Hour), 12_000, acme, "bob")
	w.must(w.service(), `mutation($in: [AuthorizeInput!]!) { authorizeBatch(inputs: $in) { error { code } } }`, vars{"in": inputs})
	account := func(inner string) string { return fmt.Sprintf(`{ account(id: %q) { %s } }`, acme, inner) }
	links := func(n int) string {
		return strings.Repeat("usageEvent { decision { ", n) + "id" + strings.Repeat(" } }", n)
	}
	period := func(d time.Duration) string {
		return fmt.Sprintf(`from: %q, to: %q`, time.Now().Add(-d).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}
	answered := 0
	for name, query := range map[string]string{
		"links upon links":        account(`decisions(first: 200) { edges { node { ` + links(2) + ` } } }`),
		"more links":              account(`decisions(first: 200) { edges { node { ` + repeat(5, "a%d: usageEvent { decision { b: usageEvent { decision { id } } } } ") + ` } } }`),
		"every link":              account(`decisions(first: 70) { edges { node { monetizationEvents { usageEvent { decision { id } } } balanceUpdates { grant { id } monetizationEvent { id } } } } }`),
		"the account again":       account(`decisions(first: 200) { edges { node { account { plan { features { feature { key } } } } } } }`),
		"usage by the minute":     account(`usage(` + period(6*24*time.Hour) + `, interval: MINUTE) { quantity }`),
		"much usage":              account(repeat(10, "u%d: usage("+period(26*time.Hour)+", interval: MINUTE) { quantity } ")),
		"all usage of ever":       account(repeat(10, "u%d: usage("+period(300*24*time.Hour)+", interval: DAY) { start credits } ")),
		"a filter that finds few": account(`decisions(filter: {userId: "nobody"}) { edges { node { id } } }`),
		"filters that find few":   account(repeat(2, `d%d: decisions(filter: {userId: "nobody"}) { edges { node { id } } } `)),
		"more of them":            account(repeat(10, `d%d: decisions(filter: {userId: "nobody"}) { edges { node { id } } } `)),
		"the same by fragments":   `{ ` + repeat(10, `r%d: account(id: "`+acme+`") { ...F } `) + ` } fragment F on Account { decisions(filter: {kind: PROMOTION}) { edges { node { id } } } }`,
		"balances of the past":    account(repeat(10, `b%d: balanceAt(at: "2026-05-1%[1]dT00:00:00Z") { available } `)),
		"forecasts":               account(repeat(5, `f%d: forecast(days: 400) { points { at available } } `)),
		"buckets":                 account(repeat(10, `b%d: buckets(userId: "u%[1]d") { key used windows { remaining } } `)),
		"pages":                   account(repeat(10, `p%d: decisions(first: 200) { edges { node { id steps { taken } } } } `)),
	} {
		var a *answer
		took := time.Hour
		for range 3 { // what goes on beside it, such as collecting garbage, is none of its cost
			before := cpu(t)
			a = w.ask(w.user("ann", acme), query, nil)
			took = min(took, cpu(t)-before)
		}
		if took > 50*time.Millisecond*slack || a.code() != "" && a.code() != "QUERY_TOO_COMPLEX" {
			t.Errorf("%s took %v: %.200s", name, took, a.body)
		}
		if a.code() == "" {
			answered++
		}
		if name == "much usage" && a.code() == "" {
			t.Errorf("%s was answered: 15,600 intervals are as many objects", name)
		}
	}
	if answered < 8 {
		t.Errorf("%d were answered: the rest shows nothing", answered)
	}
}

// What a document may ask for is the same whichever way it comes.
func TestEveryWayHasTheSameLimits(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	acme := w.id("acme")
	for name, query := range map[string]string{
		"too deep":       `query($a: ID!) { account(id: $a) { ` + strings.Repeat("decisions { edges { node { account { ", 4) + "id" + strings.Repeat(" } } } }", 4) + ` } }`,
		"root fields":    "{" + repeat(11, "a%d: viewer { userId } ") + "}",
		"aliases":        "{ viewer { " + repeat(10, "a%d: userId ") + repeat(10, "b%d: roles ") + "account { " + repeat(10, "c%d: id ") + repeat(10, "d%d: name ") + "} } }",
		"repeats":        "{ viewer { " + strings.Repeat("userId ", 11) + "} }",
		"tokens":         "{" + strings.Repeat(" viewer { userId }", 1500) + "}",
		"a long answer":  `query($a: ID!) { account(id: $a) { decisions(first: 200) { edges { node { account { decisions(first: 200) { edges { node { id } } } } } } } } }`,
		"filters":        `query($a: ID!) { account(id: $a) { ` + repeat(5, `d%d: decisions(filter: {userId: "x"}) { edges { cursor } } `) + ` } }`,
		"what there is":  `{ __schema { queryType { name } } }`,
		"a feed too big": `subscription($a: ID!) { decisions(accountId: $a) { node { account { decisions(first: 200) { edges { node { account { decisions(first: 200) { edges { cursor } } } } } } } } } }`,
	} {
		for _, answer := range w.everyWay(w.user("ann", acme), query, acme) {
			code := `"QUERY_TOO_COMPLEX"`
			if name == "what there is" {
				code = `"FORBIDDEN"`
			}
			if !strings.Contains(answer, code) {
				t.Errorf("%s: %s", name, answer)
			}
		}
	}
}

func TestOnlyAdminsSeeTheSchema(t *testing.T) {
	w := newWorld(t, setup{closed: true})
	const introspection = `{ __schema { queryType { name } } __type(name: "Account") { name } }`
	for _, c := range []struct {
		name, token string
		sees        bool
		code        string
	}{{"an admin", w.admin(), true, ""}, {"a service", w.service(), false, "FORBIDDEN"}, {"a user", w.user("ann", w.id("acme")), false, "FORBIDDEN"},
		{"nobody", "", false, "UNAUTHENTICATED"}} {
		a := w.ask(c.token, introspection, nil)
		if sees := a.Data["__schema"] != nil; sees != c.sees || a.code() != c.code {
			t.Errorf("%s: %s", c.name, a.body)
		}
		for _, query := range []string{"{ viewr { userId } }", "{ viewer }", `{ plan(kee: "a") { key } }`, `{ viewer { ... on Acount { id } } }`} {
			if a := w.ask(c.token, query, nil); strings.Contains(a.body, "Did you mean") && !c.sees {
				t.Errorf("%s: %s", c.name, a.body)
			}
		}
	}
	open := newWorld(t, setup{})
	if a := open.ask("", introspection, nil); len(a.Errors) > 0 {
		t.Errorf("while developing: %s", a.body)
	}
}

func TestPersistedQueries(t *testing.T) {
	w := newWorld(t, setup{})
	const query = "{ viewer { userId } }"
	sum := sha256.Sum256([]byte(query))
	send := func(query, hash string, version any) *answer {
		body, _ := json.Marshal(map[string]any{"query": query, "extensions": map[string]any{"persistedQuery": map[string]any{"version": version, "sha256Hash": hash}}})
		return w.post(w.admin(), string(body), nil)
	}
	hash := hex.EncodeToString(sum[:])
	if a := send("", hash, 1); a.code() != "NOT_FOUND" || a.Errors[0].Message != "PersistedQueryNotFound" {
		t.Errorf("unknown: %s", a.body)
	}
	if a := send("{ __typename }", hash, 1); a.code() != "BAD_USER_INPUT" {
		t.Errorf("the hash of another: %s", a.body)
	}
	if a := send("", hash, 1); a.code() != "NOT_FOUND" {
		t.Errorf("the other was kept: %s", a.body)
	}
	if a := send(query, hash, 1); a.code() != "" {
		t.Errorf("with the document: %s", a.body)
	}
	if a := send("", hash, 1); a.code() != "" || at[string](t, a.Data, "viewer", "userId") != "root" {
		t.Errorf("by the hash alone: %s", a.body)
	}
	if a := send("", hash, 2); a.code() != "BAD_USER_INPUT" {
		t.Errorf("another version: %s", a.body)
	}
	// A document that somebody has sent without a hash before.
	const known = "{ viewer { roles } }"
	w.must(w.admin(), known, nil)
	sum = sha256.Sum256([]byte(known))
	hash = hex.EncodeToString(sum[:])
	if a := send(known, hash, 1); a.code() != "" {
		t.Errorf("a known document: %s", a.body)
	}
	if a := send("", hash, 1); a.code() != "" {
		t.Errorf("a known document by the hash alone: %s", a.body)
	}
}
