package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"spillway/engine/waterfall"
)

// querier is a connection or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

const (
	sqlUsageSince = `select account_id, created_at, kind, user_id, feature, steps from usage_events
		where account_id = $1 and id >= $2 and (granted > 0 or decision_id is not null) order by id`

	// A lateral can only be joined by a nested loop, which hands on the rows of
	// each account as they come: to order all of them together would be a sort
	// of, after a FLUSHALL, a week of hundreds of accounts.
	sqlUsageSinceEach = `select u.account_id, u.created_at, u.kind, u.user_id, u.feature, u.steps from unnest($1::text[], $2::uuid[]) k(account_id, since)
		cross join lateral (select * from usage_events u
			where u.account_id = k.account_id and u.id >= k.since and (u.granted > 0 or u.decision_id is not null) order by u.id offset 0) u`
)

// Since names the events of an account from an instant on.
type Since struct {
	Account string
	At      waterfall.Instant
}

// UsageReader reads events of accounts, of each in the order of their ids, those
// that counters count: everything that granted or gave back. An event is there
// until the next one.
type UsageReader func(since []Since, each func(*Event) error) error

// usageSince reads what counters count. The ids ascend with time, so that the
// primary key finds the first; events are made with only the fields that
// counters need.
func usageSince(ctx context.Context, q querier, account string, since waterfall.Instant, each func(*Event) error) error {
	rows, err := q.Query(ctx, sqlUsageSince, account, FirstID(since))
	return eachUsage(rows, err, each)
}

// usageSinceEach reads it of several accounts.
func usageSinceEach(ctx context.Context, q querier, since []Since, each func(*Event) error) error {
	if len(since) == 1 { // no more than this one needs an order of its own
		return usageSince(ctx, q, since[0].Account, since[0].At, each)
	}
	accounts, ids := make([]string, len(since)), make([]ID, len(since))
	for i, s := range since {
		accounts[i], ids[i] = s.Account, FirstID(s.At)
	}
	rows, err := q.Query(ctx, sqlUsageSinceEach, accounts, ids)
	return eachUsage(rows, err, each)
}

// eachUsage hands on one event after the other, in the same place: after a
// FLUSHALL they are millions.
func eachUsage(rows pgx.Rows, err error, each func(*Event) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	r := reader{texts: &texts{}}
	var e Event
	for rows.Next() {
		r.values, r.next = rows.RawValues(), 0
		e = Event{Account: r.text(), At: r.instant(), Kind: EventKind(r.int16()), User: r.text(), Feature: r.text(), Steps: e.Steps[:0]}
		err := DecodeSteps(&e, string(r.raw()))
		if err = errors.Join(r.err, err); err != nil {
			return err
		}
		if err := each(&e); err != nil {
			return err
		}
	}
	return rows.Err()
}
