package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// A page of grants is full as long as there are more, whatever what is due has
// done to those that were read.
func TestAPageOfGrantsIsFull(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	ctx := context.Background()
	a := w.account("pages", "whole")
	var open []ledger.ID // the newest first
	for i := range 12 {
		n := engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: oneCredit}
		switch i % 4 {
		case 1: // due, and empty then
			n.ExpiresAt = ptr(w.in(time.Hour))
		case 2: // spent before the others, and comes again later
			n = w.recurring(a, waterfall.Day)
			n.Amount, n.Priority = oneCredit, -1
		}
		n.Key = fmt.Sprint("page ", i)
		if g := w.grant(n); n.ExpiresAt == nil && n.Priority == 0 {
			open = append([]ledger.ID{g.ID}, open...)
		}
	}
	w.ask(a, "call", 3)
	w.clock.Add(2 * time.Hour)
	var read []ledger.ID
	for p := (ledger.Page{First: 4}); ; {
		page := must(w.Grants(ctx, []string{a}, ledger.GrantFilter{}, p))[a]
		for _, g := range page.Rows {
			read = append(read, g.ID)
		}
		if !page.More {
			break
		}
		if len(page.Rows) != p.First {
			t.Errorf("a page has %d of %d, and there are more", len(page.Rows), p.First)
		}
		p.After = &page.Scanned
	}
	if fmt.Sprint(read) != fmt.Sprint(open) {
		t.Errorf("listed %v, expected %v", read, open)
	}
	// The spent ones come again.
	w.clock.Add(oneDay)
	if n := len(w.grants(a, ledger.GrantFilter{})); n != len(open)+3 {
		t.Errorf("%d are listed after the renewal, expected %d", n, len(open)+3)
	}
	if n := len(w.grants(a, ledger.GrantFilter{IncludeSpent: true})); n != 12 {
		t.Errorf("%d in all", n)
	}
}
