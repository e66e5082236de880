package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
	"spillway/ledger/failpoint"
)

// Writes is all that a batch writes, in one transaction.
type Writes struct {
	Events []Event
	// Monetization holds none of costless events.
	Monetization []Monetization
	Postings     []book.Posting
	// NewGrants are inserted; Lots are the new states of grants that stand.
	NewGrants []Grant
	Lots      []Grant
	HoldsOpen []Hold
	HoldsEnd  []EventRef
	// Accounts carry the new version, time and head of each account touched;
	// Settings those whose status, plan or cap changed as well.
	Accounts []*Account
	Settings []*Account
	Audit    []AuditEntry
}

// Hold is an open hold and when it expires.
type Hold struct {
	EventRef
	ExpiresAt waterfall.Instant
}

// commitTimeout is how long the caller waits for the answer to a batch's last
// round trip, and how long it may take to send it.
const commitTimeout = 10 * time.Second

var errCommitSlow = errors.New("ledger: COMMIT was not answered in time")

// Commit writes and commits in one round trip. What else must be done before
// the commit, meanwhile does while the database writes: COMMIT is sent when it
// has returned. A nil error means that all is in the database, durably. An
// *UnknownOutcomeError means that it may be; any other error that it is not. The
// transaction is over in each case for its caller.
//
// A COMMIT is never cancelled. It may wait for a synchronous standby, and what is
// cancelled then is committed here, seen by everyone, and lost with this server.
// So no deadline and no client reaches it, the session has no statement_timeout,
// and its connection sends no CancelRequest (neverCancel). After commitTimeout the
// caller is told that the outcome is unknown, while the connection goes on waiting:
// until the answer the database holds the locks, so that whoever asks again waits
// with it, and the pool bounds how many wait.
func (tx *Tx) Commit(ctx context.Context, w *Writes, meanwhile func()) error {
	batch := &pgx.Batch{}
	w.queue(batch, tx.single)
	batch.Queue("commit")
	queries := batch.QueuedQueries
	pipeline, err := tx.send(context.WithoutCancel(ctx), queries, meanwhile)
	if err != nil {
		tx.Rollback()
		return commitFault(err)
	}
	tx.reach(failpoint.Sent)
	answered := make(chan error, 1)
	go func() {
		answered <- tx.answer(pipeline, len(queries))
	}()
	slow := time.NewTimer(commitTimeout)
	defer slow.Stop()
	select {
	case err = <-answered:
		if err == nil {
			tx.reach(failpoint.Committed)
		}
		if readOnly(err) {
			tx.ledger.leave()
		}
		tx.Rollback()
		return err
	case <-slow.C:
		tx.done = true // for the caller
		go tx.outlast(answered)
		return &UnknownOutcomeError{errCommitSlow}
	}
}

// answer waits for the answers to all statements, of which COMMIT is the last.
func (tx *Tx) answer(pipeline *pgconn.Pipeline, statements int) error {
	tag, err := results(pipeline, statements)
	switch {
	case err != nil:
		return commitFault(err)
	case tag.String() != "COMMIT":
		return fmt.Errorf("ledger: COMMIT was answered by %s", tag)
	}
	return nil
}

// commitFault is what an error of the last round trip means.
func commitFault(err error) error {
	if refusal(err) {
		return err
	}
	return &UnknownOutcomeError{err}
}

// outlast gives the connection back when COMMIT is answered, or the ledger closes.
func (tx *Tx) outlast(answered <-chan error) {
	socket := tx.conn.Conn().PgConn().Conn()
	stop := context.AfterFunc(tx.ledger.closing, func() { _ = socket.Close() })
	err := <-answered
	stop()
	tx.done = false
	if err != nil {
		_ = socket.Close() // Rollback would ask a server that has not answered
	}
	tx.Rollback()
}

// queue sends all that is to be written; single: see Options.SingleAccount.
func (w *Writes) queue(batch *pgx.Batch, single bool) {
	lots, heads := queueLots, queueHeads
	if single {
		lots, heads = queueLotsOfOne, queueHeadsOfOne
	}
	if len(w.Events) > 0 {
		queueEvents(batch, w.Events)
	}
	if len(w.Monetization) > 0 {
		queueMonetization(batch, w.Monetization)
	}
	if len(w.Postings) > 0 {
		queuePostings(batch, w.Postings)
	}
	for i := range w.NewGrants {
		queueNewGrant(batch, &w.NewGrants[i])
	}
	if len(w.Lots) > 0 {
		lots(batch, w.Lots)
	}
	for _, h := range w.HoldsOpen {
		batch.Queue(`insert into holds (account_id, decision_id, expires_at) values ($1, $2, $3)`, h.Account, h.ID, h.ExpiresAt.Time())
	}
	for _, h := range w.HoldsEnd {
		batch.Queue(`delete from holds where account_id = $1 and decision_id = $2`, h.Account, h.ID)
	}
	for _, a := range w.Settings {
		queueSettings(batch, a)
	}
	for i := range w.Audit {
		queueAudit(batch, &w.Audit[i])
	}
	if len(w.Accounts) > 0 {
		heads(batch, w.Accounts)
	}
}

const sqlInsertEvents = `insert into usage_events (account_id, id, decision_id, created_at, fingerprint, requested, granted, charged,
		first_sequence, hold_until, retry_at, plan_version, price_version, postings, kind, status, reason, allow_partial,
		idempotency_key, user_id, feature, plan_key, steps, metadata)
	select * from unnest($1::event_row[])`

func queueEvents(batch *pgx.Batch, events []Event) { batch.Queue(sqlInsertEvents, eventRows(events)) }

func eventRows(events []Event) *rows {
	all := newRows(len(events), 24, 480)
	for i := range events {
		e := &events[i]
		r := all.next().text(e.Account).id(e.ID).idOrNull(e.Decision).at(e.At).int8(e.Fingerprint).int8(e.Requested).int8(e.Granted).int8(e.Charged)
		if e.FirstSequence == 0 {
			r.null(int8Type)
		} else {
			r.int8(e.FirstSequence)
		}
		r.atOrNull(e.HoldUntil).atOrNull(waterfall.AtSecond(e.RetryAt)).int4(e.PlanVersion).int4(e.PriceVersion)
		r.int2(int16(e.Postings)).int2(int16(e.Kind)).int2(int16(e.Status)).int2(int16(e.Reason)).bool(e.AllowPartial)
		r.text(e.Key).text(e.User).text(e.Feature).text(e.PlanKey).text(EncodeSteps(e))
		if e.Metadata == nil {
			r.null(textType)
		} else {
			r.text(string(e.Metadata))
		}
	}
	return all
}

const sqlInsertMonetization = `insert into monetization_events (account_id, usage_event_id, part, kind, bucket, quantity, credits, price_version)
	select * from unnest($1::monetization_row[])`

func queueMonetization(batch *pgx.Batch, parts []Monetization) {
	all := newRows(len(parts), 8, 140)
	for i := range parts {
		m := &parts[i]
		r := all.next().text(m.Account).id(m.Event).int2(int16(m.Part)).int2(int16(m.Kind)).text(m.Bucket).int8(m.Quantity).int8(m.Credits)
		if m.PriceVersion == 0 {
			r.null(int4Type)
		} else {
			r.int4(m.PriceVersion)
		}
	}
	batch.Queue(sqlInsertMonetization, all)
}

const sqlInsertPostings = `insert into balance_updates (account_id, sequence, grant_id, source_id, amount, balance_after,
		account_balance_after, created_at, ordinal, kind, counter_account, part, hash)
	select * from unnest($1::posting_row[])`

func queuePostings(batch *pgx.Batch, postings []book.Posting) {
	all := newRows(len(postings), 13, 280)
	for i := range postings {
		p := &postings[i]
		r := all.next().text(p.Account).int8(p.Sequence).id(p.Grant).id(p.Source).int8(p.Amount).int8(p.BalanceAfter)
		r.int8(p.AccountBalanceAfter).at(waterfall.Instant(p.At)).int4(p.Ordinal).int2(int16(p.Kind)).int2(int16(p.Counter))
		if p.Part == book.NoPart {
			r.null(int2Type)
		} else {
			r.int2(int16(p.Part))
		}
		r.bytes(p.Hash[:])
	}
	batch.Queue(sqlInsertPostings, all)
}

const sqlUpdateLots = `update grants g set remaining = x.remaining, held = x.held, voided_at = x.voided_at, expired_at = x.expired_at,
		due_at = x.due_at, issues = x.issues, postings = x.postings, closed = x.closed, opening = x.opening, rooms = x.rooms
	from unnest($1::lot_row[]) x where g.account_id = x.account_id and g.id = x.id`

func queueLots(batch *pgx.Batch, lots []Grant) {
	all := newRows(len(lots), 12, 206)
	for i := range lots {
		g := &lots[i]
		all.next().text(g.Account).id(g.ID).int8(g.Remaining).int8(g.Held).atOrNull(g.VoidedAt).atOrNull(g.ExpiredAt).atOrNull(g.DueAt).
			int4(g.Issues).int4(g.Postings).bool(g.Closed).int8OrNull(g.Opening).int8s(g.Rooms)
	}
	batch.Queue(sqlUpdateLots, all)
}

const sqlInsertGrant = `insert into grants (account_id, id, remaining, held, amount, effective_at, expires_at, due_at, created_at,
		rollover_limit, fingerprint, priority, issues, postings, kind, recurrence, units, closed, idempotency_key, features,
		reference, note, voided_at, expired_at, opening, rooms)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10::bigint, -1), $11, $12, $13, $14, $15, nullif($16::smallint, 0), $17, $18, $19,
		$20, nullif($21::text, ''), nullif($22::text, ''), $23, $24, nullif($25::bigint, 0), $26)`

func queueNewGrant(batch *pgx.Batch, g *Grant) {
	batch.Queue(sqlInsertGrant, g.Account, ID(g.ID), g.Remaining, g.Held, g.Amount, g.EffectiveAt.Time(), timestamp(g.ExpiresAt),
		timestamp(g.DueAt), g.CreatedAt.Time(), g.RolloverLimit, g.Fingerprint, g.Priority, g.Issues, g.Postings, int16(g.Kind),
		int16(g.Recurrence), g.Units, g.Closed, g.Key, g.Features, g.Reference, g.Note, timestamp(g.VoidedAt), timestamp(g.ExpiredAt),
		g.Opening, g.Rooms)
}

const sqlUpdateHeads = `update accounts a set version = x.version, decided_at = x.decided_at, sequence = x.sequence,
		balance = x.balance, chain = x.chain, events = x.events, hold_due = x.hold_due
	from unnest($1::head_row[]) x where a.account_id = x.account_id`

func queueHeads(batch *pgx.Batch, accounts []*Account) {
	all := newRows(len(accounts), 8, 196)
	for _, a := range accounts {
		all.next().text(a.ID).id(a.Version).at(a.DecidedAt).int8(a.Head.Sequence).int8(a.Head.Balance).bytes(a.Head.Chain[:]).int8(a.Events).
			atOrNull(a.HoldDue)
	}
	batch.Queue(sqlUpdateHeads, all)
}

func queueSettings(batch *pgx.Batch, a *Account) {
	var limit pgtype.Int8
	var period pgtype.Int2
	if a.Cap != nil {
		limit, period = pgtype.Int8{Int64: a.Cap.Limit, Valid: true}, pgtype.Int2{Int16: int16(a.Cap.Period), Valid: true}
	}
	batch.Queue(`update accounts set status = $2, plan_key = $3, spend_cap = $4, spend_cap_period = $5 where account_id = $1`,
		a.ID, int16(a.Status), a.Plan, limit, period)
}

func queueAudit(batch *pgx.Batch, e *AuditEntry) {
	batch.Queue(`insert into audit_log (account_id, id, at, actor, action, reason, before, after) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.Account, e.ID, e.At.Time(), e.Actor, e.Action, e.Reason, e.Before, e.After)
}

// timestamp is NULL for the absent instant.
func timestamp(at waterfall.Instant) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: at.Time(), Valid: at != 0}
}
