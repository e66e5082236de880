package ledger

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// Reconciliation is a verification that was kept.
type Reconciliation struct {
	ID ID
	// Account is whose records were verified, "" for all.
	Account   string
	StartedAt waterfall.Instant
	// FinishedAt is 0 while it runs, and for ever when it broke off.
	FinishedAt waterfall.Instant
	// OnlyNew: it looked at the accounts that had changed since the last one.
	OnlyNew bool
	// DecidedTo, where OnlyNew: all that happened before was there when it listed
	// them; 0: not known.
	DecidedTo waterfall.Instant
	Summary
	// Found holds the first maxKept mismatches; Summary.Mismatches counts all.
	Found []Mismatch
}

// maxKept bounds the mismatches that are kept of one reconciliation.
const maxKept = 1000

// Note takes a mismatch among those found.
func (r *Reconciliation) Note(m Mismatch) {
	r.Mismatches++
	if len(r.Found) < maxKept {
		r.Found = append(r.Found, m)
	}
}

// Scopes of a reconciliation, as they are stored.
const (
	scopeEverything = 1
	scopeNew        = 2
)

// BeginReconciliation records that one has started.
func (l *Ledger) BeginReconciliation(ctx context.Context, r *Reconciliation) error {
	scope := scopeEverything
	if r.OnlyNew {
		scope = scopeNew
	}
	_, err := l.reader(ctx).Exec(ctx, `insert into reconciliations (account_id, id, started_at, scope, decided_to) values ($1, $2, $3, $4, $5)`,
		r.Account, r.ID, r.StartedAt.Time(), scope, timestamp(r.DecidedTo))
	return err
}

// EndReconciliation records what it found, all of it or nothing.
func (l *Ledger) EndReconciliation(ctx context.Context, r *Reconciliation) error {
	return pgx.BeginFunc(ctx, l.reader(ctx), func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update reconciliations set finished_at = $3, accounts = $4, usage_events = $5, monetization_events = $6,
			balance_updates = $7, mismatches = $8 where account_id = $1 and id = $2`,
			r.Account, r.ID, r.FinishedAt.Time(), r.Accounts, r.UsageEvents, r.MonetizationEvents, r.BalanceUpdates, r.Mismatches)
		if err != nil {
			return err
		}
		batch := &pgx.Batch{}
		for i, m := range r.Found {
			batch.Queue(`insert into mismatches (account_id, reconciliation_id, number, at_account, check_name, expected, found, reference)
				values ($1, $2, $3, $4, $5, $6, $7, $8)`, r.Account, r.ID, i, m.Account, m.Check, m.Expected, m.Found, m.Reference)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
}

const (
	reconciliationColumns = `account_id, id, started_at, finished_at, scope, accounts, usage_events, monetization_events, balance_updates, mismatches`

	sqlReconciliations = `select ` + reconciliationColumns + ` from reconciliations where id < $1 order by id desc limit $2`

	sqlReconciliationsOf = `select ` + reconciliationColumns + ` from reconciliations where id < $1 and account_id = $3 order by id desc limit $2`

	sqlMismatches = `select k.id, m.at_account, m.check_name, m.expected, m.found, m.reference from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (select * from mismatches m where m.account_id = k.account_id and m.reconciliation_id = k.id offset 0) m
		order by k.id, m.number`
)

// Reconciliations lists those of an account, or of every kind where account is
// "", the newest first.
func (l *Ledger) Reconciliations(ctx context.Context, account string, p Page) (all []Reconciliation, more bool, err error) {
	sql, arguments := sqlReconciliations, []any{p.before(), p.First + 1}
	if account != "" {
		sql, arguments = sqlReconciliationsOf, append(arguments, account)
	}
	rows, err := l.reader(ctx).Query(ctx, sql, arguments...)
	if all, err = collect(rows, err, scanReconciliation); err != nil {
		return nil, false, err
	}
	all, more = cut(all, p.First)
	return all, more, l.loadMismatches(ctx, all)
}

func (l *Ledger) loadMismatches(ctx context.Context, all []Reconciliation) error {
	var accounts []string
	var ids []ID
	byID := map[ID]*Reconciliation{}
	for i := range all {
		if r := &all[i]; r.Mismatches > 0 {
			accounts, ids, byID[r.ID] = append(accounts, r.Account), append(ids, r.ID), r
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := l.reader(ctx).Query(ctx, sqlMismatches, accounts, ids)
	if err != nil {
		return err
	}
	var id ID
	var m Mismatch
	_, err = pgx.ForEachRow(rows, []any{&id, &m.Account, &m.Check, &m.Expected, &m.Found, &m.Reference}, func() error {
		byID[id].Found = append(byID[id].Found, m)
		return nil
	})
	return err
}

// One pass over the index of their creation tells how many accounts came before
// the oldest moment and how many between each two.
const sqlAccountsAt = `select width_bucket(created_at, $1::timestamptz[]), count(*) from accounts where created_at < $2 group by 1`

// AccountsAt is how many accounts there were at each of some moments, itself
// included.
func (l *Ledger) AccountsAt(ctx context.Context, moments []waterfall.Instant) (map[waterfall.Instant]int64, error) {
	counts := make(map[waterfall.Instant]int64, len(moments))
	if len(moments) == 0 {
		return counts, nil
	}
	ends := slices.Compact(slices.Sorted(slices.Values(moments)))
	thresholds := make([]time.Time, len(ends))
	for i, end := range ends {
		thresholds[i] = (end + 1).Time() // an instant is a microsecond, as PostgreSQL's
	}
	rows, err := l.reader(ctx).Query(ctx, sqlAccountsAt, thresholds, thresholds[len(ends)-1])
	if err != nil {
		return nil, err
	}
	between := make([]int64, len(ends))
	var place int
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&place, &n}, func() error {
		between[place] = n
		return nil
	})
	total := int64(0)
	for i, end := range ends {
		total += between[i]
		counts[end] = total
	}
	return counts, err
}

func scanReconciliation(row pgx.Row) (*Reconciliation, error) {
	r := &Reconciliation{}
	var started time.Time
	var finished *time.Time
	var scope int16
	err := row.Scan(&r.Account, &r.ID, &started, &finished, &scope, &r.Accounts, &r.UsageEvents, &r.MonetizationEvents,
		&r.BalanceUpdates, &r.Mismatches)
	r.StartedAt, r.FinishedAt, r.OnlyNew = waterfall.InstantOf(started), instant(finished), scope == scopeNew
	return r, err
}

// reconcileLock is the key of the advisory lock that the process holds which
// reconciles what is new.
const reconcileLock = 7074002

// overlap is how far a reconciliation of what is new looks back before the
// start of the one before, or further to its DecidedTo: records carry the time of
// their decision and appear when their transaction commits.
const overlap = waterfall.Instant(time.Minute / time.Microsecond)

// tooLarge is how many records an account may have to be verified again each
// time that it changes: some seconds of work. Larger ones wait for the first
// reconciliation of the day.
const tooLarge = 2_000_000

// restBetween is how much longer than a reconciliation of what is new, with its
// rests, the time up to the next one is, at least: it works for no more than a
// twelfth of the time.
const restBetween = 3

// ChangedAccount is an account with something new.
type ChangedAccount struct {
	ID string
	// Records counts its usage events and postings, old and new.
	Records int64
}

const (
	sqlNewAccounts = `select account_id, events + sequence from accounts
		where account_id in (select account_id from usage_events where created_at >= $1
			union select account_id from balance_updates where created_at >= $1)
		and events + sequence between 1 and $2 order by account_id`
	sqlAccountsOfDays = `select account_id, events + sequence from accounts
		where decided_at >= $1 and events + sequence > 0 order by account_id`
)

// NewAccounts lists the accounts that changed since the last reconciliation of
// what was new, by id, and holds a lock while work runs, so that one process at
// a time does it. The first of a UTC day lists those that changed since the
// beginning of the day of the one before. begun is false when another process
// is at it, or when the last one began less than the pause before now.
func (l *Ledger) NewAccounts(ctx context.Context, now waterfall.Instant, pause time.Duration, work func([]ChangedAccount) error) (begun bool, err error) {
	conn, err := l.reader(ctx).Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	if err := conn.QueryRow(ctx, `select pg_try_advisory_lock($1)`, reconcileLock).Scan(&begun); err != nil || !begun {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if _, err := conn.Exec(ctx, `select pg_advisory_unlock($1)`, reconcileLock); err != nil {
			_ = conn.Conn().Close(ctx) // the lock goes with the session
		}
	}()
	last, decided, next, err := lastOfNew(ctx, conn, pause)
	if err != nil || now < next {
		return false, err
	}
	sql, args := sqlNewAccounts, []any{min(last-overlap, decided).Time(), tooLarge}
	if day := waterfall.Day.Start(last.Second()); day != waterfall.Day.Start(now.Second()) {
		sql, args = sqlAccountsOfDays, []any{min(waterfall.AtSecond(day)-overlap, decided).Time()}
	}
	rows, err := conn.Query(ctx, sql, args...)
	accounts, err := collect(rows, err, func(row pgx.Row) (*ChangedAccount, error) {
		a := &ChangedAccount{}
		return a, row.Scan(&a.ID, &a.Records)
	})
	if err != nil || len(accounts) == 0 {
		return true, err
	}
	return true, work(accounts)
}

// lastOfNew is when the last reconciliation of what was new began, up to when all
// was decided then, and when the next one may begin; 0 when there was none.
func lastOfNew(ctx context.Context, q querier, pause time.Duration) (began, decided, next waterfall.Instant, err error) {
	var started, finished, to time.Time
	err = q.QueryRow(ctx, `select started_at, finished_at, coalesce(decided_to, started_at) from reconciliations
		where scope = 2 and finished_at is not null order by started_at desc limit 1`).Scan(&started, &finished, &to)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, 0, nil
	}
	next = waterfall.InstantOf(started.Add(max(pause, restBetween*finished.Sub(started))))
	return waterfall.InstantOf(started), waterfall.InstantOf(to), next, err
}

// SampleAccounts picks some accounts that were decided on lately, for checks
// that are too dear for all.
func (l *Ledger) SampleAccounts(ctx context.Context, since waterfall.Instant, limit int) ([]string, error) {
	rows, err := l.reader(ctx).Query(ctx, `select account_id from accounts where decided_at >= $1 order by random() limit $2`, since.Time(), limit)
	return collect(rows, err, func(row pgx.Row) (*string, error) {
		var id string
		return &id, row.Scan(&id)
	})
}
