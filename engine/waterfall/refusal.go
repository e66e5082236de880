package waterfall

// Refusal is what the sentence of a denial says beyond the reason and the
// steps. It is recorded with the decision, because the limits, caps and grants
// it speaks of change later.
type Refusal struct {
	// Sources stand beside the steps.
	Sources []Source
	// Ceiling is the number of the ceiling that keeps the request waiting,
	// counted from 1; 0 where none refuses. CeilingRoom is what it leaves.
	// CeilingBack is the second at which it has room for the request, or, where
	// it never has, at which it has more than now; 0 where neither comes.
	Ceiling     int
	CeilingRoom int64
	CeilingBack int64
	// CapLimit and CapSpent are the spend cap's, in millionths of a credit;
	// CapPeriod is NoPeriod where there is no cap.
	CapLimit  int64
	CapSpent  int64
	CapPeriod Period
}

// Source is what one bucket had when the request was denied.
type Source struct {
	// Room is what a rate limit's window named by the step leaves. It is more
	// than the step's Available where another window has less.
	Room int64
	// Credits is what the open grants of a pool that may pay for the feature
	// hold, in millionths, whether the feature has a price or not.
	Credits int64
	// Elsewhere is what open grants for other features hold in credits; Others
	// counts such grants in units.
	Elsewhere int64
	Others    int64
	// Later and LaterUnits are held by grants for the feature that have not
	// taken effect; LaterAt is when the first of them does, 0: none.
	Later      int64
	LaterUnits int64
	LaterAt    Instant
}

// refuse records what a denial's sentence needs and makes each rate limit's
// step name the window that keeps the request waiting.
func (w *walk) refuse(out *Outcome, req Request, target int64) {
	r := &Refusal{Sources: make([]Source, len(out.Steps))}
	needed := target
	if req.AllowPartial {
		needed = 1
	}
	if out.Reason == CeilingReached {
		w.refuseCeiling(r, max(1, needed))
	}
	if c := w.in.Cap; c != nil {
		r.CapLimit, r.CapPeriod = c.Limit, c.Period
		r.CapSpent = c.Spent.Sum(c.Period.Start(w.second)-1, w.second)
	}
	short := needed // what is missing beyond what a bucket gives
	if w.in.Rules.Divisible {
		short -= w.divided(needed)
	}
	for i := range out.Steps {
		step, b := &out.Steps[i], &w.in.Rules.Buckets[i]
		switch b.Kind {
		case RateLimit:
			need := short
			if w.in.Rules.Divisible && short > 0 {
				need = addSaturating(step.Available, short)
			}
			step.Window, r.Sources[i].Room = w.waiting(b.Windows, w.in.Used[i], 0, need)
		case Promotion, Entitlement, Credit:
			r.Sources[i] = w.inSight(b.Kind)
		}
	}
	out.Refusal = r
}

// refuseCeiling names, of the ceilings without room for what is needed, the one
// whose room comes back last.
func (w *walk) refuseCeiling(r *Refusal, needed int64) {
	ceilings := w.in.Rules.Ceilings
	i, room := w.waiting(ceilings, w.in.Granted, 0, needed)
	r.Ceiling, r.CeilingRoom = i+1, room
	back := w.roomFor(&ceilings[i], w.in.Granted, 0, needed)
	if back == noLimit {
		back = w.roomFor(&ceilings[i], w.in.Granted, 0, room+1)
	}
	if back != noLimit {
		r.CeilingBack = back
	}
}

// waiting finds the window that keeps one waiting for a number of units: of
// those with less room, the one whose refill comes last. Where each has room,
// it is the same for one unit more than all of them leave together. Taken units
// count as used now.
func (w *walk) waiting(windows []Window, used *Series, taken, need int64) (window int, room int64) {
	least := noLimit
	for i := range windows {
		least = min(least, w.room(&windows[i], used))
	}
	need = max(need, least+1)
	last := int64(-1)
	for i := range windows {
		has := w.room(&windows[i], used)
		if has >= need {
			continue
		}
		if at := w.roomFor(&windows[i], used, taken, need-taken); at > last || at == last && has < room {
			window, room, last = i, has, at
		}
	}
	return window, room
}

// room is what a window leaves.
func (w *walk) room(window *Window, used *Series) int64 {
	return max(0, window.Limit-used.Sum(w.second-window.Seconds, w.second))
}

// roomFor is the second at which a window that is too full has room for some
// units, when some more are taken now; noLimit where it never has.
func (w *walk) roomFor(window *Window, used *Series, taken, units int64) int64 {
	if units > window.Limit {
		return noLimit
	}
	counted := used.Sum(w.second-window.Seconds, w.second)
	// This much must leave the window first.
	leaving := counted + taken - (window.Limit - units)
	if at, ok := used.reached(w.second-window.Seconds, leaving); ok {
		return at + window.Seconds
	}
	return w.second + window.Seconds
}

// inSight sums what the account's grants of a kind hold, usable or not.
func (w *walk) inSight(kind Kind) (s Source) {
	for i := range w.in.Grants {
		g := &w.in.Grants[i]
		if g.Kind != kind || g.Remaining == 0 || (g.ExpiresAt != 0 && g.ExpiresAt <= w.now) {
			continue
		}
		open := g.EffectiveAt <= w.now
		switch applies := g.AppliesTo(w.in.Rules.Feature); {
		case applies && open && !g.Units:
			s.Credits = addSaturating(s.Credits, g.Remaining)
		case applies && !open:
			if g.Units {
				s.LaterUnits = addSaturating(s.LaterUnits, g.Remaining)
			} else {
				s.Later = addSaturating(s.Later, g.Remaining)
			}
			if s.LaterAt == 0 || g.EffectiveAt < s.LaterAt {
				s.LaterAt = g.EffectiveAt
			}
		case !applies && open && g.Units:
			s.Others++
		case !applies && open:
			s.Elsewhere = addSaturating(s.Elsewhere, g.Remaining)
		}
	}
	return s
}

// FirstWithLeastRoom is the window that a step named before refusals were
// recorded: the first with least room, -1 where the bucket has no windows.
func FirstWithLeastRoom(in *Input, bucket int, now Instant) int {
	w, first, least := walk{in: in, second: now.Second()}, -1, noLimit
	windows := in.Rules.Buckets[bucket].Windows
	for i := range windows {
		if room := w.room(&windows[i], in.Used[bucket]); room < least {
			first, least = i, room
		}
	}
	return first
}
