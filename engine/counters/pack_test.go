package counters

import (
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"spillway/engine/waterfall"
)

func TestPackAndUnpackAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &waterfall.Series{}
		// Later seconds and earlier ones, large amounts, what is given back.
		for range rapid.IntRange(0, 60).Draw(t, "entries") {
			second := rapid.OneOf(rapid.Int64Range(1, 50), rapid.Int64Range(1_700_000_000, 1_700_000_300)).Draw(t, "second")
			amount := rapid.OneOf(rapid.Int64Range(1, 9), rapid.Int64Range(1, waterfall.MaxQuantity/64)).Draw(t, "amount")
			if rapid.Bool().Draw(t, "undo") {
				s.Undo(second, amount)
			} else {
				s.Add(second, amount)
			}
			s.Trim(rapid.Int64Range(0, 20).Draw(t, "trim"))
		}
		got, err := unpack(string(pack(s)))
		if err != nil || show(got) != show(s) {
			t.Fatalf("%s came back as %s: %v", show(s), show(got), err)
		}
	})
}

// FuzzUnpack: whatever the bytes are, they are refused or stand for a series
// in ascending seconds with amounts above zero, which packs to what is read.
func FuzzUnpack(f *testing.F) {
	huge := binary.AppendVarint(nil, 1<<62)
	for _, seed := range []string{"", "\x00\x02", "\x02" + string(huge) + "\x02" + string(huge), string(huge) + "\x02" + string(huge) + "\x02", string(huge), "\x02\x02\x02\x02", "\x80", "\x02\x00", string(pack(series(1_700_000_000, 5, 1_700_000_007, 1<<52)))} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packed string) {
		s, err := unpack(packed)
		if err != nil {
			if !errors.Is(err, errPacked) || s != nil {
				t.Fatalf("refused with %v, %v", s, err)
			}
			return
		}
		var before, sum int64
		for i := range s.Len() {
			second, amount := s.At(i)
			if amount <= 0 || (i > 0 && second <= before) {
				t.Fatalf("%q reads as %s", packed, show(s))
			}
			if sum += amount; sum < 0 {
				t.Fatalf("%q overflows: %s", packed, show(s))
			}
			before = second
		}
		again, err := unpack(string(pack(s)))
		if err != nil || show(again) != show(s) {
			t.Fatalf("%s packs to what reads as %s: %v", show(s), show(again), err)
		}
	})
}
