package counters

import (
	"strconv"
	"testing"
)

// What it costs to write and to read a field of so many seconds.
func BenchmarkField(b *testing.B) {
	for _, entries := range []int64{10, 1000, 10_000} {
		s := series()
		for i := range entries {
			s.Add(1_700_000_000+i, 1)
		}
		packed := string(pack(s))
		b.Run("pack/"+strconv.FormatInt(entries, 10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(pack(s)) != len(packed) {
					b.Fatal("another length")
				}
			}
		})
		b.Run("unpack/"+strconv.FormatInt(entries, 10), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got, err := unpack(packed); err != nil || got.Len() != int(entries) {
					b.Fatal(err)
				}
			}
		})
	}
}
