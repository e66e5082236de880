package proof_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	operations = flag.Int("operations", 0, "requests of the simulation; 0: 20,000, or 5 million with -whole")
	span       = flag.Duration("for", 0, "go on with the simulation for so long, and until the operations are done")
	seed       = flag.Uint64("seed", 0, "the one simulation to run again; 0: as many as make up the operations")
)

// requestsEach is how long one simulation is: a failure is told by its seed,
// and seen again in a moment.
const requestsEach = 2000

// TestSimulation: the real engine under faults answers as the model does.
func TestSimulation(t *testing.T) {
	if *seed != 0 {
		if s := bubble(t, *seed); s.failed != "" {
			t.Fatal(s.story())
		}
		return
	}
	length := *operations
	switch {
	case length == 0 && *whole:
		length = 5_000_000
	case length == 0:
		length = 20_000
	}
	started := time.Now()
	first := uint64(1)
	if *whole {
		first = uint64(started.UnixNano())
	}
	var next atomic.Uint64
	var mu sync.Mutex
	asked, tally := map[string]int{}, map[fault]int{}
	done := 0
	t.Run("both", func(t *testing.T) {
		for i := range 2 {
			t.Run(fmt.Sprint("core ", i), func(t *testing.T) {
				t.Parallel()
				for {
					n := next.Add(1) - 1
					if n >= uint64(length/requestsEach) && time.Since(started) >= *span {
						return
					}
					s := bubble(t, first+n)
					mu.Lock()
					done += s.done
					add(asked, s.asked)
					add(tally, s.tally)
					mu.Unlock()
					if s.failed != "" {
						t.Fatalf("%s\nagain: go test ./engine/proof -run TestSimulation -seed %d", s.story(), s.seed)
					}
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("operations: %s", counts(asked))
	t.Logf("faults: %s", counts(tally))
	all := 0
	for _, times := range tally {
		all += times
	}
	t.Logf("%d operations, %d faults, 0 violations, %v; seeds from %d", done, all, time.Since(started).Round(time.Second), first)
	for _, name := range []string{"authorize", "batch", "hold", "settle", "release", "refund", "grant", "void", "plan", "clock step"} {
		if asked[name] == 0 {
			t.Errorf("no %s", name)
		}
	}
	if all*10 < done {
		t.Errorf("only %d faults in %d operations", all, done)
	}
}

func add[K comparable](to, more map[K]int) {
	for k, n := range more {
		to[k] += n
	}
}

// counts lists how often there was what.
func counts[K ~string](of map[K]int) string {
	var all []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		all = append(all, fmt.Sprintf("%s %d", k, of[k]))
	}
	return strings.Join(all, ", ")
}

// TestTheSameSeedIsTheSameRun: a failure can be looked at again. Several runs at
// once take the processors from each other, as whatever else runs there does.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	// In the last one a batch slept while a plan was published: it began by the
	// one catalog, and the auditor held it to the other.
	for _, n := range []uint64{0, 1, 2, 1795477460580033987} {
		var runs [4]*simulation
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			for i := range runs {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					runs[i] = bubble(t, n)
				})
			}
		})
		for _, s := range runs {
			if s.failed != "" {
				t.Errorf("seed %d: %s", n, s.failed)
			}
			if s.print.Sum64() != runs[0].print.Sum64() || s.done != runs[0].done || s.done < requestsEach {
				t.Errorf("seed %d: %d and %d answers, in other ways", n, s.done, runs[0].done)
			}
		}
	}
}

func bubble(t *testing.T, seed uint64) (s *simulation) {
	synctest.Test(t, func(*testing.T) { s = simulate(seed, requestsEach) })
	return s
}
