package waterfall

// RetryAt is the earliest whole second after now at which the same request
// would be allowed if only time passed: windows, ceilings, quota periods and
// the spend cap's period refill, open grants count until they expire. 0 means
// never. New and scheduled grants and the ends of holds are not foreseen.
//
// Between two expiries of grants what can be given only grows, so each such
// stretch is searched by halves; at most one stretch more than there are
// grants is looked at, and none behind which all refills would not be enough.
func RetryAt(in *Input, req Request, now Instant) int64 {
	if barred(in) != ReasonNone {
		return 0
	}
	frozen, end := *in, lastChange(in, now.Second())
	frozen.Grants = opened(in.Grants, now)
	from := now.Second() + 1
	for from <= end {
		stretch := min(end, nextExpiry(frozen.Grants, from)-1)
		if at := firstAllowed(&frozen, req, from, stretch); at != 0 {
			return at
		}
		if from = stretch + 1; from <= end && !mayPass(&frozen, req, from, end) {
			return 0
		}
	}
	return 0
}

// mayPass tells whether the grants of one second and the counters of a later one
// would allow the request: if not, nothing in between does.
func mayPass(in *Input, req Request, from, end int64) bool {
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
func firstAllowed(in *Input, req Request, from, to int64) int64 {
	if to < from || !allowedAt(in, req, to) {
		return 0
	}
	for from < to {
		mid := from + (to-from)/2
		if allowedAt(in, req, mid) {
			to = mid
		} else {
			from = mid + 1
		}
	}
	return to
}

func allowedAt(in *Input, req Request, second int64) bool {
	w := newWalk(in, AtSecond(second))
	return w.plan(w.target(req), req.AllowPartial).funded > 0
}

// nextExpiry is the first whole second at which one of the grants that count
// at the given second no longer does.
func nextExpiry(grants []Grant, second int64) int64 {
	next := noLimit
	for i := range grants {
		g := &grants[i]
		if g.ExpiresAt == 0 || !g.OpenAt(AtSecond(second)) {
			continue
		}
		// Rounded up: at the start of the second in which it expires a grant
		// still counts, unless it expires just then.
		expires := g.ExpiresAt.Second()
		if AtSecond(expires) < g.ExpiresAt {
			expires++
		}
		next = min(next, expires)
	}
	return next
}

// lastChange is a second after which no counter refills any more.
func lastChange(in *Input, second int64) int64 {
	end := second + 1
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
