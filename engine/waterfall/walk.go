package waterfall

import "math"

const noLimit int64 = math.MaxInt64

// walk is one look at the buckets at one moment. It reads the input only and
// costs no allocation, so that RetryAt can take many.
type walk struct {
	in          *Input
	now         Instant
	second      int64
	ceilingRoom int64 // units, noLimit without ceilings
	capRoom     int64 // millionths, noLimit without a cap

	// What the first buckets could give, once looked at: a plan and the steps
	// written from it ask for the same.
	seen   int
	supply [5]supply
}

func newWalk(in *Input, now Instant) walk {
	w := walk{in: in, now: now, second: now.Second(), ceilingRoom: noLimit, capRoom: noLimit}
	for _, c := range in.Rules.Ceilings {
		w.ceilingRoom = min(w.ceilingRoom, max(0, c.Limit-in.Granted.Sum(w.second-c.Seconds, w.second)))
	}
	if in.Cap != nil {
		w.capRoom = in.Cap.Room(w.second)
	}
	return w
}

// planned is how much of a target the buckets give, and which of them alone.
type planned struct {
	funded int64
	only   int // the one bucket that gives to an indivisible feature; -1: none or divisible
}

// target is what the buckets are asked for: with allowPartial no more than the
// ceilings leave.
func (w *walk) target(req Request) int64 {
	if req.AllowPartial {
		return min(req.Quantity, w.ceilingRoom)
	}
	return req.Quantity
}

// plan finds what the buckets can give of a target. Without partial an
// indivisible feature gets all or nothing; with it, the first bucket that
// covers all, else the one that gives most, ties to the earlier.
func (w *walk) plan(target int64, partial bool) planned {
	if w.in.Rules.Divisible {
		funded := w.divided(target)
		if funded > 0 && !partial && (funded < target || target > w.ceilingRoom) {
			funded = 0
		}
		return planned{funded: funded, only: -1}
	}
	best := planned{only: -1}
	for i := range w.in.Rules.Buckets {
		a := w.available(i)
		if a.units >= target {
			if target > w.ceilingRoom || target == 0 {
				return planned{only: -1}
			}
			return planned{funded: target, only: i}
		}
		if partial && a.units > best.funded {
			best = planned{funded: a.units, only: i}
		}
	}
	return best
}

// divided is what the buckets give together, up to a target.
func (w *walk) divided(target int64) int64 {
	left := target
	for i := range w.in.Rules.Buckets {
		if left == 0 {
			break
		}
		left -= min(left, w.available(i).units)
	}
	return target - left
}

// supply is what one bucket could give at the moment.
type supply struct {
	units int64
	// empty says why units is 0.
	empty  Reason
	window int // the first window with least room, -1 for the other kinds
	// tied tells that another window has as little room.
	tied bool
}

func (w *walk) available(i int) supply {
	if i < w.seen {
		return w.supply[i]
	}
	s := w.look(i)
	if i == w.seen && i < len(w.supply) {
		w.supply[i] = s
		w.seen++
	}
	return s
}

func (w *walk) look(i int) supply {
	b := &w.in.Rules.Buckets[i]
	switch b.Kind {
	case RateLimit:
		s := supply{units: noLimit, empty: Exhausted}
		for j, window := range b.Windows {
			room := max(0, window.Limit-w.in.Used[i].Sum(w.second-window.Seconds, w.second))
			switch {
			case room < s.units:
				s.units, s.window, s.tied = room, j, false
			case room == s.units:
				s.tied = true
			}
		}
		return s
	case FreeTier:
		used := w.in.Used[i].Sum(b.Period.Start(w.second)-1, w.second)
		return supply{units: max(0, b.Quota-used), empty: Exhausted, window: -1}
	default:
		return w.pool(b.Kind)
	}
}

// pool is what the account's open grants of a kind give: their units, and what
// their credits pay for together at the price of the moment.
func (w *walk) pool(kind Kind) supply {
	var units, credits int64
	held := false
	for i := range w.in.Grants {
		g := &w.in.Grants[i]
		if !w.usable(g, kind) {
			continue
		}
		held = true
		if g.Units {
			units = addSaturating(units, g.Remaining)
		} else {
			credits = addSaturating(credits, g.Remaining)
		}
	}
	s := supply{units: min(units, MaxQuantity), empty: NotApplicable, window: -1}
	if !held {
		return s
	}
	s.empty = Exhausted
	if w.in.Price.Version == 0 {
		return s
	}
	usable := credits
	if kind == Credit && w.capRoom < credits {
		usable = w.capRoom
	}
	s.units = min(MaxQuantity, s.units+w.in.Price.Affordable(usable))
	switch {
	case usable < credits && w.in.Price.Affordable(credits) > 0:
		s.empty = SpendCapReached
	case credits > 0:
		s.empty = InsufficientCredits
	}
	return s
}

// usable tells whether a grant counts for a bucket of this kind now. Credits
// cannot pay for a feature without a price.
func (w *walk) usable(g *Grant, kind Kind) bool {
	return g.Kind == kind && g.OpenAt(w.now) && (g.Units || w.in.Price.Version != 0) && g.AppliesTo(w.in.Rules.Feature)
}

// fill writes the steps that were looked at and, when the request is allowed,
// what each bucket gives.
func (w *walk) fill(out *Outcome, target int64, p planned) {
	left := target
	for i := range w.in.Rules.Buckets {
		s := w.available(i)
		step := Step{Bucket: i, Available: s.units, Window: s.window}
		if out.Allowed {
			step.Taken = w.share(i, s.units, left, p)
			left -= step.Taken
		}
		step.Reason = w.stepReason(out, &step, s, left, target)
		step.ResetsAt = w.resetsAt(i, step.Taken)
		if s.tied && out.Allowed {
			step.Window, _ = w.waiting(w.in.Rules.Buckets[i].Windows, w.in.Used[i], step.Taken, 0)
		}
		out.Steps = append(out.Steps, step)
		if step.Taken > 0 {
			w.take(out, i, step.Taken)
		}
		if out.Allowed && (left == 0 || (p.only >= 0 && p.funded == target && i == p.only)) {
			break
		}
	}
}

// share is what bucket i gives of what is left.
func (w *walk) share(i int, units, left int64, p planned) int64 {
	switch {
	case w.in.Rules.Divisible:
		return min(left, units)
	case i == p.only:
		return p.funded
	}
	return 0
}

func (w *walk) stepReason(out *Outcome, step *Step, s supply, left, target int64) Reason {
	switch {
	case s.units == 0:
		return s.empty
	case step.Taken > 0 && left == 0:
		return Funded
	case step.Taken > 0:
		return PartlyFunded
	case !out.Allowed && out.Reason == CeilingReached:
		return CeilingReached
	case !w.in.Rules.Divisible && (s.units < target || out.Allowed):
		return Indivisible
	}
	return PartlyFunded
}

// take records what a bucket gives: one part for a counter, and for a pool one
// part for its units and one for its credits.
func (w *walk) take(out *Outcome, bucket int, n int64) {
	step := len(out.Steps) - 1
	if w.in.Rules.Buckets[bucket].Kind.Counted() {
		out.Parts = append(out.Parts, Part{Step: step, Units: n})
		return
	}
	kind := w.in.Rules.Buckets[bucket].Kind
	byUnits, byCredits, unitsFirst := w.split(kind, n)
	if byUnits > 0 && unitsFirst {
		w.drawUnits(out, step, kind, byUnits)
	}
	if byCredits > 0 {
		w.drawCredits(out, step, kind, byCredits)
	}
	if byUnits > 0 && !unitsFirst {
		w.drawUnits(out, step, kind, byUnits)
	}
}

// split walks the grants in spending order and finds how many units are paid
// in units and how many in credits. Credits count together: what one grant
// leaves below the price of a unit, the next one adds to.
func (w *walk) split(kind Kind, n int64) (byUnits, byCredits int64, unitsFirst bool) {
	var credits int64
	for i := range w.in.Grants {
		g := &w.in.Grants[i]
		if n == byUnits+byCredits {
			break
		}
		if !w.usable(g, kind) || g.Remaining == 0 {
			continue
		}
		left := n - byUnits - byCredits
		if g.Units {
			unitsFirst = unitsFirst || byCredits == 0
			byUnits += min(left, g.Remaining)
			continue
		}
		credits = addSaturating(credits, g.Remaining)
		usable := credits
		if kind == Credit {
			usable = min(usable, w.capRoom)
		}
		byCredits += min(left, w.in.Price.Affordable(usable)-byCredits)
	}
	return byUnits, byCredits, unitsFirst
}

func (w *walk) drawUnits(out *Outcome, step int, kind Kind, n int64) {
	from := len(out.draws)
	w.draw(out, kind, true, n)
	out.Parts = append(out.Parts, Part{Step: step, Units: n, Draws: out.draws[from:len(out.draws):len(out.draws)]})
}

func (w *walk) drawCredits(out *Outcome, step int, kind Kind, n int64) {
	from := len(out.draws)
	// It fits: n is at most what the credits at hand pay for.
	charge, _ := w.in.Price.Charge(n)
	w.draw(out, kind, false, charge)
	out.Charged = addSaturating(out.Charged, charge)
	out.Parts = append(out.Parts, Part{Step: step, Units: n, Credits: charge, Price: w.in.Price,
		Draws: out.draws[from:len(out.draws):len(out.draws)]})
}

// draw takes an amount from the grants of one denomination in spending order.
func (w *walk) draw(out *Outcome, kind Kind, units bool, amount int64) {
	for i := range w.in.Grants {
		g := &w.in.Grants[i]
		if amount == 0 {
			return
		}
		if g.Units != units || g.Remaining == 0 || !w.usable(g, kind) {
			continue
		}
		n := min(amount, g.Remaining)
		out.draws = append(out.draws, Draw{Grant: i, Amount: n})
		amount -= n
	}
}

// resetsAt is when a counter will be full again if nothing more is taken than
// what this decision takes: 0 when it is full now or is no counter.
func (w *walk) resetsAt(i int, taken int64) int64 {
	b := &w.in.Rules.Buckets[i]
	switch b.Kind {
	case RateLimit:
		return w.windowsReset(b, w.in.Used[i], taken)
	case FreeTier:
		if taken > 0 || w.in.Used[i].Sum(b.Period.Start(w.second)-1, w.second) > 0 {
			return b.Period.End(w.second)
		}
	}
	return 0
}

func (w *walk) windowsReset(b *Bucket, used *Series, taken int64) int64 {
	var at int64
	for _, window := range b.Windows {
		last, found := used.last(w.second-window.Seconds, w.second)
		if taken > 0 {
			last, found = w.second, true
		}
		if found {
			at = max(at, last+window.Seconds)
		}
	}
	return at
}
