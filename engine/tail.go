package engine

import (
	"context"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// tail reads the events of all accounts in the order of their ids. Accounts do
// not commit in that order, so it goes only as far as everything is decided: a
// transaction that is still under way began after a known moment, and its
// events are later than that.
type tail struct {
	engine *Engine
	cursor ledger.ID
	// from is where the time slice that is read next begins, span its length:
	// the table is in the order of time and has no index over all accounts but
	// a coarse one, so a long way is gone in slices.
	from waterfall.Instant
	span waterfall.Instant
	// news is the time until when there may be more than was found.
	news waterfall.Instant
	// seen are moments and the transaction that would have begun next.
	seen []sighting
}

type sighting struct {
	at   waterfall.Instant
	next int64
}

const (
	// tailPoll is how often a tail looks for what it was told of.
	tailPoll = 25 * time.Millisecond
	// tailSkew is how far the clocks of server processes may be apart.
	tailSkew = waterfall.Instant(20_000)
	// The first slice, and the longest; they double while little is found.
	firstSpan = waterfall.Instant(60 * 1_000_000)
	widest    = waterfall.Instant(7 * 24 * 3600 * 1_000_000)
)

func newTail(e *Engine, after *ledger.ID) *tail {
	t := &tail{engine: e, span: firstSpan, news: e.now() + tailSkew}
	switch {
	case after == nil:
		t.from = e.now()
		t.cursor = ledger.FirstID(t.from)
	case after.IsZero():
		t.from = e.Catalog().Began()
	default:
		t.cursor = *after
		t.from = after.At()
	}
	return t
}

// read reads the next events once the store can tell. Its error is that of ctx.
func (t *tail) read(ctx context.Context) (items []ledger.FeedItem, caughtUp bool, err error) {
	for {
		if items, caughtUp, err = t.next(ctx); err == nil {
			return items, caughtUp, nil
		}
		if !t.engine.pauseAfter(ctx, err) {
			return nil, false, ctx.Err()
		}
	}
}

// next reads the next events. caughtUp tells that there are no more yet.
func (t *tail) next(ctx context.Context) (items []ledger.FeedItem, caughtUp bool, err error) {
	decided, err := t.decided(ctx)
	if err != nil {
		return nil, false, err
	}
	if decided <= t.from {
		return nil, true, nil
	}
	to := min(decided, t.from+t.span)
	items, err = t.engine.ledger.FeedAll(ctx, t.cursor, t.from, to, feedPage)
	if err != nil {
		return nil, false, err
	}
	if len(items) == feedPage {
		t.cursor = items[len(items)-1].Event
		t.from, t.span = t.cursor.At(), max(t.span/2, 1_000)
		return items, false, nil
	}
	if len(items) > 0 {
		t.cursor = items[len(items)-1].Event
	}
	t.from, t.span = to, min(widest, t.span*2)
	return items, to == decided, nil
}

// await returns when there may be more to read than was found. What was just
// committed has to wait until older transactions have ended, of which nobody is
// told, and until the clocks of all servers have passed it, so to look for it at
// once would find nothing.
func (t *tail) await(ctx context.Context, wake <-chan struct{}) error {
	var look <-chan time.Time
	if t.from < t.news {
		look = time.After(tailPoll)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look:
			return nil
		case <-wake:
			t.news = t.engine.now() + tailSkew
			if look == nil {
				look = time.After(tailPoll)
			}
		}
	}
}

// decided is a moment before which nothing more can happen.
func (t *tail) decided(ctx context.Context) (waterfall.Instant, error) {
	now := t.engine.now()
	bounds, err := t.engine.ledger.Transactions(ctx)
	if err != nil {
		return 0, err
	}
	t.seen = append(t.seen, sighting{now, bounds.Next})
	// Of the moments at which every transaction of then has ended, the latest.
	last := -1
	for i := range t.seen {
		if t.seen[i].next <= bounds.Oldest {
			last = i
		}
	}
	if last < 0 {
		if len(t.seen) > 4096 {
			t.seen = t.seen[1:]
		}
		return 0, nil
	}
	t.seen = t.seen[last:]
	return t.seen[0].at - tailSkew, nil
}
