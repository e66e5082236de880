package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// DaySpending is what an account spent on a feature on a UTC day, in millionths:
// what was charged for decisions and settlements of that day, less the refunds
// of that day. A hold that is open has spent nothing.
type DaySpending struct {
	Account string
	Feature string
	Day     waterfall.Instant
	Net     int64
}

// The events are found by their ids, as those of sqlUsage. A sum that 64 bits do
// not hold stops at their ends.
const sqlSpending = `select k.account_id, u.feature, u.day, least(greatest(u.net, -9223372036854775807), 9223372036854775807)::bigint
	from unnest($1::text[]) k(account_id)
	cross join lateral (
		select u.feature, date_trunc('day', u.created_at, 'UTC') as day, sum(` + spentSQL + ` - case when u.kind = 5 then u.charged else 0 end) as net
		from usage_events u
		where u.account_id = k.account_id and u.id >= $2 and u.id < $3 and u.charged > 0
			and u.created_at + interval '0' >= $4 and u.created_at + interval '0' < $5
		group by 1, 2) u
	where u.net <> 0`

// Spending sums what accounts spent in [from, to) by feature and UTC day. Days on
// which it comes to 0 are left out.
func (l *Ledger) Spending(ctx context.Context, accounts []string, from, to waterfall.Instant) ([]DaySpending, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlSpending, accounts, FirstID(from), FirstID(to+batchSpan), from.Time(), to.Time())
	return collect(rows, err, func(row pgx.Row) (*DaySpending, error) {
		s := &DaySpending{}
		var day time.Time
		err := row.Scan(&s.Account, &s.Feature, &day, &s.Net)
		s.Day = waterfall.InstantOf(day)
		return s, err
	})
}
