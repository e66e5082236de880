package edge

import (
	"slices"
	"testing"
	"time"
)

// flood asks for twice what a server does that answers one request after the
// other, so many a second, and returns how long those waited that were let in
// after the first second, and the limit at the end.
func flood(g *gate, rate int, d time.Duration) (waited []time.Duration, limit int64) {
	type request struct {
		met   int64
		begun time.Duration
	}
	var queue []request
	each := time.Second / time.Duration(rate)
	for now := time.Duration(0); now < d; now += each {
		for range 2 {
			if met, ok := g.enter(); ok {
				queue = append(queue, request{met, now})
			}
		}
		first := queue[0]
		queue = queue[1:]
		took := now + each - first.begun
		g.leave(first.met, took)
		if now > time.Second {
			waited = append(waited, took)
		}
	}
	limit = g.limit()
	for _, r := range queue {
		g.leave(r.met, 0)
	}
	return waited, limit
}

func TestAGateLearnsHowManyAreAnsweredSoon(t *testing.T) {
	for _, c := range []struct {
		rate        int   // of the server, a second
		least, most int64 // of the limit it comes to
	}{
		{1000, leastLimit, leastLimit}, // less would leave batches half empty
		{4000, 350, 450},
		{7000, 600, 800},
		{30_000, mostLimit, mostLimit},
	} {
		g := newGate()
		waited, limit := flood(g, c.rate, 6*time.Second)
		if limit < c.least || limit > c.most {
			t.Errorf("%d/s: %d may be under way", c.rate, limit)
		}
		if longest := slices.Max(waited); c.rate > 1000 && longest > soon*6/5 {
			t.Errorf("%d/s: one waited for %v", c.rate, longest)
		}
		if g.busy.Load() != 0 {
			t.Errorf("%d/s: %d have not left", c.rate, g.busy.Load())
		}
	}
}

// A server that was slow for a while is not held back for it.
func TestAGateOpensAgain(t *testing.T) {
	g := newGate()
	flood(g, 1000, 3*time.Second)
	if _, limit := flood(g, 30_000, 3*time.Second); limit != mostLimit {
		t.Errorf("%d may be under way", limit)
	}
}

// What takes long while few are under way does not wait for others: nothing is
// learned from it, and all may wait for a store that is away.
func TestAGateLearnsNothingFromFew(t *testing.T) {
	g := newGate()
	for range 1000 {
		var met []int64
		for range firstLimit / 2 {
			n, ok := g.enter()
			if !ok {
				t.Fatal("not let in")
			}
			met = append(met, n)
		}
		for _, n := range met {
			g.leave(n, time.Minute)
		}
	}
	if limit := g.limit(); limit != firstLimit {
		t.Errorf("%d may be under way", limit)
	}
}
