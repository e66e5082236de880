package ledger_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// Between two ranges of accounts there is a rest, and behind the last none.
func TestWhatIsVerifiedBesideTheServerRests(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t)
	l := ledgertest.Open(t, url)
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
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
