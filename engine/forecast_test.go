package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

const aCredit = int64(1_000_000)

// eight is when the forecasts of these tests are asked for.
var eight = time.Date(2026, 3, 20, 8, 0, 0, 0, time.UTC)

// metered publishes a plan whose units cost a millionth of a credit: "text" and
// "image" are paid by promotions, entitlements and credits, in this order.
func (w *world) metered() {
	w.t.Helper()
	var rules []waterfall.Rules
	for _, feature := range []string{"text", "image"} {
		w.feature(feature, true)
		must(w.SetPrice(context.Background(), feature, 1, 1, nil, byTest))
		rules = append(rules, waterfall.Rules{Feature: feature, Buckets: []waterfall.Bucket{
			{Kind: waterfall.Promotion, Key: "promo"}, {Kind: waterfall.Entitlement, Key: "contract"}, {Kind: waterfall.Credit, Key: "credits"}}})
	}
	w.plan("metered", rules...)
	// The same, behind a free tier of text that comes back with the month.
	rules[0].Buckets = append([]waterfall.Bucket{{Kind: waterfall.FreeTier, Key: "monthly", Scope: waterfall.PerAccount, Quota: monthlyTier, Period: waterfall.Month}}, rules[0].Buckets...)
	w.plan("metered-monthly", rules...)
}

const monthlyTier = 11 * aCredit

// spentDaily makes an account that spent these amounts of text, one on each of
// the last whole days before eight, and has nothing left of what paid for them.
func (w *world) spentDaily(name string, figures ...int64) string {
	w.t.Helper()
	w.clock.Set(eight.AddDate(0, 0, -len(figures)-1))
	a := w.account(name, "metered")
	lot := w.credits(a, 1<<50)
	for i, amount := range figures {
		w.clock.Set(eight.AddDate(0, 0, i-len(figures)).Add(2 * time.Hour))
		if amount > 0 {
			w.ask(a, "text", amount)
		}
	}
	w.clock.Set(eight.Add(-time.Hour))
	must(w.VoidGrant(context.Background(), a, ledger.ID(lot.ID), byTest))
	return a
}

func (w *world) forecast(account string, days int) *engine.Forecast {
	w.t.Helper()
	return must(w.Forecasts(context.Background(), []string{account}, days))[account]
}

// after is the moment so long after eight.
func after(d time.Duration) waterfall.Instant { return waterfall.InstantOf(eight.Add(d)) }

const (
	aDay = 24 * time.Hour
	// aMillionth is how long it takes to spend one at 10 credits a day.
	aMillionth = 8640
)

func TestForecast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.metered()
	ctx := context.Background()
	ten := []int64{10 * aCredit, 10 * aCredit, 10 * aCredit, 10 * aCredit, 10 * aCredit, 10 * aCredit, 10 * aCredit}
	at := func(d time.Duration) *waterfall.Instant { i := after(d); return &i }
	credits := func(amount int64) engine.NewGrant {
		return engine.NewGrant{Kind: waterfall.Credit, Amount: amount * aCredit}
	}
	for _, c := range []struct {
		name    string
		figures []int64
		grants  []engine.NewGrant
		cap     *ledger.Cap
		days    int
		perDay  int64
		runsOut time.Duration // 0: not
	}{
		{"spends evenly until nothing is left", ten, []engine.NewGrant{credits(105)}, nil, 60, 10, 10*aDay + 12*time.Hour},
		{"ends at the very moment", ten, []engine.NewGrant{credits(100)}, nil, 10, 10, 10 * aDay},
		{"does not look beyond the days asked for", ten, []engine.NewGrant{credits(100)}, nil, 9, 10, 0},
		{"has nothing to run out", ten, nil, nil, 60, 10, 0},
		{"loses what expires", ten, []engine.NewGrant{credits(50), {Kind: waterfall.Credit, Amount: 100 * aCredit, ExpiresAt: at(3 * aDay)}}, nil, 60, 10, 8 * aDay},
		{"runs out where the last lapses", ten, []engine.NewGrant{{Kind: waterfall.Credit, Amount: 100 * aCredit, ExpiresAt: at(3 * aDay)}}, nil, 60, 10, 3 * aDay},
		{"is renewed in time", ten, []engine.NewGrant{{Kind: waterfall.Credit, Amount: 70 * aCredit, Recurrence: waterfall.Week, EffectiveAt: at(-time.Hour)}}, nil, 60, 10, 0},
		{"is renewed too late", ten, []engine.NewGrant{{Kind: waterfall.Credit, Amount: 60 * aCredit, Recurrence: waterfall.Week, EffectiveAt: at(-time.Hour)}}, nil, 60, 10, 6 * aDay},
		{"rolls over", ten, []engine.NewGrant{credits(5), {Kind: waterfall.Promotion, Amount: 80 * aCredit, Recurrence: waterfall.Week, EffectiveAt: at(-time.Hour), ExpiresAt: at(14 * aDay), RolloverLimit: new(10 * aCredit)}}, nil, 60, 10, 14*aDay + 12*time.Hour},
		{"counts what begins later", ten, []engine.NewGrant{credits(15), {Kind: waterfall.Credit, Amount: 20 * aCredit, EffectiveAt: at(aDay)}}, nil, 60, 10, 3*aDay + 12*time.Hour},
		{"does not count what begins too late", ten, []engine.NewGrant{credits(15), {Kind: waterfall.Credit, Amount: 20 * aCredit, EffectiveAt: at(2 * aDay)}}, nil, 60, 10, aDay + 12*time.Hour},
		{"leaves alone what is for other features", ten, []engine.NewGrant{credits(20), {Kind: waterfall.Credit, Amount: 1000 * aCredit, Features: []string{"image"}}}, nil, 60, 10, 2 * aDay},
		{"is held back by a cap", ten, []engine.NewGrant{credits(20)}, &ledger.Cap{Limit: 4 * aCredit, Period: waterfall.Day}, 60, 10, 4*aDay + 96*time.Minute},
		{"never runs out below a cap", ten, []engine.NewGrant{credits(20)}, &ledger.Cap{Limit: 0, Period: waterfall.Month}, 60, 10, 0},
		{"takes a mean", []int64{0, 0, 7 * aCredit, 0, 7 * aCredit, 0, 0}, []engine.NewGrant{credits(8)}, nil, 60, 2, 4 * aDay},
		{"of a younger account", []int64{8 * aCredit, 4 * aCredit}, []engine.NewGrant{credits(9)}, nil, 60, 6, 36 * time.Hour},
		{"of the last seven days alone", append([]int64{700 * aCredit}, ten...), []engine.NewGrant{credits(20)}, nil, 60, 10, 2 * aDay},
		{"only lapses where nothing is spent", []int64{0, 0}, []engine.NewGrant{{Kind: waterfall.Credit, Amount: aCredit, ExpiresAt: at(5 * aDay)}}, nil, 60, 0, 5 * aDay},
		{"stays where nothing happens", []int64{0, 0}, []engine.NewGrant{credits(1)}, nil, 400, 0, 0},
	} {
		a := w.spentDaily(strings.ReplaceAll(c.name, " ", "-"), c.figures...)
		if c.cap != nil {
			must(w.SetSpendCap(ctx, a, c.cap, byTest))
		}
		for _, g := range c.grants {
			g.Account = a
			w.grant(g)
		}
		w.clock.Set(eight)
		f := w.forecast(a, c.days)
		var want waterfall.Instant
		if c.runsOut != 0 {
			want = after(c.runsOut)
		}
		if f.RunsOutAt < want-aMillionth || f.RunsOutAt > want || f.PerDay != c.perDay*aCredit {
			t.Errorf("%s: runs out at %s, not at %s; %d a day: %s", c.name, f.RunsOutAt.Time(), want.Time(), f.PerDay, f.Basis)
		}
		if len(f.Points) != c.days || f.Points[c.days-1].At != after(time.Duration(c.days)*aDay) {
			t.Errorf("%s: %d points", c.name, len(f.Points))
		}
	}

	t.Run("is given as a range", func(t *testing.T) {
		a := w.spentDaily("range", 10*aCredit, 20*aCredit, 30*aCredit, 40*aCredit, 50*aCredit, 60*aCredit, 70*aCredit)
		w.credits(a, 120*aCredit)
		w.clock.Set(eight)
		f := w.forecast(a, 60)
		if f.RunsOutEarliest != after(2*aDay) || f.RunsOutAt != after(3*aDay) || f.RunsOutLatest != after(6*aDay) {
			t.Errorf("%s, %s, %s", f.RunsOutEarliest.Time(), f.RunsOutAt.Time(), f.RunsOutLatest.Time())
		}
		if want := "40 credits a day, the mean of what was spent, net of refunds, on the last 7 whole days (2026-03-13 to 2026-03-19, UTC). Earliest at 60 a day, latest at 20."; f.Basis != want {
			t.Errorf("%s\n%s", f.Basis, want)
		}
	})

	t.Run("has no pace within the first day", func(t *testing.T) {
		w.clock.Set(eight.Add(-20 * time.Hour))
		a := w.account("new", "metered")
		expires := after(time.Hour)
		w.grant(engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 100 * aCredit, ExpiresAt: &expires})
		w.ask(a, "text", 50*aCredit)
		w.clock.Set(eight)
		f := w.forecast(a, 2)
		if f.PerDay != 0 || f.RunsOutAt != 0 || f.RunsOutEarliest != 0 || f.RunsOutLatest != 0 || !strings.HasPrefix(f.Basis, "Less than one whole day") {
			t.Errorf("%+v", f)
		}
		if p := f.Points[0]; p.Available != 0 || p.Expiring != 50*aCredit || p.Issued != 0 {
			t.Errorf("%+v", p)
		}
	})

	t.Run("counts what was used in the end", func(t *testing.T) {
		w.clock.Set(eight.AddDate(0, 0, -2))
		a := w.account("net", "metered")
		w.credits(a, 1000*aCredit)
		w.clock.Set(eight.AddDate(0, 0, -1))
		back := w.ask(a, "text", 30*aCredit)
		must(w.Refund(ctx, engine.RefundRequest{Account: a, Decision: back.ID, Quantity: new(10 * aCredit), Key: w.key(), Change: byTest}))
		w.settle(w.hold(a, "text", 50*aCredit, 60), 5*aCredit)
		w.hold(a, "text", 100*aCredit, 7*86_400)
		w.clock.Set(eight)
		f := w.forecast(a, 1)
		if f.PerDay != 25*aCredit || f.Points[0].Available != 850*aCredit {
			t.Errorf("%+v", f)
		}
	})

	t.Run("of a suspended account spends nothing", func(t *testing.T) {
		a := w.spentDaily("suspended", ten...)
		w.credits(a, 20*aCredit)
		must(w.SetAccountStatus(ctx, a, ledger.Suspended, byTest))
		w.clock.Set(eight)
		f := w.forecast(a, 5)
		if f.RunsOutAt != 0 || f.PerDay != 10*aCredit || f.Points[4].Available != 20*aCredit || !strings.Contains(f.Basis, "suspended") {
			t.Errorf("%+v", f)
		}
	})

	t.Run("asks for 1 to 400 days", func(t *testing.T) {
		for _, days := range []int{-1, 0, 401} {
			if _, err := w.Forecasts(ctx, []string{"nobody"}, days); code(err) != engine.CodeBadInput {
				t.Errorf("%d: %v", days, err)
			}
		}
		if found := must(w.Forecasts(ctx, []string{w.prefix + "nobody"}, 400)); len(found) > 0 {
			t.Errorf("%v", found)
		}
	})
}

// A forecast is what happens if each day spends what the forecast says: the real
// engine goes through the same days, asked for a day's use in parts.
func TestForecastIsWhatHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.metered()
	seen := map[string]int{}
	for seed := range 18 {
		future := &comingDays{world: w, random: rand.New(rand.NewPCG(uint64(seed), 16)), seen: seen, step: 8 * time.Hour, days: 8,
			capped: seed%3 == 1, suspended: seed%8 == 2}
		if future.monthly = seed%6 == 3; future.monthly {
			future.days = 14 // until after the first of April
		}
		if seed%6 == 5 { // two features that draw on different grants take turns by the hour
			future.step, future.days, future.both = time.Hour, 2, true
		}
		future.run(fmt.Sprint("coming-", seed))
		if t.Failed() {
			return
		}
	}
	for _, name := range []string{"ran out by use", "ran out by lapse or just then", "lasted", "expired", "issued", "began", "capped", "suspended", "went on free"} {
		if seen[name] == 0 {
			t.Errorf("no forecast %s", name)
		}
	}
}

// comingDays is an account, a forecast of it, and what then happened.
type comingDays struct {
	*world
	random *rand.Rand
	seen   map[string]int
	step   time.Duration
	days   int
	// both: of two features. capped and suspended: the account is. monthly: it had
	// used up what is free in a month.
	both, capped, suspended, monthly bool

	id    string
	daily map[string]int64
	told  *engine.Forecast
	// It ran out between these two moments; 0: it did not.
	runsOut, until waterfall.Instant
}

func (c *comingDays) run(name string) {
	c.history(name)
	c.clock.Set(eight.Add(-30 * time.Minute))
	c.give()
	c.clock.Set(eight)
	c.told = c.forecast(c.id, c.days)
	point := engine.ForecastPoint{}
	must(true, c.AdvanceAccount(context.Background(), c.id))
	sequence, left := c.balance(c.id).Sequence, c.supplies()
	for at := time.Duration(0); at < time.Duration(c.days)*aDay; {
		full := left
		for _, feature := range []string{"text", "image"} {
			if daily := c.daily[feature]; daily > 0 {
				c.spend(feature, daily/int64(aDay/c.step), full, after(at))
			}
		}
		at += c.step
		c.clock.Set(eight.Add(at))
		must(true, c.AdvanceAccount(context.Background(), c.id))
		left = c.supplies()
		sequence = c.count(&point, sequence, after(at))
		for supply := range left {
			if full[supply] > 0 && left[supply] == 0 && c.runsOut == 0 && (supply == "" || c.daily[supply] > 0 && !c.suspended) {
				c.runsOut, c.until = after(at), after(at)
				c.seen["ran out by lapse or just then"]++
			}
		}
		if at%aDay == 0 {
			point.At, point.Available = after(at), c.balance(c.id).Available
			if told := c.told.Points[at/aDay-1]; told != point {
				c.t.Fatalf("%s: after %v told %+v, found %+v", name, at, told, point)
			}
			point = engine.ForecastPoint{}
		}
	}
	if c.told.RunsOutAt < c.runsOut || c.told.RunsOutAt > c.until {
		c.t.Fatalf("%s: told to run out at %s, ran out at %s to %s", name, c.told.RunsOutAt.Time(), c.runsOut.Time(), c.until.Time())
	}
	if c.runsOut == 0 {
		c.seen["lasted"]++
	}
}

// history is a week of use whose mean divides by the parts of a day.
func (c *comingDays) history(name string) {
	c.clock.Set(eight.AddDate(0, 0, -8))
	c.id = c.account(name, "metered")
	if c.monthly {
		must(c.AssignPlan(context.Background(), c.id, "metered-monthly", byTest))
		c.ask(c.id, "text", monthlyTier)
	}
	lot := c.credits(c.id, 1<<50)
	features := []string{"text"}
	if c.both {
		features = append(features, "image")
	}
	c.daily = map[string]int64{}
	for day := range 7 {
		c.clock.Set(eight.AddDate(0, 0, day-7).Add(2 * time.Hour))
		for _, feature := range features {
			if n := 168 * c.random.Int64N(100_000); n > 0 {
				c.ask(c.id, feature, n)
				c.daily[feature] += n / 7
			}
		}
	}
	c.clock.Set(eight.Add(-time.Hour))
	must(c.VoidGrant(context.Background(), c.id, ledger.ID(lot.ID), byTest))
}

// give gives grants of all sorts, a cap, and suspends now and then.
func (c *comingDays) give() {
	ctx := context.Background()
	moment := func(from, to int) *waterfall.Instant {
		at := after(time.Duration(from+c.random.IntN(to-from)) * c.step)
		return &at
	}
	for range 1 + c.random.IntN(5) {
		g := engine.NewGrant{Account: c.id, Kind: waterfall.Promotion + waterfall.Kind(c.random.IntN(3)), Amount: 1 + c.random.Int64N(60*aCredit), Priority: int32(c.random.IntN(2))}
		if c.random.IntN(3) == 0 {
			g.EffectiveAt = moment(-10, 20)
		}
		if c.random.IntN(3) == 0 {
			g.ExpiresAt = moment(20, 60)
		}
		if c.random.IntN(3) == 0 {
			g.Recurrence = waterfall.Day + waterfall.Period(c.random.IntN(2))
			if g.EffectiveAt == nil {
				g.EffectiveAt = moment(-10, 1)
			}
			if c.random.IntN(2) == 0 {
				g.RolloverLimit = new(c.random.Int64N(2 * g.Amount))
			}
		}
		if c.random.IntN(4) == 0 {
			g.Features = []string{[]string{"text", "image"}[c.random.IntN(2)]}
		}
		c.grant(g)
	}
	if c.capped {
		must(c.SetSpendCap(ctx, c.id, &ledger.Cap{Limit: c.random.Int64N(12 * aCredit), Period: waterfall.Day + waterfall.Period(c.random.IntN(3))}, byTest))
	}
	if c.suspended {
		must(c.SetAccountStatus(ctx, c.id, ledger.Suspended, byTest))
	}
}

// supplies are what the account has, and what each feature can draw on.
func (c *comingDays) supplies() map[string]int64 {
	now := waterfall.InstantOf(c.clock.Now())
	sums := map[string]int64{}
	for _, g := range must(c.ledger.Grants(context.Background(), []string{c.id}, ledger.GrantFilter{}, ledger.Page{First: 100}))[c.id].Rows {
		if !g.OpenAt(now) {
			continue
		}
		sums[""] += g.Remaining
		for _, feature := range []string{"text", "image"} {
			if g.AppliesTo(feature) {
				sums[feature] += g.Remaining
			}
		}
	}
	for _, supply := range []string{"", "text", "image"} {
		sums[supply] += 0
	}
	return sums
}

func (c *comingDays) spend(feature string, part int64, full map[string]int64, at waterfall.Instant) {
	d := c.request(engine.AuthorizeRequest{Account: c.id, User: "ann", Feature: feature, Quantity: part, AllowPartial: true})
	if d.Reason == waterfall.AccountSuspended {
		c.seen["suspended"]++
		return
	}
	if d.Granted == part {
		if d.Steps[0].Kind == waterfall.FreeTier && d.Steps[0].Taken > 0 {
			c.seen["went on free"]++
		}
		return
	}
	if c.supplies()[feature] > 0 {
		c.seen["capped"]++
		return
	}
	if full[feature] == 0 || c.runsOut != 0 {
		return
	}
	c.seen["ran out by use"]++
	length := int64(c.step / time.Microsecond)
	if c.runsOut = at + waterfall.Instant((d.Granted*length+part-1)/part); c.both {
		c.runsOut = at
		c.until = at + waterfall.Instant(length)
		return
	}
	c.until = c.runsOut
}

// count adds up what the postings behind a sequence issued and let lapse, and
// the grants that begin at a moment.
func (c *comingDays) count(p *engine.ForecastPoint, sequence int64, at waterfall.Instant) int64 {
	ctx := context.Background()
	newest := sequence
	for _, b := range must(c.ledger.BalanceUpdates(ctx, []string{c.id}, 100, 0))[c.id].Rows {
		if b.Sequence <= sequence {
			break
		}
		newest = max(newest, b.Sequence)
		switch b.Kind {
		case book.Grant:
			p.Issued += b.Amount
			c.seen["issued"]++
		case book.Expiry:
			p.Expiring -= b.Amount
			c.seen["expired"]++
		}
	}
	for _, g := range must(c.ledger.Grants(ctx, []string{c.id}, ledger.GrantFilter{}, ledger.Page{First: 100}))[c.id].Rows {
		if g.EffectiveAt == at {
			p.Issued += g.Remaining
			c.seen["began"]++
		}
	}
	return newest
}
