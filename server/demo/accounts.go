package demo

import (
	"context"
	"fmt"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// story is an account and the state that it is to tell of.
type story struct {
	id, name, plan string
	// grants are given days before now.
	grants []lot
	cap    *ledger.Cap
	// daily is what its users ask for on a usual day, in order.
	daily []ask
	// lately is asked in the last hour, so that windows show it.
	lately    []ask
	suspended bool
}

type ask struct {
	user, feature string
	quantity      int64
	times         int
}

// lot is a grant: amount in credits, or in units of the one feature.
type lot struct {
	kind      waterfall.Kind
	amount    int64
	feature   string
	daysAgo   int
	expiresIn time.Duration
	note      string
	period    waterfall.Period
}

const credit = 1_000_000

// You is who the user's sign-in link belongs to.
const (
	You        = "ada"
	YouAccount = "acct_ada"
)

var stories = []story{
	{id: YouAccount, name: "Ada Lovelace", plan: "plus",
		grants: []lot{
			{kind: waterfall.Credit, amount: 110 * credit, daysAgo: 12, note: "Top-up"},
			{kind: waterfall.Promotion, amount: 5 * credit, daysAgo: 3, expiresIn: 4 * 24 * time.Hour, note: "Welcome gift"}},
		daily:  []ask{{You, localMessage, 1, 14}, {You, videoSecond, 8, 3}, {You, cloudTask, 1, 3}},
		lately: []ask{{You, localMessage, 1, 34}, {You, cloudTask, 1, 4}}},
	{id: "acct_fresh", name: "Grace Hopper", plan: "plus"},
	{id: "acct_free", name: "Alan Turing", plan: "free", daily: []ask{{"alan", localMessage, 1, 3}},
		lately: []ask{{"alan", localMessage, 1, 4}}},
	{id: "acct_window_nearly_spent", name: "Barbara Liskov", plan: "plus", daily: []ask{{"barbara", localMessage, 1, 20}},
		lately: []ask{{"barbara", localMessage, 1, 48}}},
	{id: "acct_on_credits", name: "Edsger Dijkstra", plan: "plus", grants: []lot{{kind: waterfall.Credit, amount: 60 * credit, daysAgo: 10, note: "Top-up"}},
		daily:  []ask{{"edsger", localMessage, 4, 12}, {"edsger", videoSecond, 12, 2}},
		lately: []ask{{"edsger", localMessage, 5, 14}, {"edsger", cloudTask, 1, 13}}},
	{id: "acct_out_of_credits", name: "Donald Knuth", plan: "free", grants: []lot{{kind: waterfall.Credit, amount: 2 * credit, daysAgo: 5, note: "Top-up"}},
		daily: []ask{{"donald", localMessage, 2, 12}}, lately: []ask{{"donald", localMessage, 3, 10}}},
	{id: "acct_promotion_expiring", name: "Margaret Hamilton", plan: "plus",
		grants: []lot{{kind: waterfall.Promotion, amount: 25 * credit, daysAgo: 6, expiresIn: 20 * time.Hour, note: "Launch week: use it today"}},
		daily:  []ask{{"margaret", videoSecond, 10, 2}}},
	{id: "acct_pro", name: "Katherine Johnson", plan: "pro", grants: []lot{{kind: waterfall.Credit, amount: 200 * credit, daysAgo: 13, note: "Annual credits"}},
		daily: []ask{{"katherine", localMessage, 6, 20}, {"katherine", videoSecond, 30, 4}, {"katherine", cloudTask, 1, 8}}},
	{id: "acct_capped", name: "Ken Thompson", plan: "plus", cap: &ledger.Cap{Limit: 6 * credit, Period: waterfall.Month},
		grants: []lot{{kind: waterfall.Credit, amount: 100 * credit, daysAgo: 9, note: "Top-up"}},
		daily:  []ask{{"ken", cloudTask, 1, 12}}, lately: []ask{{"ken", cloudTask, 1, 14}}},
	{id: "org_acme", name: "Acme Robotics", plan: "enterprise",
		grants: []lot{
			{kind: waterfall.Entitlement, amount: 2_000 * credit, daysAgo: 13, note: "Contract 2026-117", period: waterfall.Month},
			{kind: waterfall.Entitlement, amount: 3_600, feature: videoSecond, daysAgo: 13, note: "One hour of video"}},
		daily: []ask{{"wile", localMessage, 10, 12}, {"road", cloudTask, 4, 8}, {"bugs", videoSecond, 45, 4}, {"daffy", localMessage, 15, 6}}},
	{id: "org_globex", name: "Globex", plan: "enterprise",
		grants: []lot{{kind: waterfall.Entitlement, amount: 300 * credit, daysAgo: 11, note: "Pilot"}},
		daily:  []ask{{"hank", videoSecond, 40, 4}, {"scorpio", cloudTask, 5, 6}}},
	{id: "acct_suspended", name: "Mallory", plan: "plus", daily: []ask{{"mallory", localMessage, 10, 6}}, suspended: true},
}

func seedAccounts(ctx context.Context, e *engine.Engine) error {
	for _, s := range stories {
		if _, err := e.CreateAccount(ctx, engine.NewAccount{ID: s.id, Name: s.name, Plan: s.plan}, byDemo); err != nil {
			return fmt.Errorf("account %s: %w", s.id, err)
		}
		if s.cap == nil {
			continue
		}
		if _, err := e.SetSpendCap(ctx, s.id, s.cap, byDemo); err != nil {
			return fmt.Errorf("spend cap of %s: %w", s.id, err)
		}
	}
	return nil
}

// seedGrants gives what the stories give on the day that lies daysAgo before
// now.
func seedGrants(ctx context.Context, e *engine.Engine, daysAgo int, now time.Time) error {
	for _, s := range stories {
		for i, l := range s.grants {
			if l.daysAgo != daysAgo {
				continue
			}
			n := engine.NewGrant{Account: s.id, Kind: l.kind, Amount: l.amount, Priority: 100, Note: l.note, Recurrence: l.period,
				Reference: fmt.Sprintf("demo-%d", i+1), Key: fmt.Sprintf("demo grant %d", i+1)}
			if l.feature != "" {
				n.Units, n.Features = true, []string{l.feature}
			}
			if l.expiresIn != 0 {
				at := waterfall.InstantOf(now.Add(l.expiresIn))
				n.ExpiresAt = &at
			}
			if _, err := e.CreateGrant(ctx, n, byDemo); err != nil {
				return fmt.Errorf("grant %d of %s: %w", i+1, s.id, err)
			}
		}
	}
	return nil
}
