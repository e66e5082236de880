package engine

import (
	"context"
	"fmt"
	"strings"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// Drift compares what the counter store holds of an account with a recount of
// its usage events, and reports each counter that differs in what some window
// can still see. compared is false when the store holds nothing at the
// account's version: then it has no say, and a decision would recount too.
func (e *Engine) Drift(ctx context.Context, id string, report func(ledger.Mismatch)) (compared bool, err error) {
	err = e.ledger.Look(ctx, ledger.Looking{Accounts: []string{id}}, func(s []ledger.Snapshot, usage ledger.UsageReader) error {
		a := &account{Account: *s[0].Account}
		if a.plan = e.Catalog().Newest(a.Plan); a.plan == nil {
			return nil // published elsewhere a moment ago
		}
		a.shape = a.wantedShape()
		a.open(max(e.now(), a.DecidedAt))
		if err := recount([]*account{a}, usage); err != nil {
			return err
		}
		fields := a.countable()
		if len(fields) == 0 {
			return nil
		}
		stored, err := e.counters.Read(ctx, []counters.Query{{Account: id, Fields: fields}})
		if err != nil || stored[0].Version != a.Version || stored[0].Shape != a.shape {
			return nil // away, or of another moment
		}
		compared = true
		for i, f := range fields {
			since := a.now.Second() - a.horizonOf(f)
			if want, found := visible(a.fields[f], since), visible(stored[0].Fields[i], since); want != found {
				report(ledger.Mismatch{Account: id, Check: "counters", Expected: want, Found: found,
					Reference: fmt.Sprintf("counter:%s/%s/%s", f.User, f.Feature, f.Bucket)})
			}
		}
		return nil
	})
	return compared, err
}

// countable lists every counter that the account's plan keeps for the users
// who were counted lately.
func (a *account) countable() []counters.Field {
	seen := map[counters.Field]bool{}
	users := map[string]bool{"": true}
	var fields []counters.Field
	add := func(f counters.Field) {
		if !seen[f] {
			seen[f] = true
			fields = append(fields, f)
		}
	}
	for f := range a.fields {
		users[f.User] = true
		add(f)
	}
	for i := range a.plan.Features {
		for user := range users {
			for _, f := range a.needed(nil, a.plan.Features[i].Feature, user) {
				if f.User == user || f.User == "" {
					add(f)
				}
			}
		}
	}
	return fields
}

// horizonOf is how many seconds back a counter of the account is looked at.
func (a *account) horizonOf(f counters.Field) int64 {
	if f == spendField {
		return waterfall.Month.Longest()
	}
	r := a.plan.Rules(f.Feature)
	if r == nil {
		return 0
	}
	if f.Bucket == counters.Ceiling {
		return r.Horizon()
	}
	for i := range r.Buckets {
		if r.Buckets[i].Key == f.Bucket {
			return r.Buckets[i].Horizon()
		}
	}
	return 0
}

// visible writes what was counted after a second, "0" for nothing.
func visible(s *waterfall.Series, since int64) string {
	var b strings.Builder
	for i := range s.Len() {
		if second, amount := s.At(i); second > since {
			fmt.Fprintf(&b, "%d:%d;", second, amount)
		}
	}
	if b.Len() == 0 {
		return "0"
	}
	return b.String()
}
