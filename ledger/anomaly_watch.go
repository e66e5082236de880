package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// anomalyLock is the key of the advisory lock that a pass of the watch holds.
const anomalyLock = 7074003

// WatchTx is one pass of the watch over all accounts: it reads what the rules
// of the engine ask for, and records what they decide. It writes nothing before
// Record, so that the long reads hold up nobody who waits for transactions to
// end.
type WatchTx struct {
	tx pgx.Tx
	WatchState
}

// WatchState is how far the watch has come.
type WatchState struct {
	// CountedTo: account_days holds what happened before.
	CountedTo waterfall.Instant
	// ReconciledTo: what reconciliations found before was looked at.
	ReconciledTo waterfall.Instant
	// NextAt: no process begins a pass earlier.
	NextAt waterfall.Instant
}

// WatchAnomalies runs a pass. begun is false when another process is at one, or
// has been so lately that the next is not due.
func (l *Ledger) WatchAnomalies(ctx context.Context, now waterfall.Instant, pass func(*WatchTx) error) (begun bool, err error) {
	tx, err := l.reader(ctx).Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	// A pass is not urgent: it leaves the other processors to the decisions.
	const lock = `select pg_try_advisory_xact_lock($1) from set_config('max_parallel_workers_per_gather', '0', true)`
	if err := tx.QueryRow(ctx, lock, anomalyLock).Scan(&begun); err != nil || !begun {
		return false, err
	}
	w := &WatchTx{tx: tx}
	var counted, reconciled, next time.Time
	err = tx.QueryRow(ctx, `select counted_to, reconciled_to, next_at from anomaly_watch`).Scan(&counted, &reconciled, &next)
	if err != nil || waterfall.InstantOf(next) > now {
		return false, err
	}
	w.CountedTo, w.ReconciledTo, w.NextAt = waterfall.InstantOf(counted), waterfall.InstantOf(reconciled), waterfall.InstantOf(next)
	if err := pass(w); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

// Open lists the open anomalies.
func (w *WatchTx) Open(ctx context.Context) ([]Anomaly, error) {
	rows, err := w.tx.Query(ctx, `select `+anomalyColumns+` from anomalies where resolved_at is null order by id`)
	return collect(rows, err, scanAnomaly)
}

// Pace is what an account spent and was denied for a feature in a stretch of
// time.
type Pace struct {
	Account, Feature string
	Spent            int64 // millionths
	Denials          int64
}

// Paces sums up the usage events of [from, to) by account and feature, those
// that spent or were denied nothing left out. The coarse index over time finds
// the events.
func (w *WatchTx) Paces(ctx context.Context, from, to waterfall.Instant, each func(Pace)) error {
	rows, err := w.tx.Query(ctx, sqlPaces, from.Time(), to.Time())
	if err != nil {
		return err
	}
	var p Pace
	_, err = pgx.ForEachRow(rows, []any{&p.Account, &p.Feature, &p.Spent, &p.Denials}, func() error {
		each(p)
		return nil
	})
	return err
}

// AccountDay is what an account did on a UTC day.
type AccountDay struct {
	Account string
	Day     int64 // since 1970-01-01
	// Hours has bit h set where something was asked for in hour h.
	Hours uint32
	// PeakSpent (millionths) and PeakDenials are those of the ten minutes that
	// had most.
	PeakSpent   int64
	PeakDenials int64
}

func scanAccountDay(row pgx.Row) (*AccountDay, error) {
	d := &AccountDay{}
	return d, row.Scan(&d.Account, &d.Day, &d.Hours, &d.PeakSpent, &d.PeakDenials)
}

// CountDays sums up the usage events of [from, to) by account and day.
func (w *WatchTx) CountDays(ctx context.Context, from, to waterfall.Instant) ([]AccountDay, error) {
	rows, err := w.tx.Query(ctx, sqlCountDays, from.Time(), to.Time())
	return collect(rows, err, scanAccountDay)
}

// Days reads what accounts did on the days [from, to).
func (w *WatchTx) Days(ctx context.Context, accounts []string, from, to int64) ([]AccountDay, error) {
	rows, err := w.tx.Query(ctx, sqlDays, accounts, from, to)
	return collect(rows, err, scanAccountDay)
}

// GoneSilent reads the days from a day on of the accounts that did something on
// at least seven of them and nothing in the hours since an instant.
func (w *WatchTx) GoneSilent(ctx context.Context, from int64, since waterfall.Instant) ([]AccountDay, error) {
	last := since.Second() / 86_400
	rows, err := w.tx.Query(ctx, sqlGoneSilent, from, last, (since.Second()%86_400)/3600)
	return collect(rows, err, scanAccountDay)
}

// LastUse is when each account that is not suspended last asked for something.
func (w *WatchTx) LastUse(ctx context.Context, accounts []string) (map[string]waterfall.Instant, error) {
	return w.instants(ctx, sqlLastUse, accounts)
}

// ConflictCount counts the keys of an account that were sent again with another
// request.
type ConflictCount struct {
	Account   string
	Conflicts int64
}

// Conflicts counts them by account since an instant.
func (w *WatchTx) Conflicts(ctx context.Context, since waterfall.Instant) ([]ConflictCount, error) {
	rows, err := w.tx.Query(ctx, sqlConflicts, since.Time())
	return collect(rows, err, func(row pgx.Row) (*ConflictCount, error) {
		c := &ConflictCount{}
		return c, row.Scan(&c.Account, &c.Conflicts)
	})
}

// CountersCheck is the name of the check that compares counters; all others are
// of the ledger.
const CountersCheck = "counters"

// AccountFault is what a reconciliation found of an account.
type AccountFault struct {
	Account    string
	Counters   bool // of the counters, else of the ledger
	Mismatches int64
	StartedAt  waterfall.Instant // the reconciliation
	FinishedAt waterfall.Instant
}

// longestReconciliation is how far before its end one may have begun.
const longestReconciliation = waterfall.Instant(48 * time.Hour / time.Microsecond)

// Faults lists what the reconciliations found that finished at an instant or
// later, the oldest first, but for what has been resolved since.
func (w *WatchTx) Faults(ctx context.Context, finished waterfall.Instant) ([]AccountFault, error) {
	rows, err := w.tx.Query(ctx, sqlFaults,
		FirstID(finished-longestReconciliation), max(0, finished).Time(), CountersCheck, int16(CounterDrift), int16(LedgerMismatch))
	return collect(rows, err, func(row pgx.Row) (*AccountFault, error) {
		f := &AccountFault{}
		var started, ended time.Time
		err := row.Scan(&f.Account, &f.Counters, &f.Mismatches, &started, &ended)
		f.StartedAt, f.FinishedAt = waterfall.InstantOf(started), waterfall.InstantOf(ended)
		return f, err
	})
}

// Cleared lists those of the accounts that a reconciliation found right, in its
// ledger or in its counters, which began after an instant of each: one of the
// account, or, for the ledger, one of everything that kept all it found. What
// is compared of everything is only a sample of the counters.
func (w *WatchTx) Cleared(ctx context.Context, counters bool, since map[string]waterfall.Instant) (map[string]waterfall.Instant, error) {
	accounts, times, ids := make([]string, 0, len(since)), make([]time.Time, 0, len(since)), make([]ID, 0, len(since))
	for account, at := range since {
		accounts, times, ids = append(accounts, account), append(times, at.Time()), append(ids, FirstID(at))
	}
	return w.instants(ctx, sqlCleared, accounts, times, ids, counters, CountersCheck, maxKept)
}

// OverdueHolds are the holds of an account that should have ended.
type OverdueHolds struct {
	Account string
	Count   int64
	Oldest  waterfall.Instant // when it should have
}

// overdueLimit bounds the holds that are looked at, and with them the work
// while nothing expires.
const overdueLimit = 10_000

// Overdue lists, by account, the holds that should have ended before an
// instant, the most overdue first: at most limit accounts, and those named.
func (w *WatchTx) Overdue(ctx context.Context, before waterfall.Instant, limit int, accounts []string) ([]OverdueHolds, error) {
	rows, err := w.tx.Query(ctx, sqlOverdue, before.Time(), overdueLimit, limit, accounts)
	return collect(rows, err, func(row pgx.Row) (*OverdueHolds, error) {
		o := &OverdueHolds{}
		var oldest time.Time
		err := row.Scan(&o.Account, &o.Count, &oldest)
		o.Oldest = waterfall.InstantOf(oldest)
		return o, err
	})
}

// instants reads rows of an account and a time.
func (w *WatchTx) instants(ctx context.Context, sql string, args ...any) (map[string]waterfall.Instant, error) {
	rows, err := w.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	found := map[string]waterfall.Instant{}
	var account string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&account, &at}, func() error {
		found[account] = waterfall.InstantOf(at)
		return nil
	})
	return found, err
}
