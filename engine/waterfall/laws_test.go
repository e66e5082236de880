package waterfall

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// border is a midnight in which a day, a week and a month end together:
// Monday, 2026-06-01. Small worlds live around it.
var border = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).Unix()

func small(t *rapid.T, name string, from, to int64) int64 {
	return rapid.Int64Range(from, to).Draw(t, name)
}

func anyWindows(t *rapid.T, atLeast int) []Window {
	n := rapid.IntRange(atLeast, 2).Draw(t, "windows")
	var windows []Window
	for range n {
		windows = append(windows, Window{Limit: small(t, "limit", 1, 5), Seconds: small(t, "seconds", 1, 7)})
	}
	return windows
}

// anyWorld is a small world in which something happened in the last seconds
// before now.
func anyWorld(t *rapid.T, now Instant) *world {
	w := given()
	w.rules.Divisible = rapid.Bool().Draw(t, "divisible")
	kinds := rapid.SliceOfN(rapid.SampledFrom([]Kind{RateLimit, RateLimit, FreeTier, Promotion, Entitlement, Credit, Credit}), 0, 5).Draw(t, "kinds")
	had := map[Kind]bool{}
	for _, k := range kinds {
		b := Bucket{Kind: k}
		switch {
		case k == RateLimit:
			b.Windows = anyWindows(t, 1)
		case k == FreeTier:
			b.Quota, b.Period = small(t, "quota", 1, 5), Period(small(t, "period", 1, 3))
		case had[k]:
			continue
		}
		had[k] = true
		bucket(b)(w)
	}
	w.rules.Ceilings = anyWindows(t, 0)
	for i := range w.rules.Ceilings {
		w.rules.Ceilings[i].Limit += 4
	}
	if small(t, "priced", 0, 9) > 0 {
		w.price = Price{Version: 1, Micros: small(t, "micros", 1, 7), Per: small(t, "per", 1, 4)}
	}
	if rapid.Bool().Draw(t, "capped") {
		w.cap = &SpendCap{Limit: small(t, "cap", 0, 15), Period: Period(small(t, "cap period", 1, 3))}
	}
	w.suspended, w.absent = small(t, "suspended", 0, 40) == 40, small(t, "absent", 0, 40) == 40
	for range small(t, "events", 0, 6) {
		e := event{int(small(t, "counter", ofCap, int64(len(w.rules.Buckets)-1))), now.Second() - small(t, "ago", 0, 9), small(t, "amount", 1, 3)}
		if e.counter < 0 || w.rules.Buckets[e.counter].Kind.Counted() {
			w.events = append(w.events, e)
		}
	}
	for i := range small(t, "grants", 0, 6) {
		w.grants = append(w.grants, anyGrant(t, byte('a'+i), now))
	}
	return w
}

func anyGrant(t *rapid.T, name byte, now Instant) Grant {
	g := Grant{ID: [16]byte{name}, Kind: rapid.SampledFrom([]Kind{Promotion, Entitlement, Credit}).Draw(t, "kind")}
	g.Units = g.Kind != Credit && rapid.Bool().Draw(t, "units")
	g.Features = rapid.SampledFrom([][]string{nil, nil, {"f"}, {"e", "f"}, {"e"}}).Draw(t, "features")
	g.Remaining = small(t, "remaining", 0, 9)
	g.Amount = g.Remaining + small(t, "gone", 0, 9)
	g.Priority = int32(small(t, "priority", 0, 1))
	g.EffectiveAt = now + rapid.SampledFrom([]Instant{-9_000_000, -9_000_000, -9_000_000, -1, 0, 1, 2_000_000}).Draw(t, "effective")
	g.CreatedAt = now - Instant(small(t, "age", 0, 2))
	if small(t, "expires", 0, 2) > 0 {
		g.ExpiresAt = now + Instant(small(t, "expires in", -1, 24)*500_000) + Instant(small(t, "a bit", -1, 1))
		g.ExpiresAt = max(1, g.ExpiresAt)
	}
	return g
}

func anyRequest(t *rapid.T) Request {
	return Request{Quantity: small(t, "quantity", 1, 14), AllowPartial: rapid.Bool().Draw(t, "partial")}
}

func anyMoment(t *rapid.T, from, to int64) Instant {
	return AtSecond(border+small(t, "now", from, to)) + Instant(rapid.SampledFrom([]int64{0, 1, 500_000, 999_999}).Draw(t, "micros"))
}

// difference tells where Decide's answer departs from the model's, "" when it
// does not.
func difference(in *Input, got *Outcome, want *modelAnswer) string {
	switch {
	case got.Reason != want.reason || got.Granted != want.granted || got.Allowed != want.allowed():
		return fmt.Sprintf("%v %s, want %s %d", got.Allowed, render(in, got), want.reason, want.granted)
	case len(got.Steps) != len(want.steps):
		return fmt.Sprintf("%s: want %d steps", render(in, got), len(want.steps))
	case len(got.Parts) != len(want.parts):
		return fmt.Sprintf("%s: want parts %+v", render(in, got), want.parts)
	}
	for i, s := range got.Steps {
		if (modelStep{s.Available, s.Taken, s.Reason, s.ResetsAt}) != want.steps[i] || s.Bucket != i {
			return fmt.Sprintf("%s: step %d is %+v, want %+v", render(in, got), i, s, want.steps[i])
		}
	}
	var charged int64
	for i, p := range got.Parts {
		mine := modelPart{bucket: got.Steps[p.Step].Bucket, units: p.Units, credits: p.Credits, priced: p.Price.Version != 0}
		for _, d := range p.Draws {
			mine.draws = append(mine.draws, modelDraw{in.Grants[d.Grant].ID, d.Amount})
		}
		if fmt.Sprint(mine) != fmt.Sprint(want.parts[i]) {
			return fmt.Sprintf("%s: part %d is %+v, want %+v", render(in, got), i, mine, want.parts[i])
		}
		charged += p.Credits
	}
	if charged != got.Charged {
		return fmt.Sprintf("charged %d, the parts say %d", got.Charged, charged)
	}
	return ""
}

// sameAsModel is the law above all: the answer is the naive model's.
func sameAsModel(t *rapid.T) {
	now := anyMoment(t, -8, 8)
	w, req := anyWorld(t, now), anyRequest(t)
	in := w.input()
	got := Decide(in, req, now)
	if d := difference(in, got, w.decide(req, now)); d != "" {
		t.Fatal(d)
	}
	if named, refusal := w.refusal(req, now); len(got.Steps) > 0 {
		for i, s := range got.Steps {
			if want := named(i, s.Taken, got.Allowed); s.Window != want {
				t.Fatalf("step %+v: window %d keeps one waiting", s, want)
			}
		}
		if !got.Allowed && !reflect.DeepEqual(*got.Refusal, *refusal) || got.Allowed && got.Refusal != nil {
			t.Fatalf("%s is explained with\n%+v, want\n%+v", render(in, got), got.Refusal, refusal)
		}
	}
	if rooms := w.roomsShown(now); rooms != [2]int64{got.CeilingRoom, got.CapRoom} && len(got.Steps) > 0 {
		t.Fatalf("ceilings and cap leave %d and %d, want %v", got.CeilingRoom, got.CapRoom, rooms)
	}
}

// roomsShown are the room of ceilings and cap, −1 where there is none.
func (w *world) roomsShown(now Instant) [2]int64 {
	rooms := [2]int64{-1, -1}
	if len(w.rules.Ceilings) > 0 {
		rooms[0] = w.roomIn(ofCeilings, w.rules.Ceilings, now.Time().Unix())
	}
	if w.cap != nil {
		rooms[1] = w.capRoom(now.Time().Unix()).Int64()
	}
	return rooms
}

func TestDecideIsTheModel(t *testing.T) { rapid.Check(t, sameAsModel) }

func FuzzDecide(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(rapid.MakeFuzz(sameAsModel))
}

// Sorting by Before makes one order of any: the answer cannot depend on how
// the grants were loaded.
func TestOrderOfInputGrantsIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		w, req := anyWorld(t, now), anyRequest(t)
		in := w.input()
		want := render(in, Decide(in, req, now))
		r := rand.New(rand.NewSource(rapid.Int64().Draw(t, "shuffle")))
		r.Shuffle(len(w.grants), func(i, j int) { w.grants[i], w.grants[j] = w.grants[j], w.grants[i] })
		in = w.input()
		if got := render(in, Decide(in, req, now)); got != want {
			t.Fatalf("shuffled: %s\nfirst:    %s", got, want)
		}
	})
}

func TestBeforeIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g [3]Grant
		for i := range g {
			g[i] = anyGrant(t, byte('a'+i), AtSecond(border))
		}
		a, b, c := &g[0], &g[1], &g[2]
		switch {
		case a.Before(a):
			t.Fatal("a grant lies before itself")
		case a.Before(b) == b.Before(a):
			t.Fatal("two grants have no order")
		case a.Before(b) && b.Before(c) && !a.Before(c):
			t.Fatal("the order is not transitive")
		}
	})
}

// Decide reads its input and changes nothing in it.
func TestDecideChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		w, req := anyWorld(t, now), anyRequest(t)
		in := w.input()
		decide := func() string {
			out := Decide(in, req, now)
			refusal := out.Refusal
			out.Refusal = nil
			return fmt.Sprintf("%+v %+v", out, refusal)
		}
		first := decide()
		_, _, _ = MaxQuantityNow(in, now), RetryAt(in, req, now), viewAll(in, now)
		if second := decide(); second != first {
			t.Fatalf("asked again: %s\nfirst: %s", second, first)
		}
		fresh := w.input()
		for i := range in.Grants {
			if fmt.Sprint(in.Grants[i]) != fmt.Sprint(fresh.Grants[i]) {
				t.Fatal("a grant was changed")
			}
		}
	})
}

func viewAll(in *Input, now Instant) []BucketView {
	var views []BucketView
	for i := 0; in.Rules != nil && i < len(in.Rules.Buckets); i++ {
		views = append(views, View(in, i, now))
	}
	return views
}

func TestMaxQuantityNowIsTheLargestPartialGrant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, 8)
		w := anyWorld(t, now)
		got := MaxQuantityNow(w.input(), now)
		// A world holds at most 54 credits, which buy 216 units at 1 for 4; its
		// windows and free tiers add a few.
		var most int64
		for n := int64(1); n <= min(got, 280)+20; n++ {
			most = max(most, w.decide(askPart(n), now).granted)
		}
		if got != most {
			t.Fatalf("MaxQuantityNow is %d, the largest partial grant %d", got, most)
		}
	})
}

// RetryAt is what a scan second by second finds: only time passes, the grants
// that are open now count until they expire.
func TestRetryAtIsTheScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -7, -1)
		w, req := anyWorld(t, now), anyRequest(t)
		waiting := *w
		waiting.grants = nil
		for _, g := range w.grants {
			if g.OpenAt(now) {
				waiting.grants = append(waiting.grants, g)
			}
		}
		// After the border every period is new and ten seconds later every
		// window is empty: later seconds bring nothing.
		var want int64
		for s := now.Second() + 1; s <= border+20 && want == 0; s++ {
			if waiting.decide(req, AtSecond(s)).allowed() {
				want = s
			}
		}
		if got := RetryAt(w.input(), req, now); got != want {
			t.Fatalf("RetryAt is now%+d, the scan finds now%+d", got-now.Second(), want-now.Second())
		}
	})
}
