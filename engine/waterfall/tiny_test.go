package waterfall

import (
	"testing"
)

// Every tiny case: three buckets with room for 0 to 3 each, 1 to 4 asked,
// whole or in part, divisible or not, any ceiling up to 4. The answer is
// written down as arithmetic, which is a third way beside the walk and the
// model.
func TestTinyCasesEnumerated(t *testing.T) {
	kinds := [][3]Kind{
		{RateLimit, FreeTier, Promotion}, {RateLimit, RateLimit, RateLimit},
		{Credit, Entitlement, FreeTier}, {Promotion, Entitlement, Credit},
	}
	cases := 0
	for _, k := range kinds {
		for code := range 4 * 4 * 4 {
			rooms := [3]int64{int64(code % 4), int64(code / 4 % 4), int64(code / 16)}
			w := tiny(k, rooms)
			for asked := int64(1); asked <= 4; asked++ {
				for flags := range 4 {
					for ceiling := int64(-1); ceiling <= 4; ceiling++ {
						req := Request{Quantity: asked, AllowPartial: flags&1 != 0}
						w.rules.Divisible = flags&2 != 0
						checkTiny(t, w, rooms, req, ceiling)
						cases++
					}
				}
			}
		}
	}
	if want := 4 * 64 * 4 * 4 * 6; cases != want {
		t.Fatalf("%d cases, want %d", cases, want)
	}
}

// tiny is a world whose buckets have just that room.
func tiny(kinds [3]Kind, rooms [3]int64) *world {
	w := given(price(10, 1))
	for i, k := range kinds {
		switch k {
		case RateLimit:
			rate(Window{Limit: 4, Seconds: 60})(w)
			used(4-rooms[i], 5)(w)
		case FreeTier:
			free(4, Day)(w)
			used(4-rooms[i], 5)(w)
		case Credit:
			credits(w)
			money("c", Credit, rooms[i]*10+9)(w)
		default:
			bucket(Bucket{Kind: k})(w)
			units(string(rune('a'+i)), k, rooms[i])(w)
		}
	}
	return w
}

func checkTiny(t *testing.T, w *world, rooms [3]int64, req Request, ceiling int64) {
	t.Helper()
	w.rules.Ceilings = nil
	var events = w.events
	asked := req.Quantity
	if ceiling >= 0 {
		// A ceiling of 5 of which some were granted: a limit is at least 1.
		w.rules.Ceilings = []Window{{Limit: 5, Seconds: 9}}
		w.events = append(events[:len(events):len(events)], event{ofCeilings, noon, 5 - ceiling})
		if req.AllowPartial {
			asked = min(asked, ceiling)
		}
	}
	taken, reason := tinyAnswer(w, rooms, req, asked, ceiling)
	in, out := w.at(0, req)
	w.events = events
	if out.Reason != reason {
		t.Fatalf("rooms %v, %+v, divisible %v, ceiling %d: %s, want %s", rooms, req, w.rules.Divisible, ceiling, render(in, out), reason)
	}
	var got [3]int64
	for _, s := range out.Steps {
		got[s.Bucket] = s.Taken
		if s.Available != rooms[s.Bucket] {
			t.Fatalf("rooms %v: step %+v", rooms, s)
		}
	}
	if got != taken {
		t.Fatalf("rooms %v, %+v, divisible %v, ceiling %d: took %v, want %v", rooms, req, w.rules.Divisible, ceiling, got, taken)
	}
}

// tinyAnswer is what each bucket gives and why the request ends as it does.
func tinyAnswer(w *world, rooms [3]int64, req Request, asked, ceiling int64) (taken [3]int64, reason Reason) {
	together := rooms[0] + rooms[1] + rooms[2]
	largest := max(rooms[0], rooms[1], rooms[2])
	could := together
	if !w.rules.Divisible {
		could = largest
	}
	give := min(asked, could)
	switch {
	case ceiling >= 0 && (asked > ceiling || asked == 0):
		return taken, CeilingReached
	case give < asked && !req.AllowPartial && together >= asked:
		return taken, Indivisible
	case give < asked && !req.AllowPartial || give == 0:
		if w.rules.HasCredit() {
			return taken, InsufficientCredits
		}
		return taken, Exhausted
	}
	reason = Funded
	if give < req.Quantity {
		reason = PartlyFunded
	}
	for i := range rooms {
		switch {
		case w.rules.Divisible:
			taken[i] = min(rooms[i], give)
			give -= taken[i]
		case rooms[i] >= give:
			taken[i] = give
			return taken, reason
		}
	}
	return taken, reason
}
