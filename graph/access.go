package graph

import (
	"context"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"spillway/engine"
	"spillway/graph/caller"
	"spillway/graph/view"
)

// access is the directive @access. Whoever holds no role of the field is
// refused; whoever may use it as a user only is told of accounts that are not
// theirs what an id that does not exist would be told: null where the field may
// be null, NOT_FOUND elsewhere.
func access(ctx context.Context, _ any, next graphql.Resolver, roles []caller.Role, account *string) (any, error) {
	c := caller.From(ctx)
	if !c.Known() {
		return nil, &engine.Fault{Code: engine.CodeUnauthenticated, Message: "a valid token is needed"}
	}
	if !slices.ContainsFunc(roles, c.Has) {
		return nil, &engine.Fault{Code: engine.CodeForbidden, Message: "this needs the role " + names(roles)}
	}
	if account == nil || seesAll(c, roles) {
		return next(ctx)
	}
	field := graphql.GetFieldContext(ctx)
	if named(field.Args, *account) == c.Account {
		return next(ctx)
	}
	if !field.Field.Definition.Type.NonNull {
		return nil, nil
	}
	return nil, noSuchAccount(*account)
}

// seesAll tells whether one of a field's roles that the caller holds shows every
// account: each does but that of a user. A role that the field is not given to
// adds nothing.
func seesAll(c *caller.Caller, roles []caller.Role) bool {
	return slices.ContainsFunc(roles, func(r caller.Role) bool { return r != caller.User && c.Has(r) })
}

// noSuchAccount is what the engine answers for an account that does not exist.
func noSuchAccount(field string) *engine.Fault {
	return &engine.Fault{Code: engine.CodeNotFound, Field: field, Message: "the account was not found"}
}

// named is the account that an argument names. The test of the schema knows
// every path that stands in an @access.
func named(args map[string]any, path string) string {
	argument, _, _ := strings.Cut(path, ".")
	switch v := args[argument].(type) {
	case string:
		return v
	case view.PreviewInput:
		return v.AccountID
	}
	return ""
}

func names(roles []caller.Role) string {
	list := make([]string, len(roles))
	for i, r := range roles {
		list[i] = string(r)
	}
	return strings.Join(list, " or ")
}
