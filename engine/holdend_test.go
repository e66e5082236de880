package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// A hold whose time is up is over, though no batch and no sweep was there yet.
func TestAHoldWhoseTimeIsUp(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	ctx := context.Background()
	// over is an account of 10 credits that were all held until 3 ms ago.
	over := func(t *testing.T, name string) *ledger.Decision {
		t.Helper()
		a := w.account(name, "whole")
		w.credits(a, 10*oneCredit)
		d := w.hold(a, "call", 10, 60)
		if b := w.balance(a); b.Available != 0 || b.Held != 10*oneCredit {
			t.Fatalf("held: %+v", b)
		}
		w.clock.Set(d.HoldUntil.Time().Add(3 * time.Millisecond))
		return d
	}
	t.Run("is read as EXPIRED, with its units free", func(t *testing.T) {
		d := over(t, "read")
		a := d.Account
		b := w.balance(a)
		if b.Available != 10*oneCredit || b.Held != 0 {
			t.Errorf("balance %+v", b)
		}
		if past := must(w.BalancesAt(ctx, []string{a}, b.AsOf))[a]; *past != *b {
			t.Errorf("as of now %+v, the balance %+v", past, b)
		}
		if v := w.purse(a).View; v.Remaining != 10 || v.Used != 0 {
			t.Errorf("bucket %+v", v)
		}
		if g := w.grants(a, ledger.GrantFilter{})[0]; g.Remaining != 10*oneCredit || g.Held != 0 {
			t.Errorf("grant: %d, held %d", g.Remaining, g.Held)
		}
		if p := must(w.Preview(ctx, engine.PreviewRequest{Account: a, User: "ann", Feature: "call", Quantity: 10})); p.Status != ledger.StatusAllowed {
			t.Errorf("preview: %s", p.Explanation)
		}
		for status, want := range map[ledger.Status]int{ledger.StatusHeld: 0, ledger.StatusExpired: 1} {
			f := ledger.DecisionFilter{Status: []ledger.Status{status}, Now: b.AsOf}
			if n := len(must(w.ledger.Decisions(ctx, []string{a}, f, ledger.Page{First: 5}))[a].Rows); n != want {
				t.Errorf("%d are %s", n, status)
			}
		}
	})
	t.Run("passes a feed's filter as EXPIRED", func(t *testing.T) {
		a := w.account("fed", "whole")
		w.credits(a, 10*oneCredit)
		ask := engine.AuthorizeRequest{Account: a, User: "fay", Feature: "call", Quantity: 10, HoldSeconds: 60}
		d, denied := w.request(ask), w.request(ask)
		w.clock.Set(d.HoldUntil.Time().Add(3 * time.Millisecond))
		enough := errors.New("the first is enough")
		for status, first := range map[ledger.Status]ledger.ID{ledger.StatusHeld: denied.ID, ledger.StatusExpired: d.ID} {
			f := ledger.DecisionFilter{User: "fay", Status: []ledger.Status{status, ledger.StatusDenied}}
			begins := func(item ledger.FeedItem) error {
				if item.Decision.ID != first {
					t.Errorf("a feed of %s begins with %s, expected %s", status, item.Decision.ID, first)
				}
				return enough
			}
			one, all := w.FollowDecisions(ctx, a, f, &ledger.ID{}, begins), w.FollowAllDecisions(ctx, f, &ledger.ID{}, begins)
			if !errors.Is(one, enough) || !errors.Is(all, enough) {
				t.Errorf("%v, %v", one, all)
			}
		}
	})
	t.Run("is not released", func(t *testing.T) {
		d := over(t, "release")
		if _, err := w.Release(ctx, engine.ReleaseRequest{Account: d.Account, Decision: d.ID, Key: w.key()}); code(err) != engine.CodeConflict {
			t.Errorf("released: %v", err)
		}
	})
	t.Run("stands in nobody's way", func(t *testing.T) {
		d := over(t, "next")
		if next := w.ask(d.Account, "call", 10); next.Status != ledger.StatusAllowed {
			t.Errorf("denied: %s", w.Explain(next))
		}
	})
	t.Run("is settled by a fresh walk", func(t *testing.T) {
		d := over(t, "settled")
		w.credits(d.Account, 2*oneCredit)
		if s := w.settle(d, 12); s.Now() != ledger.StatusSettled || s.FinalGranted() != 12 || s.FinalCharged() != 12*oneCredit {
			t.Errorf("%s, %d granted", s.Now(), s.FinalGranted())
		}
	})
	t.Run("holds until its last moment", func(t *testing.T) {
		a := w.account("open", "whole")
		w.credits(a, 10*oneCredit)
		d := w.hold(a, "call", 10, 60)
		w.clock.Set(d.HoldUntil.Time().Add(-time.Microsecond))
		if b := w.balance(a); b.Held != 10*oneCredit {
			t.Errorf("a moment before its end: %+v", b)
		}
		if next := w.ask(a, "call", 1); next.Status != ledger.StatusDenied {
			t.Errorf("a moment before its end: %s", next.Status)
		}
		w.clock.Add(time.Microsecond)
		if b := w.balance(a); b.Available != 10*oneCredit {
			t.Errorf("at its end: %+v", b)
		}
	})
	t.Run("gives its units back to the windows in the second of the hold", func(t *testing.T) {
		a := w.account("window", "plus")
		d := w.hold(a, "chat", 8, 30) // 5 of the minute and 3 of the day
		w.clock.Set(d.HoldUntil.Time().Add(3 * time.Millisecond))
		for _, s := range must(w.Buckets(ctx, engine.BucketQuery{Account: a, User: ptr("ann"), Feature: "chat"}))[:2] {
			if s.View.Used != 0 || s.View.NextRefill != 0 {
				t.Errorf("bucket %s: %+v", s.Bucket.Key, s.View)
			}
		}
		if next := w.ask(a, "chat", 8); next.Status != ledger.StatusAllowed || next.Charged != 0 {
			t.Errorf("%s", w.Explain(next))
		}
	})
}

// What a hold returns to an issue that has lapsed counts as left over at that
// renewal: within the rollover limit it stays, the rest lapses at once.
func TestAHoldReturnsToALapsedIssue(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	ctx := context.Background()
	const longest = 5 * 24 * 3600
	for i, c := range []struct {
		name string
		// Of 100 a day with a rollover limit, some are used and some held on the
		// first day; used2 are used after so many renewals.
		limit, used, held int64
		renewals          int
		used2             int64
		// settled is what of the hold was used; -1: it is released, -2: it ends.
		settled         int64
		available, lost int64 // after it; lost: posted EXPIRY with it
	}{
		{"released, nothing may stay", 0, 0, 40, 1, 0, -1, 100, 40},
		{"released, all may stay", 50, 60, 40, 1, 0, -1, 140, 0},
		{"released, some may stay beside what did", 50, 30, 40, 1, 0, -1, 150, 20},
		{"released, what stayed fills the limit", 50, 0, 40, 1, 0, -1, 150, 40},
		{"settled with some", 50, 60, 40, 1, 0, 15, 125, 0},
		{"settled with some, the rest lapses", 10, 60, 40, 1, 0, 15, 110, 15},
		{"settled with all", 0, 60, 40, 1, 0, 40, 100, 0},
		{"its time is up", 50, 30, 40, 1, 0, -2, 150, 20},
		{"its time is up, nothing may stay", 0, 30, 40, 1, 0, -2, 100, 40},
		{"what was used since does not make room", 50, 30, 40, 1, 70, -1, 80, 20},
		{"two renewals, the second had no room", 50, 60, 40, 2, 0, -1, 150, 40},
		{"two renewals, all rolls over", 500, 60, 40, 2, 0, -1, 240, 0},
		{"three renewals, some found room at each", 220, 60, 40, 3, 0, -1, 320, 20},
		{"no renewal yet", 0, 30, 40, 0, 0, -1, 70, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.account("lapsed"+string(rune('a'+i)), "whole")
			n := w.recurring(a, waterfall.Day)
			n.RolloverLimit = ptr(c.limit * oneCredit)
			w.grant(n)
			if c.used > 0 {
				w.ask(a, "call", c.used)
			}
			seconds := int64(longest)
			if c.settled == -2 {
				seconds = int64(c.renewals)*24*3600 + 3600
			}
			d := w.hold(a, "call", c.held, seconds)
			for range c.renewals {
				w.clock.Add(oneDay)
				w.balance(a)
			}
			if c.used2 > 0 {
				w.ask(a, "call", c.used2)
			}
			switch c.settled {
			case -1:
				d = must(w.Release(ctx, engine.ReleaseRequest{Account: a, Decision: d.ID, Key: w.key()}))
			case -2:
				w.clock.Set(d.HoldUntil.Time().Add(time.Millisecond))
				if b := w.balance(a); b.Available != c.available*oneCredit || b.Held != 0 {
					t.Errorf("before it is written down: %+v", b)
				}
				must(0, w.AdvanceAccount(ctx, a))
				d = must(w.ledger.Decision(ctx, a, d.ID))
			default:
				d = w.settle(d, c.settled)
			}
			if b := w.balance(a); b.Available != c.available*oneCredit || b.Held != 0 {
				t.Errorf("available %d, held %d; expected %d", b.Available/oneCredit, b.Held/oneCredit, c.available)
			}
			lost := int64(0)
			if l := d.Follow[len(d.Follow)-1].Lost; l != nil {
				lost = l.Lapsed.Credits
			}
			if lost != c.lost*oneCredit {
				t.Errorf("%d lapsed, expected %d: %s", lost/oneCredit, c.lost, w.Explain(d))
			}
		})
	}
	t.Run("two holds share the room", func(t *testing.T) {
		a := w.account("two", "whole")
		n := w.recurring(a, waterfall.Day)
		n.RolloverLimit = ptr[int64](50 * oneCredit)
		w.grant(n)
		one, two := w.hold(a, "call", 40, longest), w.hold(a, "call", 60, longest)
		w.clock.Add(oneDay)
		for _, c := range []struct {
			d         *ledger.Decision
			available int64
		}{{one, 140}, {two, 150}} {
			must(w.Release(ctx, engine.ReleaseRequest{Account: a, Decision: c.d.ID, Key: w.key()}))
			if b := w.balance(a); b.Available != c.available*oneCredit {
				t.Errorf("available %d, expected %d", b.Available/oneCredit, c.available)
			}
		}
	})
}
