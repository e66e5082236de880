package view

import (
	"context"
	"strings"
	"unicode/utf8"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Grants is a page of the account's grants.
func (a *Account) Grants(ctx context.Context, kind *waterfall.Kind, includeSpent bool, first int, after *string) (*GrantConnection, error) {
	p, err := ofGrants.page(first, after)
	if err != nil {
		return nil, err
	}
	filter := ledger.GrantFilter{IncludeSpent: includeSpent}
	set(&filter.Kind, kind)
	grants, err := ofEach(ctx, a, func(accounts []string) (map[string]ledger.Listed[*ledger.Grant], error) {
		return a.from.Engine.Grants(ctx, accounts, filter, p)
	})
	if err != nil {
		return nil, err
	}
	edges := make([]GrantEdge, len(grants.Rows))
	for i, g := range grants.Rows {
		edges[i] = GrantEdge{Cursor: ofGrants.idCursor(g.ID), Node: &Grant{a.from, g}}
	}
	info := scannedInfo(edges, func(e *GrantEdge) string { return e.Cursor }, grants.More, ofGrants.idCursor(grants.Scanned), first, after)
	return &GrantConnection{Edges: edges, PageInfo: info}, nil
}

// Decisions is a page of the account's decisions.
func (a *Account) Decisions(ctx context.Context, filter *DecisionFilter, first int, after *string) (*DecisionConnection, error) {
	p, err := ofDecisions.page(first, after)
	if err != nil {
		return nil, err
	}
	only, err := a.from.Filter(ctx, filter)
	if err != nil {
		return nil, err
	}
	pages, err := once(&a.list.together, thisField(ctx), func() (*decisionPages, error) {
		only.Now = a.from.now()
		found, err := a.from.Ledger.Decisions(ctx, a.list.ids, only, p)
		if err != nil {
			return nil, stored(err)
		}
		for _, page := range found {
			if err := a.from.Engine.CurrentDecisions(ctx, page.Rows); err != nil {
				return nil, err
			}
		}
		return newDecisionPages(a, found), nil
	})
	if err != nil {
		return nil, err
	}
	found, shown := pages.found[a.row.ID], pages.shown[a.row.ID]
	edges := make([]DecisionEdge, len(shown))
	for i, d := range shown {
		edges[i] = DecisionEdge{Cursor: FeedCursor(d.d.ID), Node: d}
	}
	info := scannedInfo(edges, func(e *DecisionEdge) string { return e.Cursor }, found.More, FeedCursor(found.Scanned), first, after)
	return &DecisionConnection{Edges: edges, PageInfo: info}, nil
}

// decisionPages are the pages of several accounts. All their decisions are
// answered together.
type decisionPages struct {
	found map[string]ledger.Listed[*ledger.Decision]
	shown map[string][]*Decision
}

func newDecisionPages(a *Account, found map[string]ledger.Listed[*ledger.Decision]) *decisionPages {
	list := &decisionList{from: a.from, accounts: a.list}
	pages := &decisionPages{found, make(map[string][]*Decision, len(found))}
	for _, id := range a.list.ids {
		pages.shown[id] = list.add(found[id].Rows...)
	}
	return pages
}

// Filter is a filter as the ledger takes it; nil filters nothing. The name of a
// user that there cannot be, or of a feature that there is not, is a fault.
func (s *Source) Filter(ctx context.Context, f *DecisionFilter) (ledger.DecisionFilter, error) {
	var to ledger.DecisionFilter
	if f == nil {
		return to, nil
	}
	if f.UserID != nil {
		if err := engine.CheckUser("filter.userId", *f.UserID); err != nil {
			return to, err
		}
	}
	if err := s.Engine.CheckFeature(ctx, "filter.feature", f.Feature); err != nil {
		return to, err
	}
	to.Status = f.Status
	set(&to.User, f.UserID)
	set(&to.Feature, f.Feature)
	set(&to.Kind, f.Kind)
	to.From, to.To = f.From, f.To
	return to, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// BalanceUpdates is a page of the account's postings.
func (a *Account) BalanceUpdates(ctx context.Context, first int, after *string) (*BalanceUpdateConnection, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	before, err := parseSequenceCursor(after)
	if err != nil {
		return nil, err
	}
	pages, err := once(&a.list.together, thisField(ctx), func() (*postingPages, error) {
		found, err := a.from.Ledger.BalanceUpdates(ctx, a.list.ids, first, before)
		return newPostingPages(a, found), stored(err)
	})
	if err != nil {
		return nil, err
	}
	shown := pages.shown[a.row.ID]
	edges := make([]BalanceUpdateEdge, len(shown))
	for i := range shown {
		edges[i] = BalanceUpdateEdge{Cursor: sequenceCursor(shown[i].p.Sequence), Node: &shown[i]}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, pages.found[a.row.ID].More, after)
	return &BalanceUpdateConnection{Edges: edges, PageInfo: info}, nil
}

// postingPages are the pages of several accounts. All their balance updates are
// answered together.
type postingPages struct {
	found map[string]ledger.Listed[ledger.PostingRow]
	shown map[string][]BalanceUpdate
}

func newPostingPages(a *Account, found map[string]ledger.Listed[ledger.PostingRow]) *postingPages {
	list := &postingList{from: a.from}
	pages := &postingPages{found, make(map[string][]BalanceUpdate, len(found))}
	for id, page := range found {
		pages.shown[id] = list.add(page.Rows)
	}
	return pages
}

// longestSearch is how long a search may be, in code points: as long as a name.
const longestSearch = 255

// Accounts is a page of all accounts, or of those that a search finds.
func (s *Source) Accounts(ctx context.Context, search *string, first int, after *string) (*AccountConnection, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	behind, err := parseAccountCursor(after)
	if err != nil {
		return nil, err
	}
	var asked string
	if set(&asked, search); strings.ContainsRune(asked, 0) || utf8.RuneCountInString(asked) > longestSearch {
		return nil, &engine.Fault{Code: engine.CodeBadInput, Field: "search", Message: "must be text of at most 255 characters without U+0000"}
	}
	found, err := s.Ledger.Accounts(ctx, asked, first, behind)
	if err != nil {
		return nil, stored(err)
	}
	rows := make([]*ledger.Account, len(found.Accounts))
	for i := range rows {
		rows[i] = &found.Accounts[i]
	}
	edges := make([]AccountEdge, len(rows))
	for i, a := range newAccounts(s, rows...) {
		edges[i] = AccountEdge{Cursor: accountCursor(a.row.Place()), Node: a}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, found.More, after)
	return &AccountConnection{Edges: edges, PageInfo: info}, nil
}
