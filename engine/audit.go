package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/book"
)

// What the audit log keeps of each thing that an admin changes: all of it, in
// the words of the API's inputs, in one shape before and after. A field that
// does not apply is null and never left out. verify and simulation read these
// (ledger/simulate.go), so that a name, once used, stays.

func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

type auditedAccount struct {
	ID             string  `json:"id"`
	Name           string  `json:"name"`
	Status         string  `json:"status"`
	Plan           string  `json:"plan"`
	SpendCap       *string `json:"spendCap"`
	SpendCapPeriod *string `json:"spendCapPeriod"`
}

func describeAccount(a *ledger.Account) auditedAccount {
	d := auditedAccount{ID: a.ID, Name: a.Name, Status: a.Status.String(), Plan: a.Plan}
	if a.Cap != nil {
		limit := book.FormatCredits(a.Cap.Limit)
		d.SpendCap, d.SpendCapPeriod = &limit, periodName(a.Cap.Period)
	}
	return d
}

type auditedGrant struct {
	ID             string     `json:"id"`
	AccountID      string     `json:"accountId"`
	Kind           string     `json:"kind"`
	Features       []string   `json:"features"` // null: every feature
	Denomination   string     `json:"denomination"`
	Amount         string     `json:"amount"`
	Priority       int32      `json:"priority"`
	EffectiveAt    time.Time  `json:"effectiveAt"`
	ExpiresAt      *time.Time `json:"expiresAt"`
	Reference      *string    `json:"reference"`
	Note           *string    `json:"note"`
	Recurrence     *string    `json:"recurrence"`
	RolloverLimit  *string    `json:"rolloverLimit"`
	IdempotencyKey string     `json:"idempotencyKey"`
	Remaining      string     `json:"remaining"`
	Held           string     `json:"held"`
	VoidedAt       *time.Time `json:"voidedAt"`
}

func describeGrant(g *ledger.Grant) auditedGrant {
	amount := book.FormatCredits
	d := auditedGrant{ID: ledger.ID(g.ID).String(), AccountID: g.Account, Kind: g.Kind.String(), Features: g.Features,
		Denomination: "CREDITS", Priority: g.Priority, EffectiveAt: g.EffectiveAt.Time(), ExpiresAt: momentOf(g.ExpiresAt),
		Reference: textOf(g.Reference), Note: textOf(g.Note), Recurrence: periodName(g.Recurrence), IdempotencyKey: g.Key,
		VoidedAt: momentOf(g.VoidedAt)}
	if g.Units {
		d.Denomination = "UNITS"
		amount = func(n int64) string { return fmt.Sprint(n) }
	}
	d.Amount, d.Remaining, d.Held = amount(g.Amount), amount(g.Remaining), amount(g.Held)
	if g.RolloverLimit >= 0 {
		limit := amount(g.RolloverLimit)
		d.RolloverLimit = &limit
	}
	return d
}

// auditedRefund is a decision as refunds change it, with the refund that did:
// its quantity, credits and key are null before there was one.
type auditedRefund struct {
	DecisionID      string  `json:"decisionId"`
	UserID          string  `json:"userId"`
	Feature         string  `json:"feature"`
	Granted         int64   `json:"granted"`
	Refunded        int64   `json:"refunded"`
	RefundedCredits string  `json:"refundedCredits"`
	Quantity        *int64  `json:"quantity"`
	Credits         *string `json:"credits"`
	IdempotencyKey  *string `json:"idempotencyKey"`
}

func describeRefund(d *ledger.Decision, by *ledger.Event) auditedRefund {
	units, credits := d.RefundedSoFar()
	r := auditedRefund{DecisionID: d.ID.String(), UserID: d.User, Feature: d.Feature, Granted: d.FinalGranted(),
		Refunded: units, RefundedCredits: book.FormatCredits(credits)}
	if by != nil {
		given := book.FormatCredits(by.Charged)
		r.Quantity, r.Credits, r.IdempotencyKey = &by.Granted, &given, &by.Key
	}
	return r
}

type auditedFeature struct {
	Key       string `json:"key"`
	Name      string `json:"name"`
	Unit      string `json:"unit"`
	Divisible bool   `json:"divisible"`
}

func describeFeature(f *ledger.Feature) auditedFeature {
	return auditedFeature{f.Key, f.Name, f.Unit, f.Divisible}
}

type auditedPrice struct {
	Feature       string     `json:"feature"`
	Version       int32      `json:"version"`
	Credits       string     `json:"credits"`
	Per           int64      `json:"per"`
	EffectiveFrom time.Time  `json:"effectiveFrom"`
	WithdrawnAt   *time.Time `json:"withdrawnAt"`
}

func describePrice(feature string, p ledger.PriceVersion) auditedPrice {
	return auditedPrice{feature, p.Version, book.FormatCredits(p.Micros), p.Per, p.EffectiveFrom.Time(), momentOf(p.WithdrawnAt)}
}

type auditedPlan struct {
	Key      string               `json:"key"`
	Version  int32                `json:"version"`
	Name     string               `json:"name"`
	Features []auditedPlanFeature `json:"features"`
}

type auditedPlanFeature struct {
	Feature   string          `json:"feature"`
	Waterfall []auditedBucket `json:"waterfall"`
	Ceilings  []auditedWindow `json:"ceilings"`
}

type auditedBucket struct {
	Kind    string          `json:"kind"`
	Key     string          `json:"key"`
	Scope   string          `json:"scope"`
	Windows []auditedWindow `json:"windows"`
	Quota   *int64          `json:"quota"`
	Period  *string         `json:"period"`
}

type auditedWindow struct {
	Limit    int64  `json:"limit"`
	Duration string `json:"duration"`
}

// describePlan leaves out whether a feature may be divided: that is the
// feature's own, and publishing a plan does not change it.
func describePlan(p *ledger.Plan) auditedPlan {
	d := auditedPlan{Key: p.Key, Version: p.Version, Name: p.Name, Features: make([]auditedPlanFeature, len(p.Features))}
	for i := range p.Features {
		r := &p.Features[i]
		f := auditedPlanFeature{Feature: r.Feature, Waterfall: make([]auditedBucket, len(r.Buckets)), Ceilings: describeWindows(r.Ceilings)}
		for j := range r.Buckets {
			b := &r.Buckets[j]
			f.Waterfall[j] = auditedBucket{Kind: b.Kind.String(), Key: b.Key, Scope: "USER", Windows: describeWindows(b.Windows),
				Period: periodName(b.Period)}
			if b.Scope == waterfall.PerAccount {
				f.Waterfall[j].Scope = "ACCOUNT"
			}
			if b.Quota != 0 {
				f.Waterfall[j].Quota = &b.Quota
			}
		}
		d.Features[i] = f
	}
	return d
}

func describeWindows(windows []waterfall.Window) []auditedWindow {
	d := make([]auditedWindow, len(windows))
	for i, w := range windows {
		d[i] = auditedWindow{w.Limit, waterfall.FormatDuration(w.Seconds)}
	}
	return d
}

func momentOf(at waterfall.Instant) *time.Time {
	if at == 0 {
		return nil
	}
	t := at.Time()
	return &t
}

func textOf(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func periodName(p waterfall.Period) *string {
	if p == waterfall.NoPeriod {
		return nil
	}
	name := [...]string{"", "DAY", "WEEK", "MONTH"}[p]
	return &name
}
