package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
	"spillway/ledger/failpoint"
)

// Writes is all that a batch writes, in one transaction.
type Writes struct {
	Events       []Event
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

// commitTimeout is how long a batch's last round trip may take: no client can
// cancel it.
const commitTimeout = 10 * time.Second

// Commit writes and commits in one round trip. A nil error means that all is
// in the database, durably. An *UnknownOutcomeError means that it may be; any
// other error that it is not. The transaction is over in each case.
func (tx *Tx) Commit(ctx context.Context, w *Writes) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	defer tx.Rollback()
	batch := &pgx.Batch{}
	w.queue(batch, tx.single)
	batch.Queue("commit")
	results := tx.conn.SendBatch(ctx, batch)
	tx.reach(failpoint.Sent)
	for range batch.Len() - 1 {
		if _, err := results.Exec(); err != nil {
			_ = results.Close()
			if refusal(err) {
				return err
			}
			return &UnknownOutcomeError{err}
		}
	}
	tag, err := results.Exec()
	if closing := results.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return &UnknownOutcomeError{err}
	}
	if tag.String() != "COMMIT" {
		return fmt.Errorf("ledger: COMMIT was answered by %s", tag)
	}
	tx.reach(failpoint.Committed)
	return nil
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
	select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
		$9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::int[], $13::int[], $14::smallint[], $15::smallint[], $16::smallint[],
		$17::smallint[], $18::boolean[], $19::text[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[])`

func queueEvents(batch *pgx.Batch, events []Event) {
	n := len(events)
	accounts, keys, users := make([]string, n), make([]string, n), make([]string, n)
	features, plans, steps := make([]string, n), make([]string, n), make([]string, n)
	metadata := make([]pgtype.Text, n)
	ids, decisions := make([]ID, n), make([]pgtype.UUID, n)
	at := make([]time.Time, n)
	holds, retries := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	fingerprints, requested, granted, charged := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	first := make([]pgtype.Int8, n)
	planVersions, priceVersions := make([]int32, n), make([]int32, n)
	postings, kinds, statuses, reasons := make([]int16, n), make([]int16, n), make([]int16, n), make([]int16, n)
	partial := make([]bool, n)
	for i := range events {
		e := &events[i]
		accounts[i], keys[i], users[i], features[i], plans[i] = e.Account, e.Key, e.User, e.Feature, e.PlanKey
		steps[i] = EncodeSteps(e)
		metadata[i] = pgtype.Text{String: string(e.Metadata), Valid: e.Metadata != nil}
		ids[i], decisions[i] = e.ID, pgtype.UUID{Bytes: e.Decision, Valid: !e.Decision.IsZero()}
		at[i], holds[i] = e.At.Time(), timestamp(e.HoldUntil)
		retries[i] = timestamp(waterfall.AtSecond(e.RetryAt))
		fingerprints[i], requested[i], granted[i], charged[i] = e.Fingerprint, e.Requested, e.Granted, e.Charged
		first[i] = pgtype.Int8{Int64: e.FirstSequence, Valid: e.FirstSequence != 0}
		planVersions[i], priceVersions[i] = e.PlanVersion, e.PriceVersion
		postings[i], kinds[i] = int16(e.Postings), int16(e.Kind)
		statuses[i], reasons[i], partial[i] = int16(e.Status), int16(e.Reason), e.AllowPartial
	}
	batch.Queue(sqlInsertEvents, accounts, ids, decisions, at, fingerprints, requested, granted, charged, first, holds, retries,
		planVersions, priceVersions, postings, kinds, statuses, reasons, partial, keys, users, features, plans, steps, metadata)
}

const sqlInsertMonetization = `insert into monetization_events (account_id, usage_event_id, part, kind, bucket, quantity, credits, price_version)
	select a, e, p, k, b, q, c, nullif(v, 0) from unnest($1::text[], $2::uuid[], $3::smallint[], $4::smallint[], $5::text[],
		$6::bigint[], $7::bigint[], $8::int[]) t(a, e, p, k, b, q, c, v)`

func queueMonetization(batch *pgx.Batch, all []Monetization) {
	n := len(all)
	accounts, buckets, ids := make([]string, n), make([]string, n), make([]ID, n)
	parts, kinds, versions := make([]int16, n), make([]int16, n), make([]int32, n)
	quantities, credits := make([]int64, n), make([]int64, n)
	for i := range all {
		m := &all[i]
		accounts[i], ids[i], parts[i], kinds[i], buckets[i] = m.Account, m.Event, int16(m.Part), int16(m.Kind), m.Bucket
		quantities[i], credits[i], versions[i] = m.Quantity, m.Credits, m.PriceVersion
	}
	batch.Queue(sqlInsertMonetization, accounts, ids, parts, kinds, buckets, quantities, credits, versions)
}

const sqlInsertPostings = `insert into balance_updates (account_id, sequence, grant_id, source_id, amount, balance_after,
		account_balance_after, created_at, ordinal, kind, counter_account, part, hash)
	select a, s, g, o, m, b, c, at, n, k, x, nullif(p, -1), h from unnest($1::text[], $2::bigint[], $3::uuid[], $4::uuid[], $5::bigint[],
		$6::bigint[], $7::bigint[], $8::timestamptz[], $9::int[], $10::smallint[], $11::smallint[], $12::smallint[], $13::bytea[])
		t(a, s, g, o, m, b, c, at, n, k, x, p, h)`

func queuePostings(batch *pgx.Batch, all []book.Posting) {
	n := len(all)
	accounts, grants, sources, hashes := make([]string, n), make([]ID, n), make([]ID, n), make([][]byte, n)
	sequences, amounts, after, balances := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	at, ordinals := make([]time.Time, n), make([]int32, n)
	kinds, counters, parts := make([]int16, n), make([]int16, n), make([]int16, n)
	for i := range all {
		p := &all[i]
		accounts[i], grants[i], sources[i], hashes[i] = p.Account, p.Grant, p.Source, p.Hash[:]
		sequences[i], amounts[i], after[i], balances[i] = p.Sequence, p.Amount, p.BalanceAfter, p.AccountBalanceAfter
		at[i], ordinals[i] = time.UnixMicro(p.At).UTC(), p.Ordinal
		kinds[i], counters[i], parts[i] = int16(p.Kind), int16(p.Counter), int16(p.Part)
	}
	batch.Queue(sqlInsertPostings, accounts, sequences, grants, sources, amounts, after, balances, at, ordinals, kinds, counters, parts, hashes)
}

const sqlUpdateLots = `update grants g set remaining = x.remaining, held = x.held, voided_at = x.voided, expired_at = x.expired,
		due_at = x.due, issues = x.issues, postings = x.postings, closed = x.closed
	from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[],
		$8::int[], $9::int[], $10::boolean[]) x(account_id, id, remaining, held, voided, expired, due, issues, postings, closed)
	where g.account_id = x.account_id and g.id = x.id`

func queueLots(batch *pgx.Batch, all []Grant) {
	n := len(all)
	accounts, ids, closed := make([]string, n), make([]ID, n), make([]bool, n)
	remaining, held := make([]int64, n), make([]int64, n)
	voided, expired, due := make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n), make([]pgtype.Timestamptz, n)
	issues, postings := make([]int32, n), make([]int32, n)
	for i := range all {
		g := &all[i]
		accounts[i], ids[i], remaining[i], held[i], closed[i] = g.Account, g.ID, g.Remaining, g.Held, g.Closed
		voided[i], expired[i], due[i] = timestamp(g.VoidedAt), timestamp(g.ExpiredAt), timestamp(g.DueAt)
		issues[i], postings[i] = g.Issues, g.Postings
	}
	batch.Queue(sqlUpdateLots, accounts, ids, remaining, held, voided, expired, due, issues, postings, closed)
}

const sqlInsertGrant = `insert into grants (account_id, id, remaining, held, amount, effective_at, expires_at, due_at, created_at,
		rollover_limit, fingerprint, priority, issues, postings, kind, recurrence, units, closed, idempotency_key, features,
		reference, note, voided_at, expired_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10::bigint, -1), $11, $12, $13, $14, $15, nullif($16::smallint, 0), $17, $18, $19,
		$20, nullif($21::text, ''), nullif($22::text, ''), $23, $24)`

func queueNewGrant(batch *pgx.Batch, g *Grant) {
	batch.Queue(sqlInsertGrant, g.Account, ID(g.ID), g.Remaining, g.Held, g.Amount, g.EffectiveAt.Time(), timestamp(g.ExpiresAt),
		timestamp(g.DueAt), g.CreatedAt.Time(), g.RolloverLimit, g.Fingerprint, g.Priority, g.Issues, g.Postings, int16(g.Kind),
		int16(g.Recurrence), g.Units, g.Closed, g.Key, g.Features, g.Reference, g.Note, timestamp(g.VoidedAt), timestamp(g.ExpiredAt))
}

const sqlUpdateHeads = `update accounts a set version = x.version, decided_at = x.decided_at, sequence = x.sequence,
		balance = x.balance, chain = x.chain, events = x.events
	from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bigint[])
		x(account_id, version, decided_at, sequence, balance, chain, events)
	where a.account_id = x.account_id`

func queueHeads(batch *pgx.Batch, all []*Account) {
	n := len(all)
	ids, versions, at := make([]string, n), make([]ID, n), make([]time.Time, n)
	sequences, balances, chains, events := make([]int64, n), make([]int64, n), make([][]byte, n), make([]int64, n)
	for i, a := range all {
		ids[i], versions[i], at[i] = a.ID, a.Version, a.DecidedAt.Time()
		sequences[i], balances[i], chains[i], events[i] = a.Head.Sequence, a.Head.Balance, a.Head.Chain[:], a.Events
	}
	batch.Queue(sqlUpdateHeads, ids, versions, at, sequences, balances, chains, events)
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
