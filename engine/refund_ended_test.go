package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// What is refunded into a grant that has ended, or that was renewed since, and
// what is told of it: by the balance, the grant, its bucket and the sentence.
func TestARefundAfterTheGrant(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	for i, c := range []struct {
		name string
		of   func(*engine.NewGrant)
		// ends lets the grant end, or be renewed.
		ends func(*ledger.Grant)
		// left and used are what the account and its bucket tell after the refund.
		left, used int64
		sentence   string
	}{
		{"a grant that expired", func(g *engine.NewGrant) { g.Recurrence, g.ExpiresAt = waterfall.NoPeriod, ptr(w.in(oneDay)) },
			func(*ledger.Grant) { w.clock.Add(oneDay) }, 0, 0,
			"Allowed: 40 from credits (40.00); 10 of 40 refunded: 10 to credits (10.00); nothing of it can be spent again, because the grant has ended (expired)."},
		{"a grant that was voided", func(g *engine.NewGrant) { g.Recurrence = waterfall.NoPeriod },
			func(g *ledger.Grant) { must(w.VoidGrant(context.Background(), g.Account, ledger.ID(g.ID), byTest)) }, 0, 0,
			"Allowed: 40 from credits (40.00); 10 of 40 refunded: 10 to credits (10.00); nothing of it can be spent again, because the grant has ended (voided)."},
		// What was used comes back to the grant whenever it was: no use less of the issue that is open.
		{"a grant that was renewed", func(*engine.NewGrant) {}, func(*ledger.Grant) { w.clock.Add(oneDay + time.Second) }, 110, 0,
			"Allowed: 40 from credits (40.00); 10 of 40 refunded: 10 to credits (10.00)."},
		{"a grant that is open", func(*engine.NewGrant) {}, func(*ledger.Grant) {}, 70, 30,
			"Allowed: 40 from credits (40.00); 10 of 40 refunded: 10 to credits (10.00)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.account(strings.Repeat("r", i+1), "whole")
			n := w.recurring(a, waterfall.Day)
			c.of(&n)
			g := w.grant(n)
			d := w.ask(a, "call", 40)
			c.ends(g)
			d = must(w.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: d.ID, Quantity: ptr[int64](10), Key: w.key(), Change: byTest}))
			if got := w.Explain(d); got != c.sentence {
				t.Errorf("told %s\nwant %s", got, c.sentence)
			}
			if b := w.balance(a); b.Available != c.left*oneCredit {
				t.Errorf("the balance is %d, want %d credits", b.Available, c.left)
			}
			if v := w.purse(a).View; v.Remaining != c.left || v.Used != c.used {
				t.Errorf("the bucket has %d and used %d, want %d and %d", v.Remaining, v.Used, c.left, c.used)
			}
		})
	}
	w.verified()
}
