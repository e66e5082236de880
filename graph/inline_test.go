package graph

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"spillway/engine/waterfall"
	"spillway/graph/view"
)

// Steps write themselves; they must write every field of the schema, as it is
// named there.
func TestStepsWriteEveryField(t *testing.T) {
	at := waterfall.Instant(1777636800123456)
	step := view.DecisionStep{Position: 2, Kind: waterfall.RateLimit, BucketKey: `5h "a"`, Available: 7, Taken: 3, Reason: waterfall.PartlyFunded, ResetsAt: &at}
	want := map[string]any{"position": 2.0, "kind": "RATE_LIMIT", "bucketKey": `5h "a"`, "available": 7.0, "taken": 3.0, "reason": "PARTLY_FUNDED",
		"resetsAt": "2026-05-01T12:00:00.123456Z", "__typename": "DecisionStep"}
	var fields []graphql.CollectedField
	add := func(name string) {
		fields = append(fields, graphql.CollectedField{Field: &ast.Field{Alias: name, Name: name}})
	}
	for _, field := range ourSchema().Types["DecisionStep"].Fields {
		add(field.Name)
	}
	add("__typename")
	if n := reflect.TypeFor[view.DecisionStep]().NumField(); n+1 != len(fields) {
		t.Errorf("%d values and %d fields", n, len(fields))
	}
	var out bytes.Buffer
	bare := step
	bare.ResetsAt = nil
	steps{fields, []view.DecisionStep{step, bare}}.MarshalGQL(&out)
	var got []map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", &out, err)
	}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("%v, expected %v", got[0], want)
	}
	if got[1]["resetsAt"] != nil || len(got[1]) != len(want) {
		t.Errorf("%v", got[1])
	}
	out.Reset()
	steps{fields, nil}.MarshalGQL(&out)
	if out.String() != "[]" {
		t.Errorf("no steps: %s", &out)
	}
}
