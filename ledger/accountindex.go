package ledger

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const sqlAddSearchRow = `insert into account_search (account_id, created_at, folded, terms) values ($1, $2, $3, $4) on conflict (account_id) do nothing`

// queueSearchRow adds what an account is found by.
func queueSearchRow(batch *pgx.Batch, id, name string, createdAt time.Time) {
	folded, terms := searchRow(id, name)
	batch.Queue(sqlAddSearchRow, id, createdAt, folded, terms)
}

// indexChunk is how many accounts are added in one transaction.
const indexChunk = 1_000

// The terms of an account come as one text, a term a line: none holds the end of
// a line.
const sqlAddSearchRows = `insert into account_search (account_id, created_at, folded, terms)
	select k.id, k.at, k.folded, string_to_array(k.terms, E'\n') from unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) k(id, at, folded, terms)
	on conflict (account_id) do nothing`

const sqlNotIndexed = `select account_id, name, created_at from accounts a where account_id > $1 and created_at >= $2
		and not exists (select from account_search s where s.account_id = a.account_id)
	order by account_id limit $3`

// IndexAccounts adds the accounts that were created since a moment and that a
// search cannot find yet: those that are older than the index, and those that a
// server of an earlier version creates beside this one. It may break off anywhere
// and run any number of times at once. It returns how many it added.
func (l *Ledger) IndexAccounts(ctx context.Context, since time.Time) (added int64, err error) {
	return indexAccounts(ctx, l.write, since)
}

func indexAccounts(ctx context.Context, q querier, since time.Time) (added int64, err error) {
	type named struct {
		id, name  string
		createdAt time.Time
	}
	for last, more := "", true; more; {
		rows, err := q.Query(ctx, sqlNotIndexed, last, since, indexChunk)
		accounts, err := collect(rows, err, func(row pgx.Row) (*named, error) {
			var n named
			return &n, row.Scan(&n.id, &n.name, &n.createdAt)
		})
		if err != nil || len(accounts) == 0 {
			return added, err
		}
		n := len(accounts)
		ids, at, folded, terms := make([]string, n), make([]time.Time, n), make([]string, n), make([]string, n)
		for i, a := range accounts {
			ids[i], at[i] = a.id, a.createdAt
			text, all := searchRow(a.id, a.name)
			folded[i], terms[i] = text, strings.Join(all, "\n")
		}
		tag, err := q.Exec(ctx, sqlAddSearchRows, ids, at, folded, terms)
		if err != nil {
			return added, err
		}
		added += tag.RowsAffected()
		last, more = accounts[len(accounts)-1].id, len(accounts) == indexChunk
	}
	return added, nil
}
