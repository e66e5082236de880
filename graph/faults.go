package graph

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/engine"
	"spillway/graph/caller"
	"spillway/graph/view"
	"spillway/ledger"
)

// What a client is told where the true error is none of its business.
var (
	errPanicked = &engine.Fault{Code: engine.CodeInternal, Message: "an internal error; nothing was changed"}
	errAway     = &engine.Fault{Code: engine.CodeUnavailable, Message: "the service cannot answer now; try again"}
)

// refusal is a fault of a request that was not run.
func refusal(code engine.Code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": string(code)}}
}

// malformed is a refusal that names what is wrong.
func malformed(field, problem string) *gqlerror.Error {
	err := refusal(engine.CodeBadInput, problem)
	if field != "" {
		err.Message = field + ": " + problem
		err.Extensions["field"] = field
	}
	return err
}

// refuse completes the faults of a request that was not run. What has no code
// yet is a fault of the document.
func refuse(c *caller.Caller, errs gqlerror.List) gqlerror.List {
	for _, err := range errs {
		if err.Extensions == nil {
			err.Extensions = map[string]any{}
		}
		if _, known := err.Extensions["code"]; !known {
			err.Extensions["code"] = string(engine.CodeBadInput)
		}
		code := engine.Code(fmt.Sprint(err.Extensions["code"]))
		err.Extensions["retryable"] = (&engine.Fault{Code: code}).Retryable()
		err.Extensions["requestId"] = c.Request
	}
	return errs
}

// present turns any error of a field into what the client is told. Only faults
// of the engine speak for themselves; a store's own text goes to the log.
func (a *API) present(ctx context.Context, err error) *gqlerror.Error {
	shown := &gqlerror.Error{Path: graphql.GetPath(ctx)}
	var located *gqlerror.Error
	if errors.As(err, &located) {
		shown.Locations, shown.Path = located.Locations, located.Path
	}
	fault := a.faultOf(ctx, err, shown)
	shown.Message = fault.Message
	if fault.Field != "" {
		shown.Message = fault.Field + ": " + fault.Message
	}
	shown.Extensions = map[string]any{
		"code": string(fault.Code), "retryable": fault.Retryable(), "requestId": caller.From(ctx).Request,
	}
	if fault.Field != "" {
		shown.Extensions["field"] = fault.Field
	}
	return shown
}

func (a *API) faultOf(ctx context.Context, err error, shown *gqlerror.Error) *engine.Fault {
	if field := graphql.GetFieldContext(ctx); field != nil && (field.Field.Name == "__schema" || field.Field.Name == "__type") {
		return hidden(caller.From(ctx))
	}
	var fault *engine.Fault
	if errors.As(err, &fault) {
		if cause := errors.Unwrap(fault); cause != nil {
			a.note(ctx, fault.Code, cause)
		}
		return fault
	}
	// An argument that could not be read lies below the field's own path.
	if field := graphql.GetFieldContext(ctx); field != nil {
		if own := field.Path(); len(shown.Path) > len(own) {
			fault = &engine.Fault{Code: engine.CodeBadInput, Field: dotted(shown.Path[len(own):]), Message: rootText(err)}
			shown.Path = own
			return fault
		}
	}
	var read *view.StoreError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return errAway
	case errors.As(err, &read) && ledger.Away(read.Err):
		a.note(ctx, engine.CodeUnavailable, err)
		return errAway
	}
	a.note(ctx, engine.CodeInternal, err)
	return errPanicked
}

// hidden is what is told to whoever may not look at the schema.
func hidden(c *caller.Caller) *engine.Fault {
	if !c.Known() {
		return &engine.Fault{Code: engine.CodeUnauthenticated, Message: "a valid token is needed"}
	}
	return &engine.Fault{Code: engine.CodeForbidden, Message: "the schema is shown to the role " + string(caller.Admin)}
}

// note logs what the client is not told.
func (a *API) note(ctx context.Context, code engine.Code, err error) {
	if errors.Is(err, context.Canceled) {
		return // the client went away
	}
	a.log.WarnContext(ctx, "a fault", "request", caller.From(ctx).Request, "code", string(code), "error", err.Error())
}

// rootText is the text of the innermost error.
func rootText(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			var shown *gqlerror.Error
			if errors.As(err, &shown) {
				return shown.Message
			}
			return err.Error()
		}
		err = inner
	}
}

// dotted writes a path as the contract does: input.quantity, inputs.3.quantity.
func dotted(path ast.Path) string {
	parts := make([]string, len(path))
	for i, p := range path {
		switch p := p.(type) {
		case ast.PathName:
			parts[i] = string(p)
		case ast.PathIndex:
			parts[i] = strconv.Itoa(int(p))
		}
	}
	return strings.Join(parts, ".")
}

// below puts the path of the argument before the field of a fault, which the
// engine gives relative to its own input.
func below(argument string, err error) error {
	var fault *engine.Fault
	if !errors.As(err, &fault) || fault.Field == "" {
		return err
	}
	moved := *fault
	moved.Field = argument + "." + fault.Field
	return &moved
}
