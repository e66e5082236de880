package engine

import (
	"fmt"
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

// Accounts count as contested from a fifth of them changed elsewhere on, after
// some hundreds, and no longer when they are left alone.
func TestWhenAccountsAreContested(t *testing.T) {
	for _, c := range []struct {
		name           string
		known, changed int
		contested      bool
	}{
		{"alone", 20, 0, false},
		{"now and then", 20, 3, false},
		{"two processes", 20, 10, true},
		{"many processes", 20, 19, true},
		{"nothing is remembered", 0, 0, false},
	} {
		s := newStates(1)
		for range 200 {
			s.note(c.known, c.changed)
		}
		if s.contested.Load() != c.contested {
			t.Errorf("%s: %v, the share is %.2f", c.name, !c.contested, s.changed)
		}
		for range 200 {
			s.note(20, 0)
		}
		if s.contested.Load() {
			t.Errorf("%s: contested still, the share is %.2f", c.name, s.changed)
		}
	}
	s := newStates(1)
	s.note(1, 1)
	if s.contested.Load() {
		t.Error("one account says nothing of the others")
	}
}

// Contested tells a test whether other processes decide on many of the accounts
// that this one decides on.
func (e *Engine) Contested() bool { return e.states.contested.Load() }

// Contested accounts are the first worker's, up to a batch of them; others, and
// what is more, are everybody's.
func TestWhoseTurnAContestedAccountIs(t *testing.T) {
	for _, c := range []struct {
		name      string
		contested bool
		waiting   int
		all       bool
	}{
		{"nobody else decides on them", false, 0, true},
		{"others do", true, 0, false},
		{"nearly a batch waits", true, maxBatch - 1, false},
		{"more than a batch waits", true, maxBatch, true},
	} {
		e := newEngine(nil, nil, nil, Options{})
		e.states.contested.Store(c.contested)
		for range c.waiting {
			e.shards[0].queue <- &item{}
		}
		workers := map[*shard]bool{}
		for i := range 100 {
			workers[e.shardOf(fmt.Sprint("account", i))] = true
		}
		if (len(workers) == len(e.shards)) != c.all || !workers[e.shards[0]] {
			t.Errorf("%s: %d of %d workers", c.name, len(workers), len(e.shards))
		}
	}
}
