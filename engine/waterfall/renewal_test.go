package waterfall

import (
	"testing"

	"pgregory.net/rapid"
)

// anyRecurring is a grant that has been issued at least once, at a moment at or
// before now, and is due for nothing.
func anyRecurring(t *rapid.T, now Instant) Grant {
	g := Grant{ID: [16]byte{1}, Kind: Credit, Issues: 1, Amount: small(t, "amount", 1, 9), RolloverLimit: small(t, "rollover", -1, 30)}
	g.Recurrence = rapid.SampledFrom([]Period{Day, Week, Month, NoPeriod}).Draw(t, "recurrence")
	g.EffectiveAt = now - Instant(small(t, "began", 0, 70*secondsPerDay))*1_000_000 - Instant(small(t, "micros", 0, 999_999))
	if small(t, "expires", 0, 1) == 1 {
		g.ExpiresAt = now + 1 + Instant(small(t, "expires in", 0, 200*secondsPerDay))*1_000_000
		if last := g.NextIssueAt(); last != 0 && rapid.Bool().Draw(t, "on an anniversary") {
			g.ExpiresAt = g.Recurrence.Anniversary(g.EffectiveAt, 80)
		}
	}
	for at := g.NextIssueAt(); at != 0 && at <= now; at = g.NextIssueAt() {
		g.Issues++
	}
	g.Remaining = small(t, "remaining", 0, g.Amount+max(0, g.RolloverLimit))
	return g
}

// stepped renews a grant one by one up to a moment, and tells what lapsed when.
func stepped(g Grant, until Instant) (Grant, []Loss) {
	var losses []Loss
	for at := g.NextIssueAt(); at != 0 && at <= until; at = g.NextIssueAt() {
		if lapses := g.Renew(); lapses > 0 {
			losses = append(losses, Loss{at, lapses})
		}
	}
	return g, losses
}

func anyLater(t *rapid.T, now Instant) Instant {
	return now + Instant(small(t, "later", 0, 400*secondsPerDay))*1_000_000 + Instant(small(t, "a bit", 0, 999_999))
}

// Forward, which takes all renewals at once, is one renewal after the other.
func TestForwardIsStepping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		g := anyRecurring(t, now)
		until := anyLater(t, now)
		want, _ := stepped(g, until)
		got := g.Forward(until)
		if got.Remaining != want.Remaining || got.Issues != want.Issues || got.Used() != want.Used() || got.Due() != want.Due() {
			t.Fatalf("forward %+v, step by step %+v", got, want)
		}
		if g.NextIssueAt() == 0 && got.Remaining != g.Remaining {
			t.Fatalf("one that is issued no more has %d of %d", got.Remaining, g.Remaining)
		}
	})
}

// Losses tells what lapses of what is left if nothing is used: at the next renewal
// what a step to it takes, at the end what stayed.
func TestLossesAreWhatLapses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		g := anyRecurring(t, now)
		renewal, expiry := g.Losses()
		next, lapsed := stepped(g, g.NextIssueAt())
		var first Loss
		if len(lapsed) > 0 {
			first = lapsed[0]
		}
		if renewal.Amount != first.Amount || renewal.Amount != 0 && renewal.At != first.At {
			t.Fatalf("at the renewal %+v is told, %+v lapses", renewal, first)
		}
		stays := next.Remaining - g.Amount*int64(next.Issues-g.Issues)
		if g.ExpiresAt == 0 && expiry != (Loss{}) || g.ExpiresAt != 0 && expiry != (Loss{g.ExpiresAt, stays}) {
			t.Fatalf("at the end %+v is told, %d stay until then", expiry, stays)
		}
		if all := renewal.Amount + expiry.Amount; g.ExpiresAt != 0 && all != g.Remaining {
			t.Fatalf("%d of %d are lost", all, g.Remaining)
		}
		// In the end all that was issued is lost, and nothing twice.
		if end, losses := stepped(g, g.ExpiresAt); g.ExpiresAt != 0 {
			total := end.Remaining
			for _, l := range losses {
				total += l.Amount
			}
			if issued := g.Remaining + g.Amount*int64(end.Issues-g.Issues); total != issued {
				t.Fatalf("%d come to an end of %d issued", total, issued)
			}
		}
	})
}

// A return to issues that were renewed since is what would be there had it been
// left over then.
func TestReturnIsAsIfItHadBeenLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		g := anyRecurring(t, now)
		g.ExpiresAt, g.Recurrence = 0, rapid.SampledFrom([]Period{Day, Week, Month}).Draw(t, "period")
		for g.Issues = 1; g.NextIssueAt() <= now; {
			g.Issues++
		}
		held := small(t, "held", 0, g.Remaining)
		left := g // had nothing been held
		g.Remaining, g.Held = g.Remaining-held, held
		for range small(t, "renewals", 0, 5) {
			g.Renew()
			left.Renew()
		}
		lapses := g.Return(held, now)
		if got := g.Remaining + held - lapses; got != left.Remaining {
			t.Fatalf("%d are left with %d of %d lapsed, %d had nothing been held", got, lapses, held, left.Remaining)
		}
	})
}

// RetryAt of a grant that recurs is what a scan over its renewals finds.
func TestRetryAtForeseesEachIssue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		g := anyRecurring(t, now)
		g.EffectiveAt -= g.EffectiveAt % 1_000_000 // a renewal is at a whole second
		for g.Issues = 1; g.NextIssueAt() != 0 && g.NextIssueAt() <= now; {
			g.Issues++
		}
		w := given(credits, price(1, 1))
		w.grants = append(w.grants, g)
		req := ask(small(t, "quantity", 1, 50))
		if Decide(w.input(), req, now).Allowed {
			req = ask(g.Remaining + small(t, "beyond what is left", 1, 10))
		}
		var want int64
		for next := g; want == 0 && next.Issues < g.Issues+60; {
			at := next.NextIssueAt()
			if at == 0 {
				break
			}
			next.Renew()
			if next.Remaining >= req.Quantity {
				want = at.ceil()
			}
		}
		if got := RetryAt(w.input(), req, now); got != want {
			t.Fatalf("retry at %d, issued enough at %d", got, want)
		}
	})
}
