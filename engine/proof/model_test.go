package proof_test

import (
	"math/big"
	"slices"
	"time"

	"spillway/engine/waterfall"
)

// The model is the product as its words say it, written for itself: every use
// in one list that is summed each time, money in big integers, grants in a list
// that is sorted each time. It knows nothing of batches, counters or postings.

type model struct {
	rules     map[string]waterfall.Rules // of the plan, by feature
	price     map[string]modelPrice      // now, by feature
	prices    map[string][]*setForModel  // all that were set
	suspended bool
	limit     int64 // of the spend cap, -1: none
	period    waterfall.Period
	now       time.Time
	uses      []*use
	grants    []*modelGrant
	holds     []*modelDecision // all that were ever held
}

func newModel(plan []waterfall.Rules) *model {
	m := &model{limit: -1, price: map[string]modelPrice{}, prices: map[string][]*setForModel{}}
	m.follow(plan)
	return m
}

// follow puts the account on a plan.
func (m *model) follow(plan []waterfall.Rules) {
	m.rules = map[string]waterfall.Rules{}
	for _, r := range plan {
		m.rules[r.Feature] = r
	}
}

type modelPrice struct{ version, micros, per int64 }

// use is what one decision counts in one second for one bucket.
type use struct {
	decision     *modelDecision
	user         string
	feature      string
	bucket       string
	second       int64
	units        int64
	granted      int64 // for the ceilings: refunds leave it
	spent        int64 // millionths, of CREDIT buckets
	ofTheAccount bool
}

type modelDraw struct {
	grant  *modelGrant
	amount int64
}

type modelPart struct {
	bucket  waterfall.Bucket
	units   int64
	credits int64
	price   modelPrice
	draws   []modelDraw
}

type modelStep struct {
	bucket           string
	available, taken int64
}

type modelDecision struct {
	user, feature    string
	status           string
	reason           string
	granted, charged int64
	steps            []modelStep
	made             time.Time
	until            time.Time // of a hold
	parts            []*modelPart
	settled          int64 // -1: not settled
	unfunded         int64
	refunded         int64

	// For what a person is told: what was asked and given at first, what fitted
	// where it was denied, and what came back, of it to grants, and was lost again.
	asked, first, firstCharged, fits int64
	plan                             map[string]waterfall.Rules
	reserved                         int64 // when it was settled
	back, refunds                    modelReturn
	told                             string // what was compared last
}

// modelReturn sums what came back. The amounts of grants are in both
// denominations together.
type modelReturn struct{ times, units, credits, toGrants, lost int64 }

// affordable is floor(credits × per ÷ price).
func (p modelPrice) affordable(credits int64) int64 {
	if p.version == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(credits), big.NewInt(p.per))
	return n.Quo(n, big.NewInt(p.micros)).Int64()
}

// cost is ceil(units × price ÷ per).
func (p modelPrice) cost(units int64) int64 {
	if p.version == 0 {
		return 0
	}
	n := new(big.Int).Mul(big.NewInt(units), big.NewInt(p.micros))
	n.Add(n, big.NewInt(p.per-1))
	return n.Quo(n, big.NewInt(p.per)).Int64()
}

// sum adds up uses in the seconds (after, now].
func (m *model) sum(after int64, of func(*use) int64) (total int64) {
	for _, u := range m.uses {
		if u.second > after && u.second <= m.now.Unix() {
			total += of(u)
		}
	}
	return total
}

// begin is the first second of the calendar period that holds now.
func (m *model) begin(p waterfall.Period) int64 {
	day := time.Date(m.now.Year(), m.now.Month(), m.now.Day(), 0, 0, 0, 0, time.UTC)
	switch p {
	case waterfall.Week:
		for day.Weekday() != time.Monday {
			day = day.AddDate(0, 0, -1)
		}
	case waterfall.Month:
		day = day.AddDate(0, 0, 1-day.Day())
	}
	return day.Unix()
}

// capRoom is what the spend cap leaves, -1 without one.
func (m *model) capRoom() int64 {
	if m.limit < 0 {
		return -1
	}
	return max(0, m.limit-m.sum(m.begin(m.period)-1, func(u *use) int64 { return u.spent }))
}

func (m *model) ceilingRoom(r *waterfall.Rules) int64 {
	room := int64(1) << 60
	for _, c := range r.Ceilings {
		used := m.sum(m.now.Unix()-c.Seconds, func(u *use) int64 {
			if u.feature == r.Feature {
				return u.granted
			}
			return 0
		})
		room = min(room, max(0, c.Limit-used))
	}
	return room
}

// available is what a bucket could give. capRoom -1 is no cap.
func (m *model) available(b waterfall.Bucket, feature, user string, capRoom int64) int64 {
	count := func(u *use) int64 {
		if u.feature == feature && u.bucket == b.Key && (u.ofTheAccount || u.user == user) {
			return u.units
		}
		return 0
	}
	switch b.Kind {
	case waterfall.RateLimit:
		room := int64(1) << 60
		for _, w := range b.Windows {
			room = min(room, max(0, w.Limit-m.sum(m.now.Unix()-w.Seconds, count)))
		}
		return room
	case waterfall.FreeTier:
		return max(0, b.Quota-m.sum(m.begin(b.Period)-1, count))
	}
	var units, credits int64
	for _, g := range m.usable(b.Kind, feature) {
		if g.Units {
			units += g.remaining
		} else {
			credits += g.remaining
		}
	}
	if b.Kind == waterfall.Credit && capRoom >= 0 {
		credits = min(credits, capRoom)
	}
	return units + m.price[feature].affordable(credits)
}

// spread says what each bucket gives of a target: the total, and by bucket.
func (m *model) spread(r *waterfall.Rules, user string, target, room int64, partial bool, capRoom int64) (total int64, each []int64) {
	each = make([]int64, len(r.Buckets))
	if r.Divisible {
		for i, b := range r.Buckets {
			each[i] = min(target-total, m.available(b, r.Feature, user, capRoom))
			total += each[i]
		}
		if !partial && (total < target || target > room) {
			return 0, make([]int64, len(r.Buckets))
		}
		return total, each
	}
	best := -1
	for i, b := range r.Buckets {
		has := m.available(b, r.Feature, user, capRoom)
		if has >= target {
			if target > room || target == 0 {
				return 0, each
			}
			each[i] = target
			return target, each
		}
		if partial && has > 0 && (best < 0 || has > m.available(r.Buckets[best], r.Feature, user, capRoom)) {
			best = i
		}
	}
	if best < 0 {
		return 0, each
	}
	each[best] = m.available(r.Buckets[best], r.Feature, user, capRoom)
	return each[best], each
}

// authorize answers a request and takes what it grants.
func (m *model) authorize(user, feature string, quantity int64, partial bool, holdSeconds int64) *modelDecision {
	var rules *waterfall.Rules
	if r, ok := m.rules[feature]; ok {
		rules = &r
	}
	d := m.decide(rules, user, quantity, partial)
	d.feature = feature
	d.made = m.now
	d.asked, d.first, d.firstCharged, d.plan = quantity, d.granted, d.charged, m.rules
	if d.status == "DENIED" && rules != nil {
		whole := m.decide(rules, user, waterfall.MaxQuantity, true)
		d.fits = whole.granted
	}
	hold := holdSeconds > 0 && d.status == "ALLOWED"
	if hold {
		m.holds = append(m.holds, &d)
		d.status, d.until = "HELD", m.now.Add(time.Duration(holdSeconds)*time.Second)
	}
	m.take(&d, d.parts, hold)
	return &d
}

// decide walks the waterfall and takes nothing.
func (m *model) decide(r *waterfall.Rules, user string, quantity int64, partial bool) (d modelDecision) {
	d = modelDecision{user: user, status: "DENIED", settled: -1}
	switch {
	case m.suspended:
		d.reason = "ACCOUNT_SUSPENDED"
		return d
	case r == nil:
		d.reason = "FEATURE_NOT_IN_PLAN"
		return d
	}
	d.feature = r.Feature
	room, capRoom := m.ceilingRoom(r), m.capRoom()
	target := quantity
	if partial {
		target = min(quantity, room)
	}
	total, each := m.spread(r, user, target, room, partial, capRoom)
	if total == 0 {
		d.reason = m.denial(r, user, target, room, partial)
	} else {
		d.status, d.reason, d.granted = "ALLOWED", "FUNDED", total
		if total < quantity {
			d.reason = "PARTLY_FUNDED"
		}
	}
	given := int64(0)
	for i, b := range r.Buckets {
		if total > 0 && given == target {
			break
		}
		given += each[i]
		d.steps = append(d.steps, modelStep{b.Key, m.available(b, r.Feature, user, capRoom), each[i]})
		if each[i] > 0 {
			d.parts = append(d.parts, m.parts(b, r.Feature, each[i], capRoom)...)
		}
	}
	for _, p := range d.parts {
		d.charged += p.credits
	}
	return d
}

// denial is the first reason that holds.
func (m *model) denial(r *waterfall.Rules, user string, target, room int64, partial bool) string {
	needed := target
	if partial {
		needed = 1
	}
	if target == 0 || target > room {
		return "CEILING_REACHED"
	}
	if free, _ := m.spread(r, user, target, room, partial, -1); m.limit >= 0 && free >= needed {
		return "SPEND_CAP_REACHED"
	}
	whole := *r
	whole.Divisible = true
	if divided, _ := m.spread(&whole, user, target, room, true, m.capRoom()); !r.Divisible && divided >= needed {
		return "INDIVISIBLE"
	}
	if slices.ContainsFunc(r.Buckets, func(b waterfall.Bucket) bool { return b.Kind == waterfall.Credit }) {
		return "INSUFFICIENT_CREDITS"
	}
	return "EXHAUSTED"
}

// parts are what pays for units of one bucket: of a pool the grants in spending
// order, units in whole, credits together.
func (m *model) parts(b waterfall.Bucket, feature string, n, capRoom int64) []*modelPart {
	if b.Kind == waterfall.RateLimit || b.Kind == waterfall.FreeTier {
		return []*modelPart{{bucket: b, units: n}}
	}
	byUnits, byCredits := &modelPart{bucket: b}, &modelPart{bucket: b, price: m.price[feature]}
	var order []*modelPart
	var money int64
	for _, g := range m.usable(b.Kind, feature) {
		left := n - byUnits.units - byCredits.units
		if left == 0 || g.remaining == 0 {
			continue
		}
		part, gives := byUnits, min(left, g.remaining)
		if !g.Units {
			money += g.remaining
			usable := money
			if b.Kind == waterfall.Credit && capRoom >= 0 {
				usable = min(money, capRoom)
			}
			part, gives = byCredits, min(left, byCredits.price.affordable(usable)-byCredits.units)
		}
		if gives > 0 && !slices.Contains(order, part) {
			order = append(order, part)
		}
		part.units += gives
	}
	byCredits.credits = byCredits.price.cost(byCredits.units)
	unitsLeft, creditsLeft := byUnits.units, byCredits.credits
	for _, g := range m.usable(b.Kind, feature) {
		part, left := byUnits, &unitsLeft
		if !g.Units {
			part, left = byCredits, &creditsLeft
		}
		if take := min(*left, g.remaining); take > 0 {
			part.draws = append(part.draws, modelDraw{g, take})
			*left -= take
		}
	}
	return order
}
