package ledger

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
)

// DecisionFilter restricts a list or a feed of decisions. From is inclusive,
// To exclusive; nil and other zero values restrict nothing.
type DecisionFilter struct {
	User    string
	Feature string
	Status  []Status // as of Now
	// Kind: units of the decision came from a bucket of this kind, net of what
	// went back as of Now.
	Kind     waterfall.Kind
	From, To *waterfall.Instant
	// Now is the moment as of which a decision stands; 0: as it is written.
	Now waterfall.Instant
}

// Matches reports whether a decision passes, as it stands with all that followed.
func (f *DecisionFilter) Matches(d *Decision) bool {
	switch {
	case f.User != "" && d.User != f.User,
		f.Feature != "" && d.Feature != f.Feature,
		len(f.Status) > 0 && !slices.Contains(f.Status, d.AsOf(f.Now).Now()),
		f.From != nil && d.At < *f.From,
		f.To != nil && d.At >= *f.To:
		return false
	}
	return f.Kind == 0 || d.AsOf(f.Now).UnitsFrom(f.Kind) > 0
}

const (
	// Of the rows that a page looks at only those are handed on that may match, and
	// the last one, place $4, which says where the next page begins. What a decision
	// has come to be is in the rows that follow it; (*DecisionFilter).Matches decides.
	sqlEventsBefore = `select ` + eventColumns + `, u.place from unnest($1::text[], $2::uuid[]) k(account_id, before)
		cross join lateral (select *, row_number() over (order by id desc) as place
			from (select * from usage_events u where u.account_id = k.account_id and u.id < k.before and u.id >= $3
				order by u.id desc limit $4) u) u
		where u.place = $4 or u.decision_id is null
			and ($5 = '' or u.user_id = $5) and ($6 = '' or u.feature = $6)
			and ($7::smallint[] is null or case when u.status <> 3 then u.status else coalesce((
				select f.status from usage_events f where f.account_id = u.account_id and f.decision_id = u.id and f.kind <> 5
				order by f.id desc limit 1), 3) end = any($7))
			and ($8 = '' or u.steps ~ $8 or u.status = 3 and exists (
				select from usage_events f where f.account_id = u.account_id and f.decision_id = u.id and f.steps ~ $8))
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
		read: func(accounts []string, before []ID, limit int) (map[string]stretch[*Decision], error) {
			found, err := l.eventsBefore(ctx, accounts, before, low, limit, &f)
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
	if f.From != nil {
		low = FirstID(*f.From)
	}
	if f.To != nil {
		// An id may lie a little behind its time; Matches holds to the time.
		if to := FirstID(*f.To + batchSpan); string(to[:]) < string(high[:]) {
			high = to
		}
	}
	return low, high
}

// own are the statuses at which a decision may match, as its events say them; nil:
// any. A hold whose time is up may not have an event of its end yet.
func (f *DecisionFilter) own() []int16 {
	if len(f.Status) == 0 {
		return nil
	}
	var own []int16
	for _, s := range f.Status {
		if own = append(own, int16(s)); s == StatusExpired {
			own = append(own, int16(StatusHeld))
		}
	}
	return own
}

// gave is a regular expression for steps of which one of the kind gave something;
// "": any.
func (f *DecisionFilter) gave() string {
	if f.Kind == 0 {
		return ""
	}
	letter := string(kindLetters[f.Kind])
	return "(^|;)[" + letter + strings.ToLower(letter) + "][^,;]*,[^,;]*,[1-9]"
}

// eventsBefore reads the next events of each account in the order of their ids,
// downward: those that may match, and the last one.
func (l *Ledger) eventsBefore(ctx context.Context, accounts []string, before []ID, low ID, limit int, f *DecisionFilter) (map[string]stretch[*Decision], error) {
	rows, err := l.reader(ctx).Query(ctx, sqlEventsBefore, accounts, before, low, limit, f.User, f.Feature, f.own(), f.gave())
	type placed struct {
		*Event
		place int
	}
	events, err := collect(rows, err, func(row pgx.Row) (*placed, error) {
		var p placed
		var err error
		p.Event, err = scanEvent(row, &p.place)
		return &p, err
	})
	if err != nil {
		return nil, err
	}
	found := make(map[string]stretch[*Decision], len(accounts))
	for _, e := range events {
		s := found[e.Account]
		s.rows, s.more = append(s.rows, &Decision{Event: *e.Event}), s.more || e.place == limit
		found[e.Account] = s
	}
	return found, nil
}

// addFollowers reads what followed the decisions among the events.
func (l *Ledger) addFollowers(ctx context.Context, found map[string]stretch[*Decision]) error {
	byRef := map[EventRef]*Decision{}
	var accounts []string
	var ids []ID
	for account, events := range found {
		for _, d := range events.rows {
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
	events, err := collect(rows, err, scanPlainEvent)
	for i := range events {
		d := byRef[EventRef{events[i].Account, events[i].Decision}]
		d.Follow = append(d.Follow, events[i])
	}
	return err
}
