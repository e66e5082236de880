package waterfall

// Telling is what the sentence of a decision is made of: its recorded facts
// and the rules of the plan version that it names.
type Telling struct {
	Standing Standing
	Reason   Reason
	// Plan is the name of the plan; Rules are nil when the feature is not in it.
	Plan      string
	Rules     *Rules
	Price     Price // of the moment
	Requested int64
	// AllowPartial as it was asked.
	AllowPartial bool
	Granted      int64
	Steps        []ToldStep
	// CeilingRoom and CapRoom are as in Outcome.
	CeilingRoom int64
	CapRoom     int64
	// Refusal is nil unless denied, and of a denial that was recorded before
	// there were any.
	Refusal *Refusal
	At      Instant
	// HoldUntil is the end of a hold.
	HoldUntil Instant
	// RetryAt is a second, 0 for never.
	RetryAt int64
	// After is nil where nothing followed.
	After *Aftermath
}

// Standing is where a decision stands when its sentence is written.
type Standing uint8

// The standings of a decision. ToldReserved is an open hold.
const (
	ToldAllowed Standing = iota + 1
	ToldDenied
	ToldReserved
	ToldSettled
	ToldReleased
	ToldExpired
)

// ToldStep is a recorded step of a decision, or what a bucket got back.
type ToldStep struct {
	// Bucket is the index in Rules, -1 where they do not have it any more.
	Rules     *Rules
	Bucket    int
	Kind      Kind
	Available int64
	Taken     int64
	Credits   int64 // millionths
	Reason    Reason
	Window    int
	// Gone tells that what came back no longer counted.
	Gone bool
}

// Aftermath is what became of a decision after it was made.
type Aftermath struct {
	// Used is what a settlement said, Unfunded what of it nothing could pay
	// for, and Reserved what the hold still reserved then.
	Used, Unfunded, Reserved int64
	// Kept is what of the hold was used, Further what was taken beyond it, and
	// Back what its end gave back, Lost what of that was lost at once.
	Kept, Further, Back []ToldStep
	Lost                Lost
	// Refunds counts the refunds; Refunded is their units, out of Final.
	Refunds         int
	Refunded, Final int64
	RefundedTo      []ToldStep
	RefundLost      Lost
}

// Lost is what came back to grants and could not be spent again.
type Lost struct {
	// Expired and Voided grants have ended; Lapsed is of an issue that was
	// renewed meanwhile.
	Expired, Voided, Lapsed Amount
	// Whole tells that nothing that came back to grants can be spent again.
	Whole bool
}

// Amount is an amount in either denomination.
type Amount struct{ Credits, Units int64 }

// Add sums two losses: together they are whole if both are.
func (l Lost) Add(m Lost) Lost {
	return Lost{l.Expired.add(m.Expired), l.Voided.add(m.Voided), l.Lapsed.add(m.Lapsed), l.Whole && m.Whole}
}

func (a Amount) add(b Amount) Amount { return Amount{a.Credits + b.Credits, a.Units + b.Units} }

// Explain says in a sentence or two what was decided and why, with figures,
// for the person who asked. Times are UTC.
func Explain(t *Telling) string {
	var room [256]byte
	p := phrase{t: t, b: room[:0]}
	switch t.Standing {
	case ToldDenied:
		p.denied()
		return string(p.b)
	case ToldSettled:
		p.settled(t.After)
	case ToldReleased:
		p.text("Released: ").ended()
	case ToldExpired:
		p.text("Expired").at(t.HoldUntil).text(": ").ended()
	default:
		p.funded()
	}
	if t.After != nil && t.After.Refunds > 0 {
		p.refunded(t.After)
	}
	return string(append(p.b, '.'))
}

// funded is the sentence of what was allowed or is reserved.
func (p *phrase) funded() {
	t := p.t
	opening := "Allowed"
	if t.Standing == ToldReserved {
		opening = "Reserved"
	}
	p.text(opening)
	inPart := t.Granted < t.Requested
	if inPart {
		p.text(" in part")
	}
	if t.Standing == ToldReserved {
		p.text(" until ").clock(t.HoldUntil)
	}
	p.text(": ")
	if inPart {
		p.count(t.Granted).text(" of ").count(t.Requested)
	}
	if !p.from(t.Steps, inPart) && !inPart { // a plan that this process has not heard of
		p.count(t.Granted)
	}
	if inPart && t.CeilingRoom == t.Granted {
		p.text("; the account's ceiling leaves no more")
	}
}

// from lists what was taken from which source: "3 from the 5-hour limit, 2 from
// credits (2.50)". It reports whether anything was.
func (p *phrase) from(steps []ToldStep, further bool) bool { return p.list(steps, " from ", further) }

func (p *phrase) list(steps []ToldStep, direction string, further bool) bool {
	before := len(p.b)
	for i := range steps {
		s := &steps[i]
		if s.Taken == 0 {
			continue
		}
		if further {
			p.text(", ")
		}
		further = true
		p.count(s.Taken).text(direction).source(s)
		switch {
		case s.Gone:
			p.text(" (counted no longer)")
		case s.Credits > 0:
			p.text(" (").credits(s.Credits).text(")")
		}
	}
	return len(p.b) > before
}

// settled is the sentence of a hold that was settled.
func (p *phrase) settled(a *Aftermath) {
	p.text("Settled: ").count(a.Used)
	switch {
	case a.Used <= a.Reserved:
		p.text(" of ").count(a.Reserved).text(" used")
		p.from(a.Kept, true)
		p.back(a)
		return
	case a.Reserved > 0:
		p.text(" used, ").count(a.Reserved).text(" as reserved: ")
		p.from(a.Kept, false)
		if p.any(a.Further) {
			p.text("; beyond that ")
			p.from(a.Further, false)
		}
	default:
		p.text(" used after the hold had expired")
		p.from(a.Further, true)
	}
	if a.Unfunded > 0 {
		p.text("; ").count(a.Unfunded).text(" unfunded")
	}
}

func (p *phrase) any(steps []ToldStep) bool {
	for i := range steps {
		if steps[i].Taken != 0 {
			return true
		}
	}
	return false
}

// ended is the sentence of a hold that ended without use.
func (p *phrase) ended() {
	a := p.t.After
	if a == nil { // its time is up, and that is not written down yet
		a = &Aftermath{Back: p.t.Steps}
	}
	p.count(p.t.Granted).text(" went back")
	if p.any(a.Back) {
		p.text(": ")
		p.list(a.Back, " to ", false)
	}
	p.lost(a.Lost, a.Back)
	p.text("; nothing was charged")
}

// back goes on with what a settlement gave back.
func (p *phrase) back(a *Aftermath) {
	if a.Reserved == a.Used {
		return
	}
	p.text("; ").count(a.Reserved - a.Used).text(" went back")
	if p.any(a.Back) {
		p.text(": ")
		p.list(a.Back, " to ", false)
	}
	p.lost(a.Lost, a.Back)
}

// refunded goes on with what was refunded.
func (p *phrase) refunded(a *Aftermath) {
	p.text("; ")
	if a.Refunded == a.Final {
		p.text("all ").count(a.Refunded)
	} else {
		p.count(a.Refunded).text(" of ").count(a.Final)
	}
	p.text(" refunded")
	if a.Refunds > 1 {
		p.text(" in ").count(int64(a.Refunds)).text(" refunds")
	}
	if p.any(a.RefundedTo) {
		p.text(": ")
		p.list(a.RefundedTo, " to ", false)
	}
	p.lost(a.RefundLost, a.RefundedTo)
}

// lost goes on with what cannot be spent again of what came back.
func (p *phrase) lost(l Lost, back []ToldStep) {
	whole := l.Whole
	for i := range back {
		whole = whole && (back[i].Taken == 0 || !back[i].Kind.Counted() || back[i].Gone)
	}
	for _, one := range [...]struct {
		amount Amount
		why    string
	}{{l.Expired, "the grant has ended (expired)"}, {l.Voided, "the grant has ended (voided)"}, {l.Lapsed, "the grant was renewed meanwhile"}} {
		if one.amount == (Amount{}) {
			continue
		}
		p.text("; ")
		switch {
		case whole && l.only(one.amount):
			p.text("nothing of it can")
		default:
			p.amount(one.amount).text(" of it cannot")
		}
		p.text(" be spent again, because ").text(one.why)
	}
}

// only tells that an amount is all that was lost.
func (l *Lost) only(a Amount) bool { return l.Expired.add(l.Voided).add(l.Lapsed) == a }
