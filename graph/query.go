package graph

import (
	"context"
	"log/slog"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/caller"
	"spillway/graph/internal/exec"
	"spillway/graph/view"
	"spillway/ledger"
)

// resolvers are the root fields.
type resolvers struct {
	from *view.Source
	log  *slog.Logger
}

// Query and Mutation are how gqlgen finds the root fields.
func (r *resolvers) Query() exec.QueryResolver { return (*query)(r) }

// Mutation is the root of what changes something.
func (r *resolvers) Mutation() exec.MutationResolver { return (*mutation)(r) }

// Subscription is the root of what can be followed.
func (r *resolvers) Subscription() exec.SubscriptionResolver { return (*subscription)(r) }

type query resolvers

func (q *query) Viewer(ctx context.Context) (*view.Viewer, error) {
	c := caller.From(ctx)
	viewer := &view.Viewer{UserID: c.User, Roles: c.Roles}
	var err error
	if c.Account != "" {
		viewer.Account, err = q.from.Account(ctx, c.Account)
	}
	return viewer, err
}

func (q *query) Account(ctx context.Context, id string) (*view.Account, error) {
	return q.from.Account(ctx, id)
}

func (q *query) Accounts(ctx context.Context, search *string, first int, after *string) (*view.AccountConnection, error) {
	return q.from.Accounts(ctx, search, first, after)
}

func (q *query) Decision(ctx context.Context, account, id string) (*view.Decision, error) {
	return q.from.Decision(ctx, account, id)
}

func (q *query) Preview(ctx context.Context, in view.PreviewInput) (*view.Preview, error) {
	p, err := q.from.Engine.Preview(ctx, engine.PreviewRequest{
		Account: in.AccountID, User: in.UserID, Feature: in.Feature, Quantity: in.Quantity, AllowPartial: in.AllowPartial,
	})
	if err != nil {
		return nil, below("input", err)
	}
	return q.from.NewPreview(p), nil
}

func (q *query) Features(context.Context) ([]view.Feature, error) { return q.from.Features(), nil }

func (q *query) Plans(context.Context) ([]view.Plan, error) { return q.from.Plans(), nil }

func (q *query) Plan(_ context.Context, key string, version *int) (*view.Plan, error) {
	catalog := q.from.Engine.Catalog()
	var plan *ledger.Plan
	if version == nil {
		plan = catalog.Newest(key)
	} else {
		plan = catalog.Plan(key, int32(*version)) // a scalar Int has 32 bits
	}
	return view.NewPlan(q.from, plan), nil
}

func (q *query) AuditLog(ctx context.Context, account *string, first int, after *string) (*view.AuditConnection, error) {
	return q.from.AuditLog(ctx, account, first, after)
}

func (q *query) Reconciliations(ctx context.Context, account *string, first int, after *string) (*view.ReconciliationConnection, error) {
	return q.from.Reconciliations(ctx, account, first, after)
}

func (q *query) Anomalies(ctx context.Context, open *bool, first int, after *string) (*view.AnomalyConnection, error) {
	return q.from.Anomalies(ctx, open, first, after)
}

// SimulatePlan is held to the rules of a plan that is published: what is wrong
// with it is told the same way.
func (q *query) SimulatePlan(ctx context.Context, account string, plan view.PlanInput, from, to waterfall.Instant) (*view.PlanSimulation, error) {
	rules := planRules(plan.Features)
	if err := q.from.Engine.ValidatePlan(ctx, plan.Key, plan.Name, rules); err != nil {
		return nil, below("plan", err)
	}
	s, err := q.from.Engine.SimulatePlan(ctx, account, rules, from, to)
	if err != nil {
		return nil, err
	}
	return view.NewPlanSimulation(q.from, s), nil
}
