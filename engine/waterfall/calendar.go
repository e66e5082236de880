package waterfall

import "time"

// Instant is a moment in microseconds since 1970-01-01 UTC, the resolution of
// the ledger. 0 stands for "none" where a field says so.
type Instant int64

// InstantOf truncates a time to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// AtSecond is the first moment of a whole second.
func AtSecond(second int64) Instant { return Instant(second * 1_000_000) }

// Second is the whole second that holds the moment.
func (i Instant) Second() int64 {
	s := int64(i) / 1_000_000
	if int64(i)%1_000_000 < 0 {
		s--
	}
	return s
}

// Time is the moment in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

const secondsPerDay = 86_400

// dayOf is the first second of the UTC day that holds the second.
func dayOf(second int64) int64 {
	d := second % secondsPerDay
	if d < 0 {
		d += secondsPerDay
	}
	return second - d
}

// Start is the first second of the calendar period that holds the second.
func (p Period) Start(second int64) int64 {
	day := dayOf(second)
	switch p {
	case Week:
		// 1970-01-01 was a Thursday: three days after a Monday.
		offset := (day/secondsPerDay + 3) % 7
		if offset < 0 {
			offset += 7
		}
		return day - offset*secondsPerDay
	case Month:
		y, m, _ := time.Unix(day, 0).UTC().Date()
		return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC).Unix()
	default:
		return day
	}
}

// End is the first second after the calendar period that holds the second.
func (p Period) End(second int64) int64 {
	start := p.Start(second)
	switch p {
	case Week:
		return start + 7*secondsPerDay
	case Month:
		y, m, _ := time.Unix(start, 0).UTC().Date()
		return time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC).Unix()
	default:
		return start + secondsPerDay
	}
}

// Longest is an upper bound of the period's length in seconds.
func (p Period) Longest() int64 {
	switch p {
	case Week:
		return 7 * secondsPerDay
	case Month:
		return 31 * secondsPerDay
	case Day:
		return secondsPerDay
	default:
		return 0
	}
}

// Anniversary is the n-th return of a moment by the period, in UTC. Months
// are counted from the first moment: a day that the month lacks becomes its
// last day, and the day comes back in the next month that has it.
func (p Period) Anniversary(first Instant, n int) Instant {
	t := first.Time()
	switch p {
	case Day:
		return InstantOf(t.AddDate(0, 0, n))
	case Week:
		return InstantOf(t.AddDate(0, 0, 7*n))
	default:
		y, m, d := t.Date()
		last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		day := min(d, last)
		return InstantOf(time.Date(y, m+time.Month(n), day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC))
	}
}
