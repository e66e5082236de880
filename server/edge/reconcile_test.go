package edge_test

import (
	"testing"
	"time"
)

// A reconciliation that takes longer than a request is answered as it began,
// goes on, and is found among the others when it is done.
func TestALongReconciliationIsAnsweredAsItBegan(t *testing.T) {
	w := newWorld(t, setup{})
	release := w.hold("lock table usage_events in access exclusive mode")
	begun := w.must(w.admin(), "mutation { reconcile { id startedAt finishedAt } }", nil)
	if at[any](t, begun, "reconcile", "finishedAt") != nil {
		t.Fatalf("it is answered as done: %v", begun)
	}
	id := at[string](t, begun, "reconcile", "id")
	release()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		newest := at[map[string]any](t, w.must(w.admin(), "{ reconciliations(first: 1) { edges { node { id finishedAt accounts } } } }", nil),
			"reconciliations", "edges", 0, "node")
		if newest["id"] == id && newest["finishedAt"] != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it has not ended: %v", newest)
		}
	}
}
