package engine

import (
	"context"
	"slices"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// PreviewRequest asks what Authorize would answer.
type PreviewRequest struct {
	Account      string
	User         string
	Feature      string
	Quantity     int64
	AllowPartial bool
}

// Preview is what Authorize would answer at a moment. Nothing was taken.
type Preview struct {
	Feature     string
	Status      ledger.Status
	Reason      waterfall.Reason
	Explanation string
	Granted     int64
	Charged     int64
	Steps       []ledger.Step
	// MaxQuantity is the most that could be allowed.
	MaxQuantity int64
	// Singles is what requests of one unit each would get, one after the other.
	Singles waterfall.Singles
	RetryAt int64
	AsOf    waterfall.Instant
}

// Preview walks the waterfall without taking anything.
func (e *Engine) Preview(ctx context.Context, r PreviewRequest) (*Preview, error) {
	if err := validateRequest(r.Account, r.User, r.Feature, r.Quantity); err != nil {
		return nil, err
	}
	if err := e.featureExists(ctx, "feature", r.Feature); err != nil {
		return nil, err
	}
	var p *Preview
	err := e.lookAt(ctx, r.Account, []counterRef{{r.Feature, r.User}}, func(a *account) {
		p = e.previewOf(a, &r)
	})
	return p, err
}

// Previews are what Preview would answer to one unit of each feature of the
// account's plan, in the plan's order, of several accounts at one moment each.
// Accounts that do not exist are left out.
func (e *Engine) Previews(ctx context.Context, accounts []string, user string) (map[string][]*Preview, error) {
	if err := validateKey("userId", user); err != nil {
		return nil, err
	}
	found := make(map[string][]*Preview, len(accounts))
	err := e.look(ctx, ledger.Looking{Accounts: accounts}, []counterRef{{user: user}}, func(a *account) {
		all := make([]*Preview, len(a.plan.Features))
		for i := range a.plan.Features {
			all[i] = e.previewOf(a, &PreviewRequest{User: user, Feature: a.plan.Features[i].Feature, Quantity: 1})
		}
		found[a.ID] = all
	})
	return found, err
}

// previewOf decides on a request without taking anything.
func (e *Engine) previewOf(a *account, r *PreviewRequest) *Preview {
	rules := a.plan.Rules(r.Feature)
	in := a.input(rules, e.priceNow(a, r.Feature), r.Feature, r.User)
	request := waterfall.Request{Quantity: r.Quantity, AllowPartial: r.AllowPartial}
	out := waterfall.Decide(in, request, a.now)
	p := &Preview{Feature: r.Feature, Status: ledger.StatusAllowed, Reason: out.Reason, Granted: out.Granted, Charged: out.Charged,
		Steps: stepsOf(rules, out, a.now), MaxQuantity: waterfall.MaxQuantityNow(in, a.now), Singles: waterfall.SinglesNow(in, a.now), AsOf: a.now}
	if !out.Allowed {
		p.Status = ledger.StatusDenied
		p.RetryAt = waterfall.RetryAt(in, request, a.now)
	}
	p.Explanation = explainPreview(a, in, request, out, p)
	return p
}

// priceNow is the price of a feature at the account's moment, Version 0 without one.
func (e *Engine) priceNow(a *account, feature string) waterfall.Price {
	if f := e.Catalog().Features[feature]; f != nil {
		return f.PriceAt(a.now).Price
	}
	return waterfall.Price{}
}

// BucketQuery asks for the buckets of an account.
type BucketQuery struct {
	Account string
	// User nil: only what is pooled per account.
	User *string
	// Feature "": every feature of the plan.
	Feature string
}

// BucketState is a bucket as it stands for a user, or, where User is "", for
// the whole account.
type BucketState struct {
	Bucket  waterfall.Bucket
	Feature string
	User    string
	View    waterfall.BucketView
	// Purse is what a pool holds for the feature, in units and in credits.
	Purse waterfall.Purse
	// RenewsAt is when a recurring grant in a pool is issued next, 0: none is.
	RenewsAt waterfall.Instant
}

// Buckets shows the buckets of an account in the order of its plan.
func (e *Engine) Buckets(ctx context.Context, q BucketQuery) ([]BucketState, error) {
	if err := validateAccount(q.Account); err != nil {
		return nil, err
	}
	found, err := e.BucketsOf(ctx, []string{q.Account}, q)
	if err != nil {
		return nil, err
	}
	states, ok := found[q.Account]
	if !ok {
		return nil, notFound("accountId", "the account")
	}
	return states, nil
}

// BucketsOf shows the buckets of several accounts, as a query for each would.
// Accounts that do not exist are left out.
func (e *Engine) BucketsOf(ctx context.Context, accounts []string, q BucketQuery) (map[string][]BucketState, error) {
	user := ""
	if q.User != nil {
		if err := CheckUser("userId", *q.User); err != nil {
			return nil, err
		}
		user = *q.User
	}
	found := make(map[string][]BucketState, len(accounts))
	looking := ledger.Looking{Accounts: accounts, Spent: true}
	err := e.look(ctx, looking, []counterRef{{q.Feature, user}}, func(a *account) {
		states := []BucketState{}
		for i := range a.plan.Features {
			r := &a.plan.Features[i]
			if q.Feature != "" && r.Feature != q.Feature {
				continue
			}
			states = append(states, e.bucketStates(a, r, q.User, user)...)
		}
		found[a.ID] = states
	})
	return found, err
}

func (e *Engine) bucketStates(a *account, r *waterfall.Rules, asked *string, user string) []BucketState {
	in := a.input(r, e.priceNow(a, r.Feature), r.Feature, user)
	in.Grants = slices.Concat(in.Grants, a.spent)
	var states []BucketState
	for i, b := range r.Buckets {
		s := BucketState{Bucket: b, Feature: r.Feature, View: waterfall.View(in, i, a.now)}
		if b.Kind.Counted() && b.Scope == waterfall.PerUser {
			if asked == nil {
				continue
			}
			s.User = user
		}
		if !b.Kind.Counted() {
			s.Purse = waterfall.PurseOf(in, b.Kind, a.now)
			s.RenewsAt = a.renewsAt(b.Kind, r.Feature)
		}
		states = append(states, s)
	}
	return states
}

// renewsAt is when a recurring grant of a kind, open to a feature, is issued next;
// 0: none is.
func (a *account) renewsAt(kind waterfall.Kind, feature string) waterfall.Instant {
	var first waterfall.Instant
	for i := range a.lots {
		g := &a.lots[i]
		if g.Kind != kind || a.terms[i].Closed || a.terms[i].VoidedAt != 0 || !g.OpenAt(a.now) || !g.AppliesTo(feature) {
			continue
		}
		if next := g.NextIssueAt(); next != 0 && (first == 0 || next < first) {
			first = next
		}
	}
	return first
}

// SpendState is an account's spend cap as it stands.
type SpendState struct {
	Limit    int64
	Period   waterfall.Period
	Spent    int64
	ResetsAt int64 // a second
}

// SpendCaps shows the spend caps of accounts; those without one are left out.
func (e *Engine) SpendCaps(ctx context.Context, accounts []string) (map[string]*SpendState, error) {
	found := make(map[string]*SpendState, len(accounts))
	err := e.look(ctx, ledger.Looking{Accounts: accounts}, []counterRef{{feature: counters.Spend}}, func(a *account) { // of no feature: what is spent alone
		if a.Cap == nil {
			return
		}
		second := a.now.Second()
		found[a.ID] = &SpendState{Limit: a.Cap.Limit, Period: a.Cap.Period, ResetsAt: a.Cap.Period.End(second),
			Spent: a.known(spendField).Sum(a.Cap.Period.Start(second)-1, second)}
	})
	return found, err
}

// lookAt shows one account; there is a fault where it does not exist.
func (e *Engine) lookAt(ctx context.Context, id string, refs []counterRef, show func(*account)) error {
	found := false
	err := e.look(ctx, ledger.Looking{Accounts: []string{id}}, refs, func(a *account) {
		found = true
		show(a)
	})
	if err == nil && !found {
		return notFound("accountId", "the account")
	}
	return err
}

// look shows accounts as they stand, without a lock: one snapshot of the
// database, and counters that count only if they are of its versions. Whatever is
// due is done, as the next batch will do it. A reference with an empty feature
// asks for every feature of the plan. Errors are *Fault.
func (e *Engine) look(ctx context.Context, at ledger.Looking, refs []counterRef, show func(*account)) error {
	at.Now = e.now()
	// Where it cannot be recorded that a price has begun, nothing can be decided
	// either, and what is known of prices is shown.
	_, _ = e.beginPrices(ctx, at.Now)
	err := e.ledger.Look(ctx, at, func(snapshots []ledger.Snapshot, usage ledger.UsageReader) error {
		accounts := make([]*account, len(snapshots))
		for i := range snapshots {
			a, err := e.lookedAt(ctx, &snapshots[i], at.Now)
			if err != nil {
				return err
			}
			accounts[i] = a
		}
		if err := e.lookCounters(ctx, accounts, refs, usage); err != nil {
			return err
		}
		for _, a := range accounts {
			if err := e.comeDue(ctx, a); err != nil {
				return err
			}
			show(a)
		}
		return nil
	})
	if err != nil {
		return storeFault(err)
	}
	return nil
}

// lookedAt is the state of an account as it was read, without its counters.
func (e *Engine) lookedAt(ctx context.Context, s *ledger.Snapshot, now waterfall.Instant) (*account, error) {
	a := &account{Account: *s.Account, fields: map[counters.Field]*waterfall.Series{}, recorded: s.Account.Head.Sequence, spent: s.Spent}
	a.setGrants(s.Grants)
	if a.plan = e.Catalog().Newest(a.Plan); a.plan == nil {
		catalog, err := e.refresh(ctx)
		if err != nil {
			return nil, err
		}
		if a.plan = catalog.Newest(a.Plan); a.plan == nil {
			return nil, noPlan(a.Plan)
		}
	}
	a.shape = a.wantedShape()
	a.open(now)
	a.due = s.Due
	return a, nil
}

// lookCounters reads the counters of all accounts at once, and counts those
// again whose store holds another moment.
func (e *Engine) lookCounters(ctx context.Context, accounts []*account, refs []counterRef, usage ledger.UsageReader) error {
	var queries []counters.Query
	var asked, stale []*account
	for _, a := range accounts {
		asks := refs
		for i := range a.due {
			asks = append(asks[:len(asks):len(asks)], dueCounter(&a.due[i]))
		}
		if fields := a.neededBy(asks); len(fields) > 0 {
			queries, asked = append(queries, counters.Query{Account: a.ID, Fields: fields}), append(asked, a)
		}
	}
	if len(queries) == 0 {
		return nil
	}
	stored, err := e.counters.Read(ctx, queries)
	for i, a := range asked {
		if err != nil || !a.take(&prefetched{queries[i].Fields, stored[i]}) {
			stale = append(stale, a)
		}
	}
	if len(stale) == 0 {
		return nil
	}
	return recount(stale, usage)
}

// neededBy lists the counters of references, of which an empty feature means
// every one of the plan.
func (a *account) neededBy(refs []counterRef) (fields []counters.Field) {
	for _, ref := range refs {
		if ref.feature != "" {
			fields = a.needed(fields, ref.feature, ref.user)
			continue
		}
		for i := range a.plan.Features {
			fields = a.needed(fields, a.plan.Features[i].Feature, ref.user)
		}
	}
	return fields
}
