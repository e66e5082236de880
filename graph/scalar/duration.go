package scalar

import (
	"errors"
	"math"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"spillway/engine/waterfall"
)

var errDuration = errors.New("must be an ISO 8601 duration of whole seconds, such as PT5H or P7D, without months and years")

// Seconds of the units of a duration.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	week   = 7 * day
)

// MarshalDuration writes seconds as a Duration in its canonical form: days,
// hours, minutes and seconds, each where it is not 0.
func MarshalDuration(seconds int64) graphql.Marshaler {
	return written(`"` + FormatDuration(seconds) + `"`)
}

// FormatDuration is the canonical form of seconds, which must not be negative.
func FormatDuration(seconds int64) string { return waterfall.FormatDuration(seconds) }

// UnmarshalDuration reads a Duration in whole seconds, the nearest 64 bit
// integer where it is longer.
func UnmarshalDuration(v any) (int64, error) {
	s, ok := v.(string)
	if !ok {
		return 0, errDuration
	}
	return ParseDuration(s)
}

// ParseDuration reads PnW, or PnDTnHnMnS with each part optional but one.
func ParseDuration(s string) (int64, error) {
	rest, ok := strings.CutPrefix(s, "P")
	if !ok {
		return 0, errDuration
	}
	date, clock, timed := strings.Cut(rest, "T")
	if timed && clock == "" || rest == "" {
		return 0, errDuration
	}
	seconds, err := addParts(0, date, "WD", [...]int64{week, day})
	if err == nil && strings.Contains(date, "W") && rest != date[:strings.Index(date, "W")+1] {
		err = errDuration // ISO 8601: weeks stand alone
	}
	if err != nil {
		return 0, err
	}
	return addParts(seconds, clock, "HMS", [...]int64{hour, minute, 1})
}

// addParts reads numbers, each followed by its unit's letter, in the order of
// the letters.
func addParts[T [2]int64 | [3]int64](seconds int64, text, letters string, units T) (int64, error) {
	for text != "" {
		n := digits(text)
		if n == 0 || n == len(text) {
			return 0, errDuration
		}
		unit := strings.IndexByte(letters, text[n])
		if unit < 0 {
			return 0, errDuration
		}
		count, _ := parseInteger(text[:n]) // digits alone always parse
		at := len(units) - len(letters) + unit
		if count > (math.MaxInt64-seconds)/units[at] {
			seconds = math.MaxInt64
		} else {
			seconds += count * units[at]
		}
		text, letters = text[n+1:], letters[unit+1:]
	}
	return seconds, nil
}
