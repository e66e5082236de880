package waterfall

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPeriodsHoldTheirDates(t *testing.T) {
	for _, c := range []struct {
		period         Period
		at, start, end string
	}{
		{Day, "2026-03-10T12:34:56Z", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"},
		{Day, "2026-03-10T00:00:00Z", "2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"},
		{Day, "2024-02-28T23:59:59Z", "2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z"},
		{Day, "1969-12-31T23:59:59Z", "1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"},
		{Week, "2026-03-09T00:00:00Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"},
		{Week, "2026-03-15T23:59:59Z", "2026-03-09T00:00:00Z", "2026-03-16T00:00:00Z"},
		{Week, "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"},
		{Week, "1969-12-28T00:00:00Z", "1969-12-22T00:00:00Z", "1969-12-29T00:00:00Z"},
		// ISO weeks that lie in two years, one of them the 53rd of its year.
		{Week, "2027-01-01T00:00:00Z", "2026-12-28T00:00:00Z", "2027-01-04T00:00:00Z"},
		{Week, "2024-12-31T00:00:00Z", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z"},
		{Month, "2026-03-31T23:59:59Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{Month, "2028-02-29T12:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{Month, "2027-02-28T12:00:00Z", "2027-02-01T00:00:00Z", "2027-03-01T00:00:00Z"},
	} {
		second := moment(c.at).Second()
		if got, want := c.period.Start(second), moment(c.start).Second(); got != want {
			t.Errorf("%d at %s starts at %s, want %s", c.period, c.at, AtSecond(got).Time(), c.start)
		}
		if got, want := c.period.End(second), moment(c.end).Second(); got != want {
			t.Errorf("%d at %s ends at %s, want %s", c.period, c.at, AtSecond(got).Time(), c.end)
		}
	}
}

// Every day of forty years, and with it every leap day, month end and ISO week
// that crosses a year, against a walk from day to day.
func TestPeriodsDayByDay(t *testing.T) {
	for day := time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2009; day = day.AddDate(0, 0, 1) {
		for _, second := range []int64{day.Unix(), day.Unix() + 86_399} {
			for _, p := range []Period{Day, Week, Month} {
				start, end := calendarDates(p, second)
				if p.Start(second) != start || p.End(second) != end {
					t.Fatalf("%d at %d: %d to %d, want %d to %d", p, second, p.Start(second), p.End(second), start, end)
				}
				if end-start > p.Longest() {
					t.Fatalf("%d at %d is longer than %d", p, second, p.Longest())
				}
			}
		}
	}
	if NoPeriod.Longest() != 0 {
		t.Error("no period has a length")
	}
}

func TestWeeksAreISOWeeks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		second := rapid.Int64Range(-4_000_000_000, 8_000_000_000).Draw(t, "second")
		y, w := time.Unix(second, 0).UTC().ISOWeek()
		start, end := Week.Start(second), Week.End(second)
		for _, s := range []int64{start, end - 1} {
			if y2, w2 := time.Unix(s, 0).UTC().ISOWeek(); y2 != y || w2 != w {
				t.Fatalf("%d lies in week %d-%d, its bound %d in %d-%d", second, y, w, s, y2, w2)
			}
		}
		if end-start != 7*86_400 || second < start || second >= end {
			t.Fatalf("%d lies in the week %d to %d", second, start, end)
		}
	})
}

func TestAnniversary(t *testing.T) {
	for _, c := range []struct {
		period Period
		first  string
		n      int
		want   string
	}{
		{Day, "2024-02-28T10:00:00.000001Z", 1, "2024-02-29T10:00:00.000001Z"},
		{Day, "2023-12-31T10:00:00Z", 1, "2024-01-01T10:00:00Z"},
		{Week, "2024-02-28T10:00:00Z", 1, "2024-03-06T10:00:00Z"},
		{Week, "2026-12-28T10:00:00Z", 2, "2027-01-11T10:00:00Z"},
		{Month, "2026-01-15T23:59:59.999999Z", 0, "2026-01-15T23:59:59.999999Z"},
		{Month, "2026-01-15T23:59:59.999999Z", 1, "2026-02-15T23:59:59.999999Z"},
		{Month, "2026-01-31T08:00:00Z", 1, "2026-02-28T08:00:00Z"},
		{Month, "2026-01-31T08:00:00Z", 2, "2026-03-31T08:00:00Z"}, // the day is kept
		{Month, "2026-01-31T08:00:00Z", 3, "2026-04-30T08:00:00Z"},
		{Month, "2026-01-31T08:00:00Z", 12, "2027-01-31T08:00:00Z"},
		{Month, "2026-01-31T08:00:00Z", 13, "2027-02-28T08:00:00Z"},
		{Month, "2026-01-31T08:00:00Z", 25, "2028-02-29T08:00:00Z"},
		{Month, "2026-01-30T08:00:00Z", 1, "2026-02-28T08:00:00Z"},
		{Month, "2028-01-30T08:00:00Z", 1, "2028-02-29T08:00:00Z"},
		{Month, "2028-02-29T08:00:00Z", 12, "2029-02-28T08:00:00Z"},
		{Month, "2028-02-29T08:00:00Z", 48, "2032-02-29T08:00:00Z"},
		{Month, "2028-02-29T08:00:00Z", 1, "2028-03-29T08:00:00Z"},
		{Month, "2026-10-31T00:00:00Z", 4, "2027-02-28T00:00:00Z"},
		{Month, "2026-12-31T00:00:00Z", 1, "2027-01-31T00:00:00Z"},
	} {
		if got := c.period.Anniversary(moment(c.first), c.n); got != moment(c.want) {
			t.Errorf("%d of %s, n = %d: %s, want %s", c.period, c.first, c.n, got.Time(), c.want)
		}
	}
}

// Anniversaries rise, one in each month, on the first day or the month's last.
func TestAnniversariesFallInEachMonth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := Instant(rapid.Int64Range(0, 4_000_000_000_000_000).Draw(t, "first"))
		n := rapid.IntRange(0, 400).Draw(t, "n")
		from, to := first.Time(), Month.Anniversary(first, n).Time()
		if months := (to.Year()-from.Year())*12 + int(to.Month()-from.Month()); months != n {
			t.Fatalf("%s lies %d months after %s, want %d", to, months, from, n)
		}
		last := to.AddDate(0, 0, 1).Month() != to.Month()
		if to.Day() != from.Day() && (to.Day() > from.Day() || !last) {
			t.Fatalf("%s follows %s", to, from)
		}
		if to.Sub(to.Truncate(24*time.Hour)) != from.Sub(from.Truncate(24*time.Hour)) {
			t.Fatalf("%s has another time of day than %s", to, from)
		}
		if next := Month.Anniversary(first, n+1); next <= Month.Anniversary(first, n) {
			t.Fatalf("%s follows %s", next.Time(), to)
		}
	})
}

func TestInstants(t *testing.T) {
	for _, c := range []struct {
		at     Instant
		second int64
	}{{0, 0}, {999_999, 0}, {1_000_000, 1}, {-1, -1}, {-1_000_000, -1}, {-1_000_001, -2}} {
		if got := c.at.Second(); got != c.second {
			t.Errorf("%d µs lie in second %d, want %d", c.at, got, c.second)
		}
	}
	if at := AtSecond(7); at != 7_000_000 || at.Second() != 7 {
		t.Errorf("second 7 starts at %d µs", at)
	}
	given := time.Date(2026, 3, 10, 1, 2, 3, 4_567_999, time.FixedZone("", 3600))
	if got, want := InstantOf(given).Time(), time.Date(2026, 3, 10, 0, 2, 3, 4_567_000, time.UTC); got != want {
		t.Errorf("%s becomes %s, want %s", given, got, want)
	}
}
