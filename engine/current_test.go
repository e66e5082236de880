package engine_test

import (
	"context"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// A grant that was read while it was open, and whose end somebody wrote before
// it is brought to now, is told as it ended.
func TestAGrantThatClosesWhileItIsRead(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	a := w.account("meanwhile", "whole")
	g := w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 10 * oneCredit, ExpiresAt: ptr(w.in(time.Hour))})
	read := must(w.ledger.GrantsByID(context.Background(), []ledger.GrantRef{{Account: a, ID: g.ID}}))
	w.clock.Add(time.Hour + time.Millisecond)
	w.credits(a, oneCredit) // the batch writes the expiry too
	must(0, w.CurrentGrants(context.Background(), []*ledger.Grant{&read[0]}))
	if read[0].Remaining != 0 || read[0].ExpiredAt == 0 || !read[0].Closed {
		t.Errorf("told as %+v", read[0])
	}
}
