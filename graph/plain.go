package graph

import (
	"bytes"
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/graph/view"
)

// A decision, its steps and the results of a batch are what nearly every
// answer holds. The executor goes through all of its machinery for each of
// their fields, and starts a goroutine for each element of a list: 13 of the 50
// microseconds that an authorize takes of it, and most of a batch's. Where a
// document asks of them for values only, which is found once when the document
// is read, they write themselves.

// field writes one field of an object behind what is there.
type field[T any] func(b []byte, v *T) []byte

// object is a type of the schema whose fields can be values.
type object[T any] struct {
	name   string
	values map[string]field[T]
	// objects are the fields that are plain objects again: each finds how to
	// write a selection of it, nil where the selection is not plain.
	objects map[string]func(ast.SelectionSet) field[T]
}

// plain is a selection of values, in the order of the document.
type plain[T any] []struct {
	name  string // with the punctuation around it
	write field[T]
}

// read finds how to write a selection; nil where it holds a fragment, a
// directive, a field twice or one that is more than a value: the executor knows
// about those.
func (o *object[T]) read(set ast.SelectionSet) plain[T] {
	var p plain[T]
	seen := make(map[string]bool, len(set))
	for i, one := range set {
		f, ok := one.(*ast.Field)
		if !ok || len(f.Directives) > 0 || seen[f.Alias] {
			return nil
		}
		seen[f.Alias] = true
		write := o.values[f.Name]
		if inner := o.objects[f.Name]; inner != nil {
			write = inner(f.SelectionSet)
		}
		if f.Name == "__typename" {
			write = constant[T](`"` + o.name + `"`)
		}
		if write == nil {
			return nil
		}
		// A name of GraphQL needs no escaping.
		name := `,"` + f.Alias + `":`
		if i == 0 {
			name = "{" + name[1:]
		}
		p = append(p, struct {
			name  string
			write field[T]
		}{name, write})
	}
	return p
}

func constant[T any](text string) field[T] {
	return func(b []byte, _ *T) []byte { return append(b, text...) }
}

func (p plain[T]) object(b []byte, v *T) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	for i := range p {
		b = p[i].write(append(b, p[i].name...), v)
	}
	return append(b, '}')
}

func (p plain[T]) list(b []byte, list []T) []byte {
	b = append(b, '[')
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = p.object(b, &list[i])
	}
	return append(b, ']')
}

// inside is a field whose value is one object, which may be nil.
func inside[T, V any](o *object[V], value func(*T) *V) func(ast.SelectionSet) field[T] {
	return func(set ast.SelectionSet) field[T] {
		p := o.read(set)
		if p == nil {
			return nil
		}
		return func(b []byte, v *T) []byte { return p.object(b, value(v)) }
	}
}

// listed is a field whose value is a list of objects.
func listed[T, V any](o *object[V], values func(*T) []V) func(ast.SelectionSet) field[T] {
	return func(set ast.SelectionSet) field[T] {
		p := o.read(set)
		if p == nil {
			return nil
		}
		return func(b []byte, v *T) []byte { return p.list(b, values(v)) }
	}
}

// plains are how to write what the fields of a document select, as far as that
// is plain. A field has one of them, by its type.
type plains struct {
	decisions map[*ast.Field]plain[view.Decision]
	steps     map[*ast.Field]plain[view.DecisionStep]
	results   map[*ast.Field]plain[view.AuthorizeResult]
	points    map[*ast.Field]plain[view.UsagePoint]
}

func plainsOf(doc *ast.QueryDocument) *plains {
	p := &plains{map[*ast.Field]plain[view.Decision]{}, map[*ast.Field]plain[view.DecisionStep]{}, map[*ast.Field]plain[view.AuthorizeResult]{},
		map[*ast.Field]plain[view.UsagePoint]{}}
	for _, op := range doc.Operations {
		p.add(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		p.add(f.SelectionSet)
	}
	return p
}

// add looks through a selection. What is below a plain one is part of it.
func (p *plains) add(set ast.SelectionSet) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.InlineFragment:
			p.add(one.SelectionSet)
		case *ast.Field:
			if !keep(p.decisions, &decisions, one) && !keep(p.steps, &steps, one) && !keep(p.results, &results, one) && !keep(p.points, &points, one) {
				p.add(one.SelectionSet)
			}
		}
	}
}

func keep[T any](in map[*ast.Field]plain[T], o *object[T], f *ast.Field) bool {
	if f.Definition.Type.Name() != o.name {
		return false
	}
	read := o.read(f.SelectionSet)
	if read == nil {
		return false
	}
	in[f] = read
	return true
}

// find is how to write the field that is being answered. The executor joins
// fields of one name: what was read is then not all that is asked for.
func find[T any](ctx context.Context, in map[*ast.Field]plain[T]) plain[T] {
	f := graphql.GetFieldContext(ctx).Field
	if len(f.Selections) != len(f.SelectionSet) {
		return nil
	}
	return in[f.Field]
}

// marshaler lets the executor write what is plain, into its buffer.
func marshaler[V any](write func([]byte, V) []byte, v V) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		var room []byte
		if buffer, ok := w.(*bytes.Buffer); ok {
			room = buffer.AvailableBuffer()
		}
		_, _ = w.Write(write(room, v)) // into memory
	})
}

// resolve is what runs around every field: what is plain becomes a value that
// writes itself.
func (p *plains) resolve(ctx context.Context, next graphql.Resolver) (any, error) {
	v, err := next(ctx)
	if err != nil {
		return v, err
	}
	switch v := v.(type) {
	case *view.Decision:
		if found := find(ctx, p.decisions); found != nil && v != nil {
			return marshaler(found.object, v), nil
		}
	case []view.DecisionStep:
		if found := find(ctx, p.steps); found != nil {
			return marshaler(found.list, v), nil
		}
	case []view.UsagePoint:
		if found := find(ctx, p.points); found != nil {
			return marshaler(found.list, v), nil
		}
	case []view.AuthorizeResult:
		if found := find(ctx, p.results); found != nil {
			return marshaler(found.list, v), nil
		}
	}
	return v, nil
}
