package forecast_test

import (
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spillway/engine/forecast"
	"spillway/engine/waterfall"
)

func instant(text string) waterfall.Instant {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return waterfall.InstantOf(at)
}

func TestFiguresAreOfWholeDays(t *testing.T) {
	now := instant("2026-03-20T08:00:00Z")
	for _, c := range []struct {
		created, first string
		count          int64
	}{
		{"2020-01-01T00:00:00Z", "2026-03-13T00:00:00Z", 7},
		{"2026-03-13T00:00:00Z", "2026-03-13T00:00:00Z", 7},
		{"2026-03-13T00:00:00.000001Z", "2026-03-14T00:00:00Z", 6},
		{"2026-03-18T23:59:59Z", "2026-03-19T00:00:00Z", 1},
		{"2026-03-19T00:00:01Z", "2026-03-20T00:00:00Z", 0},
		{"2026-03-20T07:00:00Z", "2026-03-21T00:00:00Z", 0},
	} {
		f := forecast.NewFigures(instant(c.created), now)
		if f.Count != c.count || f.First != instant(c.first) {
			t.Errorf("created at %s: %d from %s", c.created, f.Count, f.First.Time())
		}
	}
}

// figures are those of one feature.
func figures(days ...int64) forecast.Figures {
	now := instant("2026-03-20T08:00:00Z")
	f := forecast.NewFigures(now-waterfall.Instant(len(days))*forecast.Day-8*forecast.Day/24, now)
	for i, net := range days {
		f.Add("chat", f.First+waterfall.Instant(i)*forecast.Day+5, net)
	}
	return f
}

func TestFigures(t *testing.T) {
	t.Run("other days are left out", func(t *testing.T) {
		f := figures(1, 2)
		f.Add("chat", f.First-1, 100)
		f.Add("chat", f.First+2*forecast.Day, 100)
		if got := f.ByDay(); !slices.Equal(got, []int64{1, 2}) {
			t.Error(got)
		}
	})
	t.Run("refunds count on their day, and no day counts below nothing", func(t *testing.T) {
		f := figures(10, -4, 3)
		f.Add("image", f.First+forecast.Day, 1)
		if got := f.ByDay(); !slices.Equal(got, []int64{10, 0, 3}) || f.Mean() != (forecast.Pace{Total: 10, Days: 3}) {
			t.Error(got, f.Mean())
		}
		if f.Of("chat") != 9 || f.Of("image") != 1 || f.Of("none") != 0 {
			t.Error(f.Of("chat"), f.Of("image"))
		}
	})
	t.Run("the range holds the mean", func(t *testing.T) {
		for _, c := range []struct {
			days      []int64
			high, low int64 // a day
		}{
			{[]int64{70, 10, 20, 60, 30, 50, 40}, 60, 20},
			{[]int64{0, 0, 0, 0, 0, 0, 70}, 10, 0},
			{[]int64{70, 70, 70, 70, 70, 70, 0}, 70, 60},
			{[]int64{5}, 5, 5},
			{[]int64{5, 9}, 9, 5},
			{[]int64{0, 0, 0}, 0, 0},
		} {
			f := figures(c.days...)
			if f.High().PerDay() != c.high || f.Low().PerDay() != c.low {
				t.Errorf("%v: %d and %d", c.days, f.High().PerDay(), f.Low().PerDay())
			}
		}
	})
	t.Run("sums stop at the largest integer", func(t *testing.T) {
		f := figures(math.MaxInt64, math.MaxInt64, 1)
		f.Add("image", f.First, math.MaxInt64)
		if f.Mean().Total != math.MaxInt64 || f.Of("chat") != math.MaxInt64 || f.ByDay()[0] != math.MaxInt64 {
			t.Error(f.Mean(), f.ByDay())
		}
	})
}

func TestBasis(t *testing.T) {
	for want, f := range map[string]forecast.Figures{
		"Less than one whole day (UTC) of use is known: there is no pace to go by yet.":                                                                 figures(),
		"No credits were spent, net of refunds, on the last 2 whole days (2026-03-18 to 2026-03-19, UTC).":                                              figures(0, 0),
		"2.5 credits a day, the mean of what was spent, net of refunds, on the last whole day (2026-03-19, UTC). Earliest at 2.5 a day, latest at 2.5.": figures(2_500_000),
	} {
		if got := f.Basis(); got != want {
			t.Errorf("%s\n%s", got, want)
		}
	}
}

// What is spent by a moment is the share of the total that its time is of the
// days, rounded down, whatever the size.
func TestPaceSpendsEvenly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := forecast.Pace{Total: rapid.Int64Min(0).Draw(t, "total"), Days: rapid.Int64Range(1, 7).Draw(t, "days")}
		elapsed := rapid.Int64Range(0, 401*int64(forecast.Day)).Draw(t, "elapsed")
		want := new(big.Int).Mul(big.NewInt(p.Total), big.NewInt(elapsed))
		want.Quo(want, big.NewInt(p.Days*int64(forecast.Day)))
		if !want.IsInt64() {
			want.SetInt64(math.MaxInt64)
		}
		if got := p.SpentBy(waterfall.Instant(elapsed)); got != want.Int64() {
			t.Fatalf("%d, not %s", got, want)
		}
		part := rapid.Int64Range(0, p.Total).Draw(t, "part")
		a, b := p.Times(part, p.Total), p.Times(p.Total-part, p.Total)
		if sum := a.Total + b.Total; sum > p.Total || p.Total > 0 && p.Total-sum > 1 {
			t.Fatalf("parts of %d sum to %d", p.Total, sum)
		}
	})
}
