package scalar

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"spillway/engine/waterfall"
)

var errDateTime = errors.New("must be a moment as RFC 3339 with an offset, such as 2026-05-01T12:00:00Z")

// moment is an instant that writes itself.
type moment waterfall.Instant

// AppendDateTime writes RFC 3339 in UTC with microseconds.
func AppendDateTime(b []byte, at waterfall.Instant) []byte {
	return at.Time().AppendFormat(b, `"2006-01-02T15:04:05.000000Z"`)
}

// MarshalGQL writes RFC 3339 in UTC with microseconds.
func (m moment) MarshalGQL(w io.Writer) {
	var room [32]byte
	_, _ = w.Write(AppendDateTime(room[:0], waterfall.Instant(m)))
}

// MarshalDateTime writes a DateTime.
func MarshalDateTime(at waterfall.Instant) graphql.Marshaler { return moment(at) }

// UnmarshalDateTime reads a DateTime of the years 1 to 9999; what is finer
// than a microsecond is cut off.
func UnmarshalDateTime(v any) (waterfall.Instant, error) {
	s, ok := v.(string)
	if !ok || strings.Contains(s, ",") { // Go reads a comma as a point
		return 0, errDateTime
	}
	var t time.Time
	// UnmarshalText holds to RFC 3339 more strictly than time.Parse does.
	if err := t.UnmarshalText([]byte(s)); err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
		return 0, errDateTime
	}
	return waterfall.InstantOf(t), nil
}
