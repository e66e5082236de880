package graph

import (
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/graph/view"
)

// The types that write themselves, with the scalars that the schema gives their
// fields. A test holds each against what the executor writes.

// as writes a value with the scalar of its field.
func as[T, V any](scalar func([]byte, V) []byte, value func(*T) V) field[T] {
	return func(b []byte, v *T) []byte { return scalar(b, value(v)) }
}

// orNull is as for what may be null.
func orNull[T, V any](scalar func([]byte, V) []byte, value func(*T) *V) field[T] {
	return func(b []byte, v *T) []byte {
		if p := value(v); p != nil {
			return scalar(b, *p)
		}
		return append(b, "null"...)
	}
}

var steps = object[view.DecisionStep]{name: "DecisionStep", values: map[string]field[view.DecisionStep]{
	"position":  as(scalar.AppendInt, func(s *view.DecisionStep) int { return s.Position }),
	"kind":      as(scalar.AppendBucketKind, func(s *view.DecisionStep) waterfall.Kind { return s.Kind }),
	"bucketKey": as(scalar.AppendString, func(s *view.DecisionStep) string { return s.BucketKey }),
	"available": as(scalar.AppendQuantity, func(s *view.DecisionStep) int64 { return s.Available }),
	"taken":     as(scalar.AppendQuantity, func(s *view.DecisionStep) int64 { return s.Taken }),
	"reason":    as(scalar.AppendReason, func(s *view.DecisionStep) waterfall.Reason { return s.Reason }),
	"resetsAt":  orNull(scalar.AppendDateTime, func(s *view.DecisionStep) *waterfall.Instant { return s.ResetsAt }),
}}

var features = object[view.Feature]{name: "Feature", values: map[string]field[view.Feature]{
	"key":       as(scalar.AppendString, (*view.Feature).Key),
	"name":      as(scalar.AppendString, (*view.Feature).Name),
	"unit":      as(scalar.AppendString, (*view.Feature).Unit),
	"divisible": as(scalar.AppendBoolean, (*view.Feature).Divisible),
}}

var decisions = object[view.Decision]{name: "Decision", values: map[string]field[view.Decision]{
	"id":              as(scalar.AppendString, (*view.Decision).ID),
	"userId":          as(scalar.AppendString, (*view.Decision).UserID),
	"status":          as(scalar.AppendDecisionStatus, (*view.Decision).Status),
	"reason":          as(scalar.AppendReason, (*view.Decision).Reason),
	"explanation":     as(scalar.AppendString, (*view.Decision).Explanation),
	"requested":       as(scalar.AppendQuantity, (*view.Decision).Requested),
	"granted":         as(scalar.AppendQuantity, (*view.Decision).Granted),
	"charged":         as(scalar.AppendCredits, (*view.Decision).Charged),
	"settledQuantity": orNull(scalar.AppendQuantity, (*view.Decision).SettledQuantity),
	"refunded":        as(scalar.AppendQuantity, (*view.Decision).Refunded),
	"refundedCredits": as(scalar.AppendCredits, (*view.Decision).RefundedCredits),
	"unfunded":        as(scalar.AppendQuantity, (*view.Decision).Unfunded),
	"retryAt":         orNull(scalar.AppendDateTime, (*view.Decision).RetryAt),
	"holdExpiresAt":   orNull(scalar.AppendDateTime, (*view.Decision).HoldExpiresAt),
	"idempotencyKey":  as(scalar.AppendString, (*view.Decision).IdempotencyKey),
	"replayed":        as(scalar.AppendBoolean, (*view.Decision).Replayed),
	"planKey":         as(scalar.AppendString, (*view.Decision).PlanKey),
	"planVersion":     as(scalar.AppendInt, (*view.Decision).PlanVersion),
	"createdAt":       as(scalar.AppendDateTime, (*view.Decision).CreatedAt),
	"updatedAt":       as(scalar.AppendDateTime, (*view.Decision).UpdatedAt),
}, objects: map[string]func(ast.SelectionSet) field[view.Decision]{
	"feature":         inside(&features, (*view.Decision).Feature),
	"steps":           listed(&steps, (*view.Decision).Steps),
	"settlementSteps": listed(&steps, (*view.Decision).SettlementSteps),
}}

var failures = object[view.AuthorizeError]{name: "AuthorizeError", values: map[string]field[view.AuthorizeError]{
	"code":      as(scalar.AppendErrorCode, func(e *view.AuthorizeError) engine.Code { return e.Code }),
	"message":   as(scalar.AppendString, func(e *view.AuthorizeError) string { return e.Message }),
	"retryable": as(scalar.AppendBoolean, func(e *view.AuthorizeError) bool { return e.Retryable }),
	"field":     orNull(scalar.AppendString, func(e *view.AuthorizeError) *string { return e.Field }),
}}

var results = object[view.AuthorizeResult]{name: "AuthorizeResult", objects: map[string]func(ast.SelectionSet) field[view.AuthorizeResult]{
	"decision": inside(&decisions, func(r *view.AuthorizeResult) *view.Decision { return r.Decision }),
	"error":    inside(&failures, func(r *view.AuthorizeResult) *view.AuthorizeError { return r.Error }),
}}

var points = object[view.UsagePoint]{name: "UsagePoint", values: map[string]field[view.UsagePoint]{
	"start":           as(scalar.AppendDateTime, func(p *view.UsagePoint) waterfall.Instant { return p.Start }),
	"feature":         as(scalar.AppendString, func(p *view.UsagePoint) string { return p.Feature }),
	"kind":            as(scalar.AppendBucketKind, func(p *view.UsagePoint) waterfall.Kind { return p.Kind }),
	"quantity":        as(scalar.AppendQuantity, func(p *view.UsagePoint) int64 { return p.Quantity }),
	"total":           as(scalar.AppendSum, func(p *view.UsagePoint) scalar.Sum { return p.Total }),
	"refunded":        as(scalar.AppendSum, func(p *view.UsagePoint) scalar.Sum { return p.Refunded }),
	"refundedCredits": as(scalar.AppendCredits, func(p *view.UsagePoint) scalar.Credits { return p.RefundedCredits }),
	"credits":         as(scalar.AppendCredits, func(p *view.UsagePoint) scalar.Credits { return p.Credits }),
}}
