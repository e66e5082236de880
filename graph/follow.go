package graph

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/graph/caller"
)

// Run runs an operation on the caller's goroutine, and hands over its answers:
// one of a query or mutation; those of a subscription until ctx ends, its source
// does, or tell fails. An answer holds until tell returns.
//
// A subscription that is run so has one goroutine. The executor's own way takes
// two, one that fills a channel beside one that empties it, and the stacks of
// goroutines are most of what an idle subscription costs.
func (a *API) Run(ctx context.Context, op *graphql.OperationContext, tell func(*graphql.Response) error) {
	var f feed
	next, ctx := a.DispatchOperation(context.WithValue(ctx, feedKey{}, &f), op)
	answer := func() error {
		response := next(ctx)
		if response == nil {
			return ctx.Err() // nothing else ends it while a value waits
		}
		return tell(response)
	}
	if f.run == nil { // no subscription, or one that was refused
		_ = answer() // whoever tells knows that it failed
		return
	}
	if fault := f.run(answer); fault != nil {
		// Without it the client would take the end for the last word.
		_ = tell(a.DispatchError(ctx, gqlerror.List{a.present(ctx, fault)}))
	}
}

// feed is what a subscription follows. run calls answer behind each value, and
// returns what is wrong where the source ends by a fault of its own.
type feed struct {
	run func(answer func() error) error
}

type feedKey struct{}

// follow runs a source until the client leaves or the source ends. The source
// waits for the client with each value: whoever is slow holds up nobody else.
func follow[T any](ctx context.Context, s *subscription, source func(deliver func(T) error) error) <-chan T {
	values := make(chan T, 1)
	run := func(answer func() error) (fault error) {
		defer close(values)
		defer func() {
			if r := recover(); r != nil {
				s.log.ErrorContext(ctx, "a panic while following", "request", caller.From(ctx).Request,
					"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
				fault = errPanicked
			}
		}()
		var left error // why nobody listens any more
		err := source(func(v T) error {
			select {
			case values <- v:
				left = answer()
			case <-ctx.Done():
				left = ctx.Err()
			}
			return left
		})
		if left != nil || ctx.Err() != nil {
			return nil
		}
		return err
	}
	if f, ok := ctx.Value(feedKey{}).(*feed); ok {
		f.run = run
	} else { // a transport that asks for the answers itself
		go func() { _ = run(func() error { return nil }) }()
	}
	return values
}
