package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// accountTables hold the rows of accounts; the first three are the datasets.
var accountTables = []string{"usage_events", "monetization_events", "balance_updates", "accounts", "grants", "holds", "audit_log",
	"account_search", "reconciliations", "mismatches", "anomalies", "account_days", "key_conflicts"}

// rows runs a query as a superuser and returns its single text column.
func rows(t *testing.T, url, sql string, args ...any) []string {
	t.Helper()
	c := connect(t, url)
	found, err := c.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestTheSchemaCanBeDistributedByAccount: as the design says, in the catalog of
// the database itself.
func TestTheSchemaCanBeDistributedByAccount(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	if missing := rows(t, url, `select x from unnest($1::text[]) x where to_regclass('public.' || x) is null`, accountTables); len(missing) > 0 {
		t.Fatalf("the tables %v are not there", missing)
	}
	if more := rows(t, url, `select table_name::text from information_schema.columns where table_schema = 'public' and column_name = 'account_id'
		and table_name <> all($1)`, accountTables); len(more) > 0 {
		t.Errorf("the tables %v hold rows of accounts too", more)
	}
	keys := rows(t, url, `select c.relname from pg_index i join pg_class c on c.oid = i.indrelid where i.indisunique and c.relname = any($1)`, accountTables)
	if len(keys) < len(accountTables) {
		t.Errorf("only %d keys were looked at", len(keys))
	}
	for what, sql := range map[string]string{
		"unique keys that do not begin with account_id": `select c.relname || ': ' || pg_get_indexdef(i.indexrelid) from pg_index i
			join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
			where c.relname = any($1) and i.indisunique and a.attname <> 'account_id'`,
		"tables without a primary key": `select x from unnest($1::text[]) x where not exists (select from pg_index i where i.indrelid = x::regclass and i.indisprimary)`,
		"columns account_id that are no plain text": `select table_name || ' ' || data_type from information_schema.columns
			where table_name = any($1) and column_name = 'account_id' and (data_type <> 'text' or is_nullable <> 'NO')`,
		"triggers": `select tgname from pg_trigger where not tgisinternal or tgrelid::regclass::text = any($1)`,
		"rules":    `select rulename from pg_rules where schemaname = 'public' and tablename = any($1)`,
		"foreign keys": `select conname from pg_constraint where contype = 'f' and
			(conrelid::regclass::text = any($1) or confrelid::regclass::text = any($1))`,
		"identity and generated columns": `select table_name || '.' || column_name from information_schema.columns
			where table_name = any($1) and (is_identity = 'YES' or is_generated <> 'NEVER' or column_default like 'nextval%')`,
		"tables that are not logged": `select relname from pg_class where relname = any($1) and relpersistence <> 'p'`,
	} {
		if found := rows(t, url, sql, accountTables); len(found) > 0 {
			t.Errorf("%s: %v", what, found)
		}
	}
}

// TestTheColumnsThatOthersReadHaveTheirTypes: the words of semantics for who
// reads the tables with SQL.
func TestTheColumnsThatOthersReadHaveTheirTypes(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	got := rows(t, url, `select data_type from information_schema.columns where (table_name, column_name) in
		(('balance_updates', 'sequence'), ('balance_updates', 'amount'), ('accounts', 'account_id')) order by column_name`)
	if !slices.Equal(got, []string{"text", "bigint", "bigint"}) {
		t.Errorf("they are %v", got)
	}
	// No column that changes is in an index: updates stay on their page.
	if hot := rows(t, url, `select c.relname || '.' || a.attname from pg_index i join pg_class c on c.oid = i.indrelid
		join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
		where c.relname in ('accounts', 'grants') and a.attname in ('version', 'decided_at', 'sequence', 'balance', 'chain', 'remaining', 'held')`); len(hot) > 0 {
		t.Errorf("an index holds %v", hot)
	}
}

// TestTheServerCannotRewriteHistory: its role may add to the datasets and never
// change them.
func TestTheServerCannotRewriteHistory(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t)
	ctx := t.Context()
	refused := func(sql string) {
		t.Helper()
		for name, exec := range map[string]func() error{
			"the write pool": func() error { _, err := l.WritePool().Exec(ctx, sql); return err },
			"the read pool":  func() error { _, err := l.ReadPool().Exec(ctx, sql); return err },
		} {
			var pg *pgconn.PgError
			if err := exec(); !errors.As(err, &pg) || pg.Code != "42501" {
				t.Errorf("%s may %s: %v", name, sql, err)
			}
		}
	}
	for table, column := range map[string]string{"usage_events": "account_id", "monetization_events": "account_id", "balance_updates": "account_id",
		"audit_log": "account_id", "prices": "feature_key", "price_outcomes": "feature_key", "plans": "plan_key"} {
		refused("update " + table + " set " + column + " = ''")
		refused("delete from " + table)
		refused("truncate " + table)
	}
	for _, id := range []string{"", "a b", "é", "a\n", strings.Repeat("a", 129)} {
		_, err := l.WritePool().Exec(ctx, `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			values ($1, 'n', 1, 'p', gen_random_uuid(), now(), now())`, id)
		if err == nil {
			t.Errorf("the account %q was inserted", id)
		}
	}
	for _, sql := range []string{"update accounts set account_id = 'b'", "update accounts set created_at = now()", "truncate accounts", "delete from accounts", "delete from grants", "truncate grants", "truncate holds",
		"drop table usage_events", "alter table balance_updates disable trigger all", "create table public.x (y int)", "create role x",
		"alter role spillway_app superuser", "update goose_db_version set is_applied = false"} {
		refused(sql)
	}
	// Nor are there other roles that can.
	if others := rows(t, ledgertest.URL(t), `select grantee || ' ' || privilege_type || ' ' || table_name from information_schema.role_table_grants
		where table_name in ('usage_events', 'monetization_events', 'balance_updates') and privilege_type in ('UPDATE', 'DELETE', 'TRUNCATE')
		and grantee in ('spillway_app', 'spillway_reader', 'PUBLIC')`); len(others) > 0 {
		t.Errorf("granted: %v", others)
	}
}

func TestTheReaderOnlyReads(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	if more := rows(t, url, `select distinct privilege_type from information_schema.role_table_grants where grantee = 'spillway_reader'`); !slices.Equal(more, []string{"SELECT"}) {
		t.Errorf("it may %v", more)
	}
	if hidden := rows(t, url, `select relname::text from pg_class where relkind = 'r'
		and relnamespace = 'public'::regnamespace and not has_table_privilege('spillway_reader', oid, 'SELECT')`); len(hidden) > 0 {
		t.Errorf("it cannot read %v", hidden)
	}
}

// TestConstraintsSayAgainWhatTheCodeEnsures: rows that cannot be, the database
// refuses too.
func TestConstraintsSayAgainWhatTheCodeEnsures(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	ctx := t.Context()
	c := connect(t, url)
	seed(t, c, 3)
	for _, sql := range []string{
		"update grants set remaining = -1", "update grants set held = -1", "update grants set amount = 0", "update grants set kind = 2",
		"update grants set expires_at = effective_at", "update accounts set status = 3", "update accounts set spend_cap = -1",
		"update accounts set account_id = '' where account_id = 'a1'", "update accounts set sequence = -1", "update accounts set chain = ''",
		"update usage_events set granted = requested + 1", "update usage_events set granted = -1", "update usage_events set charged = -1",
		"update usage_events set status = 7", "update usage_events set kind = 0", "update balance_updates set balance_after = -1",
		"update balance_updates set account_balance_after = -1", "update balance_updates set sequence = 0", "update balance_updates set hash = ''",
		"update balance_updates set kind = 9", "update monetization_events set quantity = 0", "update monetization_events set credits = -1",
		"update monetization_events set part = -1",
	} {
		var pg *pgconn.PgError
		if _, err := c.Exec(ctx, sql); !errors.As(err, &pg) || pg.Code != "23514" {
			t.Errorf("%s: %v", sql, err)
		}
	}
	for _, sql := range []string{
		"insert into usage_events select (u).* from (select u from usage_events u limit 1) x",
		"insert into usage_events select gen_random_uuid(), decision_id, created_at, fingerprint, requested, granted, charged, first_sequence, hold_until, retry_at, plan_version, price_version, postings, kind, status, reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps, metadata from usage_events limit 1",
		"insert into balance_updates select (u).* from (select u from balance_updates u limit 1) x",
		"insert into grants select (u).* from (select u from grants u limit 1) x",
	} {
		var pg *pgconn.PgError
		if _, err := c.Exec(ctx, sql); !errors.As(err, &pg) || pg.Code != "23505" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// connect opens a connection of the superuser.
func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// seed fills the tables for n accounts: 100 events, 100 postings, 50 parts and
// 20 grants each.
func seed(t *testing.T, c *pgx.Conn, n int) {
	t.Helper()
	for _, sql := range []string{
		`insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			select 'a' || i, 'n', 1, 'p', gen_random_uuid(), now(), now() from generate_series(1, $1::int) i`,
		`insert into usage_events (id, decision_id, created_at, fingerprint, requested, granted, charged, plan_version, price_version, postings, kind, status,
			reason, allow_partial, account_id, idempotency_key, user_id, feature, plan_key, steps)
			select gen_random_uuid(), case when j % 20 = 0 then gen_random_uuid() end, now(), 1, 2, 1, 3, 1, 1, 1, 1, 1, 1, false, 'a' || i, 'k' || j, 'u', 'f', 'p', ''
			from generate_series(1, $1::int) i, generate_series(1, 100) j`,
		`insert into monetization_events (usage_event_id, quantity, credits, part, kind, account_id, bucket)
			select gen_random_uuid(), 1, 1, 0, 5, 'a' || i, 'c' from generate_series(1, $1::int) i, generate_series(1, 50)`,
		`insert into balance_updates (sequence, grant_id, source_id, amount, balance_after, account_balance_after, created_at, ordinal, kind, counter_account, account_id, hash)
			select j, gen_random_uuid(), gen_random_uuid(), 1, 1, 1, now(), 0, 1, 1, 'a' || i, decode(repeat('00', 32), 'hex')
			from generate_series(1, $1::int) i, generate_series(1, 100) j`,
		`insert into grants (id, remaining, held, amount, effective_at, created_at, fingerprint, priority, issues, postings, kind, units, closed, account_id, idempotency_key)
			select gen_random_uuid(), 1, 0, 1, now(), now(), 1, 1, 1, 1, 5, false, j > 3, 'a' || i, 'k' || j from generate_series(1, $1::int) i, generate_series(1, 20) j`,
		`insert into holds (account_id, decision_id, expires_at) select 'a' || i, gen_random_uuid(), now() from generate_series(1, $1::int) i`,
	} {
		if _, err := c.Exec(t.Context(), sql, n); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func TestMigrateTwiceAndBySeveralAtOnce(t *testing.T) {
	t.Parallel()
	migrated := ledgertest.URL(t)
	if err := ledger.Migrate(t.Context(), migrated); err != nil {
		t.Errorf("a second time: %v", err)
	}
	// Fresh databases in one cluster: roles are shared, schemas are not.
	var fresh []string
	for i := range 2 {
		name := fmt.Sprintf("%s_fresh%d", database(t, migrated), i)
		ledgertest.Exec(t, migrated, "create database "+name)
		t.Cleanup(func() { ledgertest.Exec(t, migrated, "drop database "+name+" with (force)") })
		u, err := url.Parse(migrated)
		if err != nil {
			t.Fatal(err)
		}
		u.Path = "/" + name
		fresh = append(fresh, u.String())
	}
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			if err := ledger.Migrate(t.Context(), fresh[i%2]); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, u := range fresh {
		l, err := ledger.Open(t.Context(), u, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		if current, err := l.SchemaCurrent(t.Context()); err != nil || !current {
			t.Errorf("current %v: %v", current, err)
		}
	}
	if same := rows(t, fresh[0], `select count(*)::text from goose_db_version`); same[0] != rows(t, migrated, `select count(*)::text from goose_db_version`)[0] {
		t.Errorf("%v migrations are noted", same)
	}
	ledgertest.Exec(t, fresh[0], "delete from goose_db_version where version_id > 0")
	l, err := ledger.Open(t.Context(), fresh[0], ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if current, err := l.SchemaCurrent(t.Context()); err != nil || current {
		t.Errorf("an old schema counts as current: %v", err)
	}
}

func database(t *testing.T, databaseURL string) string {
	t.Helper()
	u, err := url.Parse(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}
