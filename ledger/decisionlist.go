package ledger

import (
	"context"
	"slices"

	"spillway/engine/waterfall"
)

// DecisionFilter restricts a list or a feed of decisions. From is inclusive,
// To exclusive; zero values restrict nothing.
type DecisionFilter struct {
	User     string
	Feature  string
	Status   []Status       // as of Now
	Kind     waterfall.Kind // a bucket of this kind gave something
	From, To waterfall.Instant
	// Now is the moment as of which statuses are; 0: as they are written.
	Now waterfall.Instant
}

// Matches tells whether a decision passes.
func (f *DecisionFilter) Matches(d *Decision) bool {
	switch {
	case f.User != "" && d.User != f.User,
		f.Feature != "" && d.Feature != f.Feature,
		len(f.Status) > 0 && !slices.Contains(f.Status, d.AsOf(f.Now).Now()),
		f.From != 0 && d.At < f.From,
		f.To != 0 && d.At >= f.To:
		return false
	}
	return f.Kind == 0 || slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Kind == f.Kind && s.Taken > 0 })
}

const (
	sqlEventsBefore = `select ` + eventColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, before)
		cross join lateral (select * from usage_events u where u.account_id = k.account_id and u.id < k.before and u.id >= $3
			order by u.id desc limit $4) u
		order by u.account_id, u.id desc`

	sqlFollowers = `select ` + eventColumns + ` from unnest($1::text[], $2::uuid[]) k(account_id, id)
		cross join lateral (select * from usage_events u where u.account_id = k.account_id and u.decision_id = k.id offset 0) u
		order by u.account_id, u.id`
)

// Decisions lists the decisions of accounts, the newest first: a page for each.
func (l *Ledger) Decisions(ctx context.Context, accounts []string, f DecisionFilter, p Page) (map[string]Listed[*Decision], error) {
	low, high := f.bounds(p)
	d := descent[*Decision]{
		first: p.First, before: high,
		selective: f.User != "" || f.Feature != "" || len(f.Status) > 0 || f.Kind != 0,
		read: func(accounts []string, before []ID, limit int) (map[string][]*Decision, error) {
			found, err := l.eventsBefore(ctx, accounts, before, low, limit)
			if err != nil {
				return nil, err
			}
			return found, l.addFollowers(ctx, found)
		},
		id: func(d *Decision) ID { return d.ID },
		// What follows a decision stands between the others, and is no row of
		// the list.
		passes: func(d *Decision) bool { return d.Decision.IsZero() && f.Matches(d) },
	}
	return d.pages(accounts)
}

// bounds are the ids between which a page can lie: low inclusive, high
// exclusive.
func (f *DecisionFilter) bounds(p Page) (low, high ID) {
	high = p.before()
	if f.From != 0 {
		low = FirstID(f.From)
	}
	if f.To != 0 {
		// An id may lie a little behind its time; Matches holds to the time.
		if to := FirstID(f.To + batchSpan); string(to[:]) < string(high[:]) {
			high = to
		}
	}
	return low, high
}

// eventsBefore reads the next events of each account in the order of their ids,
// downward.
func (l *Ledger) eventsBefore(ctx context.Context, accounts []string, before []ID, low ID, limit int) (map[string][]*Decision, error) {
	rows, err := l.reader(ctx).Query(ctx, sqlEventsBefore, accounts, before, low, limit)
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]*Decision, len(accounts))
	for i := range events {
		e := &events[i]
		found[e.Account] = append(found[e.Account], &Decision{Event: *e})
	}
	return found, nil
}

// addFollowers reads what followed the decisions among the events.
func (l *Ledger) addFollowers(ctx context.Context, found map[string][]*Decision) error {
	byRef := map[EventRef]*Decision{}
	var accounts []string
	var ids []ID
	for account, events := range found {
		for _, d := range events {
			if d.Decision.IsZero() && d.Granted > 0 {
				byRef[EventRef{account, d.ID}] = d
				accounts, ids = append(accounts, account), append(ids, d.ID)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := l.reader(ctx).Query(ctx, sqlFollowers, accounts, ids)
	events, err := collect(rows, err, scanEvent)
	for i := range events {
		d := byRef[EventRef{events[i].Account, events[i].Decision}]
		d.Follow = append(d.Follow, events[i])
	}
	return err
}
