package view

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"

	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/ledger"
	"spillway/ledger/book"
)

// BalanceUpdate shows a posting.
type BalanceUpdate struct {
	p    *book.Posting
	list *postingList
}

// postingList are balance updates that are answered together.
type postingList struct {
	from *Source
	all  []*book.Posting
	// decisions are those that they belong to, where these are known; else
	// they are read.
	decisions *decisionList
	together
}

func (l *postingList) add(postings []book.Posting) []BalanceUpdate {
	shown := make([]BalanceUpdate, len(postings))
	for i := range postings {
		l.all = append(l.all, &postings[i])
		shown[i] = BalanceUpdate{&postings[i], l}
	}
	return shown
}

// Of what a list reads once, the names.
type readKey string

const (
	grantsKey    readKey = "grants"
	decisionsKey readKey = "decisions"
	partsKey     readKey = "parts"
	postingsKey  readKey = "postings"
	accountsKey  readKey = "accounts"
)

var errNoGrant = errors.New("a posting's grant is missing")

// grant is the grant of a posting.
func (l *postingList) grant(ctx context.Context, p *book.Posting) (*Grant, error) {
	found, err := once(&l.together, grantsKey, func() (map[ledger.GrantRef]*Grant, error) {
		seen := map[ledger.GrantRef]bool{}
		var refs []ledger.GrantRef
		for _, p := range l.all {
			if ref := (ledger.GrantRef{Account: p.Account, ID: p.Grant}); !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
		grants, err := l.from.Ledger.GrantsByID(ctx, refs)
		byRef := make(map[ledger.GrantRef]*Grant, len(grants))
		current := make([]*ledger.Grant, len(grants))
		for i := range grants {
			current[i] = &grants[i]
			byRef[ledger.GrantRef{Account: grants[i].Account, ID: grants[i].ID}] = &Grant{l.from, &grants[i]}
		}
		if err != nil {
			return nil, stored(err)
		}
		return byRef, l.from.Engine.CurrentGrants(ctx, current)
	})
	if err != nil {
		return nil, err
	}
	if g := found[ledger.GrantRef{Account: p.Account, ID: p.Grant}]; g != nil {
		return g, nil
	}
	return nil, &StoreError{errNoGrant}
}

// decision is the one that a posting belongs to, nil where it belongs to none.
func (l *postingList) decision(ctx context.Context, p *book.Posting) (*Decision, error) {
	found, err := once(&l.together, decisionsKey, func() (map[ledger.EventRef]*Decision, error) {
		if l.decisions != nil {
			return l.decisions.byEvent(), nil
		}
		seen := map[ledger.EventRef]bool{}
		var refs []ledger.EventRef
		for _, p := range l.all {
			if ref := (ledger.EventRef{Account: p.Account, ID: p.Source}); pays(p) && !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
		decisions, err := l.from.Ledger.DecisionsBySource(ctx, refs)
		return showBySource(l.from, decisions), stored(err)
	})
	return found[ledger.EventRef{Account: p.Account, ID: p.Source}], err
}

// showBySource shows decisions that several events may belong to.
func showBySource(from *Source, found map[ledger.EventRef]*ledger.Decision) map[ledger.EventRef]*Decision {
	list := &decisionList{from: from}
	byID := map[ledger.EventRef]*Decision{}
	shown := make(map[ledger.EventRef]*Decision, len(found))
	for source, d := range found {
		ref := ledger.EventRef{Account: d.Account, ID: d.ID}
		if byID[ref] == nil {
			byID[ref] = list.add(d)[0]
		}
		shown[source] = byID[ref]
	}
	return shown
}

// ID is the account's id and the sequence number.
func (u *BalanceUpdate) ID() string { return joined(u.p.Account, strconv.FormatInt(u.p.Sequence, 10)) }

// Sequence counts from 1 without a gap.
func (u *BalanceUpdate) Sequence() int64 { return u.p.Sequence }

// Kind is what it does.
func (u *BalanceUpdate) Kind() book.Kind { return u.p.Kind }

// Grant is what changed.
func (u *BalanceUpdate) Grant(ctx context.Context) (*Grant, error) { return u.list.grant(ctx, u.p) }

// CounterAccount is the other side.
func (u *BalanceUpdate) CounterAccount() book.Counter { return u.p.Counter }

// Amount is what it did to the grant.
func (u *BalanceUpdate) Amount() scalar.Credits { return amount(u.p.Units, u.p.Amount) }

// BalanceAfter is what the grant has left.
func (u *BalanceUpdate) BalanceAfter() scalar.Credits { return amount(u.p.Units, u.p.BalanceAfter) }

// AccountBalanceAfter is what the account has left.
func (u *BalanceUpdate) AccountBalanceAfter() scalar.Credits {
	return scalar.Millionths(u.p.AccountBalanceAfter)
}

// MonetizationEvent is the cost that it pays, or gives back.
func (u *BalanceUpdate) MonetizationEvent(ctx context.Context) (*MonetizationEvent, error) {
	if !pays(u.p) {
		return nil, nil
	}
	d, err := u.list.decision(ctx, u.p)
	if d == nil || err != nil {
		return nil, err
	}
	costs, err := d.MonetizationEvents(ctx)
	if err != nil || int(u.p.Part) >= len(costs) {
		return nil, err
	}
	return &costs[u.p.Part], nil
}

// pays tells whether a posting belongs to a cost.
func pays(p *book.Posting) bool {
	return (p.Kind == book.Debit || p.Kind == book.Refund) && p.Part >= 0
}

// IdempotencyKey names its source and its number there, which is written once.
func (u *BalanceUpdate) IdempotencyKey() string {
	return joined(ledger.ID(u.p.Source).String(), strconv.Itoa(int(u.p.Ordinal)))
}

// Hash binds it to the one before.
func (u *BalanceUpdate) Hash() string { return hex.EncodeToString(u.p.Hash[:]) }

// CreatedAt is when it was recorded.
func (u *BalanceUpdate) CreatedAt() waterfall.Instant { return waterfall.Instant(u.p.At) }
