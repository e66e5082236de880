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
	edges := make([]BalanceUpdateEdge, len(postings))
	for i := range postings {
		p := &postings[i]
		grants.want(p.Grant)
		edges[i] = BalanceUpdateEdge{Cursor: sequenceCursor(p.Sequence), Node: &BalanceUpdate{from: a.from, p: p, grants: grants}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &BalanceUpdateConnection{Edges: edges, PageInfo: info}, nil
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}
