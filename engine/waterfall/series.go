package waterfall

import (
	"math"
	"sort"
)

// Series is what a counter remembers: how much was taken in which whole
// second, with running totals, so that the sum over any range is two look-ups
// whatever the length. The totals may run over 64 bits in time: only their
// differences mean anything. The zero value is empty. A Series is not safe for
// concurrent use.
type Series struct {
	entries []entry
	base    int64 // the total before the first entry
}

type entry struct {
	second int64
	total  int64 // the running total up to and with this second
}

// Len is the number of seconds in which something was taken.
func (s *Series) Len() int {
	if s == nil {
		return 0
	}
	return len(s.entries)
}

// At is the i-th second and what was taken in it.
func (s *Series) At(i int) (second, amount int64) {
	return s.entries[i].second, s.entries[i].total - s.before(i)
}

// Sum is what was taken in the seconds (after, until], math.MaxInt64 where it is
// more than that: grants without a window can be used beyond any limit that is
// set later.
func (s *Series) Sum(after, until int64) int64 {
	if s == nil || len(s.entries) == 0 {
		return 0
	}
	return saturated(s.totalAt(until) - s.totalAt(after))
}

// saturated is a difference of two totals. No second holds less than nothing, so
// a negative one has passed 64 bits.
func saturated(difference int64) int64 {
	if difference < 0 {
		return math.MaxInt64
	}
	return difference
}

// Add counts an amount in a second; a negative one gives back what was taken
// in that second, and never more. Seconds usually arrive in order, which is cheap; an earlier
// second shifts the totals behind it.
func (s *Series) Add(second, amount int64) {
	if amount == 0 {
		return
	}
	n := len(s.entries)
	if n == 0 || s.entries[n-1].second < second {
		s.entries = append(s.entries, entry{second, s.before(n) + amount})
		return
	}
	i := sort.Search(n, func(i int) bool { return s.entries[i].second >= second })
	if s.entries[i].second != second {
		s.entries = append(s.entries, entry{})
		copy(s.entries[i+1:], s.entries[i:])
		s.entries[i] = entry{second, s.before(i)}
	}
	for j := i; j < len(s.entries); j++ {
		s.entries[j].total += amount
	}
	if s.entries[i].total == s.before(i) {
		s.entries = append(s.entries[:i], s.entries[i+1:]...)
	}
}

// Trim forgets the seconds up to and with the given one. It works only when
// at least half of the entries go, so that its cost is spread over the adds.
func (s *Series) Trim(upTo int64) {
	n := len(s.entries)
	if n == 0 || s.entries[n/2].second > upTo {
		return
	}
	i := sort.Search(n, func(i int) bool { return s.entries[i].second > upTo })
	s.base = s.entries[i-1].total
	s.entries = append(s.entries[:0], s.entries[i:]...)
}

// reached is the first second by which an amount (at least 1) was taken after
// the given one.
func (s *Series) reached(after, amount int64) (second int64, ok bool) {
	if s.Len() == 0 {
		return 0, false
	}
	before := s.totalAt(after)
	i := sort.Search(len(s.entries), func(i int) bool {
		return s.entries[i].second > after && saturated(s.entries[i].total-before) >= amount
	})
	if i == len(s.entries) {
		return 0, false
	}
	return s.entries[i].second, true
}

// last is the newest second, no later than until, in which something was
// taken.
func (s *Series) last(after, until int64) (second int64, ok bool) {
	if s == nil {
		return 0, false
	}
	i := sort.Search(len(s.entries), func(i int) bool { return s.entries[i].second > until }) - 1
	if i < 0 || s.entries[i].second <= after {
		return 0, false
	}
	return s.entries[i].second, true
}

// before is the running total before the i-th entry.
func (s *Series) before(i int) int64 {
	if i == 0 {
		return s.base
	}
	return s.entries[i-1].total
}

// totalAt is the running total up to and with a second. The newest entry is
// asked first: nearly every sum ends now.
func (s *Series) totalAt(second int64) int64 {
	n := len(s.entries)
	if s.entries[n-1].second <= second {
		return s.entries[n-1].total
	}
	lo, hi := 0, n-1
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if s.entries[mid].second > second {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return s.before(lo)
}

// Undo takes an amount back out of a second, no more than was taken in it: what
// the series has forgotten needs no undoing.
func (s *Series) Undo(second, amount int64) {
	i := sort.Search(len(s.entries), func(i int) bool { return s.entries[i].second >= second })
	if i == len(s.entries) || s.entries[i].second != second {
		return
	}
	_, taken := s.At(i)
	s.Add(second, -min(amount, taken))
}
