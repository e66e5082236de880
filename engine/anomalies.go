package engine

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// anomalies is what a process keeps of its watch over all accounts.
type anomalies struct {
	// changed wakes those who follow in this process.
	changed *hub

	mu sync.Mutex
	// conflicts are the keys sent again with another request, by account,
	// since they were last written down.
	conflicts map[string]int64
	open      map[ledger.AnomalyKind]int64
	raised    map[ledger.AnomalyKind]int64

	// passing is held by a pass of this process, and the rest is the pass's.
	passing sync.Mutex
	paces   paces
}

func newAnomalies() *anomalies {
	return &anomalies{changed: newHub(), conflicts: map[string]int64{}, open: map[ledger.AnomalyKind]int64{},
		raised: map[ledger.AnomalyKind]int64{}}
}

// noteConflicts counts the key conflicts among answers that a caller gets.
func (w *anomalies) noteConflicts(items []*item) {
	for _, it := range items {
		if f, ok := errors.AsType[*Fault](it.err); ok && f.Code == CodeIdempotencyConflict {
			w.addConflicts(map[string]int64{it.op.account(): 1})
		}
	}
}

func (w *anomalies) addConflicts(counts map[string]int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for account, n := range counts {
		w.conflicts[account] += n
	}
}

// takeConflicts empties the counts.
func (w *anomalies) takeConflicts() map[string]int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.conflicts
	w.conflicts = map[string]int64{}
	return taken
}

// AnomalyCounts are numbers for metrics, by kind.
type AnomalyCounts struct {
	// Open anomalies, as of the last pass that this process knows of: the same
	// in every process.
	Open map[ledger.AnomalyKind]int64
	// Raised by this process since it began.
	Raised map[ledger.AnomalyKind]int64
}

// AnomalyCounts counts the anomalies.
func (e *Engine) AnomalyCounts() AnomalyCounts {
	w := e.anomalies
	w.mu.Lock()
	defer w.mu.Unlock()
	return AnomalyCounts{Open: maps.Clone(w.open), Raised: maps.Clone(w.raised)}
}

// longestPause is the longest time between two passes, however long they take.
const longestPause = 10 * time.Minute

// WatchAnomalies looks for anomalies in all accounts, once: it raises those
// that are new and resolves those that are over. Any process may call it at any
// time: one at a time does it, and the others only add what they counted.
func (e *Engine) WatchAnomalies(ctx context.Context, rules AnomalyRules) error {
	if err := e.writeConflicts(ctx); err != nil {
		return err
	}
	now, begun := e.now(), time.Now()
	p := &watchPass{engine: e, rules: rules, now: now}
	var opened []ledger.Anomaly
	did, err := e.ledger.WatchAnomalies(ctx, now, func(tx *ledger.WatchTx) (err error) {
		w := e.anomalies
		w.passing.Lock()
		defer w.passing.Unlock()
		p.tx = tx
		p.decided = e.decided.unless(batchLag)
		if err := p.run(ctx); err != nil {
			return err
		}
		p.result.NextAt = now
		if rules.Every > 0 {
			// All processes together spend a twentieth of their time on it.
			pause := min(max(rules.Every, 20*time.Since(begun)), longestPause)
			p.result.NextAt += waterfall.Instant(pause / time.Microsecond)
		}
		opened, err = tx.Record(ctx, &p.result)
		return err
	})
	if err != nil {
		return err
	}
	if did && len(opened)+len(p.result.Resolved) > 0 {
		e.anomalies.changed.missed()
	}
	return e.countAnomalies(ctx, opened)
}

func (e *Engine) countAnomalies(ctx context.Context, opened []ledger.Anomaly) error {
	open, err := e.ledger.OpenAnomalies(ctx)
	if err != nil {
		return err
	}
	w := e.anomalies
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = open
	for _, a := range opened {
		w.raised[a.Kind]++
	}
	return nil
}

// writeConflicts adds what was counted to the table that all processes share.
// Where it fails, the counts are kept for the next time.
func (e *Engine) writeConflicts(ctx context.Context) error {
	counts := e.anomalies.takeConflicts()
	if len(counts) == 0 {
		return nil
	}
	err := e.ledger.AddKeyConflicts(ctx, e.now(), counts)
	if err != nil {
		e.anomalies.addConflicts(counts)
	}
	return err
}

const (
	// anomalyPoll is how often a follower looks for what other processes raised.
	anomalyPoll = time.Second
	anomalyPage = 100
)

// FollowAnomalies delivers each anomaly that is opened or resolved from now on,
// by whichever process, as it is then, until ctx ends or deliver returns an
// error.
func (e *Engine) FollowAnomalies(ctx context.Context, deliver func(*ledger.Anomaly) error) error {
	wake, stop := e.anomalies.changed.watch("")
	defer stop()
	cursor, err := untilTold(ctx, e, e.ledger.NewestAnomalyChange)
	if err != nil {
		return err
	}
	for {
		changed, err := e.ledger.AnomaliesChanged(ctx, cursor, anomalyPage)
		if err != nil {
			if !e.pauseAfter(ctx, err) {
				return ctx.Err()
			}
			continue
		}
		for i := range changed {
			cursor = changed[i].Change
			if err := deliver(&changed[i]); err != nil {
				return err
			}
		}
		if len(changed) == anomalyPage {
			continue
		}
		if !e.sleep(ctx, anomalyPoll, wake) {
			return ctx.Err()
		}
	}
}
