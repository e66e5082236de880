package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// addDue adds the holds on grants that were due at a moment and not yet ended,
// and what is needed to end them as of then.
func addDue(ctx context.Context, tx pgx.Tx, past map[string]*Past, at waterfall.Instant) error {
	for account, p := range past {
		if !slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Held > 0 }) {
			continue // a hold on counters changes no balance
		}
		due, err := dueHolds(ctx, tx, []Since{{account, at}})
		if err != nil {
			return err
		}
		later, err := endedAfter(ctx, tx, account, at)
		if err != nil {
			return err
		}
		p.Due = append(due[account].Holds, later...)
		slices.SortFunc(p.Due, func(a, b DueHold) int {
			if a.Decision.HoldUntil != b.Decision.HoldUntil {
				return int(a.Decision.HoldUntil - b.Decision.HoldUntil)
			}
			return slices.Compare(a.Decision.ID[:], b.Decision.ID[:])
		})
		if err := p.addRooms(ctx, tx, account); err != nil {
			return err
		}
	}
	return nil
}

// duePage is how many events behind a moment are read at a time.
const duePage = 256

const sqlEventsBehind = `select ` + eventColumns + ` from usage_events u
	where u.account_id = $1 and u.id > $2 and u.created_at + interval '0' > $3 order by u.id limit $4`

// endedAfter are the holds that were due at a moment and that the first batch
// behind it ended, which it did before anything else.
func endedAfter(ctx context.Context, tx pgx.Tx, account string, at waterfall.Instant) ([]DueHold, error) {
	var refs []EventRef
	begun, after := waterfall.Instant(0), FirstID(at)
	for more := true; more; {
		rows, err := tx.Query(ctx, sqlEventsBehind, account, after, at.Time(), duePage)
		events, err := collect(rows, err, scanPlainEvent)
		if err != nil {
			return nil, err
		}
		more = len(events) == duePage
		for i := range events {
			e := &events[i]
			if begun == 0 {
				begun = e.At
			}
			if e.Kind != HoldExpired || e.At != begun {
				more = false
				break
			}
			refs, after = append(refs, EventRef{account, e.Decision}), e.ID
		}
	}
	if len(refs) == 0 {
		return nil, nil
	}
	loaded := &Loaded{}
	batch := &pgx.Batch{}
	queueDecisions(batch, refs, loaded)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	var due []DueHold
	for _, d := range loaded.Decisions {
		if d.HoldUntil > at {
			continue
		}
		d.Follow = nil
		postings, err := postingsOf(ctx, tx, &d.Event)
		if err != nil {
			return nil, err
		}
		due = append(due, DueHold{d, postings})
	}
	return due, nil
}

const sqlRoomPostings = `select ` + postingColumns + `, d.created_at from balance_updates b
	left join lateral (select * from usage_events e where e.account_id = b.account_id and e.id = b.source_id limit 1) e on true
	left join lateral (select * from usage_events d where d.account_id = e.account_id and d.id = coalesce(e.decision_id, e.id) limit 1) d on true
	where b.account_id = $1 and b.sequence between $2 and $3 and b.grant_id = any($4) order by b.sequence`

// addRooms finds how much more could have been left over at the renewals since
// the oldest of the due holds was made, by the postings.
func (p *Past) addRooms(ctx context.Context, tx pgx.Tx, account string) error {
	var recurring []ID
	lots := map[ID]*Grant{}
	for i := range p.Grants {
		if g := &p.Grants[i]; g.Recurrence != waterfall.NoPeriod {
			g.Rooms = nil
			if g.Held > 0 && g.Issues > 1 {
				recurring, lots[g.ID] = append(recurring, g.ID), g
			}
		}
	}
	first := p.Sequence
	for i := range p.Due {
		if at := p.Due[i].Decision.FirstSequence; at != 0 {
			first = min(first, at)
		}
	}
	if len(recurring) == 0 || first == p.Sequence {
		return nil
	}
	rows, err := tx.Query(ctx, sqlRoomPostings, account, first, p.Sequence, recurring)
	return roomsBy(rows, err, lots)
}

// roomPosting is a posting, and when the decision was made that it belongs to.
type roomPosting struct {
	book.Posting
	decided waterfall.Instant
}

// roomsBy folds postings: a renewal leaves the rest of the rollover limit as
// room, and what a hold made before it returned and stayed has taken of that.
func roomsBy(rows pgx.Rows, err error, lots map[ID]*Grant) error {
	all, err := collect(rows, err, func(row pgx.Row) (*roomPosting, error) {
		var decided *time.Time
		p, err := scanPosting(row, &decided)
		if err != nil {
			return nil, err
		}
		return &roomPosting{*p, instant(decided)}, nil
	})
	if err != nil {
		return err
	}
	renewals := map[ID]int{}
	for i := range all {
		if all[i].renews() {
			renewals[ID(all[i].Grant)]++
		}
	}
	// What each ended hold left in each grant: released, less what was used of it
	// and what lapsed.
	left := map[ID]int64{}
	for i := range all {
		p, g := &all[i], lots[ID(all[i].Grant)]
		switch {
		case p.renews():
			g.Rooms = append(g.Rooms, max(0, g.RolloverLimit)-(p.BalanceAfter-p.Amount))
		case p.Kind == book.HoldRelease, p.Kind == book.Debit, p.Kind == book.Expiry && p.Source != p.Grant:
			left[g.ID] += p.Amount
		}
		if i+1 < len(all) && all[i+1].Source == p.Source {
			continue
		}
		for id, stays := range left {
			lots[id].fill(renewals[id], stays, p.decided)
		}
		clear(left)
	}
	return nil
}

// renews tells whether the posting is a later issue of its grant.
func (p *roomPosting) renews() bool {
	return p.Kind == book.Grant && p.Source == p.Grant && p.Ordinal > 0
}

// fill takes what stayed of a hold made at a moment off the rooms of the renewals
// since. There are rooms of so many of the newest renewals in all.
func (g *Grant) fill(renewals int, stays int64, heldAt waterfall.Instant) {
	for i := range g.Rooms {
		renewal := int(g.Issues) - renewals + i
		if stays > 0 && g.Recurrence.Anniversary(g.EffectiveAt, renewal) > heldAt {
			g.Rooms[i] -= stays
		}
	}
}
