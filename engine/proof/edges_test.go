package proof_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// The edges of time, enumerated on real stores: each is tried a microsecond
// before and on it, by the engine that knows the account and by one that does
// not.

func (c *clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// edge asks for one unit a microsecond before a moment and on it: refused, then
// allowed.
func (s *stack) edge(other *engine.Engine, name, account, feature string, at time.Time, reason waterfall.Reason) {
	s.t.Helper()
	ctx := context.Background()
	for _, e := range []*engine.Engine{other, s.Engine} {
		s.clock.Set(at.Add(-time.Microsecond))
		before, err := e.Preview(ctx, engine.PreviewRequest{Account: account, User: "ann", Feature: feature, Quantity: 1})
		if err != nil || before.Reason != reason || before.RetryAt != at.Unix() {
			s.t.Errorf("%s: %s, to be tried again at %s: %v", name, before.Reason, time.Unix(before.RetryAt, 0).UTC(), err)
		}
		s.clock.Set(at)
		on, err := e.Preview(ctx, engine.PreviewRequest{Account: account, User: "ann", Feature: feature, Quantity: 1})
		if err != nil || on.Reason != waterfall.Funded {
			s.t.Errorf("%s: %s at %s: %v", name, on.Reason, at, err)
		}
	}
	if d := s.ask(s.Engine, account, feature); d.Reason != waterfall.Funded {
		s.t.Errorf("%s: %s at %s", name, d.Reason, at)
	}
}

func (s *stack) ask(e *engine.Engine, account, feature string) *ledger.Decision {
	s.t.Helper()
	return must(e.Authorize(context.Background(), engine.AuthorizeRequest{Account: account, User: "ann", Feature: feature, Quantity: 1, Key: s.key()}))
}

// TestWindowsEndOnTheirSecond: what was used within a second comes back when
// the window's seconds have passed since that second began.
func TestWindowsEndOnTheirSecond(t *testing.T) {
	s := newStack(t)
	spans := []int64{1, 2, 60, 3600, 86_400, 366 * 86_400}
	var rules []waterfall.Rules
	for _, span := range spans {
		feature := fmt.Sprint("every-", span)
		s.feature(feature, true)
		rules = append(rules, waterfall.Rules{Feature: feature, Buckets: []waterfall.Bucket{
			{Kind: waterfall.RateLimit, Key: "window", Windows: []waterfall.Window{{Limit: 1, Seconds: span}}}}})
	}
	s.publish(map[string][]waterfall.Rules{"windows": rules})
	other := s.another()
	for i, span := range spans {
		for _, within := range []time.Duration{0, time.Microsecond, 999 * time.Millisecond} {
			name := fmt.Sprintf("%d s, used at +%v", span, within)
			s.clock.Set(beginning.Add(within))
			a := s.account(s.key(), "windows")
			s.ask(s.Engine, a, rules[i].Feature)
			s.edge(other, name, a, rules[i].Feature, beginning.Add(time.Duration(span)*time.Second), waterfall.Exhausted)
		}
	}
}

// TestPeriodsEndWithTheCalendar: quotas and spend caps begin anew at each month
// end of four years with a leap day among them, and at the days and weeks
// around.
func TestPeriodsEndWithTheCalendar(t *testing.T) {
	s := newStack(t)
	s.feature("quota", true)
	s.feature("capped", true)
	must(s.SetPrice(context.Background(), "capped", 1_000_000, 1, nil, byTest))
	names := map[waterfall.Period]string{waterfall.Day: "day", waterfall.Week: "week", waterfall.Month: "month"}
	for period, name := range names {
		s.publish(map[string][]waterfall.Rules{name: {
			{Feature: "quota", Buckets: []waterfall.Bucket{{Kind: waterfall.FreeTier, Key: "free", Quota: 1, Period: period}}},
			{Feature: "capped", Buckets: pools[2:]}}})
	}
	ends := map[waterfall.Period][]time.Time{
		waterfall.Day: {date(2027, 12, 31), date(2028, 1, 1), date(2028, 2, 29), date(2028, 3, 1), date(2029, 2, 28), date(2029, 3, 1)},
		// Mondays; the weeks before them hold a year's end, a leap day, a month's end.
		waterfall.Week: {date(2028, 1, 3), date(2028, 3, 6), date(2028, 5, 1), date(2029, 1, 1), date(2030, 1, 7)},
	}
	for month := range 40 {
		ends[waterfall.Month] = append(ends[waterfall.Month], date(2028, time.Month(1+month), 1))
	}
	other := s.another()
	for period, all := range ends {
		for _, end := range all {
			for feature, reason := range map[string]waterfall.Reason{"quota": waterfall.Exhausted, "capped": waterfall.SpendCapReached} {
				s.clock.Set(end.Add(-time.Hour))
				a := s.account(s.key(), names[period])
				must(s.CreateGrant(context.Background(), engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 9_000_000, Key: "k"}, byTest))
				must(s.SetSpendCap(context.Background(), a, &ledger.Cap{Limit: 1_000_000, Period: period}, byTest))
				s.ask(s.Engine, a, feature)
				s.edge(other, fmt.Sprintf("%s of the %s before %s", feature, names[period], end.Format(time.DateOnly)), a, feature, end, reason)
			}
		}
	}
}

// TestGrantsRecurOnTheirDay: a monthly grant is issued on the day on which it
// began, or on the last day of a month that lacks it; the day is kept. One that
// expires on an anniversary is not issued again.
func TestGrantsRecurOnTheirDay(t *testing.T) {
	s := newStack(t)
	s.publish(map[string][]waterfall.Rules{"none": {}})
	for _, c := range []struct {
		recurrence waterfall.Period
		first      time.Time
		then       []time.Time
	}{
		{waterfall.Month, date(2028, 1, 28), []time.Time{date(2028, 2, 28), date(2028, 3, 28), date(2028, 4, 28)}},
		{waterfall.Month, date(2028, 1, 29), []time.Time{date(2028, 2, 29), date(2028, 3, 29), date(2028, 4, 29)}},
		{waterfall.Month, date(2028, 1, 30), []time.Time{date(2028, 2, 29), date(2028, 3, 30), date(2028, 4, 30)}},
		{waterfall.Month, date(2028, 1, 31), []time.Time{date(2028, 2, 29), date(2028, 3, 31), date(2028, 4, 30), date(2028, 5, 31), date(2028, 6, 30)}},
		{waterfall.Month, date(2029, 1, 28), []time.Time{date(2029, 2, 28), date(2029, 3, 28)}},
		{waterfall.Month, date(2029, 1, 29), []time.Time{date(2029, 2, 28), date(2029, 3, 29)}},
		{waterfall.Month, date(2029, 1, 31), []time.Time{date(2029, 2, 28), date(2029, 3, 31), date(2029, 4, 30)}},
		{waterfall.Month, date(2028, 2, 29), []time.Time{date(2028, 3, 29), date(2028, 4, 29)}},
		{waterfall.Month, date(2028, 10, 31), []time.Time{date(2028, 11, 30), date(2028, 12, 31), date(2029, 1, 31), date(2029, 2, 28)}},
		{waterfall.Week, date(2028, 2, 24), []time.Time{date(2028, 3, 2), date(2028, 3, 9)}},
		{waterfall.Week, date(2028, 12, 28), []time.Time{date(2029, 1, 4), date(2029, 1, 11)}},
		{waterfall.Day, date(2028, 2, 28), []time.Time{date(2028, 2, 29), date(2028, 3, 1)}},
		{waterfall.Day, date(2029, 2, 28), []time.Time{date(2029, 3, 1), date(2029, 3, 2)}},
		{waterfall.Day, date(2028, 12, 31), []time.Time{date(2029, 1, 1), date(2029, 1, 2)}},
	} {
		s.clock.Set(c.first)
		a := s.account(s.key(), "none")
		first, last := waterfall.InstantOf(c.first), waterfall.InstantOf(c.then[len(c.then)-1])
		g := must(s.CreateGrant(context.Background(), engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 5, Key: "k",
			Recurrence: c.recurrence, EffectiveAt: &first, ExpiresAt: &last}, byTest))
		want := int32(1)
		for _, at := range c.then {
			s.clock.Set(at.Add(-time.Microsecond))
			if n := s.issued(a, g); n != want {
				t.Errorf("from %s: issued %d times just before %s, want %d", c.first, n, at, want)
			}
			s.clock.Set(at)
			if waterfall.InstantOf(at) < last {
				want++
			}
			if n := s.issued(a, g); n != want {
				t.Errorf("from %s: issued %d times on %s, want %d", c.first, n, at, want)
			}
		}
		if b := must(s.Balances(context.Background(), []string{a}))[a]; b.Available != 0 {
			t.Errorf("from %s: %d are left after the end", c.first, b.Available)
		}
	}
}

// TestAGrantMayBeginInThePast: what has fallen due since is issued with it, for
// the first decision to draw on.
func TestAGrantMayBeginInThePast(t *testing.T) {
	s := newStack(t)
	s.publish(map[string][]waterfall.Rules{"none": {}})
	a := s.account("past", "none")
	from, rollover := waterfall.InstantOf(s.clock.Now().Add(-60*time.Hour)), int64(3)
	g := must(s.CreateGrant(context.Background(), engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 5, Key: "k", EffectiveAt: &from,
		Recurrence: waterfall.Day, RolloverLimit: &rollover}, byTest))
	if g.Issues != 3 || g.Remaining != 8 {
		t.Errorf("after two and a half days: issued %d times, %d left", g.Issues, g.Remaining)
	}
	if b := must(s.Balances(context.Background(), []string{a}))[a]; b.Available != 8 || len(s.mismatches(a)) > 0 {
		t.Errorf("the balance is %d; the records: %+v", b.Available, s.mismatches(a))
	}
}

// issued is how often a grant was issued, once its account has come up to now.
func (s *stack) issued(account string, g *ledger.Grant) int32 {
	s.t.Helper()
	if err := s.AdvanceAccount(context.Background(), account); err != nil {
		s.t.Fatal(err)
	}
	return must(s.ledger.GrantsByID(context.Background(), []ledger.GrantRef{{Account: account, ID: g.ID}}))[0].Issues
}
