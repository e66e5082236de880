package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// AccountPlace is an account's place in a list of accounts, the newest of which
// comes first.
type AccountPlace struct {
	CreatedAt waterfall.Instant
	ID        string
}

// order sorts the newest first, and by id what is of one moment.
func (p AccountPlace) order(q AccountPlace) int {
	return cmp.Or(cmp.Compare(q.CreatedAt, p.CreatedAt), cmp.Compare(q.ID, p.ID))
}

// AccountPage is a part of a list of accounts. More tells that others follow.
type AccountPage struct {
	Accounts []Account
	More     bool
}

// Place is where an account of the page stands in the list.
func (a *Account) Place() AccountPlace { return AccountPlace{a.CreatedAt, a.ID} }

const (
	sqlNewestAccounts = `select ` + accountColumns + ` from accounts
		where (created_at, account_id) < (coalesce($1, 'infinity'::timestamptz), $2)
		order by created_at desc, account_id desc limit $3`

	// isFound is what a row s of account_search must be to be found by the terms $3
	// and the words $4.
	isFound = `s.terms @> $3::text[] and not exists (select from unnest($4::text[]) w where strpos(s.folded, w) = 0)`

	// Where many accounts match, some of the newest do.
	sqlNewestFound = `select s.account_id, s.created_at from (select * from account_search
			where (created_at, account_id) < (coalesce($1, 'infinity'::timestamptz), $2)
			order by created_at desc, account_id desc limit $6) s
		where ` + isFound + ` order by s.created_at desc, s.account_id desc limit $5`

	// Where few do, the index of the terms has them all. It is read before
	// anything is put in order: by the order alone the whole list might be gone
	// through.
	sqlAccountsFound = `with s as materialized (select s.account_id, s.created_at from account_search s where ` + isFound + `)
		select account_id, created_at from s where (created_at, account_id) < (coalesce($1, 'infinity'::timestamptz), $2)
		order by created_at desc, account_id desc limit $5`
)

// Accounts lists all accounts, or those that a search finds, the newest first:
// those in whose id or name each of its words stands, whatever their case and
// accents. after nil is the beginning.
func (l *Ledger) Accounts(ctx context.Context, search string, first int, after *AccountPlace) (AccountPage, error) {
	if words, terms := searchTerms(search); len(words) > 0 {
		return l.searchAccounts(ctx, words, terms, first, after)
	}
	at, id := after.arguments()
	rows, err := l.reader(ctx).Query(ctx, sqlNewestAccounts, at, id, first+1)
	found, err := collect(rows, err, scanListedAccount)
	page := AccountPage{Accounts: found[:min(first, len(found))], More: len(found) > first}
	return page, err
}

// arguments are the place as statements take it; nil is before the newest.
func (p *AccountPlace) arguments() (at *time.Time, id string) {
	if p == nil {
		return nil, ""
	}
	t := p.CreatedAt.Time()
	return &t, p.ID
}

// newestSearched is how many of the newest accounts a search looks at before it
// asks the index.
const newestSearched = 1_000

// searchAccounts finds the places of a page, then its accounts.
func (l *Ledger) searchAccounts(ctx context.Context, words, terms []string, first int, after *AccountPlace) (AccountPage, error) {
	at, id := after.arguments()
	rows, err := l.reader(ctx).Query(ctx, sqlNewestFound, at, id, terms, words, first+1, newestSearched)
	places, err := collect(rows, err, scanPlace)
	if err == nil && len(places) <= first {
		places, err = l.placesFound(ctx, at, id, terms, words, first+1)
	}
	if err != nil {
		return AccountPage{}, err
	}
	page := AccountPage{More: len(places) > first}
	ids := make([]string, min(first, len(places)))
	for i := range ids {
		ids[i] = places[i].ID
	}
	page.Accounts, err = l.AccountsByID(ctx, ids)
	slices.SortFunc(page.Accounts, func(a, b Account) int { return a.Place().order(b.Place()) })
	return page, err
}

// placesFound asks the index of the terms. However common the database takes
// them to be, it may not read the whole table.
func (l *Ledger) placesFound(ctx context.Context, at *time.Time, id string, terms, words []string, limit int) (places []AccountPlace, err error) {
	err = pgx.BeginTxFunc(ctx, l.reader(ctx), pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "set local enable_seqscan = off"); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlAccountsFound, at, id, terms, words, limit)
		places, err = collect(rows, err, scanPlace)
		return err
	})
	return places, err
}

func scanPlace(row pgx.Row) (*AccountPlace, error) {
	var p AccountPlace
	var at time.Time
	err := row.Scan(&p.ID, &at)
	p.CreatedAt = waterfall.InstantOf(at)
	return &p, err
}

// AccountsByID reads accounts; those that do not exist are left out.
func (l *Ledger) AccountsByID(ctx context.Context, ids []string) ([]Account, error) {
	return accountsByID(ctx, l.reader(ctx), ids)
}

func scanListedAccount(row pgx.Row) (*Account, error) { return scanAccount(row) }

const sqlAccounts = `select ` + accountColumns + ` from unnest($1::text[]) k(id)
	cross join lateral (select * from accounts a where a.account_id = k.id limit 1) a`

func accountsByID(ctx context.Context, q querier, ids []string) ([]Account, error) {
	rows, err := q.Query(ctx, sqlAccounts, ids)
	return collect(rows, err, scanListedAccount)
}
