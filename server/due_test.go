package main

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"spillway/ledger/ledgertest"
)

// Holds and grants whose time is up end by themselves, once, on two processes.
func TestWhatIsDueHappensByItself(t *testing.T) {
	url := ledgertest.URL(t)
	p := launch(t, serving(url), "serve")
	defer p.stop(syscall.SIGTERM)
	defer launch(t, serving(url), "serve").stop(syscall.SIGTERM)
	admin, service := token(t, "admin"), token(t, "service")
	call := func(token, call string) {
		t.Helper()
		if _, err := p.graphql(t.Context(), token, "mutation { "+call+" }"); err != nil {
			t.Fatalf("%s: %v", call, err)
		}
	}
	for _, one := range prepared {
		call(admin, one)
	}
	const holds = 9
	for n := range holds {
		call(service, fmt.Sprintf(`authorize(input: {accountId: "a", userId: "u", feature: "f", quantity: 1, holdFor: "PT1S", idempotencyKey: "h%d"}) { status }`, n))
	}
	call(admin, fmt.Sprintf(`createGrant(input: {accountId: "a", kind: CREDIT, amount: "5", expiresAt: %q, idempotencyKey: "brief", reason: "test"}) { id }`,
		time.Now().Add(2*time.Second).UTC().Format(time.RFC3339Nano)))
	count := func(sql string) int64 {
		t.Helper()
		return ledgertest.Count(t, url, sql)
	}
	const (
		expiries = `select count(*) from usage_events where kind = 4`
		postings = `select count(*) from balance_updates where kind = 6`
	)
	waitFor(t, "all that is due", func() bool { return count(expiries) >= holds && count(postings) >= 1 })
	time.Sleep(2 * sweepInterval) // long enough for a second one
	if n, m := count(expiries), count(postings); n != holds || m != 1 {
		t.Errorf("%d expiries of %d holds, %d of one grant", n, holds, m)
	}
	late := count(`select count(*) from usage_events e join usage_events h on h.account_id = e.account_id and h.id = e.decision_id
		where e.kind = 4 and e.created_at > h.hold_until + interval '5 seconds'`) +
		count(`select count(*) from balance_updates b join grants g on g.account_id = b.account_id and g.id = b.grant_id
		where b.kind = 6 and b.created_at > g.expires_at + interval '1 minute'`)
	if late != 0 {
		t.Errorf("%d of them came too late", late)
	}
	data, err := p.graphql(t.Context(), service, `{ account(id: "a") { balance { available held } } }`)
	if err != nil || fmt.Sprint(data) != "map[account:map[balance:map[available:10 held:0]]]" {
		t.Errorf("all holds are back and the grant is gone, found %v: %v", data, err)
	}
}
