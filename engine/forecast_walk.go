package engine

import (
	"fmt"

	"spillway/engine/forecast"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// forecastWalk is an account on its way through the days to come. It owns its
// account, a copy, and reads and writes nothing else.
//
// It goes from one moment at which something changes by itself to the next: a
// grant expires, is renewed or begins, a UTC day ends (and with it, perhaps, the
// period of the spend cap or of a free tier), a day of the forecast ends. In between
// it spends.
type forecastWalk struct {
	a     *account
	start waterfall.Instant
	uses  []featureUse
	// spent is what counts towards the spend cap in its present period.
	spent int64

	day     ForecastPoint // what happened since the last point
	points  []ForecastPoint
	runsOut waterfall.Instant
	work    int
}

// featureUse is what is spent a day on the features that the same grants pay for in
// the same order.
type featureUse struct {
	// rules are the buckets of one of the features that draw on grants.
	rules waterfall.Rules
	pace  forecast.Pace
	// free pays before the grants do.
	free tier
}

const hour = forecast.Day / 24

// maxForecastWork bounds a walk: grants looked at, over all moments and uses. So
// much takes a tenth of a second.
const maxForecastWork = 4_000_000

// perMicro is the price at which a walk spends: a unit is a millionth of a
// credit.
var perMicro = waterfall.Price{Version: 1, Micros: 1, Per: 1}

func (a *account) suspended() bool { return a.Status == ledger.Suspended }

// walkAt walks a copy of the account for some days at a pace.
func (a *account) walkAt(f *forecast.Figures, tiers map[string]tier, pace forecast.Pace, days int) (*forecastWalk, error) {
	w := &forecastWalk{a: a.creditsOnly(), start: a.now}
	if !a.suspended() {
		w.uses = w.a.usesOf(f, tiers, pace)
	}
	if a.Cap != nil {
		second := a.now.Second()
		w.spent = a.known(spendField).Sum(a.Cap.Period.Start(second)-1, second)
	}
	end := w.start + waterfall.Instant(days)*forecast.Day
	for w.a.now < end {
		next := w.nextChange()
		w.day.At = next
		full := w.supplied()
		emptied, denied := w.spendUntil(next, full)
		if err := w.comeTo(next); err != nil {
			return nil, err
		}
		if w.runsOut == 0 && (denied || w.anyEmpty(full)) { // else a renewal came just in time
			w.runsOut = emptied
		}
		if (next-w.start)%forecast.Day == 0 {
			w.day.Available = w.available()
			w.points, w.day = append(w.points, w.day), ForecastPoint{}
		}
		if w.work += (1 + len(w.uses)) * (1 + len(w.a.lots)); w.work > maxForecastWork {
			return nil, badInput("days", "is too long for an account with so many grants: ask for fewer")
		}
	}
	return w, nil
}

// creditsOnly copies the account with its open grants in credits.
func (a *account) creditsOnly() *account {
	c := *a
	c.lots, c.terms = nil, nil
	c.dirty, c.changed, c.touched = nil, nil, false
	c.Head.Balance = 0
	for i := range a.lots {
		if !a.lots[i].Units && !a.terms[i].Closed {
			c.lots, c.terms = append(c.lots, a.lots[i]), append(c.terms, a.terms[i])
			c.Head.Balance += a.lots[i].Remaining
		}
	}
	return &c
}

// usesOf shares a pace out to the features of the plan as they had shares in the
// figures. Features to which all the same applies are one use; one with a free tier
// of its own is a use by itself.
func (a *account) usesOf(f *forecast.Figures, tiers map[string]tier, pace forecast.Pace) []featureUse {
	var whole int64
	for feature := range f.ByFeature {
		whole = saturated(whole, f.Of(feature))
	}
	spent := map[string]int64{}
	rules, frees := map[string]waterfall.Rules{}, map[string]tier{}
	var order []string
	for i := range a.plan.Features {
		r := &a.plan.Features[i]
		if f.Of(r.Feature) == 0 {
			continue
		}
		pools := poolsOf(r)
		key := a.sourcesOf(&pools)
		free, own := tiers[r.Feature]
		if own {
			key += r.Feature
		}
		if _, known := spent[key]; !known {
			order, rules[key], frees[key] = append(order, key), pools, free
		}
		spent[key] = saturated(spent[key], f.Of(r.Feature))
	}
	uses := make([]featureUse, len(order))
	for i, key := range order {
		uses[i] = featureUse{rules: rules[key], pace: pace.Times(spent[key], whole), free: frees[key]}
	}
	return uses
}

// poolsOf are the rules of a feature without what counts by windows and quotas.
// They are divisible: the use of a day is many requests.
func poolsOf(r *waterfall.Rules) waterfall.Rules {
	pools := waterfall.Rules{Feature: r.Feature, Divisible: true}
	for _, b := range r.Buckets {
		if !b.Kind.Counted() {
			pools.Buckets = append(pools.Buckets, b)
		}
	}
	return pools
}

// sourcesOf names the grants that a feature may ever draw on and the order of
// their kinds.
func (a *account) sourcesOf(r *waterfall.Rules) string {
	key := make([]byte, 0, len(r.Buckets)+len(a.lots))
	for _, b := range r.Buckets {
		key = append(key, byte(b.Kind))
	}
	for i := range a.lots {
		applies := byte(0)
		if a.lots[i].AppliesTo(r.Feature) {
			applies = 1
		}
		key = append(key, applies)
	}
	return string(key)
}

// nextChange is the next moment at which something changes by itself.
func (w *forecastWalk) nextChange() waterfall.Instant {
	now := w.a.now
	next := w.start + ((now-w.start)/forecast.Day+1)*forecast.Day
	next = min(next, waterfall.AtSecond(waterfall.Day.End(now.Second())))
	if len(w.uses) > 1 { // they take turns by the hour
		next = min(next, w.start+((now-w.start)/hour+1)*hour)
	}
	for i := range w.a.lots {
		if due := w.a.terms[i].DueAt; due > now {
			next = min(next, due)
		}
		if begins := w.a.lots[i].EffectiveAt; begins > now {
			next = min(next, begins)
		}
	}
	return next
}

// spendUntil spends up to a moment until which nothing else changes. full are
// the supplies that hold something: emptied is when the first of them no longer
// does, the moment itself where none is empty before, and denied reports whether
// one of them then lacked what was to be spent on.
func (w *forecastWalk) spendUntil(next waterfall.Instant, full []bool) (emptied waterfall.Instant, denied bool) {
	from, before := w.a.now, w.leftover()
	denied = w.spend(from, next, full)
	if w.runsOut != 0 || !w.anyEmpty(full) {
		return next, false
	}
	// Spending only empties: the first moment is found by halves.
	low, high := from, next
	for high-low > 1 {
		mid := low + (high-low)/2
		w.restore(before)
		if w.spend(from, mid, full); w.anyEmpty(full) {
			high = mid
		} else {
			low = mid
		}
	}
	w.restore(before)
	w.spend(from, next, full)
	return high, denied
}

// spend takes what every use spends between two moments from the grants that
// are open at the first. denied reports whether a supply that held something
// lacked a part of it.
func (w *forecastWalk) spend(from, to waterfall.Instant, full []bool) (denied bool) {
	for i := range w.uses {
		u := &w.uses[i]
		left := u.free.cover(u.pace.SpentBy(to-w.start) - u.pace.SpentBy(from-w.start))
		for left > 0 {
			asked := min(left, waterfall.MaxQuantity)
			granted := w.draw(&u.rules, asked, from)
			if left -= granted; granted < asked {
				denied = denied || full[i+1] && w.supply(&u.rules) == 0
				break // what cannot be paid is denied, and owed to nobody
			}
		}
	}
	return denied
}

// draw decides as a batch would, and takes it.
func (w *forecastWalk) draw(r *waterfall.Rules, micros int64, now waterfall.Instant) int64 {
	in := waterfall.Input{Rules: r, Price: perMicro, Used: make([]*waterfall.Series, len(r.Buckets)), Grants: w.a.openLots()}
	if c := w.a.Cap; c != nil {
		spent := &waterfall.Series{}
		spent.Add(now.Second(), w.spent)
		in.Cap = &waterfall.SpendCap{Limit: c.Limit, Period: c.Period, Spent: spent}
	}
	out := waterfall.Decide(&in, waterfall.Request{Quantity: micros, AllowPartial: true}, now)
	for _, p := range out.Parts {
		for _, d := range p.Draws {
			w.a.lots[d.Grant].Remaining -= d.Amount
			w.a.Head.Balance -= d.Amount
		}
		if r.Buckets[out.Steps[p.Step].Bucket].Kind == waterfall.Credit {
			w.spent = saturated(w.spent, p.Credits)
		}
	}
	return out.Granted
}

// comeTo lets happen what is due at a moment, as the next batch would.
func (w *forecastWalk) comeTo(now waterfall.Instant) error {
	a := w.a
	if c := a.Cap; c != nil && c.Period.Start(now.Second()) != c.Period.Start(a.now.Second()) {
		w.spent = 0
	}
	if waterfall.Month.Start(now.Second()) != waterfall.Month.Start(a.now.Second()) {
		for i := range w.uses {
			w.uses[i].free.left = w.uses[i].free.quota
		}
	}
	a.now = now
	for i := range a.lots {
		if a.lots[i].EffectiveAt == now {
			w.day.Issued = saturated(w.day.Issued, a.lots[i].Remaining)
		}
	}
	var unwritten batch
	if err := unwritten.advance(a); err != nil {
		return fmt.Errorf("engine: a forecast of account %s: %w", a.ID, err)
	}
	for _, p := range unwritten.writes.Postings {
		if p.Kind == book.Grant {
			w.day.Issued = saturated(w.day.Issued, p.Amount)
		} else {
			w.day.Expiring = saturated(w.day.Expiring, -p.Amount)
		}
	}
	a.dropClosed()
	return nil
}

// available is what can be spent now, as a balance tells it.
func (w *forecastWalk) available() int64 { return w.supply(nil) }

// supply is what the rules' pools hold now; of nil rules, what all grants do.
func (w *forecastWalk) supply(r *waterfall.Rules) int64 {
	var sum int64
	for i := range w.a.lots {
		g := &w.a.lots[i]
		if g.OpenAt(w.a.now) && (r == nil || g.AppliesTo(r.Feature) && r.HasKind(g.Kind)) {
			sum = saturated(sum, g.Remaining)
		}
	}
	return sum
}

// supplied tells which supplies hold something: that of all grants, and behind
// it those of the uses that spend at all.
func (w *forecastWalk) supplied() []bool {
	full := make([]bool, 1+len(w.uses))
	full[0] = w.supply(nil) > 0
	for i := range w.uses {
		full[i+1] = w.uses[i].pace.Total > 0 && w.supply(&w.uses[i].rules) > 0
	}
	return full
}

// anyEmpty tells whether one of the supplies that held something does no more.
func (w *forecastWalk) anyEmpty(full []bool) bool {
	if full[0] && w.supply(nil) == 0 {
		return true
	}
	for i := range w.uses {
		if full[i+1] && w.supply(&w.uses[i].rules) == 0 {
			return true
		}
	}
	return false
}

// leftover is all that spending changes.
type leftover struct {
	remaining, free []int64
	balance, spent  int64
}

func (w *forecastWalk) leftover() leftover {
	l := leftover{remaining: make([]int64, len(w.a.lots)), free: make([]int64, len(w.uses)), balance: w.a.Head.Balance, spent: w.spent}
	for i := range w.uses {
		l.free[i] = w.uses[i].free.left
	}
	for i := range w.a.lots {
		l.remaining[i] = w.a.lots[i].Remaining
	}
	return l
}

func (w *forecastWalk) restore(l leftover) {
	for i := range w.a.lots {
		w.a.lots[i].Remaining = l.remaining[i]
	}
	for i := range w.uses {
		w.uses[i].free.left = l.free[i]
	}
	w.a.Head.Balance, w.spent = l.balance, l.spent
}
