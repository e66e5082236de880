package engine

import (
	"fmt"
	"testing"
	"time"

	"spillway/engine/counters"
	"spillway/engine/waterfall"
	"spillway/ledger"
)

// An account with millions of users, each of whom comes once, keeps the counters
// of those only who were there within the windows.
func TestCountersOfUsersWhoAreGoneAreForgotten(t *testing.T) {
	plan := &ledger.Plan{Key: "p", Features: []waterfall.Rules{{Feature: "chat",
		Buckets:  []waterfall.Bucket{{Kind: waterfall.RateLimit, Key: "minute", Windows: []waterfall.Window{{Limit: 5, Seconds: 60}}}},
		Ceilings: []waterfall.Window{{Limit: 1_000_000, Seconds: 3600}}}}}
	ledger.NewCatalog(1, nil, map[string][]*ledger.Plan{"p": {plan}})
	a := &account{plan: plan, fields: map[counters.Field]*waterfall.Series{}, complete: true}
	begun := waterfall.InstantOf(time.Date(2026, 3, 11, 12, 0, 0, 0, time.UTC))
	most := 0
	for second := range int64(3000) {
		a.open(begun + waterfall.Instant(second*1_000_000))
		for n := range 10 {
			e := &ledger.Event{Kind: ledger.Authorized, User: fmt.Sprint(second, "-", n), Feature: "chat"}
			a.tally(e, &ledger.Step{Kind: waterfall.RateLimit, Bucket: "minute", Taken: 1, Second: a.now.Second()})
		}
		a.prune()
		most = max(most, len(a.fields))
	}
	if most > fewFields {
		t.Errorf("%d counters were kept at a time", most)
	}
	for n := range int64(61) {
		f := counters.Field{User: fmt.Sprint(2999-n, "-0"), Feature: "chat", Bucket: "minute"}
		if seen := a.known(f).Sum(a.now.Second()-60, a.now.Second()); seen != 1 && n < 60 {
			t.Errorf("%d seconds ago: %d", n, seen)
		}
	}
	if all := a.known(ceilingField("chat")).Sum(a.now.Second()-3600, a.now.Second()); all != 30_000 {
		t.Errorf("the ceiling counts %d", all)
	}
}
