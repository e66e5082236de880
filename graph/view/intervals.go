package view

import (
	"strings"
	"time"
	_ "time/tzdata" // for machines that have no zones of their own

	"spillway/engine"
	"spillway/engine/waterfall"
)

// zoneOf finds an IANA time zone by its name.
func zoneOf(name string) (*time.Location, error) {
	unknown := &engine.Fault{Code: engine.CodeBadInput, Field: "timeZone", Message: "must be an IANA time zone, such as Europe/Berlin"}
	// Local is the machine's own zone, and "" another name of UTC: neither says what it is.
	if name == "" || name == "Local" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r > 127 }) {
		return nil, unknown
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknown
	}
	return zone, nil
}

// intervals are the beginnings of the intervals that [from, to) touches: minutes,
// hours, days or months as the clocks of a zone show them. Where clocks change,
// a new minute and a new hour begin too, so that an hour that comes twice is two.
func intervals(from, to waterfall.Instant, interval UsageInterval, zone *time.Location) ([]waterfall.Instant, error) {
	if from >= to {
		return nil, &engine.Fault{Code: engine.CodeBadInput, Field: "to", Message: "must come after from"}
	}
	var starts []waterfall.Instant
	for at := begin(from.Time().In(zone), interval); waterfall.InstantOf(at) < to; at = next(at, interval) {
		if len(starts) == mostPoints {
			return nil, tooManyPoints()
		}
		starts = append(starts, waterfall.InstantOf(at))
	}
	return starts, nil
}

// begin is the beginning of the interval that holds a moment.
func begin(t time.Time, interval UsageInterval) time.Time {
	switch interval {
	case UsageIntervalMinute:
		return notBefore(t, t.Add(-sinceMinute(t)))
	case UsageIntervalHour:
		return notBefore(t, t.Add(-time.Duration(t.Minute())*time.Minute-sinceMinute(t)))
	case UsageIntervalMonth:
		return startOfDay(t.Year(), t.Month(), 1, t.Location())
	default:
		return startOfDay(t.Year(), t.Month(), t.Day(), t.Location())
	}
}

// next is the beginning of the interval after the one that begins at a moment.
func next(t time.Time, interval UsageInterval) time.Time {
	switch interval {
	case UsageIntervalMinute:
		return notAfterChange(t, t.Add(time.Minute-sinceMinute(t)))
	case UsageIntervalHour:
		return notAfterChange(t, t.Add(time.Hour-time.Duration(t.Minute())*time.Minute-sinceMinute(t)))
	}
	for days, months := 1, 1; ; days, months = days+1, months+1 {
		later := startOfDay(t.Year(), t.Month(), t.Day()+days, t.Location())
		if interval == UsageIntervalMonth {
			later = startOfDay(t.Year(), t.Month()+time.Month(months), 1, t.Location())
		}
		if later.After(t) { // a zone that changes sides of the date line skips a day
			return later
		}
	}
}

func sinceMinute(t time.Time) time.Duration {
	return time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}

// notBefore is the later of a beginning and the last change of the clocks before t.
func notBefore(t, beginning time.Time) time.Time {
	if change, _ := t.ZoneBounds(); !change.IsZero() && change.After(beginning) {
		return change
	}
	return beginning
}

// notAfterChange is the sooner of an end and the next change of the clocks after t.
func notAfterChange(t, end time.Time) time.Time {
	if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(end) {
		return change
	}
	return end
}

// startOfDay is the first moment of a calendar day. Where clocks skip midnight it
// is the moment of that change; where midnight comes twice, the first of the two.
func startOfDay(year int, month time.Month, day int, zone *time.Location) time.Time {
	midnight := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	_, before := midnight.Add(-24 * time.Hour).In(zone).Zone()
	_, after := midnight.Add(24 * time.Hour).In(zone).Zone()
	first := midnight.Add(-time.Duration(max(before, after)) * time.Second)
	second := midnight.Add(-time.Duration(min(before, after)) * time.Second)
	for _, candidate := range []time.Time{first, second} {
		if _, offset := candidate.In(zone).Zone(); candidate.Add(time.Duration(offset) * time.Second).Equal(midnight) {
			return candidate.In(zone)
		}
	}
	// Midnight was skipped: the change is the end of what held before it.
	_, change := first.Add(-time.Second).In(zone).ZoneBounds()
	return change
}
