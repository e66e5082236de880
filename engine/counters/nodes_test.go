package counters

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"spillway/server/stores"
)

// startCluster starts three Redis nodes for one test.
func startCluster(t *testing.T) *stores.Cluster {
	t.Helper()
	c, err := stores.StartCluster(t.Context(), 3)
	check(t, err)
	t.Cleanup(func() { check(t, c.Stop()) })
	return c
}

// TestANodeThatIsAwayTakesOnlyItsOwnAccountsAlong: the others go on being
// counted in the cluster, also where one call asks for both.
func TestANodeThatIsAwayTakesOnlyItsOwnAccountsAlong(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	r := openRedis(t, c.URL)
	byNode := map[*node]string{}
	for len(byNode) < len(c.Nodes) {
		account := "test-" + rand.Text()
		byNode[r.nodes.home(t.Context(), account)] = account
	}
	accounts := make([]string, 0, len(byNode))
	for _, a := range byNode {
		accounts = append(accounts, a)
	}
	expect := func(gone map[string]bool) (took time.Duration) {
		t.Helper()
		begun := time.Now()
		var queries []Query
		var updates []Update
		for _, a := range accounts {
			queries = append(queries, Query{Account: a, Fields: []Field{minute}})
			updates = append(updates, Update{Account: a, Version: version(1), Shape: "s", Replace: true})
		}
		held, err := r.Write(context.Background(), updates)
		check(t, err)
		found, err := r.Read(context.Background(), queries)
		check(t, err)
		for i, a := range accounts {
			if there := found[i].Version == version(1); held[i] == gone[a] || there == gone[a] || len(found[i].Fields) != 1 {
				t.Errorf("%s, whose node is away: %v: held %v, read %v", a, gone[a], held[i], there)
			}
		}
		if r.Away() {
			t.Error("the whole store counts as away")
		}
		return time.Since(begun)
	}
	expect(nil)
	check(t, c.Nodes[1].Kill())
	gone := map[string]bool{}
	for _, a := range accounts {
		_, reading, _ := call(r, a)
		gone[a] = errors.Is(reading, ErrAway)
	}
	if count(gone) != 1 {
		t.Fatalf("one of three nodes was killed, away are %v", gone)
	}
	var slow int
	for range 50 {
		if expect(gone) > callTimeout/2 {
			slow++
		}
		time.Sleep(10 * time.Millisecond)
	}
	// Half a second of calls: one in each interval tries the node.
	if slow > 3 {
		t.Errorf("%d of 50 calls waited for the node", slow)
	}
	check(t, c.Nodes[1].Start(t.Context()))
	// A master that starts waits two seconds before it takes queries.
	for begun := time.Now(); count(gone) > 0; time.Sleep(10 * time.Millisecond) {
		for _, a := range accounts {
			_, reading, writing := call(r, a)
			gone[a] = reading != nil || writing != nil
		}
		if time.Since(begun) > 5*time.Second {
			t.Fatalf("5 s after the node came back, away are %v", gone)
		}
	}
	expect(nil)
	for _, n := range c.Nodes {
		check(t, n.Kill())
	}
	for _, a := range accounts {
		if _, reading, writing := call(r, a); !errors.Is(reading, ErrAway) || !errors.Is(writing, ErrAway) {
			t.Errorf("%s: %v, %v", a, reading, writing)
		}
	}
	if !r.Away() {
		t.Error("no node is there, and the store does not count as away")
	}
}

func count(set map[string]bool) (n int) {
	for _, is := range set {
		if is {
			n++
		}
	}
	return n
}
