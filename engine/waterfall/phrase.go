package waterfall

import "strconv"

// phrase is a sentence in the making.
type phrase struct {
	t *Telling
	b []byte
}

func (p *phrase) text(s string) *phrase {
	p.b = append(p.b, s...)
	return p
}

// count writes a whole number, its digits in groups of three: 1,304.
func (p *phrase) count(n int64) *phrase {
	p.b = appendGrouped(p.b, n)
	return p
}

// credits writes millionths as a decimal with two digits at least: 1,304.50.
func (p *phrase) credits(micros int64) *phrase {
	p.b = append(appendGrouped(p.b, micros/1_000_000), '.')
	var room [20]byte
	digits := strconv.AppendInt(room[:0], 1_000_000+micros%1_000_000, 10)[1:]
	for len(digits) > 2 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	p.b = append(p.b, digits...)
	return p
}

func appendGrouped(b []byte, n int64) []byte {
	var room [20]byte
	digits := strconv.AppendInt(room[:0], n, 10)
	for i, d := range digits {
		if left := len(digits) - i; i > 0 && left%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, d)
	}
	return b
}

// amount writes what it has of either denomination: 4.00, 3 units.
func (p *phrase) amount(a Amount) *phrase {
	if a.Credits > 0 {
		p.credits(a.Credits)
		if a.Units > 0 {
			p.text(" and ")
		}
	}
	switch {
	case a.Units == 1:
		p.text("1 unit")
	case a.Units > 0:
		p.count(a.Units).text(" units")
	}
	return p
}

// at writes a moment with its preposition: " at 16:02 UTC", " on Dec 3, 16:02 UTC".
func (p *phrase) at(m Instant) *phrase {
	if dayOf(m.Second()) == dayOf(p.t.At.Second()) {
		return p.text(" at ").clock(m)
	}
	return p.text(" on ").clock(m)
}

// clock writes a time of day in UTC, to the second where it is no whole minute;
// before it the date where it is not that of the decision.
func (p *phrase) clock(m Instant) *phrase {
	layout := "15:04"
	if m.Second()%60 != 0 {
		layout = "15:04:05"
	}
	switch then, now := m.Time(), p.t.At.Time(); {
	case then.Year() != now.Year():
		layout = "Jan 2, 2006, " + layout
	case then.YearDay() != now.YearDay():
		layout = "Jan 2, " + layout
	}
	p.b = m.Time().AppendFormat(p.b, layout)
	return p.text(" UTC")
}

// source names a bucket for a person.
func (p *phrase) source(s *ToldStep) *phrase {
	switch s.Kind {
	case RateLimit, FreeTier:
		return p.counter(s)
	case Promotion:
		return p.text("promotions")
	case Entitlement:
		return p.text("the entitlement")
	default:
		return p.text("credits")
	}
}

// counter names a rate limit by its window and a free tier by its period. Where
// another counter of the feature would be told by the same name, it says whose
// it is, or, where that is no difference either, gives its key.
func (p *phrase) counter(s *ToldStep) *phrase {
	if s.Bucket < 0 {
		if s.Kind == RateLimit {
			return p.text("a limit")
		}
		return p.text("a free quota")
	}
	b := &s.Rules.Buckets[s.Bucket]
	otherScope, sameScope := s.namesakes(b)
	switch {
	case otherScope && b.Scope == PerAccount:
		p.text("the account's ")
	case otherScope:
		p.text("your own ")
	default:
		p.text("the ")
	}
	if b.Kind == FreeTier {
		p.text(periodAdjectives[b.Period]).text(" free quota")
	} else {
		p.span(b.window(s.Window).Seconds, "-").text(" limit")
	}
	if sameScope {
		p.text(" (").text(b.Key).text(")")
	}
	return p
}

// namesakes tells whether other counters would be told by the same name, of the
// other scope and of the same.
func (s *ToldStep) namesakes(b *Bucket) (otherScope, sameScope bool) {
	for i := range s.Rules.Buckets {
		o := &s.Rules.Buckets[i]
		if i == s.Bucket || o.Kind != b.Kind || o.Period != b.Period {
			continue
		}
		same := b.Kind == FreeTier
		for _, w := range o.Windows {
			same = same || w.Seconds == b.window(s.Window).Seconds
		}
		otherScope = otherScope || same && o.Scope != b.Scope
		sameScope = sameScope || same && o.Scope == b.Scope
	}
	return otherScope, sameScope
}

// window is a window by its index, the first where a step names none.
func (b *Bucket) window(i int) Window { return b.Windows[min(max(0, i), len(b.Windows)-1)] }

var (
	periodAdjectives = [...]string{"", "daily", "weekly", "monthly"}
	periodNouns      = [...]string{"", "day", "week", "month"}
)

// span writes a duration as people say it, joined to its unit: 5-hour, 7 day.
func (p *phrase) span(seconds int64, joint string) *phrase {
	n, unit := largestUnit(seconds)
	return p.count(n).text(joint).text(unit)
}

// every writes a duration after "per": hour, 7 days.
func (p *phrase) every(seconds int64) *phrase {
	n, unit := largestUnit(seconds)
	if n == 1 {
		return p.text(unit)
	}
	return p.count(n).text(" ").text(unit).text("s")
}

// largestUnit is a duration in the largest unit that measures it in whole.
func largestUnit(seconds int64) (n int64, unit string) {
	switch {
	case seconds%secondsPerDay == 0:
		return seconds / secondsPerDay, "day"
	case seconds%3600 == 0:
		return seconds / 3600, "hour"
	case seconds%60 == 0:
		return seconds / 60, "minute"
	}
	return seconds, "second"
}

// Counts tells whether what a counter counted in one second still counts at
// another.
func (b *Bucket) Counts(second, at int64) bool {
	switch b.Kind {
	case RateLimit:
		return second > at-b.longestWindow()
	case FreeTier:
		return dayOf(second) >= b.Period.Start(at)
	}
	return true
}
