package ledger

import (
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// replay is the state of one account as its records so far add up to: the
// counters by its usage events and the grants by its postings. Decisions are
// made again on it. It keeps, like the engine, only what some window, quota,
// cap or grant can still see.
type replay struct {
	spans    spans
	counters map[counterRef]*waterfall.Series
	spend    waterfall.Series
	// since is from when on grants are spent as what is left of them would be
	// lost; earlier is set until then.
	since   waterfall.Instant
	earlier bool
	// open are the grants that the waterfall may be shown, in spending order.
	open []waterfall.Grant
	lots []*lot // beside open
	// entries is how many seconds the counters hold; large tells that they were
	// more than maxEntries and that the account is not replayed any more.
	entries int
	large   bool
}

// counterRef names a counter: user is "" for what is pooled per account.
type counterRef struct{ user, feature, bucket string }

// ceilingBucket is a key that no bucket can have.
const ceilingBucket = "^"

// maxEntries bounds the memory of the counters of one account: 16 bytes each.
const maxEntries = 3 << 19

func newReplay(s spans, since waterfall.Instant) *replay {
	return &replay{spans: s, since: since, earlier: true, counters: map[counterRef]*waterfall.Series{}}
}

// spans tell how far back any version of any plan looks at a counter. Scope is
// not told apart: too much is only kept longer.
type spans map[spanRef]span

type spanRef struct{ feature, bucket string }

type span struct {
	seconds int64
	// exact: a window looks at it, so that seconds count; else days do.
	exact bool
}

func spansOf(c *Catalog) spans {
	all := spans{}
	note := func(feature, bucket string, seconds int64, exact bool) {
		ref := spanRef{feature, bucket}
		was := all[ref]
		all[ref] = span{max(was.seconds, seconds), was.exact || exact}
	}
	for _, versions := range c.Plans {
		for _, plan := range versions {
			for i := range plan.Features {
				r := &plan.Features[i]
				for j := range r.Buckets {
					if b := &r.Buckets[j]; b.Kind.Counted() {
						note(r.Feature, b.Key, b.Horizon(), b.Kind == waterfall.RateLimit)
					}
				}
				for _, ceiling := range r.Ceilings {
					note(r.Feature, ceilingBucket, ceiling.Seconds, true)
				}
			}
		}
	}
	return all
}

// count lets the counters see an event.
func (r *replay) count(e *Event) {
	if r.large {
		return
	}
	_, ceiling := r.spans[spanRef{e.Feature, ceilingBucket}]
	for i := range e.Steps {
		s := &e.Steps[i]
		if s.Kind.Counted() {
			user := e.User
			if s.Scope == waterfall.PerAccount {
				user = ""
			}
			r.add(counterRef{user, e.Feature, s.Bucket}, s.Second, s.Taken, e.At.Second())
		}
		if ceiling && e.Kind != Refunded {
			r.add(counterRef{"", e.Feature, ceilingBucket}, s.Second, s.Taken, e.At.Second())
		}
		if s.Kind == waterfall.Credit && s.Credits != 0 {
			addTaken(&r.spend, waterfall.Day.Start(s.Second), s.Credits)
			r.spend.Trim(e.At.Second() - waterfall.Month.Longest())
		}
	}
	if r.entries > maxEntries {
		r.sweep(e.At.Second())
	}
}

func (r *replay) add(ref counterRef, second, amount, now int64) {
	span, ok := r.spans[spanRef{ref.feature, ref.bucket}]
	if !ok || amount == 0 {
		return
	}
	if !span.exact {
		second = waterfall.Day.Start(second)
	}
	s := r.counters[ref]
	if s == nil {
		s = &waterfall.Series{}
		r.counters[ref] = s
		r.entries += 12 // what a counter costs beside
	}
	before := s.Len()
	addTaken(s, second, amount)
	s.Trim(now - span.seconds)
	r.entries += s.Len() - before
}

// addTaken counts what was taken, or, where amount is negative, undoes it.
func addTaken(s *waterfall.Series, second, amount int64) {
	if amount < 0 {
		s.Undo(second, -amount)
		return
	}
	s.Add(second, amount)
}

// sweep drops the counters that nothing can see any more.
func (r *replay) sweep(now int64) {
	r.entries = 0
	for ref, s := range r.counters {
		last := int64(0)
		if n := s.Len(); n > 0 {
			last, _ = s.At(n - 1)
		}
		if last <= now-r.spans[spanRef{ref.feature, ref.bucket}].seconds {
			delete(r.counters, ref)
			continue
		}
		r.entries += s.Len() + 12
	}
	if r.entries > maxEntries*3/4 {
		r.large, r.counters = true, nil
	}
}

// post carries a posting into its grant.
func (r *replay) post(l *lot, b *book.Posting) {
	first := b.Kind == book.Grant && l.now.Issues == 0
	if b.Kind == book.Grant && !first {
		renewed := l.now
		renewed.Renew()
		l.now.Issues, l.now.Opening, l.now.Rooms = renewed.Issues, renewed.Opening, renewed.Rooms
		l.renewed = waterfall.Instant(b.At)
	}
	l.now.Remaining += b.Amount
	switch b.Kind {
	case book.Grant:
		l.now.Issues = max(1, l.now.Issues)
	case book.Hold, book.HoldRelease:
		l.now.Held -= b.Amount
	case book.Void:
		r.void(l)
	}
	if l.place >= 0 {
		if r.open[l.place].Remaining = l.now.Remaining; b.Kind == book.Grant {
			r.arrange() // a renewal moves it in the order
		}
		return
	}
	if l.now.Remaining > 0 && !l.void {
		r.show(l, first, waterfall.Instant(b.At))
	}
}

// show puts a grant among those that the waterfall sees. A new one takes the
// place of the spent ones of its kind, as in the engine; and what has expired
// goes then too.
func (r *replay) show(l *lot, first bool, now waterfall.Instant) {
	kept := r.lots[:0]
	for _, o := range r.lots {
		spent := o.now.Remaining == 0 && o.now.Held == 0
		replaced := first && spent && o.Kind == l.Kind && o.ExpiresAt == 0 && o.Recurrence == waterfall.NoPeriod &&
			(l.Features == nil || slices.Equal(l.Features, o.Features))
		over := spent && o.ExpiresAt != 0 && o.ExpiresAt <= now
		if replaced || over {
			o.place = -1
			continue
		}
		kept = append(kept, o)
	}
	r.lots = append(kept, l)
	r.arrange()
}

// void hides a grant: nothing can be drawn from it any more.
func (r *replay) void(l *lot) {
	l.void = true
	if l.place >= 0 {
		r.lots = slices.Delete(r.lots, l.place, l.place+1)
		l.place = -1
		r.arrange()
	}
}

// reach lets an event happen at a moment: by the rules of then.
func (r *replay) reach(at waterfall.Instant) {
	if r.earlier && at >= r.since {
		r.earlier = false
		r.arrange()
	}
}

// shown is a grant as the waterfall may see it. Earlier, that a grant recurs made
// no difference to it.
func (r *replay) shown(l *lot) waterfall.Grant {
	g := l.now
	if r.earlier {
		g.Recurrence = waterfall.NoPeriod
	}
	return g
}

// arrange makes open anew from lots, in spending order.
func (r *replay) arrange() {
	slices.SortFunc(r.lots, func(a, b *lot) int {
		if x, y := r.shown(a), r.shown(b); x.Before(&y) {
			return -1
		}
		return 1
	})
	r.open = r.open[:0]
	for i, l := range r.lots {
		l.place = i
		r.open = append(r.open, r.shown(l))
	}
}
