package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// untilBegun returns once feeds have read where they begin, and have told all that
// was made to find that out.
func (w *watched) untilBegun(feeds []chan ledger.Anomaly) {
	w.t.Helper()
	probe := func(id string) {
		ledgertest.Exec(w.t, w.url, `insert into anomalies (account_id, id, change, opened_at, since, resolved_at, observed, expected, kind, feature, message)
			select $1, gen_random_uuid(), coalesce(max(change), 0) + 1, now(), now(), now(), 1, 0, 4, '', 'Begun.' from anomalies`, id)
	}
	for _, feed := range feeds {
		for len(feed) == 0 {
			probe("begun")
			time.Sleep(5 * time.Millisecond)
		}
	}
	probe("last")
	for _, feed := range feeds {
		for a := range feed {
			if a.Account == "last" {
				break
			}
		}
	}
}

func TestFollowersSeeWhatAnyProcessRaises(t *testing.T) {
	w := newWatched(t, "paid")
	w.conflict(w.Engine, 3)
	w.look() // from before they follow
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	defer following.Wait()
	defer stop()
	feeds := []chan ledger.Anomaly{make(chan ledger.Anomaly, 10_000), make(chan ledger.Anomaly, 10_000)}
	for i, e := range []*engine.Engine{w.Engine, w.second} {
		following.Go(func() {
			err := e.FollowAnomalies(ctx, func(a *ledger.Anomaly) error {
				feeds[i] <- *a
				return nil
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
		})
	}
	w.untilBegun(feeds)
	seen := func() string {
		t.Helper()
		var all []string
		for range 2 {
			var texts []string
			for _, feed := range feeds {
				select {
				case a := <-feed:
					texts = append(texts, fmt.Sprintf("%s open %v", a.Kind, a.ResolvedAt == 0))
				case <-time.After(5 * time.Second):
					t.Fatalf("nothing came after %q", all)
				}
			}
			if texts[0] != texts[1] {
				t.Errorf("they saw %q", texts)
			}
			all = append(all, texts[0])
		}
		return strings.Join(all, ", ")
	}
	w.hold(w.id, "chat", 1, 60)
	w.clock.Add(11 * time.Minute)
	if err := w.WatchAnomalies(ctx, w.rules); err != nil {
		t.Fatal(err)
	}
	if got := seen(); got != "KEY_CONFLICTS open false, STALE_HOLDS open true" {
		t.Errorf("saw %s", got)
	}
	for i, feed := range feeds {
		if len(feed) != 0 {
			t.Errorf("feed %d has more: %+v", i, <-feed)
		}
	}
}
