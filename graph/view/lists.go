package view

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Grants is a page of the account's grants.
func (a *Account) Grants(ctx context.Context, kind *waterfall.Kind, includeSpent bool, first int, after *string) (*GrantConnection, error) {
	p, err := page(first, after)
	if err != nil {
		return nil, err
	}
	filter := ledger.GrantFilter{IncludeSpent: includeSpent}
	if kind != nil {
		filter.Kind = *kind
	}
	grants, more, err := a.from.Ledger.Grants(ctx, a.row.ID, filter, p)
	if err != nil {
		return nil, stored(err)
	}
	edges := make([]GrantEdge, len(grants))
	for i := range grants {
		edges[i] = GrantEdge{Cursor: IDCursor(grants[i].ID), Node: &Grant{a.from, &grants[i]}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &GrantConnection{Edges: edges, PageInfo: info}, nil
}

// Decisions is a page of the account's decisions.
func (a *Account) Decisions(ctx context.Context, filter *DecisionFilter, first int, after *string) (*DecisionConnection, error) {
	p, err := page(first, after)
	if err != nil {
		return nil, err
	}
	found, err := a.from.Ledger.Decisions(ctx, a.row.ID, filter.Ledger(), p)
	if err != nil {
		return nil, stored(err)
	}
	edges := make([]DecisionEdge, len(found.Decisions))
	for i, d := range found.Decisions {
		edges[i] = DecisionEdge{Cursor: IDCursor(d.ID), Node: &Decision{from: a.from, d: d, account: a}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, found.More, after)
	if found.More && len(edges) < first {
		// The filter passed few: the list goes on behind what was looked at.
		scanned := IDCursor(found.Scanned)
		info.EndCursor = &scanned
	}
	return &DecisionConnection{Edges: edges, PageInfo: info}, nil
}

// Ledger is the filter as the ledger takes it; nil filters nothing.
func (f *DecisionFilter) Ledger() ledger.DecisionFilter {
	var to ledger.DecisionFilter
	if f == nil {
		return to
	}
	to.Status = f.Status
	set(&to.User, f.UserID)
	set(&to.Feature, f.Feature)
	set(&to.Kind, f.Kind)
	set(&to.From, f.From)
	set(&to.To, f.To)
	return to
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
	postings, more, err := a.from.Ledger.BalanceUpdates(ctx, a.row.ID, first, before)
	if err != nil {
		return nil, stored(err)
	}
	grants := &grantSet{from: a.from, account: a.row.ID}
	costs := &costSet{from: a.from, account: a.row.ID}
	edges := make([]BalanceUpdateEdge, len(postings))
	for i := range postings {
		p := &postings[i]
		grants.want(p.Grant)
		edges[i] = BalanceUpdateEdge{Cursor: sequenceCursor(p.Sequence), Node: &BalanceUpdate{from: a.from, p: p, grants: grants, costs: costs}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &BalanceUpdateConnection{Edges: edges, PageInfo: info}, nil
}

// Accounts is a page of all accounts.
func (s *Source) Accounts(ctx context.Context, search *string, first int, after *string) (*AccountConnection, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	behind, err := parseKeyCursor(after)
	if err != nil {
		return nil, err
	}
	var prefix string
	set(&prefix, search)
	accounts, more, err := s.Ledger.Accounts(ctx, prefix, first, behind)
	if err != nil {
		return nil, stored(err)
	}
	edges := make([]AccountEdge, len(accounts))
	for i := range accounts {
		edges[i] = AccountEdge{Cursor: keyCursor(accounts[i].ID), Node: &Account{s, &accounts[i]}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &AccountConnection{Edges: edges, PageInfo: info}, nil
}
