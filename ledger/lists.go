package ledger

import (
	"context"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// Page asks for a part of a list, newest first: First rows that come after the
// one that After names.
type Page struct {
	First int
	After *ID
}

// lastID is behind every id.
var lastID = NewID(1<<53, ^uint64(0))

// before is the id below which the page lies. It is never absent: a condition
// that may be none is no condition for an index.
func (p *Page) before() ID {
	if p.After != nil && string(p.After[:]) < string(lastID[:]) {
		return *p.After
	}
	return lastID
}

// cut drops the row that was read beyond the page and tells whether it was
// there.
func cut[T any](all []T, first int) ([]T, bool) {
	if len(all) > first {
		return all[:first], true
	}
	return all, false
}

// cutEach makes a page for each account of rows that stand in the order of the
// lists.
func cutEach[T any](all []T, first int, account func(*T) string) map[string]Listed[T] {
	pages := map[string]Listed[T]{}
	for i := range all {
		id := account(&all[i])
		page := pages[id]
		page.Rows = append(page.Rows, all[i])
		pages[id] = page
	}
	for id, page := range pages {
		page.Rows, page.More = cut(page.Rows, first)
		pages[id] = page
	}
	return pages
}

// GrantFilter restricts a list of grants.
type GrantFilter struct {
	Kind waterfall.Kind // 0: every kind
	// IncludeSpent lists those too from which nothing more can be drawn. Of the
	// others one that was due by Now may be listed: what is due may fill it.
	IncludeSpent bool
	Now          waterfall.Instant
}

const (
	sqlGrants = `select ` + grantColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, before)
		cross join lateral (select * from grants g where g.account_id = k.account_id and g.id < k.before order by g.id desc limit $3) g
		order by g.account_id, g.id desc`

	sqlUnspentGrants = `select ` + grantColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, before)
		cross join lateral (select * from grants g where g.account_id = k.account_id and g.id < k.before and not g.closed order by g.id desc limit $3) g
		order by g.account_id, g.id desc`
)

// Grants lists the grants of accounts, the newest first: a page for each.
func (l *Ledger) Grants(ctx context.Context, accounts []string, f GrantFilter, p Page) (map[string]Listed[*Grant], error) {
	sql := sqlUnspentGrants
	if f.IncludeSpent {
		sql = sqlGrants
	}
	d := descent[*Grant]{
		first: p.First, before: p.before(), selective: f.Kind != 0,
		read: func(accounts []string, before []ID, limit int) (map[string]stretch[*Grant], error) {
			rows, err := l.reader(ctx).Query(ctx, sql, accounts, before, limit)
			grants, err := collect(rows, err, scanGrant)
			found := make(map[string]stretch[*Grant], len(accounts))
			for i := range grants {
				s := found[grants[i].Account]
				s.rows = append(s.rows, &grants[i])
				s.more = len(s.rows) == limit
				found[grants[i].Account] = s
			}
			return found, err
		},
		id: func(g *Grant) ID { return g.ID },
		passes: func(g *Grant) bool {
			return (f.Kind == 0 || g.Kind == f.Kind) && (f.IncludeSpent || g.Remaining+g.Held > 0 || g.DueAt != 0 && g.DueAt <= f.Now)
		},
	}
	return d.pages(accounts)
}

const sqlBalanceUpdates = `select ` + postingColumns + `, g.units from unnest($1::text[]) k(account_id)
	cross join lateral (select * from balance_updates b where b.account_id = k.account_id and b.sequence < $2 order by b.sequence desc limit $3) b
	cross join lateral (select units from grants g where g.account_id = b.account_id and g.id = b.grant_id limit 1) g
	order by b.account_id, b.sequence desc`

// BalanceUpdates lists the postings of accounts before a sequence (0: from the
// newest), the newest first: a page for each.
func (l *Ledger) BalanceUpdates(ctx context.Context, accounts []string, first int, before int64) (map[string]Listed[PostingRow], error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := l.reader(ctx).Query(ctx, sqlBalanceUpdates, accounts, before, first+1)
	postings, err := collect(rows, err, scanPostingWithUnits)
	return cutEach(postings, first, func(p *PostingRow) string { return p.Account }), err
}

const (
	auditColumns = `account_id, id, at, actor, action, reason, before, after`

	sqlAuditLog = `select ` + auditColumns + ` from audit_log where id < $1 order by id desc limit $2`

	sqlAuditLogOf = `select ` + auditColumns + ` from audit_log where id < $1 and account_id = $3 order by id desc limit $2`
)

// AuditLog lists audit entries, the newest first: of an account, or of all
// where account is "".
func (l *Ledger) AuditLog(ctx context.Context, account string, p Page) (entries []AuditEntry, more bool, err error) {
	sql, arguments := sqlAuditLog, []any{p.before(), p.First + 1}
	if account != "" {
		sql, arguments = sqlAuditLogOf, append(arguments, account)
	}
	rows, err := l.reader(ctx).Query(ctx, sql, arguments...)
	entries, err = collect(rows, err, func(row pgx.Row) (*AuditEntry, error) {
		e := &AuditEntry{}
		var at time.Time
		err := row.Scan(&e.Account, &e.ID, &at, &e.Actor, &e.Action, &e.Reason, &e.Before, &e.After)
		e.At = waterfall.InstantOf(at)
		return e, err
	})
	entries, more = cut(entries, p.First)
	return entries, more, err
}
