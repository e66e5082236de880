package graph

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

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
	return &gqlerror.Error{Message: at.Message, Locations: at.Locations}
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
	return malformed(field, at.Message)
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

// missing finds the name of what is required and was not given.
var missing = regexp.MustCompile(`^Field "(?:[^"]*\.)?([^".]*)" (?:argument "([^"]*)" )?of (?:required )?type`)

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
	}
	return errs
}

func fieldOf(doc *ast.QueryDocument, err *gqlerror.Error) string {
	if len(err.Locations) == 0 {
		return ""
	}
	at := err.Locations[0]
	here := func(v *ast.Value) bool {
		return v.Position != nil && v.Position.Line == at.Line && v.Position.Column == at.Column
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
	if named := missing.FindStringSubmatch(err.Message); named != nil {
		if named[2] != "" {
			return named[2]
		}
		path = append(path, ast.PathName(named[1]))
	}
	return dotted(path)
}

// settleNumbers makes the numbers of a document readable: an integer beyond 64
// bits becomes the nearest one where its scalar checks the range, and is
// refused elsewhere, as is a number that is none.
func settleNumbers(doc *ast.QueryDocument) *gqlerror.Error {
	var wrong *ast.Value
	check := func(v *ast.Value) bool {
		if !settle(v) && wrong == nil {
			wrong = v
		}
		return wrong != nil
	}
	var path ast.Path
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			if v.DefaultValue != nil && wrong == nil {
				path = within(ast.Path{ast.PathName(v.Variable)}, v.DefaultValue, check)
			}
		}
		if wrong == nil {
			path = findValue(op.SelectionSet, check)
		}
	}
	for _, f := range doc.Fragments {
		if wrong == nil {
			path = findValue(f.SelectionSet, check)
		}
	}
	if wrong == nil {
		return nil
	}
	return malformed(dotted(path), "is a number that cannot be kept exactly")
}

func settle(v *ast.Value) bool {
	switch v.Kind {
	case ast.FloatValue:
		f, err := strconv.ParseFloat(v.Raw, 64)
		return err == nil && !math.IsInf(f, 0)
	case ast.IntValue:
		_, err := strconv.ParseInt(v.Raw, 10, 64)
		if err == nil {
			return true
		}
		if v.Definition == nil || v.Definition.Name != "Quantity" && v.Definition.Name != "Count" {
			return false
		}
		if strings.HasPrefix(v.Raw, "-") {
			v.Raw = strconv.Itoa(math.MinInt64)
		} else {
			v.Raw = strconv.Itoa(math.MaxInt64)
		}
	}
	return true
}
