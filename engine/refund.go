package engine

import (
	"context"
	"fmt"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// RefundRequest gives back what a decision drew. A nil Quantity is all that is
// left of it.
type RefundRequest struct {
	Account  string
	Decision ledger.ID
	Quantity *int64
	Key      string
	Change   Change
}

// Refund returns units to where they were drawn, last drawn first, and writes
// the audit log. Errors are *Fault; CONFLICT when more is asked than is left, the
// decision is still held, or the account cannot hold what would come back.
func (e *Engine) Refund(ctx context.Context, r RefundRequest) (*ledger.Decision, error) {
	if err := validateAccount(r.Account); err != nil {
		return nil, err
	}
	if r.Quantity != nil && (*r.Quantity < 1 || *r.Quantity > waterfall.MaxQuantity) {
		return nil, badInput("quantity", "must be a whole number from 1 to 9007199254740991")
	}
	if err := validateKey("idempotencyKey", r.Key); err != nil {
		return nil, err
	}
	if err := r.Change.validate(); err != nil {
		return nil, err
	}
	asked := "all"
	if r.Quantity != nil {
		asked = fmt.Sprint(*r.Quantity)
	}
	return do[*ledger.Decision](ctx, e, &refund{RefundRequest: r, fingerprint: fingerprint("refund", r.Decision.String(), asked)})
}

type refund struct {
	RefundRequest
	fingerprint int64
	tried       attempts
}

func (o *refund) account() string { return o.Account }

func (o *refund) want(w *ledger.Want) {
	w.Keys = append(w.Keys, ledger.KeyRef{Account: o.Account, Key: o.Key})
	w.Decisions = append(w.Decisions, ledger.EventRef{Account: o.Account, ID: o.Decision})
}

func (o *refund) counters(loaded *ledger.Loaded) []counterRef {
	return counterOf(loaded, o.Account, o.Decision)
}

func (o *refund) run(b *batch, a *account) (any, error) {
	earlier, err := b.earlier(a, o.Key, ledger.Refunded, o.fingerprint, o.tried)
	if err != nil || earlier != nil {
		return earlier, err
	}
	d, err := b.target(a, o.Decision)
	if err != nil {
		return nil, err
	}
	units, err := o.units(d)
	if err != nil {
		return nil, err
	}
	layers, err := b.layers(a, d)
	if err != nil {
		return nil, err
	}
	back := waterfall.GiveBack(layers, units)
	if !a.roomToReturn(back) {
		return nil, conflict("what would be refunded is more than the account can hold beside its other grants")
	}
	e := b.follow(a, d, ledger.Refunded, d.Now(), o.Key, o.fingerprint)
	o.tried = append(o.tried, e.ID)
	e.Requested, e.Granted, e.Reason = units, units, waterfall.Funded
	e.Steps = undoSteps(d, layers, back)
	if err := b.postRefund(a, d, e, back); err != nil {
		return nil, err
	}
	before := describeRefund(d, nil)
	next := b.finish(a, d, e)
	return next, b.audit(a, o.Change, "refund", before, describeRefund(next, e))
}

// units is how much to refund, or why nothing can be.
func (o *refund) units(d *ledger.Decision) (int64, error) {
	if d.Now() == ledger.StatusHeld {
		return 0, conflict("the decision is still held: settle or release it")
	}
	refunded, _ := d.RefundedSoFar()
	left := d.FinalGranted() - refunded
	switch {
	case left == 0:
		return 0, conflict("nothing is left to refund")
	case o.Quantity == nil:
		return left, nil
	case *o.Quantity > left:
		return 0, conflict("only %d is left to refund", left)
	}
	return *o.Quantity, nil
}

// postRefund writes the REFUND postings: revenue that goes back to the grants
// it came from.
func (b *batch) postRefund(a *account, d *ledger.Decision, e *ledger.Event, back []waterfall.Returned) error {
	first, posted, ordinal := a.Head.Sequence+1, len(b.writes.Postings), int32(0)
	for _, r := range back {
		e.Charged += r.Credits
		for _, draw := range r.Draws {
			lot := a.lot(draw.Grant)
			err := a.post(&b.writes, lot, book.Posting{Kind: book.Refund, Counter: book.Revenue, Amount: draw.Amount,
				Source: e.ID, Ordinal: ordinal, Part: int32(r.Part)})
			if err != nil {
				return err
			}
			ordinal++
			a.lots[lot].Refunded(draw.Amount, d.ID.At())
			if err := b.bury(a, lot, e.ID, &ordinal); err != nil {
				return err
			}
		}
	}
	b.booked(e, first, posted)
	return nil
}
