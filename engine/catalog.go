package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// NewAccount is an account to create.
type NewAccount struct {
	ID   string
	Name string
	Plan string
}

// CreateAccount adds an account. Sent again, with what it was created with or
// with what stands, it changes nothing and answers with the account as it
// stands, whatever became of it since; other content under the id is CONFLICT.
func (e *Engine) CreateAccount(ctx context.Context, n NewAccount, c Change) (*ledger.Account, error) {
	if !waterfall.ValidID(n.ID) {
		return nil, badInput("id", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -")
	}
	if err := validateName(n.Name); err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := e.planExists(ctx, n.Plan); err != nil {
		return nil, err
	}
	now := e.now()
	a := &ledger.Account{ID: n.ID, Name: n.Name, Status: ledger.Active, Plan: n.Plan, CreatedAt: now, DecidedAt: now,
		Version: e.newID(now)}
	after, err := encode(describeAccount(a))
	if err != nil {
		return nil, internal(err)
	}
	stands, err := e.ledger.CreateAccount(ctx, a, &ledger.AuditEntry{Account: a.ID, ID: e.newID(now), Actor: c.Actor,
		Action: "createAccount", Reason: c.Reason, After: after, At: now})
	if err != nil {
		return nil, storeFault(err)
	}
	same, err := e.createdAs(ctx, stands, n)
	switch {
	case err != nil:
		return nil, storeFault(err)
	case !same:
		return nil, conflict("an account with this id and other content exists")
	}
	return stands, nil
}

// createdAs reports whether an account that stands was created with this
// content, or has come to it. A name never changes; what plan an account began
// with its audit log tells.
func (e *Engine) createdAs(ctx context.Context, stands *ledger.Account, n NewAccount) (bool, error) {
	if stands.Name != n.Name {
		return false, nil
	}
	if stands.Plan == n.Plan {
		return true, nil
	}
	plan, err := e.ledger.FirstPlan(ctx, n.ID)
	return err == nil && plan == n.Plan, err
}

// UpsertFeature adds a feature or changes its name, unit and divisibility.
func (e *Engine) UpsertFeature(ctx context.Context, f ledger.Feature, c Change) (*ledger.Feature, error) {
	if !waterfall.ValidID(f.Key) {
		return nil, badInput("key", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -")
	}
	if err := errors.Join(validateText("name", f.Name, true), validateText("unit", f.Unit, true)); err != nil {
		return nil, first(err)
	}
	err := e.changeCatalog(ctx, c, "upsertFeature", func(tx *ledger.CatalogTx) (before, after any, err error) {
		old := tx.Catalog.Features[f.Key]
		if old != nil && old.Name == f.Name && old.Unit == f.Unit && old.Divisible == f.Divisible {
			return nil, nil, nil
		}
		if old != nil {
			before = describeFeature(old)
		}
		return before, describeFeature(&f), tx.PutFeature(ctx, &f)
	})
	if err != nil {
		return nil, err
	}
	return e.Catalog().Features[f.Key], nil
}

// PublishPlan adds a version of a plan. What already stands as the newest
// version changes nothing.
func (e *Engine) PublishPlan(ctx context.Context, key, name string, features []waterfall.Rules, c Change) (*ledger.Plan, error) {
	return e.PublishPlanOver(ctx, key, name, features, nil, c)
}

// PublishPlanOver is PublishPlan for who has seen a version: where another one
// stands than expected, 0 for none, it is CONFLICT and nothing changes. What
// stands already is no conflict, whatever was expected: a call whose answer was
// lost can be sent again.
func (e *Engine) PublishPlanOver(ctx context.Context, key, name string, features []waterfall.Rules, expected *int, c Change) (*ledger.Plan, error) {
	if err := e.ValidatePlan(ctx, key, name, features); err != nil {
		return nil, err
	}
	if expected != nil && *expected < 0 {
		return nil, badInput("expectedVersion", "must be a version, or 0 where there is no plan yet")
	}
	p := &ledger.Plan{Key: key, Version: 1, Name: name, Features: features}
	err := e.changeCatalog(ctx, c, "publishPlan", func(tx *ledger.CatalogTx) (before, after any, err error) {
		p.PublishedAt = e.now()
		old := tx.Catalog.Newest(key)
		switch {
		case old != nil && old.Name == name && sameRules(old.Features, features):
			p = old
			return nil, nil, nil
		case old == nil && expected != nil && *expected != 0:
			return nil, nil, conflictOf("expectedVersion", "no version of the plan stands, and version %d was expected", *expected)
		case old != nil && expected != nil && *expected != int(old.Version):
			return nil, nil, conflictOf("expectedVersion", "version %d of the plan stands, and %s was expected", old.Version, versionText(*expected))
		case old != nil:
			p.Version = old.Version + 1
			before = describePlan(old)
		}
		return before, describePlan(p), tx.AddPlan(ctx, p)
	})
	if err != nil {
		return nil, err
	}
	return e.Catalog().Plan(key, p.Version), nil // not the newest: another one may have followed
}

func versionText(version int) string {
	if version == 0 {
		return "none"
	}
	return fmt.Sprint("version ", version)
}

// CheckFeature is a fault of a field that names a feature which there is not, or
// which there cannot be; nil is any feature.
func (e *Engine) CheckFeature(ctx context.Context, field string, key *string) error {
	switch {
	case key == nil:
		return nil
	case !waterfall.ValidID(*key):
		return badInput(field, "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -")
	}
	return e.featureExists(ctx, field, *key)
}

// featureExists is a fault of a field that names a feature which there is not.
func (e *Engine) featureExists(ctx context.Context, field, key string) error {
	has := func(c *ledger.Catalog) bool { return c.Features[key] != nil }
	if err := e.lookFor(ctx, has); err != nil || has(e.Catalog()) {
		return err
	}
	return notFound(field, "the feature")
}

// planExists is a fault where there is no plan of that key.
func (e *Engine) planExists(ctx context.Context, key string) error {
	has := func(c *ledger.Catalog) bool { return c.Newest(key) != nil }
	if err := e.lookFor(ctx, has); err != nil || has(e.Catalog()) {
		return err
	}
	return notFound("plan", "the plan")
}

// lookFor brings the catalog up to date where it lacks something: another
// process may have added it a moment ago, and its caller gone on to this one.
func (e *Engine) lookFor(ctx context.Context, has func(*ledger.Catalog) bool) error {
	if has(e.Catalog()) {
		return nil
	}
	v, err := e.catalogs.CatalogVersion(ctx)
	if err == nil && v != e.Catalog().Version {
		_, err = e.refresh(ctx)
	}
	if err != nil {
		return storeFault(err)
	}
	return nil
}

// ValidatePlan checks a plan as PublishPlan does.
func (e *Engine) ValidatePlan(ctx context.Context, key, name string, features []waterfall.Rules) error {
	if !waterfall.ValidID(key) {
		return badInput("key", "must be 1 to 128 of the characters A-Z a-z 0-9 . _ : @ / -")
	}
	if err := validateText("name", name, true); err != nil {
		return err
	}
	for i := range features {
		if err := e.featureExists(ctx, fmt.Sprintf("features.%d.feature", i), features[i].Feature); err != nil {
			return err
		}
	}
	var at *waterfall.FieldError
	if errors.As(waterfall.ValidatePlan(features), &at) {
		return badInput("features."+at.Field, "%s", at.Problem)
	}
	return nil
}

// sameRules compares plans by what was published: whether a feature may be
// divided is the feature's own.
func sameRules(a, b []waterfall.Rules) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		x.Divisible, y.Divisible = false, false
		if !reflect.DeepEqual(normal(x), normal(y)) {
			return false
		}
	}
	return true
}

// normal makes empty and absent lists alike.
func normal(r waterfall.Rules) waterfall.Rules {
	if len(r.Ceilings) == 0 {
		r.Ceilings = nil
	}
	r.Buckets = append([]waterfall.Bucket(nil), r.Buckets...)
	for i := range r.Buckets {
		if len(r.Buckets[i].Windows) == 0 {
			r.Buckets[i].Windows = nil
		}
	}
	return r
}

// changeCatalog runs a change with its audit entry and puts it in force here.
// The change returns nil for after when nothing is different.
func (e *Engine) changeCatalog(ctx context.Context, c Change, action string, change func(*ledger.CatalogTx) (before, after any, err error)) error {
	if err := c.validate(); err != nil {
		return err
	}
	err := e.ledger.ChangeCatalog(ctx, func(tx *ledger.CatalogTx) (bool, error) {
		before, after, err := change(tx)
		if err != nil || after == nil {
			return false, err
		}
		now := e.now()
		entry := &ledger.AuditEntry{ID: e.newID(now), Actor: c.Actor, Action: action, Reason: c.Reason, At: now}
		if entry.Before, err = encode(before); err != nil {
			return false, err
		}
		if entry.After, err = encode(after); err != nil {
			return false, err
		}
		return true, tx.Audit(ctx, entry)
	})
	if err != nil {
		return storeFault(err)
	}
	if _, err := e.refresh(ctx); err != nil {
		return storeFault(err)
	}
	return nil
}

// storeFault is what a client is told of an error from the ledger.
func storeFault(err error) error {
	var fault *Fault
	var unknown *ledger.UnknownOutcomeError
	switch {
	case errors.As(err, &fault):
		return fault
	case errors.As(err, &unknown), ledger.Away(err):
		return unavailable(err)
	}
	return internal(err)
}

// isUnavailable tells a fault that may pass.
func isUnavailable(err error) bool {
	var fault *Fault
	return errors.As(err, &fault) && fault.Retryable()
}

// first is the first of joined errors.
func first(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()[0]
	}
	return err
}
