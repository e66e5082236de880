package graph

import (
	"math"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/graph/scalar"
	"spillway/graph/view"
)

const (
	// maxCost bounds the weight of an answer, lists taken as long as asked: so
	// much is written in less than 50 ms of a processor.
	maxCost = 20_000
	// usualLength is how long a list without a length is taken to be.
	usualLength = 5
	// batchLength weighs the selection of a batch: a thousand small decisions
	// are what it is for.
	batchLength = 100
	// What is read to find or to sum what a field answers with counts too: a
	// list that filters looks at thousands of rows, of which the database hands
	// on those that match; sums go over all that happened, and a simulation
	// decides everything again.
	filterCost = 4_000
	grantCost  = 8_000
	searchCost = 2_000
	sumCost    = 300
	// walkCost is for each day of a forecast, and holds the values of its point.
	walkCost       = 6
	simulationCost = 11_000
)

// checkCost holds an operation to the cost limit.
func (d *document) checkCost(op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	cost, fixed := d.cost[op]
	if !fixed {
		w := weighing{variables: variables, fragments: map[string]int{}}
		cost = w.selection(op.SelectionSet)
	}
	if cost > maxCost {
		return refusal(engine.CodeTooComplex, "the answer weighs "+strconv.Itoa(cost)+" where at most "+strconv.Itoa(maxCost)+
			" is possible: "+shorter(op, variables))
	}
	return nil
}

// shorter says how long the list that weighs most may be.
func shorter(op *ast.OperationDefinition, variables map[string]any) string {
	weigh := func(f *ast.Field, length int) int {
		w := weighing{variables: variables, fragments: map[string]int{}, list: f, shortened: length}
		return w.selection(op.SelectionSet)
	}
	const advice = "ask for fewer fields or for less at a time"
	var heaviest *ast.Field
	var rest, each int // the weight without the list, and of each of its values
	for _, f := range listsOf(op.SelectionSet, nil) {
		none, one := weigh(f, 0), weigh(f, 1)
		if none < maxCost && (heaviest == nil || none < rest) {
			heaviest, rest, each = f, none, one-none
		}
	}
	if heaviest == nil || each <= 0 || rest+each > maxCost {
		return advice
	}
	fits := min((maxCost-rest)/each, largestLength)
	return heaviest.Name + "(first: " + strconv.Itoa(fits) + ") would fit, or " + advice
}

// listsOf are the fields that say how many values they want, outer ones first,
// each once.
func listsOf(set ast.SelectionSet, found []*ast.Field) []*ast.Field {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			if one.Definition != nil && one.Definition.Arguments.ForName("first") != nil && !slices.Contains(found, one) {
				found = append(found, one)
			}
			found = listsOf(one.SelectionSet, found)
		case *ast.InlineFragment:
			found = listsOf(one.SelectionSet, found)
		case *ast.FragmentSpread:
			found = listsOf(one.Definition.SelectionSet, found)
		}
	}
	return found
}

// weighing counts the fields of an answer. One that is an object counts twice:
// the executor has as much to do for it as for several values.
type weighing struct {
	variables map[string]any
	fragments map[string]int
	// varies: a length comes from a variable.
	varies bool
	// list is weighed with another length than it asks for.
	list      *ast.Field
	shortened int
}

func (w *weighing) selection(set ast.SelectionSet) int {
	total := 0
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			each := w.selection(one.SelectionSet)
			if one.Name == "usage" {
				each = plus(each, 1) // an interval is an object, as a page of a list is by its edges
			}
			total = plus(total, 1, w.work(one), times(each, w.length(one)))
			if len(one.SelectionSet) > 0 {
				total = plus(total, 1)
			}
		case *ast.InlineFragment:
			total = plus(total, w.selection(one.SelectionSet))
		case *ast.FragmentSpread:
			cost, done := w.fragments[one.Name]
			if !done {
				cost = w.selection(one.Definition.SelectionSet)
				w.fragments[one.Name] = cost
			}
			total = plus(total, cost)
		}
	}
	return total
}

// work is what a field costs beside what it answers with.
func (w *weighing) work(f *ast.Field) int {
	if f.ObjectDefinition == nil {
		return 0
	}
	switch f.ObjectDefinition.Name + "." + f.Name {
	case "Query.simulatePlan":
		return simulationCost
	case "Account.usage", "Account.balanceAt", "Account.spent":
		return sumCost
	case "Account.forecast":
		return sumCost + walkCost*w.days(f)
	case "Account.decisions":
		filter, _ := w.argument(f, f.Definition.Arguments.ForName("filter")).(map[string]any)
		for _, name := range []string{"userId", "feature", "status", "kind"} {
			if filter[name] != nil {
				return filterCost
			}
		}
	case "Query.accounts":
		if search := w.argument(f, f.Definition.Arguments.ForName("search")); search != nil && search != "" {
			return searchCost
		}
	case "Account.grants":
		if w.argument(f, f.Definition.Arguments.ForName("kind")) != nil {
			return grantCost
		}
	}
	return 0
}

// length is how many values a field may have.
func (w *weighing) length(f *ast.Field) int {
	if len(f.SelectionSet) == 0 || f.Definition == nil {
		return 1
	}
	if f == w.list {
		return w.shortened
	}
	if def := f.Definition.Arguments.ForName("first"); def != nil {
		return lengthOf(w.argument(f, def))
	}
	switch {
	case f.Name == "authorizeBatch":
		return batchLength
	case f.Name == "usage":
		return w.intervals(f)
	// The edges of a connection are weighed with the connection.
	case f.Definition.Type.Elem == nil || f.Name == "edges":
		return 1
	}
	return usualLength
}

func lengthOf(v any) int {
	n, ok := v.(int64)
	if !ok {
		return largestLength // what is no number is refused by the scalar
	}
	return int(min(max(n, 1), largestLength))
}

// argument is the value of an argument, nil where it is absent or not known yet.
func (w *weighing) argument(f *ast.Field, def *ast.ArgumentDefinition) any {
	value := def.DefaultValue
	if given := f.Arguments.ForName(def.Name); given != nil {
		value = given.Value
	}
	if value == nil {
		return nil
	}
	if value.Kind == ast.Variable {
		w.varies = true
	}
	v, _ := value.Value(w.variables)
	return v
}

// intervals is how many intervals the usage of a time has.
func (w *weighing) intervals(f *ast.Field) int {
	var told [3]string
	for i, name := range []string{"from", "to", "interval"} {
		told[i], _ = w.argument(f, f.Definition.Arguments.ForName(name)).(string)
	}
	from, err := scalar.UnmarshalDateTime(told[0])
	to, wrong := scalar.UnmarshalDateTime(told[1])
	length := shortest[view.UsageInterval(told[2])]
	if err != nil || wrong != nil || length == 0 {
		return usualLength // what is no moment and no interval is refused by the scalar
	}
	return max(usualLength, int(min((to-from)/length, math.MaxInt32)))
}

// days is how many days a forecast looks ahead.
func (w *weighing) days(f *ast.Field) int {
	n, ok := w.argument(f, f.Definition.Arguments.ForName("days")).(int64)
	if !ok {
		return 1 // what is no number is refused by the scalar, and more days by the engine
	}
	return int(min(max(n, 1), engine.MaxForecastDays))
}

// shortest is how long an interval is at least.
var shortest = map[view.UsageInterval]waterfall.Instant{
	view.UsageIntervalMinute: 60_000_000, view.UsageIntervalHour: 3600_000_000, view.UsageIntervalDay: 86400_000_000,
	view.UsageIntervalMonth: 28 * 86400_000_000,
}

// largestLength is the longest page.
const largestLength = 200

func plus(total int, more ...int) int {
	for _, n := range more {
		total = min(total+n, math.MaxInt32)
	}
	return total
}

func times(a, b int) int { return min(a*b, math.MaxInt32) }
