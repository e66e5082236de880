package view

import (
	"context"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Anomalies is a page of the anomalies: the open ones, those that are over, or
// all.
func (s *Source) Anomalies(ctx context.Context, open *bool, first int, after *string) (*AnomalyConnection, error) {
	p, err := ofAnomalies.page(first, after)
	if err != nil {
		return nil, err
	}
	found, more, err := s.Ledger.Anomalies(ctx, open, p)
	if err != nil {
		return nil, stored(err)
	}
	edges := make([]AnomalyEdge, len(found))
	for i := range found {
		edges[i] = AnomalyEdge{Cursor: ofAnomalies.idCursor(found[i].ID), Node: NewAnomaly(&found[i])}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &AnomalyConnection{Edges: edges, PageInfo: info}, nil
}

// NewAnomaly shows an anomaly.
func NewAnomaly(a *ledger.Anomaly) *Anomaly {
	return &Anomaly{
		ID: a.ID.String(), Kind: a.Kind, AccountID: optional(a.Account), Feature: optional(a.Feature), Message: a.Message,
		Observed: a.Observed, Expected: a.Expected, OpenedAt: a.OpenedAt, ResolvedAt: optional(a.ResolvedAt),
	}
}

// checkAccount is a fault where an argument names an account that there is not.
// found tells that there is something of it, which is answer enough.
func (s *Source) checkAccount(ctx context.Context, id *string, found bool) error {
	if id == nil || found {
		return nil
	}
	known := false
	if waterfall.ValidID(*id) {
		var err error
		if known, err = s.Ledger.Known(ctx, *id); err != nil {
			return stored(err)
		}
	}
	if !known {
		return &engine.Fault{Code: engine.CodeNotFound, Field: "accountId", Message: "the account was not found"}
	}
	return nil
}

// AuditLog is a page of the audit log, of one account or of all.
func (s *Source) AuditLog(ctx context.Context, account *string, first int, after *string) (*AuditConnection, error) {
	p, err := ofAuditLog.page(first, after)
	if err != nil {
		return nil, err
	}
	var of string
	if set(&of, account); account != nil && !waterfall.ValidID(of) { // "" would be all of them to the ledger
		return nil, s.checkAccount(ctx, account, false)
	}
	entries, more, err := s.Ledger.AuditLog(ctx, of, p)
	if err != nil {
		return nil, stored(err)
	}
	if err := s.checkAccount(ctx, account, len(entries) > 0); err != nil {
		return nil, err
	}
	edges := make([]AuditEdge, len(entries))
	for i := range entries {
		e := &entries[i]
		edges[i] = AuditEdge{Cursor: ofAuditLog.idCursor(e.ID), Node: &AuditEntry{
			ID: e.ID.String(), Actor: e.Actor, Action: e.Action, AccountID: optional(e.Account), Reason: e.Reason,
			Before: e.Before, After: e.After, At: e.At,
		}}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &AuditConnection{Edges: edges, PageInfo: info}, nil
}

// Reconciliations is a page of them, of one account or of all.
func (s *Source) Reconciliations(ctx context.Context, account *string, first int, after *string) (*ReconciliationConnection, error) {
	p, err := ofReconciliations.page(first, after)
	if err != nil {
		return nil, err
	}
	var of string
	if set(&of, account); account != nil && !waterfall.ValidID(of) { // "" would be all of them to the ledger
		return nil, s.checkAccount(ctx, account, false)
	}
	found, more, err := s.Ledger.Reconciliations(ctx, of, p)
	if err != nil {
		return nil, stored(err)
	}
	if err := s.checkAccount(ctx, account, len(found) > 0); err != nil {
		return nil, err
	}
	shown, err := s.ShowReconciliations(ctx, found...)
	if err != nil {
		return nil, err
	}
	edges := make([]ReconciliationEdge, len(found))
	for i := range found {
		edges[i] = ReconciliationEdge{Cursor: ofReconciliations.idCursor(found[i].ID), Node: shown[i]}
	}
	info := pageInfo(len(edges), func(i int) string { return edges[i].Cursor }, more, after)
	return &ReconciliationConnection{Edges: edges, PageInfo: info}, nil
}

// ShowReconciliations shows reconciliations, each beside how many accounts there
// were when it began.
func (s *Source) ShowReconciliations(ctx context.Context, all ...ledger.Reconciliation) ([]*Reconciliation, error) {
	began := make([]waterfall.Instant, len(all))
	for i := range all {
		began[i] = all[i].StartedAt
	}
	accounts, err := s.Ledger.AccountsAt(ctx, began)
	if err != nil {
		return nil, stored(err)
	}
	shown := make([]*Reconciliation, len(all))
	for i := range all {
		shown[i] = newReconciliation(&all[i], accounts[all[i].StartedAt])
	}
	return shown, nil
}

func newReconciliation(r *ledger.Reconciliation, accountsInAll int64) *Reconciliation {
	scope := ReconciliationScopeEverything
	switch {
	case r.Account != "":
		scope = ReconciliationScopeAccount
	case r.OnlyNew:
		scope = ReconciliationScopeChanged
	}
	shown := &Reconciliation{
		ID: r.ID.String(), StartedAt: r.StartedAt, FinishedAt: optional(r.FinishedAt), Scope: scope, Accounts: r.Accounts, AccountsInAll: accountsInAll,
		UsageEvents:        r.UsageEvents,
		MonetizationEvents: r.MonetizationEvents, BalanceUpdates: r.BalanceUpdates, Mismatches: make([]Mismatch, len(r.Found)),
	}
	for i, m := range r.Found {
		shown.Mismatches[i] = Mismatch{AccountID: m.Account, Check: m.Check, Expected: m.Expected, Found: m.Found, Reference: optional(m.Reference)}
	}
	return shown
}
