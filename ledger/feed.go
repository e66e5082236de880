package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// FeedItem is one step of a feed of decisions: the event that happened, whose id
// is the cursor, and the decision as it was when the event was read, or later. It
// is given to many readers and never changed.
type FeedItem struct {
	Event    ID
	Decision *Decision
}

// FeedAfter reads the next events of an account behind a cursor, the oldest
// first. An account's events commit in the order of their ids, because every
// writer holds its lock: what is behind the cursor later was written later.
func (l *Ledger) FeedAfter(ctx context.Context, account string, after ID, limit int) ([]FeedItem, error) {
	rows, err := l.reader(ctx).Query(ctx, `select u.account_id, u.id, coalesce(u.decision_id, u.id) from usage_events u
		where u.account_id = $1 and u.id > $2 order by u.id limit $3`, account, after, limit)
	steps, err := collect(rows, err, scanFeedStep)
	if err != nil {
		return nil, err
	}
	return l.feedItems(ctx, steps)
}

type feedStep struct {
	account  string
	event    ID
	decision ID
}

func scanFeedStep(row pgx.Row) (*feedStep, error) {
	s := &feedStep{}
	return s, row.Scan(&s.account, &s.event, &s.decision)
}

func (l *Ledger) feedItems(ctx context.Context, steps []feedStep) ([]FeedItem, error) {
	if len(steps) == 0 {
		return nil, nil
	}
	accounts, ids := make([]string, 0, len(steps)), make([]ID, 0, len(steps))
	seen := make(map[EventRef]bool, len(steps))
	for _, s := range steps {
		if ref := (EventRef{s.account, s.decision}); !seen[ref] {
			seen[ref] = true
			accounts, ids = append(accounts, s.account), append(ids, s.decision)
		}
	}
	rows, err := l.reader(ctx).Query(ctx, sqlDecisions, accounts, ids)
	events, err := collect(rows, err, scanPlainEvent)
	if err != nil {
		return nil, err
	}
	byRef := make(map[EventRef]*Decision, len(seen))
	for _, d := range assemble(events) {
		byRef[EventRef{d.Account, d.ID}] = d
	}
	items := make([]FeedItem, 0, len(steps))
	for _, s := range steps {
		if d := byRef[EventRef{s.account, s.decision}]; d != nil {
			items = append(items, FeedItem{s.event, d})
		}
	}
	return items, nil
}

// NewestEvent is the cursor of an account's newest event, zero when it has
// none.
func (l *Ledger) NewestEvent(ctx context.Context, account string) (id ID, err error) {
	rows, err := l.reader(ctx).Query(ctx, `select id from usage_events where account_id = $1 order by id desc limit 1`, account)
	ids, err := collect(rows, err, func(row pgx.Row) (*ID, error) {
		var id ID
		return &id, row.Scan(&id)
	})
	if err != nil || len(ids) == 0 {
		return ID{}, err
	}
	return ids[0], nil
}

const (
	// OFFSET leaves the planner the time to find the rows by. By the ids alone, of
	// which a table that was not analyzed seems to have few, it would go through
	// the primary key of all accounts.
	sqlFeedAll = `select u.account_id, u.id, coalesce(u.decision_id, u.id)
		from (select account_id, id, decision_id from usage_events where created_at >= $2 and created_at < $3 offset 0) u
		where u.id > $1 and u.id < $4 order by u.id limit $5`

	sqlChangedSince = `select account_id from usage_events where created_at >= $1
		union select account_id from balance_updates where created_at >= $1
		union select account_id from audit_log where id >= $2`
)

// FeedAll reads the next events of all accounts behind a cursor, the oldest
// first, that happened in [from, to). Events of different accounts do not
// commit in the order of their ids: to must lie before all that is still
// undecided; see Transactions and the engine's watermark.
func (l *Ledger) FeedAll(ctx context.Context, after ID, from, to waterfall.Instant, limit int) ([]FeedItem, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlFeedAll, after, (from - batchSpan).Time(), to.Time(), FirstID(to), limit)
	steps, err := collect(rows, err, scanFeedStep)
	if err != nil {
		return nil, err
	}
	return l.feedItems(ctx, steps)
}

// Transactions are the bounds of what writes in the database. A transaction has
// its id from its first write on, of which to lock a row is one.
type Transactions struct {
	// Clock is the database's, read before Next.
	Clock waterfall.Instant
	// Every transaction whose id is below Oldest has ended: what it committed is
	// seen by every statement that is sent from now on.
	Oldest int64
	// No id from Next on had been given out yet.
	Next int64
}

// The snapshot tells Oldest. Its xmax is not Next: it is the highest id that has
// completed plus one, and transactions with that id and higher ones may be
// running. age counts the ids from one to the next that will be given out, and
// takes none itself. statement_timestamp is the clock when the database was told
// to execute this, so it is from before age reads the counter.
const sqlTransactions = `select statement_timestamp(), pg_snapshot_xmin(s)::text::bigint,
		pg_snapshot_xmin(s)::text::bigint + age(pg_snapshot_xmin(s)::xid) from pg_current_snapshot() s`

// Transactions reads the bounds now.
func (l *Ledger) Transactions(ctx context.Context) (t Transactions, err error) {
	var clock time.Time
	err = l.reader(ctx).QueryRow(ctx, sqlTransactions).Scan(&clock, &t.Oldest, &t.Next)
	t.Clock = waterfall.InstantOf(clock)
	return t, err
}

// ChangedSince lists accounts in which anything happened since an instant.
func (l *Ledger) ChangedSince(ctx context.Context, since waterfall.Instant) ([]string, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlChangedSince, since.Time(), FirstID(since))
	return collect(rows, err, func(row pgx.Row) (*string, error) {
		var id string
		return &id, row.Scan(&id)
	})
}
