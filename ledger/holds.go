package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// DueHold is an open hold whose time is up: the decision, and the postings of
// what it reserves.
type DueHold struct {
	Decision *Decision
	Postings []PostingRow
}

// DueHolds are the open holds of an account whose time is up, in the order in
// which they end.
type DueHolds struct {
	Holds []DueHold
	// Next is when the first of the others ends; 0: there is none.
	Next waterfall.Instant
}

const (
	fromDueHolds = ` from unnest($1::text[], $2::timestamptz[]) k(account_id, until)
		cross join lateral (select * from holds h where h.account_id = k.account_id and h.expires_at <= k.until offset 0) h
		cross join lateral (select * from usage_events u where u.account_id = h.account_id and u.id = h.decision_id limit 1) u`

	sqlDueHolds = `select ` + eventColumns + fromDueHolds + ` order by u.account_id, u.hold_until, u.id`

	sqlDuePostings = `select ` + postingColumns + `, g.units` + fromDueHolds + `
		cross join lateral (select * from balance_updates b where b.account_id = u.account_id
			and b.sequence >= u.first_sequence and b.sequence < u.first_sequence + u.postings offset 0) b
		cross join lateral (select units from grants g where g.account_id = b.account_id and g.id = b.grant_id limit 1) g
		order by b.account_id, b.sequence`

	sqlNextHold = `select k.account_id, h.next from unnest($1::text[], $2::timestamptz[]) k(account_id, until)
		cross join lateral (select min(expires_at) as next from holds h where h.account_id = k.account_id and h.expires_at > k.until) h
		where h.next is not null`
)

// DueHolds reads, under the locks, the holds of accounts that end until a moment
// of each, in one round trip.
func (tx *Tx) DueHolds(ctx context.Context, until []Since) (map[string]DueHolds, error) {
	return dueHolds(ctx, tx.conn, until)
}

// dueOf reads the holds that are due of accounts as they were read.
func dueOf(ctx context.Context, tx pgx.Tx, accounts []Account, now waterfall.Instant) (map[string]DueHolds, error) {
	var until []Since
	for i := range accounts {
		// As in a batch, nothing is earlier than the account's newest decision.
		a, at := &accounts[i], max(now, accounts[i].DecidedAt+1)
		if a.HoldDue != 0 && a.HoldDue <= at {
			until = append(until, Since{a.ID, at})
		}
	}
	if len(until) == 0 {
		return nil, nil
	}
	return dueHolds(ctx, tx, until)
}

// batcher sends several statements at once: a connection or a transaction.
type batcher interface {
	SendBatch(context.Context, *pgx.Batch) pgx.BatchResults
}

func dueHolds(ctx context.Context, on batcher, until []Since) (map[string]DueHolds, error) {
	accounts, moments := make([]string, len(until)), make([]time.Time, len(until))
	for i, u := range until {
		accounts[i], moments[i] = u.Account, u.At.Time()
	}
	due := make(map[string]DueHolds, len(until))
	for _, u := range until {
		due[u.Account] = DueHolds{}
	}
	var events []Event
	var postings []PostingRow
	batch := &pgx.Batch{}
	batch.Queue(sqlDueHolds, accounts, moments).Query(func(rows pgx.Rows) (err error) {
		events, err = collect(rows, nil, scanPlainEvent)
		return err
	})
	batch.Queue(sqlDuePostings, accounts, moments).Query(func(rows pgx.Rows) (err error) {
		postings, err = collect(rows, nil, scanPostingWithUnits)
		return err
	})
	batch.Queue(sqlNextHold, accounts, moments).Query(func(rows pgx.Rows) error {
		var account string
		var next time.Time
		_, err := pgx.ForEachRow(rows, []any{&account, &next}, func() error {
			due[account] = DueHolds{Next: waterfall.InstantOf(next)}
			return nil
		})
		return err
	})
	if err := on.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	bySource := map[EventRef][]PostingRow{}
	for _, p := range postings {
		ref := EventRef{p.Account, p.Source}
		bySource[ref] = append(bySource[ref], p)
	}
	for i := range events {
		e := &events[i]
		of := due[e.Account]
		of.Holds = append(of.Holds, DueHold{&Decision{Event: *e}, bySource[EventRef{e.Account, e.ID}]})
		due[e.Account] = of
	}
	return due, nil
}
