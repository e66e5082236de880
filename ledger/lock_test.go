package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestABatchHoldsItsAccounts: from when they are read until the transaction ends
// nobody else decides on them, whichever statements lock them; other accounts stand
// in nobody's way.
func TestABatchHoldsItsAccounts(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	at := time.Date(2026, 3, 11, 12, 0, 0, 0, time.UTC)
	ledgertest.Exec(t, url, `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
		select name, name, 1, 'none', gen_random_uuid(), $1, $1 from unnest(array['a', 'b', 'other']) name`, at)
	// free reports whether another session can lock an account at once.
	free := func(account string) bool {
		c, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close(t.Context()) }()
		_, err = c.Exec(t.Context(), "select from accounts where account_id = $1 for no key update nowait", account)
		var pg *pgconn.PgError
		if err != nil && (!errors.As(err, &pg) || pg.Code != "55P03") {
			t.Fatal(err)
		}
		return err == nil
	}
	for _, single := range []bool{false, true} {
		o := ledgertest.Options()
		o.SingleAccount = o.SingleAccount || single
		l, err := ledger.Open(t.Context(), url, o)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for _, accounts := range [][]string{{"a"}, {"a", "b"}} {
			tx, loaded, err := l.Begin(t.Context(), ledger.Want{Accounts: accounts})
			if err != nil || len(loaded.Accounts) != len(accounts) {
				t.Fatalf("%+v, %v", loaded, err)
			}
			for _, account := range accounts {
				if free(account) {
					t.Errorf("single %v: %s of %v is not held", single, account, accounts)
				}
			}
			if !free("other") {
				t.Errorf("single %v: an account that nobody asked for is held", single)
			}
			tx.Rollback()
			for _, account := range accounts {
				if !free(account) {
					t.Errorf("single %v: %s is held after the end", single, account)
				}
			}
		}
	}
}
