package ledger

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestARestIsThreeTimesTheWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := rest(t.Context(), 200*time.Millisecond); err != nil || time.Since(begun) != 600*time.Millisecond {
			t.Errorf("a rest of %s, %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := rest(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("a rest that nobody waits for: %s, %v", time.Since(begun), err)
		}
	})
}

// VerifyResting is VerifyAccounts with another rest.
func (l *Ledger) VerifyResting(ctx context.Context, accounts []ChangedAccount, rest func(context.Context, time.Duration) error) (Summary, error) {
	return l.verifyRanges(ctx, rangesOf(accounts), 1, rest, func(Mismatch) {})
}
