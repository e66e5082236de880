package engine

import (
	"math"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
)

// paces sum up what accounts spent and were denied in the last ten minutes. They
// are kept from one pass of the watch to the next, so that a pass reads what
// came since and what has become too old, each once, and again only the last
// half minute, or more while a transaction goes on, in which events may still
// appear. Read whole, ten minutes of a
// busy server take seconds of each processor.
type paces struct {
	// All events of [from, to) are in sums; to is 0 where nothing is.
	from, to waterfall.Instant
	sums     map[string][]featurePace
	// The sums are made anew at the next pass where they are amiss, which is
	// that they cannot be right, and in any case after a while: somebody may
	// have taken away events that are in them.
	amiss bool
	begun waterfall.Instant
}

// featurePace is what an account spent (millionths) and was denied for a
// feature.
type featurePace struct {
	feature        string
	spent, denials int64
}

// accountPace is what an account spent and was denied for all features. The
// features named account for more than half, "" where none does.
type accountPace struct {
	account                     string
	spent, denials              int64
	spentFeature, denialFeature string
}

// readPaces sums up the events of [from, to) by account and feature, in any
// order; what is 0 may be left out.
type readPaces func(from, to waterfall.Instant, each func(ledger.Pace)) error

// pacesStand is how long sums stand.
const pacesStand = waterfall.Instant(time.Hour / time.Microsecond)

// at returns those paces of the ten minutes before now that are wanted. Before
// decided no more events can appear.
func (p *paces) at(now, decided waterfall.Instant, read readPaces, wanted func(*accountPace) bool) ([]accountPace, error) {
	from := now - spikeSpan
	if p.amiss || p.from > from || p.to < from || now-p.begun > pacesStand {
		*p = paces{from: from, to: from, sums: map[string][]featurePace{}, begun: now}
	}
	to := max(p.to, min(now-countLag, decided))
	if err := p.move(from, to, read); err != nil {
		p.amiss = true // some of it may have been added
		return nil, err
	}
	var fresh []ledger.Pace
	err := read(to, now+spikeSpan, func(part ledger.Pace) { fresh = append(fresh, part) }) // other clocks may be ahead
	if err != nil {
		return nil, err
	}
	for i := range fresh {
		p.add(&fresh[i], 1)
	}
	var found []accountPace
	for account, features := range p.sums {
		if all := total(account, features); wanted(&all) {
			found = append(found, all)
		}
	}
	for i := range fresh {
		p.add(&fresh[i], -1)
	}
	return found, nil
}

// move brings the sums to the events of [from, to).
func (p *paces) move(from, to waterfall.Instant, read readPaces) error {
	if p.to < to {
		if err := read(p.to, to, func(part ledger.Pace) { p.add(&part, 1) }); err != nil {
			return err
		}
	}
	if p.from < from {
		if err := read(p.from, from, func(part ledger.Pace) { p.add(&part, -1) }); err != nil {
			return err
		}
	}
	p.from, p.to = from, to
	return nil
}

// add adds to the sums, or takes away what was added. A sum below zero means that
// an event appeared later than any should; one above what 64 bits hold stands at
// that.
func (p *paces) add(part *ledger.Pace, sign int64) {
	features := p.sums[part.Account]
	at := 0
	for at < len(features) && features[at].feature != part.Feature {
		at++
	}
	if at == len(features) {
		features = append(features, featurePace{feature: part.Feature})
	}
	f := &features[at]
	f.spent, f.denials = p.sum(f.spent, sign*part.Spent), p.sum(f.denials, sign*part.Denials)
	if f.spent == 0 && f.denials == 0 {
		features[at] = features[len(features)-1]
		features = features[:len(features)-1]
	}
	if len(features) == 0 {
		delete(p.sums, part.Account)
	} else {
		p.sums[part.Account] = features
	}
}

func (p *paces) sum(a, b int64) int64 {
	switch {
	case b > math.MaxInt64-a:
		p.amiss = true
		return math.MaxInt64
	case a+b < 0:
		p.amiss = true
		return 0
	}
	return a + b
}

// total adds up an account's features, and names those that account for more
// than half.
func total(account string, features []featurePace) accountPace {
	sum := accountPace{account: account}
	for _, f := range features {
		sum.spent, sum.denials = saturated(sum.spent, f.spent), saturated(sum.denials, f.denials)
	}
	for _, f := range features {
		if f.spent > sum.spent-f.spent {
			sum.spentFeature = f.feature
		}
		if f.denials > sum.denials-f.denials {
			sum.denialFeature = f.feature
		}
	}
	return sum
}

// saturated adds two figures that are not negative.
func saturated(a, b int64) int64 {
	if b > math.MaxInt64-a {
		return math.MaxInt64
	}
	return a + b
}
