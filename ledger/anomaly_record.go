package ledger

import (
	"context"

	"spillway/engine/waterfall"
)

// WatchResult is what a pass of the watch decided.
type WatchResult struct {
	WatchState
	// Days are added to what was counted before; days before KeepDays are
	// dropped, and so are conflicts of minutes before KeepConflicts.
	Days          []AccountDay
	KeepDays      int64
	KeepConflicts waterfall.Instant
	// Open are anomalies to open, Resolved those that are over.
	Open     []Anomaly
	Resolved []Anomaly
}

// Record writes a result and returns the anomalies that were opened: a cause
// that had its anomaly before gets no other.
func (w *WatchTx) Record(ctx context.Context, r *WatchResult) ([]Anomaly, error) {
	if err := w.recordDays(ctx, r); err != nil {
		return nil, err
	}
	if _, err := w.tx.Exec(ctx, `delete from key_conflicts where minute < $1`, r.KeepConflicts.Time()); err != nil {
		return nil, err
	}
	_, err := w.tx.Exec(ctx, `update anomaly_watch set counted_to = $1, reconciled_to = $2, next_at = $3`,
		r.CountedTo.Time(), r.ReconciledTo.Time(), r.NextAt.Time())
	if err != nil || len(r.Open)+len(r.Resolved) == 0 {
		return nil, err
	}
	return w.recordChanges(ctx, r)
}

func (w *WatchTx) recordDays(ctx context.Context, r *WatchResult) error {
	n := len(r.Days)
	if n == 0 {
		return nil
	}
	accounts, days, hours := make([]string, n), make([]int32, n), make([]int32, n)
	spent, denials := make([]int64, n), make([]int64, n)
	for i, d := range r.Days {
		accounts[i], days[i], hours[i], spent[i], denials[i] = d.Account, int32(d.Day), int32(d.Hours), d.PeakSpent, d.PeakDenials
	}
	_, err := w.tx.Exec(ctx, `insert into account_days as a (account_id, day, hours, peak_spent, peak_denials)
		select k, date '1970-01-01' + d, h, s, n from unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[]) x(k, d, h, s, n)
		on conflict (account_id, day) do update set hours = a.hours | excluded.hours,
			peak_spent = greatest(a.peak_spent, excluded.peak_spent), peak_denials = greatest(a.peak_denials, excluded.peak_denials)`,
		accounts, days, hours, spent, denials)
	if err != nil {
		return err
	}
	_, err = w.tx.Exec(ctx, `delete from account_days where day < date '1970-01-01' + $1::integer`, r.KeepDays)
	return err
}

// recordChanges numbers and writes what is resolved and opened.
func (w *WatchTx) recordChanges(ctx context.Context, r *WatchResult) (opened []Anomaly, err error) {
	var change int64
	if err := w.tx.QueryRow(ctx, `select coalesce(max(change), 0) from anomalies`).Scan(&change); err != nil {
		return nil, err
	}
	for _, a := range r.Resolved {
		change++
		_, err := w.tx.Exec(ctx, `update anomalies set resolved_at = greatest(opened_at, $3), change = $4 where account_id = $1 and id = $2`,
			a.Account, a.ID, a.ResolvedAt.Time(), change)
		if err != nil {
			return nil, err
		}
	}
	for _, a := range r.Open {
		a.Change = change + 1
		tag, err := w.tx.Exec(ctx, `insert into anomalies (`+anomalyColumns+`) values ($1, $2, $3, $4, null, $5, $6, $7, $8, $9, $10)
			on conflict do nothing`, a.Account, a.ID, a.Change, a.OpenedAt.Time(), a.Since.Time(), a.Observed, a.Expected,
			int16(a.Kind), a.Feature, a.Message)
		if err != nil {
			return nil, err
		}
		if tag.RowsAffected() == 1 {
			change++
			opened = append(opened, a)
		}
	}
	return opened, nil
}
