package ledger

import (
	"context"

	"github.com/jackc/pgx/v5"

	"spillway/ledger/book"
)

// PostingRow is a posting with the denomination of its grant.
type PostingRow = book.Posting

const (
	sqlParts = `select m.account_id, m.usage_event_id, m.part, m.kind, m.bucket, m.quantity, m.credits, m.price_version
		from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (select * from monetization_events m where m.account_id = k.account_id and m.usage_event_id = k.id offset 0) m
		order by m.account_id, m.usage_event_id, m.part`

	// The postings of an event stand together in the books.
	sqlPostingsOf = `select ` + postingColumns + `, g.units from unnest($1::text[], $2::bigint[], $3::bigint[]) k(account_id, first, postings)
		cross join lateral (select * from balance_updates b
			where b.account_id = k.account_id and b.sequence >= k.first and b.sequence < k.first + k.postings offset 0) b
		cross join lateral (select units from grants g where g.account_id = b.account_id and g.id = b.grant_id limit 1) g
		order by b.account_id, b.sequence`

	sqlDecisionIDs = `select k.account_id, k.id, coalesce(u.decision_id, u.id) from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (select id, decision_id from usage_events u where u.account_id = k.account_id and u.id = k.id limit 1) u`
)

// Parts are what the funded parts of events cost: read, or, of costless events,
// told by the events themselves.
func (l *Ledger) Parts(ctx context.Context, events []*Event) (map[EventRef][]Monetization, error) {
	return parts(ctx, l.reader(ctx), events)
}

func parts(ctx context.Context, q querier, events []*Event) (map[EventRef][]Monetization, error) {
	byEvent := make(map[EventRef][]Monetization, len(events))
	var accounts []string
	var ids []ID
	for _, e := range events {
		if e.Costless() {
			byEvent[EventRef{e.Account, e.ID}] = e.CostlessParts()
			continue
		}
		accounts, ids = append(accounts, e.Account), append(ids, e.ID)
	}
	if len(ids) == 0 {
		return byEvent, nil
	}
	rows, err := q.Query(ctx, sqlParts, accounts, ids)
	all, err := collect(rows, err, scanMonetization)
	for _, m := range all {
		ref := EventRef{m.Account, m.Event}
		byEvent[ref] = append(byEvent[ref], m)
	}
	return byEvent, err
}

func scanMonetization(row pgx.Row) (*Monetization, error) {
	m := &Monetization{}
	var price *int32
	err := row.Scan(&m.Account, &m.Event, &m.Part, &m.Kind, &m.Bucket, &m.Quantity, &m.Credits, &price)
	if price != nil {
		m.PriceVersion = *price
	}
	return m, err
}

// Postings reads the postings of events.
func (l *Ledger) Postings(ctx context.Context, events []*Event) (map[EventRef][]PostingRow, error) {
	all, err := postingsOf(ctx, l.reader(ctx), events...)
	byEvent := make(map[EventRef][]PostingRow, len(events))
	for _, p := range all {
		ref := EventRef{p.Account, p.Source}
		byEvent[ref] = append(byEvent[ref], p)
	}
	return byEvent, err
}

// postingsOf reads the postings of events: all that stand where these say.
func postingsOf(ctx context.Context, q querier, events ...*Event) ([]PostingRow, error) {
	var accounts []string
	var first, count []int64
	for _, e := range events {
		if e.Postings > 0 {
			accounts, first, count = append(accounts, e.Account), append(first, e.FirstSequence), append(count, int64(e.Postings))
		}
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, sqlPostingsOf, accounts, first, count)
	return collect(rows, err, scanPostingWithUnits)
}

func scanPostingWithUnits(row pgx.Row) (*book.Posting, error) {
	var units bool
	p, err := scanPosting(row, &units)
	if err != nil {
		return nil, err
	}
	p.Units = units
	return p, nil
}

// PartsOf are what the funded parts of an event cost, and its postings.
func (l *Ledger) PartsOf(ctx context.Context, e *Event) ([]Monetization, []PostingRow, error) {
	return partsOf(ctx, l.reader(ctx), e)
}

func partsOf(ctx context.Context, q querier, e *Event) ([]Monetization, []PostingRow, error) {
	found, err := parts(ctx, q, []*Event{e})
	if err != nil {
		return nil, nil, err
	}
	drawn, err := postingsOf(ctx, q, e)
	return found[EventRef{e.Account, e.ID}], drawn, err
}

// DecisionsBySource reads the decisions that events belong to, by event. What
// is no event, such as a grant that is its own source, is left out.
func (l *Ledger) DecisionsBySource(ctx context.Context, refs []EventRef) (map[EventRef]*Decision, error) {
	accounts, ids := make([]string, len(refs)), make([]ID, len(refs))
	for i, r := range refs {
		accounts[i], ids[i] = r.Account, r.ID
	}
	rows, err := l.reader(ctx).Query(ctx, sqlDecisionIDs, accounts, ids)
	steps, err := collect(rows, err, scanFeedStep)
	if err != nil {
		return nil, err
	}
	items, err := l.feedItems(ctx, steps)
	found := make(map[EventRef]*Decision, len(items))
	for _, item := range items {
		found[EventRef{item.Decision.Account, item.Event}] = item.Decision
	}
	return found, err
}
