package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// NewGrant gives an account a lot of units or credits. Amounts are millionths
// of a credit, or whole units where Units is set.
type NewGrant struct {
	Account  string
	Kind     waterfall.Kind
	Units    bool
	Amount   int64
	Features []string // nil: every feature
	Priority int32
	// EffectiveAt nil is now; ExpiresAt nil is never.
	EffectiveAt   *waterfall.Instant
	ExpiresAt     *waterfall.Instant
	Reference     string
	Note          string
	Recurrence    waterfall.Period
	RolloverLimit *int64
	// Key is unique among the account's grants.
	Key string
}

// maxGrant is the largest amount of a grant, in its denomination: with what rolls
// over it stays within 64 bits. See room.go for the sum of several.
const maxGrant = 1 << 60

// mostIssuesAtOnce bounds how often a new grant is issued for the time that has
// passed already: each issue is two postings, all under the account's lock.
const mostIssuesAtOnce = 1000

// CreateGrant adds a grant and posts it. The same key and content give the
// grant that stands; other content is IDEMPOTENCY_CONFLICT.
func (e *Engine) CreateGrant(ctx context.Context, n NewGrant, c Change) (*ledger.Grant, error) {
	if err := e.validateGrant(ctx, &n); err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	content, err := json.Marshal(n)
	if err != nil {
		return nil, internal(err)
	}
	return do[*ledger.Grant](ctx, e, &createGrant{n, c, fingerprint("grant", string(content))})
}

func (e *Engine) validateGrant(ctx context.Context, n *NewGrant) error {
	if err := validateAccount(n.Account); err != nil {
		return err
	}
	if err := validateKey("idempotencyKey", n.Key); err != nil {
		return err
	}
	asked := slices.Clone(n.Features)
	slices.Sort(n.Features)
	switch {
	case n.Kind.Counted() || n.Kind > waterfall.Credit:
		return badInput("kind", "must be PROMOTION, ENTITLEMENT or CREDIT")
	case n.Amount <= 0 || n.Amount > maxGrant:
		return badInput("amount", "must be more than 0 and at most %s", book.FormatCredits(maxGrant))
	case n.Units && n.Kind == waterfall.Credit:
		return badInput("denomination", "a grant of kind CREDIT is in CREDITS")
	case n.Units && len(n.Features) != 1:
		return badInput("features", "a grant in UNITS names exactly one feature")
	case n.Features != nil && len(n.Features) == 0:
		return badInput("features", "must name a feature, or be left out for every feature")
	case len(slices.Compact(slices.Clone(n.Features))) != len(n.Features):
		return badInput("features", "names a feature twice")
	case n.RolloverLimit != nil && n.Recurrence == waterfall.NoPeriod:
		return badInput("rolloverLimit", "belongs to a grant with a recurrence")
	case n.RolloverLimit != nil && (*n.RolloverLimit < 0 || *n.RolloverLimit > maxGrant):
		return badInput("rolloverLimit", "must be 0 to %s", book.FormatCredits(maxGrant))
	}
	for i, f := range asked {
		if err := e.featureExists(ctx, fmt.Sprintf("features.%d", i), f); err != nil {
			return err
		}
	}
	if err := validateText("reference", n.Reference, false); err != nil {
		return err
	}
	if err := validateNFC("reference", n.Reference); err != nil {
		return err
	}
	return validateText("note", n.Note, false)
}

type createGrant struct {
	NewGrant
	change      Change
	fingerprint int64
}

func (o *createGrant) account() string { return o.Account }

func (o *createGrant) want(w *ledger.Want) {
	w.GrantKeys = append(w.GrantKeys, ledger.KeyRef{Account: o.Account, Key: o.Key})
}

func (o *createGrant) counters(*ledger.Loaded) []counterRef { return nil }

func (o *createGrant) run(b *batch, a *account) (any, error) {
	if g := b.grantByKey(a, o.Key); g != nil {
		if g.Fingerprint != o.fingerprint {
			return nil, keyConflict("idempotencyKey")
		}
		return g, nil
	}
	g, err := o.grant(a.now)
	if err != nil {
		return nil, err
	}
	if !a.roomFor(&g) {
		return nil, badInput("amount", "is more than the account can hold beside its other grants")
	}
	a.tidy(&g)
	g.ID = b.grantID(a)
	a.addGrants(g)
	lot := a.lot(g.ID)
	if err := b.begin(a, lot); err != nil {
		return nil, err
	}
	made := ledger.Grant{Grant: a.lots[lot], Terms: a.terms[lot]}
	delete(a.changed, lot)
	a.addGrants() // what it was issued again since moves it in the order
	b.writes.NewGrants = append(b.writes.NewGrants, made)
	return &made, b.audit(a, o.change, "createGrant", nil, describeGrant(&made))
}

func (b *batch) grantID(a *account) ledger.ID { return a.nextID(b.random()) }

// grantByKey finds the grant that a key made, in this batch or before, as it is
// now.
func (b *batch) grantByKey(a *account, key string) *ledger.Grant {
	for i := range a.terms {
		if a.terms[i].Key == key {
			return &ledger.Grant{Grant: a.lots[i], Terms: a.terms[i]}
		}
	}
	return b.loaded.Granted[ledger.KeyRef{Account: a.ID, Key: key}]
}

// grant is the row of a new grant.
func (o *createGrant) grant(now waterfall.Instant) (ledger.Grant, error) {
	g := ledger.Grant{
		Grant: waterfall.Grant{Kind: o.Kind, Units: o.Units, Features: o.Features, Amount: o.Amount, Priority: o.Priority,
			Recurrence: o.Recurrence, RolloverLimit: -1, EffectiveAt: now, CreatedAt: now},
		Terms: ledger.Terms{Account: o.Account, Key: o.Key,
			Fingerprint: o.fingerprint, Reference: o.Reference, Note: o.Note},
	}
	if o.EffectiveAt != nil {
		g.EffectiveAt = *o.EffectiveAt
	}
	if o.Recurrence != waterfall.NoPeriod && o.Recurrence.Anniversary(g.EffectiveAt, mostIssuesAtOnce) <= now {
		return g, badInput("effectiveAt", "lies so far back that more than %d issues would be due", mostIssuesAtOnce)
	}
	if o.ExpiresAt != nil {
		g.ExpiresAt = *o.ExpiresAt
		if g.ExpiresAt <= now || g.ExpiresAt <= g.EffectiveAt {
			return g, badInput("expiresAt", "must lie in the future and after effectiveAt")
		}
	}
	if o.RolloverLimit != nil {
		g.RolloverLimit = *o.RolloverLimit
	}
	first := g.Grant
	first.Issues = 1
	if first.NextIssueAt() > waterfall.LastInstant {
		return g, badInput("effectiveAt", "lies so late that the next issue would fall behind the year 9999")
	}
	return g, nil
}

// tidy closes the spent grants that a new one takes the place of, so that the
// open ones stay few. Until then they tell "used up" from "never had any".
func (a *account) tidy(by *ledger.Grant) {
	for i := range a.lots {
		if a.replaces(by, i) {
			a.terms[i].Closed = true
			a.mark(i)
		}
	}
}

// replaces tells whether a new grant takes the place of a lot.
func (a *account) replaces(by *ledger.Grant, lot int) bool {
	g, t := &a.lots[lot], &a.terms[lot]
	return g.Kind == by.Kind && g.Remaining == 0 && g.Held == 0 && t.DueAt == 0 && !t.Closed &&
		(by.Features == nil || slices.Equal(by.Features, g.Features))
}

// begin issues a new grant; one that began in the past as often as it has
// fallen due since.
func (b *batch) begin(a *account, lot int) error {
	g := &a.lots[lot]
	g.Issues = 1
	a.setDue(lot)
	if err := b.postIssue(a, lot); err != nil {
		return err
	}
	_, err := b.catchUp(a, lot, a.now)
	return err
}

// setDue sets when a lot next expires or is issued again.
func (a *account) setDue(lot int) {
	g := ledger.Grant{Grant: a.lots[lot], Terms: a.terms[lot]}
	g.SetDue()
	a.terms[lot].DueAt = g.DueAt
}

// postIssue posts a period's amount of a grant.
func (b *batch) postIssue(a *account, lot int) error {
	counter := book.Purchases
	switch a.lots[lot].Kind {
	case waterfall.Promotion:
		counter = book.Promotions
	case waterfall.Entitlement:
		counter = book.Contracts
	}
	return b.postOwn(a, lot, book.Grant, counter, a.lots[lot].Amount)
}

// postOwn posts what happens to a grant by itself: the grant is the source.
func (b *batch) postOwn(a *account, lot int, kind book.Kind, counter book.Counter, amount int64) error {
	t := &a.terms[lot]
	err := a.post(&b.writes, lot, book.Posting{Kind: kind, Counter: counter, Amount: amount, Source: a.lots[lot].ID,
		Ordinal: t.Postings, Part: book.NoPart})
	t.Postings++
	return err
}

// catchUp does everything that a grant is due for until a moment, and tells
// whether that was anything.
func (b *batch) catchUp(a *account, lot int, until waterfall.Instant) (done bool, err error) {
	for a.terms[lot].DueAt != 0 && a.terms[lot].DueAt <= until {
		done = true
		if err := b.renew(a, lot); err != nil {
			return done, err
		}
	}
	return done, nil
}

// renew does the one thing that a grant is due for.
func (b *batch) renew(a *account, lot int) error {
	g, t := &a.lots[lot], &a.terms[lot]
	if g.NextIssueAt() == 0 {
		t.ExpiredAt, t.DueAt, t.Closed = a.now, 0, g.Held == 0
		a.mark(lot)
		return b.expireAmount(a, lot, g.Remaining)
	}
	renewed := *g
	if err := b.expireAmount(a, lot, renewed.Renew()); err != nil {
		return err
	}
	g.Issues, g.Opening, g.Rooms = renewed.Issues, renewed.Opening, renewed.Rooms
	a.setDue(lot)
	return b.postIssue(a, lot)
}

func (b *batch) expireAmount(a *account, lot int, amount int64) error {
	if amount == 0 {
		return nil
	}
	return b.postOwn(a, lot, book.Expiry, book.Expired, -amount)
}

// AdvanceAccount brings an account's holds and grants up to now; the server calls
// it for accounts that are due and that nobody asks for.
func (e *Engine) AdvanceAccount(ctx context.Context, account string) error {
	_, err := do[bool](ctx, e, advanceAccount(account))
	return err
}

// advanceAccount is an operation that does nothing beyond what every batch does
// first.
type advanceAccount string

func (o advanceAccount) account() string                      { return string(o) }
func (o advanceAccount) want(*ledger.Want)                    {}
func (o advanceAccount) counters(*ledger.Loaded) []counterRef { return nil }
func (o advanceAccount) run(*batch, *account) (any, error)    { return true, nil }

// VoidGrant takes back what remains of a grant; what is held stays settleable.
// CONFLICT when it is void or has expired already.
func (e *Engine) VoidGrant(ctx context.Context, account string, grant ledger.ID, c Change) (*ledger.Grant, error) {
	if err := validateAccount(account); err != nil {
		return nil, err
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	return do[*ledger.Grant](ctx, e, &voidGrant{id: account, grant: grant, change: c})
}

type voidGrant struct {
	id     string
	grant  ledger.ID
	change Change
	// tried are the audit entries under which this call may have voided it
	// already, by an attempt whose outcome was unknown. A moment would not tell
	// it from another call: what never committed has taken none.
	tried attempts
}

func (o *voidGrant) account() string                      { return o.id }
func (o *voidGrant) want(*ledger.Want)                    {}
func (o *voidGrant) counters(*ledger.Loaded) []counterRef { return nil }

func (o *voidGrant) run(b *batch, a *account) (any, error) {
	lot := a.lot(o.grant)
	if lot < 0 {
		grants, err := b.tx.GrantsByID(b.ctx, a.ID, []ledger.ID{o.grant})
		if err != nil {
			return nil, err
		}
		if len(grants) == 0 {
			return nil, notFound("grantId", "the grant")
		}
		a.addGrants(grants...)
		lot = a.lot(o.grant)
	}
	g, t := &a.lots[lot], &a.terms[lot]
	switch {
	case t.VoidedAt != 0:
		return o.again(b, &ledger.Grant{Grant: *g, Terms: *t})
	case t.ExpiredAt != 0:
		return nil, conflict("the grant has expired")
	}
	before := describeGrant(&ledger.Grant{Grant: *g, Terms: *t})
	t.VoidedAt, t.DueAt, t.Closed = a.now, 0, g.Held == 0
	a.mark(lot)
	if g.Remaining > 0 {
		if err := b.postOwn(a, lot, book.Void, book.Voided, -g.Remaining); err != nil {
			return nil, err
		}
	}
	void := ledger.Grant{Grant: *g, Terms: *t}
	if err := b.audit(a, o.change, "voidGrant", before, describeGrant(&void)); err != nil {
		return nil, err
	}
	o.tried = append(o.tried, b.writes.Audit[len(b.writes.Audit)-1].ID)
	return &void, nil
}

// again answers for a grant that is void: by this very call, or by another.
func (o *voidGrant) again(b *batch, void *ledger.Grant) (any, error) {
	own, err := b.tx.Audited(b.ctx, o.id, o.tried)
	switch {
	case err != nil:
		return nil, err
	case !own:
		return nil, conflict("the grant is already void")
	}
	return void, nil
}
