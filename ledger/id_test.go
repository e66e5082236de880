package ledger

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"spillway/engine/waterfall"
)

func TestIDsAscendWithTime(t *testing.T) {
	moment := rapid.Int64Range(0, 1<<56)
	rapid.Check(t, func(t *rapid.T) {
		a := waterfall.Instant(moment.Draw(t, "a"))
		b := a + waterfall.Instant(rapid.OneOf(rapid.Int64Range(1, 3000), rapid.Int64Range(1, 1<<50)).Draw(t, "later"))
		x, y := NewID(a, rapid.Uint64().Draw(t, "x")), NewID(b, rapid.Uint64().Draw(t, "y"))
		if bytes.Compare(x[:], y[:]) >= 0 || x.String() >= y.String() {
			t.Fatalf("%s of %d is not before %s of %d", x, a, y, b)
		}
		if first := FirstID(b); bytes.Compare(x[:], first[:]) >= 0 || bytes.Compare(first[:], y[:]) > 0 {
			t.Fatalf("%s is not between %s and %s", first, x, y)
		}
		// RFC 9562: version 7, variant 10.
		if x[6]>>4 != 7 || x[8]>>6 != 2 {
			t.Fatalf("%s is no UUIDv7", x)
		}
		if back, err := ParseID(x.String()); err != nil || back != x {
			t.Fatalf("%s came back as %s: %v", x, back, err)
		}
	})
}

// A list may be asked for from a moment at which there were no ids yet.
func TestTheFirstIDOfATimeBeforeIDs(t *testing.T) {
	first := FirstID(0)
	for _, at := range []waterfall.Instant{-1, -1_000_000, waterfall.InstantOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC))} {
		if got := FirstID(at); got != first {
			t.Errorf("%s for %s", got, at.Time())
		}
	}
}

func TestWhatIsNoID(t *testing.T) {
	const fine = "0193561f-b3a0-7abc-8def-0123456789ab"
	if _, err := ParseID(fine); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", fine[:35], fine + "0", "0193561F-B3A0-7ABC-8DEF-0123456789AB", "0193561fb3a07abc8def0123456789ab", "{" + fine[:34] + "}",
		"0193561f-b3a0-7abc-8def-0123456789ag", "0193561f_b3a0-7abc-8def-0123456789ab", "0193561f-b3a0-7abc-8def-01234567 9ab", "٣193561f-b3a0-7abc-8def-0123456789a"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q is read as %s", s, id)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("0193561f-b3a0-7abc-8def-0123456789ab")
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := ParseID(s); err == nil && id.String() != s {
			t.Fatalf("%q is read as %s", s, id)
		}
	})
}
