package engine

import (
	"testing"

	"spillway/ledger"
)

func stateOf(id string) *account { return &account{Account: ledger.Account{ID: id}} }

// What a batch has taken out nobody else is given; a batch that fails leaves
// nothing behind, and of two that end the later one's state stays.
func TestAStateBelongsToOneBatch(t *testing.T) {
	s := newStates(2)
	a, b := stateOf("a"), stateOf("b")
	s.keep([]*account{a, b})
	first := s.take([]string{"a", "none"})
	if len(first) != 1 || first["a"] != a {
		t.Fatalf("taken out: %v", first)
	}
	if second := s.take([]string{"a", "b"}); len(second) != 1 || second["b"] != b {
		t.Fatalf("taken out by another batch: %v", second)
	}
	later := stateOf("a")
	s.keep([]*account{a})
	s.keep([]*account{later})
	s.keep([]*account{stateOf("c"), stateOf("d")}) // more than are remembered
	for id, want := range map[string]int{"a": 0, "b": 0, "c": 1, "d": 1} {
		if n := len(s.take([]string{id})); n != want {
			t.Errorf("%s: %d remembered, expected %d", id, n, want)
		}
	}
	s.keep([]*account{a})
	s.keep([]*account{later})
	if s.take([]string{"a"})["a"] != later {
		t.Error("an earlier state took the place of a later one")
	}
}
