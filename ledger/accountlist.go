package ledger

import (
	"context"
	"strings"
)

// AccountPlace is an account's place in a list of accounts. Of a search the
// accounts whose id begins as asked come first, in the order of their ids, then
// those whose name does, in the order of their names.
type AccountPlace struct {
	ID     string
	ByName bool
}

// FoundAccount is an account and how a search came to it.
type FoundAccount struct {
	*Account
	ByName bool
}

// AccountPage is a part of a list of accounts. Where More is set and fewer than
// asked were found, the list goes on behind Scanned.
type AccountPage struct {
	Accounts []FoundAccount
	More     bool
	Scanned  AccountPlace
}

const (
	sqlNewestAccounts = `select ` + accountColumns + ` from accounts
		where (created_at, account_id) < (coalesce((select created_at from accounts where account_id = $1), 'infinity'), $1)
		order by created_at desc, account_id desc limit $2`

	sqlAccountsByID = `select ` + accountColumns + ` from accounts where account_id > $1 and account_id >= $2 and account_id < $3
		order by account_id limit $4`

	sqlAccountsByName = `select ` + accountColumns + ` from accounts
		where (lower(name) collate "C", account_id) > (coalesce((select lower(name) from accounts where account_id = $1), lower($2)) collate "C", $1)
			and lower(name) collate "C" >= lower($2) collate "C" and lower(name) collate "C" < lower($3) collate "C"
		order by lower(name) collate "C", account_id limit $4`
)

// Accounts lists all accounts, the newest first, or those whose id or name
// begins with the search. after nil is the beginning.
func (l *Ledger) Accounts(ctx context.Context, search string, first int, after *AccountPlace) (AccountPage, error) {
	place := AccountPlace{}
	if after != nil {
		place = *after
	}
	page := AccountPage{}
	if search == "" {
		rows, err := l.reader(ctx).Query(ctx, sqlNewestAccounts, place.ID, first+1)
		found, err := collect(rows, err, scanAccount)
		page.add(found, place, first)
		return page, err
	}
	high := search + "\U0010ffff"
	if !place.ByName {
		rows, err := l.reader(ctx).Query(ctx, sqlAccountsByID, place.ID, search, high, first+1)
		found, err := collect(rows, err, scanAccount)
		if err != nil || page.add(found, place, first) {
			return page, err
		}
		place = AccountPlace{ByName: true}
	}
	return page, l.addByName(ctx, &page, search, high, place, first)
}

// add puts accounts on the page, and tells whether it was full before the last
// of them.
func (p *AccountPage) add(found []Account, at AccountPlace, first int) bool {
	for i := range found {
		if len(p.Accounts) == first {
			p.More = true
			return true
		}
		p.Accounts = append(p.Accounts, FoundAccount{&found[i], at.ByName})
	}
	return false
}

// addByName goes on with the accounts found by name, without those whose id
// begins so too: they came before. It looks at scanBudget of them at the most.
func (l *Ledger) addByName(ctx context.Context, page *AccountPage, search, high string, place AccountPlace, first int) error {
	for scanned := 0; scanned < scanBudget; {
		rows, err := l.reader(ctx).Query(ctx, sqlAccountsByName, place.ID, search, high, scanChunk)
		found, err := collect(rows, err, scanAccount)
		if err != nil {
			return err
		}
		for i := range found {
			place.ID = found[i].ID
			if !strings.HasPrefix(place.ID, search) && page.add(found[i:i+1], place, first) {
				return nil
			}
			page.Scanned = place
		}
		if len(found) < scanChunk {
			return nil
		}
		scanned += len(found)
	}
	page.More = true
	return nil
}

// AccountsByID reads accounts; those that do not exist are left out.
func (l *Ledger) AccountsByID(ctx context.Context, ids []string) ([]Account, error) {
	return accountsByID(ctx, l.reader(ctx), ids)
}

const sqlAccounts = `select ` + accountColumns + ` from unnest($1::text[]) k(id)
	cross join lateral (select * from accounts a where a.account_id = k.id limit 1) a`

func accountsByID(ctx context.Context, q querier, ids []string) ([]Account, error) {
	rows, err := q.Query(ctx, sqlAccounts, ids)
	return collect(rows, err, scanAccount)
}
