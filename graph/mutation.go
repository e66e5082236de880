package graph

import (
	"context"
	"errors"
	"strconv"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/caller"
	"spillway/graph/scalar"
	"spillway/graph/view"
	"spillway/ledger"
)

type mutation resolvers

// largestBatch is the most requests of one authorizeBatch.
const largestBatch = 1000

func badInput(field, problem string) error {
	return &engine.Fault{Code: engine.CodeBadInput, Field: field, Message: problem}
}

// request translates one request. A hold of no time would be no hold to the
// engine, so it is refused here.
func request(in *view.AuthorizeInput) (engine.AuthorizeRequest, error) {
	r := engine.AuthorizeRequest{
		Account: in.AccountID, User: in.UserID, Feature: in.Feature, Quantity: in.Quantity,
		Key: in.IdempotencyKey, AllowPartial: in.AllowPartial, Metadata: in.Metadata,
	}
	if in.HoldFor != nil {
		if r.HoldSeconds = *in.HoldFor; r.HoldSeconds == 0 {
			return r, badInput("holdFor", "must be at least PT1S")
		}
	}
	return r, nil
}

func (m *mutation) Authorize(ctx context.Context, in view.AuthorizeInput) (*view.Decision, error) {
	r, err := request(&in)
	if err != nil {
		return nil, below("input", err)
	}
	d, err := m.from.Engine.Authorize(ctx, r)
	if err == nil {
		noteLimits(caller.From(ctx), m.from.Engine.Catalog(), d)
	}
	return m.decision("input")(d, err)
}

// noteLimits tells the transport of the rate limits that a decision met: of
// each bucket the window that its step names, which is the one that keeps a
// refused request waiting. One that was made before says nothing
// of how they stand now.
func noteLimits(c *caller.Caller, catalog *ledger.Catalog, d *ledger.Decision) {
	plan := catalog.Plan(d.PlanKey, d.PlanVersion)
	if d.Replayed || plan == nil || plan.Rules(d.Feature) == nil {
		return
	}
	buckets := plan.Rules(d.Feature).Buckets
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Kind != waterfall.RateLimit || s.Window < 0 || i >= len(buckets) || buckets[i].Key != s.Bucket || s.Window >= len(buckets[i].Windows) {
			continue
		}
		window := buckets[i].Windows[s.Window]
		limit := caller.Limit{Bucket: s.Bucket, Quota: window.Limit, Seconds: window.Seconds, Remaining: s.Available - s.Taken}
		if d.Refusal != nil {
			limit.Remaining = d.Refusal.Sources[i].Room
		}
		if s.ResetsAt > 0 { // told of the longest window, which the newest unit leaves last
			limit.ResetIn = max(0, s.ResetsAt-(buckets[i].Horizon()-window.Seconds)-d.At.Second())
		}
		c.Limits = append(c.Limits, limit)
	}
}

// decision shows what the engine decided, or its fault below an argument.
func (m *mutation) decision(argument string) func(*ledger.Decision, error) (*view.Decision, error) {
	return func(d *ledger.Decision, err error) (*view.Decision, error) {
		if err != nil {
			return nil, below(argument, err)
		}
		return view.NewDecision(m.from, d), nil
	}
}

func (m *mutation) AuthorizeBatch(ctx context.Context, inputs []view.AuthorizeInput) ([]view.AuthorizeResult, error) {
	if len(inputs) > largestBatch {
		return nil, badInput("inputs", "must be at most 1000 requests")
	}
	results := make([]view.AuthorizeResult, len(inputs))
	requests := make([]engine.AuthorizeRequest, 0, len(inputs))
	places := make([]int, 0, len(inputs))
	for i := range inputs {
		r, err := request(&inputs[i])
		if err != nil {
			results[i].Error = itemError(i, err)
			continue
		}
		requests, places = append(requests, r), append(places, i)
	}
	var decided []*ledger.Decision
	var at []int
	for i, answer := range m.from.Engine.AuthorizeBatch(ctx, requests) {
		if answer.Err != nil {
			results[places[i]].Error = itemError(places[i], answer.Err)
		} else {
			decided, at = append(decided, answer.Decision), append(at, places[i])
		}
	}
	for i, d := range view.NewDecisions(m.from, decided...) {
		results[at[i]].Decision = d
	}
	return results, nil
}

// itemError is the fault of one item of a batch.
func itemError(i int, err error) *view.AuthorizeError {
	fault := errPanicked
	errors.As(below("inputs."+strconv.Itoa(i), err), &fault)
	shown := &view.AuthorizeError{Code: fault.Code, Message: fault.Message, Retryable: fault.Retryable()}
	if fault.Field != "" {
		shown.Field = &fault.Field
		shown.Message = fault.Field + ": " + fault.Message
	}
	return shown
}

// found reads the id of a decision or grant. One that is malformed does not
// exist.
func found(field, what, id string) (ledger.ID, error) {
	parsed, err := ledger.ParseID(id)
	if err != nil {
		return parsed, &engine.Fault{Code: engine.CodeNotFound, Field: field, Message: what + " was not found"}
	}
	return parsed, nil
}

func (m *mutation) Settle(ctx context.Context, in view.SettleInput) (*view.Decision, error) {
	id, err := found("input.decisionId", "the decision", in.DecisionID)
	if err != nil {
		return nil, err
	}
	return m.decision("input")(m.from.Engine.Settle(ctx, engine.SettleRequest{
		Account: in.AccountID, Decision: id, Quantity: in.Quantity, Key: in.IdempotencyKey}))
}

func (m *mutation) Release(ctx context.Context, in view.ReleaseInput) (*view.Decision, error) {
	id, err := found("input.decisionId", "the decision", in.DecisionID)
	if err != nil {
		return nil, err
	}
	return m.decision("input")(m.from.Engine.Release(ctx, engine.ReleaseRequest{
		Account: in.AccountID, Decision: id, Key: in.IdempotencyKey}))
}

func (m *mutation) Refund(ctx context.Context, account, decision string, quantity *int64, key, reason string) (*view.Decision, error) {
	id, err := found("decisionId", "the decision", decision)
	if err != nil {
		return nil, err
	}
	d, err := m.from.Engine.Refund(ctx, engine.RefundRequest{
		Account: account, Decision: id, Quantity: quantity, Key: key, Change: change(ctx, reason)})
	if err != nil {
		return nil, err
	}
	return view.NewDecision(m.from, d), nil
}

// change is what the audit log keeps of an admin's call.
func change(ctx context.Context, reason string) engine.Change {
	return engine.Change{Actor: caller.From(ctx).User, Reason: reason}
}

func (m *mutation) account(row *ledger.Account, err error) (*view.Account, error) {
	if err != nil {
		return nil, err
	}
	return view.NewAccount(m.from, row), nil
}

func (m *mutation) CreateAccount(ctx context.Context, in view.CreateAccountInput) (*view.Account, error) {
	row, err := m.from.Engine.CreateAccount(ctx, engine.NewAccount{ID: in.ID, Name: in.Name, Plan: in.Plan}, change(ctx, in.Reason))
	return m.account(row, below("input", err))
}

func (m *mutation) SetAccountStatus(ctx context.Context, id string, status ledger.AccountStatus, reason string) (*view.Account, error) {
	return m.account(m.from.Engine.SetAccountStatus(ctx, id, status, change(ctx, reason)))
}

func (m *mutation) AssignPlan(ctx context.Context, id, plan, reason string) (*view.Account, error) {
	return m.account(m.from.Engine.AssignPlan(ctx, id, plan, change(ctx, reason)))
}

func (m *mutation) SetSpendCap(ctx context.Context, id string, limit *scalar.Credits, period waterfall.Period, reason string) (*view.Account, error) {
	var spendCap *ledger.Cap
	if limit != nil {
		spendCap = &ledger.Cap{Limit: limit.Millionths(), Period: period}
	}
	return m.account(m.from.Engine.SetSpendCap(ctx, id, spendCap, change(ctx, reason)))
}

func (m *mutation) CreateGrant(ctx context.Context, in view.GrantInput) (*view.Grant, error) {
	g, err := newGrant(&in)
	if err != nil {
		return nil, below("input", err)
	}
	made, err := m.from.Engine.CreateGrant(ctx, g, change(ctx, in.Reason))
	if err != nil {
		return nil, below("input", err)
	}
	return view.NewGrant(m.from, made), nil
}

// newGrant translates a grant: its amounts are in its denomination.
func newGrant(in *view.GrantInput) (engine.NewGrant, error) {
	g := engine.NewGrant{
		Account: in.AccountID, Kind: in.Kind, Units: in.Denomination == view.DenominationUnits, Features: in.Features,
		Priority: int32(in.Priority), EffectiveAt: in.EffectiveAt, ExpiresAt: in.ExpiresAt, Key: in.IdempotencyKey,
	}
	if in.Reference != nil {
		g.Reference = *in.Reference
	}
	if in.Note != nil {
		g.Note = *in.Note
	}
	if in.Recurrence != nil {
		g.Recurrence = *in.Recurrence
	}
	var err error
	if g.Amount, err = inDenomination("amount", in.Amount, g.Units); err == nil && in.RolloverLimit != nil {
		var limit int64
		limit, err = inDenomination("rolloverLimit", *in.RolloverLimit, g.Units)
		g.RolloverLimit = &limit
	}
	return g, err
}

func inDenomination(field string, c scalar.Credits, units bool) (int64, error) {
	if !units {
		return c.Millionths(), nil
	}
	n, whole := c.Units()
	if !whole {
		return 0, badInput(field, "must be whole where the grant counts in units")
	}
	return n, nil
}

func (m *mutation) VoidGrant(ctx context.Context, account, grant, reason string) (*view.Grant, error) {
	id, err := found("grantId", "the grant", grant)
	if err != nil {
		return nil, err
	}
	g, err := m.from.Engine.VoidGrant(ctx, account, id, change(ctx, reason))
	if err != nil {
		return nil, err
	}
	return view.NewGrant(m.from, g), nil
}

func (m *mutation) feature(f *ledger.Feature, err error) (*view.Feature, error) {
	if err != nil {
		return nil, err
	}
	return view.NewFeature(m.from, f), nil
}

func (m *mutation) UpsertFeature(ctx context.Context, in view.FeatureInput, reason string) (*view.Feature, error) {
	f, err := m.from.Engine.UpsertFeature(ctx, ledger.Feature{Key: in.Key, Name: in.Name, Unit: in.Unit, Divisible: in.Divisible}, change(ctx, reason))
	if err != nil {
		err = belowInput(err)
	}
	return m.feature(f, err)
}

// belowInput is below for mutations whose reason and expected version stand
// beside the input.
func belowInput(err error) error {
	var fault *engine.Fault
	if errors.As(err, &fault) && (fault.Field == "reason" || fault.Field == "expectedVersion") {
		return err
	}
	return below("input", err)
}

func (m *mutation) SetPrice(ctx context.Context, feature string, credits scalar.Credits, per int64, from *waterfall.Instant, reason string) (*view.Feature, error) {
	return m.feature(m.from.Engine.SetPrice(ctx, feature, credits.Millionths(), per, from, change(ctx, reason)))
}

func (m *mutation) WithdrawPrice(ctx context.Context, feature string, version int, reason string) (*view.Feature, error) {
	return m.feature(m.from.Engine.WithdrawPrice(ctx, feature, version, change(ctx, reason)))
}

func (m *mutation) PublishPlan(ctx context.Context, in view.PlanInput, expected *int, reason string) (*view.Plan, error) {
	p, err := m.from.Engine.PublishPlanOver(ctx, in.Key, in.Name, planRules(in.Features), expected, change(ctx, reason))
	if err != nil {
		return nil, belowInput(err)
	}
	return view.NewPlan(m.from, p), nil
}

// planRules translates the features of a plan. A quota of 0 would be no quota to
// the engine, which then says of a FREE_TIER that it needs one.
func planRules(features []view.PlanFeatureInput) []waterfall.Rules {
	translated := make([]waterfall.Rules, len(features))
	for i := range features {
		f := &features[i]
		r := waterfall.Rules{Feature: f.Feature, Ceilings: f.Ceilings}
		for j := range f.Waterfall {
			b := &f.Waterfall[j]
			bucket := waterfall.Bucket{Kind: b.Kind, Key: b.Key, Scope: b.Scope, Windows: b.Windows}
			if b.Quota != nil {
				bucket.Quota = *b.Quota
			}
			if b.Period != nil {
				bucket.Period = *b.Period
			}
			r.Buckets = append(r.Buckets, bucket)
		}
		translated[i] = r
	}
	return translated
}

// A reconciliation that takes longer than reconcileWait goes on after the
// request, for longestReconciliation at most.
const (
	reconcileWait         = 4 * time.Second
	longestReconciliation = time.Hour
)

// Reconcile answers with what was found, or, where that takes longer than a
// request should, with the reconciliation as it began: it is found among the
// others when it has finished.
func (m *mutation) Reconcile(ctx context.Context, account *string) (*view.Reconciliation, error) {
	var of string
	if account != nil {
		of = *account
		if of == "" { // to the engine that would be all of them
			return nil, noSuchAccount("accountId")
		}
	}
	begun, err := m.from.Engine.BeginReconciliation(ctx, of)
	if err != nil {
		return nil, err
	}
	type outcome struct {
		r   *ledger.Reconciliation
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestReconciliation)
		defer cancel()
		r, err := m.from.Engine.FinishReconciliation(ctx, *begun)
		done <- outcome{r, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			return nil, o.err
		}
		return m.showReconciliation(ctx, o.r)
	case <-time.After(reconcileWait):
		return m.showReconciliation(ctx, begun)
	}
}

func (m *mutation) showReconciliation(ctx context.Context, r *ledger.Reconciliation) (*view.Reconciliation, error) {
	shown, err := m.from.ShowReconciliations(ctx, *r)
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}
