package engine_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"spillway/engine"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// quotaOf is a plan of a daily quota.
func quotaOf(n int64) []waterfall.Rules {
	return []waterfall.Rules{{Feature: "chat", Buckets: []waterfall.Bucket{{Kind: waterfall.FreeTier, Key: "free", Quota: n, Period: waterfall.Day}}}}
}

// TestPublishPlanOver: who names the version that was seen does not put another
// one out of force unseen.
func TestPublishPlanOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another(w.redis)
	version := func(n int) *int { return &n }
	publish := func(e *engine.Engine, key string, quota int64, expected *int) (*ledger.Plan, error) {
		return e.PublishPlanOver(t.Context(), key, "Edited", quotaOf(quota), expected, byTest)
	}
	for _, c := range []struct {
		what     string
		quota    int64
		expected *int
		version  int32 // that stands afterwards
		code     engine.Code
		message  string
	}{
		{"a new plan where one was expected", 1, version(1), 0, engine.CodeConflict, "no version of the plan stands"},
		{"less than none", 1, version(-1), 0, engine.CodeBadInput, ""},
		{"a new plan", 1, version(0), 1, "", ""},
		{"again", 1, version(0), 1, "", ""},
		{"a new plan under the same key", 2, version(0), 1, engine.CodeConflict, "version 1 of the plan stands, and none was expected"},
		{"the next version", 2, version(1), 2, "", ""},
		{"again: its answer was lost", 2, version(1), 2, "", ""},
		{"another one over the version before", 3, version(1), 2, engine.CodeConflict, "version 2 of the plan stands, and version 1 was expected"},
		{"over one that is not there yet", 3, version(3), 2, engine.CodeConflict, "version 2 of the plan stands, and version 3 was expected"},
		{"over whatever stands", 4, nil, 3, "", ""},
		{"what stands, whatever was expected", 4, version(1), 3, "", ""},
	} {
		for process, e := range []*engine.Engine{other, w.Engine} { // an editor may reach a process that heard of nothing yet
			p, err := publish(e, "edited", c.quota, c.expected)
			var fault *engine.Fault
			if code(err) != c.code || errors.As(err, &fault) && (fault.Field != "expectedVersion" || !strings.Contains(fault.Message, c.message)) {
				t.Errorf("%s, process %d: %v", c.what, process, err)
			}
			if err == nil && p.Version != c.version {
				t.Errorf("%s: version %d is answered", c.what, p.Version)
			}
		}
		if p := w.Catalog().Newest("edited"); p == nil && c.version != 0 || p != nil && p.Version != c.version {
			t.Errorf("%s: %v stands", c.what, p)
		}
	}
	t.Run("of many at once one is published", func(t *testing.T) {
		for round := range 5 {
			stands := int(must(w.ledger.LoadCatalog(t.Context())).Newest("edited").Version)
			var mu sync.Mutex
			var published []int64
			var racing sync.WaitGroup
			for i := range 8 {
				racing.Go(func() {
					quota := int64(100 + 10*round + i)
					_, err := publish([]*engine.Engine{w.Engine, other}[i%2], "edited", quota, &stands)
					if err != nil && code(err) != engine.CodeConflict {
						t.Error(err)
					}
					if err == nil {
						mu.Lock()
						published = append(published, quota)
						mu.Unlock()
					}
				})
			}
			racing.Wait()
			if p := must(w.ledger.LoadCatalog(t.Context())).Newest("edited"); len(published) != 1 || int(p.Version) != stands+1 || p.Features[0].Buckets[0].Quota != published[0] {
				t.Errorf("round %d: %v were published, and version %d stands with %+v", round, published, p.Version, p.Features)
			}
		}
	})
}

// TestSentAgain: what made something, sent again after all that may have become
// of it, changes nothing and answers with what stands; other content is CONFLICT.
func TestSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	entries := func(account string) int {
		found, _, err := w.ledger.AuditLog(ctx, account, ledger.Page{First: 200})
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	t.Run("createAccount", func(t *testing.T) {
		id := w.prefix + "again"
		create := func(name, plan string) (*ledger.Account, error) {
			return w.CreateAccount(ctx, engine.NewAccount{ID: id, Name: name, Plan: plan}, byTest)
		}
		must(create("Again", "plus"))
		for _, c := range []struct {
			what   string
			change func() (*ledger.Account, error)
		}{
			{"another plan", func() (*ledger.Account, error) { return w.AssignPlan(ctx, id, "paid", byTest) }},
			{"a spend cap", func() (*ledger.Account, error) {
				return w.SetSpendCap(ctx, id, &ledger.Cap{Limit: 5_000_000, Period: waterfall.Week}, byTest)
			}},
			{"suspension", func() (*ledger.Account, error) { return w.SetAccountStatus(ctx, id, ledger.Suspended, byTest) }},
			{"the first plan again", func() (*ledger.Account, error) { return w.AssignPlan(ctx, id, "plus", byTest) }},
			{"the other plan again", func() (*ledger.Account, error) { return w.AssignPlan(ctx, id, "paid", byTest) }},
		} {
			stands := must(c.change())
			before := entries(id)
			again, err := create("Again", "plus")
			if err != nil || again.Plan != stands.Plan || again.Status != stands.Status || (again.Cap == nil) != (stands.Cap == nil) {
				t.Errorf("after %s: %+v, %v", c.what, again, err)
			}
			for _, other := range [][2]string{{"Another", "plus"}, {"Again", "none-such"}} {
				if _, err := create(other[0], other[1]); code(err) != engine.CodeConflict && code(err) != engine.CodeNotFound {
					t.Errorf("after %s, as %v: %v", c.what, other, err)
				}
			}
			if now := entries(id); now != before {
				t.Errorf("after %s: %d audit entries, and %d before", c.what, now, before)
			}
		}
		w.plan("third", quotaOf(3)...)
		if _, err := create("Again", "third"); code(err) != engine.CodeConflict {
			t.Errorf("with a plan that it never had: %v", err)
		}
	})
	t.Run("settings", func(t *testing.T) {
		id := w.account("settings", "plus")
		for i := range 2 {
			must(w.AssignPlan(ctx, id, "paid", byTest))
			must(w.SetSpendCap(ctx, id, &ledger.Cap{Limit: 1, Period: waterfall.Day}, byTest))
			must(w.SetAccountStatus(ctx, id, ledger.Suspended, byTest))
			if n := entries(id); n != 4 {
				t.Errorf("round %d: %d entries", i, n)
			}
		}
	})
	t.Run("createGrant", func(t *testing.T) {
		id := w.account("grants", "paid")
		until := waterfall.InstantOf(w.clock.Now()) + 3600_000_000
		n := engine.NewGrant{Account: id, Kind: waterfall.Credit, Amount: 1_000_000, ExpiresAt: &until, Key: "once"}
		g := must(w.CreateGrant(ctx, n, byTest))
		w.ask(id, "chat", 2)
		check := func(what string, remaining int64) {
			t.Helper()
			again, err := w.CreateGrant(ctx, n, byTest)
			if err != nil || again.ID != g.ID || again.Remaining != remaining {
				t.Errorf("%s: %+v, %v", what, again, err)
			}
			other := n
			other.Amount++
			if _, err := w.CreateGrant(ctx, other, byTest); code(err) != engine.CodeIdempotencyConflict {
				t.Errorf("%s, with another amount: %v", what, err)
			}
		}
		check("spent", 0)
		must(w.VoidGrant(ctx, id, g.ID, byTest))
		check("void", 0)
		w.credits(id, 1_000_000) // takes the place of the spent one
		check("closed", 0)
		w.clock.Add(2 * 3600e9)
		check("after its time", 0)
	})
	t.Run("the catalog", func(t *testing.T) {
		f := ledger.Feature{Key: "tree", Name: "Tree", Unit: "leaf", Divisible: true}
		before := entries("")
		for range 2 {
			must(w.UpsertFeature(ctx, f, byTest))
			must(w.SetPrice(ctx, "tree", 7, 2, nil, byTest))
			must(w.PublishPlan(ctx, "tree", "Tree", []waterfall.Rules{{Feature: "tree", Buckets: []waterfall.Bucket{{Kind: waterfall.Credit, Key: "c"}}}}, byTest))
		}
		if n := entries(""); n-before != 3 {
			t.Errorf("%d entries", n-before)
		}
	})
	w.verified()
}
