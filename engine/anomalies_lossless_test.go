package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// anomalyReader follows the anomalies and keeps what it was told.
type anomalyReader struct {
	mu   sync.Mutex
	told []ledger.Anomaly
}

func (r *anomalyReader) seen() []ledger.Anomaly {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.told)
}

// TestFeedsLoseNoAnomaly: three processes look for anomalies at once and raise
// and resolve them, while every COMMIT takes long again and again. Each change is
// told to the followers of each process, in the order of the changes and once;
// of two changes of one anomaly that come together, the later one.
func TestFeedsLoseNoAnomaly(t *testing.T) {
	t.Parallel()
	w := &watched{world: newWorld(t), rules: engine.DefaultAnomalyRules()}
	w.rules.Every, w.rules.Conflicts = 0, 3
	g := newGate()
	var processes []*engine.Engine
	for range 3 {
		l, err := ledger.Open(context.Background(), w.url, ledger.Options{DialFunc: g.dial})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.Close)
		e, err := engine.New(context.Background(), l, w.redis, engine.Options{Clock: w.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		processes = append(processes, e)
	}
	t.Cleanup(g.lift) // before they are closed
	accounts := make([]string, 6)
	for i := range accounts {
		accounts[i] = w.account(fmt.Sprint("raised-", i), "plus")
	}

	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	readers := w.follow(ctx, &running, processes)
	watching, stopWatching := context.WithCancel(ctx)
	var watchers sync.WaitGroup
	for _, e := range processes {
		watchers.Go(func() {
			for watching.Err() == nil {
				if err := e.WatchAnomalies(ctx, w.rules); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Millisecond)
			}
		})
	}
	rounds := 0
	for begun := time.Now(); rounds < 4 || time.Since(begun) < *feedsFor/4; rounds++ {
		for i, id := range accounts {
			w.id = id
			w.conflict(processes[(rounds+i)%len(processes)], 3)
		}
		g.shut()
		w.until("a COMMIT is held back", func() bool { return g.waiting() > 0 })
		time.Sleep(50 * time.Millisecond)
		g.lift()
		w.until("all are raised", func() bool { return w.openAnomalies() == len(accounts) })
		w.clock.Add(11 * time.Minute)
		w.until("all are resolved", func() bool { return w.openAnomalies() == 0 })
	}
	stopWatching()
	watchers.Wait()
	w.holdAnomalies(processes, readers, rounds*len(accounts))
}

// follow follows the anomalies at each process, which have begun when it returns.
func (w *watched) follow(ctx context.Context, running *sync.WaitGroup, processes []*engine.Engine) []*anomalyReader {
	w.t.Helper()
	readers, feeds := make([]*anomalyReader, len(processes)), make([]chan ledger.Anomaly, len(processes))
	for i, e := range processes {
		r, feed := &anomalyReader{}, make(chan ledger.Anomaly, 10_000)
		readers[i], feeds[i] = r, feed
		running.Go(func() {
			err := e.FollowAnomalies(ctx, func(a *ledger.Anomaly) error {
				if a.Message == "Begun." {
					feed <- *a
					return nil
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				r.told = append(r.told, *a)
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				w.t.Errorf("a feed ended with %v", err)
			}
		})
	}
	w.untilBegun(feeds)
	return readers
}

func (w *watched) until(what string, holds func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(10 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			w.t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func (w *watched) openAnomalies() int {
	w.t.Helper()
	return int(must(w.ledger.OpenAnomalies(context.Background()))[ledger.KeyConflicts])
}

// holdAnomalies waits for what the readers must be told, and says what is missing.
func (w *watched) holdAnomalies(processes []*engine.Engine, readers []*anomalyReader, raised int) {
	w.t.Helper()
	counted := int64(0)
	for _, e := range processes {
		counted += e.AnomalyCounts().Raised[ledger.KeyConflicts]
	}
	var want []ledger.Anomaly // as they stand in the end
	for _, a := range must(w.ledger.AnomaliesChanged(context.Background(), 0, 100_000)) {
		if a.Message != "Begun." {
			want = append(want, a)
		}
	}
	if len(want) != raised || counted != int64(raised) {
		w.t.Errorf("%d anomalies stand, %d were counted, %d were brought about", len(want), counted, raised)
	}
	newest := want[len(want)-1].Change
	told := 0
	for i, r := range readers {
		w.until(fmt.Sprintf("the follower at process %d has the newest change", i), func() bool {
			seen := r.seen()
			return len(seen) > 0 && seen[len(seen)-1].Change >= newest
		})
		last, before := map[ledger.ID]ledger.Anomaly{}, int64(0)
		for _, a := range r.seen() {
			if a.Change <= before {
				w.t.Errorf("process %d tells change %d after %d", i, a.Change, before)
			}
			last[a.ID], before = a, a.Change
		}
		lost := 0
		for _, a := range want {
			if last[a.ID] != a {
				lost++
			}
		}
		if lost > 0 {
			w.t.Errorf("process %d: of %d anomalies %d were not told, or not as they ended", i, len(want), lost)
		}
		told += len(r.seen())
	}
	w.t.Logf("%d anomalies raised and resolved, %d told to %d followers, 0 lost", len(want), told, len(readers))
}
