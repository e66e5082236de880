package waterfall

import (
	"testing"
	"time"
)

// The usual shapes of a decision. Each world is warm: a few hundred seconds
// of use lie in the windows.
func BenchmarkDecide(b *testing.B) {
	busy := func(n int) part {
		return func(w *world) {
			for i := 0; i < n; i++ {
				used(1, int64(1+i*7))(w)
			}
		}
	}
	waterfall := func(limit int64) []part {
		return []part{
			rate(per(limit, 5*time.Hour), per(2000, 7*24*time.Hour)), busy(300),
			promotions, entitlements, credits, price(40_000, 1), ceiling(per(100_000, 24*time.Hour)),
			money("a", Credit, 500_000_000), money("b", Credit, 500_000_000),
		}
	}
	for _, c := range []struct {
		name  string
		world *world
		req   Request
		want  Reason
	}{
		{"window", given(waterfall(1000)...), Request{Quantity: 2}, Funded},
		{"window spent, then credits", given(waterfall(300)...), Request{Quantity: 2}, Funded},
		{"window and credits", given(waterfall(301)...), Request{Quantity: 2}, Funded},
		{"denial", given(waterfall(300)...), Request{Quantity: 1_000_000}, CeilingReached},
		{"denial for want of credits", given(waterfall(300)...), Request{Quantity: 90_000}, InsufficientCredits},
		{"indivisible", given(append(waterfall(301), indivisible)...), Request{Quantity: 2}, Funded},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, now := c.world.input(), AtSecond(noon)
			b.ReportAllocs()
			for b.Loop() {
				if out := Decide(in, c.req, now); out.Reason != c.want {
					b.Fatal(out.Reason)
				}
			}
		})
	}
}

func BenchmarkRetryAt(b *testing.B) {
	w := given(rate(per(300, 5*time.Hour), per(2000, 7*24*time.Hour)), credits, price(40_000, 1))
	for i := int64(0); i < 300; i++ {
		w.events = append(w.events, event{0, noon - 7*i, 1})
	}
	in, now := w.input(), AtSecond(noon)
	b.ReportAllocs()
	for b.Loop() {
		if RetryAt(in, Request{Quantity: 2}, now) == 0 {
			b.Fatal("never")
		}
	}
}

func BenchmarkSeriesAdd(b *testing.B) {
	var s Series
	second := noon
	b.ReportAllocs()
	for b.Loop() {
		second++
		s.Add(second, 1)
		s.Trim(second - 1000)
	}
}
