package waterfall

import (
	"testing"

	"pgregory.net/rapid"
)

// apply takes what an outcome took from the state that it was decided on.
func apply(in *Input, out *Outcome, now Instant) {
	for i, s := range out.Steps {
		if s.Taken == 0 || !in.Rules.Buckets[i].Kind.Counted() {
			continue
		}
		addTo(&in.Used[i], now.Second(), s.Taken)
	}
	for _, p := range out.Parts {
		for _, d := range p.Draws {
			in.Grants[d.Grant].Remaining -= d.Amount
		}
		if in.Cap != nil && in.Rules.Buckets[out.Steps[p.Step].Bucket].Kind == Credit {
			addTo(&in.Cap.Spent, now.Second(), p.Credits)
		}
	}
	addTo(&in.Granted, now.Second(), out.Granted)
}

func addTo(s **Series, second, amount int64) {
	if *s == nil {
		*s = &Series{}
	}
	if amount > 0 {
		(*s).Add(second, amount)
	}
}

// askOneByOne sends single requests until one is denied.
func askOneByOne(in *Input, now Instant) Singles {
	var s Singles
	charged := false
	for {
		out := Decide(in, ask(1), now)
		if !out.Allowed {
			return s
		}
		s.All++
		charged = charged || out.Charged > 0
		if !charged {
			s.Included++
		}
		apply(in, out, now)
	}
}

func TestSingles(t *testing.T) {
	t.Run("are what single requests get one after the other", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			now := anyMoment(t, -8, -1)
			in := anyWorld(t, now).input()
			got := SinglesNow(in, now)
			if want := askOneByOne(in, now); got != want {
				t.Fatalf("%+v, and asking gives %+v", got, want)
			}
		})
	})
	for _, c := range []struct {
		name  string
		world *world
		want  Singles
		most  int64
	}{
		{"of an indivisible feature more than one request", given(indivisible, free(10, Day), promotions, units("a", Promotion, 10)), Singles{20, 20}, 10},
		{"at a price that is rounded up fewer than one request", given(credits, price(10, 3), money("a", Credit, 100)), Singles{0, 25}, 30},
		{"a contract in credits costs credits", given(free(2, Day), entitlements, price(10, 1), money("a", Entitlement, 50)), Singles{2, 7}, 7},
		{"what comes behind credits is not included", given(credits, price(10, 1), money("a", Credit, 20), free(3, Day)), Singles{0, 5}, 5},
		{"rests of credits that pay for no unit are passed", given(promotions, price(10, 1), money("a", Promotion, 5), units("b", Promotion, 4)), Singles{4, 4}, 4},
		{"a ceiling holds both", given(ceiling(per(4, hour)), granted(1, 60), free(5, Day)), Singles{3, 3}, 3},
		{"a spend cap holds credits", given(free(1, Day), credits, price(10, 1), money("a", Credit, 90), spendCap(30, Day), spent(10, 9)), Singles{1, 3}, 3},
		{"suspended", given(suspended, free(5, Day)), Singles{}, 0},
		{"no end in sight", given(promotions, units("a", Promotion, 1<<60), units("b", Promotion, 1<<60)), Singles{MaxQuantity, MaxQuantity}, MaxQuantity},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := c.world.input()
			if got := SinglesNow(in, AtSecond(noon)); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if got := MaxQuantityNow(in, AtSecond(noon)); got != c.most {
				t.Errorf("in one request %d, want %d", got, c.most)
			}
		})
	}
}

func TestPurse(t *testing.T) {
	in := given(promotions, units("a", Promotion, 9, left(4)), money("b", Promotion, 90, left(40)), money("c", Promotion, 7, only("e")),
		money("d", Promotion, 7, until(0)), money("e", Credit, 7)).input()
	if got := PurseOf(in, Promotion, AtSecond(noon)); got != (Purse{Units: 4, Credits: 40, UnitsUsed: 5, CreditsUsed: 50}) {
		t.Errorf("a promotion holds %+v", got)
	}
}
