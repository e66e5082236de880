package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// measure is what one run of a load showed.
type measure struct {
	rate     float64 // decisions a second
	p50, p99 float64 // milliseconds of a call
	made     int64   // decisions
	cpu      map[string]float64
}

// caller makes the call number n, and says how many decisions it brought.
type caller func(ctx context.Context, n int) (decisions int, err error)

// load is something to measure: callers, each of which calls again as soon as
// it is answered.
type load struct {
	callers  int
	duration time.Duration
	watched  watched
	// caller makes the caller number c, which lives as long as ctx.
	caller func(ctx context.Context, c int) (caller, error)
	// made counts the decisions while the load runs, for whoever looks; nil:
	// nobody does.
	made *atomic.Int64
	// until ends the load earlier than its duration, nil: nothing does.
	until <-chan struct{}
}

// run keeps the callers busy. An error of any of them makes the run worthless,
// and is returned.
func (l load) run(ctx context.Context) (measure, error) {
	ctx, cancel := context.WithTimeout(ctx, l.duration+20*time.Second)
	defer cancel()
	callers, err := l.gather(ctx)
	if err != nil {
		return measure{}, err
	}
	if l.made == nil {
		l.made = &atomic.Int64{}
	}
	var first atomic.Pointer[error]
	latencies := make([][]time.Duration, l.callers)
	before, began := l.watched.cpu(), time.Now()
	deadline := began.Add(l.duration)
	var group sync.WaitGroup
	for c, call := range callers {
		group.Go(func() {
			for n := 0; first.Load() == nil && !l.ended(); n++ {
				at := time.Now()
				if at.After(deadline) {
					return
				}
				made, err := call(ctx, n)
				if err != nil {
					first.CompareAndSwap(nil, &err)
					return
				}
				latencies[c] = append(latencies[c], time.Since(at))
				l.made.Add(int64(made))
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	if e := first.Load(); e != nil {
		return measure{}, *e
	}
	m := summary(slices.Concat(latencies...))
	m.made = l.made.Load()
	m.rate = float64(m.made) / took.Seconds()
	m.cpu = l.watched.cpuEach(before, m.made)
	return m, nil
}

func (l load) ended() bool {
	select {
	case <-l.until:
		return true
	default: // also where until is nil
		return false
	}
}

func (l load) gather(ctx context.Context) ([]caller, error) {
	callers := make([]caller, l.callers)
	for c := range callers {
		var err error
		if callers[c], err = l.caller(ctx, c); err != nil {
			return nil, fmt.Errorf("caller %d: %w", c, err)
		}
	}
	return callers, nil
}

// summary orders latencies.
func summary(all []time.Duration) measure {
	if len(all) == 0 {
		return measure{}
	}
	slices.Sort(all)
	milliseconds := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return measure{p50: milliseconds(all[len(all)/2]), p99: milliseconds(all[len(all)*99/100])}
}

// tell says on standard error how a run went, for whoever waits.
func (m measure) tell(what string) {
	fmt.Fprintf(os.Stderr, "bench: %s: %s/s, p50 %.1f ms, CPU µs: %s\n", what, number(m.rate), m.p50, cpuNote(m.cpu))
}

// runs are the measures of the same load in several rounds.
type runs []measure

// middle is the run of median rate.
func (r runs) middle() measure {
	sorted := slices.SortedFunc(slices.Values(r), func(a, b measure) int { return int(a.rate - b.rate) })
	return sorted[len(sorted)/2]
}

// best is the highest rate.
func (r runs) best() float64 {
	best := 0.0
	for _, m := range r {
		best = max(best, m.rate)
	}
	return best
}

// row shows the runs against a floor.
func (r runs) row(what, unit string, floor runs, name string) row {
	m := r.middle()
	one := row{What: what, Value: m.rate, Best: r.best(), Unit: unit, P50: m.p50, P99: m.p99, CPU: m.cpu}
	if floor != nil {
		one.Floor, one.Ratio = name, m.rate/floor.middle().rate
	}
	return one
}

// alternate measures two loads in turn, so that neither has the better time.
func alternate(ctx context.Context, rounds int, one, other func(context.Context) (measure, error)) (a, b runs, err error) {
	for range rounds {
		m, err := one(ctx)
		if err != nil {
			return nil, nil, err
		}
		m.tell("one")
		a = append(a, m)
		if m, err = other(ctx); err != nil {
			return nil, nil, err
		}
		m.tell("the other")
		b = append(b, m)
	}
	return a, b, nil
}

// timeline notes how much was made in each step while a load runs. Stop returns
// it.
func timeline(made *atomic.Int64, step time.Duration) (stop func() []float64) {
	end, ended := make(chan struct{}), make(chan []float64)
	go func() {
		var rates []float64
		tick := time.NewTicker(step)
		defer tick.Stop()
		for last := int64(0); ; {
			select {
			case <-end:
				ended <- rates
				return
			case <-tick.C:
			}
			now := made.Load()
			rates = append(rates, float64(now-last)/step.Seconds())
			last = now
		}
	}()
	return func() []float64 { close(end); return <-ended }
}

// each does something n times, by some workers.
func each(n, workers int, do func(int) error) error {
	var next atomic.Int64
	var first atomic.Pointer[error]
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && first.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					first.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	group.Wait()
	if e := first.Load(); e != nil {
		return *e
	}
	return nil
}
