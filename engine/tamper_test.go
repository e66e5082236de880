package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// tampering is one statement of a superuser, and what verify must name.
type tampering struct {
	name string
	sql  string
	// check and at are what one of the mismatches must say; at may end in *.
	check, at string
}

// scene is a small account in which every table has something to tamper with.
type scene struct {
	*world
	id                     string
	bought, promised       *ledger.Grant
	paid, held, denied, ok *ledger.Decision
	settled                *ledger.Decision
}

func newScene(t *testing.T) *scene {
	w := newWorld(t)
	s := &scene{world: w, id: w.account("scene", "plus")}
	s.bought = w.credits(s.id, 10_000_000)
	s.promised = w.grant(engine.NewGrant{Account: s.id, Kind: waterfall.Promotion, Units: true, Amount: 2, Features: []string{"chat"}})
	w.clock.Add(time.Second)
	s.paid = w.ask(s.id, "chat", 14) // 5 + 3 + 2 promised + 4 in credits
	w.clock.Add(time.Second)
	s.denied = w.ask(s.id, "chat", 1000)
	w.clock.Add(time.Second)
	s.settled = w.settle(w.hold(s.id, "chat", 6, 600), 4)
	w.clock.Add(time.Second)
	half := int64(7)
	must(w.Refund(context.Background(), engine.RefundRequest{Account: s.id, Decision: s.paid.ID, Quantity: &half, Key: w.key(), Change: byTest}))
	w.clock.Add(time.Second)
	s.held = w.hold(s.id, "chat", 3, 600)
	w.clock.Add(time.Minute)
	s.ok = w.ask(s.id, "chat", 2)
	return s
}

// insertedPart copies a row of monetization_events behind itself, or to another
// event.
func insertedPart(event string) string {
	return `insert into monetization_events select ` + event + `, quantity, credits, price_version, part + 1, kind, account_id, bucket from monetization_events where`
}

func TestEachTamperingIsNamed(t *testing.T) {
	s := newScene(t)
	// Another account beside it stays clean, whatever is done.
	other := s.account("zzz", "plus")
	s.credits(other, 1_000_000)
	s.ask(other, "chat", 7)
	if found := s.mismatches(""); len(found) > 0 {
		t.Fatalf("before any tampering: %+v", found)
	}
	s.remember()
	paid, held, settled, denied, ok := "event:"+s.paid.ID.String(), "event:"+s.held.ID.String(), "event:"+s.settled.Funded().ID.String(), "event:"+s.denied.ID.String(), "event:"+s.ok.ID.String()
	bought := "grant:" + ledger.ID(s.bought.ID).String()
	mine := " account_id = '" + s.id + "'"
	event := func(d ledger.ID) string { return mine + " and id = '" + d.String() + "'" }
	part := func(d ledger.ID, n int) string {
		return fmt.Sprintf("%s and usage_event_id = '%s' and part = %d", mine, d, n)
	}
	for _, c := range []tampering{
		{"balance_updates: a changed amount", `update balance_updates set amount = amount - 1 where sequence = 4 and` + mine, "chain", "sequence:4"},
		{"balance_updates: a changed balance", `update balance_updates set balance_after = balance_after + 1 where sequence = 4 and` + mine, "balance_after", "sequence:4"},
		{"balance_updates: a changed account balance", `update balance_updates set account_balance_after = 7 where sequence = 4 and` + mine, "account_balance_after", "sequence:4"},
		{"balance_updates: a deleted row", `delete from balance_updates where sequence = 3 and` + mine, "sequence", "sequence:4"},
		{"balance_updates: the last row deleted", `delete from balance_updates where sequence = (select max(sequence) from balance_updates where` + mine + `) and` + mine, "account.sequence", ""},
		{"balance_updates: all rows deleted", `delete from balance_updates where` + mine, "account.sequence", ""},
		{"balance_updates: an inserted row", `insert into balance_updates select (select max(sequence) + 1 from balance_updates where` + mine + `), grant_id, source_id, amount, balance_after, account_balance_after,
			created_at, ordinal, kind, counter_account, part, account_id, hash from balance_updates where sequence = 4 and` + mine, "chain", "sequence:*"},
		{"balance_updates: swapped rows", `update balance_updates b set amount = o.amount, balance_after = o.balance_after, source_id = o.source_id from balance_updates o
			where o.account_id = b.account_id and o.sequence = 9 - b.sequence and b.sequence in (4, 5) and b.` + mine[1:], "chain", "sequence:4"},
		{"balance_updates: another side", `update balance_updates set counter_account = 7 where sequence = 4 and` + mine, "counter", "sequence:4"},
		{"balance_updates: another grant", `update balance_updates set grant_id = '` + ledger.ID(s.promised.ID).String() + `' where sequence = 4 and` + mine, "chain", "sequence:4"},
		{"balance_updates: another source", `update balance_updates set source_id = '` + s.ok.ID.String() + `' where sequence = 4 and` + mine, "source", "sequence:4"},
		{"balance_updates: another time", `update balance_updates set created_at = created_at + interval '1 microsecond' where sequence = 4 and` + mine, "chain", "sequence:4"},
		{"balance_updates: another part", `update balance_updates set part = 0 where sequence = 4 and` + mine, "chain", "sequence:4"},
		{"balance_updates: another account's", `update balance_updates set account_id = 'nobody' where sequence = 4 and` + mine, "sequence", "sequence:5"},

		{"usage_events: a changed grant", `update usage_events set granted = granted - 1 where` + event(s.paid.ID), "event.granted", paid},
		{"usage_events: a changed charge", `update usage_events set charged = charged + 1 where` + event(s.paid.ID), "event.charged", paid},
		{"usage_events: a changed request", `update usage_events set requested = requested + 1 where` + event(s.denied.ID), "event.fingerprint", denied},
		{"usage_events: another user", `update usage_events set user_id = 'bob' where` + event(s.ok.ID), "event.fingerprint", ok},
		{"usage_events: another reason", `update usage_events set reason = 3 where` + event(s.denied.ID), "replay.reason", denied},
		{"usage_events: another status", `update usage_events set status = 2 where` + event(s.ok.ID), "event.status", ok},
		{"usage_events: what was available", `update usage_events set steps = replace(steps, 'Rminute,5,', 'Rminute,6,') where` + event(s.paid.ID), "replay.step", paid},
		{"usage_events: what was taken", `update usage_events set steps = replace(steps, 'Rminute,5,5', 'Rminute,5,4') where` + event(s.paid.ID), "event.granted", paid},
		{"usage_events: when it is possible again", `update usage_events set retry_at = created_at where` + event(s.denied.ID), "replay.retryAt", denied},
		{"usage_events: until when it is held", `update usage_events set hold_until = hold_until + interval '1 hour' where` + event(s.held.ID), "event.fingerprint", held},
		{"usage_events: a hold that never was", `update usage_events set status = 1 where` + event(s.held.ID), "event.status", held},
		{"usage_events: an earlier time", `update usage_events set created_at = created_at - interval '1 hour' where` + event(s.ok.ID), "event.created_at", ok},
		{"usage_events: another plan version", `update usage_events set plan_version = 9 where` + event(s.ok.ID), "plan", ok},
		{"usage_events: another price version", `update usage_events set price_version = 2 where` + event(s.paid.ID), "price", paid},
		{"usage_events: other postings", `update usage_events set first_sequence = first_sequence + 1 where` + event(s.paid.ID), "source", "sequence:3"},
		{"usage_events: as if it had drawn on no grant", `update usage_events set postings = 0, first_sequence = null where` + event(s.paid.ID), "monetization", paid},
		{"usage_events: as if it had drawn on a grant", `update usage_events set postings = 1, first_sequence = 99 where` + event(s.ok.ID), "monetization.quantity", ok},
		{"usage_events: a deleted decision", `delete from usage_events where` + event(s.paid.ID), "source", "sequence:*"},
		{"usage_events: a deleted refusal", `delete from usage_events where` + event(s.denied.ID), "account.events", ""},
		{"usage_events: a deleted settlement", `delete from usage_events where` + event(s.settled.Funded().ID), "source", "sequence:*"},
		{"usage_events: a deleted refund", `delete from usage_events where kind = 5 and` + mine, "source", "sequence:*"},
		{"usage_events: an inserted row", `insert into usage_events select '019dffff-ffff-7000-8000-000000000000', decision_id, created_at, fingerprint, requested, granted, charged, first_sequence,
			hold_until, retry_at, plan_version, price_version, postings, kind, status, reason, allow_partial, account_id, 'forged', user_id, feature, plan_key, steps, metadata
			from usage_events where` + event(s.denied.ID), "event.created_at", "event:*"},
		{"usage_events: swapped rows", `update usage_events u set requested = o.requested, granted = o.granted, steps = o.steps from usage_events o
			where o.account_id = u.account_id and u.id in ('` + s.ok.ID.String() + `', '` + s.denied.ID.String() + `') and o.id in ('` + s.ok.ID.String() + `', '` + s.denied.ID.String() + `') and o.id <> u.id`,
			"event.fingerprint", ok},

		{"monetization_events: a changed amount", `update monetization_events set credits = credits + 1 where` + part(s.paid.ID, 3), "charge", paid},
		{"monetization_events: a changed quantity", `update monetization_events set quantity = quantity + 1 where` + part(s.paid.ID, 0), "monetization.quantity", paid},
		{"monetization_events: another price version", `update monetization_events set price_version = 2 where` + part(s.paid.ID, 3), "price", paid},
		{"monetization_events: another bucket", `update monetization_events set bucket = 'daily' where` + part(s.paid.ID, 0), "replay.part", paid},
		{"monetization_events: a deleted row", `delete from monetization_events where` + part(s.paid.ID, 3), "monetization.quantity", paid},
		{"monetization_events: all rows of an event deleted", `delete from monetization_events where usage_event_id = '` + s.paid.ID.String() + `' and` + mine, "monetization.quantity", paid},
		{"monetization_events: all rows of a settlement deleted", `delete from monetization_events where usage_event_id = '` + s.settled.Funded().ID.String() + `' and` + mine, "monetization.quantity", settled},
		{"monetization_events: an inserted row", insertedPart(`usage_event_id`) + part(s.paid.ID, 3), "monetization.quantity", paid},
		{"monetization_events: a row of what cost nothing", insertedPart(`'`+s.ok.ID.String()+`'`) + part(s.paid.ID, 0), "monetization", ok},
		{"monetization_events: a row of nothing", insertedPart(`'019dffff-ffff-7000-8000-000000000000'`) + part(s.paid.ID, 0), "monetization.event", "event:*"},
		{"monetization_events: swapped rows", `update monetization_events m set quantity = o.quantity, bucket = o.bucket from monetization_events o where o.account_id = m.account_id
			and o.usage_event_id = m.usage_event_id and m.usage_event_id = '` + s.paid.ID.String() + `' and m.part in (0, 1) and o.part = 1 - m.part`, "replay.part", paid},

		{"grants: what is left", `update grants set remaining = remaining + 1 where` + event(s.bought.ID), "grant.remaining", bought},
		{"grants: what is held", `update grants set held = held + 1 where` + event(s.bought.ID), "grant.held", bought},
		{"grants: another amount", `update grants set amount = amount + 1 where` + event(s.bought.ID), "issue", "sequence:1"},
		{"grants: another priority", `update grants set priority = 1 where` + event(s.bought.ID), "grant.fingerprint", bought},
		{"grants: another expiry", `update grants set expires_at = now() + interval '1 year' where` + event(s.bought.ID), "grant.fingerprint", bought},
		{"grants: a void nobody ordered", `update grants set voided_at = now() where` + event(s.bought.ID), "grant.voided_at", bought},
		{"grants: a deleted row", `delete from grants where` + event(s.bought.ID), "grant", "sequence:1"},
		{"grants: an inserted row", `insert into grants select '019dffff-ffff-7000-8000-000000000000', remaining, held, amount, effective_at, expires_at, voided_at, expired_at, due_at, created_at, rollover_limit, fingerprint,
			priority, issues, postings, kind, recurrence, units, closed, account_id, 'forged', features, reference, note from grants where` + event(s.bought.ID), "grant.remaining", "grant:*"},

		{"accounts: the balance", `update accounts set balance = balance + 1 where` + mine, "account.balance", ""},
		{"accounts: the sequence", `update accounts set sequence = sequence + 1 where` + mine, "account.sequence", ""},
		{"accounts: the chain", `update accounts set chain = decode(repeat('ab', 32), 'hex') where` + mine, "account.chain", ""},
		{"accounts: a spend cap nobody set", `update accounts set spend_cap = 5, spend_cap_period = 1 where` + mine, "account.spend_cap", ""},
		{"accounts: a suspension nobody ordered", `update accounts set status = 2 where` + mine, "account.status", ""},
		{"accounts: another plan", `update accounts set plan_key = 'paid' where` + mine, "account.plan", ""},
		{"accounts: the count", `update accounts set events = events - 1 where` + mine, "account.events", ""},
		{"accounts: a deleted row", `delete from accounts where` + mine, "account", ""},
		{"accounts: an inserted row", `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			select 'forged', name, status, plan_key, version, decided_at, created_at from accounts where` + mine, "account.created", "forged"},

		{"prices: a changed price", `update prices set credits = credits + 1 where feature_key = 'chat'`, "charge", paid},
		{"prices: another unit", `update prices set per = 2 where feature_key = 'chat'`, "charge", settled},
		{"prices: a deleted price", `delete from prices where feature_key = 'chat'`, "price", paid},
		{"prices: a later price", `update prices set effective_from = effective_from + interval '1 day' where feature_key = 'chat'`, "price.effective_from", paid},
		{"plans: another limit", `update plans set features = replace(features::text, '"Limit": 5', '"Limit": 6')::jsonb where plan_key = 'plus'`, "replay.step", paid},

		{"holds: a deleted row", `delete from holds where` + mine, "hold", held},
		{"holds: another end", `update holds set expires_at = expires_at + interval '1 day' where` + mine, "hold.expires_at", held},
		{"holds: an inserted row", `insert into holds select '` + s.ok.ID.String() + `', now(), '` + s.id + `'`, "hold", ok},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := s.after(t, c.sql)
			named := slices.ContainsFunc(found, func(m ledger.Mismatch) bool {
				at, any := strings.CutSuffix(c.at, "*")
				return (m.Account == s.id || m.Account == c.at) && m.Check == c.check && (m.Reference == c.at || m.Account == c.at || any && strings.HasPrefix(m.Reference, at))
			})
			if !named {
				t.Errorf("not named as %s at %q: %+v", c.check, c.at, found)
			}
			for _, m := range found {
				if m.Account != s.id && m.Account != "nobody" && m.Account != "forged" && !strings.HasPrefix(c.name, "prices") && !strings.HasPrefix(c.name, "plans") {
					t.Errorf("a clean account is accused: %+v", m)
				}
				if m.Expected == m.Found || m.Expected == "" || m.Found == "" {
					t.Errorf("a mismatch of nothing: %+v", m)
				}
			}
		})
	}
}

// tables are all that a tampering may change.
var tables = []string{"accounts", "prices", "plans", "grants", "usage_events", "monetization_events", "balance_updates", "holds"}

// remember keeps a copy of every row, and restore brings them back.
func (s *scene) remember() {
	var sql strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&sql, "create table kept_%s as table %s; ", table, table)
	}
	ledgertest.Exec(s.t, s.url, sql.String())
}

func (s *scene) restore() {
	var sql strings.Builder
	for _, table := range tables {
		fmt.Fprintf(&sql, "delete from %s; insert into %s select * from kept_%s; ", table, table, table)
	}
	ledgertest.Exec(s.t, s.url, sql.String())
}

// after tampers, verifies, and brings back what was.
func (s *scene) after(t *testing.T, sql string) []ledger.Mismatch {
	t.Helper()
	defer s.restore()
	if ledgertest.Exec(t, s.url, sql) == 0 {
		t.Fatal("the tampering changed nothing")
	}
	return s.mismatches("")
}
