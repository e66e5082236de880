package graph

import (
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"

	"spillway/engine"
)

// The parser and the validator say where in the document something is wrong.
// Clients are told which argument it is: its path, as for any other bad input.

// unparsed is the fault of a document that could not be read.
func unparsed(err error) *gqlerror.Error {
	var at *gqlerror.Error
	if !errors.As(err, &at) {
		return refusal(engine.CodeBadInput, "the document could not be read")
	}
	if strings.Contains(at.Message, "exceeded token limit") {
		return refusal(engine.CodeTooComplex, "the document is too long")
	}
	return &gqlerror.Error{Message: withoutValues(at.Message), Locations: at.Locations}
}

// variableFault is the fault of a value that a variable brought.
func variableFault(op *ast.OperationDefinition, err error) *gqlerror.Error {
	var at *gqlerror.Error
	if !errors.As(err, &at) || len(at.Path) < 2 {
		return refusal(engine.CodeBadInput, "the variables could not be read")
	}
	name, rest := dotted(at.Path[1:2]), at.Path[2:]
	field := "$" + name
	if argument := argumentOf(op.SelectionSet, name); argument != nil {
		field = dotted(append(argument, rest...))
	} else if len(rest) > 0 {
		field += "." + dotted(rest)
	}
	return malformed(field, withoutValues(at.Message))
}

// argumentOf is the path from the argument to where a variable is first used.
func argumentOf(set ast.SelectionSet, variable string) ast.Path {
	return findValue(set, func(v *ast.Value) bool { return v.Kind == ast.Variable && v.Raw == variable })
}

// findValue is the path from an argument to the first value that matches, nil
// when none does.
func findValue(set ast.SelectionSet, match func(*ast.Value) bool) ast.Path {
	for _, one := range set {
		var inner ast.SelectionSet
		switch one := one.(type) {
		case *ast.Field:
			for _, argument := range one.Arguments {
				if path := within(ast.Path{ast.PathName(argument.Name)}, argument.Value, match); path != nil {
					return path
				}
			}
			inner = one.SelectionSet
		case *ast.InlineFragment:
			inner = one.SelectionSet
		case *ast.FragmentSpread:
			continue // fragments are searched by themselves
		}
		if path := findValue(inner, match); path != nil {
			return path
		}
	}
	return nil
}

func within(path ast.Path, v *ast.Value, match func(*ast.Value) bool) ast.Path {
	if match(v) {
		return path
	}
	for i, child := range v.Children {
		var step ast.PathElement = ast.PathName(child.Name)
		if v.Kind == ast.ListValue {
			step = ast.PathIndex(i)
		}
		if found := within(append(path[:len(path):len(path)], step), child.Value, match); found != nil {
			return found
		}
	}
	return nil
}

// What a fault of validation names: what is required and was not given, and a
// field or an argument that is given and not known.
var (
	missing = regexp.MustCompile(`^Field "(?:[^"]*\.)?([^".]*)" (?:argument "([^"]*)" of type|of required type)`)
	unknown = regexp.MustCompile(`^(?:Field "([^"]*)" is not defined by type|Unknown argument "([^"]*)" on field)`)
)

// locate adds to the faults of validation the path of the argument that is
// wrong, where it is one.
func locate(doc *ast.QueryDocument, errs gqlerror.List) gqlerror.List {
	const most = 10 // the first faults explain the rest
	errs = errs[:min(len(errs), most)]
	for _, err := range errs {
		err.Extensions = map[string]any{}
		if field := fieldOf(doc, err); field != "" {
			err.Extensions["field"] = field
		}
		err.Message = withoutValues(err.Message)
	}
	return errs
}

func fieldOf(doc *ast.QueryDocument, err *gqlerror.Error) string {
	if len(err.Locations) == 0 {
		return ""
	}
	at := func(p *ast.Position) bool {
		return p != nil && p.Line == err.Locations[0].Line && p.Column == err.Locations[0].Column
	}
	named := unknown.FindStringSubmatch(err.Message)
	here := func(v *ast.Value) bool {
		return at(v.Position) || named != nil && slices.ContainsFunc(v.Children, func(c *ast.ChildValue) bool { return at(c.Position) })
	}
	var path ast.Path
	for _, op := range doc.Operations {
		if path == nil {
			path = findValue(op.SelectionSet, here)
		}
	}
	for _, f := range doc.Fragments {
		if path == nil {
			path = findValue(f.SelectionSet, here)
		}
	}
	if named == nil {
		named = missing.FindStringSubmatch(err.Message)
	}
	if named != nil {
		if named[2] != "" {
			return named[2]
		}
		path = append(path, ast.PathName(named[1]))
	}
	return dotted(path)
}

// settleNumbers makes the numbers of a document readable before anything asks
// for their values: an integer beyond 64 bits becomes the nearest one where its
// scalar checks the range, and is refused elsewhere, as is a number that is
// none.
func settleNumbers(schema *ast.Schema, doc *ast.QueryDocument) *gqlerror.Error {
	if unreadable(doc) == nil {
		return nil
	}
	var numbers validator.Events
	numbers.OnValue(func(_ *validator.Walker, v *ast.Value) {
		if readable(v) || v.Kind != ast.IntValue || v.Definition == nil {
			return
		}
		switch {
		case v.Definition.Name != "Quantity" && v.Definition.Name != "Count":
		case strings.HasPrefix(v.Raw, "-"):
			v.Raw = strconv.Itoa(math.MinInt64)
		default:
			v.Raw = strconv.Itoa(math.MaxInt64)
		}
	})
	validator.Walk(schema, doc, &numbers)
	if path := unreadable(doc); path != nil {
		return malformed(dotted(path), "is a number that cannot be kept exactly")
	}
	return nil
}

// unreadable is the path to the first number that has no value, nil where all
// have.
func unreadable(doc *ast.QueryDocument) ast.Path {
	wrong := func(v *ast.Value) bool { return !readable(v) }
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if v.DefaultValue == nil {
				continue
			}
			if path := within(ast.Path{ast.PathName(v.Variable)}, v.DefaultValue, wrong); path != nil {
				return path
			}
		}
		if path := findValue(op.SelectionSet, wrong); path != nil {
			return path
		}
	}
	for _, f := range doc.Fragments {
		if path := findValue(f.SelectionSet, wrong); path != nil {
			return path
		}
	}
	return nil
}

func readable(v *ast.Value) bool {
	var err error
	switch v.Kind {
	case ast.FloatValue:
		_, err = strconv.ParseFloat(v.Raw, 64)
	case ast.IntValue:
		_, err = strconv.ParseInt(v.Raw, 10, 64)
	}
	return err == nil
}
