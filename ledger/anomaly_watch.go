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
	tx, err := l.read.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // after a commit it does nothing
	if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock($1)`, anomalyLock).Scan(&begun); err != nil || !begun {
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

// Pace is what an account spent and was denied in a stretch of time. The
// features are those that account for more than half, "" where none does.
type Pace struct {
	Account       string
	Spent         int64 // millionths
	SpentFeature  string
	Denials       int64
	DenialFeature string
}

// spentSQL and deniedSQL are what a usage event counts for: a hold is spent
// when it is settled.
const (
	spentSQL  = `case when u.kind = 2 or u.kind = 1 and u.status = 1 then u.charged else 0 end`
	deniedSQL = `case when u.kind = 1 and u.status = 2 then 1 else 0 end`
)

// Paces reads the paces since an instant of the accounts that spent or were
// denied at least so much, and of the accounts named. The coarse index over
// time finds the events.
func (w *WatchTx) Paces(ctx context.Context, since waterfall.Instant, spent, denials int64, accounts []string) ([]Pace, error) {
	rows, err := w.tx.Query(ctx, `select account_id, least(sum(spent), 9223372036854775807)::bigint, sum(denials)::bigint,
			coalesce(min(feature) filter (where spent * 2 > all_spent), ''), coalesce(min(feature) filter (where denials * 2 > all_denials), '')
		from (select account_id, feature, spent, denials,
				sum(spent) over (partition by account_id) as all_spent, sum(denials) over (partition by account_id) as all_denials
			from (select u.account_id, u.feature, sum(`+spentSQL+`) as spent, sum(`+deniedSQL+`) as denials
				from usage_events u where u.created_at >= $1 group by 1, 2) f) a
		where all_spent >= $2 or all_denials >= $3 or account_id = any($4)
		group by account_id order by account_id`, since.Time(), spent, denials, accounts)
	return collect(rows, err, func(row pgx.Row) (*Pace, error) {
		p := &Pace{}
		return p, row.Scan(&p.Account, &p.Spent, &p.Denials, &p.SpentFeature, &p.DenialFeature)
	})
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

const dayColumns = `account_id, day - date '1970-01-01', hours, peak_spent, peak_denials`

// CountDays sums up the usage events of [from, to) by account and day.
func (w *WatchTx) CountDays(ctx context.Context, from, to waterfall.Instant) ([]AccountDay, error) {
	rows, err := w.tx.Query(ctx, `select account_id, slot::date - date '1970-01-01', bit_or(hour),
			least(max(spent), 9223372036854775807)::bigint, max(denials)::bigint
		from (select u.account_id, date_bin('10 minutes', u.created_at, 'epoch') at time zone 'UTC' as slot,
				bit_or(case when u.kind = 1 then 1 << extract(hour from u.created_at at time zone 'UTC')::integer else 0 end) as hour,
				sum(`+spentSQL+`) as spent, sum(`+deniedSQL+`) as denials
			from usage_events u where u.created_at >= $1 and u.created_at < $2 group by 1, 2) s
		group by 1, 2 having bit_or(hour) <> 0 or max(spent) > 0`, from.Time(), to.Time())
	return collect(rows, err, scanAccountDay)
}

// Days reads what accounts did on the days [from, to).
func (w *WatchTx) Days(ctx context.Context, accounts []string, from, to int64) ([]AccountDay, error) {
	rows, err := w.tx.Query(ctx, `select `+dayColumns+` from account_days
		where account_id = any($1) and day >= date '1970-01-01' + $2::integer and day < date '1970-01-01' + $3::integer
		order by account_id, day`, accounts, from, to)
	return collect(rows, err, scanAccountDay)
}

// GoneSilent reads the days from a day on of the accounts that did something on
// at least seven of them and nothing in the hours since an instant.
func (w *WatchTx) GoneSilent(ctx context.Context, from int64, since waterfall.Instant) ([]AccountDay, error) {
	last := since.Second() / 86_400
	rows, err := w.tx.Query(ctx, `select `+dayColumns+` from account_days where account_id in (
			select account_id from account_days where day >= date '1970-01-01' + $1::integer
			group by account_id having count(*) >= 7 and max(day) <= date '1970-01-01' + $2::integer
				and not bool_or(day = date '1970-01-01' + $2::integer and hours >> ($3::integer + 1) <> 0))
		and day >= date '1970-01-01' + $1::integer order by account_id, day`, from, last, (since.Second()%86_400)/3600)
	return collect(rows, err, scanAccountDay)
}

// LastUse is when each account that is not suspended last asked for something.
func (w *WatchTx) LastUse(ctx context.Context, accounts []string) (map[string]waterfall.Instant, error) {
	return w.instants(ctx, `select a.account_id, u.created_at from accounts a cross join lateral (
			select created_at from usage_events u where u.account_id = a.account_id and u.decision_id is null order by u.id desc limit 1) u
		where a.account_id = any($1) and a.status = 1`, accounts)
}

// ConflictCount counts the keys of an account that were sent again with another
// request.
type ConflictCount struct {
	Account   string
	Conflicts int64
}

// Conflicts counts them by account since an instant.
func (w *WatchTx) Conflicts(ctx context.Context, since waterfall.Instant) ([]ConflictCount, error) {
	rows, err := w.tx.Query(ctx, `select account_id, sum(conflicts)::bigint from key_conflicts where minute > $1
		group by account_id order by account_id`, since.Time())
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
	rows, err := w.tx.Query(ctx, `select m.at_account, m.check_name = $3, count(*), r.started_at, r.finished_at
		from reconciliations r join mismatches m on m.account_id = r.account_id and m.reconciliation_id = r.id
		where r.id >= $1 and r.finished_at >= $2 and r.mismatches > 0 and not exists (select from anomalies a
			where a.account_id = m.at_account and a.kind = case when m.check_name = $3 then $4::smallint else $5 end and a.resolved_at > r.finished_at)
		group by m.at_account, m.check_name = $3, r.id, r.started_at, r.finished_at order by r.id, m.at_account`,
		FirstID(max(0, finished-longestReconciliation)), max(0, finished).Time(), CountersCheck, int16(CounterDrift), int16(LedgerMismatch))
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
	return w.instants(ctx, `select k.account_id, max(r.finished_at) from unnest($1::text[], $2::timestamptz[], $3::uuid[]) k(account_id, since, first)
		join reconciliations r on r.account_id in (k.account_id, '') and r.id >= k.first and r.started_at > k.since
			and r.finished_at is not null and r.scope = 1
		where not exists (select from mismatches m where m.account_id = r.account_id and m.reconciliation_id = r.id
				and m.at_account = k.account_id and (m.check_name = $4) = $6)
			and (r.account_id <> '' or not $6 and r.mismatches <= $5)
		group by k.account_id`, accounts, times, ids, CountersCheck, maxKept, counters)
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
	rows, err := w.tx.Query(ctx, `select k.account_id, count(*), min(h.expires_at) from (
			select account_id from (select account_id from (select account_id, expires_at from holds where expires_at < $1 order by expires_at limit $2) h
				group by account_id order by min(expires_at), account_id limit $3) worst
			union select unnest($4::text[])) k(account_id)
			join lateral (select expires_at from holds h where h.account_id = k.account_id and h.expires_at < $1) h on true
		group by k.account_id order by 3, 1`, before.Time(), overdueLimit, limit, accounts)
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
