package waterfall

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// life is a world that decisions are applied to, beside the live input that an
// engine would keep: both must stay in step.
type life struct {
	*world
	live  *Input
	taken []receipt
}

// receipt is what a decision took, and the second in which counters counted it.
type receipt struct {
	parts  []Taken
	second int64
}

func newLife(w *world) *life {
	l := &life{world: w, live: w.input()}
	for i := range l.live.Used {
		if l.live.Used[i] == nil {
			l.live.Used[i] = &Series{}
		}
	}
	if l.live.Granted == nil {
		l.live.Granted = &Series{}
	}
	if l.live.Cap != nil && l.live.Cap.Spent == nil {
		l.live.Cap.Spent = &Series{}
	}
	return l
}

// count adds to the raw events and to the live counter.
func (l *life) count(counter int, second, amount int64) {
	if amount == 0 {
		return
	}
	l.events = append(l.events, event{counter, second, amount})
	switch {
	case counter >= 0:
		l.live.Used[counter].Add(second, amount)
	case counter == ofCeilings:
		l.live.Granted.Add(second, amount)
	case l.live.Cap != nil:
		l.live.Cap.Spent.Add(second, amount)
	}
}

// change moves an amount of a grant, in the world and in the live input.
func (l *life) change(t *rapid.T, id [16]byte, amount int64) {
	for _, grants := range [][]Grant{l.grants, l.live.Grants} {
		i := slices.IndexFunc(grants, func(g Grant) bool { return g.ID == id })
		grants[i].Remaining += amount
		if grants[i].Remaining < 0 || grants[i].Remaining > grants[i].Amount {
			t.Fatalf("grant %s holds %d of %d", nameOf(id), grants[i].Remaining, grants[i].Amount)
		}
	}
}

// apply takes what a decision gave.
func (l *life) apply(t *rapid.T, out *Outcome, second int64) {
	var parts []Taken
	for _, p := range out.Parts {
		i := out.Steps[p.Step].Bucket
		b := &l.rules.Buckets[i]
		kept := Taken{Kind: b.Kind, Bucket: b.Key, Units: p.Units, Credits: p.Credits, Price: p.Price}
		if b.Kind.Counted() {
			l.count(i, second, p.Units)
		}
		if b.Kind == Credit {
			l.count(ofCap, second, p.Credits)
		}
		for _, d := range p.Draws {
			id := l.live.Grants[d.Grant].ID
			kept.Draws = append(kept.Draws, TakenDraw{id, d.Amount})
			l.change(t, id, -d.Amount)
		}
		parts = append(parts, kept)
	}
	l.count(ofCeilings, second, out.Granted)
	l.taken = append(l.taken, receipt{parts, second})
}

// giveBack returns units of an earlier decision.
func (l *life) giveBack(t *rapid.T, from receipt, units int64) {
	parts := from.parts
	before := total(parts)
	back := GiveBack(parts, units)
	var returned int64
	for k, r := range back {
		p := &parts[r.Part]
		returned += r.Units
		if k > 0 && back[k-1].Part <= r.Part {
			t.Fatal("an earlier part gave back before a later one")
		}
		for i, b := range l.rules.Buckets {
			if b.Key == p.Bucket && b.Kind.Counted() {
				l.count(i, from.second, -r.Units)
			}
		}
		if p.Kind == Credit {
			l.count(ofCap, from.second, -r.Credits)
		}
		for _, d := range r.Draws {
			l.change(t, d.Grant, d.Amount)
		}
		if p.Price.Version != 0 && p.Credits != l.cost0(p.Units) {
			t.Fatalf("%d units remain for %d, their price is %d", p.Units, p.Credits, l.cost0(p.Units))
		}
	}
	if want := min(units, before); returned != want || total(parts) != before-want {
		t.Fatalf("%d of %d came back of %d units", returned, units, before)
	}
	l.count(ofCeilings, from.second, -returned)
	checkDraws(t, parts)
}

func total(parts []Taken) (units int64) {
	for _, p := range parts {
		units += p.Units
	}
	return units
}

// checkDraws: what a part still holds is what its draws still hold.
func checkDraws(t *rapid.T, parts []Taken) {
	for _, p := range parts {
		var drawn int64
		for _, d := range p.Draws {
			if d.Amount < 0 {
				t.Fatalf("a draw of %d", d.Amount)
			}
			drawn += d.Amount
		}
		want := p.Units
		if p.Price.Version != 0 {
			want = p.Credits
		}
		if !p.Kind.Counted() && drawn != want {
			t.Fatalf("draws of %d for a part that holds %d", drawn, want)
		}
	}
}

// checkLimits looks at every window, quota, ceiling and cap of the whole life.
func (l *life) checkLimits(t *rapid.T, until int64) {
	windows := func(counter int, windows []Window) {
		for _, x := range windows {
			for s := border - 30; s <= until; s++ {
				if n := l.sumWithin(counter, s-x.Seconds+1, s); n > x.Limit || n < 0 {
					t.Fatalf("counter %d: %d of %d within %d s", counter, n, x.Limit, x.Seconds)
				}
			}
		}
	}
	for i, b := range l.rules.Buckets {
		windows(i, b.Windows)
		for s := border - 30; b.Kind == FreeTier && s <= until; s += 10 {
			if start, end := calendarDates(b.Period, s); l.sumWithin(i, start, end-1) > b.Quota {
				t.Fatalf("bucket %d is over its quota", i)
			}
		}
	}
	windows(ofCeilings, l.rules.Ceilings)
	if l.cap != nil {
		for _, s := range []int64{border - 1, border} {
			if start, end := calendarDates(l.cap.Period, s); l.sumWithin(ofCap, start, end-1) > l.cap.Limit {
				t.Fatal("the spend cap was passed")
			}
		}
	}
}

// A life of many decisions and returns never overdraws anything, and the
// counters kept alive give the same answers as the raw events.
func TestNothingIsEverOverdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := anyWorld(t, AtSecond(border-20))
		w.events, w.suspended, w.absent = nil, false, false
		l, second := newLife(w), border-20
		for range small(t, "decisions", 1, 12) {
			second += small(t, "wait", 0, 4)
			req, now := anyRequest(t), AtSecond(second)
			out := Decide(l.live, req, now)
			if d := difference(l.live, out, l.decide(req, now)); d != "" {
				t.Fatal(d)
			}
			if !out.Allowed && (len(out.Parts) > 0 || out.Charged != 0 || out.Granted != 0) {
				t.Fatal("a denial takes something")
			}
			checkSums(t, req, out)
			l.apply(t, out, second)
			if rapid.Bool().Draw(t, "returns") {
				l.giveBack(t, l.taken[small(t, "which", 0, int64(len(l.taken)-1))], small(t, "units back", 1, 9))
			}
			for i := range l.live.Used {
				if l.rules.Buckets[i].Kind == RateLimit {
					l.live.Used[i].Trim(second - 7)
				}
			}
			l.checkLimits(t, second)
		}
	})
}

// checkSums: draws plus what is missing = asked.
func checkSums(t *rapid.T, req Request, out *Outcome) {
	var bySteps, byParts int64
	for _, s := range out.Steps {
		bySteps += s.Taken
		if s.Taken < 0 || s.Taken > s.Available {
			t.Fatalf("step %+v", s)
		}
	}
	for _, p := range out.Parts {
		byParts += p.Units
	}
	missing := req.Quantity - out.Granted
	if bySteps != out.Granted || byParts != out.Granted || missing < 0 || missing > 0 && out.Reason == Funded {
		t.Fatalf("steps give %d, parts %d, granted %d of %d", bySteps, byParts, out.Granted, req.Quantity)
	}
}
