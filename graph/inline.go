package graph

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"

	"spillway/graph/scalar"
	"spillway/graph/view"
)

// resolve is what runs around every field. The steps of a decision are the one
// list that nearly every answer holds; the executor would start a goroutine
// for each and go through all of its machinery for each of their values. They
// are values only, so they write themselves.
func resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	v, err := next(ctx)
	if list, ok := v.([]view.DecisionStep); ok && err == nil {
		selections := graphql.GetFieldContext(ctx).Field.Selections
		fields := graphql.CollectFields(graphql.GetOperationContext(ctx), selections, decisionStep)
		return steps{fields, list}, nil
	}
	return v, err
}

var decisionStep = []string{"DecisionStep"}

// steps are steps of a decision with the fields that were asked for.
type steps struct {
	fields []graphql.CollectedField
	list   []view.DecisionStep
}

// MarshalGQL writes the list.
func (s steps) MarshalGQL(w io.Writer) {
	write(w, "[")
	for i := range s.list {
		if i > 0 {
			write(w, ",")
		}
		for j := range s.fields {
			if j == 0 {
				write(w, "{")
			} else {
				write(w, ",")
			}
			// A name of GraphQL needs no escaping.
			write(w, `"`)
			write(w, s.fields[j].Alias)
			write(w, `":`)
			writeStep(w, &s.list[i], s.fields[j].Name)
		}
		write(w, "}")
	}
	write(w, "]")
}

func write(w io.Writer, s string) { _, _ = io.WriteString(w, s) } // into memory

func writeStep(w io.Writer, s *view.DecisionStep, field string) {
	switch field {
	case "position":
		scalar.MarshalInt(s.Position).MarshalGQL(w)
	case "kind":
		scalar.MarshalBucketKind(s.Kind).MarshalGQL(w)
	case "bucketKey":
		scalar.MarshalString(s.BucketKey).MarshalGQL(w)
	case "available":
		scalar.MarshalQuantity(s.Available).MarshalGQL(w)
	case "taken":
		scalar.MarshalQuantity(s.Taken).MarshalGQL(w)
	case "reason":
		scalar.MarshalReason(s.Reason).MarshalGQL(w)
	case "resetsAt":
		if s.ResetsAt == nil {
			graphql.Null.MarshalGQL(w)
		} else {
			scalar.MarshalDateTime(*s.ResetsAt).MarshalGQL(w)
		}
	case "__typename":
		write(w, `"DecisionStep"`)
	default:
		panic("a step has no field " + field) // the test of the schema knows them all
	}
}
