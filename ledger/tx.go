package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"spillway/engine/waterfall"
)

// KeyRef names an idempotency key of an account.
type KeyRef struct{ Account, Key string }

// EventRef names an event of an account.
type EventRef struct {
	Account string
	ID      ID
}

// Want is what a batch asks for when it begins.
type Want struct {
	// Accounts to lock, each once; Begin locks them in their byte order.
	Accounts []string
	// Keys to look up among all earlier events.
	Keys []KeyRef
	// Decisions to read with all that followed them.
	Decisions []EventRef
	// GrantsOf are the accounts whose open grants are to be read.
	GrantsOf []string
	// GrantKeys look up earlier grants by their own key space.
	GrantKeys []KeyRef
}

// Loaded is what Begin found. Accounts, keys and decisions that do not exist
// are absent.
type Loaded struct {
	Accounts  map[string]*Account
	Earlier   map[KeyRef]*Event
	Decisions map[EventRef]*Decision
	Grants    map[string][]Grant
	Granted   map[KeyRef]*Grant
	// Clock is the database's clock, read when all locks were held; 0: not known.
	Clock waterfall.Instant
}

// Tx is the transaction of one batch. It holds the row locks of its accounts
// until Commit or Rollback.
type Tx struct {
	ledger *Ledger
	conn   *pgxpool.Conn
	single bool
	done   bool
}

const (
	// The clock is outside, so that it is read for each row when the row is locked.
	sqlLock = `select a.*, clock_timestamp() from (select ` + accountColumns + ` from accounts
		where account_id = any($1) order by account_id for no key update) a`

	// LIMIT and OFFSET in a lateral keep the planner from flattening it: on a
	// table that was empty when the plan was made it would read the whole index
	// once and filter, and keep doing so as the table grows.

	// The statement is apart from sqlLock on purpose: it must see what was
	// committed while that one waited.
	sqlEarlier = `select ` + eventColumns + ` from unnest($1::text[], $2::text[]) k(account_id, key)
		cross join lateral (select * from usage_events u
			where u.account_id = k.account_id and u.idempotency_key = k.key limit 1) u`

	sqlDecisions = `select ` + eventColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (
			(select * from usage_events u where u.account_id = k.account_id and u.id = k.id and u.decision_id is null limit 1)
			union all
			(select * from usage_events u where u.account_id = k.account_id and u.decision_id = k.id offset 0)) u
		order by u.account_id, u.id`

	sqlOpenGrants = `select ` + grantColumns + ` from unnest($1::text[]) k(account_id)
		cross join lateral (select * from grants g where g.account_id = k.account_id and not g.closed offset 0) g`

	sqlGrantsByID = `select ` + grantColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (select * from grants g where g.account_id = k.account_id and g.id = k.id limit 1) g`

	sqlGrantsByKey = `select ` + grantColumns + ` from unnest($1::text[], $2::text[]) k(account_id, key)
		cross join lateral (select * from grants g where g.account_id = k.account_id and g.idempotency_key = k.key limit 1) g`
)

// Begin opens a transaction, locks the accounts and reads what is wanted, all
// in one round trip. READ COMMITTED: each statement sees what was committed
// before it began, so the reads behind the locks see all that the lock waited
// for.
func (l *Ledger) Begin(ctx context.Context, want Want) (*Tx, *Loaded, error) {
	conn, err := l.write.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	tx := &Tx{ledger: l, conn: conn, single: l.single}
	loaded, err := tx.begin(ctx, want)
	if err != nil {
		if readOnly(err) {
			l.leave()
		}
		tx.Rollback()
		return nil, nil, err
	}
	return tx, loaded, nil
}

func (tx *Tx) begin(ctx context.Context, want Want) (*Loaded, error) {
	loaded := &Loaded{Accounts: make(map[string]*Account, len(want.Accounts))}
	batch := &pgx.Batch{}
	batch.Queue("begin isolation level read committed")
	var clock time.Time
	behind := []any{&clock}
	locked := func(rows pgx.Rows) error {
		for rows.Next() {
			a, err := scanAccount(rows, behind...)
			if err != nil {
				return err
			}
			loaded.Accounts[a.ID] = a
			loaded.Clock = max(loaded.Clock, waterfall.InstantOf(clock))
		}
		return rows.Err()
	}
	if tx.single {
		queueLocksOfOne(batch, want.Accounts, locked)
	} else {
		batch.Queue(sqlLock, want.Accounts).Query(locked)
	}
	if len(want.Keys) > 0 {
		loaded.Earlier = make(map[KeyRef]*Event)
		accounts, keys := splitKeys(want.Keys)
		batch.Queue(sqlEarlier, accounts, keys).Query(func(rows pgx.Rows) error {
			events, err := collect(rows, nil, scanPlainEvent)
			for i := range events {
				loaded.Earlier[KeyRef{events[i].Account, events[i].Key}] = &events[i]
			}
			return err
		})
	}
	if len(want.Decisions) > 0 {
		queueDecisions(batch, want.Decisions, loaded)
	}
	if len(want.GrantsOf) > 0 {
		loaded.Grants = make(map[string][]Grant, len(want.GrantsOf))
		batch.Queue(sqlOpenGrants, want.GrantsOf).Query(func(rows pgx.Rows) error {
			grants, err := collect(rows, nil, scanGrant)
			for _, g := range grants {
				loaded.Grants[g.Account] = append(loaded.Grants[g.Account], g)
			}
			return err
		})
	}
	if len(want.GrantKeys) > 0 {
		loaded.Granted = make(map[KeyRef]*Grant)
		accounts, keys := splitKeys(want.GrantKeys)
		batch.Queue(sqlGrantsByKey, accounts, keys).Query(func(rows pgx.Rows) error {
			grants, err := collect(rows, nil, scanGrant)
			for i := range grants {
				loaded.Granted[KeyRef{grants[i].Account, grants[i].Key}] = &grants[i]
			}
			return err
		})
	}
	return loaded, tx.conn.SendBatch(ctx, batch).Close()
}

// queueDecisions reads each decision once, however often it is asked for: a row
// that came twice would be two refunds.
func queueDecisions(batch *pgx.Batch, refs []EventRef, loaded *Loaded) {
	loaded.Decisions = make(map[EventRef]*Decision, len(refs))
	accounts, ids := make([]string, 0, len(refs)), make([]ID, 0, len(refs))
	asked := make(map[EventRef]bool, len(refs))
	for _, r := range refs {
		if !asked[r] {
			asked[r] = true
			accounts, ids = append(accounts, r.Account), append(ids, r.ID)
		}
	}
	batch.Queue(sqlDecisions, accounts, ids).Query(func(rows pgx.Rows) error {
		events, err := collect(rows, nil, scanPlainEvent)
		for _, d := range assemble(events) {
			loaded.Decisions[EventRef{d.Account, d.ID}] = d
		}
		return err
	})
}

// assemble groups events, ordered by account and id, into decisions.
func assemble(events []Event) []*Decision {
	var all []*Decision
	byID := make(map[EventRef]*Decision)
	for _, e := range events {
		if e.Decision.IsZero() {
			d := &Decision{Event: e}
			all = append(all, d)
			byID[EventRef{e.Account, e.ID}] = d
		} else if d := byID[EventRef{e.Account, e.Decision}]; d != nil {
			d.Follow = append(d.Follow, e)
		}
	}
	return all
}

func splitKeys(refs []KeyRef) (accounts, keys []string) {
	accounts, keys = make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		accounts[i], keys[i] = r.Account, r.Key
	}
	return accounts, keys
}

// Decisions reads decisions under the locks.
func (tx *Tx) Decisions(ctx context.Context, refs []EventRef) (map[EventRef]*Decision, error) {
	loaded := &Loaded{}
	batch := &pgx.Batch{}
	queueDecisions(batch, refs, loaded)
	return loaded.Decisions, tx.conn.SendBatch(ctx, batch).Close()
}

// OpenGrants reads the open grants of accounts under the locks.
func (tx *Tx) OpenGrants(ctx context.Context, accounts []string) (map[string][]Grant, error) {
	rows, err := tx.conn.Query(ctx, sqlOpenGrants, accounts)
	grants, err := collect(rows, err, scanGrant)
	byAccount := make(map[string][]Grant, len(accounts))
	for _, g := range grants {
		byAccount[g.Account] = append(byAccount[g.Account], g)
	}
	return byAccount, err
}

// GrantsByID reads grants of an account, open or closed.
func (tx *Tx) GrantsByID(ctx context.Context, account string, ids []ID) ([]Grant, error) {
	refs := make([]GrantRef, len(ids))
	for i, id := range ids {
		refs[i] = GrantRef{account, id}
	}
	return grantsByID(ctx, tx.conn, refs)
}

// PartsOf reads what the funded parts of an event cost and drew, under the
// locks.
func (tx *Tx) PartsOf(ctx context.Context, e *Event) ([]Monetization, []PostingRow, error) {
	return partsOf(ctx, tx.conn, e)
}

// Audited tells whether any of some entries is in the account's audit log.
func (tx *Tx) Audited(ctx context.Context, account string, entries []ID) (found bool, err error) {
	if len(entries) == 0 {
		return false, nil
	}
	err = tx.conn.QueryRow(ctx, `select exists (select from audit_log where account_id = $1 and id = any($2))`, account, entries).Scan(&found)
	return found, err
}

// UsageSince is the UsageReader under the locks.
func (tx *Tx) UsageSince(ctx context.Context, since []Since, each func(*Event) error) error {
	return usageSinceEach(ctx, tx.conn, since, each)
}

// Rollback ends the transaction without a change. After Commit it does
// nothing.
func (tx *Tx) Rollback() {
	if tx.done {
		return
	}
	tx.done = true
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if status := tx.conn.Conn().PgConn().TxStatus(); status != 'I' {
		if _, err := tx.conn.Exec(ctx, "rollback"); err != nil {
			_ = tx.conn.Conn().Close(ctx) // the server drops the transaction with the connection
		}
	}
	tx.conn.Release()
}

// UnknownOutcomeError says that COMMIT was sent and its answer did not arrive:
// the transaction is in the database whole, or not at all.
type UnknownOutcomeError struct{ Cause error }

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("ledger: the outcome of COMMIT is unknown: %v", e.Cause)
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Cause }

// refusal is the server's own word on a statement: nothing of the transaction
// was committed. A fatal error is none: the session broke off.
func refusal(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.SeverityUnlocalized != "FATAL" && pg.SeverityUnlocalized != "PANIC"
}
