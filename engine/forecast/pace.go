package forecast

import (
	"math"
	"math/bits"
	"slices"

	"spillway/engine/waterfall"
)

// Day is the length of a day.
const Day waterfall.Instant = 86_400_000_000

// Days is how many whole days a pace is taken from at most.
const Days = 7

// Pace is an amount that is spent evenly over a number of days, again and again.
type Pace struct {
	// Total is in millionths of a credit and not negative.
	Total int64
	// Days is at least 1.
	Days int64
}

// PerDay returns what a day spends, rounded down to a millionth.
func (p Pace) PerDay() int64 { return p.Total / p.Days }

// SpentBy returns what is spent within a time from the beginning, rounded down
// to a millionth.
func (p Pace) SpentBy(elapsed waterfall.Instant) int64 {
	return scale(p.Total, int64(elapsed), p.Days*int64(Day))
}

// Times returns the pace a share of whose whole is the part: the pace that
// features have that spent part of whole.
func (p Pace) Times(part, whole int64) Pace {
	if whole == 0 {
		return Pace{Days: p.Days}
	}
	return Pace{Total: scale(p.Total, part, whole), Days: p.Days}
}

// scale returns a × b ÷ c, rounded down, at most the largest integer. a and b
// must not be negative, and c must be positive.
func scale(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, math.MaxInt64))
}

// Figures are the net credits of whole days in a row.
type Figures struct {
	// First is the beginning of the first day, in UTC.
	First waterfall.Instant
	// Count is how many days there are; 0: less than a whole day is known.
	Count int64
	// ByFeature has a figure for each day: what was charged less what was refunded
	// on that day. A feature that spent nothing may be missing.
	ByFeature map[string][]int64
}

// NewFigures returns the figures, all 0, of the last whole days before a moment:
// at most Days, and none that began before the account was created.
func NewFigures(created, now waterfall.Instant) Figures {
	today := startOfDay(now)
	first := today - Days*Day
	if created > first {
		if first = startOfDay(created); first < created {
			first += Day
		}
	}
	return Figures{First: first, Count: max(0, int64((today-first)/Day)), ByFeature: map[string][]int64{}}
}

func startOfDay(at waterfall.Instant) waterfall.Instant {
	return waterfall.AtSecond(waterfall.Day.Start(at.Second()))
}

// Add adds what a feature spent on the day that holds a moment. What lies on
// other days is left out.
func (f *Figures) Add(feature string, at waterfall.Instant, net int64) {
	day := int64((startOfDay(at) - f.First) / Day)
	if at < f.First || day >= f.Count {
		return
	}
	days := f.ByFeature[feature]
	if days == nil {
		days = make([]int64, f.Count)
		f.ByFeature[feature] = days
	}
	days[day] = plus(days[day], net)
}

// ByDay returns the figures of the days, in their order, over all features. A
// day on which more was refunded than spent counts as 0.
func (f *Figures) ByDay() []int64 {
	all := f.net()
	for i := range all {
		all[i] = max(0, all[i])
	}
	return all
}

func (f *Figures) net() []int64 {
	all := make([]int64, f.Count)
	for _, days := range f.ByFeature {
		for i, net := range days {
			all[i] = plus(all[i], net)
		}
	}
	return all
}

// Of returns what a feature spent on all days together, 0 where more was
// refunded.
func (f *Figures) Of(feature string) int64 {
	var total int64
	for _, net := range f.ByFeature[feature] {
		total = plus(total, net)
	}
	return max(0, total)
}

// Mean returns the pace of all days together. It needs a day at least.
func (f *Figures) Mean() Pace {
	var total int64
	for _, net := range f.net() {
		total = plus(total, net)
	}
	return Pace{Total: max(0, total), Days: f.Count}
}

// Quantile returns the pace of the day that as many percent of the days do not
// exceed (the nearest rank). It needs a day at least.
func (f *Figures) Quantile(percent int64) Pace {
	days := f.ByDay()
	slices.Sort(days)
	rank := (f.Count*percent + 99) / 100
	return Pace{Total: days[max(rank, 1)-1], Days: 1}
}

// High returns the pace of the 80 % quantile, or the mean where that is higher:
// a few large days may lift it above most of them.
func (f *Figures) High() Pace { return faster(f.Quantile(80), f.Mean()) }

// Low returns the pace of the 20 % quantile, or the mean where that is lower.
func (f *Figures) Low() Pace {
	low, mean := f.Quantile(20), f.Mean()
	if faster(low, mean) == mean {
		return low
	}
	return mean
}

// faster returns the pace that spends more, a where both are the same.
func faster(a, b Pace) Pace {
	hiA, loA := bits.Mul64(uint64(a.Total), uint64(b.Days))
	hiB, loB := bits.Mul64(uint64(b.Total), uint64(a.Days))
	if hiB > hiA || hiB == hiA && loB > loA {
		return b
	}
	return a
}

// plus adds and stops at the ends of 64 bits.
func plus(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
