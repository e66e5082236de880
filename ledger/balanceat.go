package ledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// Past is an account's grants as they stood at a moment, by their postings.
type Past struct {
	// Grants have Remaining, Held and Issues of that moment; those that were not
	// yet created are left out.
	Grants []Grant
	// Sequence is that of the newest posting counted in, 0: none.
	Sequence int64
}

// PastAt folds the postings of an account up to a moment. It is nil when there
// is no such account.
func (l *Ledger) PastAt(ctx context.Context, account string, at waterfall.Instant) (*Past, error) {
	var past *Past
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, l.read, options, func(tx pgx.Tx) error {
		var head int64
		err := tx.QueryRow(ctx, `select sequence from accounts where account_id = $1`, account).Scan(&head)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		past = &Past{}
		if past.Sequence, err = sequenceAt(ctx, tx, account, head, at); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+grantColumns+` from grants g where g.account_id = $1`, account)
		grants, err := collect(rows, err, scanGrant)
		if err != nil {
			return err
		}
		past.Grants, err = foldAt(ctx, tx, account, grants, past.Sequence, head)
		return err
	})
	return past, err
}

// sequenceAt finds the newest posting up to a moment by halves: postings ascend
// in time.
func sequenceAt(ctx context.Context, tx pgx.Tx, account string, head int64, at waterfall.Instant) (int64, error) {
	low, high := int64(0), head // the answer lies in [low, high]
	for low < high {
		middle := low + (high-low+1)/2
		var created time.Time
		err := tx.QueryRow(ctx, `select created_at from balance_updates where account_id = $1 and sequence = $2`, account, middle).Scan(&created)
		if err != nil {
			return 0, err
		}
		if waterfall.InstantOf(created) <= at {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}

// foldAt gives the grants what they had after a posting: the sum of the
// postings up to it, or, where fewer lie behind it, what they have now less
// those.
func foldAt(ctx context.Context, tx pgx.Tx, account string, grants []Grant, sequence, head int64) ([]Grant, error) {
	backwards := head-sequence < sequence
	from, to := int64(1), sequence
	if backwards {
		from, to = sequence+1, head
	}
	type changed struct {
		grant           ID
		remaining, held int64
		issues          int32
		created         bool // its first issue is among them
	}
	rows, err := tx.Query(ctx, `select grant_id, sum(amount)::bigint, -(coalesce(sum(amount) filter (where kind in ($4, $5)), 0))::bigint,
			count(*) filter (where kind = $6)::int, bool_or(kind = $6 and source_id = grant_id and ordinal = 0)
		from balance_updates where account_id = $1 and sequence between $2 and $3 group by grant_id`,
		account, from, to, int16(book.Hold), int16(book.HoldRelease), int16(book.Grant))
	changes, err := collect(rows, err, func(row pgx.Row) (*changed, error) {
		c := &changed{}
		return c, row.Scan(&c.grant, &c.remaining, &c.held, &c.issues, &c.created)
	})
	if err != nil {
		return nil, err
	}
	byGrant := make(map[ID]*changed, len(changes))
	for i := range changes {
		byGrant[changes[i].grant] = &changes[i]
	}
	kept := grants[:0]
	for _, g := range grants {
		c := byGrant[ID(g.ID)]
		switch {
		case backwards && c != nil && c.created, !backwards && c == nil:
			continue // it did not exist yet
		case backwards && c != nil:
			g.Remaining, g.Held, g.Issues = g.Remaining-c.remaining, g.Held-c.held, g.Issues-c.issues
		case !backwards:
			g.Remaining, g.Held, g.Issues = c.remaining, c.held, c.issues
		}
		kept = append(kept, g)
	}
	return kept, nil
}
