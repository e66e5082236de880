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

// AccountPage is a part of a list of accounts. Where More is set and fewer than
// asked were found, the list goes on behind Scanned.
type AccountPage struct {
	Accounts []Account
	More     bool
	Scanned  AccountPlace
}

// Place is where an account of the page stands in the list.
func (a *Account) Place() AccountPlace { return AccountPlace{a.CreatedAt, a.ID} }

const (
	sqlNewestAccounts = `select ` + accountColumns + ` from accounts
		where (created_at, account_id) < (coalesce($1, 'infinity'::timestamptz), $2)
		order by created_at desc, account_id desc limit $3`

	sqlAccountsFound = `
		(select account_id, created_at, true from accounts where account_id >= $1 and account_id < $2 order by account_id limit $3)
		union
		(select account_id, created_at, true from accounts
			where lower(name) collate "C" >= lower($1) collate "C" and lower(name) collate "C" < lower($2) collate "C"
			order by lower(name) collate "C", account_id limit $3)`

	sqlAccountsWalk = `select account_id, created_at, account_id >= $3 and account_id < $4
			or lower(name) collate "C" >= lower($3) collate "C" and lower(name) collate "C" < lower($4) collate "C"
		from accounts where (created_at, account_id) < (coalesce($1, 'infinity'::timestamptz), $2)
		order by created_at desc, account_id desc limit $5`
)

// Accounts lists all accounts, or those whose id or name begins with the search,
// the newest first. after nil is the beginning.
func (l *Ledger) Accounts(ctx context.Context, search string, first int, after *AccountPlace) (AccountPage, error) {
	if search != "" {
		return l.searchAccounts(ctx, prefix{search, search + "\U0010ffff"}, first, after)
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

// prefix bounds the texts that begin alike.
type prefix struct{ low, high string }

// What a search costs is bounded in two ways. Few accounts are all found by the
// indexes of ids and names, and put in order. Of more than those the list of all
// accounts is gone through: as many as begin alike, they are not far apart.
const (
	fewAccounts   = 1_000
	accountBudget = 20_000
	accountChunk  = 2_000
)

// searchAccounts finds the places of a page, then its accounts.
func (l *Ledger) searchAccounts(ctx context.Context, p prefix, first int, after *AccountPlace) (AccountPage, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlAccountsFound, p.low, p.high, fewAccounts)
	found, err := collect(rows, err, scanPassed)
	if err != nil {
		return AccountPage{}, err
	}
	var page AccountPage
	places := behind(found, after)
	if len(found) >= fewAccounts { // perhaps not all
		if places, page, err = l.walkAccounts(ctx, p, first, after); err != nil {
			return page, err
		}
	}
	if len(places) > first {
		places, page.More = places[:first], true
	}
	ids := make([]string, len(places))
	for i, place := range places {
		ids[i] = place.ID
	}
	page.Accounts, err = l.AccountsByID(ctx, ids)
	slices.SortFunc(page.Accounts, func(a, b Account) int { return a.Place().order(b.Place()) })
	return page, err
}

// behind puts the accounts of a search that come after a place in order.
func behind(found []passed, after *AccountPlace) []AccountPlace {
	var places []AccountPlace
	for _, f := range found {
		if after == nil || after.order(f.AccountPlace) < 0 {
			places = append(places, f.AccountPlace)
		}
	}
	slices.SortFunc(places, AccountPlace.order)
	return places
}

// walkAccounts goes through all accounts, the newest first, until it has found
// more than a page or looked at as many as it may.
func (l *Ledger) walkAccounts(ctx context.Context, p prefix, first int, after *AccountPlace) (places []AccountPlace, page AccountPage, err error) {
	for scanned := 0; scanned < accountBudget; scanned += accountChunk {
		at, id := after.arguments()
		rows, err := l.reader(ctx).Query(ctx, sqlAccountsWalk, at, id, p.low, p.high, accountChunk)
		found, err := collect(rows, err, scanPassed)
		if err != nil {
			return nil, page, err
		}
		for i := range found {
			if found[i].matches {
				places = append(places, found[i].AccountPlace)
			}
		}
		if len(places) > first || len(found) < accountChunk {
			return places, page, nil
		}
		page.Scanned = found[len(found)-1].AccountPlace
		after = &page.Scanned
	}
	page.More = true
	return places, page, nil
}

// passed is an account that a search came by.
type passed struct {
	AccountPlace
	matches bool
}

func scanPassed(row pgx.Row) (*passed, error) {
	var p passed
	var at time.Time
	err := row.Scan(&p.ID, &at, &p.matches)
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
