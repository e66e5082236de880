package engine

import (
	"context"
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// random is the tail of an id.
func (b *batch) random() uint64 { return b.engine.random() }

// add puts a finished event among the writes and counts it.
func (b *batch) add(a *account, e *ledger.Event) {
	for i := range e.Steps {
		a.tally(e, &e.Steps[i])
	}
	b.writes.Events = append(b.writes.Events, *e)
	a.Events++
}

// attempts are the ids of the events under which one call may have been
// committed already, by an attempt whose outcome was unknown: to find one of
// them is to answer the call, not to repeat an answer.
type attempts []ledger.ID

// earlier finds what the key was used for: in this batch, or ever before. It
// is nil for a fresh key, and a fault when the key was used with another
// request.
func (b *batch) earlier(a *account, key string, kind ledger.EventKind, print int64, own attempts) (*ledger.Decision, error) {
	ref := ledger.KeyRef{Account: a.ID, Key: key}
	if d := b.made[ref]; d != nil {
		e := eventOf(d, key)
		if e.Kind != kind || e.Fingerprint != print {
			return nil, keyConflict("idempotencyKey")
		}
		again := *b.current[ledger.EventRef{Account: a.ID, ID: d.ID}]
		again.Replayed = true
		return &again, nil
	}
	e := b.loaded.Earlier[ref]
	if e == nil {
		return nil, nil
	}
	if e.Kind != kind || e.Fingerprint != print {
		return nil, keyConflict("idempotencyKey")
	}
	id := e.Decision
	if id.IsZero() {
		id = e.ID
	}
	d, err := b.decision(b.ctx, a.ID, id)
	if err != nil {
		return nil, err
	}
	again := *d
	again.Replayed = !slices.Contains(own, e.ID)
	return &again, nil
}

// eventOf is the event of a decision that used the key.
func eventOf(d *ledger.Decision, key string) *ledger.Event {
	for i := range d.Follow {
		if d.Follow[i].Key == key {
			return &d.Follow[i]
		}
	}
	return &d.Event
}

// decision finds a decision as it is now, under the lock: changed in this
// batch, read with it, or read now. nil when the account has none by that id.
func (b *batch) decision(ctx context.Context, account string, id ledger.ID) (*ledger.Decision, error) {
	ref := ledger.EventRef{Account: account, ID: id}
	if d := b.current[ref]; d != nil {
		return d, nil
	}
	if d := b.loaded.Decisions[ref]; d != nil {
		b.current[ref] = d
		return d, nil
	}
	found, err := b.tx.Decisions(ctx, []ledger.EventRef{ref})
	if err != nil {
		return nil, err
	}
	if d := found[ref]; d != nil {
		b.current[ref] = d
		return d, nil
	}
	return nil, nil
}

// fund takes an outcome's parts out of the account: postings for what grants
// give, and monetization events unless it is only held. The counters follow
// from the event's steps when it is added.
func (b *batch) fund(a *account, d *ledger.Decision, out *waterfall.Outcome) error {
	posted := len(b.writes.Postings)
	first := a.Head.Sequence + 1
	kind, counter := book.Debit, book.Revenue
	if d.Status == ledger.StatusHeld {
		kind, counter = book.Hold, book.Held
	}
	var ordinal int32
	for i, p := range out.Parts {
		for _, draw := range p.Draws {
			err := a.post(&b.writes, draw.Grant, book.Posting{Kind: kind, Counter: counter, Amount: -draw.Amount,
				Source: d.ID, Ordinal: ordinal, Part: int32(i)})
			if err != nil {
				return err
			}
			if kind == book.Hold {
				a.lots[draw.Grant].Held += draw.Amount
			}
			ordinal++
		}
		if kind == book.Debit {
			step := &d.Steps[p.Step]
			d.Parts = append(d.Parts, ledger.Monetization{Account: a.ID, Event: d.ID, Part: int32(i), Kind: step.Kind,
				Bucket: step.Bucket, Quantity: p.Units, Credits: p.Credits, PriceVersion: p.Price.Version})
		}
	}
	b.booked(&d.Event, first, posted)
	if !d.Costless() {
		b.writes.Monetization = append(b.writes.Monetization, d.Parts...)
	}
	d.Books = b.writes.Postings[posted:len(b.writes.Postings):len(b.writes.Postings)]
	b.funded[d.ID] = funds{d.Parts, d.Books}
	b.current[ledger.EventRef{Account: a.ID, ID: d.ID}] = d
	return nil
}

// booked notes on an event where in the books its postings stand.
func (b *batch) booked(e *ledger.Event, first int64, posted int) {
	if n := len(b.writes.Postings) - posted; n > 0 {
		e.FirstSequence, e.Postings = first, n
	}
}
