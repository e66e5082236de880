package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// querier is a connection or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// PostingRow is a posting with the denomination of its grant.
type PostingRow = book.Posting

const (
	sqlUsageSince = `select created_at, kind, user_id, feature, steps from usage_events
		where account_id = $1 and id >= $2 and (granted > 0 or decision_id is not null) order by id`

	sqlParts = `select part, kind, bucket, quantity, credits, price_version from monetization_events
		where account_id = $1 and usage_event_id = $2 order by part`

	sqlPostingsOf = `select ` + postingColumns + `, g.units from balance_updates b
		join grants g on g.account_id = b.account_id and g.id = b.grant_id
		where b.account_id = $1 and b.sequence >= $2 and b.sequence < $2 + $3 order by b.sequence`
)

// usageSince reads what counters count. The ids ascend with time, so that the
// primary key finds the first; events are made with only the fields that
// counters need.
func usageSince(ctx context.Context, q querier, account string, since waterfall.Instant, each func(*Event) error) error {
	rows, err := q.Query(ctx, sqlUsageSince, account, FirstID(since))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e := Event{Account: account}
		var at time.Time
		var steps string
		if err := rows.Scan(&at, &e.Kind, &e.User, &e.Feature, &steps); err != nil {
			return err
		}
		e.At = waterfall.InstantOf(at)
		if err := DecodeSteps(&e, steps); err != nil {
			return err
		}
		if err := each(&e); err != nil {
			return err
		}
	}
	return rows.Err()
}

func partsOf(ctx context.Context, q querier, e *Event) ([]Monetization, []PostingRow, error) {
	rows, err := q.Query(ctx, sqlParts, e.Account, e.ID)
	parts, err := collect(rows, err, func(row pgx.Row) (*Monetization, error) {
		m := Monetization{Account: e.Account, Event: e.ID}
		var price *int32
		err := row.Scan(&m.Part, &m.Kind, &m.Bucket, &m.Quantity, &m.Credits, &price)
		if price != nil {
			m.PriceVersion = *price
		}
		return &m, err
	})
	if err != nil || e.Postings == 0 {
		return parts, nil, err
	}
	postings, err := postingsOf(ctx, q, e)
	return parts, postings, err
}

// postingsOf reads the postings of an event: they stand together in the books.
func postingsOf(ctx context.Context, q querier, e *Event) ([]PostingRow, error) {
	if e.Postings == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, sqlPostingsOf, e.Account, e.FirstSequence, e.Postings)
	return collect(rows, err, scanPostingWithUnits)
}
