package waterfall

// Request is what is asked of one feature for one user.
type Request struct {
	// Quantity is 1 … MaxQuantity.
	Quantity int64
	// AllowPartial grants what can be funded when not all can be.
	AllowPartial bool
}

// Input is the state that one request meets. Decide reads it and changes
// nothing in it.
type Input struct {
	// Rules of the feature in the account's plan; nil when it is not in it.
	Rules     *Rules
	Suspended bool
	// Price of the moment; Version 0 when the feature has none.
	Price Price
	// Used holds one counter for each bucket of Rules, in its order; nil where
	// nothing was counted and for the kinds that draw on grants.
	Used []*Series
	// Granted counts what was granted of this feature to the whole account,
	// for the ceilings.
	Granted *Series
	// Grants the account holds, in the order of Grant.Before.
	Grants []Grant
	// Cap is the account's own limit on credits; nil when it has none.
	Cap *SpendCap
}

// SpendCap limits what CREDIT buckets give in a calendar period, in millionths
// of a credit. Spent counts charges and open holds, net of refunds.
type SpendCap struct {
	Limit  int64
	Period Period
	Spent  *Series
}

// Room is what the cap still lets through at that second.
func (c *SpendCap) Room(second int64) int64 {
	return max(0, c.Limit-c.Spent.Sum(c.Period.Start(second)-1, second))
}

// Step is one bucket that a decision looked at.
type Step struct {
	// Bucket is the index in Rules.Buckets; the position shown is one more.
	Bucket int
	// Available is in units of the feature, before this decision.
	Available int64
	Taken     int64
	Reason    Reason
	// Window is the index of the window with least room, of several the one
	// whose refill comes last; of a denial that of those that refuse. -1 for
	// other kinds.
	Window int
	// ResetsAt is the second at which a counter is full again, 0 when it has
	// none or is full.
	ResetsAt int64
}

// Part is what one bucket pays at one price: the source of one monetization
// event. A bucket that draws on unit grants and on credits has two.
type Part struct {
	// Step is the index in Outcome.Steps.
	Step  int
	Units int64
	// Credits is the charge in millionths, 0 when counters or units paid.
	Credits int64
	// Price is the price that was charged, Version 0 when there was none.
	Price Price
	// Draws are the grants it was taken from, in spending order.
	Draws []Draw
}

// Draw is what is taken from one grant, in the grant's denomination.
type Draw struct {
	// Grant is the index in Input.Grants.
	Grant  int
	Amount int64
}

// Outcome is the answer to one request.
type Outcome struct {
	Allowed bool
	Reason  Reason
	Granted int64
	// Charged is in millionths of a credit.
	Charged int64
	Steps   []Step
	Parts   []Part
	// CeilingRoom and CapRoom are what the ceilings (units) and the spend cap
	// (millionths) left, -1 where there is none: with the steps they are all
	// that a replay needs.
	CeilingRoom int64
	CapRoom     int64
	// Refusal is set when buckets were looked at and the answer is no.
	Refusal *Refusal

	// Room for the usual size, so that an outcome is one allocation.
	stepRoom [5]Step
	partRoom [3]Part
	drawRoom [4]Draw
	draws    []Draw
}

// Decide answers a request at a moment. It takes nothing: the caller applies
// the parts to its state, all of them or none.
func Decide(in *Input, req Request, now Instant) *Outcome {
	out := &Outcome{CeilingRoom: -1, CapRoom: -1}
	out.Steps, out.Parts, out.draws = out.stepRoom[:0], out.partRoom[:0], out.drawRoom[:0]
	if reason := barred(in); reason != ReasonNone {
		out.Reason = reason
		return out
	}
	w := newWalk(in, now)
	if len(in.Rules.Ceilings) > 0 {
		out.CeilingRoom = w.ceilingRoom
	}
	if in.Cap != nil {
		out.CapRoom = w.capRoom
	}
	target := w.target(req)
	plan := w.plan(target, req.AllowPartial)
	out.Reason = w.verdict(req, target, plan.funded)
	out.Allowed = out.Reason == Funded || out.Reason == PartlyFunded
	if out.Allowed {
		out.Granted = plan.funded
	}
	w.fill(out, target, plan)
	if !out.Allowed {
		w.refuse(out, req, target)
	}
	return out
}

// MaxQuantityNow is the most that could be granted in one request at that
// moment, 0 when nothing.
func MaxQuantityNow(in *Input, now Instant) int64 {
	if barred(in) != ReasonNone {
		return 0
	}
	w := newWalk(in, now)
	return w.plan(min(MaxQuantity, w.ceilingRoom), true).funded
}

// barred is the reason that denies without a look at any bucket.
func barred(in *Input) Reason {
	switch {
	case in.Suspended:
		return AccountSuspended
	case in.Rules == nil:
		return FeatureNotInPlan
	}
	return ReasonNone
}

// verdict is the reason a walk ends with. The reasons of a denial are asked in
// the order of the contract; the first that holds is given.
func (w *walk) verdict(req Request, target, funded int64) Reason {
	switch {
	case funded == req.Quantity:
		return Funded
	case funded > 0:
		return PartlyFunded
	case target == 0 || target > w.ceilingRoom:
		return CeilingReached
	}
	needed := target
	if req.AllowPartial {
		needed = 1
	}
	if w.in.Cap != nil {
		free := *w
		free.capRoom, free.seen = noLimit, 0
		if free.plan(target, req.AllowPartial).funded >= needed {
			return SpendCapReached
		}
	}
	if !w.in.Rules.Divisible && w.divided(target) >= needed {
		return Indivisible
	}
	if w.in.Rules.HasCredit() {
		return InsufficientCredits
	}
	return Exhausted
}
