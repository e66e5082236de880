package waterfall

import (
	"cmp"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestView(t *testing.T) {
	toMidnight, toMonday := int64(12*3600), int64(5*86_400+12*3600)
	for _, c := range []struct {
		name  string
		world *world
		want  BucketView // without its windows, seconds after noon
	}{
		{"an untouched window", given(rate(per(5, hour))), BucketView{Limit: 5, Remaining: 5}},
		{"a used window", given(rate(per(5, hour)), used(2, 3000), used(1, 10)), BucketView{Limit: 5, Used: 3, Remaining: 2, NextRefill: 600, Reset: 3590}},
		{"a window that forgot", given(rate(per(5, hour)), used(2, 3600), used(1, 10)), BucketView{Limit: 5, Used: 1, Remaining: 4, NextRefill: 3590, Reset: 3590}},
		{"a window cut down by a new plan", given(rate(per(5, hour)), used(2, 3000), used(4, 2000), used(1, 10)), BucketView{Limit: 5, Used: 7, NextRefill: 1600, Reset: 3590}},
		{"the window with least room", given(rate(per(5, hour), per(20, 24*hour)), used(18, 7200), used(1, 10)), BucketView{Limit: 20, Used: 19, Remaining: 1, NextRefill: 86_400 - 7200, Reset: 86_390}},
		{"of windows with as little room, the later refill", given(rate(per(2, 5*hour), per(3, 7*24*hour)), used(1, 86_400), used(2, 60)), BucketView{Limit: 3, Used: 3, NextRefill: 6 * 86_400, Reset: 7*86_400 - 60}},
		{"two windows alike: the later refill", given(rate(per(5, hour), per(5, 24*hour)), used(3, 60)), BucketView{Limit: 5, Used: 3, Remaining: 2, NextRefill: 86_340, Reset: 86_340}},
		{"a full small window beside a used one", given(rate(per(5, hour), per(9, 24*hour)), used(4, 7200)), BucketView{Limit: 5, Remaining: 5, Reset: 79_200}},
		{"the same the other way round", given(rate(per(9, 24*hour), per(5, hour)), used(4, 7200)), BucketView{Limit: 5, Remaining: 5, Reset: 79_200}},
		{"an untouched quota", given(free(5, Day)), BucketView{Limit: 5, Remaining: 5}},
		{"a used quota", given(free(5, Day), used(2, 60)), BucketView{Limit: 5, Used: 2, Remaining: 3, NextRefill: toMidnight, Reset: toMidnight}},
		{"a weekly quota", given(free(5, Week), used(5, 60)), BucketView{Limit: 5, Used: 5, NextRefill: toMonday, Reset: toMonday}},
		{"a quota cut down by a new plan", given(free(5, Day), used(7, 60)), BucketView{Limit: 5, Used: 7, NextRefill: toMidnight, Reset: toMidnight}},
		{"yesterday's use", given(free(5, Day), used(2, 12*3600+1)), BucketView{Limit: 5, Remaining: 5}},
		{"no grants", given(promotions), BucketView{Limit: -1}},
		{"units", given(promotions, units("a", Promotion, 9, left(4)), units("b", Promotion, 2)), BucketView{Limit: -1, Used: 5, Remaining: 6}},
		{"credits at the price of the moment", given(credits, price(10, 1), money("a", Credit, 90, left(40))), BucketView{Limit: -1, Used: 5, Remaining: 4}},
		{"rests of several grants", given(credits, price(10, 1), money("a", Credit, 20, left(5)), money("b", Credit, 20, left(5))), BucketView{Limit: -1, Used: 3, Remaining: 1}},
		{"units and credits", given(promotions, price(10, 1), money("a", Promotion, 90, left(40)), units("b", Promotion, 9, left(4))), BucketView{Limit: -1, Used: 10, Remaining: 8}},
		{"credits without a price", given(credits, money("a", Credit, 90, left(40))), BucketView{Limit: -1}},
		{"closed grants and other features", given(promotions, units("a", Promotion, 9, left(4), until(0)), units("b", Promotion, 9, left(4), only("e"))), BucketView{Limit: -1}},
		{"more left than the amount, after a rollover", given(promotions, units("a", Promotion, 5, left(8)), units("b", Promotion, 5, left(3))), BucketView{Limit: -1, Used: 2, Remaining: 11}},
		{"what the spend cap leaves", given(credits, price(10, 1), money("a", Credit, 90), spendCap(30, Day), spent(10, 9)), BucketView{Limit: -1, Remaining: 2}},
		{"more than 2^53−1", given(promotions, units("a", Promotion, 1<<62), units("b", Promotion, 1<<62, left(0))), BucketView{Limit: -1, Used: MaxQuantity, Remaining: MaxQuantity}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := View(c.world.input(), 0, AtSecond(noon)+999_999)
			if windows := len(c.world.rules.Buckets[0].Windows); len(got.Windows) != windows {
				t.Errorf("%d windows are shown of %d", len(got.Windows), windows)
			}
			got.Windows = nil
			got.NextRefill, got.Reset = afterNoon(got.NextRefill), afterNoon(got.Reset)
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("\n got %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func afterNoon(second int64) int64 {
	if second == 0 {
		return 0
	}
	return second - noon
}

// Every counter shows what a scan over the coming seconds finds: when its room
// grows, and when all of it is back.
func TestViewIsTheScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := anyMoment(t, -8, -1)
		w := anyWorld(t, now)
		w.absent = false
		in := w.input()
		for i, b := range w.rules.Buckets {
			v := View(in, i, now)
			if available := w.available(i, now); v.Remaining != available {
				t.Fatalf("bucket %d shows %d, gives %d", i, v.Remaining, available)
			}
			switch b.Kind {
			case RateLimit:
				checkWindowViews(t, w, i, v, now)
			case FreeTier:
				grows, full := w.scan(now, func(at Instant) int64 { return w.available(i, at) }, b.Quota)
				if v.NextRefill != grows || v.Reset != full || v.Limit != b.Quota {
					t.Fatalf("quota %d: %+v, want %d and %d", i, v, grows-now.Second(), full-now.Second())
				}
			}
		}
	})
}

// scan finds the first second with more room than now, and the last before
// which something is still out; 0 when there is none. After the border every
// period is new and ten seconds later every window is empty.
func (w *world) scan(now Instant, room func(Instant) int64, limit int64) (grows, full int64) {
	start := room(now)
	for s := now.Second() + 1; s <= border+20; s++ {
		r := room(AtSecond(s))
		if grows == 0 && r > start {
			grows = s
		}
		if full == 0 && r == limit && start < limit {
			full = s
		}
	}
	return grows, full
}

func checkWindowViews(t *rapid.T, w *world, i int, v BucketView, now Instant) {
	var reset int64
	shown, binds := false, v.Windows[0]
	for j, x := range w.rules.Buckets[i].Windows {
		room := func(at Instant) int64 {
			return w.roomIn(i, []Window{x}, at.Second())
		}
		grows, full := w.scan(now, room, x.Limit)
		got := v.Windows[j]
		used := w.sumWithin(i, now.Second()-x.Seconds+1, now.Second())
		if want := (WindowView{x, used, room(now), grows, full}); got != want {
			t.Fatalf("window %d: %+v, want %+v", j, got, want)
		}
		reset = max(reset, full)
		shown = shown || v.Limit == x.Limit && v.Used == used && v.Remaining == room(now)
		never := int64(1 << 60)
		back := func(w WindowView) int64 { return cmp.Or(w.NextRefill, never) }
		if got.Remaining < binds.Remaining || got.Remaining == binds.Remaining && back(got) > back(binds) {
			binds = got
		}
	}
	if v.Limit != binds.Window.Limit || v.Used != binds.Used {
		t.Fatalf("%+v shows another window than %+v, which keeps one waiting", v, binds)
	}
	grows, _ := w.scan(now, func(at Instant) int64 { return w.available(i, at) }, -1)
	if v.NextRefill != grows || v.Reset != reset || !shown {
		t.Fatalf("%+v, want refill %d, reset %d", v, grows, reset)
	}
}
