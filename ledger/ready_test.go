package ledger_test

import (
	"errors"
	"testing"

	"spillway/ledger"
	"spillway/ledger/ledgertest"
)

// TestReady tells apart why no decision can be made, and sees when one can again.
func TestReady(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spoil, mend, reason string
	}{
		{"a right is lacking", "revoke insert on usage_events from spillway_app", "grant insert on usage_events to spillway_app", ledger.ReasonRole},
		{"an older schema", "update goose_db_version set is_applied = false where version_id > 3", "update goose_db_version set is_applied = true", ledger.ReasonSchema},
		{"no schema", "alter table goose_db_version rename to moved", "alter table moved rename to goose_db_version", ledger.ReasonSchema},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := ledgertest.URL(t)
			l := openURL(t, url)
			if err := l.Ready(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			ledgertest.Exec(t, url, c.spoil)
			expectReason(t, l, c.reason)
			ledgertest.Exec(t, url, c.mend)
			if err := l.Ready(t.Context()); err != nil {
				t.Errorf("mended: %v", err)
			}
		})
	}
}

// TestReadyWhereNothingCanBeWritten: to connect is not enough.
func TestReadyWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	url := ledgertest.URL(t) + "&options=-c%20default_transaction_read_only%3Don"
	expectReason(t, openURL(t, url), ledger.ReasonReadOnly)
	// Here it is found out when a connection is made.
	expectReason(t, openURL(t, url+"&target_session_attrs=read-write"), ledger.ReasonReadOnly)
}

func openURL(t *testing.T, url string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), url, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func expectReason(t *testing.T, l *ledger.Ledger, want string) {
	t.Helper()
	var fault *ledger.NotReadyError
	if err := l.Ready(t.Context()); !errors.As(err, &fault) || fault.Reason != want {
		t.Errorf("it says %v, want %q", err, want)
	}
}
