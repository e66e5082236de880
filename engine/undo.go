package engine

import (
	"fmt"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// target finds the decision that an operation is about, under the lock. It is a
// fault when the account has none by that id.
func (b *batch) target(a *account, id ledger.ID) (*ledger.Decision, error) {
	d, err := b.decision(b.ctx, a.ID, id)
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, notFound("decisionId", "the decision")
	}
	return d, nil
}

// layers are the parts of a decision as they stand, in the order in which they
// were drawn, on their way back. Of a hold they are what is reserved; of an
// allowed or settled decision what was paid for and not refunded.
func (b *batch) layers(a *account, d *ledger.Decision) ([]waterfall.Taken, error) {
	event := d.Funded()
	if d.Now() == ledger.StatusHeld {
		event = &d.Event
	}
	if event == nil {
		return nil, nil
	}
	parts, postings, err := b.partsOf(event)
	if err != nil {
		return nil, err
	}
	if err := b.openGrants(a, postings); err != nil {
		return nil, err
	}
	if d.Now() == ledger.StatusHeld {
		return b.heldLayers(a, d, postings)
	}
	layers, err := b.paidLayers(d, parts, postings)
	if err != nil {
		return nil, err
	}
	for i := range d.Follow {
		if d.Follow[i].Kind == ledger.Refunded {
			waterfall.GiveBack(layers, d.Follow[i].Granted)
		}
	}
	return layers, nil
}

// funds are the parts and postings of an event that this batch made.
type funds struct {
	parts    []ledger.Monetization
	postings []ledger.PostingRow
}

// partsOf finds the parts of an event, made in this batch or before.
func (b *batch) partsOf(e *ledger.Event) ([]ledger.Monetization, []ledger.PostingRow, error) {
	if f, ok := b.funded[e.ID]; ok {
		return f.parts, f.postings, nil
	}
	if e.Costless() {
		return e.CostlessParts(), nil, nil
	}
	return b.tx.PartsOf(b.ctx, e)
}

// openGrants makes the grants of postings known, those too that were closed.
func (b *batch) openGrants(a *account, postings []ledger.PostingRow) error {
	var unknown []ledger.ID
	seen := map[ledger.ID]bool{}
	for i := range postings {
		if id := ledger.ID(postings[i].Grant); a.lot(id) < 0 && !seen[id] {
			seen[id] = true
			unknown = append(unknown, id)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	if b.tx == nil {
		return fmt.Errorf("engine: a grant that a hold of account %s draws on is closed", a.ID)
	}
	grants, err := b.tx.GrantsByID(b.ctx, a.ID, unknown)
	if err != nil {
		return err
	}
	a.addGrants(grants...)
	return nil
}

// heldLayers reads a hold's parts from its steps and HOLD postings: the
// postings of one part stand together, and a bucket that gave units and credits
// has two parts.
func (b *batch) heldLayers(a *account, d *ledger.Decision, postings []ledger.PostingRow) ([]waterfall.Taken, error) {
	price, err := b.priceOf(d.Feature, d.PriceVersion)
	if err != nil {
		return nil, err
	}
	var layers []waterfall.Taken
	part := int32(0)
	for i := range d.Steps {
		s := &d.Steps[i]
		if s.Taken == 0 {
			continue
		}
		if s.Kind.Counted() {
			layers = append(layers, waterfall.Taken{Kind: s.Kind, Bucket: s.Bucket, Scope: s.Scope, Units: s.Taken})
			part++
			continue
		}
		byUnits := int64(0)
		first := len(layers)
		for ; hasPart(postings, part) && a.kindOf(postings, part) == s.Kind; part++ {
			layer := waterfall.Taken{Kind: s.Kind, Bucket: s.Bucket, Scope: s.Scope}
			units := false
			for _, p := range postings {
				if p.Part == part && p.Kind == book.Hold {
					layer.Draws = append(layer.Draws, waterfall.TakenDraw{Grant: p.Grant, Amount: -p.Amount})
					units = p.Units
				}
			}
			if units {
				for _, draw := range layer.Draws {
					layer.Units += draw.Amount
				}
				byUnits += layer.Units
			} else {
				layer.Credits, layer.Price = s.Credits, price
			}
			layers = append(layers, layer)
		}
		for j := first; j < len(layers); j++ {
			if layers[j].Price.Version != 0 {
				layers[j].Units = s.Taken - byUnits
			}
		}
	}
	return layers, nil
}

func hasPart(postings []ledger.PostingRow, part int32) bool {
	for i := range postings {
		if postings[i].Part == part {
			return true
		}
	}
	return false
}

// kindOf is the kind of the grants that a part drew on.
func (a *account) kindOf(postings []ledger.PostingRow, part int32) waterfall.Kind {
	for i := range postings {
		if postings[i].Part == part {
			if lot := a.lot(postings[i].Grant); lot >= 0 {
				return a.lots[lot].Kind
			}
		}
	}
	return 0
}

// paidLayers reads parts from monetization events and their DEBIT postings.
func (b *batch) paidLayers(d *ledger.Decision, parts []ledger.Monetization, postings []ledger.PostingRow) ([]waterfall.Taken, error) {
	layers := make([]waterfall.Taken, len(parts))
	for i, m := range parts {
		price, err := b.priceOf(d.Feature, m.PriceVersion)
		if err != nil {
			return nil, err
		}
		layers[i] = waterfall.Taken{Kind: m.Kind, Bucket: m.Bucket, Units: m.Quantity, Credits: m.Credits, Price: price}
		for _, p := range postings {
			if p.Part == m.Part && p.Kind == book.Debit {
				layers[i].Draws = append(layers[i].Draws, waterfall.TakenDraw{Grant: p.Grant, Amount: -p.Amount})
			}
		}
	}
	return layers, nil
}

// priceOf is a version of a feature's price, the zero Price for version 0. A
// version never changes; one that this batch's catalog lacks was set elsewhere
// a moment ago.
func (b *batch) priceOf(feature string, version int32) (waterfall.Price, error) {
	price, known := b.catalog.Price(feature, version)
	if known || version == 0 {
		return price, nil
	}
	newer, err := b.engine.refresh(b.ctx)
	if err != nil {
		return waterfall.Price{}, err
	}
	if price, known = newer.Price(feature, version); !known {
		return waterfall.Price{}, fmt.Errorf("engine: version %d of the price of %q does not exist", version, feature)
	}
	return price, nil
}

// counted is what a decision still counts in one second for one bucket.
type counted struct {
	step   ledger.Step // kind, bucket, scope and second
	units  int64
	credit int64
}

// standing sums what a decision and all that followed it count, by bucket and
// second, in the order of time. A later plan may give a bucket's key to another
// kind: what each gave stays apart.
func standing(d *ledger.Decision) []counted {
	var all []counted
	note := func(s *ledger.Step) {
		if s.Taken == 0 && s.Credits == 0 {
			return
		}
		for i := range all {
			if c := &all[i]; c.step.Kind == s.Kind && c.step.Bucket == s.Bucket && c.step.Scope == s.Scope && c.step.Second == s.Second {
				c.units += s.Taken
				c.credit += s.Credits
				return
			}
		}
		all = append(all, counted{ledger.Step{Kind: s.Kind, Bucket: s.Bucket, Scope: s.Scope, Second: s.Second}, s.Taken, s.Credits})
	}
	for i := range d.Steps {
		note(&d.Steps[i])
	}
	for i := range d.Follow {
		for j := range d.Follow[i].Steps {
			note(&d.Follow[i].Steps[j])
		}
	}
	return all
}

// undoSteps records what parts give back, each in the second in which it was
// counted, the newest first.
func undoSteps(d *ledger.Decision, layers []waterfall.Taken, back []waterfall.Returned) []ledger.Step {
	stand := standing(d)
	var steps []ledger.Step
	for _, r := range back {
		units, credits := r.Units, r.Credits
		for i := len(stand) - 1; i >= 0 && (units > 0 || credits > 0); i-- {
			c := &stand[i]
			if c.step.Bucket != layers[r.Part].Bucket || c.step.Kind != layers[r.Part].Kind {
				continue
			}
			u, m := min(units, c.units), min(credits, c.credit)
			if u == 0 && m == 0 {
				continue
			}
			s := c.step
			s.Available, s.Taken, s.Credits, s.Window = c.units, -u, -m, -1
			steps = append(steps, s)
			c.units, c.credit = c.units-u, c.credit-m
			units, credits = units-u, credits-m
		}
	}
	return steps
}

// lapse posts what a hold returned out of its grants again, where it finds no
// room: out of one that has ended all, out of a recurring one what would not have
// stayed when it was renewed.
func (b *batch) lapse(a *account, d *ledger.Decision, held []waterfall.Taken, back []waterfall.Returned, ordinal *int32, source ledger.ID) error {
	returned := map[[16]byte]int64{}
	for _, r := range back {
		for _, draw := range r.Draws {
			returned[draw.Grant] += draw.Amount
		}
	}
	for _, lot := range lotsOf(a, held) {
		if err := b.bury(a, lot, source, ordinal); err != nil {
			return err
		}
		g, t := &a.lots[lot], &a.terms[lot]
		if t.VoidedAt != 0 || t.ExpiredAt != 0 || returned[g.ID] == 0 {
			continue
		}
		lapses := g.Return(returned[g.ID], d.At)
		if lapses == 0 {
			continue
		}
		if err := a.post(&b.writes, lot, book.Posting{Kind: book.Expiry, Counter: book.Expired, Amount: -lapses, Source: source,
			Ordinal: *ordinal, Part: book.NoPart}); err != nil {
			return err
		}
		*ordinal++
	}
	return nil
}

// bury posts what returned to a grant that is no longer open out of it again,
// as what ended it.
func (b *batch) bury(a *account, lot int, source ledger.ID, ordinal *int32) error {
	g, t := &a.lots[lot], &a.terms[lot]
	kind, counter := book.Kind(0), book.Counter(0)
	switch {
	case t.VoidedAt != 0:
		kind, counter = book.Void, book.Voided
	case t.ExpiredAt != 0:
		kind, counter = book.Expiry, book.Expired
	default:
		t.Closed = false
		return nil
	}
	t.Closed = g.Held == 0
	if g.Remaining == 0 {
		return nil
	}
	err := a.post(&b.writes, lot, book.Posting{Kind: kind, Counter: counter, Amount: -g.Remaining, Source: source,
		Ordinal: *ordinal, Part: book.NoPart})
	*ordinal++
	return err
}
