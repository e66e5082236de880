package waterfall

// Singles is what requests of one unit each would get at a moment, one after the
// other, until the first that is denied.
type Singles struct {
	// Included are those before the first that costs credits.
	Included int64
	// All are those that would be allowed, at most MaxQuantity.
	All int64
}

// SinglesNow counts single requests at a moment. An indivisible feature may allow
// more of them than MaxQuantityNow, which has to come out of one bucket; a price
// that is rounded up for each request may allow fewer.
func SinglesNow(in *Input, now Instant) Singles {
	if barred(in) != ReasonNone {
		return Singles{}
	}
	w := newWalk(in, now)
	var s Singles
	paying := false
	for i := range in.Rules.Buckets {
		b := &in.Rules.Buckets[i]
		if b.Kind.Counted() {
			s.add(w.available(i).units, paying)
			continue
		}
		paying = w.addPool(&s, b.Kind, paying)
	}
	s.Included, s.All = min(s.Included, w.ceilingRoom), min(s.All, w.ceilingRoom)
	return s
}

func (s *Singles) add(units int64, paying bool) {
	s.All = min(MaxQuantity, addSaturating(s.All, units))
	if !paying {
		s.Included = min(MaxQuantity, addSaturating(s.Included, units))
	}
}

// addPool counts what a pool gives to single requests, in spending order: its
// credits count together, and each request pays the price of one unit. It reports
// whether credits pay for a unit here or did before.
func (w *walk) addPool(s *Singles, kind Kind, paying bool) bool {
	each := w.in.Price.chargeOfOne()
	var credits, paid int64
	for i := range w.in.Grants {
		g := &w.in.Grants[i]
		if !w.usable(g, kind) {
			continue
		}
		if g.Units {
			s.add(g.Remaining, paying)
			continue
		}
		credits = addSaturating(credits, g.Remaining)
		afforded := w.spendable(kind, credits) / each
		paying = paying || afforded > 0
		s.add(afforded-paid, paying)
		paid = afforded
	}
	return paying
}

// spendable is what the spend cap leaves of credits of a kind.
func (w *walk) spendable(kind Kind, credits int64) int64 {
	if kind == Credit {
		return min(credits, w.capRoom)
	}
	return credits
}

// chargeOfOne is what a request of one unit costs, 1 where there is no price and
// credits are not usable: it is divided by.
func (p Price) chargeOfOne() int64 {
	if p.Version == 0 {
		return 1
	}
	micros, _ := p.Charge(1) // it fits: a price has at most 62 bits
	return max(1, micros)
}

// Purse is what of a pool is open to a feature, by denomination.
type Purse struct {
	// Units are units that cost nothing, at most MaxQuantity.
	Units int64
	// Credits are millionths of a credit, whatever a spend cap leaves of them.
	Credits int64
	// UnitsUsed and CreditsUsed were drawn from these grants, or are held.
	UnitsUsed   int64
	CreditsUsed int64
}

// PurseOf shows what the open grants of a kind hold for the input's feature.
// Credits of a feature without a price are counted too: they are there, though
// they cannot pay.
func PurseOf(in *Input, kind Kind, now Instant) Purse {
	var p Purse
	for i := range in.Grants {
		g := &in.Grants[i]
		switch {
		case g.Kind != kind || !g.OpenAt(now) || !g.AppliesTo(in.Rules.Feature):
		case g.Units:
			p.Units = min(MaxQuantity, addSaturating(p.Units, g.Remaining))
			p.UnitsUsed = min(MaxQuantity, addSaturating(p.UnitsUsed, g.Used()))
		default:
			p.Credits = addSaturating(p.Credits, g.Remaining)
			p.CreditsUsed = addSaturating(p.CreditsUsed, g.Used())
		}
	}
	return p
}
