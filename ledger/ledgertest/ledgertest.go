// Package ledgertest gives each test a migrated database of its own, on the
// PostgreSQL of the test run. It never skips: without one the test fails and
// says what to run.
package ledgertest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/ledger"
	"spillway/migrations"
)

// Variable names the environment variable that holds the URL of the test run's
// PostgreSQL, as a superuser.
const Variable = "SPILLWAY_TEST_DATABASE_URL"

// CitusVariable names the environment variable that holds the URL of a Citus
// whose one node has all shards, as a superuser. Where it is set, the tests run
// there, on tables distributed by account.
const CitusVariable = "CITUS_DATABASE_URL"

var (
	once     sync.Once
	onceErr  error
	template string
	count    atomic.Int64
)

// URL makes a fresh migrated database and returns its URL, for a superuser.
func URL(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), count.Add(1))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if citus := os.Getenv(CitusVariable); citus != "" {
		if err := makeDistributed(ctx, citus, name); err != nil {
			t.Fatalf("the distributed database: %v", err)
		}
		t.Cleanup(func() { drop(citus, name) })
		return withDatabase(citus, name)
	}
	server := os.Getenv(Variable)
	if server == "" {
		t.Fatalf("%s is not set; run: make test", Variable)
	}
	once.Do(func() { template, onceErr = makeTemplate(ctx, server) })
	if onceErr != nil {
		t.Fatalf("the template database: %v", onceErr)
	}
	if err := locked(ctx, server, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "create database "+name+" template "+template)
		return err
	}); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() { drop(server, name) })
	return withDatabase(server, name)
}

// Options are those that the database of the tests asks for.
func Options() ledger.Options {
	return ledger.Options{SingleAccount: os.Getenv(CitusVariable) != ""}
}

// New opens a ledger on a fresh database.
func New(t testing.TB) *ledger.Ledger {
	t.Helper()
	return Open(t, URL(t))
}

// Open opens a ledger on a database that URL has made.
func Open(t testing.TB, databaseURL string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), databaseURL, Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// Exec runs SQL as a superuser, for tests that tamper.
func Exec(t testing.TB, databaseURL, sql string, args ...any) int64 {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	tag, err := c.Exec(ctx, sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return tag.RowsAffected()
}

// makeTemplate migrates the template database of this version of the schema,
// unless another package's tests have.
func makeTemplate(ctx context.Context, server string) (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	return name, locked(ctx, server, func(c *pgx.Conn) error {
		var there bool
		if err := c.QueryRow(ctx, "select exists (select from pg_database where datname = $1 and datistemplate)", name).Scan(&there); err != nil || there {
			return err
		}
		if _, err := c.Exec(ctx, "drop database if exists "+name); err != nil {
			return err
		}
		if _, err := c.Exec(ctx, "create database "+name); err != nil {
			return err
		}
		if err := ledger.Migrate(ctx, withDatabase(server, name)); err != nil {
			return err
		}
		_, err := c.Exec(ctx, "alter database "+name+" is_template true")
		return err
	})
}

// makeDistributed makes a database without a template: Citus would not know the
// copied tables as its own.
func makeDistributed(ctx context.Context, server, name string) error {
	if err := locked(ctx, server, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "create database "+name)
		return err
	}); err != nil {
		return err
	}
	database := withDatabase(server, name)
	c, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, "create extension citus"); err != nil {
		return err
	}
	if err := ledger.Migrate(ctx, database); err != nil {
		return err
	}
	for _, sql := range []string{
		"set citus.shard_count = 4",
		"select create_distributed_table('accounts', 'account_id')",
		`select create_distributed_table(table_name::text, 'account_id', colocate_with => 'accounts') from information_schema.columns
			where table_schema = 'public' and column_name = 'account_id' and table_name <> 'accounts'`,
		`select create_reference_table(t::text) from unnest(array['features', 'prices', 'plans', 'catalog_version']) t`,
	} {
		if _, err := c.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func templateName() (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := migrations.FS.ReadFile(path)
		sum.Write(text)
		return err
	})
	return "template_" + hex.EncodeToString(sum.Sum(nil)[:6]), err
}

// locked runs one at a time over all packages: a template that is in use
// cannot be copied.
func locked(ctx context.Context, server string, work func(*pgx.Conn) error) error {
	return kept(ctx, server, func(c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "select pg_advisory_lock(7074001)"); err != nil {
			return err
		}
		defer func() { _, _ = c.Exec(ctx, "select pg_advisory_unlock(7074001)") }()
		return work(c)
	})
}

// A test makes and drops a database; a connection for each of the two would cost
// as much as the database does.
var (
	keptLock sync.Mutex
	keptConn *pgx.Conn
)

// kept runs work on this process's one connection to the server, which is made
// anew after a fault.
func kept(ctx context.Context, server string, work func(*pgx.Conn) error) (err error) {
	keptLock.Lock()
	defer keptLock.Unlock()
	if keptConn == nil {
		if keptConn, err = pgx.Connect(ctx, server); err != nil {
			return err
		}
	}
	if err = work(keptConn); err != nil {
		_ = keptConn.Close(ctx)
		keptConn = nil
	}
	return err
}

func drop(server, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = kept(ctx, server, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "drop database if exists "+name+" with (force)")
		return err
	})
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return server + " dbname=" + name
	}
	u.Path = "/" + strings.TrimPrefix(name, "/")
	return u.String()
}

// Count runs a query for one number as a superuser.
func Count(t testing.TB, databaseURL, sql string, args ...any) (n int64) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	if err := c.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}
