package graph

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"

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
	f.run(answer)
}

// feed is what a subscription follows. run calls answer behind each value.
type feed struct{ run func(answer func() error) }

type feedKey struct{}

// follow runs a source until the client leaves or the source ends. The source
// waits for the client with each value: whoever is slow holds up nobody else.
func follow[T any](ctx context.Context, s *subscription, source func(deliver func(T) error) error) <-chan T {
	values := make(chan T, 1)
	run := func(answer func() error) {
		defer close(values)
		defer func() {
			if r := recover(); r != nil {
				s.log.ErrorContext(ctx, "a panic while following", "request", caller.From(ctx).Request,
					"panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			}
		}()
		err := source(func(v T) error {
			select {
			case values <- v:
				return answer()
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if err != nil && !errors.Is(err, ctx.Err()) {
			s.log.WarnContext(ctx, "a subscription ended", "request", caller.From(ctx).Request, "error", err.Error())
		}
	}
	if f, ok := ctx.Value(feedKey{}).(*feed); ok {
		f.run = run
	} else { // a transport that asks for the answers itself
		go run(func() error { return nil })
	}
	return values
}
