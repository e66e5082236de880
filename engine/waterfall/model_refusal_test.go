package waterfall

// What a denial is explained with, found by waiting second by second.

// waitsFor is the first second at which a window has room for some units, never
// within any window's length: 1<<60.
func (w *world) waitsFor(counter int, window Window, units, now int64) int64 {
	for at := now + 1; at <= now+window.Seconds; at++ {
		if w.roomIn(counter, []Window{window}, at) >= units {
			return at
		}
	}
	return 1 << 60
}

// binding is the window that keeps one waiting for some units: of those without
// room for them the one that has it last, then the one with less room. Where all
// have it, it is asked for one unit more than they leave.
func (w *world) binding(counter int, windows []Window, units, now int64) (index int, room int64) {
	if least := w.roomIn(counter, windows, now); units <= least {
		units = least + 1
	}
	last := int64(-1)
	for i, x := range windows {
		has := w.roomIn(counter, []Window{x}, now)
		if has >= units {
			continue
		}
		if at := w.waitsFor(counter, x, units, now); last < at || last == at && has < room {
			index, room, last = i, has, at
		}
	}
	return index, room
}

// refusal is what a denial of the request would be explained with, and which
// window a step names.
func (w *world) refusal(req Request, now Instant) (named func(bucket int, taken int64, allowed bool) int, r *Refusal) {
	second, room := now.Time().Unix(), w.roomIn(ofCeilings, w.rules.Ceilings, now.Time().Unix())
	needed := req.Quantity
	if req.AllowPartial {
		needed = 1
	}
	var total int64
	for i := range w.rules.Buckets {
		total += min(w.available(i, now), needed)
	}
	need := func(i int) int64 {
		if w.rules.Divisible {
			return w.available(i, now) + max(0, needed-total)
		}
		return needed
	}
	named = func(i int, taken int64, allowed bool) int {
		b := w.rules.Buckets[i]
		if b.Kind != RateLimit {
			return -1
		}
		after := *w
		after.events = append(w.events[:len(w.events):len(w.events)], event{i, second, taken})
		units := need(i)
		if allowed {
			units = 0
		}
		index, _ := after.binding(i, b.Windows, units, second)
		return index
	}
	r = &Refusal{Sources: make([]Source, len(w.rules.Buckets))}
	if room < needed {
		at, left := w.binding(ofCeilings, w.rules.Ceilings, needed, second)
		r.Ceiling, r.CeilingRoom = at+1, left
		c := w.rules.Ceilings[at]
		back := w.waitsFor(ofCeilings, c, needed, second)
		if c.Limit < needed {
			back = w.waitsFor(ofCeilings, c, left+1, second)
		}
		if back < 1<<60 {
			r.CeilingBack = back
		}
	}
	if w.cap != nil {
		start, _ := calendarDates(w.cap.Period, second)
		r.CapLimit, r.CapPeriod, r.CapSpent = w.cap.Limit, w.cap.Period, w.sumWithin(ofCap, start, second)
	}
	for i, b := range w.rules.Buckets {
		if b.Kind == RateLimit {
			_, r.Sources[i].Room = w.binding(i, b.Windows, need(i), second)
		} else if !b.Kind.Counted() {
			r.Sources[i] = w.there(b.Kind, now)
		}
	}
	return named, r
}

// there is what grants of a kind hold, whether they may pay or not.
func (w *world) there(k Kind, now Instant) (s Source) {
	for _, g := range w.grants {
		own := g.Features == nil
		for _, f := range g.Features {
			own = own || f == w.rules.Feature
		}
		over, begun := g.ExpiresAt != 0 && now >= g.ExpiresAt, now >= g.EffectiveAt
		if g.Kind != k || over || g.Remaining == 0 {
			continue
		}
		if own && !begun && (s.LaterAt == 0 || g.EffectiveAt < s.LaterAt) {
			s.LaterAt = g.EffectiveAt
		}
		sum := map[[3]bool]*int64{{true, true, false}: &s.Credits, {true, false, false}: &s.Later, {true, false, true}: &s.LaterUnits,
			{false, true, false}: &s.Elsewhere}[[3]bool{own, begun, g.Units}]
		if sum != nil {
			*sum += g.Remaining
		} else if !own && begun {
			s.Others++
		}
	}
	return s
}
