package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/server/stores"
)

// windowed publishes the plan "windows": 7 per 10 seconds and 20 per minute per
// user, 3 per 30 seconds pooled, and a ceiling of 60 per minute.
func (w *world) windowed() {
	w.t.Helper()
	w.plan("windows", waterfall.Rules{Feature: "chat", Ceilings: []waterfall.Window{{Limit: 60, Seconds: 60}}, Buckets: []waterfall.Bucket{
		{Kind: waterfall.RateLimit, Key: "own", Windows: []waterfall.Window{{Limit: 7, Seconds: 10}, {Limit: 20, Seconds: 60}}},
		{Kind: waterfall.RateLimit, Key: "pool", Scope: waterfall.PerAccount, Windows: []waterfall.Window{{Limit: 3, Seconds: 30}}},
		{Kind: waterfall.FreeTier, Key: "daily", Quota: 40, Period: waterfall.Day},
	}})
}

// granted is what one step took, in which second.
type granted struct {
	second, units int64
}

// tally is what every bucket gave, by bucket and user; "" pools the account.
type tally map[[2]string][]granted

func (a tally) add(d *ledger.Decision) {
	for _, s := range d.Steps {
		user := d.User
		if s.Scope == waterfall.PerAccount {
			user = ""
		}
		if s.Taken > 0 {
			a[[2]string{s.Bucket, user}] = append(a[[2]string{s.Bucket, user}], granted{d.At.Second(), s.Taken})
			a[[2]string{"ceiling", ""}] = append(a[[2]string{"ceiling", ""}], granted{d.At.Second(), s.Taken})
		}
	}
}

// audit counts every window the slow way.
func (a tally) audit(t *testing.T) {
	t.Helper()
	limits := map[string][]waterfall.Window{"own": {{Limit: 7, Seconds: 10}, {Limit: 20, Seconds: 60}}, "pool": {{Limit: 3, Seconds: 30}},
		"daily": {{Limit: 40, Seconds: 1}}, "ceiling": {{Limit: 60, Seconds: 60}}}
	for of, all := range a {
		for _, limit := range limits[of[0]] {
			for _, end := range all {
				var sum int64
				for _, g := range all {
					within := g.second > end.second-limit.Seconds && g.second <= end.second
					if of[0] == "daily" {
						within = waterfall.Day.Start(g.second) == waterfall.Day.Start(end.second)
					}
					if within {
						sum += g.units
					}
				}
				if sum > limit.Limit {
					t.Fatalf("%v gave %d until second %d, its limit is %d per %d s", of, sum, end.second-noon.Unix(), limit.Limit, limit.Seconds)
				}
			}
		}
	}
}

// TestRedisFaults runs one after the other on one Redis that is emptied, killed
// and started.
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	s := ownStores(t)
	for name, run := range map[string]func(*testing.T, *stores.Stores){
		"between calls": redisLost, "under load": redisLostUnderLoad, "back within a second": redisBackWithinASecond, "while others follow": redisLostWhileFollowed,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, s)
			check(t, s.Redis.Start(context.Background()))
		})
	}
}

// redisLost: whatever happens to Redis between the calls, no window gives
// more than its limit, and every answer is that of an engine that has no Redis
// and remembers nothing.
func redisLost(t *testing.T, s *stores.Stores) {
	w := newWorldOfStores(t, s)
	w.windowed()
	ctx := context.Background()
	forgetful := engine.Options{Workers: 1, States: 1}
	engines := []*engine.Engine{w.Engine, w.another(w.redis), w.with(w.redis, forgetful)}
	plain := w.with(away{}, forgetful)
	account, twin, decoy := w.account("account", "windows"), w.account("twin", "windows"), w.account("decoy", "windows")
	key := "spillway:{" + account + "}"
	r := rand.New(rand.NewPCG(11, 12))
	seen, calls, last := tally{}, 0, "nothing"
	call := func() {
		calls++
		w.clock.Add(time.Duration(r.IntN(2500)) * time.Millisecond)
		request := engine.AuthorizeRequest{User: []string{"ann", "bob"}[r.IntN(2)], Feature: "chat", Quantity: 1 + r.Int64N(5), AllowPartial: r.IntN(2) == 0,
			Key: fmt.Sprint("n", calls)}
		request.Account = decoy
		if r.IntN(4) == 0 {
			must(engines[2].Authorize(ctx, request))
		}
		must(plain.Authorize(ctx, request))
		request.Account = twin
		want := must(plain.Authorize(ctx, request))
		request.Account = account
		got := must(engines[r.IntN(3)].Authorize(ctx, request))
		if describe(got) != describe(want) {
			t.Fatalf("call %d after %s: %s", calls, last, difference(describe(got), describe(want)))
		}
		seen.add(got)
	}
	running := true
	var copies []string
	faults := map[string]func(){
		"nothing": func() {},
		"flush":   func() { _ = w.redis.Client().FlushAll(ctx).Err() },
		// A copy is there once a call found Redis awake and wrote to it.
		"save": func() {
			for running {
				_ = w.redis.Ping(ctx)
				if dump, err := w.redis.Client().Dump(ctx, key).Result(); err == nil {
					copies = append(copies, dump)
					return
				}
				call()
			}
		},
		"restore": func() {
			if len(copies) > 0 {
				_ = w.redis.Client().RestoreReplace(ctx, key, 0, copies[len(copies)/2]).Err()
			}
		},
		"kill":    func() { check(t, s.Redis.Kill()); running = false },
		"start":   func() { check(t, s.Redis.Start(ctx)); running = true },
		"restart": func() { check(t, s.Redis.StopFast()); check(t, s.Redis.Start(ctx)); running = true },
		"scripts": func() { _ = w.redis.Client().ScriptFlush(ctx).Err() },
	}
	order := []string{"nothing", "nothing", "flush", "save", "save", "restore", "restore", "kill", "start", "start", "restart", "scripts"}
	faulty := rand.New(rand.NewPCG(13, 14)) // by itself: how many calls a copy needs changes nothing of what follows
	happened := map[string]int{}
	for range 150 {
		last = "nothing"
		if faulty.IntN(3) == 0 {
			last = order[faulty.IntN(len(order))]
			happened[last]++
			faults[last]()
			if last == "start" || last == "restart" {
				_ = w.redis.Ping(ctx) // as the health check of a server does
			}
		}
		call()
	}
	for fault := range faults {
		if happened[fault] == 0 {
			t.Errorf("%s never happened", fault)
		}
	}
	seen.audit(t)
	if len(seen) != 6 {
		t.Errorf("not every bucket took part: %v", seen)
	}
	w.verified()
	if len(copies) < 3 {
		t.Errorf("only %d copies were made", len(copies))
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// crowdOfWindows lets callers ask in turn for units of accounts on the plan
// "windows", each call of the next engine, until stop, which tells what each
// account got.
func (w *world) crowdOfWindows(callers int, engines []*engine.Engine, accounts ...string) (stop func() map[string]tally) {
	var mu sync.Mutex
	seen, calls := map[string]tally{}, 0
	for _, a := range accounts {
		seen[a] = tally{}
	}
	var group sync.WaitGroup
	done := make(chan struct{})
	for i := range callers {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				a := accounts[(i+n)%len(accounts)]
				d, err := engines[(i+n/len(accounts))%len(engines)].Authorize(context.Background(), engine.AuthorizeRequest{Account: a,
					User: []string{"ann", "bob", "cy"}[i%3], Feature: "chat", Quantity: 1, Key: fmt.Sprint(i, "-", n)})
				if err != nil {
					w.t.Error(err)
					return
				}
				mu.Lock()
				seen[a].add(d)
				calls++
				mu.Unlock()
			}
		})
	}
	return func() map[string]tally {
		close(done)
		group.Wait()
		w.t.Logf("%d calls", calls)
		return seen
	}
}

// redisLostUnderLoad: many callers through two engines while Redis is
// emptied, killed and started: the windows still give exactly their limits.
func redisLostUnderLoad(t *testing.T, s *stores.Stores) {
	w := newWorldOfStores(t, s)
	w.windowed()
	ctx := context.Background()
	engines := []*engine.Engine{w.Engine, w.another(w.redis)}
	account := w.account("busy", "windows")
	stop := w.crowdOfWindows(12, engines, account)
	for n := range 24 {
		time.Sleep(60 * time.Millisecond)
		w.clock.Add(6 * time.Second)
		switch n % 6 {
		case 0, 2:
			_ = w.redis.Client().FlushAll(ctx).Err()
		case 3:
			check(t, s.Redis.Kill())
		case 5:
			check(t, s.Redis.Start(ctx))
		}
	}
	seen := stop()[account]
	seen.audit(t)
	w.verified()
	// Full use: the first minute's worth of the long window, per user.
	for _, user := range []string{"ann", "bob", "cy"} {
		var sum int64
		for _, g := range seen[[2]string{"own", user}] {
			sum += g.units
		}
		if sum < 20 {
			t.Errorf("%s got only %d", user, sum)
		}
	}
}

// redisBackWithinASecond: after Redis was away, an engine uses it again by
// itself, and soon: what one process writes, another finds without counting the
// events again.
func redisBackWithinASecond(t *testing.T, s *stores.Stores) {
	w := newWorldOfStores(t, s)
	w.windowed()
	a := w.account("back", "windows")
	forgetful := w.with(w.redis, engine.Options{Workers: 1, States: 1})
	ctx := context.Background()
	call := func(e *engine.Engine) {
		w.clock.Add(time.Second)
		must(e.Authorize(ctx, engine.AuthorizeRequest{Account: a, User: "ann", Feature: "chat", Quantity: 1, Key: w.key()}))
	}
	call(w.Engine)
	check(t, s.Redis.Kill())
	for range 3 {
		call(w.Engine)
		call(forgetful)
	}
	if !w.CountersAway() {
		t.Error("the counters do not count as away")
	}
	check(t, s.Redis.Start(ctx))
	begun := time.Now()
	for w.CountersAway() {
		if time.Since(begun) > 1500*time.Millisecond {
			t.Fatal("the counters are still away")
		}
		call(w.Engine)
		time.Sleep(5 * time.Millisecond)
	}
	call(w.Engine)
	before := forgetful.Rebuilds()
	call(forgetful)
	call(w.Engine)
	call(forgetful)
	if n := forgetful.Rebuilds() - before; n != 0 {
		t.Errorf("%d rebuilds although Redis holds the counters", n)
	}
}
