package waterfall

// BucketView is a bucket as it stands at a moment, in units of the feature.
type BucketView struct {
	// Limit is the bucket's size, -1 when it has no fixed one; of several
	// windows the one with least room counts.
	Limit     int64
	Used      int64
	Remaining int64
	Windows   []WindowView
	// NextRefill and Reset are the seconds at which the next unit comes back
	// and at which all are back; 0 when nothing is out.
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
		if first, ok := used.first(second - window.Seconds); ok {
			w.NextRefill = first + window.Seconds
		}
		if last, ok := used.last(second-window.Seconds, second); ok {
			w.Reset = last + window.Seconds
		}
		v.Windows = append(v.Windows, w)
	}
	for _, w := range v.Windows {
		v.Reset = max(v.Reset, w.Reset)
		if v.Limit < 0 || w.Remaining < v.Remaining {
			v.Limit, v.Used, v.Remaining = w.Window.Limit, w.Used, w.Remaining
			v.NextRefill = w.NextRefill
		} else if w.Remaining == v.Remaining {
			// Two windows with equally little room: a unit comes back when
			// both have let one go.
			v.NextRefill = max(v.NextRefill, w.NextRefill)
		}
	}
	return v
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

// viewPool counts as used what the open grants have given or hold reserved,
// credits at the price of the moment.
func viewPool(in *Input, kind Kind, now Instant) BucketView {
	w := newWalk(in, now)
	v := BucketView{Limit: -1, Remaining: w.pool(kind).units}
	var credits int64
	for i := range in.Grants {
		g := &in.Grants[i]
		switch {
		case !w.usable(g, kind):
		case g.Units:
			v.Used = addSaturating(v.Used, g.Amount-g.Remaining)
		default:
			credits = addSaturating(credits, g.Amount-g.Remaining)
		}
	}
	if credits > 0 {
		v.Used = addSaturating(v.Used, in.Price.Affordable(credits))
	}
	v.Used = min(v.Used, MaxQuantity)
	return v
}
