package ledger

import "github.com/jackc/pgx/v5/pgxpool"

// What the tests from outside may see of the inside.

// WritePool is the pool that batches run on.
func (l *Ledger) WritePool() *pgxpool.Pool { return l.write }

// ReadPool is the pool that queries run on.
func (l *Ledger) ReadPool() *pgxpool.Pool { return l.read }

// OwnPool is the pool of those who see one account.
func (l *Ledger) OwnPool() *pgxpool.Pool { return l.own }

// DropOldPlans is what a pool does with a connection that it gives out.
var DropOldPlans = dropOldPlans

// ListStatements are those of the lists, and of what is nested in them, by name.
var ListStatements = map[string]string{
	"newest accounts": sqlNewestAccounts, "accounts": sqlAccounts,
	"decisions": sqlEventsBefore, "followers": sqlFollowers, "parts": sqlParts, "postings": sqlPostingsOf, "decision ids": sqlDecisionIDs,
	"grants": sqlGrants, "unspent grants": sqlUnspentGrants, "grants by id": sqlGrantsByID, "balance updates": sqlBalanceUpdates,
	"audit log": sqlAuditLog, "audit log of one": sqlAuditLogOf,
	"reconciliations": sqlReconciliations, "reconciliations of one": sqlReconciliationsOf, "mismatches": sqlMismatches,
	"anomalies": sqlAnomalies, "open anomalies": sqlOpenAnomalies, "resolved anomalies": sqlResolvedAnomalies,
	"usage": sqlUsage, "the newest of a moment": sqlHeadsAt, "what happened to grants": sqlFold,
}

// SearchStatements are those of a search for accounts, by name.
var SearchStatements = map[string]string{"newest": sqlNewestFound, "found": sqlAccountsFound}

// TimeStatements are those that find rows of all accounts by their time, by name.
var TimeStatements = map[string]string{"feed of all": sqlFeedAll, "changed since": sqlChangedSince}

// HotStatements are those that every batch runs, by name.
var HotStatements = map[string]string{
	"lock": sqlLock, "earlier": sqlEarlier, "decisions": sqlDecisions, "open grants": sqlOpenGrants, "grants by id": sqlGrantsByID,
	"grants by key": sqlGrantsByKey, "usage since": sqlUsageSince, "usage since, each": sqlUsageSinceEach, "parts": sqlParts, "postings": sqlPostingsOf,
	"update lots": sqlUpdateLots, "update heads": sqlUpdateHeads,
	"lock one": sqlLockOne, "update lot": sqlUpdateLot, "update head": sqlUpdateHead,
	"insert events": sqlInsertEvents, "insert monetization": sqlInsertMonetization, "insert postings": sqlInsertPostings,
}

// EventRows are events as they are sent to be inserted.
func EventRows(events ...Event) any { return eventRows(events) }

// EveryPart are all monetization events, stored and told.
const EveryPart = everyPart
