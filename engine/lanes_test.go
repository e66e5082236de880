package engine_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// A lane is one way of running the engine: with counters or without, with
// states in memory or without, in one process or in several. All lanes get the
// same requests at the same times, each on an account of its own, and must give
// the same answers.
type lane struct {
	*world
	name    string
	engines []*engine.Engine
	account string
	// decoys push the account out of the states that a worker remembers.
	decoys  []string
	disturb func(*rand.Rand)

	decisions []*ledger.Decision
	requests  []engine.AuthorizeRequest
	grants    []*ledger.Grant
}

// away is a counter store that is never there.
type away struct{}

func (away) Read(context.Context, []counters.Query) ([]counters.Snapshot, error) {
	return nil, counters.ErrAway
}
func (away) Write(context.Context, []counters.Update) ([]bool, error) { return nil, counters.ErrAway }
func (away) Away() bool                                               { return true }

// with starts an engine on the world's database with options.
func (w *world) with(c engine.Counters, o engine.Options) *engine.Engine {
	w.t.Helper()
	o.Clock = w.clock.Now
	e, err := engine.New(context.Background(), w.ledger, c, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(e.Close)
	return e
}

// lanes makes the lanes; the first one is the plainest: everything comes from
// the database each time.
func (w *world) lanes(seed uint64) []*lane {
	w.t.Helper()
	forgetful := engine.Options{Workers: 1, States: 1}
	make := func(name string, engines ...*engine.Engine) *lane {
		return &lane{world: w, name: name, engines: engines, account: w.account(fmt.Sprint(name, seed), "base"), disturb: func(*rand.Rand) {}}
	}
	decoyed := func(l *lane) *lane {
		l.decoys = []string{w.account(fmt.Sprint(l.name, seed, "-decoy"), "base")}
		return l
	}
	disturbed := func(l *lane) *lane {
		l.disturb = l.damage()
		return l
	}
	return []*lane{
		decoyed(make("plain", w.with(away{}, forgetful))),
		make("states", w.with(away{}, engine.Options{})),
		decoyed(make("memory", w.with(counters.NewMemory(), forgetful))),
		disturbed(make("redis", w.with(w.redis, engine.Options{}))),
		disturbed(decoyed(make("alternating", w.with(w.redis, engine.Options{}), w.with(w.redis, forgetful), w.with(away{}, engine.Options{})))),
	}
}

// damage does to the account's counters in Redis what losing it, or getting an
// old copy of it back, would do.
func (l *lane) damage() func(*rand.Rand) {
	client, key := l.redis.Client(), "spillway:{"+l.account+"}"
	var copies []string
	return func(r *rand.Rand) {
		ctx := context.Background()
		switch r.IntN(6) {
		case 0:
			client.Del(ctx, key)
		case 1, 2:
			if dump, err := client.Dump(ctx, key).Result(); err == nil {
				copies = append(copies, dump)
			}
		case 3, 4:
			if len(copies) > 0 {
				client.RestoreReplace(ctx, key, 0, copies[r.IntN(len(copies))])
			}
		}
	}
}

// step is one line of a script.
type step struct {
	kind     string
	user     string
	feature  string
	quantity int64
	flag     bool
	span     time.Duration
	pick     int // of the decisions or grants so far
	plan     string
	random   uint64 // for what each lane does of its own
}

func (s step) String() string {
	return fmt.Sprintf("%s user=%s feature=%s n=%d flag=%v span=%v pick=%d plan=%s", s.kind, s.user, s.feature, s.quantity, s.flag, s.span, s.pick, s.plan)
}

// script draws steps from a seed: mostly requests, with all that can change
// what they meet.
func script(r *rand.Rand, length int) []step {
	kinds := strings.Fields(`ask ask ask ask ask ask ask ask hold hold hold settle settle settle release refund refund
		again grant grant grant void cap plan plan suspend`)
	spans := []time.Duration{0, 0, time.Microsecond, 300 * time.Millisecond, time.Second, 7 * time.Second, 20 * time.Second, 59 * time.Second,
		time.Minute, 11 * time.Minute, time.Hour, 5 * time.Hour, 26 * time.Hour, 9 * 24 * time.Hour, -time.Minute, -3 * time.Hour}
	all := make([]step, length)
	for i := range all {
		all[i] = step{kind: kinds[r.IntN(len(kinds))], user: []string{"ann", "bob"}[r.IntN(2)], feature: []string{"chat", "chat", "chat", "video"}[r.IntN(4)],
			quantity: 1 + r.Int64N(9), flag: r.IntN(3) == 0, pick: r.IntN(1000), plan: plans[r.IntN(len(plans))], random: r.Uint64()}
		if r.IntN(2) == 0 {
			all[i].span = spans[r.IntN(len(spans))]
		}
	}
	return all
}

var plans = strings.Fields("base longer shorter pooled swapped ceiling monthly weekly bare without")

// laneCatalog publishes plans that keep the same bucket keys in every way.
func (w *world) laneCatalog() {
	w.t.Helper()
	minute := func(scope waterfall.Scope, windows ...waterfall.Window) waterfall.Bucket {
		return waterfall.Bucket{Kind: waterfall.RateLimit, Key: "minute", Scope: scope, Windows: windows}
	}
	daily := func(quota int64, p waterfall.Period, scope waterfall.Scope) waterfall.Bucket {
		return waterfall.Bucket{Kind: waterfall.FreeTier, Key: "daily", Scope: scope, Quota: quota, Period: p}
	}
	grants := []waterfall.Bucket{{Kind: waterfall.Promotion, Key: "promo"}, {Kind: waterfall.Entitlement, Key: "contract"}, {Kind: waterfall.Credit, Key: "credits"}}
	plan := func(key string, ceilings []waterfall.Window, counted ...waterfall.Bucket) {
		var rules []waterfall.Rules
		for _, feature := range []string{"chat", "video"} {
			rules = append(rules, waterfall.Rules{Feature: feature, Ceilings: ceilings, Buckets: append(append([]waterfall.Bucket{}, counted...), grants...)})
		}
		w.plan(key, rules...)
	}
	perMinute := waterfall.Window{Limit: 5, Seconds: 60}
	plan("base", nil, minute(waterfall.PerUser, perMinute), daily(3, waterfall.Day, waterfall.PerAccount))
	plan("longer", nil, minute(waterfall.PerUser, perMinute, waterfall.Window{Limit: 12, Seconds: 7200}), daily(3, waterfall.Day, waterfall.PerAccount))
	plan("shorter", nil, minute(waterfall.PerUser, waterfall.Window{Limit: 3, Seconds: 10}), daily(2, waterfall.Day, waterfall.PerAccount))
	plan("pooled", nil, minute(waterfall.PerAccount, perMinute), daily(3, waterfall.Day, waterfall.PerUser))
	plan("swapped", nil, waterfall.Bucket{Kind: waterfall.FreeTier, Key: "minute", Quota: 6, Period: waterfall.Day},
		waterfall.Bucket{Kind: waterfall.RateLimit, Key: "daily", Scope: waterfall.PerAccount, Windows: []waterfall.Window{{Limit: 4, Seconds: 7200}}})
	plan("ceiling", []waterfall.Window{{Limit: 9, Seconds: 60}, {Limit: 14, Seconds: 3600}}, minute(waterfall.PerUser, perMinute), daily(3, waterfall.Day, waterfall.PerAccount))
	plan("monthly", nil, minute(waterfall.PerUser, perMinute), daily(7, waterfall.Month, waterfall.PerAccount))
	plan("weekly", []waterfall.Window{{Limit: 40, Seconds: 86400}}, daily(9, waterfall.Week, waterfall.PerUser))
	plan("bare", nil)
	w.plan("without", waterfall.Rules{Feature: "video", Buckets: grants})
}

// do runs one step and tells the answer in words that do not hold ids.
func (l *lane) do(n int, s step) string {
	ctx := context.Background()
	own := rand.New(rand.NewPCG(s.random, uint64(len(l.name))))
	l.disturb(own)
	for _, e := range l.engines {
		for _, decoy := range l.decoys {
			if err := e.AdvanceAccount(ctx, decoy); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	e := l.engines[own.IntN(len(l.engines))]
	key := fmt.Sprint("step-", n)
	var d *ledger.Decision
	var err error
	switch s.kind {
	case "ask", "hold":
		r := engine.AuthorizeRequest{Account: l.account, User: s.user, Feature: s.feature, Quantity: s.quantity, AllowPartial: s.flag, Key: key}
		if s.kind == "hold" {
			r.HoldSeconds = []int64{5, 90, 4000}[s.pick%3]
		}
		if d, err = e.Authorize(ctx, r); err == nil {
			l.decisions, l.requests = append(l.decisions, d), append(l.requests, r)
		}
	case "again":
		if len(l.requests) == 0 {
			return "nothing to repeat"
		}
		d, err = e.Authorize(ctx, l.requests[s.pick%len(l.requests)])
	case "settle", "release", "refund":
		d, err = l.after(ctx, e, s, key)
	default:
		return l.change(ctx, e, s, key)
	}
	if err != nil {
		return string(code(err))
	}
	return describe(d) + " " + e.Explain(d)
}

func (l *lane) after(ctx context.Context, e *engine.Engine, s step, key string) (*ledger.Decision, error) {
	if len(l.decisions) == 0 {
		return nil, &engine.Fault{Code: "NOTHING YET"}
	}
	// Mostly one of the newest.
	back := s.pick % min(len(l.decisions), 4)
	if s.flag {
		back = s.pick % len(l.decisions)
	}
	id := l.decisions[len(l.decisions)-1-back].ID
	switch s.kind {
	case "settle":
		return e.Settle(ctx, engine.SettleRequest{Account: l.account, Decision: id, Quantity: s.quantity - 1, Key: key})
	case "release":
		return e.Release(ctx, engine.ReleaseRequest{Account: l.account, Decision: id, Key: key})
	}
	r := engine.RefundRequest{Account: l.account, Decision: id, Key: key, Change: byTest}
	if s.flag {
		n := (s.quantity + 2) / 3
		r.Quantity = &n
	}
	return e.Refund(ctx, r)
}

// change runs the steps that change what the account has.
func (l *lane) change(ctx context.Context, e *engine.Engine, s step, key string) string {
	var err error
	switch s.kind {
	case "grant":
		n := engine.NewGrant{Account: l.account, Kind: waterfall.Kind(3 + s.pick%3), Amount: s.quantity * 370_000, Key: key, Priority: int32(s.pick % 2)}
		if s.flag && n.Kind != waterfall.Credit {
			n.Units, n.Amount, n.Features = true, s.quantity, []string{s.feature}
		}
		if s.pick%4 == 0 {
			n.Recurrence = waterfall.Day
		}
		if s.pick%5 == 0 {
			at := waterfall.InstantOf(l.clock.Now().Add(time.Duration(s.quantity) * time.Hour))
			n.ExpiresAt = &at
		}
		if s.pick%7 == 0 {
			at := waterfall.InstantOf(l.clock.Now().Add(30 * time.Minute))
			n.EffectiveAt = &at
		}
		var g *ledger.Grant
		if g, err = e.CreateGrant(ctx, n, byTest); err == nil {
			l.grants = append(l.grants, g)
			return fmt.Sprintf("granted %s %d of %d", g.Kind, g.Remaining, g.Amount)
		}
	case "void":
		if len(l.grants) == 0 {
			return "nothing to void"
		}
		var g *ledger.Grant
		if g, err = e.VoidGrant(ctx, l.account, ledger.ID(l.grants[s.pick%len(l.grants)].ID), byTest); err == nil {
			return fmt.Sprintf("voided: %d held %d", g.Remaining, g.Held)
		}
	case "cap":
		var limit *ledger.Cap
		if s.pick%4 != 0 {
			limit = &ledger.Cap{Limit: s.quantity * 300_000, Period: waterfall.Period(1 + s.pick%3)}
		}
		_, err = e.SetSpendCap(ctx, l.account, limit, byTest)
	case "plan":
		_, err = e.AssignPlan(ctx, l.account, s.plan, byTest)
	case "suspend":
		status := ledger.Active
		if s.flag {
			status = ledger.Suspended
		}
		_, err = e.SetAccountStatus(ctx, l.account, status, byTest)
	}
	return string(code(err))
}

// describe tells a decision without ids, times since noon.
func describe(d *ledger.Decision) string {
	var b strings.Builder
	since := func(second int64) string {
		if second == 0 {
			return "-"
		}
		return fmt.Sprint(second - noon.Unix())
	}
	tell := func(e *ledger.Event) {
		fmt.Fprintf(&b, "[%v %s %s asked %d granted %d charged %d ceiling %d cap %d retry %s at %d plan %s:", e.Kind, e.Status, e.Reason, e.Requested,
			e.Granted, e.Charged, e.CeilingRoom, e.CapRoom, since(e.RetryAt), e.At-waterfall.InstantOf(noon), e.PlanKey)
		for _, s := range e.Steps {
			fmt.Fprintf(&b, " (%s %s/%d had %d took %d for %d %s window %d resets %s in %s)", s.Bucket, s.Kind, s.Scope, s.Available, s.Taken,
				s.Credits, s.Reason, s.Window, since(s.ResetsAt), since(s.Second))
		}
		b.WriteString("]")
	}
	tell(&d.Event)
	for i := range d.Follow {
		tell(&d.Follow[i])
	}
	fmt.Fprintf(&b, " now %s %d %d replayed %v", d.Now(), d.FinalGranted(), d.FinalCharged(), d.Replayed)
	return b.String()
}

// stands tells all counters and the balance of the lane's account, as a reader
// sees them.
func (l *lane) stands(e *engine.Engine) string {
	ctx := context.Background()
	var b strings.Builder
	for _, user := range []string{"ann", "bob"} {
		for _, s := range must(e.Buckets(ctx, engine.BucketQuery{Account: l.account, User: &user})) {
			fmt.Fprintf(&b, "%s %s %s %+v; ", s.Feature, s.Bucket.Key, s.User, s.View)
		}
	}
	balance := must(e.Balances(ctx, []string{l.account}))[l.account]
	fmt.Fprintf(&b, "available %d held %d soon %d sequence %d; ", balance.Available, balance.Held, balance.ExpiringSoon, balance.Sequence)
	if c := must(e.SpendCaps(ctx, []string{l.account}))[l.account]; c != nil {
		fmt.Fprintf(&b, "spent %d of %d", c.Spent, c.Limit)
	}
	return b.String()
}

// difference shows where two texts part.
func difference(a, b string) string {
	if a == b {
		return "none"
	}
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-60)
	return fmt.Sprintf("%q against %q", a[from:min(len(a), i+100)], b[from:min(len(b), i+100)])
}

var scripts = flag.Uint64("scripts", 1, "how many random scripts TestAllWaysOfRunningGiveTheSameAnswers lets all answer")

// TestAllWaysOfRunningGiveTheSameAnswers is the promise of the protocol: the
// counter store, the states in memory and the number of processes cost or save
// time, and never change an answer.
func TestAllWaysOfRunningGiveTheSameAnswers(t *testing.T) {
	t.Parallel()
	const length = 80
	w := newWorld(t)
	w.laneCatalog()
	for seed := range *scripts {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			w.clock.Set(noon)
			lanes := w.lanes(seed)
			r := rand.New(rand.NewPCG(seed, 7))
			var told []string
			for n, s := range script(r, length) {
				w.clock.Add(s.span)
				var first, firstStands string
				for i, l := range lanes {
					answer, stands := l.do(n, s), l.stands(l.engines[0])
					if i == 0 {
						first, firstStands = answer, stands
						told = append(told, fmt.Sprintf("%d %s: %s", n, s, answer))
						continue
					}
					if answer != first || stands != firstStands {
						t.Fatalf("%s\nlane %s answers other than lane %s: %s\nand stands otherwise: %s", strings.Join(told[max(0, len(told)-6):], "\n"),
							l.name, lanes[0].name, difference(answer, first), difference(stands, firstStands))
					}
				}
			}
		})
	}
	w.verified()
}
