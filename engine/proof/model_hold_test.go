package proof_test

import (
	"slices"

	"spillway/engine/waterfall"
)

// What the model does with a decision: take, give back, settle, refund.

// take counts a decision's parts and takes them out of the grants; a hold keeps
// them apart.
func (m *model) take(d *modelDecision, parts []*modelPart, hold bool) {
	for _, p := range parts {
		for _, draw := range p.draws {
			draw.grant.remaining -= draw.amount
			if hold {
				draw.grant.held += draw.amount
			}
		}
		u := &use{decision: d, user: d.user, feature: d.feature, bucket: p.bucket.Key, second: m.now.Unix(), units: p.units, granted: p.units,
			ofTheAccount: p.bucket.Scope == waterfall.PerAccount}
		if p.bucket.Kind == waterfall.Credit {
			u.spent = p.credits
		}
		m.uses = append(m.uses, u)
	}
}

// forget drops the uses that nothing can see any more: no window, quota or cap
// looks back further than a month.
func (m *model) forget() {
	if len(m.uses) < 64 || m.uses[len(m.uses)/2].second > m.now.Unix()-32*86_400 {
		return
	}
	m.uses = slices.DeleteFunc(m.uses, func(u *use) bool { return u.second <= m.now.Unix()-32*86_400 })
}

// unhold lets go of what a hold keeps apart, without giving it to anybody yet.
func unhold(d *modelDecision) {
	for _, p := range d.parts {
		for _, draw := range p.draws {
			draw.grant.held -= draw.amount
		}
	}
}

// giveBack returns units of a decision, last drawn first; each part then costs
// the rounded-up price of the units that remain in it.
func (m *model) giveBack(d *modelDecision, units int64, refund bool) {
	sum := &d.back
	if refund {
		sum = &d.refunds
		sum.times++
	}
	for i := len(d.parts) - 1; i >= 0 && units > 0; i-- {
		p := d.parts[i]
		n := min(units, p.units)
		if n == 0 {
			continue
		}
		back := p.credits - p.price.cost(p.units-n)
		amount := n
		if p.price.version != 0 {
			amount = back
		}
		p.units, p.credits, units = p.units-n, p.credits-back, units-n
		sum.units, sum.credits = sum.units+n, sum.credits+back
		for j := len(p.draws) - 1; j >= 0; j-- {
			take := min(amount, p.draws[j].amount)
			p.draws[j].amount -= take
			amount -= take
			sum.toGrants += take
			if refund {
				sum.lost += take - p.draws[j].grant.refund(take, d.made)
			} else {
				sum.lost += take - p.draws[j].grant.put(take, d.made)
			}
		}
		m.uncount(d, p, n, back, refund)
	}
}

// uncount takes units and money back out of the seconds in which they were
// counted, the newest first.
func (m *model) uncount(d *modelDecision, p *modelPart, units, credits int64, refund bool) {
	if p.bucket.Kind != waterfall.Credit {
		credits = 0
	}
	for i := len(m.uses) - 1; i >= 0; i-- {
		u := m.uses[i]
		if u.decision != d || u.bucket != p.bucket.Key {
			continue
		}
		n, c := min(units, u.units), min(credits, u.spent)
		u.units, u.spent, units, credits = u.units-n, u.spent-c, units-n, credits-c
		if !refund {
			u.granted -= n
		}
	}
}

// end gives back all of a hold.
func (m *model) end(d *modelDecision, status string) {
	unhold(d)
	m.giveBack(d, d.granted, false)
	d.status, d.granted, d.charged, d.parts = status, 0, 0, nil
}

// expire ends a hold whose time is up; of any other decision it is nothing.
func (m *model) expire(d *modelDecision) {
	if d.status == "HELD" && !m.now.Before(d.until) {
		m.end(d, "EXPIRED")
	}
}

// release ends an open hold without use, or refuses.
func (m *model) release(d *modelDecision) (ok bool) {
	if d.status != "HELD" || !m.now.Before(d.until) {
		return false
	}
	m.end(d, "RELEASED")
	return true
}

// refund gives back units of what was used, nil all that is left, or refuses.
func (m *model) refund(d *modelDecision, quantity *int64) (ok bool) {
	units := d.left()
	if quantity != nil {
		units = *quantity
	}
	if units == 0 || units > d.left() {
		return false
	}
	m.giveBack(d, units, true)
	d.refunded += units
	return true
}

// settle ends a hold with what was used, or refuses.
func (m *model) settle(d *modelDecision, quantity int64) (ok bool) {
	if d.settled >= 0 {
		return d.settled == quantity
	}
	m.expire(d)
	if d.status != "HELD" && d.status != "EXPIRED" {
		return false
	}
	reserved := int64(0)
	if d.status == "HELD" {
		reserved = d.granted
	}
	d.reserved = reserved
	var further modelDecision
	if quantity > reserved {
		further = m.further(d, quantity-reserved)
	}
	if d.status == "HELD" {
		unhold(d)
		m.giveBack(d, max(0, reserved-quantity), false)
	}
	m.take(d, m.merge(d, further.parts), false)
	d.status, d.settled = "SETTLED", quantity
	d.granted = min(reserved, quantity) + further.granted
	d.unfunded = quantity - d.granted
	d.charged = 0
	for _, p := range d.parts {
		d.charged += p.credits
	}
	return true
}

// further walks what goes beyond a hold. An indivisible feature stays with the
// bucket that its hold drew on.
func (m *model) further(d *modelDecision, quantity int64) modelDecision {
	r, ok := m.rules[d.feature]
	if !ok {
		return m.decide(nil, d.user, quantity, true)
	}
	if !r.Divisible && len(d.parts) > 0 {
		buckets := r.Buckets
		r.Buckets = nil
		for _, b := range buckets {
			if b.Key == d.parts[0].bucket.Key {
				r.Buckets = append(r.Buckets, b)
			}
		}
	}
	return m.decide(&r, d.user, quantity, true)
}

// merge adds parts to those of a decision: one for each bucket and price, which
// costs the rounded-up price of all its units. It returns what each really adds.
func (m *model) merge(d *modelDecision, parts []*modelPart) (added []*modelPart) {
	for _, p := range parts {
		var same *modelPart
		for _, k := range d.parts {
			if k.bucket.Key == p.bucket.Key && k.price == p.price && (len(k.draws) > 0) == (len(p.draws) > 0) {
				same = k
			}
		}
		if same == nil {
			own := *p
			own.draws = slices.Clone(p.draws)
			d.parts = append(d.parts, &own)
			added = append(added, p)
			continue
		}
		whole := same.price.cost(same.units + p.units)
		for saved := p.credits - (whole - same.credits); saved > 0; saved-- {
			for j := len(p.draws) - 1; j >= 0; j-- {
				if p.draws[j].amount > 0 {
					p.draws[j].amount--
					break
				}
			}
		}
		p.credits = whole - same.credits
		same.units, same.credits = same.units+p.units, whole
		same.add(p.draws)
		added = append(added, p)
	}
	return added
}

func (p *modelPart) add(draws []modelDraw) {
next:
	for _, d := range draws {
		for j := range p.draws {
			if p.draws[j].grant == d.grant {
				p.draws[j].amount += d.amount
				continue next
			}
		}
		p.draws = append(p.draws, d)
	}
}

// left is what of a decision can still be refunded.
func (d *modelDecision) left() int64 {
	if d.status != "ALLOWED" && d.status != "SETTLED" {
		return 0
	}
	return d.granted - d.refunded
}
