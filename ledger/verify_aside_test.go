package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// Between two ranges of accounts there is a rest, and behind the last none.
func TestWhatIsVerifiedBesideTheServerRests(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	c := connect(t, url)
	seed(t, c, 30)
	const aRange = 100_000 // records, as the accounts say that they have
	accounts := []ledger.ChangedAccount{{ID: "a1", Records: aRange}, {ID: "a2", Records: aRange}, {ID: "a3", Records: aRange}}
	rests := 0
	sum, err := l.VerifyResting(t.Context(), accounts, func(_ context.Context, worked time.Duration) error {
		if rests++; worked <= 0 {
			t.Errorf("a rest after %s", worked)
		}
		return nil
	})
	if err != nil || rests != 2 || sum.Accounts != 3 {
		t.Errorf("%d rests, %+v, %v; want two of three accounts", rests, sum, err)
	}
	broken := errors.New("nobody waits")
	if _, err := l.VerifyResting(t.Context(), accounts, func(context.Context, time.Duration) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("a rest that ends with %v gives %v", broken, err)
	}
}

// A reconciliation of what is new that took long, its rests included, is followed
// by a pause of twice as long.
func TestALongReconciliationIsFollowedByALongPause(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	now := waterfall.InstantOf(time.Now())
	const second = 1_000_000
	r := ledger.Reconciliation{ID: ledger.FirstID(now), StartedAt: now, FinishedAt: now + 40*second, OnlyNew: true}
	if err := l.BeginReconciliation(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	if err := l.EndReconciliation(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[waterfall.Instant]bool{41: false, 119: false, 121: true} {
		begun, err := l.NewAccounts(t.Context(), now+after*second, time.Second, func([]ledger.ChangedAccount) error { return nil })
		if err != nil || begun != want {
			t.Errorf("%d seconds after one of 40 began another begins: %t, %v", after, begun, err)
		}
	}
}
