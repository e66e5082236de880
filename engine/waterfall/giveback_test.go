package waterfall

import (
	"fmt"
	"strings"
	"testing"
)

// The parts of one decision: 3 from a window, then a promotion of 2 units and
// 4 units from two grants of credits, then 5 units at 10 for 3.
func drawnParts() []Taken {
	id := func(name byte) [16]byte { return [16]byte{name} }
	return []Taken{
		{Kind: RateLimit, Bucket: "r", Units: 3},
		{Kind: Promotion, Bucket: "p", Units: 2, Draws: []TakenDraw{{id('a'), 1}, {id('b'), 1}}},
		{Kind: Promotion, Bucket: "p", Units: 4, Credits: 40, Price: Price{1, 10, 1}, Draws: []TakenDraw{{id('c'), 25}, {id('d'), 15}}},
		{Kind: Credit, Bucket: "c", Units: 5, Credits: 17, Price: Price{2, 10, 3}, Draws: []TakenDraw{{id('e'), 17}}},
	}
}

func TestGiveBackLastDrawnFirst(t *testing.T) {
	for _, c := range []struct {
		units      int64
		back, rest string
	}{
		{0, "", "3 | 2 a:1 b:1 | 4=40 c:25 d:15 | 5=17 e:17"},
		// 4 units at 10 for 3 cost 14, rounded up from 13.3: 3 come back.
		{1, "1=3 e:3", "3 | 2 a:1 b:1 | 4=40 c:25 d:15 | 4=14 e:14"},
		{2, "2=7 e:7", "3 | 2 a:1 b:1 | 4=40 c:25 d:15 | 3=10 e:10"},
		{5, "5=17 e:17", "3 | 2 a:1 b:1 | 4=40 c:25 d:15 | 0=0 e:0"},
		{6, "5=17 e:17 | 1=10 d:10", "3 | 2 a:1 b:1 | 3=30 c:25 d:5 | 0=0 e:0"},
		{7, "5=17 e:17 | 2=20 d:15 c:5", "3 | 2 a:1 b:1 | 2=20 c:20 d:0 | 0=0 e:0"},
		{10, "5=17 e:17 | 4=40 d:15 c:25 | 1 b:1", "3 | 1 a:1 b:0 | 0=0 c:0 d:0 | 0=0 e:0"},
		{12, "5=17 e:17 | 4=40 d:15 c:25 | 2 b:1 a:1 | 1", "2 | 0 a:0 b:0 | 0=0 c:0 d:0 | 0=0 e:0"},
		{14, "5=17 e:17 | 4=40 d:15 c:25 | 2 b:1 a:1 | 3", "0 | 0 a:0 b:0 | 0=0 c:0 d:0 | 0=0 e:0"},
		{99, "5=17 e:17 | 4=40 d:15 c:25 | 2 b:1 a:1 | 3", "0 | 0 a:0 b:0 | 0=0 c:0 d:0 | 0=0 e:0"},
	} {
		parts := drawnParts()
		var back, rest []string
		for _, r := range GiveBack(parts, c.units) {
			back = append(back, renderPart(r.Units, r.Credits, parts[r.Part].Price, r.Draws))
		}
		for _, p := range parts {
			rest = append(rest, renderPart(p.Units, p.Credits, p.Price, p.Draws))
		}
		if got := strings.Join(back, " | "); got != c.back {
			t.Errorf("%d units give back\n     %s\nwant %s", c.units, got, c.back)
		}
		if got := strings.Join(rest, " | "); got != c.rest {
			t.Errorf("%d units leave\n     %s\nwant %s", c.units, got, c.rest)
		}
	}
}

func renderPart(units, credits int64, p Price, draws []TakenDraw) string {
	s := fmt.Sprint(units)
	if p.Version != 0 {
		s += fmt.Sprintf("=%d", credits)
	}
	for _, d := range draws {
		s += fmt.Sprintf(" %s:%d", nameOf(d.Grant), d.Amount)
	}
	return s
}

// Units that came back cheaper, one by one, add up to the whole charge.
func TestGiveBackUnitByUnit(t *testing.T) {
	parts := drawnParts()
	var units, credits int64
	for range 20 {
		for _, r := range GiveBack(parts, 1) {
			units += r.Units
			credits += r.Credits
		}
	}
	if units != 14 || credits != 57 {
		t.Errorf("%d units and %d credits came back, want 14 and 57", units, credits)
	}
}

// Where a charge was rounded up for many units, the first that come back may
// be worth nothing.
func TestGiveBackOfARoundedCharge(t *testing.T) {
	parts := []Taken{{Kind: Credit, Units: 3, Credits: 1, Price: Price{1, 1, 1000}, Draws: []TakenDraw{{Amount: 1}}}}
	for i, want := range []int64{0, 0, 1} {
		back := GiveBack(parts, 1)
		if len(back) != 1 || back[0].Units != 1 || back[0].Credits != want || int64(len(back[0].Draws)) != want {
			t.Errorf("unit %d gives back %+v, want %d credits", i+1, back, want)
		}
	}
	if back := GiveBack(parts, 1); len(back) != 0 {
		t.Errorf("a fourth unit gives back %+v", back)
	}
}
