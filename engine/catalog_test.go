package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"spillway/engine"
	"spillway/engine/waterfall"
)

// What one process added, another one does not deny the existence of: whoever
// creates something and uses it may reach two processes.
func TestWhatIsNewElsewhereIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := context.Background()
	other := w.another(w.redis)
	for i, use := range []func(feature, plan, account string) error{
		func(feature, _, account string) error {
			_, err := other.Authorize(ctx, engine.AuthorizeRequest{Account: account, User: "ann", Feature: feature, Quantity: 1, Key: w.key()})
			return err
		},
		func(feature, _, account string) error {
			return other.AuthorizeBatch(ctx, []engine.AuthorizeRequest{{Account: account, User: "ann", Feature: feature, Quantity: 1, Key: w.key()}})[0].Err
		},
		func(feature, _, account string) error {
			_, err := other.Preview(ctx, engine.PreviewRequest{Account: account, User: "ann", Feature: feature, Quantity: 1})
			return err
		},
		func(feature, plan, _ string) error {
			_, err := other.PublishPlan(ctx, plan, "changed", []waterfall.Rules{{Feature: feature, Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}}}, byTest)
			return err
		},
		func(_, plan, account string) error {
			_, err := other.CreateAccount(ctx, engine.NewAccount{ID: account + "-2", Name: "two", Plan: plan}, byTest)
			return err
		},
		func(_, plan, account string) error {
			_, err := other.AssignPlan(ctx, account, plan, byTest)
			return err
		},
		func(feature, _, account string) error {
			_, err := other.CreateGrant(ctx, engine.NewGrant{Account: account, Kind: waterfall.Promotion, Amount: 1, Features: []string{feature}, Key: w.key()}, byTest)
			return err
		},
		func(feature, _, account string) error {
			w.plan("paid", waterfall.Rules{Feature: feature, Buckets: []waterfall.Bucket{
				{Kind: waterfall.RateLimit, Key: "minute", Windows: []waterfall.Window{{Limit: 9, Seconds: 60}}}}})
			held := w.hold(account, feature, 1, 60)
			d, err := other.Settle(ctx, engine.SettleRequest{Account: account, Decision: held.ID, Quantity: 3, Key: w.key()})
			if err == nil && d.Unfunded() > 0 {
				err = fmt.Errorf("%d unfunded", d.Unfunded())
			}
			return err
		},
	} {
		feature, plan := fmt.Sprint("feature-", i), fmt.Sprint("plan-", i)
		account := w.account(fmt.Sprint("new-", i), "paid")
		w.feature(feature, true)
		w.plan(plan, waterfall.Rules{Feature: feature, Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "credits"}}})
		if err := use(feature, plan, account); err != nil {
			t.Errorf("use %d: %v", i, err)
		}
	}
}

// A recurring grant that began in the past is issued as often as it fell due,
// all of it while the account's lock is held: so often must be bounded.
func TestAGrantBeginsOnlySoFarBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.account("back", "paid")
	for _, c := range []struct {
		what  string
		every waterfall.Period
		from  time.Time
		code  engine.Code
	}{
		{"1000 days", waterfall.Day, noon.AddDate(0, 0, -1000).Add(time.Second), ""},
		{"a day more", waterfall.Day, noon.AddDate(0, 0, -1000), engine.CodeBadInput},
		{"weeks since the year 1", waterfall.Week, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), engine.CodeBadInput},
		{"83 years of months", waterfall.Month, noon.AddDate(-83, 0, 0), ""},
		{"once, in the year 1", waterfall.NoPeriod, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), ""},
	} {
		from := waterfall.InstantOf(c.from)
		_, err := w.CreateGrant(context.Background(), engine.NewGrant{Account: a, Kind: waterfall.Credit, Amount: 1, EffectiveAt: &from,
			Recurrence: c.every, Key: w.key()}, byTest)
		if code(err) != c.code {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}

// An account's credits are added up in 64 bits. What could leave them is refused
// when it is granted: an issue that falls due later can refuse nobody.
func TestMoreCreditsThanCanBeCountedAreRefused(t *testing.T) {
	t.Parallel()
	const most = 1 << 60
	w := newWorld(t)
	rollover := int64(most)
	for _, c := range []struct {
		what  string
		grant engine.NewGrant
		fit   int
	}{
		{"credits", engine.NewGrant{Kind: waterfall.Credit, Amount: most}, 7},
		{"as much again that rolls over, and all of it in a hold", engine.NewGrant{Kind: waterfall.Promotion, Amount: most, Recurrence: waterfall.Day, RolloverLimit: &rollover}, 1},
	} {
		c.grant.Account = w.account(fmt.Sprint("rich-", c.fit), "paid")
		for n := range c.fit {
			c.grant.Key = w.key()
			if _, err := w.CreateGrant(t.Context(), c.grant, byTest); err != nil {
				t.Errorf("%s: grant %d: %v", c.what, n, err)
			}
		}
		c.grant.Key = w.key()
		if _, err := w.CreateGrant(t.Context(), c.grant, byTest); code(err) != engine.CodeBadInput {
			t.Errorf("%s: one too many: %v", c.what, err)
		}
		// Units are counted by themselves.
		w.grant(engine.NewGrant{Account: c.grant.Account, Kind: waterfall.Entitlement, Units: true, Features: []string{"chat"}, Amount: most})
	}
	for range 3 {
		w.clock.Add(24 * time.Hour)
		for _, fit := range []int{7, 1} {
			if err := w.AdvanceAccount(t.Context(), fmt.Sprint(w.prefix, "rich-", fit)); err != nil {
				t.Error(err)
			}
		}
	}
	w.verified()
}

// Names are found by an index, which takes only so much; what is longer is told
// so, and is no fault of the store.
func TestANameIsNoLongerThanItsIndexTakes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		runes int
		code  engine.Code
	}{{255, ""}, {256, engine.CodeBadInput}, {1000, engine.CodeBadInput}} {
		name := make([]rune, c.runes)
		for i := range name {
			name[i] = rune(0x20000 + r.IntN(40_000)) // four bytes each, and no two alike
		}
		_, err := w.CreateAccount(t.Context(), engine.NewAccount{ID: fmt.Sprint(w.prefix, c.runes), Name: string(name), Plan: "paid"}, byTest)
		if code(err) != c.code {
			t.Errorf("%d characters: %v", c.runes, err)
		}
	}
}
