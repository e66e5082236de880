package ledger

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// UsagePoint is what was used of a feature in an interval, by the kind of the
// bucket that paid, and what refunds made in that interval gave back to it. Its
// sums may exceed 64 bits: two users may use 2^53 - 1 units each, and nobody
// bounds the users.
type UsagePoint struct {
	Start    waterfall.Instant
	Feature  string
	Kind     waterfall.Kind
	Quantity *big.Int
	Credits  *big.Int // millionths
	// Refunded and RefundedCredits count to the interval of the refund, whenever
	// the decision was made, as the REFUND postings do.
	Refunded        *big.Int
	RefundedCredits *big.Int // millionths
}

// usedAndRefunded are the parts of events as everyPart has them, and of refunds
// the steps, which say in negative numbers what each bucket was given back. One
// pass over the rows of an account tells the refunds and what cost nothing.
const usedAndRefunded = `(select u.account_id, u.id, u.created_at, u.feature, m.kind, m.quantity, m.credits, 0 as refunded, 0 as refunded_credits
		from usage_events u join monetization_events m on m.account_id = u.account_id and m.usage_event_id = u.id
		where not ` + costless + `
	union all
	select u.account_id, u.id, u.created_at, u.feature, t.kind, greatest(t.taken, 0), 0, greatest(-t.taken, 0), -t.credits
		from usage_events u cross join lateral (
			select (strpos('` + kindLetters + `', upper(left(s.step, 1))) - 1)::smallint as kind, n.taken, n.credits
			from string_to_table(u.steps, ';') s(step)
			cross join lateral (select coalesce(nullif(split_part(s.step, ',', 3), '')::bigint, 0) as taken,
				case when u.kind = 5 then coalesce(nullif(split_part(s.step, ',', 5), '')::bigint, 0) else 0 end as credits) n
			where n.taken <> 0 or n.credits <> 0) t
		where ` + costless + ` or u.kind = 5)` // refunded

// The events are found by their ids. Their times, which differ from those by a
// little, are written so that no index serves them: that of the times would be
// read too, for the time of all accounts. The intervals are told by their
// beginnings, so that days are those of any zone.
const sqlUsage = `select k.account_id, u.place, u.feature, u.kind, u.quantity, u.credits, u.refunded, u.refunded_credits
	from unnest($1::text[]) k(account_id)
	cross join lateral (
		select width_bucket(m.created_at, $5::timestamptz[]) as place, m.feature, m.kind, sum(m.quantity)::text as quantity, sum(m.credits)::text as credits,
			sum(m.refunded)::text as refunded, sum(m.refunded_credits)::text as refunded_credits
		from ` + usedAndRefunded + ` m
		where m.account_id = k.account_id and m.id >= $2 and m.id < $3
			and m.created_at + interval '0' >= $6 and m.created_at + interval '0' < $7 and ($4 = '' or m.feature = $4)
		group by 1, 2, 3) u
	order by 1, 2, 3, 4`

// Usage sums what accounts used in [from, to), by intervals that begin at
// starts, which ascend, the first of them not after from. Intervals without
// usage are left out.
func (l *Ledger) Usage(ctx context.Context, accounts []string, feature string, from, to waterfall.Instant,
	starts []waterfall.Instant) (map[string][]UsagePoint, error) {
	times := make([]time.Time, len(starts))
	for i, start := range starts {
		times[i] = start.Time()
	}
	rows, err := l.reader(ctx).Query(ctx, sqlUsage, accounts, FirstID(from), FirstID(to+batchSpan), feature, times, from.Time(), to.Time())
	if err != nil {
		return nil, err
	}
	used := make(map[string][]UsagePoint, len(accounts))
	var account string
	var place int
	var p UsagePoint
	var sums [4]string
	_, err = pgx.ForEachRow(rows, []any{&account, &place, &p.Feature, &p.Kind, &sums[0], &sums[1], &sums[2], &sums[3]}, func() error {
		p.Start = starts[place-1]
		for i, sum := range []**big.Int{&p.Quantity, &p.Credits, &p.Refunded, &p.RefundedCredits} {
			n, whole := new(big.Int).SetString(sums[i], 10)
			if !whole {
				return fmt.Errorf("ledger: the sum %q is no integer", sums[i])
			}
			*sum = n
		}
		used[account] = append(used[account], p)
		return nil
	})
	return used, err
}
