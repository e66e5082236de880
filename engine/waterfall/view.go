package waterfall

// BucketView is a bucket as it stands at a moment, in units of the feature.
type BucketView struct {
	// Limit is the bucket's size, -1 when it has no fixed one; of several
	// windows the one with least room counts, of several of these the one whose
	// refill comes last.
	Limit     int64
	Used      int64
	Remaining int64
	Windows   []WindowView
	// NextRefill is the second at which Remaining grows next, 0 when it does
	// not. Reset is the second at which every window or the quota is full
	// again, 0 when it is.
	NextRefill int64
	Reset      int64
}

// WindowView is one window of a rate limit as it stands.
type WindowView struct {
	Window     Window
	Used       int64
	Remaining  int64
	NextRefill int64
	Reset      int64
}

// View shows bucket i of the input's rules at a moment.
func View(in *Input, i int, now Instant) BucketView {
	b := &in.Rules.Buckets[i]
	switch b.Kind {
	case RateLimit:
		return viewWindows(b, in.Used[i], now.Second())
	case FreeTier:
		return viewQuota(b, in.Used[i], now.Second())
	default:
		return viewPool(in, b.Kind, now)
	}
}

func viewWindows(b *Bucket, used *Series, second int64) BucketView {
	v := BucketView{Limit: -1}
	for _, window := range b.Windows {
		w := WindowView{Window: window, Used: used.Sum(second-window.Seconds, second)}
		w.Remaining = max(0, window.Limit-w.Used)
		// Where a smaller limit came after the use, what lies above it must
		// go before the first unit comes back.
		tooMuch := max(0, w.Used-window.Limit)
		if gone, ok := used.reached(second-window.Seconds, tooMuch+1); ok {
			w.NextRefill = gone + window.Seconds
		}
		if last, ok := used.last(second-window.Seconds, second); ok {
			w.Reset = last + window.Seconds
		}
		v.Windows = append(v.Windows, w)
	}
	var tightest WindowView
	for _, w := range v.Windows {
		v.Reset = max(v.Reset, w.Reset)
		if v.Limit < 0 || w.Remaining < v.Remaining || w.Remaining == v.Remaining && w.later(tightest) {
			tightest = w
			v.Limit, v.Used, v.Remaining = w.Window.Limit, w.Used, w.Remaining
		}
	}
	v.NextRefill = refill(v.Windows, v.Remaining)
	return v
}

// later tells whether a window gives something back later than another one, or
// never: an untouched one is simply that small.
func (w *WindowView) later(other WindowView) bool {
	return other.NextRefill != 0 && (w.NextRefill == 0 || w.NextRefill > other.NextRefill)
}

// refill is when several windows together let the next unit through: all that
// have the least room must have let one go, and never when one of these is
// untouched and simply that small.
func refill(windows []WindowView, least int64) int64 {
	var at int64
	for _, w := range windows {
		switch {
		case w.Remaining > least:
		case w.NextRefill == 0:
			return 0
		default:
			at = max(at, w.NextRefill)
		}
	}
	return at
}

func viewQuota(b *Bucket, used *Series, second int64) BucketView {
	v := BucketView{Limit: b.Quota, Used: used.Sum(b.Period.Start(second)-1, second)}
	v.Remaining = max(0, b.Quota-v.Used)
	if v.Used > 0 {
		v.Reset = b.Period.End(second)
		v.NextRefill = v.Reset
	}
	return v
}

// viewPool counts as used what the open grants have given of their newest issues
// or hold reserved, credits at the price of the moment.
func viewPool(in *Input, kind Kind, now Instant) BucketView {
	w := newWalk(in, now)
	v := BucketView{Limit: -1, Remaining: w.pool(kind).units}
	var credits int64
	for i := range in.Grants {
		g := &in.Grants[i]
		switch {
		case !w.usable(g, kind):
		case g.Units:
			v.Used = addSaturating(v.Used, g.Used())
		default:
			credits = addSaturating(credits, g.Used())
		}
	}
	if credits > 0 {
		v.Used = addSaturating(v.Used, in.Price.Affordable(credits))
	}
	v.Used = min(v.Used, MaxQuantity)
	return v
}
