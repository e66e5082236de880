package ledger

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"spillway/engine/waterfall"
)

// The column steps holds the steps of an event as text, short because there is
// one for every request ever made: steps are separated by ";", fields by ",".
//
//	R5h,50,3,301;CC,20,2,,2500000,1
//
// The first letter is the kind (R T P E C), small where the counter is pooled
// per account; the bucket's key follows. Then: available, taken, reset, credits,
// reason, window, second. The reset is told by the event's own second: 1 is that
// second, 2 the next, -1 the one before. The reason is counted from FUNDED, and
// the window, of all but rate limits, from none. A second is written only where
// it is not the event's own. Trailing fields that are 0 are left out. Before the
// steps may stand "!" (the feature could not be split), "^N" (the room that
// ceilings left, in units) and "$N" (the room of the spend cap, in millionths).
// Behind them may stand what explains the event: see appendRefusal and appendLost.
const kindLetters = " RTPEC"

// EncodeSteps writes the steps of an event and the rooms that it met.
func EncodeSteps(e *Event) string {
	var room [256]byte
	b := room[:0]
	if e.Indivisible {
		b = append(b, '!', ';')
	}
	if e.CeilingRoom >= 0 {
		b = append(strconv.AppendInt(append(b, '^'), e.CeilingRoom, 10), ';')
	}
	if e.CapRoom >= 0 {
		b = append(strconv.AppendInt(append(b, '$'), e.CapRoom, 10), ';')
	}
	for i := range e.Steps {
		if i > 0 {
			b = append(b, ';')
		}
		b = appendStep(b, &e.Steps[i], e.At.Second())
	}
	if e.Refusal != nil {
		b = appendRefusal(b, e)
	}
	if e.Lost != nil {
		b = appendLost(b, e.Lost)
	}
	return string(b)
}

func appendStep(b []byte, s *Step, second int64) []byte {
	letter := kindLetters[s.Kind]
	if s.Kind.Counted() && s.Scope == waterfall.PerAccount {
		letter += 'a' - 'A'
	}
	b = append(append(b, letter), s.Bucket...)
	fields := [...]int64{s.Available, s.Taken, fromSecond(s.ResetsAt, second), s.Credits,
		int64(s.Reason) - int64(waterfall.Funded), int64(s.Window - usualWindow(s.Kind)), 0}
	if s.Second != second {
		fields[6] = s.Second
	}
	return appendFields(b, fields[:])
}

// appendFields writes numbers, each behind a comma: a 0 as nothing, and the last
// ones not at all.
func appendFields(b []byte, fields []int64) []byte {
	last := len(fields)
	for last > 0 && fields[last-1] == 0 {
		last--
	}
	for _, n := range fields[:last] {
		b = append(b, ',')
		if n != 0 {
			b = strconv.AppendInt(b, n, 10)
		}
	}
	return b
}

// decodeFields reads what appendFields wrote, without the first comma.
func decodeFields(text string, fields []int64) error {
	for i := 0; text != "" && i < len(fields); i++ {
		var one string
		one, text, _ = strings.Cut(text, ",")
		if one == "" {
			continue
		}
		n, err := strconv.ParseInt(one, 10, 64)
		if err != nil {
			return errSteps
		}
		fields[i] = n
	}
	if text != "" {
		return errSteps
	}
	return nil
}

// usualWindow is the window of nearly every step: the only one, or none.
func usualWindow(k waterfall.Kind) int {
	if k == waterfall.RateLimit {
		return 0
	}
	return -1
}

// fromSecond counts up to a second from another one, which is 1; 0 stays 0.
func fromSecond(at, from int64) int64 {
	switch {
	case at == 0:
		return 0
	case at >= from:
		return at - from + 1
	}
	return at - from
}

// toSecond is the reverse of fromSecond.
func toSecond(n, from int64) int64 {
	switch {
	case n == 0:
		return 0
	case n > 0:
		return from + n - 1
	}
	return from + n
}

var errSteps = errors.New("ledger: steps cannot be read")

// DecodeSteps reads what EncodeSteps wrote into the event, whose At must be
// set, over the steps that it has.
func DecodeSteps(e *Event, text string) error {
	e.CeilingRoom, e.CapRoom, e.Indivisible, e.Refusal, e.Lost = -1, -1, false, nil, nil
	e.Steps = slices.Grow(e.Steps[:0], strings.Count(text, ";")+1)
	for text != "" {
		var one string
		one, text, _ = strings.Cut(text, ";")
		switch one[:min(1, len(one))] {
		case "!":
			if one != "!" {
				return errSteps
			}
			e.Indivisible = true
		case "^", "$":
			n, err := strconv.ParseInt(one[1:], 10, 64)
			if err != nil || n < 0 {
				return errSteps
			}
			if one[0] == '^' {
				e.CeilingRoom = n
			} else {
				e.CapRoom = n
			}
		case "?":
			if err := decodeRefusal(e, one[1:]); err != nil {
				return err
			}
		case "~":
			if err := decodeLost(e, one[1:]); err != nil {
				return err
			}
		default:
			if e.Refusal != nil { // which stands beside the steps before it
				return errSteps
			}
			s, err := decodeStep(one, e.At.Second())
			if err != nil {
				return err
			}
			e.Steps = append(e.Steps, s)
		}
	}
	return nil
}

func decodeStep(text string, second int64) (Step, error) {
	s := Step{Second: second}
	if text == "" {
		return s, errSteps
	}
	letter := text[0]
	if letter >= 'a' {
		s.Scope = waterfall.PerAccount
		letter -= 'a' - 'A'
	}
	kind := strings.IndexByte(kindLetters, letter)
	if kind < 1 {
		return s, errSteps
	}
	s.Kind = waterfall.Kind(kind)
	if s.Scope == waterfall.PerAccount && !s.Kind.Counted() {
		return s, errSteps
	}
	var rest string
	s.Bucket, rest, _ = strings.Cut(text[1:], ",")
	var fields [7]int64
	if err := decodeFields(rest, fields[:]); err != nil {
		return s, err
	}
	s.Available, s.Taken, s.ResetsAt, s.Credits = fields[0], fields[1], toSecond(fields[2], second), fields[3]
	s.Reason, s.Window = waterfall.Funded+waterfall.Reason(fields[4]), int(fields[5])+usualWindow(s.Kind)
	if fields[6] != 0 {
		s.Second = fields[6]
	}
	return s, nil
}
