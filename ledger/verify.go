package ledger

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// Mismatch is one place where an account's records do not add up.
type Mismatch struct {
	Account string
	// Check names what was checked, in one word such as "chain".
	Check string
	// Expected is what follows from the other records, Found what is there.
	// They hold no spaces where numbers are compared.
	Expected, Found string
	// Reference says where: "sequence:12", "event:ID", "grant:ID"; "" for the
	// account as a whole.
	Reference string
}

// Summary counts what a verification has read.
type Summary struct {
	Accounts    int64
	UsageEvents int64
	// MonetizationEvents counts the rows, and those that costless events tell.
	MonetizationEvents int64
	BalanceUpdates     int64
	// Replayed counts the decisions that were made again from the state that
	// the records before them add up to.
	Replayed   int64
	Mismatches int64
}

func (s *Summary) add(t Summary) {
	s.Accounts += t.Accounts
	s.UsageEvents += t.UsageEvents
	s.MonetizationEvents += t.MonetizationEvents
	s.BalanceUpdates += t.BalanceUpdates
	s.Replayed += t.Replayed
}

// Verify proves the records of an account, or of all where account is "", and
// reports each place where they do not add up. It reads the tables in the order
// of account and key, and joins them as it goes: memory depends on the grants,
// open holds and windows of single accounts, not on how many events there are.
// Each range of accounts is seen at one moment. An error means that it could not
// finish; report is called by one goroutine at a time.
func (l *Ledger) Verify(ctx context.Context, account string, report func(Mismatch)) (Summary, error) {
	ranges := []accountRange{rangeOf(account)}
	if account == "" {
		var err error
		if ranges, err = l.accountRanges(ctx); err != nil {
			return Summary{}, err
		}
	}
	return l.verifyRanges(ctx, ranges, verifyWorkers, nil, report)
}

// VerifyAccounts is Verify for some accounts, in the order of their ids. It
// takes them one after the other, with rests, so that there is room for the
// server beside it: who asks for a decision meanwhile should not notice.
func (l *Ledger) VerifyAccounts(ctx context.Context, accounts []ChangedAccount, report func(Mismatch)) (Summary, error) {
	return l.verifyRanges(ctx, rangesOf(accounts), 1, rest, report)
}

// verifyWorkers is how many ranges are worked on at once: on two cores, some
// wait for PostgreSQL while others check.
const verifyWorkers = 3

// verifyRanges proves ranges. Between two of them a worker calls rest, where there
// is one, with the time that it has worked.
func (l *Ledger) verifyRanges(ctx context.Context, ranges []accountRange, workers int, rest func(ctx context.Context, worked time.Duration) error,
	report func(Mismatch)) (Summary, error) {
	catalog, err := l.LoadCatalog(ctx)
	if err != nil {
		return Summary{}, err
	}
	var total Summary
	var mismatches, next atomic.Int64
	var mu sync.Mutex
	since, err := l.rulesSince(ctx)
	if err != nil {
		return Summary{}, err
	}
	shared := &verification{catalog: catalog, since: since, spans: spansOf(catalog), report: func(m Mismatch) {
		mu.Lock()
		defer mu.Unlock()
		mismatches.Add(1)
		report(m)
	}}
	group, ctx := errgroup.WithContext(ctx)
	for range min(workers, len(ranges)) {
		group.Go(func() error {
			v := &verifier{verification: shared, texts: &texts{}, rules: map[ruleKey]*ruleSet{}}
			for i := next.Add(1) - 1; i < int64(len(ranges)); i = next.Add(1) - 1 {
				begun := time.Now()
				if err := v.verifyRange(ctx, l, ranges[i]); err != nil {
					return err
				}
				if rest == nil || i == int64(len(ranges))-1 {
					continue
				}
				if err := rest(ctx, time.Since(begun)); err != nil {
					return err
				}
			}
			mu.Lock()
			defer mu.Unlock()
			total.add(v.sum)
			return nil
		})
	}
	err = group.Wait()
	total.Mismatches = mismatches.Load()
	return total, err
}

// restsToWork is how long a rest is, in times of the work before it.
const restsToWork = 3

// rest waits. It returns early, with its error, when ctx ends.
func rest(ctx context.Context, worked time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(restsToWork * worked):
		return nil
	}
}

// rulesSince is from when on records are held to the rules of renewals: see the
// table rules_since.
func (l *Ledger) rulesSince(ctx context.Context) (waterfall.Instant, error) {
	var at time.Time
	err := l.reader(ctx).QueryRow(ctx, `select renewals from rules_since`).Scan(&at)
	return waterfall.InstantOf(at), err
}

// verification is what all workers share.
type verification struct {
	catalog *Catalog
	spans   spans
	// since is from when on the rules of renewals and due holds are in force.
	since  waterfall.Instant
	report func(Mismatch)
}

// verifier is one worker.
type verifier struct {
	*verification
	sum   Summary
	texts *texts
	rules map[ruleKey]*ruleSet

	accounts stream[Account]
	grants   stream[Grant]
	changes  stream[AuditEntry]
	events   stream[Event]
	parts    stream[Monetization]
	postings stream[book.Posting]
	holds    stream[Hold]
	follow   stream[Event]

	// What one event has, for its checks: room that is used again.
	ownParts    []Monetization
	ownPostings []book.Posting
}

// verifyRange proves the accounts of one range, in one snapshot.
func (v *verifier) verifyRange(ctx context.Context, l *Ledger, r accountRange) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, l.reader(ctx), options, func(tx pgx.Tx) error {
		if err := v.open(ctx, tx, r); err != nil {
			return err
		}
		for account, more := v.nextAccount(); more; account, more = v.nextAccount() {
			if err := v.verifyAccount(ctx, tx, account); err != nil {
				return err
			}
		}
		return v.close()
	})
}

// scanSettings are for scans: they are long and in order, and what is right for
// look-ups is not right for them; the whole of each cursor will be read.
const scanSettings = `select set_config(name, value, true) from (values ('statement_timeout', '0'), ('idle_in_transaction_session_timeout', '0'),
	('enable_seqscan', 'on'), ('cursor_tuple_fraction', '1'), ('work_mem', '64MB')) s(name, value)`

func (v *verifier) open(ctx context.Context, tx pgx.Tx, r accountRange) error {
	batch := &pgx.Batch{}
	batch.Queue(scanSettings)
	v.accounts.open(ctx, tx, batch, v.texts, "v_accounts", streamAccounts, r, decodeAccount)
	v.grants.open(ctx, tx, batch, v.texts, "v_grants", streamGrants, r, decodeGrant)
	v.changes.open(ctx, tx, batch, v.texts, "v_changes", streamChanges, r, decodeChange)
	v.events.open(ctx, tx, batch, v.texts, "v_events", streamEvents, r, decodeEvent)
	v.parts.open(ctx, tx, batch, v.texts, "v_parts", streamParts, r, decodePart)
	v.postings.open(ctx, tx, batch, v.texts, "v_postings", streamPostings, r, decodePosting)
	v.holds.open(ctx, tx, batch, v.texts, "v_holds", streamHolds, r, decodeHold)
	v.follow.open(ctx, tx, batch, v.texts, "v_follow", streamFollow, r, decodeFollow)
	return tx.SendBatch(ctx, batch).Close()
}

// nextAccount is the lowest account that any of the streams has come to.
func (v *verifier) nextAccount() (string, bool) {
	lowest, more := "", false
	note := func(account string) {
		if !more || account < lowest {
			lowest, more = account, true
		}
	}
	if a := v.accounts.peek(); a != nil {
		note(a.ID)
	}
	if g := v.grants.peek(); g != nil {
		note(g.Account)
	}
	if c := v.changes.peek(); c != nil {
		note(c.Account)
	}
	if e := v.events.peek(); e != nil {
		note(e.Account)
	}
	if m := v.parts.peek(); m != nil {
		note(m.Account)
	}
	if p := v.postings.peek(); p != nil {
		note(p.Account)
	}
	if h := v.holds.peek(); h != nil {
		note(h.Account)
	}
	return lowest, more
}

// close ends the range: the first error of a stream, and what was read.
func (v *verifier) close() error {
	v.sum.Accounts += v.accounts.read
	v.sum.UsageEvents += v.events.read
	v.sum.MonetizationEvents += v.parts.read
	v.sum.BalanceUpdates += v.postings.read
	for _, err := range [...]error{v.accounts.err, v.grants.err, v.changes.err, v.events.err, v.parts.err, v.postings.err, v.holds.err, v.follow.err} {
		if err != nil {
			return fmt.Errorf("verify: %w", err)
		}
	}
	return nil
}

// Known tells whether there is anything of an account, its row or any record.
func (l *Ledger) Known(ctx context.Context, account string) (known bool, err error) {
	err = l.reader(ctx).QueryRow(ctx, `select exists (select from accounts where account_id = $1) or exists (select from grants where account_id = $1)
		or exists (select from usage_events where account_id = $1) or exists (select from balance_updates where account_id = $1)`, account).Scan(&known)
	return known, err
}
