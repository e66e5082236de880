package waterfall

// denied is the sentence of a denial, and when it would pass.
func (p *phrase) denied() {
	t := p.t
	p.text("Denied: ")
	switch t.Reason {
	case AccountSuspended:
		p.text("the account is suspended")
	case FeatureNotInPlan:
		p.notInPlan()
	case CeilingReached:
		p.overCeiling()
	case SpendCapReached:
		p.notEnough(t.fits()).overCap()
	case Indivisible:
		p.tooLargeForOne()
	default:
		p.notEnough(t.fits()).shortage()
	}
	p.text(".")
	if t.Reason == CeilingReached {
		p.ceilingBack()
	}
	if t.RetryAt != 0 {
		p.text(" Possible again").at(AtSecond(t.RetryAt)).text(".")
	}
}

func (p *phrase) notInPlan() {
	if p.t.Plan == "" {
		p.text("the plan does not include this feature")
		return
	}
	p.text("the plan ").text(p.t.Plan).text(" does not include this feature")
}

// fits is how many units would have been given to an ask for no more.
func (t *Telling) fits() int64 {
	var all, most int64
	for i := range t.Steps {
		all = addSaturating(all, t.Steps[i].Available)
		most = max(most, t.Steps[i].Available)
	}
	if t.Rules != nil && !t.Rules.Divisible {
		all = most
	}
	if t.CeilingRoom >= 0 {
		all = min(all, t.CeilingRoom)
	}
	return min(all, MaxQuantity)
}

// notEnough opens with what was asked and what fits: "not enough for 9 (5 fit): ".
func (p *phrase) notEnough(fits int64) *phrase {
	p.text("not enough for ").count(p.t.Requested)
	return p.fitting(fits).text(": ")
}

func (p *phrase) fitting(fits int64) *phrase {
	switch {
	case fits == 1:
		return p.text(" (1 fits)")
	case fits > 0:
		return p.text(" (").count(fits).text(" fit)")
	}
	return p
}

// overCeiling tells of the ceiling that keeps the request waiting.
func (p *phrase) overCeiling() {
	t := p.t
	p.notEnough(t.fits()).text("the account's ceiling")
	left := max(0, t.CeilingRoom)
	if r := t.Refusal; r != nil && t.Rules != nil {
		c := t.Rules.Ceilings[r.Ceiling-1]
		left = r.CeilingRoom
		p.text(" of ").count(c.Limit).text(" per ").every(c.Seconds)
	}
	p.text(" leaves ").count(left).text(", and nothing can pay for more")
}

// ceilingBack tells when the ceiling lets through again, where that is not when
// the request would pass.
func (p *phrase) ceilingBack() {
	t := p.t
	r := t.Refusal
	if r == nil || t.Rules == nil || t.RetryAt != 0 && r.CeilingBack == t.RetryAt {
		return
	}
	asked := t.Requested
	if t.AllowPartial {
		asked = 1
	}
	if t.Rules.Ceilings[r.Ceiling-1].Limit < asked {
		p.text(" It never has room for ").count(asked)
		if r.CeilingBack != 0 {
			p.text("; more comes back").at(AtSecond(r.CeilingBack))
		}
	} else {
		p.text(" It has room for ").count(asked).text(" again").at(AtSecond(r.CeilingBack))
	}
	p.text(".")
}

// overCap tells of the spend cap.
func (p *phrase) overCap() {
	t := p.t
	p.text("the account's spend cap")
	r := t.Refusal
	if r == nil || r.CapPeriod == NoPeriod {
		if t.CapRoom >= 0 {
			p.text(" leaves ").credits(t.CapRoom)
		} else {
			p.text(" is reached")
		}
		return
	}
	p.text(" of ").credits(r.CapLimit).text(" a ").text(periodNouns[r.CapPeriod]).text(" leaves ").credits(t.CapRoom)
	p.text(" (").credits(r.CapSpent).text(" spent) until it resets").at(AtSecond(r.CapPeriod.End(t.At.Second())))
}

// tooLargeForOne tells of the largest single source.
func (p *phrase) tooLargeForOne() {
	t := p.t
	p.text("no single source covers all ").count(t.Requested).text(", and this feature is never split: the most is ")
	var best *ToldStep
	for i := range t.Steps {
		if s := &t.Steps[i]; best == nil || s.Available > best.Available {
			best = s
		}
	}
	if best == nil {
		p.text("0")
		return
	}
	p.count(best.Available).text(" from ").source(best)
}

// shortage lists what every source has, then those that are used up, then why
// credits that are there do not help.
func (p *phrase) shortage() {
	first := len(p.b)
	p.left(first)
	p.usedUp(first)
	for i := range p.t.Steps {
		if s := &p.t.Steps[i]; !s.Kind.Counted() {
			p.unhelpful(i, s, first)
		}
	}
	if len(p.b) == first {
		p.text("no source has anything left")
	}
}

// between writes a separator where something stands behind the colon already.
func (p *phrase) between(first int, separator string) {
	if len(p.b) > first {
		p.text(separator)
	}
}

// left lists the sources that have something, with what it is.
func (p *phrase) left(first int) {
	for i := range p.t.Steps {
		s := &p.t.Steps[i]
		has := s.Available
		if r := p.t.sourceAt(i); s.Kind == RateLimit && r != nil {
			has = r.Room
		}
		if has == 0 {
			continue
		}
		p.between(first, ", ")
		switch s.Kind {
		case RateLimit, FreeTier:
			p.count(has)
			if limit := s.limit(); limit > 0 {
				p.text(" of ").count(limit)
			}
			p.text(" left in ").source(s)
			p.rightNow(s, has)
		default:
			p.affordable(i, s)
		}
	}
}

// rightNow adds what a bucket gives where another of its windows has less room
// than the one that is named.
func (p *phrase) rightNow(s *ToldStep, has int64) {
	switch s.Available {
	case has:
	case 0:
		p.text(" (none right now)")
	default:
		p.text(" (").count(s.Available).text(" right now)")
	}
}

// affordable tells what a pool of grants gives: "1,304 from credits (65.20 at
// 0.05 each)".
func (p *phrase) affordable(i int, s *ToldStep) {
	p.count(s.Available).text(" from ").source(s)
	r := p.t.sourceAt(i)
	if r == nil || r.Credits == 0 || p.t.Price.Version == 0 {
		return
	}
	p.text(" (")
	if s.Kind == Credit && p.t.capped(r) {
		p.credits(p.t.CapRoom).text(" within the spend cap, of ")
	}
	p.credits(r.Credits)
	if s.Kind != Credit {
		p.text(" credits")
	}
	p.text(" at ").price().text(")")
}

// capped tells that the spend cap leaves less than the credits that are there.
func (t *Telling) capped(r *Source) bool { return t.CapRoom >= 0 && t.CapRoom < r.Credits }

// price writes the price: "0.05 each", "5.00 per 1,000".
func (p *phrase) price() *phrase {
	p.credits(p.t.Price.Micros)
	if p.t.Price.Per == 1 {
		return p.text(" each")
	}
	return p.text(" per ").count(p.t.Price.Per)
}

// usedUp lists the sources that have nothing left, with one verb.
func (p *phrase) usedUp(first int) {
	t := p.t
	last, n := -1, 0
	for i := range t.Steps {
		if t.emptied(i) {
			last, n = i, n+1
		}
	}
	if n == 0 {
		return
	}
	p.between(first, "; ")
	listed, plural := 0, n > 1
	for i := range t.Steps {
		s := &t.Steps[i]
		if !t.emptied(i) {
			continue
		}
		switch {
		case listed > 0 && i == last:
			p.text(" and ")
		case listed > 0:
			p.text(", ")
		}
		listed++
		plural = plural || s.Kind == Promotion
		p.source(s)
		if limit := s.limit(); limit > 0 {
			p.text(" of ").count(limit)
		}
	}
	if plural {
		p.text(" are used up")
	} else {
		p.text(" is used up")
	}
}

// emptied tells that a source was there and has nothing left. Credits, and what
// a refusal knows more of, are spoken of apart.
func (t *Telling) emptied(i int) bool {
	s := &t.Steps[i]
	if s.Available > 0 || s.Reason != Exhausted || s.Kind == Credit {
		return false
	}
	r := t.sourceAt(i)
	if s.Kind == RateLimit {
		return r == nil || r.Room == 0
	}
	return s.Kind == FreeTier || r == nil || *r == (Source{})
}

// unhelpful tells why a pool gives nothing, where it is not used up, and what is
// there that cannot pay.
func (p *phrase) unhelpful(i int, s *ToldStep, first int) {
	r := p.t.sourceAt(i)
	if r == nil { // recorded before there were refusals
		if s.Kind == Credit && s.Available == 0 {
			p.between(first, "; ")
			p.text("there are not enough credits")
		}
		return
	}
	if s.Kind == Credit && p.t.Price.Version == 0 && r.Credits == 0 {
		p.between(first, "; ")
		p.text("this feature has no price, so that credits cannot pay for it")
	}
	if r.Credits > 0 && s.Available == 0 {
		p.between(first, "; ")
		p.tooLittle(s, r)
	}
	if r.Elsewhere > 0 {
		p.between(first, "; ")
		p.credits(r.Elsewhere).pool(s.Kind).text(" are for other features only")
	}
	if r.Others > 0 {
		p.between(first, "; ")
		p.text("what ").source(s).text(wouldGive(s.Kind)).text(" is for other features only")
	}
	if r.LaterAt != 0 {
		p.between(first, "; ")
		p.amountOf(s.Kind, Amount{r.Later, r.LaterUnits}).text(" can be used only from ").clock(r.LaterAt)
	}
	if s.Kind == Credit && *r == (Source{}) && p.t.Price.Version != 0 {
		p.between(first, "; ")
		p.text("no credits are left")
	}
}

func wouldGive(k Kind) string {
	if k == Promotion {
		return " give"
	}
	return " gives"
}

// tooLittle tells of credits that are there and do not pay for a single unit.
func (p *phrase) tooLittle(s *ToldStep, r *Source) {
	t := p.t
	switch {
	case t.Price.Version == 0:
		p.text("this feature has no price, so that ").credits(r.Credits).pool(s.Kind).text(" cannot pay for it")
		return
	case s.Kind == Credit && t.capped(r):
		p.text("the spend cap leaves ").credits(t.CapRoom).text(" of ").credits(r.Credits).pool(s.Kind)
	default:
		p.credits(r.Credits).pool(s.Kind).text(" left")
	}
	p.text(", less than one costs (")
	if one, ok := t.Price.Charge(1); ok {
		p.credits(one)
	}
	p.text(")")
}

// pool names the credits of a kind of grants behind their amount.
func (p *phrase) pool(k Kind) *phrase {
	switch k {
	case Promotion:
		return p.text(" promotional credits")
	case Entitlement:
		return p.text(" credits of the entitlement")
	}
	return p.text(" credits")
}

func (p *phrase) amountOf(k Kind, a Amount) *phrase {
	if a.Credits > 0 {
		p.credits(a.Credits).pool(k)
		if a.Units > 0 {
			p.text(" and ")
		}
	}
	if a.Units > 0 {
		p.count(a.Units).text(" from ").source(&ToldStep{Kind: k})
	}
	return p
}

// limit is the size of a counter, 0 where it is not known.
func (s *ToldStep) limit() int64 {
	if s.Bucket < 0 {
		return 0
	}
	switch b := &s.Rules.Buckets[s.Bucket]; b.Kind {
	case RateLimit:
		return b.window(s.Window).Limit
	case FreeTier:
		return b.Quota
	}
	return 0
}

// sourceAt is what a refusal recorded of a step, nil where it did not.
func (t *Telling) sourceAt(i int) *Source {
	if t.Refusal == nil || i >= len(t.Refusal.Sources) {
		return nil
	}
	return &t.Refusal.Sources[i]
}
