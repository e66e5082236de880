package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// What was drawn from grants in credits between two sequences, net of what came
// back. A sum over all time may be more than a bigint holds, so it stays a decimal.
const sqlSpent = `select k.account_id, trim_scale(coalesce(-sum(b.amount), 0) * 0.000001)::text
	from unnest($1::text[], $2::bigint[], $3::bigint[]) k(account_id, first, last)
	left join lateral (
		select b.amount from balance_updates b join grants g on g.account_id = b.account_id and g.id = b.grant_id
		where b.account_id = k.account_id and b.sequence between k.first and k.last and b.kind in ($4, $5) and not g.units) b on true
	group by k.account_id`

// Spent is what accounts spent in [from, to), net of refunds, as decimals of
// credits: the sum of the DEBIT and REFUND postings of that time. Accounts that
// do not exist are left out.
func (l *Ledger) Spent(ctx context.Context, accounts []string, from, to waterfall.Instant) (map[string]string, error) {
	spent := make(map[string]string, len(accounts))
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, l.reader(ctx), options, func(tx pgx.Tx) error {
		before, err := sequencesAt(ctx, tx, accounts, from-1)
		if err != nil {
			return err
		}
		upTo, err := sequencesAt(ctx, tx, accounts, to-1)
		if err != nil {
			return err
		}
		var known []string
		var first, last []int64
		for account, sequence := range upTo {
			known, first, last = append(known, account), append(first, before[account]+1), append(last, sequence)
		}
		rows, err := tx.Query(ctx, sqlSpent, known, first, last, int16(book.Debit), int16(book.Refund))
		if err != nil {
			return err
		}
		var account, sum string
		_, err = pgx.ForEachRow(rows, []any{&account, &sum}, func() error {
			spent[account] = sum
			return nil
		})
		return err
	})
	return spent, err
}

// sequencesAt are the sequences of the accounts' newest postings up to a moment.
func sequencesAt(ctx context.Context, tx pgx.Tx, accounts []string, at waterfall.Instant) (map[string]int64, error) {
	rows, err := tx.Query(ctx, sqlHeadsAt, accounts, at.Time())
	if err != nil {
		return nil, err
	}
	found := make(map[string]int64, len(accounts))
	var account string
	var head, sequence int64
	_, err = pgx.ForEachRow(rows, []any{&account, &head, &sequence}, func() error {
		found[account] = sequence
		return nil
	})
	return found, err
}
