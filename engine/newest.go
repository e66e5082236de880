package engine

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// newest are the newest events of all accounts: one tail reads them for all who
// follow them in this process. A reader that stands further back, or falls
// behind, reads with a tail of its own until it is here: nobody waits for
// anybody. Many readers are given the same decision, so it is never changed.
type newest struct {
	mu sync.Mutex
	// items are all events behind low that happened before until, in the order
	// of their ids.
	items []ledger.FeedItem
	low   ledger.ID
	until waterfall.Instant
	// size is that of the items, most how large it may be.
	size, most int
	// more is closed when something is added.
	more chan struct{}
}

// keptEvents is how many events are kept: what is decided in a second and more,
// so that a reader that has a moment's trouble is not left behind. They take
// about 10 MB, and 42 where each has the longest metadata.
const keptEvents = 8192

func newNewest(low ledger.ID, most int) *newest {
	return &newest{low: low, most: most, more: make(chan struct{})}
}

// sizeOf counts the events of an item: a decision comes with all that followed.
func sizeOf(item ledger.FeedItem) int { return 1 + len(item.Decision.Follow) }

// add appends what there was until a moment, and lets go of the oldest.
func (n *newest) add(items []ledger.FeedItem, until waterfall.Instant) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.until = until
	if len(items) == 0 {
		return
	}
	n.items = append(n.items, items...)
	for _, item := range items {
		n.size += sizeOf(item)
	}
	dropped := 0
	for ; n.size > n.most; dropped++ {
		n.low = n.items[dropped].Event
		n.size -= sizeOf(n.items[dropped])
	}
	clear(n.items[:dropped]) // they would be kept as long as the rest
	n.items = n.items[dropped:]
	close(n.more)
	n.more = make(chan struct{})
}

// take gives a reader its next page and moves its tail on behind it. Where not
// all that comes next is here more is nil, and the tail has to read it; otherwise
// more is closed when there is more than was found. A nil newest has nothing.
func (n *newest) take(t *tail) (items []ledger.FeedItem, more <-chan struct{}) {
	if n == nil {
		return nil, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	// A tail has read everything up to its cursor, and what happened before from.
	if compareIDs(t.cursor, n.low) < 0 && compareIDs(ledger.FirstID(t.from), n.low) <= 0 {
		return nil, nil
	}
	first, found := slices.BinarySearchFunc(n.items, t.cursor, func(item ledger.FeedItem, cursor ledger.ID) int {
		return compareIDs(item.Event, cursor)
	})
	if found {
		first++
	}
	end := min(first+feedPage, len(n.items))
	items = slices.Clone(n.items[first:end])
	if len(items) > 0 {
		t.cursor = items[len(items)-1].Event
		t.from = t.cursor.At()
	}
	if end == len(n.items) {
		t.from = max(t.from, n.until)
	}
	return items, n.more
}

func compareIDs(a, b ledger.ID) int { return bytes.Compare(a[:], b[:]) }

// sharing is what the readers of all accounts in a process have together: while
// there are any, a tail fills newest.
type sharing struct {
	mu      sync.Mutex
	readers int
	newest  *newest
	stop    context.CancelFunc
}

// join counts a reader in, who calls leave in the end. What is decided from now
// on will be in newest, until it is let go of.
func (s *sharing) join(e *Engine, now waterfall.Instant) *newest {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers++; s.readers > 1 {
		return s.newest
	}
	ctx, stop := context.WithCancel(context.Background())
	wake, unwatch := e.hub.watch("")
	t := newTail(e, now, nil)
	n := newNewest(t.cursor, keptEvents)
	s.newest, s.stop = n, stop
	go func() {
		defer unwatch()
		t.fill(ctx, n, wake)
	}()
	return n
}

// leave counts a reader out. With the last one the tail ends.
func (s *sharing) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers--; s.readers == 0 {
		s.stop()
		s.newest, s.stop = nil, nil
	}
}

// fill adds all that the tail reads until ctx ends.
func (t *tail) fill(ctx context.Context, n *newest, wake <-chan struct{}) {
	for {
		items, caughtUp, err := t.read(ctx)
		if err != nil {
			return
		}
		n.add(items, t.from)
		if caughtUp && t.await(ctx, wake) != nil {
			return
		}
	}
}

// FollowAllDecisions delivers the events of all accounts, as FollowDecisions
// does for one. A decision that is delivered must not be changed.
func (e *Engine) FollowAllDecisions(ctx context.Context, f ledger.DecisionFilter, after *ledger.ID, deliver func(ledger.FeedItem) error) error {
	wake, stop := e.hub.watch("")
	defer stop()
	now, err := untilTold(ctx, e, e.databaseNow)
	if err != nil {
		return err
	}
	var shared *newest
	// Who sees one account only is given nothing that was read for others.
	if _, only := ledger.OnlyOf(ctx); !only {
		shared = e.sharing.join(e, now)
		defer e.sharing.leave()
	}
	t := newTail(e, now, after)
	for {
		items, more := shared.take(t)
		caughtUp, err := len(items) < feedPage, error(nil)
		if more == nil {
			items, caughtUp, err = t.read(ctx)
		}
		if err != nil {
			return err
		}
		f.Now = e.now()
		for _, item := range items {
			if !f.Matches(item.Decision) {
				continue
			}
			if err := deliver(item); err != nil {
				return err
			}
		}
		switch {
		case !caughtUp:
			continue
		case more == nil:
			err = t.await(ctx, wake)
		default:
			err = awaitMore(ctx, more)
		}
		if err != nil {
			return err
		}
	}
}

// awaitMore returns when there is more than was found. Its error is that of ctx.
func awaitMore(ctx context.Context, more <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-more:
		return nil
	}
}
