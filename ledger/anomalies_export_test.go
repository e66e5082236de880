package ledger

// WatchStatements are those of a pass and of the lists of anomalies, by name.
var WatchStatements = map[string]string{
	"paces": sqlPaces, "days counted": sqlCountDays, "last use": sqlLastUse, "overdue": sqlOverdue, "cleared": sqlCleared,
	"faults": sqlFaults, "days": sqlDays, "all": sqlAnomalies, "open": sqlOpenAnomalies, "resolved": sqlResolvedAnomalies,
}
