package graph

import (
	"bytes"
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/graph/caller"
	"spillway/graph/view"
)

// direct is a document that asks for nothing but one authorize, its input in
// the only variable, and of the decision for values only: what product services
// send, thousands of times a second. Its maps of variables, arguments and
// fields would cost the executor more than the decision costs the engine.
type direct struct {
	operation string // its name, "" for none
	variable  string
	field     *ast.Field
	roles     []caller.Role
	opening   string // of the data
	write     plain[view.Decision]
}

// directOf finds out whether a document is direct; nil: it is not. The document
// is valid.
func (d *document) directOf() *direct {
	if len(d.Operations) != 1 || len(d.Fragments) > 0 {
		return nil
	}
	op := d.Operations[0]
	if op.Operation != ast.Mutation || len(op.VariableDefinitions) != 1 || len(op.Directives) > 0 || len(op.SelectionSet) != 1 {
		return nil
	}
	f, ok := op.SelectionSet[0].(*ast.Field)
	if !ok || f.Name != "authorize" || len(f.Directives) > 0 {
		return nil
	}
	v, input := op.VariableDefinitions[0], f.Arguments[0].Value // the one argument is required
	cost, fixed := d.cost[op]
	write := d.plains.decisions[f]
	if input.Kind != ast.Variable || v.DefaultValue != nil || len(v.Directives) > 0 || write == nil || !fixed || cost > maxCost {
		return nil
	}
	return &direct{op.Name, v.Variable, f, rolesOf(f.Definition), `{"` + f.Alias + `":`, write}
}

// rolesOf are the roles that @access gives a field to.
func rolesOf(f *ast.FieldDefinition) (roles []caller.Role) {
	for _, child := range f.Directives.ForName("access").Arguments.ForName("roles").Value.Children {
		roles = append(roles, caller.Role(child.Value.Raw))
	}
	return roles
}

// Direct answers a request whose document is direct and known. ok is false
// where it is not, or where anything about the request is unusual or wrong:
// then nothing has happened, and the request takes the usual way. The data of
// the answer are in out.
func (a *API) Direct(ctx context.Context, body []byte, out *bytes.Buffer) (response *graphql.Response, ok bool) {
	r, ok := readRequest(body)
	if !ok {
		return nil, false
	}
	doc, ok := a.documents.Get(r.query)
	if !ok || doc.direct == nil || (r.operation != "" && r.operation != doc.direct.operation) {
		return nil, false
	}
	d, c := doc.direct, caller.From(ctx)
	in, ok := readInput(r.variables, d.variable)
	if !ok || !c.Known() || !slices.ContainsFunc(d.roles, c.Has) {
		return nil, false
	}
	decision, err := a.authorize(ctx, in)
	if err != nil {
		at := d.field.Position
		located := &gqlerror.Error{Err: err, Path: ast.Path{ast.PathName(d.field.Alias)}, Locations: []gqlerror.Location{{Line: at.Line, Column: at.Column}}}
		return &graphql.Response{Data: []byte("null"), Errors: gqlerror.List{a.present(ctx, located)}}, true
	}
	b := append(out.AvailableBuffer(), d.opening...)
	_, _ = out.Write(append(d.write.object(b, decision), '}')) // into memory
	return &graphql.Response{Data: out.Bytes()}, true
}

// authorize runs the mutation. A panic of it becomes an error.
func (a *API) authorize(ctx context.Context, in view.AuthorizeInput) (d *view.Decision, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = a.recover(ctx, r)
		}
	}()
	return (*mutation)(a.root).Authorize(ctx, in)
}
