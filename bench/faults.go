package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
)

// slice is the length in which a load is looked at while something goes wrong.
const slice = 100 * time.Millisecond

// disturb runs a load, does something to the stores when it has run for a
// while, and returns the rates before and behind that, in slices.
func disturb(ctx context.Context, l load, after time.Duration, event func() error) (before, behind []float64, err error) {
	l.made = &atomic.Int64{}
	stop := timeline(l.made, slice)
	failed := make(chan error, 1)
	timer := time.AfterFunc(after, func() { failed <- event() })
	defer timer.Stop()
	_, err = l.run(ctx)
	rates := stop()
	if err != nil {
		return nil, nil, err
	}
	if err := <-failed; err != nil {
		return nil, nil, err
	}
	at := min(int(after/slice), len(rates)-1)
	return rates[at/2 : at], rates[at:], nil // the first half only warms up
}

// mean of some rates.
func mean(rates []float64) float64 {
	sum := 0.0
	for _, r := range rates {
		sum += r
	}
	return sum / float64(max(len(rates), 1))
}

// backAt is the time in seconds after which the rate, over half a second, is
// again at least this; ok is false when it never is.
func backAt(rates []float64, enough float64) (seconds float64, ok bool) {
	width := min(int(time.Second/2/slice), len(rates))
	for i := 0; i+width <= len(rates); i++ {
		if mean(rates[i:i+width]) >= enough {
			return float64(i) * slice.Seconds(), true
		}
	}
	return float64(len(rates)) * slice.Seconds(), false
}

// measureCold throws the counters of all accounts away.
func (b *bench) measureCold(ctx context.Context) error {
	return b.cold(ctx, b.rig, b.database, b.here, "")
}

// cold measures the way back from FLUSHALL: once while the engine runs and
// knows the accounts, and once with one that has just begun, so that every
// counter has to be counted again from the usage events.
func (b *bench) cold(ctx context.Context, warm *rig, database string, p population, at string) error {
	settle()
	flush := func() error { return flushAll(ctx, b.redis) }
	steady, behind, err := disturb(ctx, warm.load(usual(p), b.callers, b.long, nil), b.long/2, flush)
	if err != nil {
		return err
	}
	b.addBack("FLUSHALL under load"+at+": back to 0.8 of the rate after", behind, mean(steady))

	if err := flush(); err != nil {
		return err
	}
	fresh, err := openRig(ctx, database, b.redis, engine.Options{})
	if err != nil {
		return err
	}
	defer fresh.close()
	l := fresh.load(usual(p), b.callers, b.long, nil)
	l.made = &atomic.Int64{}
	stop := timeline(l.made, slice)
	if _, err := l.run(ctx); err != nil {
		return err
	}
	b.addBack("FLUSHALL and a fresh process"+at+", every counter cold: back to 0.8 of the rate after", stop(), mean(steady))
	return nil
}

func (b *bench) addBack(what string, behind []float64, steady float64) {
	seconds, ok := backAt(behind, 0.8*steady)
	r := row{What: what, Value: seconds, Unit: "s", AtMost: 5, Note: fmt.Sprintf("rate before: %s/s", number(steady))}
	if !ok {
		r.Value, r.Note = seconds, r.Note+"; not within the measurement"
		if seconds <= r.AtMost {
			r.AtMost = seconds / 2 // missed, however short the measurement
		}
	}
	b.report.add(r)
}

func flushAll(ctx context.Context, redisURL string) error {
	cache, err := counters.OpenRedis(redisURL)
	if err != nil {
		return err
	}
	defer func() { _ = cache.Close() }()
	return cache.Client().FlushAll(ctx).Err()
}

// measureAway kills Redis in the middle of a load. The decisions made before,
// at that moment and without it are proved afterwards, and weighed.
func (b *bench) measureAway(ctx context.Context) error {
	url, err := database(ctx, b.admin, "away")
	if err != nil {
		return err
	}
	cache, kill, err := ownRedis(ctx)
	if err != nil {
		return err
	}
	defer kill()
	r, err := openRig(ctx, url, cache, engine.Options{})
	if err != nil {
		return err
	}
	defer r.close()
	p := population{"away", b.accounts}
	if err := errors.Join(r.catalog(ctx), r.seed(ctx, p)); err != nil {
		return err
	}
	steady, behind, err := disturb(ctx, r.load(usual(p), b.callers, b.long, nil), b.long/2, func() error { kill(); return nil })
	if err != nil {
		return err
	}
	b.report.add(row{What: "Redis killed in the middle: the rate after", Value: mean(behind), Unit: perSecond,
		Floor: "before", Ratio: mean(behind) / mean(steady), AtLeast: 0.5})
	if err := b.weigh(ctx, url, ""); err != nil {
		return err
	}
	_, err = b.prove(ctx, url, "of the decisions around it")
	return err
}

// weigh says how many bytes on disk a decision takes.
func (b *bench) weigh(ctx context.Context, database, at string) error {
	if err := tidy(ctx, database); err != nil {
		return err
	}
	bytes, err := ask(ctx, database, `select (pg_total_relation_size('usage_events') + pg_total_relation_size('monetization_events')
		+ pg_total_relation_size('balance_updates'))::float8 / greatest(1, (select count(*) from usage_events))`)
	if err != nil {
		return err
	}
	b.report.add(row{What: "bytes on disk for each decision of the mix, indexes included" + at, Value: bytes, Unit: "bytes", AtMost: 450,
		Note: "keys of a dozen characters"})
	return nil
}
