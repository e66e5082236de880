package view

import (
	"context"
	"errors"

	"spillway/ledger"
	"spillway/ledger/book"
)

// decisionList are decisions that are answered together.
type decisionList struct {
	from *Source
	all  []*Decision
	// accounts are those below which the decisions were found; nil: none.
	accounts *accountList
	together
}

// NewDecisions shows decisions that are answered together.
func NewDecisions(from *Source, decisions ...*ledger.Decision) []*Decision {
	return (&decisionList{from: from}).add(decisions...)
}

func (l *decisionList) add(decisions ...*ledger.Decision) []*Decision {
	shown, now := make([]*Decision, len(decisions)), l.from.now()
	for i, d := range decisions {
		shown[i] = &Decision{d.AsOf(now), l}
	}
	l.all = append(l.all, shown...)
	return shown
}

var errNoAccount = errors.New("a decision's account is missing")

// account is who pays for one of the decisions. The rows are read only when a
// field is asked for that needs them.
func (l *decisionList) account(ctx context.Context, id string) (*Account, error) {
	list := l.accountList()
	if !asked(ctx, "name", "status", "plan", "createdAt", "usage") { // usage names the plan's buckets
		return &Account{l.from, &ledger.Account{ID: id}, list}, nil
	}
	rows, err := once(&list.together, accountsKey, func() (map[string]*ledger.Account, error) {
		if list.rows != nil {
			return list.rows, nil
		}
		found, err := l.from.Ledger.AccountsByID(ctx, list.ids)
		rows := make(map[string]*ledger.Account, len(found))
		for i := range found {
			rows[found[i].ID] = &found[i]
		}
		return rows, stored(err)
	})
	if err == nil && rows[id] == nil {
		err = &StoreError{errNoAccount}
	}
	if err != nil {
		return nil, err
	}
	return &Account{l.from, rows[id], list}, nil
}

// accountList are the accounts of all the decisions.
func (l *decisionList) accountList() *accountList {
	if l.accounts != nil {
		return l.accounts
	}
	list, _ := once(&l.together, accountsKey, func() (*accountList, error) {
		list, seen := &accountList{}, map[string]bool{}
		for _, d := range l.all {
			if id := d.d.Account; !seen[id] {
				seen[id] = true
				list.ids = append(list.ids, id)
			}
		}
		return list, nil
	})
	return list
}

// byEvent are the decisions by each of their events.
func (l *decisionList) byEvent() map[ledger.EventRef]*Decision {
	found := make(map[ledger.EventRef]*Decision, len(l.all))
	for _, d := range l.all {
		for _, e := range d.events() {
			found[ledger.EventRef{Account: e.Account, ID: e.ID}] = d
		}
	}
	return found
}

// parts are what an event of one of the decisions costs. An answer just given
// holds the parts of its own event; the others are read.
func (l *decisionList) parts(ctx context.Context, d *Decision, e *ledger.Event) ([]ledger.Monetization, error) {
	if own := d.ownParts(e); len(own) > 0 {
		return own, nil
	}
	found, err := once(&l.together, partsKey, func() (map[ledger.EventRef][]ledger.Monetization, error) {
		var events []*ledger.Event
		for _, d := range l.all {
			if e := d.d.Funded(); e != nil && len(d.ownParts(e)) == 0 {
				events = append(events, e)
			}
		}
		parts, err := l.from.Ledger.Parts(ctx, events)
		return parts, stored(err)
	})
	return found[ledger.EventRef{Account: e.Account, ID: e.ID}], err
}

func (d *Decision) ownParts(e *ledger.Event) (parts []ledger.Monetization) {
	for _, p := range d.d.Parts {
		if p.Event == e.ID {
			parts = append(parts, p)
		}
	}
	return parts
}

// postings are all that one of the decisions did to grants: what it holds as an
// answer just given, the others read.
func (l *decisionList) postings(ctx context.Context, d *Decision) ([]BalanceUpdate, error) {
	found, err := once(&l.together, postingsKey, func() (map[*Decision][]BalanceUpdate, error) {
		var events []*ledger.Event
		for _, d := range l.all {
			for _, e := range d.events() {
				if len(d.ownPostings(e)) < e.Postings {
					events = append(events, e)
				}
			}
		}
		stands := map[ledger.EventRef][]ledger.PostingRow{}
		if len(events) > 0 {
			var err error
			if stands, err = l.from.Ledger.Postings(ctx, events); err != nil {
				return nil, stored(err)
			}
		}
		return l.updates(stands), nil
	})
	if updates := found[d]; updates != nil || err != nil {
		return updates, err
	}
	return []BalanceUpdate{}, nil
}

// updates shows the postings of all the decisions, of each in the order of its
// events.
func (l *decisionList) updates(stands map[ledger.EventRef][]ledger.PostingRow) map[*Decision][]BalanceUpdate {
	list := &postingList{from: l.from, decisions: l}
	shown := make(map[*Decision][]BalanceUpdate, len(l.all))
	for _, d := range l.all {
		for _, e := range d.events() {
			postings := stands[ledger.EventRef{Account: e.Account, ID: e.ID}]
			if len(postings) == 0 {
				postings = d.ownPostings(e)
			}
			shown[d] = append(shown[d], list.add(postings)...)
		}
	}
	return shown
}

func (d *Decision) ownPostings(e *ledger.Event) (postings []book.Posting) {
	for _, p := range d.d.Books {
		if p.Source == e.ID {
			postings = append(postings, p)
		}
	}
	return postings
}
