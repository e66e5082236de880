package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// CreateAccount inserts an account with its audit entry and returns what
// stands under the id then: the new one, or one that was there before.
func (l *Ledger) CreateAccount(ctx context.Context, a *Account, audit *AuditEntry) (*Account, error) {
	var stands *Account
	err := pgx.BeginFunc(ctx, l.read, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `insert into accounts (account_id, name, status, plan_key, version, decided_at, created_at)
			values ($1, $2, $3, $4, $5, $6, $7) on conflict (account_id) do nothing`,
			a.ID, a.Name, int16(a.Status), a.Plan, a.Version, a.DecidedAt.Time(), a.CreatedAt.Time())
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 1 {
			batch := &pgx.Batch{}
			queueAudit(batch, audit)
			if err := tx.SendBatch(ctx, batch).Close(); err != nil {
				return err
			}
		}
		stands, err = scanAccount(tx.QueryRow(ctx, `select `+accountColumns+` from accounts where account_id = $1`, a.ID))
		return err
	})
	return stands, err
}

// Account reads an account, nil when there is none.
func (l *Ledger) Account(ctx context.Context, id string) (*Account, error) {
	return account(ctx, l.read, id)
}

func account(ctx context.Context, q querier, id string) (*Account, error) {
	a, err := scanAccount(q.QueryRow(ctx, `select `+accountColumns+` from accounts where account_id = $1`, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return a, err
}

// Decision reads a decision with all that followed, nil when there is none.
func (l *Ledger) Decision(ctx context.Context, account string, id ID) (*Decision, error) {
	rows, err := l.read.Query(ctx, sqlDecisions, []string{account}, []ID{id})
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	if all := assemble(events); len(all) > 0 {
		return all[0], nil
	}
	return nil, nil
}

// Event reads one event, nil when there is none.
func (l *Ledger) Event(ctx context.Context, account string, id ID) (*Event, error) {
	e, err := scanEvent(l.read.QueryRow(ctx, `select `+eventColumns+` from usage_events u where u.account_id = $1 and u.id = $2`, account, id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return e, err
}

// PartsOf reads what the funded parts of an event cost, and its postings.
func (l *Ledger) PartsOf(ctx context.Context, e *Event) ([]Monetization, []PostingRow, error) {
	return partsOf(ctx, l.read, e)
}

// GrantsByID reads grants of an account, open or closed.
func (l *Ledger) GrantsByID(ctx context.Context, account string, ids []ID) ([]Grant, error) {
	rows, err := l.read.Query(ctx, sqlGrantsByID, account, ids)
	return collect(rows, err, scanGrant)
}

// Page asks for a part of a list, newest first: First rows that come after the
// one that After names.
type Page struct {
	First int
	After *ID
}

// cut drops the row that was read beyond the page and tells whether it was
// there.
func cut[T any](all []T, first int) ([]T, bool) {
	if len(all) > first {
		return all[:first], true
	}
	return all, false
}

// GrantFilter restricts a list of grants.
type GrantFilter struct {
	Kind waterfall.Kind // 0: every kind
	// IncludeSpent lists those too from which nothing more can be drawn.
	IncludeSpent bool
}

// Grants lists an account's grants, the newest first.
func (l *Ledger) Grants(ctx context.Context, account string, f GrantFilter, p Page) (grants []Grant, more bool, err error) {
	rows, err := l.read.Query(ctx, `select `+grantColumns+` from grants g where g.account_id = $1
			and ($2 = 0 or g.kind = $2) and ($3 or (not g.closed and g.remaining + g.held > 0))
			and ($4::uuid is null or g.id < $4) order by g.id desc limit $5`,
		account, int16(f.Kind), f.IncludeSpent, p.After, p.First+1)
	grants, err = collect(rows, err, scanGrant)
	grants, more = cut(grants, p.First)
	return grants, more, err
}

// BalanceUpdates lists an account's postings before a sequence (0: from the
// newest), the newest first.
func (l *Ledger) BalanceUpdates(ctx context.Context, account string, first int, before int64) (postings []PostingRow, more bool, err error) {
	rows, err := l.read.Query(ctx, `select `+postingColumns+`, g.units from balance_updates b
			join grants g on g.account_id = b.account_id and g.id = b.grant_id
			where b.account_id = $1 and ($2 = 0 or b.sequence < $2) order by b.sequence desc limit $3`, account, before, first+1)
	postings, err = collect(rows, err, scanPostingWithUnits)
	postings, more = cut(postings, first)
	return postings, more, err
}

func scanPostingWithUnits(row pgx.Row) (*book.Posting, error) {
	var units bool
	p, err := scanPosting(row, &units)
	if err != nil {
		return nil, err
	}
	p.Units = units
	return p, nil
}

// Snapshot is one account at one moment, for reads that take no lock.
type Snapshot struct {
	Account *Account
	Grants  []Grant
}

// Look reads an account and its open grants at one moment, and lets the caller
// read its usage at the same one. found is false when there is no account.
func (l *Ledger) Look(ctx context.Context, id string, view func(s *Snapshot, usage UsageReader) error) (found bool, err error) {
	err = pgx.BeginTxFunc(ctx, l.read, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		a, err := account(ctx, tx, id)
		if err != nil || a == nil {
			return err
		}
		found = true
		rows, err := tx.Query(ctx, sqlOpenGrants, []string{id})
		grants, err := collect(rows, err, scanGrant)
		if err != nil {
			return err
		}
		return view(&Snapshot{a, grants}, func(since waterfall.Instant, each func(*Event) error) error {
			return usageSince(ctx, tx, id, since, each)
		})
	})
	return found, err
}

// UsageReader reads an account's events since an instant, as Tx.UsageSince.
type UsageReader func(since waterfall.Instant, each func(*Event) error) error

// DueHolds lists open holds whose time is up.
func (l *Ledger) DueHolds(ctx context.Context, now waterfall.Instant, limit int) ([]EventRef, error) {
	rows, err := l.read.Query(ctx, `select account_id, decision_id from holds where expires_at <= $1 order by expires_at limit $2`, now.Time(), limit)
	return collect(rows, err, func(row pgx.Row) (*EventRef, error) {
		r := &EventRef{}
		return r, row.Scan(&r.Account, &r.ID)
	})
}

// DueAccounts lists accounts with grants that are to expire or be issued again.
func (l *Ledger) DueAccounts(ctx context.Context, now waterfall.Instant, limit int) ([]string, error) {
	rows, err := l.read.Query(ctx, `select account_id from grants where due_at <= $1 order by due_at limit $2`, now.Time(), limit)
	return collect(rows, err, func(row pgx.Row) (*string, error) {
		var id string
		return &id, row.Scan(&id)
	})
}
