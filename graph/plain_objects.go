package graph

import (
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/graph/view"
)

// The types that write themselves, with the scalars that the schema gives their
// fields. A test holds each against what the executor writes.

// as writes a value with the scalar of its field.
func as[T, V any](scalar func(V) graphql.Marshaler, value func(*T) V) field[T] {
	return func(w io.Writer, v *T) { scalar(value(v)).MarshalGQL(w) }
}

// orNull is as for what may be null.
func orNull[T, V any](scalar func(V) graphql.Marshaler, value func(*T) *V) field[T] {
	return func(w io.Writer, v *T) {
		if p := value(v); p != nil {
			scalar(*p).MarshalGQL(w)
		} else {
			write(w, "null")
		}
	}
}

var steps = object[view.DecisionStep]{name: "DecisionStep", values: map[string]field[view.DecisionStep]{
	"position":  as(scalar.MarshalInt, func(s *view.DecisionStep) int { return s.Position }),
	"kind":      as(scalar.MarshalBucketKind, func(s *view.DecisionStep) waterfall.Kind { return s.Kind }),
	"bucketKey": as(scalar.MarshalString, func(s *view.DecisionStep) string { return s.BucketKey }),
	"available": as(scalar.MarshalQuantity, func(s *view.DecisionStep) int64 { return s.Available }),
	"taken":     as(scalar.MarshalQuantity, func(s *view.DecisionStep) int64 { return s.Taken }),
	"reason":    as(scalar.MarshalReason, func(s *view.DecisionStep) waterfall.Reason { return s.Reason }),
	"resetsAt":  orNull(scalar.MarshalDateTime, func(s *view.DecisionStep) *waterfall.Instant { return s.ResetsAt }),
}}

var features = object[view.Feature]{name: "Feature", values: map[string]field[view.Feature]{
	"key":       as(scalar.MarshalString, (*view.Feature).Key),
	"name":      as(scalar.MarshalString, (*view.Feature).Name),
	"unit":      as(scalar.MarshalString, (*view.Feature).Unit),
	"divisible": as(scalar.MarshalBoolean, (*view.Feature).Divisible),
}}

var decisions = object[view.Decision]{name: "Decision", values: map[string]field[view.Decision]{
	"id":              as(scalar.MarshalID, (*view.Decision).ID),
	"userId":          as(scalar.MarshalID, (*view.Decision).UserID),
	"status":          as(scalar.MarshalDecisionStatus, (*view.Decision).Status),
	"reason":          as(scalar.MarshalReason, (*view.Decision).Reason),
	"explanation":     as(scalar.MarshalString, (*view.Decision).Explanation),
	"requested":       as(scalar.MarshalQuantity, (*view.Decision).Requested),
	"granted":         as(scalar.MarshalQuantity, (*view.Decision).Granted),
	"charged":         as(scalar.MarshalCredits, (*view.Decision).Charged),
	"settledQuantity": orNull(scalar.MarshalQuantity, (*view.Decision).SettledQuantity),
	"refunded":        as(scalar.MarshalQuantity, (*view.Decision).Refunded),
	"refundedCredits": as(scalar.MarshalCredits, (*view.Decision).RefundedCredits),
	"unfunded":        as(scalar.MarshalQuantity, (*view.Decision).Unfunded),
	"retryAt":         orNull(scalar.MarshalDateTime, (*view.Decision).RetryAt),
	"holdExpiresAt":   orNull(scalar.MarshalDateTime, (*view.Decision).HoldExpiresAt),
	"idempotencyKey":  as(scalar.MarshalString, (*view.Decision).IdempotencyKey),
	"replayed":        as(scalar.MarshalBoolean, (*view.Decision).Replayed),
	"planKey":         as(scalar.MarshalString, (*view.Decision).PlanKey),
	"planVersion":     as(scalar.MarshalInt, (*view.Decision).PlanVersion),
	"createdAt":       as(scalar.MarshalDateTime, (*view.Decision).CreatedAt),
	"updatedAt":       as(scalar.MarshalDateTime, (*view.Decision).UpdatedAt),
}, objects: map[string]func(ast.SelectionSet) field[view.Decision]{
	"feature":         inside(&features, (*view.Decision).Feature),
	"steps":           listed(&steps, (*view.Decision).Steps),
	"settlementSteps": listed(&steps, (*view.Decision).SettlementSteps),
}}

var failures = object[view.AuthorizeError]{name: "AuthorizeError", values: map[string]field[view.AuthorizeError]{
	"code":      as(scalar.MarshalErrorCode, func(e *view.AuthorizeError) engine.Code { return e.Code }),
	"message":   as(scalar.MarshalString, func(e *view.AuthorizeError) string { return e.Message }),
	"retryable": as(scalar.MarshalBoolean, func(e *view.AuthorizeError) bool { return e.Retryable }),
	"field":     orNull(scalar.MarshalString, func(e *view.AuthorizeError) *string { return e.Field }),
}}

var results = object[view.AuthorizeResult]{name: "AuthorizeResult", objects: map[string]func(ast.SelectionSet) field[view.AuthorizeResult]{
	"decision": inside(&decisions, func(r *view.AuthorizeResult) *view.Decision { return r.Decision }),
	"error":    inside(&failures, func(r *view.AuthorizeResult) *view.AuthorizeError { return r.Error }),
}}

var points = object[view.UsagePoint]{name: "UsagePoint", values: map[string]field[view.UsagePoint]{
	"start":    as(scalar.MarshalDateTime, func(p *view.UsagePoint) waterfall.Instant { return p.Start }),
	"feature":  as(scalar.MarshalString, func(p *view.UsagePoint) string { return p.Feature }),
	"kind":     as(scalar.MarshalBucketKind, func(p *view.UsagePoint) waterfall.Kind { return p.Kind }),
	"quantity": as(scalar.MarshalQuantity, func(p *view.UsagePoint) int64 { return p.Quantity }),
	"credits":  as(scalar.MarshalCredits, func(p *view.UsagePoint) scalar.Credits { return p.Credits }),
}}
