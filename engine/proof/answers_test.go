package proof_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// answered holds an answer to the model, as it stands at the place in the
// server's queue at which the request was decided.
func (u *auditor) answered(v *server, place int, a *asking, got engine.Answer) {
	c := code(got.Err)
	u.sim.note("server %d answers %s: %s", v.n, a.name(), c)
	switch {
	case c == engine.CodeUnavailable && errors.Is(got.Err, context.DeadlineExceeded):
		u.again(a) // its caller gave up: it may still be in the queue
		return
	case c == engine.CodeUnavailable, c == engine.CodeInternal && a.refused[v.n]:
		u.passed(v, place, a)
		u.again(a)
		return
	}
	u.before(place)
	u.passed(v, place, a)
	if fault := u.judge(v, a, got.Decision, c); fault != "" {
		u.sim.fail("server %d answers %s of %s %s: %s", v.n, a.kind, a.name(), a.account, fault)
	}
	if a.answered {
		return
	}
	a.answered = true
	u.sim.again = slices.DeleteFunc(u.sim.again, func(b *asking) bool { return b == a })
	u.sim.done++
	u.sim.asked[a.does()]++
	if got.Err == nil {
		u.sim.callers.learn(a, got.Decision)
	}
}

// learn keeps what a request has made, for later ones.
func (c *callers) learn(a *asking, d *ledger.Decision) {
	switch a.kind {
	case authorizes:
		a.id = d.ID
		c.decided[a.account] = append(c.decided[a.account], a.request)
	case grants:
		c.given[a.account] = append(c.given[a.account], a.request)
	}
}

// again has a request asked again: nobody knows what became of it.
func (u *auditor) again(a *asking) {
	if !a.answered && !slices.Contains(u.sim.again, a) {
		u.sim.again = append(u.sim.again, a)
	}
}

// judge says what is wrong with an answer, "" for nothing.
func (u *auditor) judge(v *server, a *asking, d *ledger.Decision, c engine.Code) string {
	m := u.mirrors[a.account]
	switch {
	case !a.decided && (a.kind == authorizes || v.tx == nil || v.tx.after[a.account] == 0):
		return "it is not in the database"
	case !a.decided:
		m = u.mirror(v.tx, a.account, max(v.tx.now(a.account), waterfall.InstantOf(m.now)))
		if want := m.refusal(a); c != want {
			return fmt.Sprintf("%q and wrote nothing, the model says %q", c, want)
		}
		return ""
	case a.kind == voids && a.sent > 1 && c == engine.CodeConflict:
		return "" // it has no key: who asks again is told that it is done
	case c != "":
		return fmt.Sprintf("%q, and it is in the database", c)
	}
	if d == nil {
		return ""
	}
	id := d.ID
	if a.kind == authorizes && a.answered && id != a.id || a.kind != authorizes && id != a.about.id {
		return "it has another decision"
	}
	want := m.decisions[id]
	if want == nil {
		return "its decision is not in the database"
	}
	return ""
}

// refusal is how a request is answered that writes nothing: with a code, or
// with what stands.
func (m *mirror) refusal(a *asking) engine.Code {
	ok := false
	switch a.kind {
	case misuses:
		return engine.CodeIdempotencyConflict
	case settles:
		d := m.decisions[a.about.id]
		ok = d.settled == *a.quantity
		if !ok && m.settle(d, *a.quantity) {
			return "it settles"
		}
	case releases:
		if m.release(m.decisions[a.about.id]) {
			return "it releases"
		}
	case refunds:
		if m.refund(m.decisions[a.about.id], a.quantity) {
			return "it refunds"
		}
	case expires:
		d := m.decisions[a.about.id]
		ok = d.status != "HELD" || m.now.Before(d.until)
	case voids:
		if m.void(m.lots[a.about.id]) {
			return "it voids"
		}
	case grants:
		if a.grant.ExpiresAt == nil || m.now.Before(a.grant.ExpiresAt.Time()) {
			return "it gives"
		}
		return engine.CodeBadInput // asked again too late
	case caps:
		ok = a.limit == nil && m.limit < 0 || a.limit != nil && a.limit.Limit == m.limit && a.limit.Period == m.period
	case suspends:
		ok = m.suspended == (a.status == ledger.Suspended)
	case assigns:
		ok = m.plan == a.plan
	case advances:
		ok = true
	}
	if ok {
		return ""
	}
	return engine.CodeConflict
}
