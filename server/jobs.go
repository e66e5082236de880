package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"spillway/engine"
	"spillway/ledger"
)

// startJobs starts what a server does unasked, until ctx ends. Every process
// does it: each job is safe beside itself.
func (a *app) startJobs(ctx context.Context, running *sync.WaitGroup) {
	a.metrics.MustRegister(newAnomalyMetrics(a.engine))
	s, log := a.config.Settings, a.config.Log
	running.Go(func() { sweep(ctx, a.engine, log) })
	running.Go(func() { watch(ctx, a.engine, s.Anomalies, log) })
	running.Go(func() { reconcileNew(ctx, a.engine, s.ReconcileEvery, log) })
	running.Go(func() { indexAccounts(ctx, a.ledger, log) })
}

// indexInterval is how often accounts are looked for that a search cannot find: a
// server of an earlier version, which still runs beside this one, creates such.
const indexInterval = time.Hour

// indexAccounts makes all accounts known to searches until ctx ends: at the start
// those of all times, and then the latest.
func indexAccounts(ctx context.Context, l *ledger.Ledger, log *slog.Logger) {
	tick := time.NewTicker(indexInterval)
	defer tick.Stop()
	for since := (time.Time{}); ; since = time.Now().Add(-2 * indexInterval) {
		if _, err := l.IndexAccounts(ctx, since); err != nil && ctx.Err() == nil {
			log.Warn("accounts could not be made known to searches", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweepInterval is how often due holds and grants are looked for: a hold ends
// within five seconds of its time, a grant within a minute.
const sweepInterval = time.Second

// sweep does what is due until ctx ends.
func sweep(ctx context.Context, e *engine.Engine, log *slog.Logger) {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for more := true; more && ctx.Err() == nil; {
			pass, cancel := context.WithTimeout(ctx, 10*time.Second)
			_, full, err := e.Sweep(pass)
			cancel()
			if err != nil && ctx.Err() == nil {
				log.Warn("what is due could not all be done", "error", err)
			}
			more = full && err == nil
		}
	}
}

// reconcileTimeout bounds a reconciliation of what is new: a billion events.
const reconcileTimeout = 6 * time.Hour

// reconcileNew proves what is new until ctx ends. A mismatch becomes an anomaly
// by the watch; here it is told to whoever reads the log.
func reconcileNew(ctx context.Context, e *engine.Engine, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every / 2) // the processes keep the time between them by what is recorded
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		pass, cancel := context.WithTimeout(ctx, reconcileTimeout)
		r, err := e.ReconcileNew(pass, every)
		cancel()
		switch {
		case err != nil && ctx.Err() == nil:
			log.Warn("what is new could not be reconciled", "error", err)
		case r != nil && r.Mismatches > 0:
			log.Error("the ledger does not add up", "reconciliation", r.ID.String(), "mismatches", r.Mismatches)
		}
	}
}
