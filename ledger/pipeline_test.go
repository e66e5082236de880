package ledger_test

import (
	"errors"
	"testing"

	"spillway/engine/waterfall"
	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestWhatComesBeforeTheCommitIsDoneBeforeIt: meanwhile runs once, while the
// database has the writes and nobody sees them yet; refused writes stay away
// for good, and the connection serves the next transaction.
func TestWhatComesBeforeTheCommitIsDoneBeforeIt(t *testing.T) {
	t.Parallel()
	l := ledgertest.New(t)
	const at = waterfall.Instant(1_700_000_000_000_000)
	if _, err := l.CreateAccount(t.Context(), &ledger.Account{ID: "acme", Name: "Acme", Status: ledger.Active, Plan: "none", Version: ledger.NewID(at, 1), CreatedAt: at, DecidedAt: at}, &ledger.AuditEntry{ID: ledger.NewID(at, 2), Account: "acme", At: at, Actor: "root", Action: "createAccount", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	seen := func() (n int64) {
		if err := l.WritePool().QueryRow(t.Context(), "select count(*) from usage_events").Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	event := func(random uint64, key string) ledger.Event {
		return ledger.Event{Account: "acme", ID: ledger.NewID(at, random), Kind: ledger.Authorized, Key: key, User: "ann", Feature: "text", Requested: 1,
			Status: ledger.StatusDenied, Reason: waterfall.FeatureNotInPlan, PlanKey: "none", PlanVersion: 1, CeilingRoom: -1, CapRoom: -1, At: at}
	}
	for _, c := range []struct {
		name          string
		events        []ledger.Event
		fine          bool
		before, after int64
	}{
		{"one", []ledger.Event{event(4, "a")}, true, 0, 1},
		{"refused", []ledger.Event{event(8, "b"), event(12, "a")}, false, 1, 1},
		{"what was refused with another", []ledger.Event{event(16, "b")}, true, 1, 2},
		{"nothing", nil, true, 2, 2},
	} {
		tx, _, err := l.Begin(t.Context(), ledger.Want{Accounts: []string{"acme"}})
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		err = tx.Commit(t.Context(), &ledger.Writes{Events: c.events}, func() {
			calls++
			if n := seen(); n != c.before {
				t.Errorf("%s: others see %d events before the commit", c.name, n)
			}
		})
		var unknown *ledger.UnknownOutcomeError
		if errors.As(err, &unknown) {
			t.Errorf("%s: the outcome is known: %v", c.name, err)
		}
		if n := seen(); calls != 1 || (err == nil) != c.fine || n != c.after {
			t.Errorf("%s: %d calls, %d events, %v", c.name, calls, n, err)
		}
	}
}
