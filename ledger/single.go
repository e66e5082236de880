package ledger

import (
	"slices"

	"github.com/jackc/pgx/v5"
)

// The statements of Options.SingleAccount: those of a batch that would lock
// several accounts at once, here one for each account, sent together. Accounts
// are still locked in their byte order, because a pipeline runs in its own.

const (
	sqlLockOne = `select a.*, clock_timestamp() from (select ` + accountColumns + ` from accounts where account_id = $1 for no key update) a`

	sqlUpdateLot = `update grants set remaining = $3, held = $4, voided_at = $5, expired_at = $6, due_at = $7, issues = $8, postings = $9,
		closed = $10, opening = nullif($11::bigint, 0), rooms = $12 where account_id = $1 and id = $2`

	sqlUpdateHead = `update accounts set version = $2, decided_at = $3, sequence = $4, balance = $5, chain = $6, events = $7, hold_due = $8
		where account_id = $1`
)

func queueLocksOfOne(batch *pgx.Batch, accounts []string, locked func(pgx.Rows) error) {
	for _, id := range slices.Sorted(slices.Values(accounts)) {
		batch.Queue(sqlLockOne, id).Query(locked)
	}
}

func queueLotsOfOne(batch *pgx.Batch, all []Grant) {
	for i := range all {
		g := &all[i]
		batch.Queue(sqlUpdateLot, g.Account, g.ID, g.Remaining, g.Held, timestamp(g.VoidedAt), timestamp(g.ExpiredAt), timestamp(g.DueAt),
			g.Issues, g.Postings, g.Closed, g.Opening, g.Rooms)
	}
}

func queueHeadsOfOne(batch *pgx.Batch, all []*Account) {
	for _, a := range all {
		batch.Queue(sqlUpdateHead, a.ID, a.Version, a.DecidedAt.Time(), a.Head.Sequence, a.Head.Balance, a.Head.Chain[:], a.Events, timestamp(a.HoldDue))
	}
}
