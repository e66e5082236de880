package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// AnomalyKind says what the server noticed. The values are stored; their order
// must not change.
type AnomalyKind uint8

// The kinds of the public contract.
const (
	SpendSpike AnomalyKind = iota + 1
	DenialSpike
	UsageStopped
	KeyConflicts
	LedgerMismatch
	CounterDrift
	StaleHolds
)

var anomalyNames = [...]string{"", "SPEND_SPIKE", "DENIAL_SPIKE", "USAGE_STOPPED", "KEY_CONFLICTS", "LEDGER_MISMATCH", "COUNTER_DRIFT", "STALE_HOLDS"}

// AnomalyKinds lists all kinds.
func AnomalyKinds() []AnomalyKind {
	return []AnomalyKind{SpendSpike, DenialSpike, UsageStopped, KeyConflicts, LedgerMismatch, CounterDrift, StaleHolds}
}

// String is the kind's name in the public contract.
func (k AnomalyKind) String() string {
	if int(k) < len(anomalyNames) {
		return anomalyNames[k]
	}
	return "UNKNOWN"
}

// Anomaly is something that the server noticed by itself and an admin should
// know of.
type Anomaly struct {
	ID   ID
	Kind AnomalyKind
	// Account is whose it is, "" for none; Feature is set where one feature
	// accounts for most of it.
	Account string
	Feature string
	// Message is one sentence for an admin.
	Message string
	// Observed and Expected are credits, or counts, in ten minutes, of spikes;
	// hours of silence of USAGE_STOPPED; counts of the others.
	Observed float64
	Expected float64
	// Since is when the cause began: one cause is one anomaly.
	Since    waterfall.Instant
	OpenedAt waterfall.Instant
	// ResolvedAt is 0 while it is open.
	ResolvedAt waterfall.Instant
	// Change ascends with every opening and resolution of any anomaly.
	Change int64
}

const anomalyColumns = `account_id, id, change, opened_at, resolved_at, since, observed, expected, kind, feature, message`

func scanAnomaly(row pgx.Row) (*Anomaly, error) {
	a := &Anomaly{}
	var opened, since time.Time
	var resolved *time.Time
	err := row.Scan(&a.Account, &a.ID, &a.Change, &opened, &resolved, &since, &a.Observed, &a.Expected, &a.Kind, &a.Feature, &a.Message)
	a.OpenedAt, a.ResolvedAt, a.Since = waterfall.InstantOf(opened), instant(resolved), waterfall.InstantOf(since)
	return a, err
}

// The lists of anomalies, each in the order of an index.
const (
	sqlAnomalies = `select ` + anomalyColumns + ` from anomalies where id < $1 order by id desc limit $2`

	sqlOpenAnomalies = `select ` + anomalyColumns + ` from anomalies where id < $1 and resolved_at is null order by id desc limit $2`

	sqlResolvedAnomalies = `select ` + anomalyColumns + ` from anomalies where id < $1 and resolved_at is not null order by id desc limit $2`
)

// Anomalies lists anomalies, the newest first: the open ones, the resolved
// ones, or, where open is nil, all.
func (l *Ledger) Anomalies(ctx context.Context, open *bool, p Page) (all []Anomaly, more bool, err error) {
	sql := sqlAnomalies
	if open != nil {
		sql = sqlResolvedAnomalies
		if *open {
			sql = sqlOpenAnomalies
		}
	}
	rows, err := l.reader(ctx).Query(ctx, sql, p.before(), p.First+1)
	all, err = collect(rows, err, scanAnomaly)
	all, more = cut(all, p.First)
	return all, more, err
}

// AnomaliesChanged reads the anomalies that were opened or resolved behind a
// change, as they are now, in the order of their last change. Changes are
// numbered under a lock that is held to the commit, so that none appears behind
// a later one.
func (l *Ledger) AnomaliesChanged(ctx context.Context, after int64, limit int) ([]Anomaly, error) {
	rows, err := l.reader(ctx).Query(ctx, `select `+anomalyColumns+` from anomalies where change > $1 order by change limit $2`, after, limit)
	return collect(rows, err, scanAnomaly)
}

// NewestAnomalyChange is the number of the newest change, 0 before the first.
func (l *Ledger) NewestAnomalyChange(ctx context.Context) (change int64, err error) {
	err = l.reader(ctx).QueryRow(ctx, `select coalesce(max(change), 0) from anomalies`).Scan(&change)
	return change, err
}

// OpenAnomalies counts the open anomalies by kind; kinds without one are left
// out.
func (l *Ledger) OpenAnomalies(ctx context.Context) (map[AnomalyKind]int64, error) {
	rows, err := l.reader(ctx).Query(ctx, `select kind, count(*) from anomalies where resolved_at is null group by kind`)
	if err != nil {
		return nil, err
	}
	open := map[AnomalyKind]int64{}
	var kind AnomalyKind
	var count int64
	_, err = pgx.ForEachRow(rows, []any{&kind, &count}, func() error {
		open[kind] = count
		return nil
	})
	return open, err
}

// AddKeyConflicts adds to the count of keys that were sent again with another
// request, by account, in the minute that holds the instant.
func (l *Ledger) AddKeyConflicts(ctx context.Context, at waterfall.Instant, counts map[string]int64) error {
	accounts, conflicts := make([]string, 0, len(counts)), make([]int64, 0, len(counts))
	for account, n := range counts {
		accounts, conflicts = append(accounts, account), append(conflicts, n)
	}
	// In order, so that two processes lock the rows in the same one.
	_, err := l.reader(ctx).Exec(ctx, `insert into key_conflicts (account_id, minute, conflicts)
		select account_id, $1, n from unnest($2::text[], $3::bigint[]) k(account_id, n) order by account_id
		on conflict (account_id, minute) do update set conflicts = key_conflicts.conflicts + excluded.conflicts`,
		at.Time().Truncate(time.Minute), accounts, conflicts)
	return err
}
