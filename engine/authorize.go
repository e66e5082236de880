package engine

import (
	"context"
	"slices"
	"strconv"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// AuthorizeRequest asks for units of a feature for a user of an account.
type AuthorizeRequest struct {
	Account string
	User    string
	Feature string
	// Quantity is 1 … waterfall.MaxQuantity units.
	Quantity int64
	// Key is unique per account over all operations: 1–255 code points.
	Key          string
	AllowPartial bool
	// HoldSeconds reserves instead of using up, 1 … 7 days; 0: no hold.
	HoldSeconds int64
	// Metadata is a JSON object of at most 4 KB, nil: none.
	Metadata []byte
}

// Answer is the answer to one item of a batch: a decision or an error.
type Answer struct {
	Decision *ledger.Decision
	Err      error
}

// Authorize decides a request. The decision is durable when it is returned; a
// refusal is a decision too. The same key and request give the first decision
// again, with Replayed set. Errors are *Fault.
func (e *Engine) Authorize(ctx context.Context, r AuthorizeRequest) (*ledger.Decision, error) {
	if err := e.lookFor(ctx, hasFeatures(r)); err != nil {
		return nil, err
	}
	op, err := e.authorization(r)
	if err != nil {
		return nil, err
	}
	return do[*ledger.Decision](ctx, e, op)
}

// AuthorizeBatch decides many requests, each by itself, and answers in their
// order.
func (e *Engine) AuthorizeBatch(ctx context.Context, requests []AuthorizeRequest) []Answer {
	answers := make([]Answer, len(requests))
	ops := make([]operation, 0, len(requests))
	places := make([]int, 0, len(requests))
	if err := e.lookFor(ctx, hasFeatures(requests...)); err != nil {
		for i := range answers {
			answers[i].Err = err
		}
		return answers
	}
	for i, r := range requests {
		op, err := e.authorization(r)
		if err != nil {
			answers[i].Err = err
			continue
		}
		ops, places = append(ops, op), append(places, i)
	}
	for i, it := range e.submit(ctx, ops...) {
		if it.err != nil {
			answers[places[i]].Err = it.err
			continue
		}
		answers[places[i]].Decision = it.answer.(*ledger.Decision)
	}
	return answers
}

// hasFeatures tells whether a catalog holds all features that are asked for. A
// malformed name is in none.
func hasFeatures(requests ...AuthorizeRequest) func(*ledger.Catalog) bool {
	return func(c *ledger.Catalog) bool {
		return !slices.ContainsFunc(requests, func(r AuthorizeRequest) bool {
			return c.Features[r.Feature] == nil && waterfall.ValidID(r.Feature)
		})
	}
}

// authorize is the operation of one request.
type authorize struct {
	AuthorizeRequest
	fingerprint int64
	tried       attempts
}

func (e *Engine) authorization(r AuthorizeRequest) (*authorize, error) {
	if err := validateRequest(r.Account, r.User, r.Feature, r.Quantity); err != nil {
		return nil, err
	}
	if err := validateKey("idempotencyKey", r.Key); err != nil {
		return nil, err
	}
	if r.HoldSeconds < 0 || r.HoldSeconds > maxHoldSeconds {
		return nil, badInput("holdFor", "must be PT1S to P7D in whole seconds")
	}
	if err := validateMetadata(r.Metadata); err != nil {
		return nil, err
	}
	if e.Catalog().Features[r.Feature] == nil {
		return nil, notFound("feature", "the feature")
	}
	return &authorize{AuthorizeRequest: r, fingerprint: r.fingerprint()}, nil
}

// fingerprint tells whether a key is used again with another request.
func (r *AuthorizeRequest) fingerprint() int64 {
	var room [48]byte
	asked := strconv.AppendBool(append(strconv.AppendInt(room[:0], r.Quantity, 10), ' '), r.AllowPartial)
	asked = strconv.AppendInt(append(asked, ' '), r.HoldSeconds, 10)
	return fingerprint("authorize", r.User, r.Feature, string(asked))
}

func (o *authorize) account() string { return o.Account }

func (o *authorize) want(w *ledger.Want) {
	w.Keys = append(w.Keys, ledger.KeyRef{Account: o.Account, Key: o.Key})
}

func (o *authorize) counters(*ledger.Loaded) []counterRef {
	return []counterRef{{o.Feature, o.User}}
}

func (o *authorize) run(b *batch, a *account) (any, error) {
	earlier, err := b.earlier(a, o.Key, ledger.Authorized, o.fingerprint, o.tried)
	if err != nil || earlier != nil {
		return earlier, err
	}
	feature := b.catalog.Features[o.Feature]
	if feature == nil {
		return nil, notFound("feature", "the feature")
	}
	price := feature.PriceAt(a.now).Price
	rules := a.plan.Rules(o.Feature)
	in := a.input(rules, price, o.Feature, o.User)
	request := waterfall.Request{Quantity: o.Quantity, AllowPartial: o.AllowPartial}
	out := waterfall.Decide(in, request, a.now)
	d := &ledger.Decision{Event: ledger.Event{
		Account: a.ID, ID: a.nextID(b.random()), Kind: ledger.Authorized, Key: o.Key, Fingerprint: o.fingerprint,
		User: o.User, Feature: o.Feature, Requested: o.Quantity, Granted: out.Granted, Charged: out.Charged,
		AllowPartial: o.AllowPartial, Reason: out.Reason, PlanKey: a.plan.Key, PlanVersion: a.plan.Version,
		PriceVersion: price.Version, Indivisible: !feature.Divisible, CeilingRoom: out.CeilingRoom, CapRoom: out.CapRoom,
		Refusal: out.Refusal, Metadata: o.Metadata, At: a.now, Steps: stepsOf(rules, out, a.now),
	}}
	o.tried = append(o.tried, d.ID)
	if o.HoldSeconds > 0 { // of a denial too: it is part of what was asked
		d.HoldUntil = a.now + waterfall.Instant(o.HoldSeconds*1_000_000)
	}
	switch {
	case !out.Allowed:
		d.Status = ledger.StatusDenied
		d.RetryAt = waterfall.RetryAt(in, request, a.now)
	case o.HoldSeconds > 0:
		d.Status = ledger.StatusHeld
		a.opened(d.HoldUntil)
		b.writes.HoldsOpen = append(b.writes.HoldsOpen, ledger.Hold{
			EventRef: ledger.EventRef{Account: a.ID, ID: d.ID}, ExpiresAt: d.HoldUntil})
	default:
		d.Status = ledger.StatusAllowed
	}
	if err := b.fund(a, d, out); err != nil {
		return nil, err
	}
	b.add(a, &d.Event)
	b.made[ledger.KeyRef{Account: a.ID, Key: o.Key}] = d
	return d, nil
}

// stepsOf records the steps of an outcome.
func stepsOf(rules *waterfall.Rules, out *waterfall.Outcome, now waterfall.Instant) []ledger.Step {
	steps := make([]ledger.Step, len(out.Steps))
	for i, s := range out.Steps {
		b := &rules.Buckets[s.Bucket]
		steps[i] = ledger.Step{Kind: b.Kind, Bucket: b.Key, Scope: b.CounterScope(), Available: s.Available, Taken: s.Taken,
			Reason: s.Reason, Window: s.Window, ResetsAt: s.ResetsAt, Second: now.Second()}
	}
	for _, p := range out.Parts {
		steps[p.Step].Credits += p.Credits
	}
	return steps
}
