package graph

import (
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"spillway/graph/caller"
)

// FuzzDocuments: whatever a document says, it is judged quickly, and one that
// may run asks for no more than the limits, counted with every fragment written
// out.
func FuzzDocuments(f *testing.F) {
	for _, query := range []string{
		"{ __typename }", "", "{", "query Q($n: Quantity! = 99999999999999999999) { preview(input: {quantity: $n}) { status } }",
		`mutation { authorize(input: {accountId: "a", userId: "u", feature: "f", quantity: 1, idempotencyKey: "k"}) { id status steps { bucket taken } } }`,
		"mutation { a: release(input: {}) { id } b: release(input: {}) { id } }",
		"query { ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
		"{ __schema { types { fields { type { ofType { ofType { ofType { ofType { name } } } } } } } } }",
		`{ account(id: "a") { grants { edges { node { account { grants { edges { node { id } } } } } } } } }`,
		"query($a: [AuthorizeInput!]!) { a: __typename @include(if: true) @skip(if: false) }",
		`subscription { decisions(accountId: "a") { node { id } } }`,
		"{ " + strings.Repeat("a: __typename ", 40) + "}", strings.Repeat("{ a ", 50) + strings.Repeat("}", 50),
		strings.Repeat("query A { __typename } ", 12), "{ balance(accountId: \"\\u0000\") { available } }",
	} {
		f.Add(query)
	}
	api := New(Config{})
	callers := []*caller.Caller{{}, {Roles: []caller.Role{caller.Service}}}
	f.Fuzz(func(t *testing.T, query string) {
		for _, c := range callers {
			started := time.Now()
			doc, errs := api.parse(c, query)
			if took := time.Since(started); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if (doc == nil) != (len(errs) > 0) {
				t.Fatalf("both or neither: %v", errs)
			}
			if doc == nil {
				continue
			}
			for _, op := range doc.Operations {
				w := written{doc: doc.QueryDocument}
				w.selection(op.SelectionSet, 1)
				if w.fields > maxFields || w.depth > maxIntrospectionDepth || op.Operation == ast.Mutation && w.roots > 1 || w.roots > maxRootFields {
					t.Errorf("%d fields, %d deep, %d roots may run", w.fields, w.depth, w.roots)
				}
			}
		}
	})
}

// written counts an operation with all its fragments written out.
type written struct {
	doc                  *ast.QueryDocument
	fields, depth, roots int
}

func (w *written) selection(set ast.SelectionSet, depth int) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			w.fields++
			w.depth = max(w.depth, depth)
			if depth == 1 {
				w.roots++
			}
			w.selection(one.SelectionSet, depth+1)
		case *ast.InlineFragment:
			w.selection(one.SelectionSet, depth)
		case *ast.FragmentSpread:
			w.selection(w.doc.Fragments.ForName(one.Name).SelectionSet, depth)
		}
	}
}
