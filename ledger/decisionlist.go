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
	Status   []Status       // as it is now
	Kind     waterfall.Kind // a bucket of this kind gave something
	From, To waterfall.Instant
}

// Matches tells whether a decision passes.
func (f *DecisionFilter) Matches(d *Decision) bool {
	switch {
	case f.User != "" && d.User != f.User,
		f.Feature != "" && d.Feature != f.Feature,
		len(f.Status) > 0 && !slices.Contains(f.Status, d.Now()),
		f.From != 0 && d.At < f.From,
		f.To != 0 && d.At >= f.To:
		return false
	}
	return f.Kind == 0 || slices.ContainsFunc(d.Steps, func(s Step) bool { return s.Kind == f.Kind && s.Taken > 0 })
}

// DecisionPage is a part of a list of decisions, newest first. Scanned is the
// last decision that was looked at: where a filter passes few, a page may hold
// fewer than asked and still have More, and the list goes on behind Scanned.
type DecisionPage struct {
	Decisions []*Decision
	More      bool
	Scanned   ID
}

// A page of a filtered list looks at this many events at the most, so that it
// costs the same however many there are.
const (
	scanChunk  = 500
	scanBudget = 10_000
)

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
func (l *Ledger) Decisions(ctx context.Context, accounts []string, f DecisionFilter, p Page) (map[string]DecisionPage, error) {
	pages := make(map[string]DecisionPage, len(accounts))
	low, high := f.bounds(p)
	open := make([]decisionScan, len(accounts))
	for i, account := range accounts {
		open[i] = decisionScan{account: account, before: high}
	}
	chunk := min(scanChunk, p.First+1)
	if f.User != "" || f.Feature != "" || len(f.Status) > 0 || f.Kind != 0 {
		chunk = scanChunk
	}
	for len(open) > 0 {
		found, err := l.eventsBefore(ctx, open, low, chunk)
		if err != nil {
			return nil, err
		}
		if err := l.addFollowers(ctx, found); err != nil {
			return nil, err
		}
		for i := range open {
			open[i].take(found[open[i].account], &f, p.First, chunk)
		}
		var rest []decisionScan
		for _, s := range open {
			if s.done {
				pages[s.account] = s.page
			} else {
				rest = append(rest, s)
			}
		}
		open, chunk = rest, scanChunk
	}
	return pages, nil
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

// decisionScan goes down an account's events until its page is full.
type decisionScan struct {
	account string
	before  ID
	scanned int
	done    bool
	page    DecisionPage
}

// take adds what was found of a chunk.
func (s *decisionScan) take(found []*Decision, f *DecisionFilter, first, chunk int) {
	for _, d := range found {
		s.before = d.ID
		// What follows a decision stands between the others, and is no row of
		// the list.
		if d.Decision.IsZero() && f.Matches(d) {
			if len(s.page.Decisions) == first {
				s.page.More, s.done = true, true
				return
			}
			s.page.Decisions = append(s.page.Decisions, d)
		}
		s.page.Scanned = d.ID
	}
	s.scanned += len(found)
	s.page.More = len(found) == chunk
	s.done = !s.page.More || s.scanned >= scanBudget
}

// eventsBefore reads the next events of each account in the order of their ids,
// downward.
func (l *Ledger) eventsBefore(ctx context.Context, scans []decisionScan, low ID, limit int) (map[string][]*Decision, error) {
	accounts, before := make([]string, len(scans)), make([]ID, len(scans))
	for i := range scans {
		accounts[i], before[i] = scans[i].account, scans[i].before
	}
	rows, err := l.reader(ctx).Query(ctx, sqlEventsBefore, accounts, before, low, limit)
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, err
	}
	found := make(map[string][]*Decision, len(scans))
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
