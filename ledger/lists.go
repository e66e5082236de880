package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// DecisionFilter restricts a list or a feed of decisions. From is inclusive,
// To exclusive; zero values restrict nothing.
type DecisionFilter struct {
	User     string
	Feature  string
	Status   []Status       // as it is now
	Kind     waterfall.Kind // a bucket of this kind gave something
	From, To waterfall.Instant
}

// Matches tells whether a decision passes.
func (f *DecisionFilter) Matches(d *Decision) bool {
	switch {
	case f.User != "" && d.User != f.User,
		f.Feature != "" && d.Feature != f.Feature,
		len(f.Status) > 0 && !slices.Contains(f.Status, d.Now()),
		f.From != 0 && d.At < f.From,
		f.To != 0 && d.At >= f.To:
		return false
	}
	return f.Kind == 0 || slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Kind == f.Kind && s.Taken > 0 })
}

// DecisionPage is a part of a list of decisions, newest first. Scanned is the
// last decision that was looked at: where a filter passes few, a page may hold
// fewer than asked and still have More, and the list goes on behind Scanned.
type DecisionPage struct {
	Decisions []*Decision
	More      bool
	Scanned   ID
}

// A page of a filtered list looks at this many decisions at the most, so that
// it costs the same however many there are.
const (
	scanChunk  = 500
	scanBudget = 10_000
)

// Decisions lists an account's decisions, the newest first.
func (l *Ledger) Decisions(ctx context.Context, account string, f DecisionFilter, p Page) (DecisionPage, error) {
	var page DecisionPage
	after := p.After
	for scanned := 0; ; {
		chunk := min(scanChunk, p.First+1)
		if f.User != "" || f.Feature != "" || len(f.Status) > 0 || f.Kind != 0 {
			chunk = scanChunk
		}
		found, err := l.decisionsBefore(ctx, account, &f, after, chunk)
		if err != nil {
			return page, err
		}
		for _, d := range found {
			if len(page.Decisions) == p.First {
				page.More = true
				return page, nil
			}
			page.Scanned = d.ID
			if f.Matches(d) {
				page.Decisions = append(page.Decisions, d)
			}
		}
		if len(found) < chunk {
			return page, nil
		}
		if scanned += len(found); scanned >= scanBudget {
			page.More = true
			return page, nil
		}
		after = &found[len(found)-1].ID
	}
}

// decisionsBefore reads the next decisions in the order of their ids, downward,
// with all that followed them.
func (l *Ledger) decisionsBefore(ctx context.Context, account string, f *DecisionFilter, after *ID, limit int) ([]*Decision, error) {
	low, high := ID{}, NewID(1<<53, ^uint64(0))
	if f.From != 0 {
		low = FirstID(f.From)
	}
	if f.To != 0 {
		high = FirstID(f.To)
	}
	if after != nil && string(after[:]) < string(high[:]) {
		high = *after
	}
	rows, err := l.read.Query(ctx, `select `+eventColumns+` from usage_events u where u.account_id = $1 and u.id < $2 and u.id >= $3
		and u.decision_id is null order by u.id desc limit $4`, account, high, low, limit)
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	decisions := make([]*Decision, len(events))
	for i := range events {
		decisions[i] = &Decision{Event: events[i]}
	}
	return decisions, l.addFollowers(ctx, account, decisions)
}

// addFollowers reads what followed decisions of an account.
func (l *Ledger) addFollowers(ctx context.Context, account string, decisions []*Decision) error {
	byID := make(map[ID]*Decision, len(decisions))
	ids := make([]ID, 0, len(decisions))
	for _, d := range decisions {
		if d.Granted > 0 {
			byID[d.ID] = d
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := l.read.Query(ctx, `select `+eventColumns+` from unnest($2::uuid[]) k(id)
		cross join lateral (select * from usage_events u where u.account_id = $1 and u.decision_id = k.id) u order by u.id`, account, ids)
	events, err := collect(rows, err, scanEvent)
	for i := range events {
		d := byID[events[i].Decision]
		d.Follow = append(d.Follow, events[i])
	}
	return err
}

// Accounts lists accounts by id; search keeps those whose id or name begins
// with it.
func (l *Ledger) Accounts(ctx context.Context, search string, first int, after string) (accounts []Account, more bool, err error) {
	low, high := search, search+"\U0010ffff"
	rows, err := l.read.Query(ctx, `select `+accountColumns+` from (
			(select * from accounts where account_id > $1 and account_id >= $2 and account_id < $3 order by account_id limit $4)
			union
			(select * from accounts where $2 <> '' and lower(name) collate "C" >= lower($2) collate "C" and lower(name) collate "C" < lower($3) collate "C"
				and account_id > $1 order by account_id limit $4)) a
		order by account_id limit $4`, after, low, high, first+1)
	accounts, err = collect(rows, err, scanAccount)
	accounts, more = cut(accounts, first)
	return accounts, more, err
}

// AuditLog lists audit entries, the newest first: of an account, or of all
// where account is "".
func (l *Ledger) AuditLog(ctx context.Context, account string, p Page) (entries []AuditEntry, more bool, err error) {
	const columns = `select account_id, id, at, actor, action, reason, before, after from audit_log `
	var rows pgx.Rows
	if account != "" {
		rows, err = l.read.Query(ctx, columns+`where account_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
			account, p.After, p.First+1)
	} else {
		rows, err = l.read.Query(ctx, columns+`where ($1::uuid is null or id < $1) order by id desc limit $2`, p.After, p.First+1)
	}
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

// UsagePoint is what was used of a feature in an interval, by the kind of the
// bucket that paid.
type UsagePoint struct {
	Start    waterfall.Instant
	Feature  string
	Kind     waterfall.Kind
	Quantity int64
	Credits  int64 // millionths
}

// Usage sums what was funded in [from, to) by interval: "minute", "hour", "day"
// or "month", in UTC. Intervals without usage are left out.
func (l *Ledger) Usage(ctx context.Context, account, feature string, from, to waterfall.Instant, interval string) ([]UsagePoint, error) {
	rows, err := l.read.Query(ctx, `select date_trunc($5, u.created_at, 'UTC') as start, u.feature, m.kind, sum(m.quantity)::bigint, sum(m.credits)::bigint
		from monetization_events m join usage_events u on u.account_id = m.account_id and u.id = m.usage_event_id
		where m.account_id = $1 and m.usage_event_id >= $2 and m.usage_event_id < $3 and u.created_at >= $6 and u.created_at < $7
			and ($4 = '' or u.feature = $4)
		group by 1, 2, 3 order by 1, 2, 3`,
		account, FirstID(from), FirstID(to+1_000_000), feature, interval, from.Time(), to.Time())
	return collect(rows, err, func(row pgx.Row) (*UsagePoint, error) {
		p := &UsagePoint{}
		var at time.Time
		err := row.Scan(&at, &p.Feature, &p.Kind, &p.Quantity, &p.Credits)
		p.Start = waterfall.InstantOf(at)
		return p, err
	})
}
