package engine

import (
	"context"
	"slices"

	"spillway/ledger"
)

// CurrentGrants brings grants as they were read to what they are now: issued
// again, expired, and with what holds give back whose time is up. Errors are
// *Fault.
func (e *Engine) CurrentGrants(ctx context.Context, grants []*ledger.Grant) error {
	now, seen := e.now(), map[string]bool{}
	var accounts []string
	for _, g := range grants {
		if (g.Held > 0 || g.DueAt != 0 && g.DueAt <= now) && !seen[g.Account] {
			seen[g.Account] = true
			accounts = append(accounts, g.Account)
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	current := map[ledger.GrantRef]ledger.Grant{}
	if err := e.look(ctx, ledger.Looking{Accounts: accounts}, nil, func(a *account) {
		for i := range a.lots {
			current[ledger.GrantRef{Account: a.ID, ID: a.lots[i].ID}] = ledger.Grant{Grant: a.lots[i], Terms: a.terms[i]}
		}
	}); err != nil {
		return err
	}
	var ended []ledger.GrantRef
	for _, g := range grants {
		ref := ledger.GrantRef{Account: g.Account, ID: g.ID}
		if _, open := current[ref]; !open && seen[g.Account] && (g.Remaining > 0 || g.Held > 0) {
			ended = append(ended, ref) // and that was written since they were read
		}
	}
	if len(ended) > 0 {
		written, err := e.ledger.GrantsByID(ctx, ended)
		if err != nil {
			return storeFault(err)
		}
		for _, g := range written {
			current[ledger.GrantRef{Account: g.Account, ID: g.ID}] = g
		}
	}
	for _, g := range grants {
		if is, known := current[ledger.GrantRef{Account: g.Account, ID: g.ID}]; known {
			*g = is
		}
	}
	return nil
}

// Grants lists the grants of accounts as they are now, the newest first: a page
// for each. Errors are *Fault.
func (e *Engine) Grants(ctx context.Context, accounts []string, f ledger.GrantFilter, p ledger.Page) (map[string]ledger.Listed[*ledger.Grant], error) {
	f.Now = e.now()
	pages, err := e.ledger.Grants(ctx, accounts, f, p)
	if err != nil {
		return nil, storeFault(err)
	}
	var all []*ledger.Grant
	for _, page := range pages {
		all = append(all, page.Rows...)
	}
	if err := e.CurrentGrants(ctx, all); err != nil {
		return nil, err
	}
	for id, page := range pages {
		read := len(page.Rows)
		if !f.IncludeSpent {
			page.Rows = slices.DeleteFunc(page.Rows, func(g *ledger.Grant) bool { return g.Remaining+g.Held == 0 })
		}
		if missing := read - len(page.Rows); missing > 0 && page.More {
			// What was due has emptied some: the page is filled from below.
			further, err := e.Grants(ctx, []string{id}, f, ledger.Page{First: missing, After: &page.Scanned})
			if err != nil {
				return nil, err
			}
			page.Rows = append(page.Rows, further[id].Rows...)
			page.More, page.Scanned = further[id].More, further[id].Scanned
		}
		pages[id] = page
	}
	return pages, nil
}

// CurrentDecisions brings decisions as they were read to what they are now: a hold
// whose time is up has ended, and tells what of it can be spent again. Errors are
// *Fault.
func (e *Engine) CurrentDecisions(ctx context.Context, decisions []*ledger.Decision) error {
	now := e.now()
	var accounts []string
	for _, d := range decisions {
		if d.AsOf(now) != d && !slices.Contains(accounts, d.Account) {
			accounts = append(accounts, d.Account)
		}
	}
	if len(accounts) == 0 {
		return nil
	}
	ended := map[ledger.EventRef]*ledger.Decision{}
	err := e.look(ctx, ledger.Looking{Accounts: accounts}, nil, func(a *account) {
		for _, d := range a.ended {
			ended[ledger.EventRef{Account: a.ID, ID: d.ID}] = d
		}
	})
	if err != nil {
		return err
	}
	for i, d := range decisions {
		if over := ended[ledger.EventRef{Account: d.Account, ID: d.ID}]; over != nil {
			// Nothing of it is in the books yet, and it ended when its time was up.
			last := &over.Follow[len(over.Follow)-1]
			last.ID, last.FirstSequence, last.Postings, last.At = ledger.ID{}, 0, 0, over.HoldUntil
			decisions[i] = over
			continue
		}
		if d.AsOf(now) == d {
			continue
		}
		// Its end was written since it was read.
		written, err := e.ledger.Decision(ctx, d.Account, d.ID)
		if err != nil {
			return storeFault(err)
		}
		if written != nil {
			decisions[i] = written
		}
	}
	return nil
}
