package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"spillway/engine/waterfall"
	"spillway/ledger/book"
)

// followPage is how many decisions with refunds are looked up at a time.
const followPage = 256

// followed checks what came after the account's decisions, decision by
// decision: that it came in a possible order, and that refunds gave back what
// was drawn, where it was drawn, and never more.
func (p *proof) followed(ctx context.Context, tx pgx.Tx) error {
	var refunded []ID
	look := func() error {
		err := p.refunds(ctx, tx, refunded)
		refunded = refunded[:0]
		return err
	}
	for e := p.follow.peek(); e != nil && e.Account == p.id; e = p.follow.peek() {
		id, kinds, first := e.Decision, "", e.ID
		for ; e != nil && e.Account == p.id && e.Decision == id; e = p.follow.peek() {
			kinds += string(rune('0' + e.Kind))
			p.follow.take()
		}
		if !possible(kinds) || p.late[id] && kinds[0] == '0'+byte(Settled) {
			p.fault("event.order", atEvent(first), "a-possible-order", kinds)
		}
		if kinds != "2" && kinds != "3" && kinds != "4" && kinds != "42" { // settled, released, expired: proven with the hold
			refunded = append(refunded, id)
		}
		if len(refunded) == followPage {
			if err := look(); err != nil {
				return err
			}
		}
	}
	return look()
}

// possible tells whether the kinds of the events that follow one decision can
// come in this order: a hold is settled, released, or expires and may be
// settled after that; what was used can be refunded.
func possible(kinds string) bool {
	state := byte('1')
	for i := 0; i < len(kinds); i++ {
		switch from, to := state, kinds[i]; {
		case from == '1', from == '4' && to == '2', (from == '2' || from == '5') && to == '5':
			state = to
		default:
			return false
		}
	}
	return true
}

// refunds checks decisions that were refunded.
func (p *proof) refunds(ctx context.Context, tx pgx.Tx, ids []ID) error {
	if len(ids) == 0 {
		return nil
	}
	accounts := make([]string, len(ids))
	for i := range accounts {
		accounts[i] = p.id
	}
	// The rows are found one by one: a scan would be wrong here.
	if _, err := tx.Exec(ctx, "set local enable_seqscan = off"); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, sqlDecisions, accounts, ids)
	events, err := collect(rows, err, scanPlainEvent)
	if err != nil {
		return err
	}
	found := make(map[ID]*Decision, len(ids))
	for _, d := range assemble(events) {
		found[d.ID] = d
	}
	for _, id := range ids {
		d := found[id]
		if d == nil || d.Kind != Authorized {
			p.fault("event.decision", atEvent(id), "a-decision", "none")
			continue
		}
		if err := p.refundsOf(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}

// refundsOf gives back each refund of a decision again, through the waterfall's
// own rule, and compares the postings.
func (p *proof) refundsOf(ctx context.Context, tx pgx.Tx, d *Decision) error {
	funded := d.Funded()
	if funded == nil {
		p.fault("refund", atEvent(d.ID), "something-used", "nothing")
		return nil
	}
	parts, postings, err := partsOf(ctx, tx, funded)
	if err != nil {
		return err
	}
	layers := p.paid(funded, parts, postings)
	for i := range d.Follow {
		e := &d.Follow[i]
		if e.Kind != Refunded {
			continue
		}
		back := waterfall.GiveBack(layers, e.Granted)
		own, err := postingsOf(ctx, tx, e)
		if err != nil {
			return err
		}
		p.refund(e, back, own)
	}
	if units, credits := d.RefundedSoFar(); units > funded.Granted || credits > funded.Charged {
		p.fault("refund.sum", atEvent(d.ID), fmt.Sprintf("at-most-%d:%d", funded.Granted, funded.Charged), fmt.Sprintf("%d:%d", units, credits))
	}
	return nil
}

// paid are the parts of a funded event with what they drew.
func (p *proof) paid(e *Event, parts []Monetization, postings []PostingRow) []waterfall.Taken {
	layers := make([]waterfall.Taken, len(parts))
	for i, m := range parts {
		layers[i] = waterfall.Taken{Kind: m.Kind, Bucket: m.Bucket, Units: m.Quantity, Credits: m.Credits, Price: p.price(e, m.PriceVersion)}
		for _, b := range postings {
			if b.Part == m.Part && b.Kind == book.Debit {
				layers[i].Draws = append(layers[i].Draws, waterfall.TakenDraw{Grant: b.Grant, Amount: -b.Amount})
			}
		}
	}
	return layers
}

// refund compares the REFUND postings of an event with what its parts give.
func (p *proof) refund(e *Event, back []waterfall.Returned, own []PostingRow) {
	var units, credits int64
	next := 0
	step := func() *PostingRow {
		for next < len(own) && own[next].Kind != book.Refund {
			next++
		}
		if next == len(own) {
			return nil
		}
		next++
		return &own[next-1]
	}
	for _, r := range back {
		units, credits = units+r.Units, credits+r.Credits
		for _, d := range r.Draws {
			b := step()
			if b == nil || b.Grant != d.Grant || b.Amount != d.Amount || int(b.Part) != r.Part {
				found := "none"
				if b != nil {
					found = fmt.Sprintf("%d:%s:%d", b.Part, ID(b.Grant), b.Amount)
				}
				p.fault("refund.draw", atEvent(e.ID), fmt.Sprintf("%d:%s:%d", r.Part, ID(d.Grant), d.Amount), found)
				return
			}
		}
	}
	if b := step(); b != nil {
		p.fault("refund.draw", atSequence(b.Sequence), "none", b.Amount)
	}
	if units != e.Granted || credits != e.Charged {
		p.fault("refund", atEvent(e.ID), fmt.Sprintf("%d:%d", units, credits), fmt.Sprintf("%d:%d", e.Granted, e.Charged))
	}
}
