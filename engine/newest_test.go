package engine

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// stream makes events in the order of their ids, several of them in the same
// microsecond, some with the lowest id that there can be.
func stream(r *rand.Rand, n int) []ledger.FeedItem {
	items := make([]ledger.FeedItem, n)
	at := waterfall.Instant(1_700_000_000_000_000)
	for i := range items {
		at += waterfall.Instant(r.IntN(3))
		items[i] = ledger.FeedItem{Event: ledger.NewID(at, r.Uint64()*uint64(r.IntN(2))), Decision: &ledger.Decision{Follow: make([]ledger.Event, r.IntN(3))}}
	}
	slices.SortFunc(items, func(a, b ledger.FeedItem) int { return compareIDs(a.Event, b.Event) })
	return slices.CompactFunc(items, func(a, b ledger.FeedItem) bool { return a.Event == b.Event })
}

// straggler is a reader in a test: it takes what is kept where it can, and
// otherwise reads for itself from the stream.
type straggler struct {
	tail
	told       []ledger.FeedItem
	took, read int
	awaits     <-chan struct{}
}

// turn is one look, by itself as far as the store tells. It returns how much it
// found.
func (s *straggler) turn(n *newest, store []ledger.FeedItem, until waterfall.Instant) int {
	items, more := n.take(&s.tail)
	if more != nil {
		s.took += len(items)
	} else {
		first := behind(store, s.cursor)
		for first < len(store) && compareIDs(store[first].Event, ledger.FirstID(s.from)) < 0 {
			first++ // no more than a tail does it look where it has been
		}
		items = store[first:min(first+feedPage, len(store))]
		if s.read += len(items); len(items) > 0 {
			s.cursor = items[len(items)-1].Event
			s.from = s.cursor.At()
		}
		if first+len(items) == len(store) {
			s.from = max(s.from, until)
		}
	}
	s.told, s.awaits = append(s.told, items...), more
	return len(items)
}

// behind is the index of the first event behind a cursor.
func behind(items []ledger.FeedItem, cursor ledger.ID) int {
	at := slices.IndexFunc(items, func(item ledger.FeedItem) bool { return compareIDs(item.Event, cursor) > 0 })
	if at < 0 {
		return len(items)
	}
	return at
}

func wasTold(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestTheNewestMissNothing: readers that begin anywhere, and fall behind as it
// comes, are told each event behind their cursor once and in order, of which
// they take a part from what is kept, and read a part; and no more is kept than
// may be.
func TestTheNewestMissNothing(t *testing.T) {
	var took, read int
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		all := stream(r, 3000)
		// until is a moment before which the first k events have happened, and no
		// other.
		until := func(k int) waterfall.Instant {
			if k == len(all) {
				return all[k-1].Event.At() + 1
			}
			return all[k].Event.At()
		}
		begun := r.IntN(500)
		n := newNewest(all[begun].Event, 1000)
		readers := []*straggler{{}, {tail: tail{cursor: all[begun].Event, from: all[begun].Event.At()}}}
		for range 6 {
			place := all[r.IntN(len(all))].Event
			readers = append(readers, &straggler{tail: tail{cursor: place, from: place.At()}})
		}
		starts := make([]ledger.ID, len(readers))
		for i, reader := range readers {
			starts[i] = reader.cursor
		}
		lazy := r.IntN(40)
		for added := begun + 1; added < len(all); {
			to := min(added+r.IntN(feedPage+1), len(all))
			waits := n.more
			n.add(slices.Clone(all[added:to]), until(to))
			if told := n.more != waits && wasTold(waits); told != (to > added) {
				t.Fatalf("seed %d: %d were added, who waits was told: %t", seed, to-added, told)
			}
			if n.size > n.most {
				t.Fatalf("seed %d: %d events are kept", seed, n.size)
			}
			added = to
			for _, reader := range readers {
				if r.IntN(40) >= lazy {
					known := min(added+r.IntN(50), len(all)) // a tail of its own may know more
					if page := reader.turn(n, all[:known], until(known)); page > feedPage {
						t.Fatalf("seed %d: a page of %d", seed, page)
					}
				}
			}
		}
		for i, reader := range readers {
			for range 20 {
				reader.turn(n, all, until(len(all)))
			}
			if want := all[behind(all, starts[i]):]; !slices.EqualFunc(reader.told, want, func(a, b ledger.FeedItem) bool { return a.Event == b.Event }) {
				t.Fatalf("seed %d: reader %d was told %d events, there are %d", seed, i, len(reader.told), len(want))
			}
			if reader.awaits == nil {
				t.Errorf("seed %d: reader %d has come to the end and still reads by itself", seed, i)
			}
			took, read = took+reader.took, read+reader.read
		}
	}
	if took < 100_000 || read < 100_000 {
		t.Errorf("%d were taken and %d read: the test shows little", took, read)
	}
}

// TestWhoMayTakeWhatIsKept: who has read everything up to what was let go of last.
func TestWhoMayTakeWhatIsKept(t *testing.T) {
	const at = waterfall.Instant(1_700_000_000_000_000)
	event := func(micros waterfall.Instant, random uint64) ledger.FeedItem {
		return ledger.FeedItem{Event: ledger.NewID(at+micros, random), Decision: &ledger.Decision{}}
	}
	n := newNewest(ledger.FirstID(at), 2)
	n.add([]ledger.FeedItem{event(1, 9<<2), event(10, 0), event(11, 0), event(11, 9<<2)}, at+20)
	for name, c := range map[string]struct {
		cursor ledger.ID
		from   waterfall.Instant // 0: that of the cursor
		want   int               // -1: it has to read by itself
	}{
		"from the beginning":                      {ledger.ID{}, 0, -1},
		"from what was let go of before the last": {event(1, 9<<2).Event, 0, -1},
		"nothing happened since, up to the last":  {event(1, 9<<2).Event, at + 10, -1},
		"nor in its moment":                       {event(1, 9<<2).Event, at + 11, 2},
		"from the last that was let go of":        {event(10, 0).Event, 0, 2},
		"from the first that is kept":             {event(11, 0).Event, 0, 1},
		"from between two":                        {event(11, 8<<2).Event, 0, 1},
		"from the newest":                         {event(11, 9<<2).Event, 0, 0},
		"from a later one, of a faster clock":     {event(15, 0).Event, 0, 0},
	} {
		reader := &tail{cursor: c.cursor, from: c.from}
		if c.from == 0 {
			reader.from = c.cursor.At()
		}
		items, more := n.take(reader)
		if (more == nil) != (c.want < 0) || len(items) != max(0, c.want) {
			t.Errorf("%s: %d events, all are here: %t", name, len(items), more != nil)
		}
		if more != nil && (reader.from != at+20 || compareIDs(reader.cursor, event(11, 9<<2).Event) < 0) {
			t.Errorf("%s: the reader does not stand at the end: %+v", name, reader)
		}
	}
}

// TestNothingIsReadForNobody: the readers of a process share one tail, which runs
// from the first to the last of them.
func TestNothingIsReadForNobody(t *testing.T) {
	t.Parallel()
	e := &Engine{ledger: ledgertest.New(t), clock: time.Now, hub: newHub(), log: slog.New(slog.DiscardHandler)}
	follow := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- e.FollowAllDecisions(ctx, ledger.DecisionFilter{}, nil, func(ledger.FeedItem) error { return nil })
		}()
		return func() {
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("a reader ended with %v", err)
			}
		}
	}
	// Those who watch are the readers and their tail.
	await := func(watching int) (shared *newest) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			e.hub.mu.Lock()
			n := len(e.hub.all)
			e.hub.mu.Unlock()
			if n == watching {
				e.sharing.mu.Lock()
				defer e.sharing.mu.Unlock()
				return e.sharing.newest
			}
			if time.Now().After(end) {
				t.Fatalf("%d watch, not %d", n, watching)
			}
		}
	}
	one, two := follow(), follow()
	shared := await(3)
	one()
	if left := await(2); left == nil || left != shared {
		t.Error("the tail did not stay for the other reader")
	}
	two()
	if left := await(0); left != nil {
		t.Error("what nobody reads is kept")
	}
	three := follow()
	if again := await(2); again == nil || again == shared {
		t.Error("the next reader has no tail of its own time")
	}
	three()
	await(0)
}
