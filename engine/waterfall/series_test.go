package waterfall

import (
	"maps"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A Series is a map of seconds, whatever is added, taken back or trimmed.
func TestSeriesIsAMapOfSeconds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Series
		naive, trimmed := map[int64]int64{}, int64(-100)
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			if small(t, "what", 0, 4) == 0 {
				trimmed = max(trimmed, small(t, "trim", -10, 20))
				s.Trim(trimmed)
				continue
			}
			second, amount := small(t, "second", max(-10, trimmed+1), 25), small(t, "amount", -3, 5)
			if naive[second] > 0 && rapid.Bool().Draw(t, "undo") {
				s.Undo(second, max(0, amount))
				naive[second] -= min(max(0, amount), naive[second])
				continue
			}
			amount = max(amount, -naive[second]) // no more goes back than was taken
			s.Add(second, amount)
			naive[second] += amount
		}
		maps.DeleteFunc(naive, func(_, amount int64) bool { return amount == 0 })
		seconds := slices.Sorted(maps.Keys(naive))
		for after := trimmed; after <= 30; after++ {
			var sum int64
			for until := after; until <= 30; until++ {
				if until > after {
					sum += naive[until]
				}
				if got := s.Sum(after, until); got != sum {
					t.Fatalf("the sum of (%d, %d] is %d, want %d", after, until, got, sum)
				}
				checkLast(t, &s, seconds, after, until)
			}
		}
		checkEntries(t, &s, naive, trimmed)
	})
}

func checkLast(t *rapid.T, s *Series, seconds []int64, after, until int64) {
	want, found := int64(0), false
	for _, second := range seconds {
		if second > after && second <= until {
			want, found = second, true
		}
	}
	if got, ok := s.last(after, until); got != want || ok != found {
		t.Fatalf("the last of (%d, %d] is %d %v, want %d %v", after, until, got, ok, want, found)
	}
}

// checkEntries: what is listed is what counts, in order, none of it zero, and
// nothing that still counts is missing.
func checkEntries(t *rapid.T, s *Series, naive map[int64]int64, trimmed int64) {
	listed := map[int64]int64{}
	for i := range s.Len() {
		second, amount := s.At(i)
		if i > 0 {
			if before, _ := s.At(i - 1); before >= second {
				t.Fatalf("second %d follows %d", second, before)
			}
		}
		if amount == 0 || amount != naive[second] {
			t.Fatalf("%d in second %d, want %d", amount, second, naive[second])
		}
		listed[second] = amount
	}
	for second, amount := range naive {
		if second > trimmed && listed[second] != amount {
			t.Fatalf("second %d is lost", second)
		}
	}
}

func TestReachedIsAScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Series
		naive := map[int64]int64{}
		for range rapid.IntRange(0, 8).Draw(t, "adds") {
			second, amount := small(t, "second", 0, 12), small(t, "amount", 1, 4)
			amount = max(amount, -naive[second]) // no more goes back than was taken
			s.Add(second, amount)
			naive[second] += amount
		}
		after, amount := small(t, "after", -1, 12), small(t, "reach", 1, 9)
		want, found := int64(0), false
		var sum int64
		for second := after + 1; second <= 12 && !found; second++ {
			if sum += naive[second]; sum >= amount {
				want, found = second, true
			}
		}
		if got, ok := s.reached(after, amount); got != want || ok != found {
			t.Fatalf("%d after %d is reached at %d %v, want %d %v", amount, after, got, ok, want, found)
		}
	})
}

func TestTrimKeepsACounterShort(t *testing.T) {
	var s Series
	for second := int64(0); second < 10_000; second++ {
		s.Add(second, 1)
		s.Trim(second - 100)
		if s.Len() > 2*101 {
			t.Fatalf("%d entries for a window of 100 seconds", s.Len())
		}
	}
	if got := s.Sum(9_899, 9_999); got != 100 {
		t.Errorf("the last 100 seconds hold %d", got)
	}
	s.Trim(20_000)
	if s.Len() != 0 || s.Sum(0, 20_000) != 0 {
		t.Errorf("%d entries are left after all were trimmed", s.Len())
	}
	s.Add(30_000, 4)
	if got := s.Sum(29_999, 30_000); got != 4 {
		t.Errorf("after a full trim 4 counts as %d", got)
	}
}

func TestAnAbsentSeriesIsEmpty(t *testing.T) {
	var s *Series
	if s.Len() != 0 || s.Sum(0, 9) != 0 {
		t.Error("a nil series counts something")
	}
	if _, ok := s.last(0, 9); ok {
		t.Error("a nil series has a last second")
	}
	if _, ok := s.reached(0, 1); ok {
		t.Error("a nil series reaches something")
	}
}

// What was forgotten, or never counted, needs no undoing.
func TestUndoOfWhatIsNotThere(t *testing.T) {
	var s Series
	s.Undo(5, 1)
	for second := int64(1); second <= 4; second++ {
		s.Add(second*10, 2)
	}
	s.Trim(30)
	s.Undo(10, 1)
	s.Undo(35, 1)
	s.Undo(50, 1)
	if got := s.Sum(30, 60); got != 2 || s.Len() != 1 {
		t.Errorf("%d in %d entries, want 2 in 1", got, s.Len())
	}
	s.Undo(40, 9)
	if s.Len() != 0 {
		t.Errorf("%d entries are left after all was undone", s.Len())
	}
}

// A counter that runs for years at the largest quantities: its running total
// leaves 64 bits, what is seen of it does not.
func TestASeriesOutlivesItsTotal(t *testing.T) {
	s := &Series{}
	for second := int64(1); second <= 3000; second++ {
		s.Add(second, MaxQuantity)
		s.Trim(second - 2)
		sum := s.Sum(second-1, second)
		reached, ok := s.reached(second-1, 1)
		if last, _ := s.last(second-1, second); sum != MaxQuantity || !ok || reached != second || last != second {
			t.Fatalf("in second %d: %d, reached in %d (%v), the last in %d", second, sum, reached, ok, last)
		}
	}
}

// What was used without a window may pass 64 bits: a limit that is set later has
// no room then, and never more than it says.
func TestASumBeyondAllLimitsHasNoRoom(t *testing.T) {
	var s Series
	for second := range int64(1_500) { // 1,500 × 2^53 is between 2^63 and 2^64
		s.Add(second, MaxQuantity)
	}
	if sum := s.Sum(-1, 1_500); sum != math.MaxInt64 {
		t.Errorf("the sum is %d", sum)
	}
	if sum := s.Sum(1_498, 1_500); sum != MaxQuantity {
		t.Errorf("of one second it is %d", sum)
	}
	if second, ok := s.reached(-1, math.MaxInt64); !ok || second < 1_000 || second > 1_100 {
		t.Errorf("it is reached in second %d, %v", second, ok)
	}
}
