package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/puddle/v2"
)

// AppRole is the database role that the server works as.
const AppRole = "spillway_app"

// Ledger is the store of record. It is safe for concurrent use.
type Ledger struct {
	// write runs the batches. Its plans are fixed to index look-ups.
	write *pgxpool.Pool
	// read serves queries, and own those of a context that sees one account:
	// see Only.
	read, own *pgxpool.Pool
	// single: see Options.
	single bool
	// closing ends the wait for COMMITs that nobody waits for any more.
	closing context.Context
	close   context.CancelFunc
	// demoted is when the pools were last emptied because the server takes no writes.
	demoted atomic.Int64
	// confirmation is what Ready knows of COMMITs.
	confirmation confirmation
}

// Options of Open.
type Options struct {
	// Writers and Readers are the most connections of each kind; 0: 16 and 16.
	// Half as many as Readers again serve those who see one account.
	Writers, Readers int
	// SingleAccount makes every statement of a batch that locks or changes rows
	// name one account: all that a PostgreSQL distributed by account (Citus)
	// locks in one statement. Measured, it costs the database 40 to 70 % more
	// CPU time for a decision, so it is not the default.
	SingleAccount bool
	// DialFunc replaces the dialer, so that a test can cut a connection.
	DialFunc pgconn.DialFunc
}

// Open prepares a ledger on the database of the URL. It connects lazily: a
// database that is away makes the calls fail, and they work again when it is
// back. Connections work as AppRole, those for who sees one account as userRole.
func Open(ctx context.Context, url string, o Options) (l *Ledger, err error) {
	writers, readers := cmp.Or(o.Writers, 16), cmp.Or(o.Readers, 16)
	l = &Ledger{single: o.SingleAccount}
	l.closing, l.close = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	if l.write, err = openPool(ctx, url, o, writers, AppRole, map[string]string{
		// The hot statements look up arrays of keys. A plan that is made while
		// a table is still small would be a scan or a hash join, and would be
		// kept; these settings leave the index look-up as the only one.
		"plan_cache_mode":  "force_generic_plan",
		"enable_seqscan":   "off",
		"enable_hashjoin":  "off",
		"enable_mergejoin": "off",
		"lock_timeout":     "8s",
		// Nothing may cut a COMMIT short: see Tx.Commit. What a batch waits for
		// before it, lock_timeout ends.
		"statement_timeout": "0",
	}); err != nil {
		return nil, err
	}
	lookUps := map[string]string{"enable_seqscan": "off"}
	if l.read, err = openPool(ctx, url, o, readers, AppRole, lookUps); err != nil {
		return nil, err
	}
	l.own, err = openPool(ctx, url, o, (readers+1)/2, userRole, lookUps)
	return l, err
}

func openPool(ctx context.Context, url string, o Options, size int, role string, settings map[string]string) (*pgxpool.Pool, error) {
	_, writes := settings["lock_timeout"]
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL cannot be read: %w", errors.Unwrap(err))
	}
	preferPrimary(&config.ConnConfig.Config, url)
	if writes {
		config.BeforeConnect = neverCancel
	}
	config.MaxConns = int32(size)
	config.MinConns = 1
	config.HealthCheckPeriod = 2 * time.Second
	config.MaxConnIdleTime = 5 * time.Minute
	config.ConnConfig.ConnectTimeout = 3 * time.Second
	if o.DialFunc != nil {
		config.ConnConfig.DialFunc = o.DialFunc
	} else {
		dialer := &net.Dialer{Timeout: 3 * time.Second, KeepAlive: 15 * time.Second}
		config.ConnConfig.DialFunc = dialer.DialContext
	}
	params := config.ConnConfig.RuntimeParams
	params["application_name"] = "spillway"
	params["statement_timeout"] = "15s"
	params["idle_in_transaction_session_timeout"] = "10s"
	params["timezone"] = "UTC"
	params["jit"] = "off"
	for k, v := range settings {
		params[k] = v
	}
	config.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		if _, err := c.Exec(ctx, "set role "+role); err != nil {
			return err
		}
		return learnRows(ctx, c)
	}
	config.PrepareConn = func(ctx context.Context, c *pgx.Conn) (bool, error) {
		if ok, err := dropOldPlans(plansLast)(ctx, c); !ok || role != userRole {
			return ok, err
		}
		return showOnly(ctx, c)
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// Close closes all connections.
func (l *Ledger) Close() {
	l.close()
	for _, pool := range []*pgxpool.Pool{l.write, l.read, l.own} {
		if pool != nil {
			pool.Close()
		}
	}
}

// Ping tells whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error { return l.read.Ping(ctx) }

// CheckSafety refuses a database that could lose what it acknowledged, and one
// on which the server cannot work as AppRole: it returns an error that names
// the setting.
func (l *Ledger) CheckSafety(ctx context.Context) error {
	var fsync, pages, sync, role string
	err := l.read.QueryRow(ctx, `select current_setting('fsync'), current_setting('full_page_writes'),
		current_setting('synchronous_commit'), current_user`).Scan(&fsync, &pages, &sync, &role)
	var pg *pgconn.PgError
	if _, refused := Refused(err); errors.As(err, &pg) && !Away(err) && !refused {
		return &RoleError{"none: " + pg.Message} // SET ROLE was refused
	}
	if err != nil {
		return err
	}
	switch {
	case fsync == "off":
		return &UnsafeError{"fsync"}
	case pages == "off":
		return &UnsafeError{"full_page_writes"}
	case sync == "off":
		return &UnsafeError{"synchronous_commit"}
	case role != AppRole:
		return &RoleError{role}
	}
	return nil
}

// UnsafeError names the setting of the database that is off.
type UnsafeError struct{ Setting string }

func (e *UnsafeError) Error() string {
	return "DATABASE_URL: the database runs with " + e.Setting + " = off; Spillway needs it on"
}

// RoleError names the role that connections work as instead of AppRole.
type RoleError struct{ Role string }

func (e *RoleError) Error() string {
	return fmt.Sprintf("DATABASE_URL: connections work as %s and not as %s; run: spillway migrate", e.Role, AppRole)
}

// Away tells whether an error means that the database could not be reached,
// went away or took too long, and not that it refused the statement. A fault in
// what was read, or in the program, is not one: to try again would not help.
func Away(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return lost(err)
	}
	switch pg.Code[:2] {
	case "08", "53", "57", "58":
		// Connection exception, insufficient resources, operator intervention
		// (shutdown, statement timeout), system error (disk).
		return true
	}
	return pg.Code == "55P03" || pg.Code == "25P03" || pg.Code == "25006" // lock timeout, idle transaction, read-only standby
}

// Refused tells whether the database lets nobody in as its address says, and
// why: there is no such database or role, or the password is another one.
func Refused(err error) (why string, ok bool) {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code[:2] != "28" && pg.Code != "3D000" {
		return "", false
	}
	return pg.Message, true
}

// lost tells whether an error on our side of the connection means that there is
// none, or no time left for it.
func lost(err error) bool {
	for _, sign := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, pgconn.ErrConnClosed, puddle.ErrClosedPool,
		context.DeadlineExceeded, context.Canceled} {
		if errors.Is(err, sign) {
			return true
		}
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err)
}
