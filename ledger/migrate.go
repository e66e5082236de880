package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"spillway/migrations"
)

// Migrate brings the schema up to date, and adds the accounts that stand to what
// searches read. Several processes may call it at once: one works, the others
// wait. The URL must name a role that may create tables and, the first time,
// roles.
func Migrate(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("DATABASE_URL cannot be read: %w", errors.Unwrap(err))
	}
	preferPrimary(&config.Config, url)
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }() // every statement has been answered by then
	if err := migrate(ctx, db); err != nil {
		return err
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }() // every statement has been answered by then
	_, err = indexAccounts(ctx, c, time.Time{})
	return err
}

func migrate(ctx context.Context, db *sql.DB) error {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// SchemaCurrent tells whether every migration that this program knows has been
// applied to the database.
func (l *Ledger) SchemaCurrent(ctx context.Context) (bool, error) {
	var applied int64
	err := l.read.QueryRow(ctx, `select coalesce(max(version_id), 0) from goose_db_version where is_applied`).Scan(&applied)
	if err != nil {
		return false, err
	}
	newest, err := newestMigration()
	return err == nil && applied >= newest, err
}

// newestMigration is the number of the last migration of this program.
func newestMigration() (number int64, err error) {
	files, err := fs.Glob(migrations.FS, "*.sql")
	for _, name := range files {
		n, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		number = max(number, n)
	}
	return number, err
}
