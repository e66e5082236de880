package ledger

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// CreateAccount inserts an account with its audit entry and returns what
// stands under the id then: the new one, or one that was there before.
func (l *Ledger) CreateAccount(ctx context.Context, a *Account, audit *AuditEntry) (*Account, error) {
	var stands *Account
	err := pgx.BeginFunc(ctx, l.reader(ctx), func(tx pgx.Tx) error {
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

// FirstPlan is the plan that an account was created with; "" where its audit
// log does not tell.
func (l *Ledger) FirstPlan(ctx context.Context, account string) (plan string, err error) {
	err = l.reader(ctx).QueryRow(ctx, `select coalesce(after->>'plan', '') from audit_log
		where account_id = $1 and action = 'createAccount' order by id limit 1`, account).Scan(&plan)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return plan, err
}

// Account reads an account, nil when there is none.
func (l *Ledger) Account(ctx context.Context, id string) (*Account, error) {
	found, err := l.AccountsByID(ctx, []string{id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Decision reads a decision with all that followed, nil when there is none.
func (l *Ledger) Decision(ctx context.Context, account string, id ID) (*Decision, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlDecisions, []string{account}, []ID{id})
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	if all := assemble(events); len(all) > 0 {
		return all[0], nil
	}
	return nil, nil
}

// GrantRef names a grant of an account.
type GrantRef struct {
	Account string
	ID      ID
}

// GrantsByID reads grants, open or closed.
func (l *Ledger) GrantsByID(ctx context.Context, refs []GrantRef) ([]Grant, error) {
	return grantsByID(ctx, l.reader(ctx), refs)
}

func grantsByID(ctx context.Context, q querier, refs []GrantRef) ([]Grant, error) {
	accounts, ids := make([]string, len(refs)), make([]ID, len(refs))
	for i, r := range refs {
		accounts[i], ids[i] = r.Account, r.ID
	}
	rows, err := q.Query(ctx, sqlGrantsByID, accounts, ids)
	return collect(rows, err, scanGrant)
}

// Snapshot is one account at one moment, for reads that take no lock.
type Snapshot struct {
	Account *Account
	Grants  []Grant
}

// Look reads accounts and their open grants at one moment, and lets the caller
// read their usage at the same one. Accounts that do not exist are left out.
func (l *Ledger) Look(ctx context.Context, ids []string, view func([]Snapshot, UsageReader) error) error {
	return pgx.BeginTxFunc(ctx, l.reader(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		accounts, err := accountsByID(ctx, tx, ids)
		if err != nil || len(accounts) == 0 {
			return err
		}
		rows, err := tx.Query(ctx, sqlOpenGrants, ids)
		grants, err := collect(rows, err, scanGrant)
		if err != nil {
			return err
		}
		open := make(map[string][]Grant, len(accounts))
		for _, g := range grants {
			open[g.Account] = append(open[g.Account], g)
		}
		snapshots := make([]Snapshot, len(accounts))
		for i := range accounts {
			snapshots[i] = Snapshot{Account: &accounts[i], Grants: open[accounts[i].ID]}
		}
		return view(snapshots, func(since []Since, each func(*Event) error) error {
			return usageSinceEach(ctx, tx, since, each)
		})
	})
}

// DueHolds lists open holds whose time is up.
func (l *Ledger) DueHolds(ctx context.Context, now waterfall.Instant, limit int) ([]EventRef, error) {
	rows, err := l.reader(ctx).Query(ctx, `select account_id, decision_id from holds where expires_at <= $1 order by expires_at limit $2`, now.Time(), limit)
	return collect(rows, err, func(row pgx.Row) (*EventRef, error) {
		r := &EventRef{}
		return r, row.Scan(&r.Account, &r.ID)
	})
}

// DueAccounts lists accounts with grants that are to expire or be issued again.
func (l *Ledger) DueAccounts(ctx context.Context, now waterfall.Instant, limit int) ([]string, error) {
	rows, err := l.reader(ctx).Query(ctx, `select account_id from grants where due_at <= $1 order by due_at limit $2`, now.Time(), limit)
	return collect(rows, err, func(row pgx.Row) (*string, error) {
		var id string
		return &id, row.Scan(&id)
	})
}
