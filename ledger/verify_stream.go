package ledger

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// streamPage is how many rows of a table a worker holds at a time.
const streamPage = 512

// stream reads one table of a range of accounts in order, through a cursor, a
// page at a time: memory is constant however large the table is.
type stream[T any] struct {
	ctx    context.Context
	tx     pgx.Tx
	fetch  string
	decode func(*reader, *T)
	texts  *texts
	page   []T
	at     int
	ended  bool
	read   int64
	err    error
}

// open declares the cursor. Its SQL takes the bounds of the range: account ids
// from $1, below $2, and of these only $3.
func (s *stream[T]) open(ctx context.Context, tx pgx.Tx, batch *pgx.Batch, t *texts, name, sql string, r accountRange, decode func(*reader, *T)) {
	*s = stream[T]{ctx: ctx, tx: tx, fetch: fmt.Sprintf("fetch %d from %s", streamPage, name), decode: decode, texts: t, page: s.page[:0]}
	batch.Queue("declare "+name+" no scroll cursor for "+sql, r.from, r.below, r.only)
}

// peek is the next row, nil at the end or after an error. It stays valid until
// the next call of peek behind a take.
func (s *stream[T]) peek() *T {
	if s.at == len(s.page) && !s.ended {
		s.load()
	}
	if s.at == len(s.page) {
		return nil
	}
	return &s.page[s.at]
}

// take steps over the row that peek showed.
func (s *stream[T]) take() { s.at++ }

func (s *stream[T]) load() {
	s.page, s.at = s.page[:0], 0
	rows, err := s.tx.Query(s.ctx, s.fetch)
	if err != nil {
		s.err, s.ended = err, true
		return
	}
	defer rows.Close()
	r := reader{texts: s.texts}
	for rows.Next() {
		var none T
		s.page = append(s.page, none)
		r.values, r.next = rows.RawValues(), 0
		s.decode(&r, &s.page[len(s.page)-1])
		if r.err != nil {
			s.page, s.err, s.ended = s.page[:len(s.page)-1], r.err, true
			return
		}
	}
	s.err = rows.Err()
	s.read += int64(len(s.page))
	s.ended = s.err != nil || len(s.page) < streamPage
}

const (
	streamEvents = `select account_id, id, decision_id, created_at, fingerprint, requested, granted, charged, first_sequence, hold_until,
		retry_at, plan_version, price_version, postings, kind, status, reason, allow_partial, user_id, feature, plan_key, steps
		from usage_events where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, id`
	streamParts = `select account_id, usage_event_id, part, kind, bucket, quantity, credits, price_version
		from monetization_events where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, usage_event_id, part`
	streamPostings = `select account_id, sequence, grant_id, source_id, amount, balance_after, account_balance_after, created_at,
		ordinal, kind, counter_account, part, hash
		from balance_updates where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, sequence`
	streamGrants = `select account_id, id, remaining, held, amount, effective_at, expires_at, voided_at, expired_at, due_at, created_at,
		rollover_limit, fingerprint, priority, issues, postings, kind, recurrence, units, closed, idempotency_key, features, reference, note, opening, rooms
		from grants where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, id`
	streamAccounts = `select account_id, status, plan_key, spend_cap, spend_cap_period, version, decided_at, sequence, balance, chain, events, hold_due
		from accounts where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id`
	streamHolds = `select account_id, decision_id, expires_at
		from holds where account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, decision_id`
	streamChanges = `select account_id, id, action, after::text from audit_log
		where account_id <> '' and account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, id`
	streamFollow = `select account_id, decision_id, id, kind, granted, charged
		from usage_events where decision_id is not null and account_id >= $1 and account_id < $2 and ($3::text[] is null or account_id = any($3)) order by account_id, decision_id, id`
)

func decodeEvent(r *reader, e *Event) {
	e.Account, e.ID, e.Decision, e.At, e.Fingerprint = r.text(), r.id(), r.id(), r.instant(), r.int64()
	e.Requested, e.Granted, e.Charged, e.FirstSequence, e.HoldUntil = r.int64(), r.int64(), r.int64(), r.int64(), r.instant()
	e.RetryAt, e.PlanVersion, e.PriceVersion, e.Postings = r.instant().Second(), r.int32(), r.int32(), int(r.int16())
	e.Kind, e.Status, e.Reason = EventKind(r.int16()), Status(r.int16()), waterfall.Reason(r.int16())
	e.AllowPartial, e.User, e.Feature, e.PlanKey = r.bool(), r.text(), r.text(), r.text()
	if r.err == nil && DecodeSteps(e, string(r.raw())) != nil {
		e.Steps = nil // the replay names it
	}
}

func decodePart(r *reader, m *Monetization) {
	m.Account, m.Event, m.Part, m.Kind = r.text(), r.id(), int32(r.int16()), waterfall.Kind(r.int16())
	m.Bucket, m.Quantity, m.Credits, m.PriceVersion = r.text(), r.int64(), r.int64(), r.int32()
}

func decodePosting(r *reader, p *book.Posting) {
	p.Account, p.Sequence, p.Grant, p.Source = r.text(), r.int64(), r.id(), r.id()
	p.Amount, p.BalanceAfter, p.AccountBalanceAfter, p.At = r.int64(), r.int64(), r.int64(), int64(r.instant())
	p.Ordinal, p.Kind, p.Counter, p.Part = r.int32(), book.Kind(r.int16()), book.Counter(r.int16()), book.NoPart
	if v := r.value(2); v != nil {
		p.Part = int32(int16(binary.BigEndian.Uint16(v)))
	}
	p.Hash = r.hash()
}

func decodeGrant(r *reader, g *Grant) {
	g.Account, g.ID, g.Remaining, g.Held, g.Amount = r.text(), r.id(), r.int64(), r.int64(), r.int64()
	g.EffectiveAt, g.ExpiresAt, g.VoidedAt, g.ExpiredAt = r.instant(), r.instant(), r.instant(), r.instant()
	g.DueAt, g.CreatedAt, g.RolloverLimit, g.Fingerprint = r.instant(), r.instant(), r.int64Or(-1), r.int64()
	g.Priority, g.Issues, g.Postings, g.Kind = r.int32(), r.int32(), r.int32(), waterfall.Kind(r.int16())
	g.Recurrence, g.Units, g.Closed = waterfall.Period(r.int16()), r.bool(), r.bool()
	g.Key, g.Features, g.Reference, g.Note = string(r.raw()), r.list(), string(r.raw()), string(r.raw())
	g.Opening, g.Rooms = r.int64(), r.int64s()
}

func decodeAccount(r *reader, a *Account) {
	a.ID, a.Status, a.Plan = string(r.raw()), AccountStatus(r.int16()), r.text()
	limit, period := r.int64Or(-1), waterfall.Period(r.int16())
	if limit >= 0 {
		a.Cap = &Cap{limit, period}
	}
	a.Version, a.DecidedAt = r.id(), r.instant()
	a.Head.Sequence, a.Head.Balance, a.Head.Chain, a.Events, a.HoldDue = r.int64(), r.int64(), r.hash(), r.int64(), r.instant()
}

func decodeHold(r *reader, h *Hold) {
	h.Account, h.ID, h.ExpiresAt = r.text(), r.id(), r.instant()
}

func decodeChange(r *reader, a *AuditEntry) {
	a.Account, a.ID, a.Action = r.text(), r.id(), r.text()
	if v := r.raw(); v != nil {
		a.After = append([]byte(nil), v...)
	}
}

func decodeFollow(r *reader, e *Event) {
	e.Account, e.Decision, e.ID, e.Kind = r.text(), r.id(), r.id(), EventKind(r.int16())
	e.Granted, e.Charged = r.int64(), r.int64()
}
