package graph

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Every field of the types that write themselves does, but for these, which
// are read from elsewhere.
func TestThePlainTypesWriteEveryField(t *testing.T) {
	elsewhere := map[string]bool{"Decision.account": true, "Decision.usageEvent": true, "Decision.monetizationEvents": true,
		"Decision.balanceUpdates": true, "Feature.price": true, "Feature.prices": true}
	knows := map[string]func(string) bool{
		"Decision":        func(f string) bool { return decisions.values[f] != nil || decisions.objects[f] != nil },
		"DecisionStep":    func(f string) bool { return steps.values[f] != nil },
		"Feature":         func(f string) bool { return features.values[f] != nil },
		"AuthorizeResult": func(f string) bool { return results.objects[f] != nil },
		"AuthorizeError":  func(f string) bool { return failures.values[f] != nil },
		"UsagePoint":      func(f string) bool { return points.values[f] != nil },
	}
	for name, known := range knows {
		for _, f := range ourSchema().Types[name].Fields {
			if path := name + "." + f.Name; known(f.Name) == elsewhere[path] {
				t.Errorf("%s: plain %v, read from elsewhere %v", path, known(f.Name), elsewhere[path])
			}
		}
	}
}

func TestWhatIsPlain(t *testing.T) {
	for _, c := range []struct {
		decision string // its selection
		plain    bool
	}{
		{"id", true},
		{"a: id b: id __typename", true},
		{"steps { taken } feature { key name unit divisible }", true},
		{"settlementSteps { reason resetsAt __typename }", true},
		{"id id", false}, // the executor joins them
		{"id @include(if: true)", false},
		{"id ... on Decision { status }", false},
		{"id ...More", false},
		{"account { id }", false},
		{"usageEvent { id }", false},
		{"feature { key price { credits } }", false},
		{"steps { taken taken }", false},
	} {
		// The second operation uses the fragment, as validation wants.
		doc := gqlparser.MustLoadQueryWithRules(ourSchema(), `query One { decision(accountId: "a", id: "b") { `+c.decision+` } }
			query Two { decision(accountId: "a", id: "b") { ...More } } fragment More on Decision { reason }`, openRules)
		field := doc.Operations[0].SelectionSet[0].(*ast.Field)
		if got := plainsOf(doc).decisions[field] != nil; got != c.plain {
			t.Errorf("%s: plain %v, expected %v", c.decision, got, c.plain)
		}
	}
}
