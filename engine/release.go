package engine

import (
	"context"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// ReleaseRequest ends a hold without use.
type ReleaseRequest struct {
	Account  string
	Decision ledger.ID
	Key      string
}

// Release gives back all that a hold reserves. Errors are *Fault; CONFLICT when
// the decision is no open hold.
func (e *Engine) Release(ctx context.Context, r ReleaseRequest) (*ledger.Decision, error) {
	if err := validateAccount(r.Account); err != nil {
		return nil, err
	}
	if err := validateKey("idempotencyKey", r.Key); err != nil {
		return nil, err
	}
	return do[*ledger.Decision](ctx, e, &release{ReleaseRequest: r, fingerprint: fingerprint("release", r.Decision.String())})
}

type release struct {
	ReleaseRequest
	fingerprint int64
	tried       attempts
}

func (o *release) account() string { return o.Account }

func (o *release) want(w *ledger.Want) {
	w.Keys = append(w.Keys, ledger.KeyRef{Account: o.Account, Key: o.Key})
	w.Decisions = append(w.Decisions, ledger.EventRef{Account: o.Account, ID: o.Decision})
}

func (o *release) counters(loaded *ledger.Loaded) []counterRef {
	return counterOf(loaded, o.Account, o.Decision)
}

// counterOf names the counters of the decision that an operation is about.
func counterOf(loaded *ledger.Loaded, account string, id ledger.ID) []counterRef {
	if loaded == nil {
		return nil
	}
	if d := loaded.Decisions[ledger.EventRef{Account: account, ID: id}]; d != nil {
		return []counterRef{{d.Feature, d.User}}
	}
	return nil
}

func (o *release) run(b *batch, a *account) (any, error) {
	earlier, err := b.earlier(a, o.Key, ledger.Released, o.fingerprint, o.tried)
	if err != nil || earlier != nil {
		return earlier, err
	}
	d, err := b.target(a, o.Decision)
	if err != nil {
		return nil, err
	}
	if d.Now() != ledger.StatusHeld {
		return nil, conflict("the hold is no longer open")
	}
	released, err := b.endHold(a, d, ledger.Released, ledger.StatusReleased, o.Key, o.fingerprint)
	if err != nil {
		return nil, err
	}
	o.tried = append(o.tried, released.Follow[len(released.Follow)-1].ID)
	return released, nil
}

// expireHold ends a hold whose time is up, unless what every batch does first has
// ended it. Its key is one that no client can use.
type expireHold struct {
	ref ledger.EventRef
}

// ExpireHold ends a hold if its time is up; of an open or an ended one it is
// nothing. done tells that it was this call that ended it.
func (e *Engine) ExpireHold(ctx context.Context, ref ledger.EventRef) (done bool, err error) {
	return do[bool](ctx, e, &expireHold{ref})
}

func (o *expireHold) account() string { return o.ref.Account }

func (o *expireHold) want(w *ledger.Want) { w.Decisions = append(w.Decisions, o.ref) }

func (o *expireHold) counters(loaded *ledger.Loaded) []counterRef {
	return counterOf(loaded, o.ref.Account, o.ref.ID)
}

func (o *expireHold) run(b *batch, a *account) (any, error) {
	d, err := b.target(a, o.ref.ID)
	if err != nil {
		return false, err
	}
	if d.Now() == ledger.StatusHeld && a.now >= d.HoldUntil {
		d, err = b.expire(a, d)
	}
	return b.made[ledger.KeyRef{Account: a.ID, Key: expiryKey(d)}] != nil, err
}

func expiryKey(d *ledger.Decision) string { return "\x01expire " + d.ID.String() }

// expire ends a hold whose time is up.
func (b *batch) expire(a *account, d *ledger.Decision) (*ledger.Decision, error) {
	return b.endHold(a, d, ledger.HoldExpired, ledger.StatusExpired, expiryKey(d), fingerprint("expire", d.ID.String()))
}

// endHold gives everything that a hold reserves back and records the event.
func (b *batch) endHold(a *account, d *ledger.Decision, kind ledger.EventKind, status ledger.Status, key string, print int64) (*ledger.Decision, error) {
	layers, err := b.layers(a, d)
	if err != nil {
		return nil, err
	}
	e := b.follow(a, d, kind, status, key, print)
	e.Requested, e.Reason = d.Granted, d.Reason
	whole := copyLayers(layers)
	back := waterfall.GiveBack(whole, d.Granted)
	e.Steps = undoSteps(d, layers, back)
	first, posted, ordinal := a.Head.Sequence+1, len(b.writes.Postings), int32(0)
	if err := b.unhold(a, layers, e.ID, &ordinal); err != nil {
		return nil, err
	}
	if err := b.lapse(a, d, layers, back, &ordinal, e.ID); err != nil {
		return nil, err
	}
	b.booked(e, first, posted)
	b.writes.HoldsEnd = append(b.writes.HoldsEnd, ledger.EventRef{Account: a.ID, ID: d.ID})
	return b.finish(a, d, e), nil
}

// follow begins an event that follows a decision.
func (b *batch) follow(a *account, d *ledger.Decision, kind ledger.EventKind, status ledger.Status, key string, print int64) *ledger.Event {
	return &ledger.Event{Account: a.ID, ID: a.nextID(b.random()), Kind: kind, Decision: d.ID, Key: key, Fingerprint: print,
		User: d.User, Feature: d.Feature, Status: status, PlanKey: a.plan.Key, PlanVersion: a.plan.Version,
		CeilingRoom: -1, CapRoom: -1, Indivisible: d.Indivisible, At: a.now}
}

// finish records the event and returns the decision with it, leaving the one
// that others may hold as it was.
func (b *batch) finish(a *account, d *ledger.Decision, e *ledger.Event) *ledger.Decision {
	if e.Postings > 0 {
		e.Lost = a.lost(b.writes.Postings[len(b.writes.Postings)-e.Postings:])
	}
	b.add(a, e)
	next := &ledger.Decision{Event: d.Event, Follow: append(d.Follow[:len(d.Follow):len(d.Follow)], *e)}
	b.current[ledger.EventRef{Account: a.ID, ID: d.ID}] = next
	b.made[ledger.KeyRef{Account: a.ID, Key: e.Key}] = next
	return next
}

// unhold returns everything that a hold reserves to its grants.
func (b *batch) unhold(a *account, layers []waterfall.Taken, source ledger.ID, ordinal *int32) error {
	for i := range layers {
		for _, draw := range layers[i].Draws {
			lot := a.lot(draw.Grant)
			a.lots[lot].Held -= draw.Amount
			err := a.post(&b.writes, lot, book.Posting{Kind: book.HoldRelease, Counter: book.Held, Amount: draw.Amount,
				Source: source, Ordinal: *ordinal, Part: book.NoPart})
			if err != nil {
				return err
			}
			*ordinal++
		}
	}
	return nil
}

// lotsOf lists the lots that layers drew on, each once.
func lotsOf(a *account, layers []waterfall.Taken) []int {
	var lots []int
	seen := map[int]bool{}
	for i := range layers {
		for _, draw := range layers[i].Draws {
			if lot := a.lot(draw.Grant); !seen[lot] {
				seen[lot] = true
				lots = append(lots, lot)
			}
		}
	}
	return lots
}

func copyLayers(layers []waterfall.Taken) []waterfall.Taken {
	all := make([]waterfall.Taken, len(layers))
	for i, l := range layers {
		l.Draws = append([]waterfall.TakenDraw(nil), l.Draws...)
		all[i] = l
	}
	return all
}
