package waterfall

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// The language of the examples. A world is built from parts, one line each:
//
//	given(rate(per(50, 5*time.Hour)), used(48, 60), credits, price(100, 1), money("a", Credit, 900))
//
// is a rate limit of 50 per five hours of which 48 were used a minute ago,
// then credits: one grant named a of 900 millionths, at 100 for a unit. The
// world keeps raw events, not series, so that the naive model of the laws can
// count them in its own way.

// noon is the second of the examples: Tuesday, 2026-03-10 12:00:00 UTC.
var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC).Unix()

// The counters that are not a bucket's own.
const (
	ofCeilings = -1
	ofCap      = -2
)

// event is one use that was counted: counter is the index of a bucket,
// ofCeilings or ofCap.
type event struct {
	counter int
	second  int64
	amount  int64
}

type world struct {
	rules     Rules
	absent    bool
	suspended bool
	price     Price
	events    []event
	grants    []Grant
	cap       *SpendCap
}

type part func(*world)

func given(parts ...part) *world {
	w := &world{rules: Rules{Feature: "f", Divisible: true}}
	for _, p := range parts {
		p(w)
	}
	return w
}

func bucket(b Bucket) part {
	return func(w *world) {
		b.Key = fmt.Sprintf("b%d", len(w.rules.Buckets))
		w.rules.Buckets = append(w.rules.Buckets, b)
	}
}

func per(limit int64, length time.Duration) Window {
	return Window{Limit: limit, Seconds: int64(length / time.Second)}
}

func rate(windows ...Window) part { return bucket(Bucket{Kind: RateLimit, Windows: windows}) }

// pooled is a rate limit that all users of the account share.
func pooled(windows ...Window) part {
	return bucket(Bucket{Kind: RateLimit, Windows: windows, Scope: PerAccount})
}

func free(quota int64, p Period) part {
	return bucket(Bucket{Kind: FreeTier, Quota: quota, Period: p})
}

var (
	promotions   = bucket(Bucket{Kind: Promotion})
	entitlements = bucket(Bucket{Kind: Entitlement})
	credits      = bucket(Bucket{Kind: Credit})
)

// used counts an amount in the bucket named last, so many seconds before noon.
func used(amount, ago int64) part {
	return func(w *world) {
		w.events = append(w.events, event{len(w.rules.Buckets) - 1, noon - ago, amount})
	}
}

func ceiling(windows ...Window) part {
	return func(w *world) { w.rules.Ceilings = append(w.rules.Ceilings, windows...) }
}

// granted counts an amount for the ceilings.
func granted(amount, ago int64) part {
	return func(w *world) { w.events = append(w.events, event{ofCeilings, noon - ago, amount}) }
}

func spendCap(limit int64, p Period) part {
	return func(w *world) { w.cap = &SpendCap{Limit: limit, Period: p} }
}

func spent(amount, ago int64) part {
	return func(w *world) { w.events = append(w.events, event{ofCap, noon - ago, amount}) }
}

func price(micros, per int64) part {
	return func(w *world) { w.price = Price{Version: 1, Micros: micros, Per: per} }
}

func indivisible(w *world) { w.rules.Divisible = false }
func suspended(w *world)   { w.suspended = true }
func notInPlan(w *world)   { w.absent = true }

type trait func(*Grant)

func units(name string, k Kind, amount int64, traits ...trait) part {
	return grant(name, Grant{Kind: k, Amount: amount, Units: true}, traits)
}

func money(name string, k Kind, micros int64, traits ...trait) part {
	return grant(name, Grant{Kind: k, Amount: micros}, traits)
}

func grant(name string, g Grant, traits []trait) part {
	copy(g.ID[:], name)
	g.Priority, g.Remaining = 100, g.Amount
	g.EffectiveAt, g.CreatedAt = AtSecond(noon-1_000_000), AtSecond(noon-1_000_000)
	for _, t := range traits {
		t(&g)
	}
	return func(w *world) { w.grants = append(w.grants, g) }
}

func priority(p int32) trait        { return func(g *Grant) { g.Priority = p } }
func left(n int64) trait            { return func(g *Grant) { g.Remaining = n } }
func only(features ...string) trait { return func(g *Grant) { g.Features = features } }

// until, since and born place a grant's moments, in microseconds after noon.
func until(after Instant) trait { return func(g *Grant) { g.ExpiresAt = AtSecond(noon) + after } }
func since(after Instant) trait { return func(g *Grant) { g.EffectiveAt = AtSecond(noon) + after } }
func born(after Instant) trait  { return func(g *Grant) { g.CreatedAt = AtSecond(noon) + after } }

const oneSecond Instant = 1_000_000

func ask(n int64) Request     { return Request{Quantity: n} }
func askPart(n int64) Request { return Request{Quantity: n, AllowPartial: true} }

// input is the world as Decide meets it: counters summed up, grants sorted.
func (w *world) input() *Input {
	in := &Input{Suspended: w.suspended, Price: w.price, Used: make([]*Series, len(w.rules.Buckets))}
	if !w.absent {
		in.Rules = &w.rules
	}
	if w.cap != nil {
		c := *w.cap
		in.Cap = &c
	}
	for _, e := range w.events {
		counter := &in.Granted
		switch {
		case e.counter == ofCap && in.Cap == nil:
			continue
		case e.counter == ofCap:
			counter = &in.Cap.Spent
		case e.counter >= 0:
			counter = &in.Used[e.counter]
		}
		if *counter == nil {
			*counter = &Series{}
		}
		(*counter).Add(e.second, e.amount)
	}
	in.Grants = append([]Grant(nil), w.grants...)
	sort.Slice(in.Grants, func(i, j int) bool { return in.Grants[i].Before(&in.Grants[j]) })
	return in
}

// at is the world's decision some microseconds after noon.
func (w *world) at(after Instant, req Request) (*Input, *Outcome) {
	in := w.input()
	return in, Decide(in, req, AtSecond(noon)+after)
}

// render writes an outcome in one line: the reason and what was granted, then
// for each step what it took of what it had, why, and the draws of its parts:
//
//	FUNDED 5 for 200 | 3/3 PARTLY_FUNDED | 2/9 FUNDED 2u=200 a:150 b:50
func render(in *Input, out *Outcome) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s %d", out.Reason, out.Granted)
	if out.Charged != 0 {
		fmt.Fprintf(&s, " for %d", out.Charged)
	}
	for i, step := range out.Steps {
		fmt.Fprintf(&s, " | %d/%d %s", step.Taken, step.Available, step.Reason)
		for _, p := range out.Parts {
			if p.Step != i || len(p.Draws) == 0 {
				continue
			}
			fmt.Fprintf(&s, " %du", p.Units)
			if p.Price.Version != 0 {
				fmt.Fprintf(&s, "=%d", p.Credits)
			}
			for _, d := range p.Draws {
				fmt.Fprintf(&s, " %s:%d", nameOf(in.Grants[d.Grant].ID), d.Amount)
			}
		}
	}
	return s.String()
}

func nameOf(id [16]byte) string { return strings.TrimRight(string(id[:]), "\x00") }
