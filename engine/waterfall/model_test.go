package waterfall

import (
	"math/big"
	"time"
)

// The naive model answers requests the slow way, to be compared with Decide:
// one unit after the other, each offered to the buckets in turn; money is
// exact big integers; counters are scans over the raw events; the reason of a
// denial is found by deciding again in a world with the obstacle removed. It
// shares only the data types with the code under test.

// modelStep is what the model says of one bucket.
type modelStep struct {
	available int64
	taken     int64
	reason    Reason
	resetsAt  int64
}

// modelPart is what one bucket pays in units or in credits.
type modelPart struct {
	bucket  int
	units   int64
	credits int64
	priced  bool
	draws   []modelDraw
}

type modelDraw struct {
	grant  [16]byte
	amount int64
}

type modelAnswer struct {
	reason  Reason
	granted int64
	steps   []modelStep
	parts   []modelPart
}

func (a *modelAnswer) allowed() bool { return a.reason == Funded || a.reason == PartlyFunded }

// sumWithin adds the events of a counter with a second in [from, to].
func (w *world) sumWithin(counter int, from, to int64) int64 {
	var sum int64
	for _, e := range w.events {
		if e.counter == counter && e.second >= from && e.second <= to {
			sum += e.amount
		}
	}
	return sum
}

// roomIn is what windows leave: a window of W seconds that ends with this
// second began W−1 seconds earlier.
func (w *world) roomIn(counter int, windows []Window, second int64) int64 {
	room := int64(1) << 62
	for _, x := range windows {
		room = min(room, max(0, x.Limit-w.sumWithin(counter, second-x.Seconds+1, second)))
	}
	return room
}

// calendarDates are the first day of the period that holds a second and of the
// one that follows, found by stepping through days.
func calendarDates(p Period, second int64) (start, end int64) {
	begins := func(day time.Time) bool {
		return p == Day || p == Week && day.Weekday() == time.Monday || p == Month && day.Day() == 1
	}
	t := time.Unix(second, 0).UTC()
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	first := day
	for !begins(first) {
		first = first.AddDate(0, 0, -1)
	}
	next := day.AddDate(0, 0, 1)
	for !begins(next) {
		next = next.AddDate(0, 0, 1)
	}
	return first.Unix(), next.Unix()
}

// capRoom is what the spend cap leaves, nil for no limit.
func (w *world) capRoom(second int64) *big.Int {
	if w.cap == nil {
		return nil
	}
	start, _ := calendarDates(w.cap.Period, second)
	return big.NewInt(max(0, w.cap.Limit-w.sumWithin(ofCap, start, second)))
}

// purse is a pool of grants while units are taken from it one by one.
type purse struct {
	world   *world
	limit   *big.Int // of all credits taken, nil for none
	grants  []Grant  // those that count, in spending order
	left    []int64  // whole units left in each
	byUnits []int64  // taken from each
	paid    int64    // units paid in credits
	first   string   // which way the first unit was paid
}

func (w *world) purse(k Kind, now Instant, limit *big.Int) *purse {
	p := &purse{world: w, limit: limit}
	for _, g := range w.input().Grants {
		fits := g.Features == nil
		for _, f := range g.Features {
			fits = fits || f == w.rules.Feature
		}
		open := now >= g.EffectiveAt && (g.ExpiresAt == 0 || now < g.ExpiresAt)
		if g.Kind == k && fits && open && (g.Units || w.price.Version != 0) {
			p.grants = append(p.grants, g)
			p.left = append(p.left, g.Remaining)
			p.byUnits = append(p.byUnits, 0)
		}
	}
	return p
}

// cost is the exact price of some units, rounded up to a whole millionth.
func (w *world) cost(units int64) *big.Int {
	exact := new(big.Rat).SetFrac64(w.price.Micros, w.price.Per)
	exact.Mul(exact, new(big.Rat).SetInt64(units))
	up := new(big.Int).Add(exact.Num(), exact.Denom())
	up.Sub(up, big.NewInt(1))
	return up.Div(up, exact.Denom())
}

// takeOne pays one more unit from the first grant that can, the credits of the
// grants before it counting together.
func (p *purse) takeOne() bool {
	credits := new(big.Int)
	for i, g := range p.grants {
		if g.Units {
			if p.left[i] > 0 {
				p.left[i]--
				p.byUnits[i]++
				p.begin("units")
				return true
			}
			continue
		}
		credits.Add(credits, big.NewInt(g.Remaining))
		cost := p.world.cost(p.paid + 1)
		if cost.Cmp(credits) <= 0 && (p.limit == nil || cost.Cmp(p.limit) <= 0) {
			p.paid++
			p.begin("credits")
			return true
		}
	}
	return false
}

func (p *purse) begin(way string) {
	if p.first == "" {
		p.first = way
	}
}

// parts are what was taken, the way that paid the first unit first.
func (p *purse) parts(bucket int) []modelPart {
	inUnits, inCredits := modelPart{bucket: bucket}, modelPart{bucket: bucket, priced: true, units: p.paid}
	charge := p.world.cost0(p.paid)
	inCredits.credits = charge
	for i, g := range p.grants {
		if g.Units && p.byUnits[i] > 0 {
			inUnits.units += p.byUnits[i]
			inUnits.draws = append(inUnits.draws, modelDraw{g.ID, p.byUnits[i]})
		}
		if n := min(charge, g.Remaining); !g.Units && n > 0 {
			charge -= n
			inCredits.draws = append(inCredits.draws, modelDraw{g.ID, n})
		}
	}
	var parts []modelPart
	for _, part := range []modelPart{inUnits, inCredits} {
		if part.units > 0 {
			parts = append(parts, part)
		}
	}
	if p.first == "credits" && len(parts) == 2 {
		parts[0], parts[1] = parts[1], parts[0]
	}
	return parts
}

// cost0 is cost where nothing may be priced.
func (w *world) cost0(units int64) int64 {
	if units == 0 {
		return 0
	}
	return w.cost(units).Int64()
}

// source is one bucket at one moment: it gives units one by one.
type source struct {
	room  int64 // of a counter
	purse *purse
}

func (w *world) source(i int, now Instant) *source {
	b, second := w.rules.Buckets[i], now.Time().Unix()
	switch b.Kind {
	case RateLimit:
		return &source{room: w.roomIn(i, b.Windows, second)}
	case FreeTier:
		start, _ := calendarDates(b.Period, second)
		return &source{room: max(0, b.Quota-w.sumWithin(i, start, second))}
	case Credit:
		return &source{purse: w.purse(Credit, now, w.capRoom(second))}
	}
	return &source{purse: w.purse(b.Kind, now, nil)}
}

func (s *source) takeOne() bool {
	if s.purse != nil {
		return s.purse.takeOne()
	}
	s.room--
	return s.room >= 0
}

// available counts the units that a bucket would give, all taken.
func (w *world) available(i int, now Instant) int64 {
	var n int64
	for s := w.source(i, now); s.takeOne(); n++ {
	}
	return n
}

// shares are what each bucket gives to a request, unit by unit, and whether
// all of the request came together.
func (w *world) shares(req Request, now Instant) (shares []int64, funded int64) {
	shares = make([]int64, len(w.rules.Buckets))
	asked := req.Quantity
	if room := w.roomIn(ofCeilings, w.rules.Ceilings, now.Time().Unix()); room < asked {
		if !req.AllowPartial {
			return shares, 0
		}
		asked = room
	}
	if !w.rules.Divisible {
		return w.sharesOfOne(shares, req, asked, now)
	}
	for i := range shares {
		for s := w.source(i, now); funded < asked && s.takeOne(); {
			shares[i]++
			funded++
		}
	}
	if funded < asked && !req.AllowPartial {
		return make([]int64, len(shares)), 0
	}
	return shares, funded
}

// sharesOfOne lets one bucket give: the first that covers all that is asked,
// or, in part, the one that gives most.
func (w *world) sharesOfOne(shares []int64, req Request, asked int64, now Instant) ([]int64, int64) {
	best, most := -1, int64(0)
	for i := range shares {
		if n := min(asked, w.available(i, now)); n > most {
			best, most = i, n
		}
	}
	if best < 0 || most < asked && !req.AllowPartial {
		return shares, 0
	}
	shares[best] = most
	return shares, most
}

// decide is the model's answer.
func (w *world) decide(req Request, now Instant) *modelAnswer {
	a := &modelAnswer{}
	if w.suspended || w.absent {
		a.reason = FeatureNotInPlan
		if w.suspended {
			a.reason = AccountSuspended
		}
		return a
	}
	shares, funded := w.shares(req, now)
	a.granted = funded
	a.reason = w.why(req, funded, now)
	w.explain(a, req, shares, now)
	return a
}

// why finds the reason of a denial by removing obstacles from the world.
func (w *world) why(req Request, funded int64, now Instant) Reason {
	switch {
	case funded == req.Quantity:
		return Funded
	case funded > 0:
		return PartlyFunded
	}
	room := w.roomIn(ofCeilings, w.rules.Ceilings, now.Time().Unix())
	if room == 0 || !req.AllowPartial && room < req.Quantity {
		return CeilingReached
	}
	uncapped := *w
	uncapped.cap = nil
	if _, n := uncapped.shares(req, now); n > 0 {
		return SpendCapReached
	}
	split := *w
	split.rules.Divisible = true
	if _, n := split.shares(req, now); n > 0 {
		return Indivisible
	}
	for _, b := range w.rules.Buckets {
		if b.Kind == Credit {
			return InsufficientCredits
		}
	}
	return Exhausted
}

// explain writes the steps and the parts.
func (w *world) explain(a *modelAnswer, req Request, shares []int64, now Instant) {
	asked := min(req.Quantity, w.roomIn(ofCeilings, w.rules.Ceilings, now.Time().Unix()))
	missing := asked
	for i := range shares {
		s := modelStep{available: w.available(i, now), taken: shares[i], resetsAt: w.fullAgain(i, shares[i], now)}
		missing -= s.taken
		switch {
		case s.available == 0:
			s.reason = w.whyEmpty(i, now)
		case s.taken > 0 && missing == 0:
			s.reason = Funded
		case s.taken > 0:
			s.reason = PartlyFunded
		case a.reason == CeilingReached:
			s.reason = CeilingReached
		case !w.rules.Divisible:
			s.reason = Indivisible
		default:
			s.reason = PartlyFunded
		}
		a.steps = append(a.steps, s)
		a.parts = append(a.parts, w.partsOf(i, shares[i], now)...)
		if a.allowed() && missing == 0 {
			return
		}
	}
}

func (w *world) partsOf(i int, n int64, now Instant) []modelPart {
	s := w.source(i, now)
	switch {
	case n == 0:
		return nil
	case s.purse == nil:
		return []modelPart{{bucket: i, units: n}}
	}
	for range n {
		s.takeOne()
	}
	return s.purse.parts(i)
}

// whyEmpty is the reason of a bucket that has nothing to give.
func (w *world) whyEmpty(i int, now Instant) Reason {
	s := w.source(i, now)
	if s.purse == nil {
		return Exhausted
	}
	if len(s.purse.grants) == 0 {
		return NotApplicable
	}
	uncapped := *w
	uncapped.cap = nil
	if uncapped.available(i, now) > 0 {
		return SpendCapReached
	}
	for _, g := range s.purse.grants {
		if g.Remaining > 0 {
			return InsufficientCredits
		}
	}
	return Exhausted
}

// fullAgain is the first second at which a counter has let everything go, found
// by waiting for the last use to leave the last window.
func (w *world) fullAgain(i int, taken int64, now Instant) int64 {
	b, second := w.rules.Buckets[i], now.Time().Unix()
	seen := append([]event{{i, second, taken}}, w.events...)
	counted := (&world{events: seen}).sumWithin
	switch b.Kind {
	case FreeTier:
		if start, end := calendarDates(b.Period, second); counted(i, start, second) > 0 {
			return end
		}
	case RateLimit:
		var at int64
		for _, x := range b.Windows {
			t := second
			for counted(i, t-x.Seconds+1, t) > 0 {
				t++
			}
			if t > second {
				at = max(at, t)
			}
		}
		return at
	}
	return 0
}
