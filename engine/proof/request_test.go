package proof_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// kind is what a request does.
type kind string

const (
	authorizes kind = "authorize"
	misuses    kind = "misuse" // another request under a key that was used
	settles    kind = "settle"
	releases   kind = "release"
	refunds    kind = "refund"
	expires    kind = "expire"
	grants     kind = "grant"
	voids      kind = "void"
	caps       kind = "cap"
	suspends   kind = "status"
	assigns    kind = "plan"
	advances   kind = "advance"
)

// request is one thing that a caller wants, and goes on asking for under the
// same key until somebody answers.
type request struct {
	n       int
	kind    kind
	account string
	// about is the request whose decision or grant this one is about.
	about *request

	authorize engine.AuthorizeRequest
	grant     engine.NewGrant
	quantity  *int64
	limit     *ledger.Cap
	status    ledger.AccountStatus
	plan      string

	// id is the decision or grant that it made, once that is known.
	id ledger.ID
}

// name is the request's idempotency key, and the reason in the audit log of
// what has none.
func (r *request) name() string { return fmt.Sprint("request-", r.n) }

// does names what the request is for: to hold is to authorize, for a time.
func (r *request) does() string {
	if r.kind == authorizes && r.authorize.HoldSeconds > 0 {
		return "hold"
	}
	return string(r.kind)
}

// send asks an engine. The answer is a decision, or nil for what makes none.
func (r *request) send(ctx context.Context, e *engine.Engine) (d *ledger.Decision, err error) {
	by := engine.Change{Actor: "caller", Reason: r.name()}
	switch r.kind {
	case authorizes, misuses:
		return e.Authorize(ctx, r.authorize)
	case settles:
		return e.Settle(ctx, engine.SettleRequest{Account: r.account, Decision: r.about.id, Quantity: *r.quantity, Key: r.name()})
	case releases:
		return e.Release(ctx, engine.ReleaseRequest{Account: r.account, Decision: r.about.id, Key: r.name()})
	case refunds:
		return e.Refund(ctx, engine.RefundRequest{Account: r.account, Decision: r.about.id, Quantity: r.quantity, Key: r.name(), Change: by})
	case expires:
		_, err = e.ExpireHold(ctx, ledger.EventRef{Account: r.account, ID: r.about.id})
	case grants:
		_, err = e.CreateGrant(ctx, r.grant, by)
	case voids:
		_, err = e.VoidGrant(ctx, r.account, r.about.id, by)
	case caps:
		_, err = e.SetSpendCap(ctx, r.account, r.limit, by)
	case suspends:
		_, err = e.SetAccountStatus(ctx, r.account, r.status, by)
	case assigns:
		_, err = e.AssignPlan(ctx, r.account, r.plan, by)
	case advances:
		err = e.AdvanceAccount(ctx, r.account)
	}
	return nil, err
}

// callers make requests at random, about what earlier ones have made.
type callers struct {
	*rand.Rand
	accounts []string
	made     int
	// decided and given are the requests of each account that made a decision
	// or a grant.
	decided, given map[string][]*request
}

func newCallers(r *rand.Rand, accounts []string) *callers {
	return &callers{Rand: r, accounts: accounts, decided: map[string][]*request{}, given: map[string][]*request{}}
}

// mix is how often each kind is asked for.
var mix = []struct {
	kind  kind
	often int
}{{authorizes, 50}, {settles, 13}, {releases, 3}, {refunds, 7}, {expires, 3}, {grants, 10}, {voids, 2}, {caps, 2}, {suspends, 2},
	{assigns, 2}, {advances, 2}, {misuses, 2}}

// next makes a request, for a moment of the clock.
func (c *callers) next(now time.Time) *request {
	r := &request{n: c.made, account: c.accounts[c.IntN(len(c.accounts))]}
	c.made++
	draw := c.IntN(98)
	for _, m := range mix {
		if draw -= m.often; draw < 0 {
			r.kind = m.kind
			break
		}
	}
	switch r.kind {
	case misuses, settles, releases, refunds, expires:
		if r.about = c.late(c.decided[r.account]); r.about == nil {
			r.kind = authorizes
		}
	case voids:
		if r.about = c.late(c.given[r.account]); r.about == nil {
			r.kind = authorizes
		}
	}
	c.fill(r, now)
	return r
}

// late is mostly one of the newest.
func (c *callers) late(all []*request) *request {
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1-min(len(all)-1, int(c.ExpFloat64()*4))]
}

func (c *callers) fill(r *request, now time.Time) {
	switch r.kind {
	case authorizes:
		r.authorize = engine.AuthorizeRequest{Account: r.account, User: c.oneOf("ann", "bob"), Feature: c.oneOf("text", "text", "image"),
			Quantity: 1 + c.Int64N(12), AllowPartial: c.IntN(4) == 0, Key: r.name()}
		if c.IntN(2) == 0 {
			r.authorize.HoldSeconds = 1 + c.Int64N(7200)
		}
	case misuses:
		r.authorize = r.about.authorize
		r.authorize.Quantity++
	case settles:
		n := c.Int64N(2*r.about.authorize.Quantity + 1)
		r.quantity = &n
	case refunds:
		if c.IntN(4) > 0 {
			n := 1 + c.Int64N(r.about.authorize.Quantity)
			r.quantity = &n
		}
	case caps:
		if c.IntN(4) > 0 {
			r.limit = &ledger.Cap{Limit: c.Int64N(4) * 700_000, Period: waterfall.Period(1 + c.IntN(3))}
		}
	case suspends:
		r.status = ledger.Active
		if c.IntN(4) == 0 {
			r.status = ledger.Suspended
		}
	case assigns:
		r.plan = c.oneOf("long", "long", "short")
	case grants:
		r.grant = c.newGrant(r, now)
	}
}

func (c *callers) oneOf(all ...string) string { return all[c.IntN(len(all))] }

func (c *callers) newGrant(r *request, now time.Time) engine.NewGrant {
	g := engine.NewGrant{Account: r.account, Key: r.name(), Kind: waterfall.Kind(3 + min(2, c.IntN(4))), Amount: 1 + c.Int64N(4_000_000), Priority: c.Int32N(3)}
	if g.Kind != waterfall.Credit && c.IntN(2) == 0 {
		g.Units, g.Amount, g.Features = true, 1+c.Int64N(12), []string{c.oneOf("text", "image")}
	} else if c.IntN(4) == 0 {
		g.Features = []string{c.oneOf("text", "image")}
	}
	after := func(hours int64) *waterfall.Instant {
		at := waterfall.InstantOf(now.Add(time.Duration(hours) * time.Hour))
		return &at
	}
	from := int64(0)
	if c.IntN(4) == 0 {
		from = 1 + c.Int64N(100)
		g.EffectiveAt = after(from)
	}
	if c.IntN(2) == 0 {
		g.ExpiresAt = after(from + 100 + c.Int64N(2500)) // a retry may come late
	}
	if c.IntN(3) == 0 {
		g.Recurrence = waterfall.Period(1 + c.IntN(3))
		if c.IntN(2) == 0 {
			limit := c.Int64N(2*g.Amount + 1)
			g.RolloverLimit = &limit
		}
	}
	return g
}
