package graph

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/graph/internal/exec"
	"spillway/graph/view"
)

func ourSchema() *ast.Schema {
	return withoutDefer(exec.NewExecutableSchema(exec.Config{}).Schema())
}

func contract(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/contract.graphql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "contract.graphql", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestTheSchemaKeepsTheContract(t *testing.T) {
	ours := ourSchema()
	for name, want := range contract(t).Types {
		if want.BuiltIn {
			continue
		}
		got := ours.Types[name]
		if got == nil {
			t.Errorf("%s is missing", name)
			continue
		}
		if got.Kind != want.Kind {
			t.Errorf("%s is a %s, and the contract has a %s", name, got.Kind, want.Kind)
		}
		for _, field := range want.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			if own := got.Fields.ForName(field.Name); own == nil {
				t.Errorf("%s.%s is missing", name, field.Name)
			} else {
				compareField(t, name+"."+field.Name, field, own)
			}
		}
		for _, value := range want.EnumValues {
			if got.EnumValues.ForName(value.Name) == nil {
				t.Errorf("%s.%s is missing", name, value.Name)
			}
		}
		// What an input or an argument requires beyond the contract would
		// refuse clients that keep to it.
		if got.Kind == ast.InputObject {
			for _, field := range got.Fields {
				if want.Fields.ForName(field.Name) == nil && field.Type.NonNull && field.DefaultValue == nil {
					t.Errorf("%s.%s is required and not in the contract", name, field.Name)
				}
			}
		}
	}
}

func compareField(t *testing.T, at string, want, got *ast.FieldDefinition) {
	t.Helper()
	if got.Type.String() != want.Type.String() {
		t.Errorf("%s is %s, and the contract has %s", at, got.Type, want.Type)
	}
	if value(got.DefaultValue) != value(want.DefaultValue) {
		t.Errorf("%s has the default %s, and the contract has %s", at, value(got.DefaultValue), value(want.DefaultValue))
	}
	for _, argument := range want.Arguments {
		own := got.Arguments.ForName(argument.Name)
		switch {
		case own == nil:
			t.Errorf("%s lacks the argument %s", at, argument.Name)
		case own.Type.String() != argument.Type.String():
			t.Errorf("%s(%s:) is %s, and the contract has %s", at, argument.Name, own.Type, argument.Type)
		case value(own.DefaultValue) != value(argument.DefaultValue):
			t.Errorf("%s(%s:) has the default %s, and the contract has %s", at, argument.Name, value(own.DefaultValue), value(argument.DefaultValue))
		}
	}
	for _, argument := range got.Arguments {
		if want.Arguments.ForName(argument.Name) == nil && argument.Type.NonNull && argument.DefaultValue == nil {
			t.Errorf("%s(%s:) is required and not in the contract", at, argument.Name)
		}
	}
}

func value(v *ast.Value) string {
	if v == nil {
		return "none"
	}
	return v.String()
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	need := func(at, description string) {
		if len(strings.TrimSpace(description)) < 5 || !strings.HasSuffix(strings.TrimSpace(description), ".") {
			t.Errorf("%s needs a description in a sentence, and has %q", at, description)
		}
	}
	schema := ourSchema()
	for name, def := range schema.Types {
		if def.BuiltIn {
			continue
		}
		need(name, def.Description)
		for _, field := range def.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			need(name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				need(name+"."+field.Name+"("+argument.Name+":)", argument.Description)
			}
		}
		for _, v := range def.EnumValues {
			need(name+"."+v.Name, v.Description)
		}
	}
	access := schema.Directives["access"]
	need("@access", access.Description)
	for _, argument := range access.Arguments {
		need("@access("+argument.Name+":)", argument.Description)
	}
}

// rootFields are the fields that a document can begin with.
func rootFields() map[string]*ast.FieldDefinition {
	fields := map[string]*ast.FieldDefinition{}
	schema := ourSchema()
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, field := range root.Fields {
			if !strings.HasPrefix(field.Name, "__") {
				fields[root.Name+"."+field.Name] = field
			}
		}
	}
	return fields
}

func TestEveryRootFieldHasARule(t *testing.T) {
	for name, field := range rootFields() {
		rule := field.Directives.ForName("access")
		if rule == nil || len(rule.Arguments.ForName("roles").Value.Children) == 0 {
			t.Errorf("%s: nobody says who may use it", name)
			continue
		}
		users := slices.ContainsFunc(rule.Arguments.ForName("roles").Value.Children, func(c *ast.ChildValue) bool { return c.Value.Raw == "USER" })
		path := accountPath(field)
		named := ""
		if account := rule.Arguments.ForName("account"); account != nil {
			named = account.Value.Raw
		}
		if users && named != path {
			t.Errorf("%s: users may use it, and it names an account by %q, but its rule looks at %q", name, path, named)
		}
	}
}

// accountPath is where a field is told of which account it is asked: "" where
// it is not.
func accountPath(field *ast.FieldDefinition) string {
	for _, argument := range field.Arguments {
		if argument.Name == "accountId" || field.Type.Name() == "Account" && argument.Name == "id" {
			return argument.Name
		}
		def := ourSchema().Types[argument.Type.Name()]
		if def.Kind == ast.InputObject && def.Fields.ForName("accountId") != nil {
			return argument.Name + ".accountId"
		}
	}
	return ""
}

func TestTheRuleReadsEveryPathItIsGiven(t *testing.T) {
	arguments := map[string]map[string]any{
		"id":              {"id": "a-1"},
		"accountId":       {"accountId": "a-1"},
		"input.accountId": {"input": view.PreviewInput{AccountID: "a-1"}},
	}
	for name, field := range rootFields() {
		account := field.Directives.ForName("access").Arguments.ForName("account")
		if account == nil {
			continue
		}
		given, known := arguments[account.Value.Raw]
		if !known || named(given, account.Value.Raw) != "a-1" {
			t.Errorf("%s: the account at %q is not read", name, account.Value.Raw)
		}
		if path, _, deep := strings.Cut(account.Value.Raw, "."); deep && field.Arguments.ForName(path).Type.Name() != "PreviewInput" {
			t.Errorf("%s: the account of a %s is not read", name, field.Arguments.ForName(path).Type.Name())
		}
	}
}

func TestAnswersComeWhole(t *testing.T) {
	if ourSchema().Directives["defer"] != nil {
		t.Error("@defer is in the schema, and nothing answers it")
	}
}
