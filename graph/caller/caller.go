// Package caller says who asks: the bearer of the token that came with a
// request, and the request itself. It travels in the request's context.
package caller

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
)

// Role is what a token allows. The values are the names of the contract.
type Role string

// The roles.
const (
	User    Role = "USER"
	Admin   Role = "ADMIN"
	Service Role = "SERVICE"
)

// MarshalGQL writes the role's name.
func (r Role) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(r))) }

// UnmarshalGQL reads a role's name.
func (r *Role) UnmarshalGQL(v any) error {
	name, _ := v.(string)
	*r = Role(name)
	if !slices.Contains([]Role{User, Admin, Service}, *r) {
		return errors.New("must be one of the values of Role")
	}
	return nil
}

// Caller is who asks, and in which request.
type Caller struct {
	// User is "" where there was no token, or none that can be accepted.
	User string
	// Account is the one that the token names, "" when it names none.
	Account string
	Roles   []Role
	// Request is the request's id, for logs and for error answers.
	Request string
	// Limits are the rate limits that the request met, for a transport that
	// can tell them beside the answer.
	Limits []Limit
}

// Limit is a window of a rate limit as a decision left it.
type Limit struct {
	Bucket    string // its key in the plan
	Quota     int64  // units
	Seconds   int64  // the length of the window
	Remaining int64  // units
	ResetIn   int64  // seconds until all of it is back
}

// Known tells whether a good token came with the request.
func (c *Caller) Known() bool { return c.User != "" }

// Has tells whether the token allows a role.
func (c *Caller) Has(r Role) bool { return slices.Contains(c.Roles, r) }

// OnlyUser tells whether the caller may see no account but their own.
func (c *Caller) OnlyUser() bool { return !c.Has(Admin) && !c.Has(Service) }

type key struct{}

// With puts the caller into the context of a request.
func With(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, key{}, c)
}

var nobody = &Caller{}

// From is the caller of a request, never nil: without one, nobody is known.
func From(ctx context.Context) *Caller {
	if c, ok := ctx.Value(key{}).(*Caller); ok {
		return c
	}
	return nobody
}
