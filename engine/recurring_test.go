package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

const (
	oneCredit = 1_000_000
	oneDay    = 24 * time.Hour
)

// newPricedWorld is a world with a plan "whole" whose one feature "call" is paid
// in credits, one a unit.
func newPricedWorld(t testing.TB) *world {
	w := newWorld(t)
	w.feature("call", true)
	must(w.SetPrice(context.Background(), "call", oneCredit, 1, nil, byTest))
	w.plan("whole", waterfall.Rules{Feature: "call", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
	return w
}

// in is the moment that lies so far ahead of a world's clock, or behind it.
func (w *world) in(d time.Duration) waterfall.Instant {
	return waterfall.InstantOf(w.clock.Now().Add(d))
}

func ptr[T any](v T) *T { return &v }

// recurring is a grant of 100 credits a period that begins now.
func (w *world) recurring(account string, every waterfall.Period) engine.NewGrant {
	return engine.NewGrant{Account: account, Kind: waterfall.Credit, Amount: 100 * oneCredit, Recurrence: every, EffectiveAt: ptr(w.in(0))}
}

func (w *world) purse(account string) engine.BucketState {
	w.t.Helper()
	return must(w.Buckets(context.Background(), engine.BucketQuery{Account: account}))[0]
}

func (w *world) grants(account string, f ledger.GrantFilter) []*ledger.Grant {
	w.t.Helper()
	return must(w.Grants(context.Background(), []string{account}, f, ledger.Page{First: 50}))[account].Rows
}

func TestExpiringSoon(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	for i, c := range []struct {
		name string
		// of is the grant; used are the credits spent before the balance is read.
		of   func(*engine.NewGrant)
		used int64
		// soon are credits, next is when the first are lost; 0: never.
		soon int64
		next time.Duration
	}{
		{"each day, nothing rolls over", func(*engine.NewGrant) {}, 0, 100, oneDay},
		{"each day, some of it used", func(*engine.NewGrant) {}, 30, 70, oneDay},
		{"each day, all of it used", func(*engine.NewGrant) {}, 100, 0, 0},
		{"30 roll over, 80 are left", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](30 * oneCredit) }, 20, 50, oneDay},
		{"30 roll over, 30 are left", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](30 * oneCredit) }, 70, 0, 0},
		{"all rolls over", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](100 * oneCredit) }, 0, 0, 0},
		{"each day, ends in 3 days", func(g *engine.NewGrant) { g.ExpiresAt = ptr(w.in(3 * oneDay)) }, 0, 100, oneDay},
		{"all rolls over, ends in 3 days", func(g *engine.NewGrant) {
			g.RolloverLimit, g.ExpiresAt = ptr[int64](500*oneCredit), ptr(w.in(3*oneDay))
		}, 0, 100, 3 * oneDay},
		{"30 roll over, 80 are left, ends in 3 days", func(g *engine.NewGrant) {
			g.RolloverLimit, g.ExpiresAt = ptr[int64](30*oneCredit), ptr(w.in(3*oneDay))
		}, 20, 80, oneDay},
		{"30 roll over, 80 are left, ends in 8 days", func(g *engine.NewGrant) {
			g.RolloverLimit, g.ExpiresAt = ptr[int64](30*oneCredit), ptr(w.in(8*oneDay))
		}, 20, 50, oneDay},
		{"ends before it is renewed", func(g *engine.NewGrant) { g.ExpiresAt = ptr(w.in(5 * time.Hour)) }, 0, 100, 5 * time.Hour},
		{"ends when it would be renewed", func(g *engine.NewGrant) { g.ExpiresAt = ptr(w.in(oneDay)) }, 0, 100, oneDay},
		{"each week: in exactly 7 days", func(g *engine.NewGrant) { g.Recurrence = waterfall.Week }, 0, 100, 7 * oneDay},
		{"each month, due a second after 7 days", func(g *engine.NewGrant) {
			g.Recurrence, g.EffectiveAt = waterfall.Month, ptr(waterfall.InstantOf(noon.AddDate(0, -1, 7).Add(time.Second)))
		}, 0, 0, 7*oneDay + time.Second},
		{"each month, due in 2 days", func(g *engine.NewGrant) {
			g.Recurrence, g.EffectiveAt = waterfall.Month, ptr(waterfall.InstantOf(noon.AddDate(0, -1, 2)))
		}, 0, 100, 2 * oneDay},
		{"each month from the 31st, due in 20 days", func(g *engine.NewGrant) {
			g.Recurrence, g.EffectiveAt = waterfall.Month, ptr(waterfall.InstantOf(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)))
		}, 0, 0, 20 * oneDay},
		{"it does not recur", func(g *engine.NewGrant) {
			g.Recurrence, g.ExpiresAt = waterfall.NoPeriod, ptr(w.in(3*oneDay))
		}, 40, 60, 3 * oneDay},
		{"it is still to come", func(g *engine.NewGrant) { g.EffectiveAt = ptr(w.in(time.Hour)) }, 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.account("soon"+string(rune('a'+i)), "whole")
			n := w.recurring(a, waterfall.Day)
			c.of(&n)
			w.grant(n)
			if c.used > 0 {
				w.ask(a, "call", c.used)
			}
			next := waterfall.Instant(0)
			if c.next != 0 {
				next = w.in(c.next)
			}
			b := w.balance(a)
			if b.ExpiringSoon != c.soon*oneCredit || b.NextExpiryAt != next {
				t.Errorf("%d are lost soon, the first at %s; expected %d at %s", b.ExpiringSoon, b.NextExpiryAt.Time(), c.soon*oneCredit, next.Time())
			}
			if past := must(w.BalancesAt(context.Background(), []string{a}, b.AsOf))[a]; *past != *b {
				t.Errorf("the balance is %+v, as of the same moment %+v", b, past)
			}
		})
	}
	t.Run("of several grants the sum, and the first", func(t *testing.T) {
		a := w.account("several", "whole")
		w.grant(w.recurring(a, waterfall.Day))
		w.grant(w.recurring(a, waterfall.Month))
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Promotion, Amount: 7 * oneCredit, ExpiresAt: ptr(w.in(2 * time.Hour))})
		if b := w.balance(a); b.ExpiringSoon != 107*oneCredit || b.NextExpiryAt != w.in(2*time.Hour) {
			t.Errorf("%+v", b)
		}
	})
}

// What a grant has is used up or left of what its newest issue opened with.
func TestWhatIsUsedOfAPurse(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	used := func(t *testing.T, account string, used, remaining int64) {
		t.Helper()
		s := w.purse(account)
		if v := s.View; v.Used != used || v.Remaining != remaining || v.Limit != -1 {
			t.Errorf("used %d, remaining %d, limit %d; expected %d and %d", v.Used, v.Remaining, v.Limit, used, remaining)
		}
	}
	t.Run("with what rolled over", func(t *testing.T) {
		a := w.account("rolled", "whole")
		n := w.recurring(a, waterfall.Day)
		n.RolloverLimit = ptr[int64](50 * oneCredit)
		w.grant(n)
		w.clock.Add(oneDay)
		used(t, a, 0, 150)
		w.ask(a, "call", 40)
		used(t, a, 40, 110)
		w.ask(a, "call", 20)
		used(t, a, 60, 90)
		held := w.hold(a, "call", 10, 600)
		used(t, a, 70, 80)
		w.settle(held, 3)
		used(t, a, 63, 87)
		w.clock.Add(oneDay) // 50 of 87 stay
		used(t, a, 0, 150)
	})
	t.Run("just after a renewal that is not written down", func(t *testing.T) {
		a := w.account("renewed", "whole")
		w.grant(w.recurring(a, waterfall.Day))
		w.ask(a, "call", 100)
		used(t, a, 100, 0)
		w.clock.Add(oneDay)
		used(t, a, 0, 100)
	})
	t.Run("of one that is spent, while another is bought", func(t *testing.T) {
		a := w.account("bought", "whole")
		w.credits(a, 100*oneCredit)
		w.credits(a, 100*oneCredit)
		w.ask(a, "call", 100)
		used(t, a, 100, 100)
		w.credits(a, 7*oneCredit)
		used(t, a, 100, 107)
		w.ask(a, "call", 107)
		w.credits(a, 1*oneCredit)
		used(t, a, 207, 1)
	})
	t.Run("of a refund to an earlier issue", func(t *testing.T) {
		a := w.account("refunded", "whole")
		w.grant(w.recurring(a, waterfall.Day))
		d := w.ask(a, "call", 60)
		w.clock.Add(oneDay)
		w.ask(a, "call", 10)
		must(w.Refund(context.Background(), engine.RefundRequest{Account: a, Decision: d.ID, Quantity: ptr[int64](25), Key: w.key(), Change: byTest}))
		used(t, a, 10, 115)
	})
}

func TestNextIssueAt(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	ctx := context.Background()
	next := func(t *testing.T, account string, at waterfall.Instant) {
		t.Helper()
		all := w.grants(account, ledger.GrantFilter{IncludeSpent: true})
		if got := all[0].ComesAgainAt(); got != at {
			t.Errorf("it comes again at %s, expected %s", got.Time(), at.Time())
		}
		renews := w.purse(account).RenewsAt
		if renews != at {
			t.Errorf("the bucket renews at %s, expected %s", renews.Time(), at.Time())
		}
	}
	t.Run("tells the next anniversary, and after a renewal the one behind it", func(t *testing.T) {
		a := w.account("next", "whole")
		w.grant(w.recurring(a, waterfall.Day))
		next(t, a, w.in(oneDay))
		w.clock.Add(oneDay - time.Microsecond)
		next(t, a, w.in(time.Microsecond))
		w.clock.Add(time.Microsecond)
		next(t, a, w.in(oneDay))
	})
	t.Run("is none where the grant does not recur", func(t *testing.T) {
		a := w.account("once", "whole")
		w.credits(a, oneCredit)
		next(t, a, 0)
	})
	t.Run("is none on the day that it ends", func(t *testing.T) {
		a := w.account("ends", "whole")
		n := w.recurring(a, waterfall.Day)
		n.ExpiresAt = ptr(w.in(2 * oneDay))
		w.grant(n)
		next(t, a, w.in(oneDay))
		w.clock.Add(oneDay)
		next(t, a, 0)
		w.clock.Add(oneDay)
		next(t, a, 0)
	})
	t.Run("is none of a void one", func(t *testing.T) {
		a := w.account("void", "whole")
		g := w.grant(w.recurring(a, waterfall.Day))
		must(w.VoidGrant(ctx, a, g.ID, byTest))
		next(t, a, 0)
	})
}

func TestSpendingOrderOfRecurringGrants(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	// drawn asks for 30 and tells how much each grant gave, in the order given.
	drawn := func(account string, grants ...*ledger.Grant) []int64 {
		w.ask(account, "call", 30)
		var gave []int64
		for _, g := range grants {
			i := slices.IndexFunc(w.grants(account, ledger.GrantFilter{IncludeSpent: true}), func(h *ledger.Grant) bool { return h.ID == g.ID })
			gave = append(gave, (g.Remaining-w.grants(account, ledger.GrantFilter{IncludeSpent: true})[i].Remaining)/oneCredit)
		}
		return gave
	}
	for i, c := range []struct {
		name          string
		first, second func(*engine.NewGrant) // of the grants, in the order in which they are made
		gave          []int64
	}{
		{"what lapses tomorrow before what ends in 3 days",
			func(g *engine.NewGrant) { g.Recurrence, g.ExpiresAt = waterfall.NoPeriod, ptr(w.in(3*oneDay)) },
			func(*engine.NewGrant) {}, []int64{0, 30}},
		{"what ends today before what lapses tomorrow",
			func(*engine.NewGrant) {},
			func(g *engine.NewGrant) { g.Recurrence, g.ExpiresAt = waterfall.NoPeriod, ptr(w.in(time.Hour)) }, []int64{0, 30}},
		{"what never ends after what lapses in a month",
			func(g *engine.NewGrant) { g.Recurrence = waterfall.NoPeriod },
			func(g *engine.NewGrant) { g.Recurrence = waterfall.Month }, []int64{0, 30}},
		{"one of which all stays as one that never ends: the older first",
			func(g *engine.NewGrant) { g.Recurrence = waterfall.NoPeriod },
			func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](100 * oneCredit) }, []int64{30, 0}},
		{"one of which less may stay than an issue",
			func(g *engine.NewGrant) { g.Recurrence = waterfall.NoPeriod },
			func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](99 * oneCredit) }, []int64{0, 30}},
		{"priority before all", func(g *engine.NewGrant) { g.Recurrence, g.Priority = waterfall.NoPeriod, -1 },
			func(*engine.NewGrant) {}, []int64{30, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.account("order"+string(rune('a'+i)), "whole")
			first, second := w.recurring(a, waterfall.Day), w.recurring(a, waterfall.Day)
			c.first(&first)
			c.second(&second)
			one, two := w.grant(first), w.grant(second)
			if gave := drawn(a, one, two); !slices.Equal(gave, c.gave) {
				t.Errorf("they gave %v, expected %v", gave, c.gave)
			}
		})
	}
	t.Run("a renewal moves it behind what ends sooner now", func(t *testing.T) {
		a := w.account("moved", "whole")
		daily := w.grant(w.recurring(a, waterfall.Day))
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 20 * oneCredit, ExpiresAt: ptr(w.in(oneDay + time.Hour))})
		w.clock.Add(oneDay)
		d := w.ask(a, "call", 30)
		if left := w.grants(a, ledger.GrantFilter{})[0]; left.ID != daily.ID || left.Remaining != 90*oneCredit || d.Status != ledger.StatusAllowed {
			t.Errorf("%+v has %d", left.ID, left.Remaining)
		}
	})
}

func TestRetryAtForeseesIssues(t *testing.T) {
	t.Parallel()
	w := newPricedWorld(t)
	for i, c := range []struct {
		name        string
		of          func(*engine.NewGrant)
		used, asked int64
		after       time.Duration // 0: never
	}{
		{"with the next issue", func(*engine.NewGrant) {}, 100, 1, oneDay},
		{"all of the next issue", func(*engine.NewGrant) {}, 1, 100, oneDay},
		{"never more than an issue", func(*engine.NewGrant) {}, 1, 101, 0},
		{"with what rolls over", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](50 * oneCredit) }, 1, 150, oneDay},
		{"with what rolls over in time", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](250 * oneCredit) }, 100, 350, 4 * oneDay},
		{"never more than may roll over", func(g *engine.NewGrant) { g.RolloverLimit = ptr[int64](250 * oneCredit) }, 100, 351, 0},
		{"not after its end", func(g *engine.NewGrant) {
			g.RolloverLimit, g.ExpiresAt = ptr[int64](250*oneCredit), ptr(w.in(3*oneDay))
		}, 100, 350, 0},
		{"before its end", func(g *engine.NewGrant) {
			g.RolloverLimit, g.ExpiresAt = ptr[int64](250*oneCredit), ptr(w.in(3*oneDay))
		}, 100, 200, 2 * oneDay},
		{"not on the anniversary on which it ends", func(g *engine.NewGrant) { g.ExpiresAt = ptr(w.in(oneDay)) }, 100, 1, 0},
		{"none of a grant still to come", func(g *engine.NewGrant) { g.EffectiveAt = ptr(w.in(time.Hour)) }, 0, 1, 0},
		{"in the month that lacks the day", func(g *engine.NewGrant) {
			g.Recurrence, g.EffectiveAt = waterfall.Month, ptr(waterfall.InstantOf(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)))
		}, 100, 1, 20 * oneDay},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := w.account("retry"+string(rune('a'+i)), "whole")
			n := w.recurring(a, waterfall.Day)
			c.of(&n)
			w.grant(n)
			if c.used > 0 {
				w.ask(a, "call", c.used)
			}
			want := int64(0)
			if c.after != 0 {
				want = w.clock.Now().Add(c.after).Unix()
			}
			d := w.ask(a, "call", c.asked)
			// A grant may be due between two seconds: the request passes in the
			// next one that is whole.
			if late := d.RetryAt - want; d.Status != ledger.StatusDenied || late < 0 || late > 1 || want == 0 && late != 0 {
				t.Errorf("%s, retry at %d, expected %d", d.Status, d.RetryAt, want)
			}
			p := must(w.Preview(context.Background(), engine.PreviewRequest{Account: a, User: "ann", Feature: "call", Quantity: c.asked}))
			if p.RetryAt != d.RetryAt {
				t.Errorf("the preview says %d, the decision %d", p.RetryAt, d.RetryAt)
			}
		})
	}
}
