package graph

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"spillway/engine"
	"spillway/graph/caller"
)

// What a document may ask for. The shape is held to these before it is
// validated, because validation is what a hostile document makes expensive.
const (
	// maxTokens is for everyone; whoever may send batches may also write a
	// thousand requests out in the document.
	maxTokens      = 4_000
	maxBatchTokens = 60_000
	// maxDepth is for data; introspection is deeper by its nature.
	maxDepth              = 12
	maxIntrospectionDepth = 20
	maxFields             = 500 // with fragments written out
	maxRootFields         = 10
	maxAliases            = 30
	maxRepeats            = 10 // of one field in one selection
	maxFragments          = 60 // used, inline or by name
	maxNesting            = 25 // of selections, fragments included
	maxDirectives         = 50
	maxVariables          = 50
	maxOperations         = 10
)

// document is a parsed document that may be run.
type document struct {
	*ast.QueryDocument
	// cost is that of each operation whose lists have a fixed length.
	cost map[*ast.OperationDefinition]int
	// plains write themselves.
	plains *plains
	// direct: the executor is not needed; nil: it is.
	direct *direct
}

func tooComplex(what string, limit int) *gqlerror.Error {
	return refusal(engine.CodeTooComplex, "the document has more than "+strconv.Itoa(limit)+" "+what)
}

// The rules of validation, with and without hints at what the schema holds.
var (
	openRules   = rules.NewDefaultRules()
	closedRules = withoutSuggestions()
)

func withoutSuggestions() *rules.Rules {
	r := rules.NewDefaultRules()
	for with, without := range map[string]validator.Rule{
		rules.FieldsOnCorrectTypeRule.Name: rules.FieldsOnCorrectTypeRuleWithoutSuggestions,
		rules.ScalarLeafsRule.Name:         rules.ScalarLeafsRuleWithoutSuggestions,
		rules.KnownArgumentNamesRule.Name:  rules.KnownArgumentNamesRuleWithoutSuggestions,
		rules.KnownTypeNamesRule.Name:      rules.KnownTypeNamesRuleWithoutSuggestions,
		rules.ValuesOfCorrectTypeRule.Name: rules.ValuesOfCorrectTypeRuleWithoutSuggestions,
	} {
		r.RemoveRule(with)
		r.AddRule(without.Name, without.RuleFunc)
	}
	return r
}

// parse reads a document, holds it to the limits and validates it.
func (a *API) parse(c *caller.Caller, query string) (*document, gqlerror.List) {
	if query == "" {
		return nil, gqlerror.List{malformed("query", "must hold a document")}
	}
	tokens := maxTokens
	if c.Has(caller.Service) || c.Has(caller.Admin) {
		tokens = maxBatchTokens
	}
	parsed, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, tokens)
	if err != nil {
		return nil, gqlerror.List{unparsed(err)}
	}
	if err := checkShape(parsed); err != nil {
		return nil, gqlerror.List{err}
	}
	if err := settleNumbers(a.Schema(), parsed); err != nil {
		return nil, gqlerror.List{err}
	}
	allowed := closedRules
	if a.seesSchema(c) {
		allowed = openRules
	}
	if errs := validator.ValidateWithRules(a.Schema(), parsed, allowed); len(errs) > 0 {
		return nil, locate(parsed, errs)
	}
	doc := &document{QueryDocument: parsed, cost: map[*ast.OperationDefinition]int{}, plains: plainsOf(parsed)}
	for _, op := range parsed.Operations {
		w := weighing{fragments: map[string]int{}}
		if cost := w.selection(op.SelectionSet); !w.varies {
			doc.cost[op] = cost
		}
	}
	doc.direct = doc.directOf()
	return doc, nil
}

// shape counts what a document asks for, before anything in it is resolved.
type shape struct {
	doc        *ast.QueryDocument
	aliases    int
	directives int
	fragments  int
	// open holds the fragments that are being written out: a cycle is left to
	// validation. sizes remembers those that are done.
	open  map[string]bool
	sizes map[string]size
}

// size is how many fields a selection has, how deep it goes, and how deep with
// fragments counted as levels.
type size struct{ fields, depth, nesting int }

func checkShape(doc *ast.QueryDocument) *gqlerror.Error {
	if len(doc.Operations) > maxOperations {
		return tooComplex("operations", maxOperations)
	}
	s := &shape{doc: doc, open: map[string]bool{}, sizes: map[string]size{}}
	for _, op := range doc.Operations {
		if err := s.operation(op); err != nil {
			return err
		}
	}
	for _, f := range doc.Fragments {
		if _, err := s.selection(f.SelectionSet); err != nil {
			return err
		}
	}
	return nil
}

func (s *shape) operation(op *ast.OperationDefinition) *gqlerror.Error {
	if len(op.VariableDefinitions) > maxVariables {
		return tooComplex("variables", maxVariables)
	}
	roots, depth := s.roots(op.SelectionSet, 0)
	limit := maxRootFields
	if op.Operation == ast.Mutation {
		limit = 1 // one answer that cannot be lost with another
	}
	if roots > limit {
		return tooComplex("root fields", limit)
	}
	total, err := s.selection(op.SelectionSet)
	switch {
	case err != nil:
		return err
	case total.depth > depth:
		return tooComplex("levels", depth)
	}
	return nil
}

// roots counts the root fields, and says how deep the operation may go. A
// fragment of the root is looked through to a depth that nobody needs.
func (s *shape) roots(set ast.SelectionSet, nested int) (n, depth int) {
	depth = maxDepth
	add := func(inner ast.SelectionSet) {
		if nested < maxDepth {
			more, deeper := s.roots(inner, nested+1)
			n, depth = n+more, max(depth, deeper)
		}
	}
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			n++
			if one.Name == "__schema" || one.Name == "__type" {
				depth = maxIntrospectionDepth
			}
		case *ast.InlineFragment:
			add(one.SelectionSet)
		case *ast.FragmentSpread:
			if f := s.doc.Fragments.ForName(one.Name); f != nil {
				add(f.SelectionSet)
			}
		}
		if n > maxFields {
			return n, depth
		}
	}
	return n, depth
}

func (s *shape) selection(set ast.SelectionSet) (size, *gqlerror.Error) {
	var total size
	repeats := map[string]int{}
	for _, one := range set {
		var inner size
		var err *gqlerror.Error
		switch one := one.(type) {
		case *ast.Field:
			s.directives += len(one.Directives)
			if one.Alias != one.Name {
				s.aliases++
			}
			if repeats[one.Name]++; repeats[one.Name] > maxRepeats {
				return total, tooComplex("repetitions of a field", maxRepeats)
			}
			inner, err = s.selection(one.SelectionSet)
			inner.fields++
			inner.depth++
		case *ast.InlineFragment:
			s.directives += len(one.Directives)
			s.fragments++
			inner, err = s.selection(one.SelectionSet)
		case *ast.FragmentSpread:
			s.directives += len(one.Directives)
			s.fragments++
			inner, err = s.fragment(one.Name)
		}
		if err != nil {
			return total, err
		}
		total.fields += inner.fields
		total.depth = max(total.depth, inner.depth)
		total.nesting = max(total.nesting, inner.nesting+1)
		switch {
		case total.nesting > maxNesting:
			return total, tooComplex("nested selections", maxNesting)
		case s.fragments > maxFragments:
			return total, tooComplex("fragments", maxFragments)
		case total.fields > maxFields:
			return total, tooComplex("fields", maxFields)
		case total.depth > maxIntrospectionDepth:
			return total, tooComplex("levels", maxDepth)
		case s.aliases > maxAliases:
			return total, tooComplex("aliases", maxAliases)
		case s.directives > maxDirectives:
			return total, tooComplex("directives", maxDirectives)
		}
	}
	return total, nil
}

func (s *shape) fragment(name string) (size, *gqlerror.Error) {
	if done, ok := s.sizes[name]; ok {
		return done, nil
	}
	f := s.doc.Fragments.ForName(name)
	if f == nil || s.open[name] {
		return size{}, nil
	}
	s.open[name] = true
	defer delete(s.open, name)
	total, err := s.selection(f.SelectionSet)
	if err == nil {
		s.sizes[name] = total
	}
	return total, err
}
