package waterfall

// RetryAt is the earliest whole second after now at which the same request
// would be allowed if only time passed: windows, ceilings, quota periods and
// the spend cap's period refill, open grants are issued again as they recur and
// count until they expire. 0 means never. New and scheduled grants and the ends
// of holds are not foreseen.
//
// Between two moments at which a grant loses more than it gains what can be given
// only grows, so each such stretch is searched by halves; at most two stretches
// more than there are grants are looked at, and none behind which all refills
// would not be enough.
func RetryAt(in *Input, req Request, now Instant) int64 {
	if barred(in) != ReasonNone {
		return 0
	}
	f := newForesight(in, now)
	from, end := now.Second()+1, f.lastChange(now.Second())
	for from <= end {
		stretch := min(end, nextLoss(f.grants, from)-1)
		if at := f.firstAllowed(req, from, stretch); at != 0 {
			return at
		}
		if from = stretch + 1; from <= end && !f.mayPass(req, from, end) {
			return 0
		}
	}
	return 0
}

// foresight is an input as it will be if only time passes.
type foresight struct {
	in Input
	// grants are those open now, as they are now.
	grants []Grant
	recurs bool
}

func newForesight(in *Input, now Instant) *foresight {
	f := &foresight{in: *in, grants: opened(in.Grants, now)}
	for i := range f.grants {
		f.recurs = f.recurs || f.grants[i].NextIssueAt() != 0
	}
	f.in.Grants = f.grants
	if f.recurs {
		f.in.Grants = append([]Grant(nil), f.grants...)
	}
	return f
}

// at is the input as it will be at the start of a second.
func (f *foresight) at(second int64) *Input {
	if f.recurs {
		for i := range f.grants {
			f.in.Grants[i] = f.grants[i].Forward(AtSecond(second))
		}
	}
	return &f.in
}

// mayPass tells whether the grants that are open in one second, with all that
// they will have, and the counters of a later one would allow the request: if
// not, nothing in between does.
func (f *foresight) mayPass(req Request, from, end int64) bool {
	in := f.at(end)
	if f.recurs {
		for i := range f.grants {
			g := f.grants[i].Forward(AtSecond(from))
			in.Grants[i].Remaining = max(in.Grants[i].Remaining, g.Remaining)
		}
	}
	w := newWalk(in, AtSecond(end))
	w.now = AtSecond(from)
	return w.plan(w.target(req), req.AllowPartial).funded > 0
}

// opened are the grants open now: those still to come are not foreseen.
func opened(grants []Grant, now Instant) []Grant {
	for i := range grants {
		if !grants[i].OpenAt(now) {
			open := make([]Grant, 0, len(grants))
			for _, g := range grants {
				if g.OpenAt(now) {
					open = append(open, g)
				}
			}
			return open
		}
	}
	return grants
}

// firstAllowed is the first second in [from, to] that allows the request, when
// allowing is monotone there.
func (f *foresight) firstAllowed(req Request, from, to int64) int64 {
	if to < from || !f.allowedAt(req, to) {
		return 0
	}
	for from < to {
		mid := from + (to-from)/2
		if f.allowedAt(req, mid) {
			to = mid
		} else {
			from = mid + 1
		}
	}
	return to
}

func (f *foresight) allowedAt(req Request, second int64) bool {
	w := newWalk(f.at(second), AtSecond(second))
	return w.plan(w.target(req), req.AllowPartial).funded > 0
}

// nextLoss is the first whole second, behind the given one, at which one of the
// grants that count there no longer does, or is renewed to less than it had.
func nextLoss(grants []Grant, second int64) int64 {
	next := noLimit
	for i := range grants {
		g := &grants[i]
		if !g.OpenAt(AtSecond(second)) {
			continue
		}
		if g.ExpiresAt != 0 {
			next = min(next, g.ExpiresAt.ceil())
		}
		if at := g.NextIssueAt(); at > AtSecond(second) && g.Stays(g.Remaining) < g.Remaining-g.Amount {
			next = min(next, at.ceil())
		}
	}
	return next
}

// ceil is the first whole second that does not begin before the moment: at the
// start of the second in which it expires a grant still counts, unless it expires
// just then.
func (i Instant) ceil() int64 {
	second := i.Second()
	if AtSecond(second) < i {
		second++
	}
	return second
}

// lastChange is a second after which no counter refills and no grant gains any
// more.
func (f *foresight) lastChange(second int64) int64 {
	in, end := &f.in, second+1
	for i := range in.Rules.Buckets {
		b := &in.Rules.Buckets[i]
		if last, found := in.Used[i].last(second-b.longestWindow(), second); found && b.Kind == RateLimit {
			end = max(end, last+b.longestWindow())
		}
		if b.Kind == FreeTier {
			end = max(end, b.Period.End(second))
		}
	}
	for _, c := range in.Rules.Ceilings {
		if last, found := in.Granted.last(second-c.Seconds, second); found {
			end = max(end, last+c.Seconds)
		}
	}
	if in.Cap != nil {
		end = max(end, in.Cap.Period.End(second))
	}
	for i := range f.grants {
		if g := &f.grants[i]; g.AppliesTo(in.Rules.Feature) {
			end = max(end, g.fullAt().ceil())
		}
	}
	return end
}

// longestWindow is the length of the bucket's longest window in seconds.
func (b *Bucket) longestWindow() int64 {
	var longest int64
	for _, w := range b.Windows {
		longest = max(longest, w.Seconds)
	}
	return longest
}
