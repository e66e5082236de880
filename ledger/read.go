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
			queueSearchRow(batch, a.ID, a.Name, a.CreatedAt.Time())
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
	events, err := collect(rows, err, scanPlainEvent)
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
	// Due are the open holds whose time is up.
	Due []DueHold
	// Spent are sums of the closed grants that stand, where they were asked for.
	Spent []waterfall.Grant
}

// Looking is what Look reads.
type Looking struct {
	Accounts []string
	// Now is the moment until which holds are due.
	Now waterfall.Instant
	// Spent asks for what was used of the closed grants that stand.
	Spent bool
}

// Look reads accounts and their open grants at one moment, and lets the caller
// read their usage at the same one. Accounts that do not exist are left out.
func (l *Ledger) Look(ctx context.Context, at Looking, view func([]Snapshot, UsageReader) error) error {
	return pgx.BeginTxFunc(ctx, l.reader(ctx), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		accounts, err := accountsByID(ctx, tx, at.Accounts)
		if err != nil || len(accounts) == 0 {
			return err
		}
		rows, err := tx.Query(ctx, sqlOpenGrants, at.Accounts)
		grants, err := collect(rows, err, scanGrant)
		if err != nil {
			return err
		}
		open := make(map[string][]Grant, len(accounts))
		for _, g := range grants {
			open[g.Account] = append(open[g.Account], g)
		}
		due, err := dueOf(ctx, tx, accounts, at.Now)
		if err != nil {
			return err
		}
		var spent map[string][]waterfall.Grant
		if at.Spent {
			if spent, err = spentGrants(ctx, tx, at.Accounts); err != nil {
				return err
			}
		}
		snapshots := make([]Snapshot, len(accounts))
		for i := range accounts {
			id := accounts[i].ID
			if of, read := due[id]; read {
				accounts[i].HoldDue = of.Next
			}
			snapshots[i] = Snapshot{Account: &accounts[i], Grants: open[id], Due: due[id].Holds, Spent: spent[id]}
		}
		return view(snapshots, func(since []Since, each func(*Event) error) error {
			return usageSinceEach(ctx, tx, since, each)
		})
	})
}

// A spent grant that stands counts as used whole. The sum stops at the largest
// integer.
const sqlSpentGrants = `select k.account_id, g.kind, g.units, g.features, g.amount from unnest($1::text[]) k(account_id)
	cross join lateral (
		select kind, units, features, least(sum(amount), 9223372036854775807)::bigint as amount from grants g
		where g.account_id = k.account_id and g.closed and g.voided_at is null and g.expired_at is null group by 1, 2, 3) g`

// spentGrants sums the closed grants of accounts that are neither void nor
// expired, by kind, denomination and features, as one grant each.
func spentGrants(ctx context.Context, tx pgx.Tx, accounts []string) (map[string][]waterfall.Grant, error) {
	rows, err := tx.Query(ctx, sqlSpentGrants, accounts)
	if err != nil {
		return nil, err
	}
	spent := map[string][]waterfall.Grant{}
	var account string
	var g waterfall.Grant
	_, err = pgx.ForEachRow(rows, []any{&account, &g.Kind, &g.Units, &g.Features, &g.Amount}, func() error {
		spent[account] = append(spent[account], g)
		g.Features = nil
		return nil
	})
	return spent, err
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
