package ledger

import "context"

// WatchStatements are those of a pass and of the lists of anomalies, by name.
var WatchStatements = map[string]string{
	"paces": sqlPaces, "days counted": sqlCountDays, "last use": sqlLastUse, "overdue": sqlOverdue, "cleared": sqlCleared,
	"faults": sqlFaults, "days": sqlDays, "all": sqlAnomalies, "open": sqlOpenAnomalies, "resolved": sqlResolvedAnomalies,
}

// Setting is a setting of PostgreSQL as it is in the pass.
func (w *WatchTx) Setting(ctx context.Context, name string) (value string, err error) {
	err = w.tx.QueryRow(ctx, `select current_setting($1)`, name).Scan(&value)
	return value, err
}
