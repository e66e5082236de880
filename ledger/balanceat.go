package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// Past is an account's grants as they stood at a moment, by their postings.
type Past struct {
	// Grants have Remaining, Held and Issues of that moment; those that were not
	// yet created are left out.
	Grants []Grant
	// Due are the holds on grants whose time was up and of which no posting told yet.
	Due []DueHold
	// Sequence is that of the newest posting counted in, 0: none.
	Sequence int64
}

// Where the newest posting up to a moment stands is found by halves: postings
// ascend in time.
const sqlHeadsAt = `select a.account_id, a.sequence, s.low from unnest($1::text[]) k(account_id)
	cross join lateral (select account_id, sequence from accounts a where a.account_id = k.account_id limit 1) a
	cross join lateral (
		with recursive halves(low, high) as (
			select 0::bigint, a.sequence
			union all
			select case when b.created_at <= $2 then m.at else h.low end, case when b.created_at <= $2 then h.high else m.at - 1 end
			from halves h cross join lateral (select h.low + (h.high - h.low + 1) / 2 as at) m
			cross join lateral (select created_at from balance_updates b where b.account_id = a.account_id and b.sequence = m.at limit 1) b
			where h.low < h.high)
		select low from halves where low >= high) s`

// The postings between two sequences, summed by grant; held are what holds took
// and gave back.
const sqlFold = `select k.account_id, b.grant_id, b.amount, b.held, b.issues, b.created
	from unnest($1::text[], $2::bigint[], $3::bigint[]) k(account_id, first, last)
	cross join lateral (
		select grant_id, sum(amount)::bigint as amount, -(coalesce(sum(amount) filter (where kind in ($4, $5)), 0))::bigint as held,
			count(*) filter (where kind = $6)::int as issues, bool_or(kind = $6 and source_id = grant_id and ordinal = 0) as created
		from balance_updates b where b.account_id = k.account_id and b.sequence between k.first and k.last group by grant_id) b`

const sqlAllGrants = `select ` + grantColumns + ` from unnest($1::text[]) k(account_id)
	cross join lateral (select * from grants g where g.account_id = k.account_id offset 0) g`

// pastHead is an account's newest posting, and its newest up to a moment.
type pastHead struct {
	account  string
	head, at int64
}

// backwards tells that fewer postings lie behind the moment than before it.
func (h *pastHead) backwards() bool { return h.head-h.at < h.at }

// span are the postings to sum.
func (h *pastHead) span() (first, last int64) {
	if h.backwards() {
		return h.at + 1, h.head
	}
	return 1, h.at
}

// PastAt folds the postings of accounts up to a moment. Accounts that do not
// exist are left out.
func (l *Ledger) PastAt(ctx context.Context, accounts []string, at waterfall.Instant) (map[string]*Past, error) {
	past := make(map[string]*Past, len(accounts))
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err := pgx.BeginTxFunc(ctx, l.reader(ctx), options, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlHeadsAt, accounts, at.Time())
		heads, err := collect(rows, err, func(row pgx.Row) (*pastHead, error) {
			h := &pastHead{}
			return h, row.Scan(&h.account, &h.head, &h.at)
		})
		if err != nil {
			return err
		}
		rows, err = tx.Query(ctx, sqlAllGrants, accounts)
		grants, err := collect(rows, err, scanGrant)
		if err != nil {
			return err
		}
		byAccount := map[string][]Grant{}
		for _, g := range grants {
			byAccount[g.Account] = append(byAccount[g.Account], g)
		}
		changes, err := fold(ctx, tx, heads)
		if err != nil {
			return err
		}
		for i := range heads {
			h := &heads[i]
			past[h.account] = &Past{Grants: h.grants(byAccount[h.account], changes), Sequence: h.at}
		}
		return addDue(ctx, tx, past, at)
	})
	return past, err
}

// folded is what a span of postings did to a grant.
type folded struct {
	grant           GrantRef
	remaining, held int64
	issues          int32
	created         bool // its first issue is among them
}

func fold(ctx context.Context, tx pgx.Tx, heads []pastHead) (map[GrantRef]*folded, error) {
	accounts, first, last := make([]string, len(heads)), make([]int64, len(heads)), make([]int64, len(heads))
	for i := range heads {
		accounts[i] = heads[i].account
		first[i], last[i] = heads[i].span()
	}
	rows, err := tx.Query(ctx, sqlFold, accounts, first, last, int16(book.Hold), int16(book.HoldRelease), int16(book.Grant))
	all, err := collect(rows, err, func(row pgx.Row) (*folded, error) {
		c := &folded{}
		return c, row.Scan(&c.grant.Account, &c.grant.ID, &c.remaining, &c.held, &c.issues, &c.created)
	})
	byGrant := make(map[GrantRef]*folded, len(all))
	for i := range all {
		byGrant[all[i].grant] = &all[i]
	}
	return byGrant, err
}

// grants gives the grants what they had: the sum of the postings up to the
// moment, or what they have now less those behind it.
func (h *pastHead) grants(grants []Grant, changes map[GrantRef]*folded) []Grant {
	backwards := h.backwards()
	kept := grants[:0]
	for _, g := range grants {
		c := changes[GrantRef{h.account, g.ID}]
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
	return kept
}
