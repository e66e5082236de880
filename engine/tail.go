package engine

import (
	"context"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// tail reads the events of all accounts in the order of their ids. Accounts do
// not commit in that order, so it goes only as far as everything is decided.
type tail struct {
	engine  *Engine
	decided watermark
	cursor  ledger.ID
	// from is where the time slice that is read next begins, span its length:
	// the table is in the order of time and has no index over all accounts but
	// a coarse one, so a long way is gone in slices.
	from waterfall.Instant
	span waterfall.Instant
	// news is the time until when there may be more than was found. woken: there
	// may be more than that, and the next look tells until when.
	news  waterfall.Instant
	woken bool
}

const (
	// tailPoll is how often a tail looks for what it was told of.
	tailPoll = 25 * time.Millisecond
	// idsAhead is how far the ids of a batch may be ahead of its time.
	idsAhead = waterfall.Instant(10_000)
	// The first slice, and the longest; they double while little is found.
	firstSpan = waterfall.Instant(60 * 1_000_000)
	widest    = waterfall.Instant(7 * 24 * 3600 * 1_000_000)
)

// newTail begins behind a cursor; nil: with what happens from a moment on.
func newTail(e *Engine, now waterfall.Instant, after *ledger.ID) *tail {
	t := &tail{engine: e, span: firstSpan, woken: true}
	switch {
	case after == nil:
		t.from = now
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
	now, err := t.decided.look(ctx, t.engine)
	if err != nil {
		return nil, false, err
	}
	if t.woken { // what was committed by now has at most this time
		t.news, t.woken = now+clockTolerance+idsAhead, false
	}
	decided := t.decided.at
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
// told, and until the mark has passed it, so to look for it at once would find
// nothing.
func (t *tail) await(ctx context.Context, wake <-chan struct{}) error {
	var look <-chan time.Time
	if t.from < t.news || t.woken {
		look = time.After(tailPoll)
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look:
			return nil
		case <-wake:
			t.woken = true
			if look == nil {
				look = time.After(tailPoll)
			}
		}
	}
}
