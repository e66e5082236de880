package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// ownTables are those of which who sees one account sees their own rows.
var ownTables = []string{"accounts", "grants", "usage_events", "monetization_events", "balance_updates", "holds"}

// Whatever is asked on the connections of who sees one account, the database
// has no rows of others, and none at all for who has no account.
func TestOnlyOneAccountIsThere(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	ctx := t.Context()
	c := connect(t, url)
	seed(t, c, 3)
	// One connection: what one reader sees must not be left for the next.
	l, err := ledger.Open(ctx, url, ledger.Options{Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	for _, account := range []string{"a1", "a2", "nobody", "", "a1"} {
		for _, table := range ownTables {
			var rows, others int64
			err := l.OwnPool().QueryRow(ledger.Only(ctx, account), `select count(*), count(*) filter (where account_id <> $1) from `+table, account).Scan(&rows, &others)
			if err != nil || others != 0 || (rows > 0) != (account == "a1" || account == "a2") {
				t.Errorf("%q sees %d rows of %s, %d of others: %v", account, rows, table, others, err)
			}
		}
	}
	var all int64
	if err := l.ReadPool().QueryRow(ctx, `select count(*) from usage_events`).Scan(&all); err != nil || all != 300 {
		t.Errorf("the server sees %d events: %v", all, err)
	}
}

func TestWhoSeesOneAccountOnlyReads(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t)
	ctx := ledger.Only(t.Context(), "a")
	for _, sql := range []string{"select from audit_log", "select from reconciliations", "select from mismatches", "select from anomalies",
		"select from account_days", "select from key_conflicts", "update accounts set status = 2", "delete from holds", "delete from grants", "truncate usage_events",
		"insert into catalog_version (version) values (9)", "alter table accounts disable row level security"} {
		var pg *pgconn.PgError
		if _, err := l.OwnPool().Exec(ctx, sql); !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("it may %s: %v", sql, err)
		}
	}
	if _, err := l.CreateAccount(ctx, &ledger.Account{ID: "a", Status: ledger.Active}, &ledger.AuditEntry{}); err == nil {
		t.Error("an account was created")
	}
}

// Every table with rows of accounts is either walled or out of reach.
func TestNoTableOfAccountsIsForgotten(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	open := rows(t, url, `select c.relname::text from pg_class c where relkind = 'r' and relnamespace = 'public'::regnamespace
		and has_table_privilege('spillway_user', c.oid, 'SELECT') and not relrowsecurity order by 1`)
	if !slices.Equal(open, []string{"catalog_version", "features", "plans", "price_outcomes", "prices"}) {
		t.Errorf("without a wall: %v", open)
	}
	walled := rows(t, url, `select relname::text from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace order by 1`)
	if want := slices.Sorted(slices.Values(ownTables)); !slices.Equal(walled, want) {
		t.Errorf("walled: %v", walled)
	}
}
