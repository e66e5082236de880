package waterfall

import (
	"fmt"
	"testing"
	"time"
)

func TestRetryAt(t *testing.T) {
	const never = -1
	half := Instant(500_000)
	toMidnight, toMonday, toApril := int64(12*3600), int64(5*86_400+12*3600), int64(21*86_400+12*3600)
	for _, c := range []struct {
		name  string
		world *world
		req   Request
		want  int64 // seconds after noon
	}{
		{"when the oldest use leaves the window", given(rate(per(5, hour)), used(2, 3000), used(3, 10)), ask(2), 600},
		{"when more of it has left", given(rate(per(5, hour)), used(2, 3000), used(3, 10)), ask(3), 3590},
		{"in part: with the first unit", given(rate(per(5, hour)), used(2, 3000), used(3, 10)), askPart(5), 600},
		{"the slowest of several windows", given(rate(per(1, hour), per(9, 24*hour)), used(1, 60), used(8, 80_000)), ask(1), 6400},
		{"larger than the window ever", given(rate(per(5, hour)), used(5, 10)), ask(6), never},
		{"the free quota of the next day", given(free(3, Day), used(3, 10)), ask(1), toMidnight},
		{"of the next Monday", given(free(3, Week), used(3, 10)), ask(1), toMonday},
		{"of the next month", given(free(3, Month), used(3, 10)), ask(1), toApril},
		{"the window or the quota, whichever is first", given(rate(per(1, hour)), used(1, 60), free(1, Day), used(1, 60)), ask(1), 3540},
		{"the window and the quota together", given(rate(per(1, hour)), used(1, 60), free(1, Day), used(1, 60)), ask(2), toMidnight},
		{"a ceiling", given(rate(per(9, hour)), ceiling(per(3, hour)), granted(3, 600)), ask(1), 3000},
		{"a spend cap's period", given(credits, price(10, 1), money("c", Credit, 90), spendCap(20, Day), spent(20, 60)), ask(1), toMidnight},
		{"a spend cap's period, were the grant still open", given(credits, price(10, 1), money("c", Credit, 90, until(oneSecond*12*3600)), spendCap(20, Day), spent(20, 60)), ask(1), never},
		{"a grant that expires just after", given(credits, price(10, 1), money("c", Credit, 90, until(oneSecond*12*3600+1)), spendCap(20, Day), spent(20, 60)), ask(1), toMidnight},
		{"with the help of a grant that expires later", given(rate(per(2, hour)), used(2, 3590), promotions, units("p", Promotion, 1, until(10*oneSecond+1))), ask(3), 10},
		{"one second too late for that grant", given(rate(per(2, hour)), used(2, 3590), promotions, units("p", Promotion, 1, until(10*oneSecond))), ask(3), never},
		{"while a grant lasts, else much later", given(rate(per(2, hour)), used(1, 3590), used(1, 60), promotions, units("p", Promotion, 1, until(5*oneSecond))), ask(2), 3540},
		{"no scheduled grant", given(promotions, units("p", Promotion, 1, since(10*oneSecond))), ask(1), never},
		{"no scheduled grant, though others are open", given(promotions, units("p", Promotion, 1), units("q", Promotion, 1, since(10*oneSecond))), ask(2), never},
		{"no credits ever", given(credits, price(10, 1)), ask(1), never},
		{"suspended", given(rate(per(1, hour)), suspended), ask(1), never},
		{"not in the plan", given(rate(per(1, hour)), notInPlan), ask(1), never},
		{"indivisible: when one bucket has it all", given(indivisible, rate(per(3, hour)), used(2, 60), free(3, Day), used(1, 9)), ask(3), 3540},
		{"a grant that expires at the end of time", given(rate(per(1, hour)), used(1, 60), promotions, units("p", Promotion, 1, func(g *Grant) { g.ExpiresAt = 1<<63 - 1 })), ask(2), 3540},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, after := range []Instant{0, half} {
				in, out := c.world.at(after, c.req)
				if out.Allowed {
					t.Fatalf("not denied: %s", render(in, out))
				}
				got := RetryAt(in, c.req, AtSecond(noon)+after) - noon
				if got == -noon {
					got = never
				}
				if got != c.want {
					t.Errorf("asked %d µs after noon: %d s, want %d s", after, got, c.want)
				}
			}
		})
	}
}

// Many grants that expire one after the other, while the window lets one unit
// go at 600, 700, … 1500 s: up to 1000 s a grant is lost for each unit won.
func TestRetryAtOverManyExpiries(t *testing.T) {
	w := given(rate(per(10, hour)))
	for i := range int64(10) {
		used(1, 3000-100*i)(w)
		units(fmt.Sprint(i), Promotion, 1, until(Instant(100*(i+1))*oneSecond))(w)
	}
	promotions(w)
	in := w.input()
	for quantity, want := range map[int64]int64{6: 1100, 7: 1200, 10: 1500, 11: -noon} {
		if got := RetryAt(in, ask(quantity), AtSecond(noon+560)) - noon; got != want {
			t.Errorf("%d: %d s, want %d s", quantity, got, want)
		}
	}
}

// A denial that no time can mend is told at once, however many grants expire
// one after the other: others wait for the worker.
func TestRetryAtLooksNoFurtherThanItCanHelp(t *testing.T) {
	const many = 10_000
	parts := []part{rate(per(5, 24*hour)), used(5, 10), promotions}
	for n := range many {
		parts = append(parts, units(fmt.Sprint(n), Promotion, 1, until(Instant(n+2)*oneSecond)))
	}
	req := ask(many + 100)
	in, _ := given(parts...).at(0, req)
	begun := time.Now()
	if at := RetryAt(in, req, AtSecond(noon)); at != 0 {
		t.Errorf("possible at %d", at)
	}
	if took := time.Since(begun); took > 300*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}
