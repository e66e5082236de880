package ledger

import (
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// The columns of each table, in the order in which the scan functions read
// them.
const (
	accountColumns = `account_id, name, status, plan_key, spend_cap, spend_cap_period, version, decided_at, sequence, balance, chain, created_at, events, hold_due`

	eventColumns = `u.account_id, u.id, u.decision_id, u.created_at, u.fingerprint, u.requested, u.granted, u.charged,
		u.first_sequence, u.hold_until, u.retry_at, u.plan_version, u.price_version, u.postings, u.kind, u.status, u.reason,
		u.allow_partial, u.idempotency_key, u.user_id, u.feature, u.plan_key, u.steps, u.metadata`

	grantColumns = `g.account_id, g.id, g.remaining, g.held, g.amount, g.effective_at, g.expires_at, g.voided_at, g.expired_at,
		g.due_at, g.created_at, g.rollover_limit, g.fingerprint, g.priority, g.issues, g.postings, g.kind, g.recurrence,
		g.units, g.closed, g.idempotency_key, g.features, g.reference, g.note, g.opening, g.rooms`

	postingColumns = `b.account_id, b.sequence, b.grant_id, b.source_id, b.amount, b.balance_after, b.account_balance_after,
		b.created_at, b.ordinal, b.kind, b.counter_account, b.part, b.hash`
)

// scanAccount reads an account, and what stands behind its columns into others.
func scanAccount(row pgx.Row, others ...any) (*Account, error) {
	var a Account
	var limit *int64
	var period *int16
	var decided, created time.Time
	var due *time.Time
	var chain []byte
	into := append(make([]any, 0, 16), &a.ID, &a.Name, &a.Status, &a.Plan, &limit, &period, &a.Version, &decided, &a.Head.Sequence,
		&a.Head.Balance, &chain, &created, &a.Events, &due)
	err := row.Scan(append(into, others...)...)
	if err != nil {
		return nil, err
	}
	if limit != nil && period != nil {
		a.Cap = &Cap{Limit: *limit, Period: waterfall.Period(*period)}
	}
	copy(a.Head.Chain[:], chain)
	a.DecidedAt, a.CreatedAt, a.HoldDue = waterfall.InstantOf(decided), waterfall.InstantOf(created), instant(due)
	return &a, nil
}

// scanPlainEvent reads the columns of an event and nothing more.
func scanPlainEvent(row pgx.Row) (*Event, error) { return scanEvent(row) }

// scanEvent reads the columns of an event, and behind them into more.
func scanEvent(row pgx.Row, more ...any) (*Event, error) {
	var e Event
	var decision *ID
	var first *int64
	var hold, retry *time.Time
	var at time.Time
	var steps string
	err := row.Scan(append([]any{&e.Account, &e.ID, &decision, &at, &e.Fingerprint, &e.Requested, &e.Granted, &e.Charged, &first, &hold,
		&retry, &e.PlanVersion, &e.PriceVersion, &e.Postings, &e.Kind, &e.Status, &e.Reason, &e.AllowPartial, &e.Key,
		&e.User, &e.Feature, &e.PlanKey, &steps, &e.Metadata}, more...)...)
	if err != nil {
		return nil, err
	}
	if decision != nil {
		e.Decision = *decision
	}
	if first != nil {
		e.FirstSequence = *first
	}
	e.At, e.HoldUntil = waterfall.InstantOf(at), instant(hold)
	if retry != nil {
		e.RetryAt = retry.Unix()
	}
	return &e, DecodeSteps(&e, steps)
}

func scanGrant(row pgx.Row) (*Grant, error) {
	var g Grant
	var effective, created time.Time
	var expires, voided, expired, due *time.Time
	var rollover, opening *int64
	var recurrence *int16
	var reference, note *string
	err := row.Scan(&g.Account, (*ID)(&g.ID), &g.Remaining, &g.Held, &g.Amount, &effective, &expires, &voided, &expired, &due,
		&created, &rollover, &g.Fingerprint, &g.Priority, &g.Issues, &g.Postings, &g.Kind, &recurrence, &g.Units, &g.Closed,
		&g.Key, &g.Features, &reference, &note, &opening, &g.Rooms)
	if err != nil {
		return nil, err
	}
	g.EffectiveAt, g.CreatedAt = waterfall.InstantOf(effective), waterfall.InstantOf(created)
	g.ExpiresAt, g.VoidedAt, g.ExpiredAt, g.DueAt = instant(expires), instant(voided), instant(expired), instant(due)
	g.RolloverLimit = -1
	if rollover != nil {
		g.RolloverLimit = *rollover
	}
	if opening != nil {
		g.Opening = *opening
	}
	if recurrence != nil {
		g.Recurrence = waterfall.Period(*recurrence)
	}
	if reference != nil {
		g.Reference = *reference
	}
	if note != nil {
		g.Note = *note
	}
	return &g, nil
}

// scanPosting reads a posting; Units is the caller's to set, from the grant.
func scanPosting(row pgx.Row, more ...any) (*book.Posting, error) {
	var p book.Posting
	var at time.Time
	var part *int16
	var hash []byte
	dest := []any{&p.Account, &p.Sequence, (*ID)(&p.Grant), (*ID)(&p.Source), &p.Amount, &p.BalanceAfter,
		&p.AccountBalanceAfter, &at, &p.Ordinal, &p.Kind, &p.Counter, &part, &hash}
	if err := row.Scan(append(dest, more...)...); err != nil {
		return nil, err
	}
	p.Part = book.NoPart
	if part != nil {
		p.Part = int32(*part)
	}
	copy(p.Hash[:], hash)
	p.At = at.UnixMicro()
	return &p, nil
}

func instant(t *time.Time) waterfall.Instant {
	if t == nil {
		return 0
	}
	return waterfall.InstantOf(*t)
}

// collect reads all rows with a scan function.
func collect[T any](rows pgx.Rows, err error, scan func(pgx.Row) (*T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, *one)
	}
	return all, rows.Err()
}
