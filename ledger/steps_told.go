package ledger

import (
	"strings"

	"spillway/engine/waterfall"
)

// appendRefusal writes what a denial is explained with, behind its steps:
//
//	?,2,5,3601/,,100000000
//
// Parts are separated by "/", fields by ",", as in a step. The first part is of
// the whole: the number of the ceiling, what it leaves and when it is back, as a
// step tells its reset; the limit, the spent amount and the period of the spend
// cap. One part follows for each step: of a rate limit what its window leaves
// beyond what is available; of other buckets the credits that are there, those
// for other features, how many grants in units are for other features, and what
// begins later, in credits and in units, and when, in microseconds from the
// event. Trailing parts without a field are left out.
func appendRefusal(b []byte, e *Event) []byte {
	r := e.Refusal
	b = append(nextItem(b), '?')
	whole := [...]int64{int64(r.Ceiling), r.CeilingRoom, fromSecond(r.CeilingBack, e.At.Second()), r.CapLimit, r.CapSpent, int64(r.CapPeriod)}
	b = appendFields(b, whole[:])
	last := len(b)
	for i := range r.Sources {
		s := &r.Sources[i]
		b = append(b, '/')
		fields := [...]int64{s.Credits, s.Elsewhere, s.Others, s.Later, s.LaterUnits, 0}
		if s.LaterAt != 0 {
			fields[5] = int64(s.LaterAt - e.At)
		}
		if e.Steps[i].Kind == waterfall.RateLimit {
			fields = [6]int64{s.Room - e.Steps[i].Available}
		}
		before := len(b)
		if b = appendFields(b, fields[:]); len(b) > before {
			last = len(b)
		}
	}
	return b[:last]
}

// decodeRefusal reads it; the steps stand before it.
func decodeRefusal(e *Event, text string) error {
	one, text, more := strings.Cut(text, "/")
	var whole [6]int64
	if err := decodeFields(strings.TrimPrefix(one, ","), whole[:]); err != nil {
		return err
	}
	if whole[0] < 0 || whole[5] < 0 || whole[5] > int64(waterfall.Month) {
		return errSteps
	}
	r := &waterfall.Refusal{Ceiling: int(whole[0]), CeilingRoom: whole[1], CeilingBack: toSecond(whole[2], e.At.Second()),
		CapLimit: whole[3], CapSpent: whole[4], CapPeriod: waterfall.Period(whole[5]), Sources: make([]waterfall.Source, len(e.Steps))}
	for i := range e.Steps {
		if e.Steps[i].Kind == waterfall.RateLimit {
			r.Sources[i].Room = e.Steps[i].Available
		}
	}
	for i := 0; more; i++ {
		if i == len(e.Steps) {
			return errSteps
		}
		one, text, more = strings.Cut(text, "/")
		var fields [6]int64
		if err := decodeFields(strings.TrimPrefix(one, ","), fields[:]); err != nil {
			return err
		}
		s := &r.Sources[i]
		if e.Steps[i].Kind == waterfall.RateLimit {
			s.Room += fields[0]
			continue
		}
		s.Credits, s.Elsewhere, s.Others, s.Later, s.LaterUnits = fields[0], fields[1], fields[2], fields[3], fields[4]
		if fields[5] != 0 {
			s.LaterAt = e.At + waterfall.Instant(fields[5])
		}
	}
	e.Refusal = r
	return nil
}

// appendLost writes what came back and cannot be spent again: credits and units
// of expired, voided and renewed grants, and 1 where that is all that came back.
func appendLost(b []byte, l *waterfall.Lost) []byte {
	fields := [...]int64{l.Expired.Credits, l.Expired.Units, l.Voided.Credits, l.Voided.Units, l.Lapsed.Credits, l.Lapsed.Units, 0}
	if l.Whole {
		fields[6] = 1
	}
	return appendFields(append(nextItem(b), '~'), fields[:])
}

func decodeLost(e *Event, text string) error {
	var f [7]int64
	if err := decodeFields(strings.TrimPrefix(text, ","), f[:]); err != nil {
		return err
	}
	if f[6] != 0 && f[6] != 1 {
		return errSteps
	}
	amount := func(i int) waterfall.Amount { return waterfall.Amount{Credits: f[i], Units: f[i+1]} }
	e.Lost = &waterfall.Lost{Expired: amount(0), Voided: amount(2), Lapsed: amount(4), Whole: f[6] == 1}
	return nil
}

// nextItem separates an item from those before it.
func nextItem(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != ';' {
		return append(b, ';')
	}
	return b
}
